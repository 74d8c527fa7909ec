"""Decisions read back from any of the forms that a queue is given out in."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tunecase.data.review.queue import argilla, label_studio
from tunecase.data.review.queue.item import Decision
from tunecase.data.review.queue.sheet import plain_decision, sheet_rows
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import no_file

FORMS = "review.csv, review.jsonl, a Label Studio JSON export or an Argilla export"


def read_decisions(path: Path) -> tuple[str, list[Decision], list[Problem]]:
    """Everything that reviewers said in a file.

    Args:
        path: review.csv or review.jsonl filled in, a JSON export of Label Studio, or an export of Argilla's records.
    Returns: the name of the form, the decisions in order (rows that nobody judged are left out), and what cannot be
        read.
    Raises: InputError when the file is missing or has none of these forms.
    """
    refuse_any(no_file(path, FORMS, "correct the path"))
    if path.suffix.lower() in (".csv", ".tsv"):
        return _parted("CSV", _sheet(path))
    elements = _elements(path)
    sample = elements[0][1] if elements else {}
    for keys, form, read in JSON_FORMS:
        if keys <= sample.keys():
            return _parted(form, (each for where, element in elements for each in read(where, element)))
    got = f"the fields {', '.join(list(sample)[:8])}" if sample else "nothing in it"
    raise InputError(Problem(str(path), got, FORMS, "give the whole file as the tool exported it"))


def _sheet(path: Path) -> Iterator[Decision | tuple[str, str]]:
    for where, cells in sheet_rows(path):
        if not {"row", "code", "decision"} <= set(cells):
            got = f"the columns {', '.join(list(cells)[:8])}"
            raise InputError(
                Problem(str(path), got, "row, code, decision and answer", "keep the columns of review.csv")
            )
        yield from _plain(where, cells)


def _plain(where: str, cells: Mapping[str, Any]) -> Iterator[Decision | tuple[str, str]]:
    decision = plain_decision(where, cells)
    if isinstance(decision, str):
        yield where, decision
    elif decision is not None:
        yield decision


def _parted(form: str, read: Iterable[Decision | tuple[str, str]]) -> tuple[str, list[Decision], list[Problem]]:
    """The form, its decisions, and what could not be read as problems."""
    decisions: list[Decision] = []
    problems: list[Problem] = []
    wanted, fix = "a row of the queue as it was given out", "take the cell from the file written by --fix"
    for each in read:
        if isinstance(each, Decision):
            decisions.append(each)
        else:
            problems.append(Problem(*each, wanted, fix))
    return form, decisions, problems


Read = Callable[[str, Mapping[str, Any]], Iterator[Decision | tuple[str, str]]]
# The keys that mark a form's elements, its name, and what reads one element.
JSON_FORMS: tuple[tuple[set[str], str, Read], ...] = (
    ({"annotations", "data"}, "Label Studio", label_studio.decisions),
    ({"fields", "responses"}, "Argilla", argilla.decisions),
    ({"row", "code"}, "JSON lines", _plain),
)


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
