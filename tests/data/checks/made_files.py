"""Files made of rows, as checks see them."""

from pathlib import Path
from typing import Any

from tests.making import write_jsonl
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.scan import read_split
from tunecase.data.reading.detection import detect


def evidence(folder: Path, rows: Any, second: tuple[str, ...] = (), **asked: Any) -> Evidence:
    """The Evidence of one file of these rows; with second labels it is its own test file."""
    path = write_jsonl(folder / "d.jsonl", rows)
    split = read_split(path, detect(path))
    return Evidence(split, split if second else None, Asked(2048, **asked), second=tuple(second))


def pairs(folder: Path, rows: Any, names: tuple[str, str] = ("prompt", "completion"), **asked: Any) -> Evidence:
    """The same of pairs of texts, under two names."""
    return evidence(folder, [dict(zip(names, row, strict=True)) for row in rows], **asked)
