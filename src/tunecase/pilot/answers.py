"""Keeps the answers of pilot runs as files beside the project: too long for the ledger, whole or not there at all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase.io import write_whole

MOST_BYTES = 2**28  # of one run's answers, which are read whole
RUN_KEY = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a run answered, one entry per test row; scores and confidences lie between 0 and 1."""

    predictions: tuple[str, ...]
    row_scores: tuple[float, ...]
    confidences: tuple[float, ...] | None = None


def keep_answers(folder: Path, key: str, answers: Answers) -> None:
    """Writes a run's answers under its key; the file appears whole or not at all.

    Raises: ValueError for a key that is not a run's.
    """
    import orjson

    write_whole(_path(folder, key), orjson.dumps(answers))


def kept_answers(folder: Path, key: str) -> Answers | None:
    """A run's answers, or None where they were never kept, or can no longer be read."""
    import orjson

    path = _path(folder, key)
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        body = orjson.loads(path.read_bytes())
        answers = Answers(
            tuple(str(answer) for answer in body["predictions"]),
            tuple(float(score) for score in body["row_scores"]),
            None if body["confidences"] is None else tuple(float(value) for value in body["confidences"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, OSError):
        return None
    return answers if len(answers.predictions) == len(answers.row_scores) else None


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows to look at, one JSON object per line; the file appears whole or not at all."""
    import orjson

    write_whole(path, b"".join(orjson.dumps(row) + b"\n" for row in rows))


def _path(folder: Path, key: str) -> Path:
    if not RUN_KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not the key of a run")
    return folder / f"{key}.json"
