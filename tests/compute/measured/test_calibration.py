"""What own measured runs teach: the next prediction moves, as far as the runs deserve."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase import catalog
from tunecase.compute import memory, speed
from tunecase.compute.measured.calibration import MOST_RUNS, Calibration, learn
from tunecase.compute.measured.runs import Measured
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe

CARD = catalog.gpu("A100-80GB")


def ran(batch=4, memory_factor=1.0, time_factor=1.0, publisher="us", name="llama-2-7b", **more):
    """A run that measured the prediction times a factor."""
    recipe = Recipe(read_shape(name), gpu=CARD, micro_batch=batch, sequence_tokens=1024, **more)
    told = speed.step_time(recipe).tokens_per_s_per_gpu
    return Measured(
        id="x", publisher=publisher, source="", date="2026-01-01", recipe=recipe, statistic="allocated",
        peak_gb=float(memory.peak_gb(recipe)) * memory_factor, tokens_per_s_per_gpu=told / time_factor,
    )  # fmt: skip


def peak_factor(learnt, recipe):
    """Factor on the predicted peak, and the sigma of its logarithm."""
    peak, sigma = learnt.peak(recipe)
    return peak / memory.peak_gb(recipe), sigma


def time_factor_of(learnt, recipe):
    """Factor on the predicted time, and the sigma of its logarithm."""
    return learnt.time_factor_of(recipe)


def test_nothing_measured_changes_nothing():
    """Without a run the correction is one and the doubt that of the prior."""
    factor, sd = peak_factor(learn([]), ran().recipe)
    assert factor == pytest.approx(1.0)
    assert sd > 0.05
    assert Calibration() == learn([])


@law(30)
@given(st.floats(0.8, 1.3), st.floats(0.6, 1.6))
def test_one_run_brings_the_next_within_five_percent(memory_factor, time_factor):
    """After one measured run the same set-up is told to 5%, in memory and in time."""
    run = ran(memory_factor=memory_factor, time_factor=time_factor)
    learnt = learn([run])
    factor, _ = peak_factor(learnt, run.recipe)
    assert factor == pytest.approx(memory_factor, rel=0.05)
    assert time_factor_of(learnt, run.recipe)[0] == pytest.approx(time_factor, rel=0.05)


def test_a_surprise_is_most_of_a_factor_at_other_sizes():
    """A run that took more than told raises other batches nearly as much, and leaves more doubt about them."""
    learnt = learn([ran(batch=4, memory_factor=1.2)])
    (small, far), (same, near), (large, wide) = (peak_factor(learnt, ran(batch=n).recipe) for n in (1, 4, 64))
    assert 1.1 < small < same < 1.21
    assert 1.1 < large < same
    assert near < far
    assert near < wide


def test_doubt_shrinks_with_every_run():
    """More measured runs never widen the band."""
    widths = [learn([ran()] * n) for n in (0, 1, 3)]
    sds = [peak_factor(learnt, ran().recipe)[1] for learnt in widths]
    assert sorted(sds, reverse=True) == sds
    times = [time_factor_of(learnt, ran().recipe)[1] for learnt in widths]
    assert sorted(times, reverse=True) == times


def test_failed_runs_teach_nothing_of_sizes():
    """A run that ran out of memory has no peak to learn from."""
    from dataclasses import replace

    assert 0 == learn([replace(ran(memory_factor=2.0), failed="said")]).memory_runs


def test_no_run_makes_memory_negative():
    """However little a run measured, the next prediction stays above nothing; a run far off is left out and told."""
    learnt = learn([ran(batch=4, memory_factor=0.05)])
    assert 0 == learnt.memory_runs
    assert "10 times off" in learnt.left_out[0]
    low = learn([ran(batch=4, memory_factor=0.3)])
    assert (1, True) == (low.memory_runs, "learnt from" in low.left_out[0])
    assert all(peak_factor(low, ran(batch=batch).recipe)[0] > 0.1 for batch in (1, 4, 64))


def test_runs_that_scatter_widen_the_band():
    """Measured runs that disagree with one another leave more doubt than runs that agree."""
    agree = learn([ran(memory_factor=1.1, time_factor=1.2)] * 4)
    differ = learn([ran(memory_factor=f, time_factor=f) for f in (0.8, 1.0, 1.2, 1.4)])
    assert time_factor_of(agree, ran().recipe)[1] < time_factor_of(differ, ran().recipe)[1]
    assert peak_factor(agree, ran().recipe)[1] < peak_factor(differ, ran().recipe)[1]


def test_runs_of_another_method_say_less():
    """A run of another method moves the answer less than one of the same."""
    asked = ran(method="qlora").recipe
    other, same = (learn([ran(memory_factor=1.3, method=method)], like=asked) for method in ("lora", "qlora"))
    assert 1 < peak_factor(other, asked)[0] < peak_factor(same, asked)[0]


def test_a_run_on_another_card_or_of_another_size_teaches_less_of_time():
    """The correction of time is taken whole on the same card and size, in part from other ones."""
    asked = ran(name="llama-2-7b").recipe
    same, smaller = (learn([ran(time_factor=1.4, name=name)], asked) for name in ("llama-2-7b", "smollm2-135m"))
    assert 1 < time_factor_of(smaller, asked)[0] < time_factor_of(same, asked)[0]
    other = learn([ran(time_factor=1.4)], asked.but(gpu=catalog.gpu("H100")))
    assert 1 < time_factor_of(other, asked)[0] < time_factor_of(same, asked)[0]
    assert time_factor_of(other, asked)[1] > time_factor_of(same, asked)[1]


def test_far_off_runs_are_mostly_believed():
    """A set-up that is eight times slower than told is so in its next run too."""
    learnt = learn([ran(time_factor=8.0)])
    factor, sigma = learnt.time_factor_of(ran(batch=8).recipe)
    assert 6.0 < factor < 8.1
    assert sigma < 0.4


def test_waiting_for_launches_teaches_large_batches_little():
    """What slowed a batch that waits for launches says less of one that multiplies matrices."""
    slow = ran(batch=1, time_factor=1.4, name="smollm2-135m")
    small, large = (learn([slow]).time_factor_of(ran(batch=n, name="smollm2-135m").recipe)[0] for n in (1, 64))
    assert 1.0 < large < small


def test_a_statistic_that_was_not_measured_is_more_in_doubt():
    """An allocated peak corrects what the card shows too, with more doubt, for arrays of sizes alike."""
    learnt = learn([ran(memory_factor=1.1)])
    recipe = ran().recipe
    (allocated, near), (card, far) = (learnt.peak(recipe, name) for name in ("allocated", "card"))
    assert card > allocated
    assert far > near
    sizes = np.array([1, 4, 16])
    peaks, sigmas = learnt.peak(recipe.but(micro_batch=sizes))
    assert (peaks[1], sigmas[1]) == (pytest.approx(allocated), pytest.approx(near))


def test_only_so_many_runs_are_learnt_from():
    """Of very many runs the ones most alike count, so that an answer takes no longer."""
    assert MOST_RUNS == learn([ran()] * (MOST_RUNS + 5)).time_runs
