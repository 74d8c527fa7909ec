"""Logs for tests: those that the tools wrote, in tests/fixtures/evals, and small ones written on the spot."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.fixtures.evals.rows import ROWS, is_right
from tunecase.errors import InputError, Problem
from tunecase.evals import Asked, Log, read_log

FIXTURES = Path(__file__).parents[1] / "fixtures" / "evals"
INSPECT, LM_EVAL, LIGHTEVAL = FIXTURES / "inspect", FIXTURES / "lm_eval", FIXTURES / "lighteval"
OAIEVAL, TRACKIO = FIXTURES / "oaieval", FIXTURES / "trackio"
RIGHT = {model: sum(is_right(model, number) for number in range(1, len(ROWS) + 1)) for model in "ab"}
DATE = "2026-11-20T10-00-00.123"


def refused(place: Path, asked: Asked | None = None) -> Problem:
    """The one mistake for which a log is refused."""
    try:
        read_log(place, asked or Asked())
    except InputError as error:
        (problem,) = error.problems
        return problem
    raise AssertionError(f"{place} was read")


def rights(log: Log) -> int:
    """How many items a log has right, every score being 0 or 1."""
    assert {score for each in log.scores.values() for score in each} <= {0.0, 1.0}
    return round(sum(log.means.values()))


def write_samples(
    folder: Path,
    scores: Sequence[Any],
    *,
    texts: Sequence[str] = (),
    model: str = "m",
    metric: str = "acc",
    told: Mapping[str, Any] | None = None,
) -> Path:
    """A samples file of lm-evaluation-harness with its results: one line for each score of a metric, in their form.

    `told` is what the results say besides, or in place of what they would.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, score in enumerate(scores):
        doc = {"q": texts[number] if texts else f"question {number}"}
        hashed = hashlib.sha256(repr(doc).encode()).hexdigest()
        line = {"doc_id": number, "doc": doc, "target": "x", "filter": "none", "metrics": [metric], "doc_hash": hashed}
        lines.append(json.dumps({**line, "target_hash": "t", metric: score}))
    path = folder / f"samples_t_{DATE}.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    numbers = [float(score) for score in scores if isinstance(score, int | float)]
    mean = sum(numbers) / max(1, len(numbers))
    results = {"results": {"t": {f"{metric},none": mean}}, "model_name": model, "config": {}, **(told or {})}
    (folder / f"results_{DATE}.json").write_text(json.dumps(results), encoding="utf-8")
    return path
