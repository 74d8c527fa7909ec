"""Decisions read back from any of the forms that a queue is given out in."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tunecase.data.review.queue import argilla, label_studio
from tunecase.data.review.queue.item import Decision
from tunecase.data.review.queue.sheet import plain_decision, sheet_rows
from tunecase.errors import InputError, Problem

FORMS = "review.csv, review.jsonl, a Label Studio JSON export or an Argilla export"


def read_decisions(path: Path) -> tuple[str, list[Decision], list[Problem]]:
    """Everything that reviewers said in a file.

    Args:
        path: review.csv or review.jsonl filled in, a JSON export of Label Studio, or an export of Argilla's records.
    Returns: the name of the form, the decisions in order (rows that nobody judged are left out), and what cannot be
        read.
    Raises: InputError when the file is missing or has none of these forms.
    """
    if not path.is_file():
        raise InputError(Problem(str(path), "no such file", FORMS, "correct the path"))
    if path.suffix.lower() in (".csv", ".tsv"):
        return _sheet(path)
    elements = _elements(path)
    sample = elements[0][1] if elements else {}
    read: Callable[[str, Mapping[str, Any]], Iterator[Decision | tuple[str, str]]]
    if "annotations" in sample and "data" in sample:
        form, read = "Label Studio", label_studio.decisions
    elif "fields" in sample and "responses" in sample:
        form, read = "Argilla", argilla.decisions
    elif "row" in sample and "code" in sample:
        form, read = "JSON lines", _plain
    else:
        got = f"the fields {', '.join(list(sample)[:8])}" if sample else "nothing in it"
        raise InputError(Problem(str(path), got, FORMS, "give the file as the tool exports it, whole"))
    found: list[Decision] = []
    problems: list[Problem] = []
    for where, element in elements:
        for said in read(where, element):
            if isinstance(said, Decision):
                found.append(said)
            else:
                problems.append(_unread(*said))
    return form, found, problems


def _sheet(path: Path) -> tuple[str, list[Decision], list[Problem]]:
    found: list[Decision] = []
    problems: list[Problem] = []
    for where, cells in sheet_rows(path):
        if not {"row", "code", "decision"} <= set(cells):
            got = f"the columns {', '.join(list(cells)[:8])}"
            raise InputError(
                Problem(str(path), got, "row, code, decision and answer", "keep the columns of review.csv")
            )
        for said in _plain(where, cells):
            if isinstance(said, Decision):
                found.append(said)
            else:
                problems.append(_unread(*said))
    return "CSV", found, problems


def _plain(where: str, said: Mapping[str, Any]) -> Iterator[Decision | tuple[str, str]]:
    decision = plain_decision(where, said)
    if isinstance(decision, str):
        yield where, decision
    elif decision is not None:
        yield decision


def _unread(where: str, got: str) -> Problem:
    return Problem(where, got, "a row of the queue as it was given out", "take the cell from the file written by --fix")


def _elements(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """(place, object) for the elements of a JSON array or the lines of a JSONL file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if text.lstrip()[:1] == "[":
            pairs = [(f"{path.name}, element {at}", each) for at, each in enumerate(json.loads(text), 1)]
        else:
            lines = ((at, line) for at, line in enumerate(text.split("\n"), 1) if line.strip())
            pairs = [(f"{path.name}, line {at}", json.loads(line)) for at, line in lines]
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        got = str(error).splitlines()[0]
        raise InputError(Problem(str(path), got, FORMS, "export it again")) from None
    return [(where, each) for where, each in pairs if isinstance(each, dict)]
