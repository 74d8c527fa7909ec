"""What a set-up is expected to need: bands in order, corrections that move them, doubts that are shared."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from tests.projects import basis
from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.measured.calibration import learn
from tunecase.compute.measured.runs import Measured
from tunecase.compute.model.reading import read_shape
from tunecase.compute.prediction import chance_over, need, pace, time_factor, total_gb
from tunecase.compute.recipe import Recipe
from tunecase.compute.rollout import Rollout, Sampled, texts_of

RUN = Recipe(read_shape("llama-2-7b"), catalog.gpu("H100"), micro_batch=2)


def test_what_was_measured_moves_only_what_it_measured() -> None:
    """Runs timed but not weighed leave memory as it is, and the other way round."""
    run = Measured("x", "own", "own", "2026-11-24", RUN)
    speed = float(pace(RUN).tokens_per_s_per_gpu) / np.exp(0.5)
    timed = learn([replace(run, tokens_per_s_per_gpu=speed)])
    weighed = learn([replace(run, peak_gb=1.2 * float(need(RUN).mid_gb), statistic="allocated")])
    assert need(RUN, timed) == need(RUN)
    assert pace(RUN, weighed) == pace(RUN)
    assert need(RUN, weighed).mid_gb > need(RUN).mid_gb
    assert pace(RUN, timed).tokens_per_s_per_gpu == pytest.approx(speed, rel=0.05)


def test_runs_of_one_generation_share_their_doubt() -> None:
    """Two set-ups on one kind of card are fast or slow in the same worlds; a wider doubt spreads more."""
    at = basis(None, 2_000)
    one, two = time_factor(RUN, 0.2, at), time_factor(RUN.but(micro_batch=4), 0.4, at)
    assert np.allclose(one**2, two)
    assert np.median(one) == pytest.approx(1.0, rel=0.05)


def test_each_statistic_holds_the_one_before() -> None:
    """At P10, P50 and P90: allocated, then reserved, then what the card shows."""
    models, methods = ("llama-3.1-8b", "llama-3.1-70b", "qwen2.5-0.5b"), ("lora", "qlora", "full")
    wrong = []
    for model, method, gpus in product(models, methods, (1, 8)):
        sharding = "fsdp" if gpus > 1 else "none"
        recipe = Recipe(read_shape(model), catalog.gpu("H100"), gpus=gpus, sharding=sharding, method=method)  # type: ignore[arg-type]
        bands = [need(recipe, statistic=name) for name in ("allocated", "reserved", "card")]
        for point in ("low_gb", "mid_gb", "high_gb"):
            sizes = [getattr(band, point) for band in bands]
            if sorted(sizes) != sizes:
                wrong.append((model, method, gpus, point, sizes))
    assert [] == wrong


def test_the_chance_of_not_fitting_is_that_of_the_band() -> None:
    """One in two at the middle, one in ten at P90, nine in ten at P10."""
    peak = need(RUN)
    chances = [chance_over(peak, size) for size in (peak.low_gb, peak.mid_gb, peak.high_gb)]
    assert [0.9, 0.5, 0.1] == pytest.approx(chances, abs=0.01)


def test_every_card_has_a_total_above_what_can_be_used() -> None:
    """What the card's own display counts in all is no less than what a run can reach."""
    assert all(total_gb(card) >= memory.usable_gb(card) for card in catalog.gpus())


def test_packed_answers_train_faster_than_padded_ones() -> None:
    """A packed row holds several answers where limits are far beyond the mean; both learn from the same tokens."""
    sampled = Sampled(10.0, 1.0, 0.01, 0.2, 1)
    rollout = Rollout(16, 8, 100, 4000, texts_of(100, 400, 4000), lambda _: sampled)
    run = Recipe(
        read_shape("qwen2.5-1.5b"), catalog.gpu("H100"), 8, method="full", objective="grpo", sharding="fsdp",
        sequence_tokens=4100, lengths=rollout.texts, rollout=rollout, accumulation=16,
    )  # fmt: skip
    packed, padded = (dict(pace(run.but(packing=value)).terms)["training"] for value in (True, False))
    assert packed < padded < 4100 / 500 * packed * 1.5
