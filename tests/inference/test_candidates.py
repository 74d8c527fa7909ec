"""A replica is the fewest cards that hold the model, more only for an objective, and its doubt is in every world."""

from dataclasses import replace

import numpy as np
import pytest

from tests.inference.making import WORLDS, traffic
from tunecase import catalog
from tunecase.inference.candidates import Asked, Candidate, candidates, load_of
from tunecase.inference.model import served
from tunecase.inference.setup import Load, Rate, Refusal, Setup
from tunecase.quantities import Worlds

ONE = np.ones(WORLDS)


def on(card: str, model: str = "qwen3-8b", asked: Asked | None = None, **objectives: float) -> Candidate:
    """The replica of a model on one card."""
    found, refused = candidates(served(model), [catalog.gpu(card)], traffic(**objectives), asked or Asked())
    assert {} == refused
    return found[0]


def test_the_fewest_cards_that_hold_it() -> None:
    """8B takes one card of 80 GB, 70B in 16 bit two, in 8 bit one."""
    assert 1 == on("H100").setup.cards
    assert 2 == on("H100", "llama-3.1-70b").setup.cards
    assert 1 == on("H200", "llama-3.1-70b", Asked("fp8")).setup.cards


def test_more_cards_only_for_an_objective() -> None:
    """A token each 12 ms is beyond one L40S and within some of them; each 1 ms is beyond all, and is said."""
    one, several = on("L40S", per_token_s=0.1), on("L40S", per_token_s=0.02)
    assert 1 == one.setup.cards < several.setup.cards
    assert several.meets
    hopeless = on("L40S", per_token_s=0.0001)
    assert (False, 1) == (hopeless.meets, hopeless.setup.cards)


def test_a_card_without_bf16_serves_in_fp16() -> None:
    """Where no precision is asked for."""
    assert "fp16" == on("V100-32GB", "qwen3-1.7b").setup.precision


def test_what_cannot_serve_says_why() -> None:
    """405 billion parameters on one small card."""
    found, refused = candidates(served("llama-3.1-405b"), [catalog.gpu("T4")], traffic(), Asked())
    assert () == found
    assert "needs" in refused["T4"].reason


def test_a_measured_speed_takes_the_place_of_the_prediction() -> None:
    """The capacity is that of the function handed in."""

    def measured(setup: Setup, load: Load, first_s: float | None, each_s: float | None) -> Rate | Refusal:
        return Rate(7.0, 700.0, 10, 20, 0.01, 0.01, 0.9, 1.1, "measured")

    (found,), _ = candidates(served("qwen3-8b"), [catalog.gpu("H100")], traffic(), Asked(), measured)
    assert 7.0 == found.online.requests_per_s


def test_answers_per_second_have_the_band_of_the_throughput() -> None:
    """P10, P50 and P90 of the draws are the band's ends and the median."""
    one, worlds = on("H100"), Worlds(0, 4_000)
    arrives = replace(traffic(), input_tokens=np.full(4_000, 500.0), output_tokens=np.full(4_000, 100.0))
    speed = one.online
    wanted = [speed.requests_per_s * factor for factor in (speed.low, 1.0, speed.high)]
    assert wanted == pytest.approx(np.quantile(one.answers_per_s(arrives, worlds), (0.1, 0.5, 0.9)), rel=0.02)


def test_longer_answers_take_longer_in_the_world_that_has_them() -> None:
    """Twice the output gives clearly fewer answers, and constant lengths leave the median."""
    draws = np.array([50.0, 100.0, 200.0])
    varied, refused = candidates(served("qwen3-8b"), [catalog.gpu("H100")], traffic(output_tokens=draws), Asked())
    assert {} == refused
    same_speed = replace(varied[0], online=replace(varied[0].online, low=1.0, high=1.0))
    speeds = same_speed.answers_per_s(traffic(output_tokens=draws), Worlds(0, WORLDS))
    assert speeds[0] > 1.2 * speeds[1] > 1.4 * speeds[2]
    assert 0.0 == on("H100").by_output


def test_the_share_of_input_is_what_output_leaves() -> None:
    """Long inputs with short answers are mostly input, and the other way round."""
    reads = candidates(
        served("qwen3-8b"), [catalog.gpu("H100")], traffic(input_tokens=4000 * ONE, output_tokens=5 * ONE), Asked()
    )[0][0]
    writes = candidates(
        served("qwen3-8b"), [catalog.gpu("H100")], traffic(input_tokens=20 * ONE, output_tokens=900 * ONE), Asked()
    )[0][0]
    assert reads.input_share > 0.8
    assert writes.input_share < 0.2


def test_the_load_is_the_mean_request() -> None:
    """As many at once as fit."""
    load = load_of(traffic(input_tokens=np.array([100.0, 200.0, 300.0]), cached_share=0.5 * ONE))
    assert Load(200.0, 100.0, cached_share=0.5) == load
