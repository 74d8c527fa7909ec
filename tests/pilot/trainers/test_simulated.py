"""The simulated trainer draws a learning curve and fails when it is told to."""

import math
from dataclasses import replace

import pytest

from tests.pilot.trainers.outside import TASK
from tunecase import catalog
from tunecase.errors import InputError
from tunecase.pilot.scoring.score import KINDS, METRICS
from tunecase.pilot.trainers import simulated
from tunecase.pilot.trainers.task import Task

ROWS = 2000
MANY = replace(TASK, trainer="simulated", test_texts=tuple(map(str, range(ROWS))), test_labels=("card",) * ROWS)


def sized(n: int, seed: int = 0, **settings: float | str) -> Task:
    """A task of n rows."""
    return replace(MANY, texts=("a",) * n, labels=("card",) * n, seed=seed, settings=simulated.settings(n, settings))


def test_follows_its_curve() -> None:
    """Scores lie on the curve of the settings, within noise and chance."""
    for n in (10, 100, 1000, 10_000):
        scores = [simulated.train(sized(n, seed)).score for seed in range(10)]
        assert pytest.approx(1 - simulated.simulated_error(n, simulated.SETTINGS), abs=0.03) == sum(scores) / 10
        assert len(set(scores)) > 3


def test_without_noise_more_is_better() -> None:
    """With neither noise nor luck of its own a run with more rows gets right what a smaller one does, and more."""
    before = (0.0,) * ROWS
    for n in (10, 20, 40, 80, 160):
        found = simulated.train(sized(n, noise=0.0, own_luck=0.0)).row_scores
        assert found is not None
        assert all(old <= new for old, new in zip(before, found, strict=True))
        before = found


def test_same_task_same_result() -> None:
    """A task alone decides its result, but for the time."""
    one, other = (replace(simulated.train(sized(50)), seconds=0) for _ in range(2))
    assert one == other


def test_scores_every_metric() -> None:
    """All kinds of task and all metrics are scored."""
    fitting = [(kind, metric) for metric in METRICS for kind in catalog.metric(metric).tasks if kind in KINDS]
    tasks = [replace(sized(100), kind=kind, metric=metric, choices=()) for kind, metric in fitting]
    assert all(0 <= simulated.train(task).score <= 1 for task in tasks)


def test_zero_shot_and_search() -> None:
    """Without steps it scores start_error; one setting of the search is better than the default."""
    assert pytest.approx(0.2, abs=0.05) == simulated.train(sized(1000, **simulated.BASELINES["zero-shot"])).score
    scores = [
        simulated.train(sized(100, noise=0.0, own_luck=0.0, **chosen)).score for chosen in ({}, *simulated.SEARCH)
    ]
    assert scores[2] == max(scores) > scores[0]


def test_fails_when_told() -> None:
    """It raises, returns impossible numbers, or does not learn, from the size that the settings name."""
    for way, error in (("raise", RuntimeError), ("memory", MemoryError)):
        with pytest.raises(error):
            simulated.train(sized(50, fail=way))
    assert math.isnan(simulated.train(sized(50, fail="garbage")).score)
    assert math.isnan(simulated.train(sized(50, fail="nan")).train_loss or 0)
    assert not simulated.train(sized(50, fail="unconverged")).converged
    assert simulated.train(sized(49, fail="raise", fail_from_rows=50)).converged


def test_wrong_settings_are_refused() -> None:
    """An impossible curve is refused, each mistake by its setting."""
    wrong: dict[str, float | str] = {"floor": 2.0, "fail": "explode", "noise": -1.0}
    with pytest.raises(InputError) as caught:
        simulated.settings(10, wrong)
    assert {f"setting {name} of simulated" for name in wrong} == {problem.where for problem in caught.value.problems}
    with pytest.raises(InputError, match="setting colour of simulated"):
        simulated.settings(10, {"colour": "red"})
