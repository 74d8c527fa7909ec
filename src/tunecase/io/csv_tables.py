"""Tables and numbers as people write them: CSV files with their lines, whole numbers, percent."""

import csv
import io
import math
import re
from collections import Counter
from pathlib import Path

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io.places import no_file

EXAMPLE = "n,score,test_rows"
MOST = 1e12  # of examples and test rows
MOST_CHARACTERS = 10_000_000
# How a cell begins that a spreadsheet takes for a formula, or strips to one; wide signs count as narrow ones there.
FORMULA = re.compile("[\\s'\"\ufeff\u200b-\u200f\u2060]*[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")
THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?%?")


def read_text(path: Path, wanted: str = "a text file") -> str:
    """The text of a file that is `wanted`. Raises InputError when it is missing, not UTF-8 or longer than 10 MB."""
    refuse_any(no_file(path, wanted, "correct the path"))
    if path.stat().st_size <= 4 * MOST_CHARACTERS:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            fix = "save the file as UTF-8"
            raise InputError(Problem(str(path), "bytes that are not UTF-8 text", "UTF-8 text", fix)) from None
        if len(text) <= MOST_CHARACTERS:
            return text
    got, fix = f"{path.stat().st_size:,} bytes", "keep one row for each run"
    raise InputError(Problem(str(path), got, f"at most {MOST_CHARACTERS:,}", fix))


def read_table(path: Path, wanted: str = "a CSV file") -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The columns of a CSV file as written, and its rows with their lines; cells beyond the header are dropped.

    Commas, semicolons or tabs part the cells, whichever the header has most of.
    """
    text = read_text(path, wanted)
    first = text.lstrip().split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    rows: list[tuple[int, list[str]]] = []
    try:
        rows += [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        where = f"{path.name}:{reader.line_num}"
        raise InputError(Problem(where, f"not CSV: {error}", "a row of the columns above", "correct the row")) from None
    header = [name.strip() for name in rows[0][1]] if rows else []
    twice = sorted(name for name, times in Counter(header).items() if name and times > 1)
    if twice:
        raise InputError(
            Problem(f"{path.name}:1", f"the column {twice[0]} twice", "each column once", "rename or delete one")
        )
    blank = [""] * len(header)
    return header, [(line, dict(zip(header, [*cells, *blank], strict=False))) for line, cells in rows[1:]]


def no_formula(text: str) -> str:
    """A cell of text that no spreadsheet takes for a formula: an apostrophe before what would be one.

    Example:
        >>> no_formula("=1+1"), no_formula("us-east-1")
        ("'=1+1", 'us-east-1')
    """
    return f"'{text}" if FORMULA.match(text) else text


def as_it_was(cell: str) -> str:
    """The text of a cell before `no_formula`.

    Example:
        >>> as_it_was("'=1+1"), as_it_was("-5"), as_it_was("'tis")
        ('=1+1', '-5', "'tis")
    """
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell, 1) else cell


def read_number(text: str | None) -> float:
    """A number from `1,000`, `1e3`, `0.85` or `85%`; NaN for anything else."""
    raw = (text or "").strip().replace("_", "")
    if "," in raw and not THOUSANDS.fullmatch(raw):
        return math.nan  # 0,85 is no number here, and must not be read as 85
    raw = raw.replace(",", "")
    try:
        return round(float(raw[:-1]) / 100, 12) if raw.endswith("%") else float(raw)
    except ValueError:
        return math.nan


def whole_number(text: str | None, least: int = 0) -> int | None:
    """A whole number from `least` to 1e12, or None.

    Example:
        >>> whole_number("1,000"), whole_number("2e3"), whole_number("-1"), whole_number("0.5")
        (1000, 2000, None, None)
    """
    number = read_number(text)
    return int(number) if math.isfinite(number) and least <= number <= MOST and number == int(number) else None
