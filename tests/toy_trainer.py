"""A trainer for tests: instant, its score rises with n, and it has the accidents that a row of its task names."""

import os
import time
from collections.abc import Callable

from tunecase.pilot.trainers.task import Result, Task

MODEL = "toy"
METRICS = {"accuracy": "higher", "chrf": "higher"}
SETTINGS = {"asymptote": 0.9, "steps": 1, "seconds": 0.0}
NEUTRAL = frozenset({"seconds"})
FORMAT = 1
STAND_IN = False
KINDS = ("classification", "extraction", "generation")
BASELINES: dict[str, dict[str, float]] = {}
SEARCH: tuple[dict[str, float], ...] = ({}, {"asymptote": 0.5}, {"asymptote": 0.97})
HEAVY = False

# Models with a curve of their own: one that never gets far, one that is best, one that starts late and overtakes.
CURVES: dict[str, Callable[[int], float]] = {
    "weak": lambda n: 0.6 - 1 / n,
    "strong": lambda n: 0.97 - 1 / n,
    "late": lambda n: 0.99 - 3 / n**0.6,
}

seen: list[Task] = []


def settings(top_rows: int, chosen: dict[str, float]) -> dict[str, float]:
    """The settings, whatever the ladder."""
    return {**SETTINGS, **chosen}


def missing(model: str) -> str:
    """Nothing is missing, but for a model that is not there."""
    return "no model here.\nFix: fetch it" if model == "absent" else ""


def prepare(model: str, tell: object) -> None:
    """Nothing has to be fetched."""


def identity(model: str, settings: dict[str, float]) -> str:
    """There are no weights."""
    return ""


def train(task: Task) -> Result:
    """Scores .9 - 1/n without looking at anything; keeps its task in `seen`."""
    seen.append(task)
    if any("fail" in text for text in task.texts):
        raise RuntimeError("out of\nmemory")
    if any("crash" in text for text in task.texts):
        os._exit(7)
    if any("hang" in text for text in task.texts):
        time.sleep(600)
    if any("garbage" in text for text in task.texts):
        return Result(float("nan"), -1, 2, seconds=float("inf"))
    if any("slow" in text for text in task.texts):
        time.sleep(0.3)
    time.sleep(float(task.settings["seconds"]))
    rows = len(task.test_texts)
    if task.model == "broken":
        raise RuntimeError("no such layer")
    curve = CURVES.get(task.model, lambda n: float(task.settings["asymptote"]) - 1 / n)
    score = curve(len(task.texts)) if task.settings["steps"] else 0.3
    right = round(score * rows)
    answers = tuple(label if i < right else "?" for i, label in enumerate(task.test_labels))
    return Result(
        score,
        right,
        rows,
        seconds=0.01 + float(task.settings["seconds"]),
        predictions=answers,
        converged=len(task.texts) > 2,
        row_scores=tuple(float(i < right) for i in range(rows)),
        answer_s=0.001,
    )
