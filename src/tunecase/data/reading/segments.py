"""Sentences as lists of segments, some of which name a type (Snips): the text is their sum, the answer their spans."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tunecase.data.reading.rows import BadRow, Layout, Make, Row, shown
from tunecase.data.reading.spans import answer_of

SCHEMA = "segments"
COLUMNS = ("data", "segments", "chunks", "parts", "pieces")
TYPES = ("slot_name", "entity", "label", "tag")


def layout(start: Layout, names: dict[str, str], sample: Sequence[dict[str, Any]]) -> Layout | None:
    """How to read such rows; None for others."""
    for name in COLUMNS:
        column = names.get(name)
        values = [record.get(column) for record in sample] if column else []
        read = sum(_are_segments(value) for value in values)
        if values and read >= 0.9 * len(values) and any(_type(each) for v in values for each in v or ()):
            return replace(start, schema=SCHEMA, input=(column or "",), output=column)
    return None


def _are_segments(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(
        isinstance(each, dict) and isinstance(each.get("text"), str) for each in value
    )  # fmt: skip


def _type(segment: Any) -> str:
    named = (segment.get(name) for name in TYPES) if isinstance(segment, dict) else ()
    return next((each for each in named if isinstance(each, str) and each), "")


def maker(layout: Layout) -> Make:
    """The function that makes a row of a file of segments."""
    column = layout.input[0]

    def make(number: int, line: int, record: dict[str, Any]) -> Row | BadRow:
        segments = record.get(column)
        if not isinstance(segments, list) or not _are_segments(segments):
            return BadRow(number, line, f"{column!r} is not a list of segments with a text each", shown(record))
        text = "".join(each["text"] for each in segments)
        answer = answer_of((kind, each["text"].strip()) for each in segments if (kind := _type(each)))
        return Row(number, line, text, answer, {k: v for k, v in record.items() if k != column})

    return make
