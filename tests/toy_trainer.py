"""A trainer for tests: instant, its score rises with n, and it fails when a row of its task says so."""

import time

from tunecase.trainers import Result, Task

MODEL = "toy"
METRICS = {"accuracy": "higher", "chrf": "higher"}
SETTINGS = {"asymptote": 0.9}
STAND_IN = False
KINDS = ("classification", "extraction", "generation")
BASELINES: dict[str, dict[str, float]] = {}
SEARCH: tuple[dict[str, float], ...] = ()
HEAVY = False

seen: list[Task] = []


def settings(top_rows: int, chosen: dict[str, float]) -> dict[str, float]:
    """The settings, whatever the ladder."""
    return {**SETTINGS, **chosen}


def missing(model: str) -> str:
    """Nothing is missing."""
    return ""


def train(task: Task) -> Result:
    """Scores .9 - 1/n without looking at anything; keeps its task in `seen`."""
    seen.append(task)
    if any("fail" in text for text in task.texts):
        raise RuntimeError("out of\nmemory")
    if any("slow" in text for text in task.texts):
        time.sleep(0.3)
    rows = len(task.test_texts)
    score = float(task.settings["asymptote"]) - 1 / len(task.texts)
    return Result(score, round(score * rows), rows, seconds=0.01, converged=len(task.texts) > 2)
