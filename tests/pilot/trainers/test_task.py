"""What crosses the boundary is plain, and settings are checked before a run."""

import pickle

import pytest

from tunecase.errors import InputError
from tunecase.pilot.trainers.task import Result, Task, checked


def test_tasks_and_results_travel() -> None:
    """A task and a result come back from pickle as they were."""
    task = Task("probe", "m", ("x",), ("a",), ("y",), ("a",), "accuracy", 1, {"k": 1})
    result = Result(1.0, 1, 1, 0.1, ("a",), 0.2)
    assert (task, result) == pickle.loads(pickle.dumps((task, result)))


def test_settings_are_checked_together() -> None:
    """Unknown settings and those of another type are refused together; a whole number may be a float."""
    assert {"rate": 1} == checked({"rate": 1}, {"rate": 0.5, "rank": 8}, "lora")
    with pytest.raises(InputError) as caught:
        checked({"rnak": 4, "rank": "four"}, {"rate": 0.5, "rank": 8}, "lora")
    assert ["setting rnak of lora", "setting rank of lora"] == [problem.where for problem in caught.value.problems]
