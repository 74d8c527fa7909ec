"""The queue as a spreadsheet and as plain JSON lines.

The sheet shows no suggested answer: control rows have none, which would give them away, and it leads the reviewer.
A cell that a spreadsheet would take for a formula gets an apostrophe before it, and loses it when it is read back;
what a reviewer typed stays as it is.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from tunecase.data.review.queue.item import Decision, Item
from tunecase.errors import InputError, Problem
from tunecase.io import as_it_was, no_formula

COLUMNS = ("rank", "row", "line", "code", "input", "given", "why")
TO_FILL = ("decision", "answer", "seconds", "reviewer")


class Sheet:
    """review.csv while it is written; with a byte order mark, so that spreadsheets read it as UTF-8."""

    def __init__(self, file: IO[str]) -> None:
        self.writer = csv.writer(file, lineterminator="\r\n")
        self.writer.writerow((*COLUMNS, *TO_FILL))

    def write(self, item: Item) -> None:
        """One row, the columns to fill in left empty."""
        cells = (no_formula(str(getattr(item, name))) for name in COLUMNS)
        self.writer.writerow((*cells, *("" for _ in TO_FILL)))


def line_of(item: Item) -> bytes:
    """One line of review.jsonl."""
    import orjson

    return orjson.dumps({**asdict(item), **dict.fromkeys(TO_FILL)}) + b"\n"


def sheet_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(place, cells by column) of a filled-in sheet, whichever delimiter the spreadsheet saved it with.

    Raises: InputError where it is not UTF-8, since lost letters would end up in the data.
    """
    try:
        yield from _sheet_rows(path)
    except UnicodeDecodeError:
        got, fix = "a sheet that is not UTF-8", "save it as “CSV UTF-8”"
        raise InputError(Problem(str(path), got, "CSV UTF-8", fix)) from None


def _sheet_rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        file.seek(0)
        delimiter = max((",", ";", "\t"), key=header.count)
        reader = csv.DictReader(file, delimiter=delimiter)
        for cells in reader:
            typed = {key.strip().casefold(): value or "" for key, value in cells.items() if key}
            plain = {name: as_it_was(cell) if name in COLUMNS else cell for name, cell in typed.items()}
            yield f"{path.name}, line {reader.line_num}", plain


def plain_decision(where: str, cells: Mapping[str, Any]) -> Decision | str | None:
    """What a sheet's row or a JSON line says; None where nobody judged it, a sentence where it cannot be read."""
    verdict, answer = _text(cells.get("decision")).strip(), _text(cells.get("answer"))
    if not verdict and not answer.strip():
        return None
    row = whole(cells.get("row"))
    if row is None:
        return f"the row number {_text(cells.get('row'))[:40]!r}"
    seconds = _text(cells.get("seconds")).strip().replace(",", ".")
    try:
        spent = float(seconds) if seconds else None
    except ValueError:
        return f"{seconds[:40]!r} seconds"
    code, reviewer = _text(cells.get("code")).strip(), _text(cells.get("reviewer")).strip()
    return Decision(where, row, code, verdict, answer, spent, reviewer, whole(cells.get("rank")))


def objects(values: object) -> list[dict[str, Any]]:
    """The objects in a list; none where the value is not a list."""
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


@dataclass(frozen=True, slots=True)
class Place:
    """Which row of the queue an exported element is: its number, its mark and its rank."""

    row: int
    code: str
    rank: int | None


def place_of(body: Any) -> Place | None:
    """The row of the queue that a tool's element names; None where it names none."""
    row = whole(body.get("row")) if isinstance(body, dict) else None
    return Place(row, str(body.get("code") or ""), whole(body.get("rank"))) if row is not None else None


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def whole(value: Any) -> int | None:
    """A whole number of at least 0, also as text (7, "7", "7.0"), else None."""
    try:
        number = float(str(value).strip())
    except ValueError:
        return None
    return int(number) if number >= 0 and number.is_integer() else None
