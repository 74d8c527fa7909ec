"""A step is made once, wherever in this process it was asked for."""

from dataclasses import replace

import pytest

from tunecase.pilot import steps
from tunecase.pilot.trainers import probe
from tunecase.pilot.trainers.task import Task

TEXTS, TESTS = ("the red rose", "a blue sea", "red sea", "rose water", "the sea"), ("a rose", "the sea", "red")


def test_a_floor_that_was_measured_is_not_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The baseline of the problem and the pilot's largest rung of n-grams are one run."""
    task = Task("probe", probe.MODEL, TEXTS, ("a", "b", "b", "a", "b"), TESTS, ("a", "b", "b"), "accuracy", 0)
    result = probe.train(task)
    monkeypatch.setitem(steps.KNOWN, probe.__name__, (task, result))
    assert steps.make((probe.__name__, task)) is result
    assert steps.make((probe.__name__, replace(task, seed=1))) is not result
