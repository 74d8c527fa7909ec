"""A trainer for tests: instant, its score rises with n, and it fails when a row of its task says so."""

import time

from tunecase.trainers import Result, Task

MODEL = "toy"
METRICS = {"accuracy": "higher", "chrf": "higher"}
SETTINGS = {"asymptote": 0.9}
STAND_IN = False
NEEDS_CLASSES = False

seen: list[Task] = []


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
