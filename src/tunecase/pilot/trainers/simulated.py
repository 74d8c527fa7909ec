"""A trainer that trains nothing: its scores follow a learning curve that the settings draw, for tests and teaching.

A test row is answered right when its luck, a number from 0 to 1, lies below the curve's score at the run's rows. Most
rows have one luck for every run, being easy or hard; the others draw a new one, so that draws scatter as real ones do.
"""

import json
import math
import time
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from tunecase.errors import Problem, nearest, refuse_any
from tunecase.pilot.scoring import score
from tunecase.pilot.trainers.task import (
    Result,
    Setting,
    Task,
    checked,
    no_weights,
    nothing_missing,
    nothing_to_fetch,
    scored,
)
from tunecase.quantities import generator

MODEL = "simulated (no model: a drawn curve)"
METRICS, KINDS = score.METRICS, score.KINDS
SETTINGS: Mapping[str, Setting] = {
    "start_error": 0.8,
    "floor": 0.05,
    "exponent": 0.5,
    "noise": 0.02,
    "own_luck": 0.3,
    "learning_rate": 1.0,
    "steps": 120,
    "seconds": 0.0,
    "fail": "",
    "fail_from_rows": 0,
}
BASELINES: Mapping[str, Mapping[str, Setting]] = {"zero-shot": {"steps": 0}}
# At 2, the best learning rate, the error is a sixth below the default's: a search has something to find.
SEARCH: tuple[Mapping[str, Setting], ...] = ({"learning_rate": 0.25}, {"learning_rate": 2.0}, {"learning_rate": 8.0})
NEUTRAL = frozenset[str]()
FORMAT = 1
STAND_IN = True
HEAVY = False
missing, prepare, identity = nothing_missing, nothing_to_fetch, no_weights

FAILURES = ("raise", "memory", "hang", "garbage", "nan", "unconverged")
RAISED: Mapping[str, tuple[type[Exception], str]] = {
    "raise": (RuntimeError, "it was told to fail"),
    "memory": (MemoryError, "no room for one more weight"),
}
HANG_S = 24 * 3600.0
# Rows at which the error is start_error; more rows lower it at the exponent's pace.
START_ROWS = 10


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """The curve's settings, whatever the ladder.

    Raises: InputError for errors outside 0 to 1, a negative noise, or a failure that is not known.
    """
    fixed = {**SETTINGS, **checked(chosen, SETTINGS, "simulated")}
    problems = [
        Problem(f"setting {name} of simulated", str(fixed[name]), f"{least:g} to {most:g}", "correct it")
        for name, least, most in (
            ("start_error", 0, 1), ("floor", 0, 1), ("exponent", 0, 10), ("noise", 0, 1), ("own_luck", 0, 1),
            ("learning_rate", 1e-6, 1e6), ("seconds", 0, 86400),
        )
        if not least <= float(fixed[name]) <= most
    ]  # fmt: skip
    if fixed["fail"] not in ("", *FAILURES):
        wanted = "one of: " + ", ".join(FAILURES)
        fix = nearest(str(fixed["fail"]), FAILURES)
        problems.append(Problem("setting fail of simulated", repr(fixed["fail"]), wanted, fix))
    refuse_any(problems)
    return fixed


def train(task: Task) -> Result:
    """Scores a task as the curve says.

        error(n) = floor + (start - floor) (n / 10)^-exponent (1 + penalty of the learning rate) + noise

    Args:
        task: `steps` 0 scores start_error; `fail` makes runs of at least `fail_from_rows` rows fail: "raise" and
            "memory" raise, "hang" sleeps for a day, "garbage" returns impossible numbers, "nan" a loss that is not
            a number, "unconverged" a run that did not learn its rows.
    Returns: the Result, with predictions and row scores; the same for the same task.
    Raises: RuntimeError or MemoryError where the settings ask for it.

    Leaves out everything real: it shows nothing about any model or data, and its labels are never read for learning.
    """
    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    started = time.perf_counter()
    rows, failure = len(task.test_labels), chosen["fail"] if len(task.texts) >= chosen["fail_from_rows"] else ""
    if failure in RAISED:
        error_type, words = RAISED[failure]
        raise error_type(words)
    time.sleep(HANG_S if failure == "hang" else chosen["seconds"])
    if failure == "garbage":
        return Result(float("nan"), 7 * rows, rows, -1.0, predictions=("\x1b[31m",), row_scores=(2.0,))
    error = simulated_error(len(task.texts), chosen)
    lucks, aim = _drawn(task, chosen, error)
    predictions = [
        label if luck < aim else _wrong(label, task) for luck, label in zip(lucks, task.test_labels, strict=True)
    ]
    return scored(
        task,
        predictions,
        time.perf_counter() - started,
        train_loss=float("nan") if failure == "nan" else error / 10,
        converged=failure != "unconverged",
        confidences=tuple(round(1 - luck / 2, 3) for luck in lucks),
        steps=chosen["steps"],
        train_tokens=sum(map(len, task.texts)) // 4,
        hardware="none",
    )


def _drawn(task: Task, chosen: Mapping[str, Any], error: float) -> tuple[list[float], float]:
    """The luck of every test row, and the score below which a row's luck must lie to be right."""
    rows = len(task.test_labels)
    rng = generator(task.seed, json.dumps([task.texts[:1], len(task.texts)]))
    aim = 1 - min(1.0, max(0.0, error + chosen["noise"] * rng.standard_normal()))
    own, anew = rng.random(rows).tolist(), (rng.random(rows) < chosen["own_luck"]).tolist()
    return [own[i] if anew[i] else _luck(i, text) for i, text in enumerate(task.test_texts)], aim


def simulated_error(rows: int, chosen: Mapping[str, Any]) -> float:
    """The curve's error at some rows, without noise.

    Example:
        >>> round(simulated_error(1_000, SETTINGS), 3)
        0.125
    """
    if not chosen["steps"]:
        return float(chosen["start_error"])
    above_floor = chosen["start_error"] - chosen["floor"]
    error = chosen["floor"] + above_floor * (max(rows, 1) / START_ROWS) ** -chosen["exponent"]
    penalty = 1 + 0.16 * ((math.log2(chosen["learning_rate"]) - 1) ** 2 - 1)
    return float(min(1.0, error * penalty))


def _luck(row: int, text: str) -> float:
    """A row's place between 0 (every run gets it right) and 1, evenly spread, the same in every process."""
    return int.from_bytes(blake2b(f"{row} {text}".encode(), digest_size=8).digest()) / 2**64


def _wrong(label: str, task: Task) -> str:
    others = [choice for choice in task.choices if choice != label]
    return others[len(label) % len(others)] if others else f"not {label}"
