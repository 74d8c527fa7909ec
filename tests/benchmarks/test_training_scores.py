"""Predictions beside published runs: which rows are scored, and what teaches them."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.compute.measured.test_calibration import ran

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import training_scores
from memory_lessons import memory_runs
from training_scores import Taught, has_verdict, kind_apart, scored, why_left_out

from tunecase.compute.doubt import shipped
from tunecase.compute.speed import rates


@pytest.fixture
def taught() -> Taught:
    """What the shipped tables hold."""
    return Taught(shipped()["memory"], shipped()["time"], rates.shipped())


def test_a_run_as_told_lies_inside_its_bands(taught):
    """A run that measured the prediction is scored for memory, speed and verdict, and lies inside."""
    found = scored([ran()], taught)
    assert [True, True] == [score.inside for score in (*found.memory, *found.time)]
    assert (["fits"], {"x"}) == ([verdict.said for verdict in found.verdicts], found.answered)


def test_rows_of_unknown_length_are_scored_with_a_wider_band(taught):
    """A length that is only a limit makes the band reach lower, and refuses nothing."""
    run = replace(ran(batch=8), unsaid=frozenset({"length"}), packed=False)
    exact, open_ = (scored([one], taught).memory[0] for one in (ran(batch=8), run))
    assert open_.low < exact.low


@pytest.mark.parametrize(
    "changes",
    [{"offload": "all"}, {"context_parallel": 2, "gpus": 2}, {"gpus": 4, "sharding": "none"}, {"packing": False}],
)
def test_odd_set_ups_are_scored_all_the_same(changes):
    """Offload, context parallelism, cards that share nothing and unpacked rows are no reason to refuse a peak."""
    run = ran()
    assert memory_runs([replace(run, recipe=run.recipe.but(**changes))])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"guessed": True}, "dimensions"),
        ({"length_known": False}, "length"),
        ({"batch_known": False}, "micro-batch"),
    ],
)
def test_rows_that_state_too_little_are_left_out_with_the_reason(changes, why):
    """Without dimensions, length or micro-batch no peak can be told."""
    run = replace(ran(), **changes)
    assert (False, True) == (bool(memory_runs([run])), why in why_left_out(run))
    assert "" == why_left_out(ran())


def test_speeds_that_cannot_all_be_told_stand_apart():
    """Experts, offload, shared samples and rows that are not full have lines of their own."""
    run = ran()
    kinds = [
        kind_apart(run),
        kind_apart(replace(run, packed=False)),
        kind_apart(replace(run, recipe=run.recipe.but(offload="all"))),
        kind_apart(replace(run, recipe=run.recipe.but(context_parallel=2))),
        kind_apart(ran(name="mixtral-8x7b")),
    ]
    assert ["", "not packed", "offload", "context parallel", "experts"] == kinds


def test_failures_have_a_verdict_and_no_peak():
    """A run that ran out of memory is judged, on a card that is known."""
    failed = replace(ran(), failed="said", peak_gb=None, tokens_per_s_per_gpu=None)
    assert (False, True) == (bool(memory_runs([failed])), has_verdict(failed))
    assert not has_verdict(replace(failed, recipe=failed.recipe.but(gpu=None)))


def test_a_publisher_teaches_itself_nothing(monkeypatch):
    """Each publisher is scored with what the others teach, in one process or two."""
    monkeypatch.setattr(training_scores, "PROCESSES", 1)
    monkeypatch.setattr(training_scores.measured, "published", lambda: tuple(runs))
    runs = [ran(publisher=name) for name in ("a", "b", "c")]
    asked = []
    monkeypatch.setattr(training_scores, "taught_without", lambda name: asked.append(name) or _shipped())
    found = training_scores.left_out_in_turn(["a", "b"])
    assert (["a", "b"], ["a", "b"]) == (asked, [score.run.publisher for score in found.memory])


def _shipped() -> Taught:
    return Taught(shipped()["memory"], shipped()["time"], rates.shipped())


@pytest.mark.slow
def test_what_others_teach_is_worked_out_once():
    """The spread of peaks without a publisher is the one learnt from the others' runs."""
    others = [run for run in training_scores.measured.published() if run.publisher != "FinLoRA"]
    soon = training_scores.taught_without("FinLoRA").memory
    slow = training_scores.memory_lessons.learn_abroad(memory_runs(others))
    assert slow.scales == pytest.approx(soon.scales, rel=0.02)
