"""Reads a trace of requests: when each arrived, and its tokens in and out."""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tunecase.errors import InputError, Problem
from tunecase.inference.trace import HOURS_PER_WEEK, MOST_TOKENS, Tally, Trace

if TYPE_CHECKING:
    from tunecase.quantities import Draws

COLUMNS = {
    "arrival": ("arrival", "arrived_at", "timestamp", "time", "arrival_time"),
    "input": ("input", "num_prefill_tokens", "contexttokens", "request tokens", "input_tokens", "prompt_tokens"),
    "output": ("output", "num_decode_tokens", "generatedtokens", "response tokens", "output_tokens"),
}
ROWS_AT_ONCE = 65_536
MOST_SHOWN = 20  # problems
HOLE_S = 6 * 3600  # without a request, after which a hole is noted
MOST_HOLES = 3  # that are noted one by one
MOST_DAYS = 800
EPOCH_S = 1e8  # seconds above which a number counts from 1970
MONDAY_S = 4 * 86_400  # 1970-01-05
_OFFSET = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d")
FIX = "correct the row, or take it out"


@dataclass(slots=True)
class _Reading:
    """What was read so far of one file: the tally, the last arrival, holes and problems."""

    name: str
    columns: tuple[int, int, int]
    is_iso: bool = False
    has_offset: bool = False
    tally: Tally | None = None
    first_s: float = math.nan
    last_s: float = -math.inf
    rows: int = 0
    holes: list[tuple[int, float]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def problem(self, line: int, got: str, wanted: str, fix: str = FIX) -> None:
        """Keeps a mistake, and counts those beyond the first 20."""
        self.count += 1
        if len(self.problems) < MOST_SHOWN:
            self.problems.append(Problem(f"{self.name}:{line}", got, wanted, fix))

    def add(self, lines: Sequence[int], rows: Sequence[Sequence[str]]) -> None:
        """Counts a chunk of rows, or keeps what is wrong with them."""
        import numpy as np

        if not self.rows:
            self.is_iso = bool(_DATE.match(rows[0][self.columns[0]].strip())) if _wide(rows[0], self.columns) else False
            self.has_offset = self.is_iso and bool(_OFFSET.search(rows[0][self.columns[0]].strip()))
        self.rows += len(rows)
        numbers = self._numbers(rows)
        if numbers is None:
            numbers, lines = self._row_by_row(lines, rows)
        arrival, inputs, outputs = numbers
        if not len(arrival):
            return
        gaps = np.diff(arrival, prepend=arrival[0] if math.isinf(self.last_s) else self.last_s)
        self._values(lines, arrival, inputs, outputs, gaps)
        if self.problems:
            return
        self.holes += [(lines[i], float(gaps[i])) for i in np.flatnonzero(gaps > HOLE_S).tolist()]
        if self.tally is None:
            self._begin(float(arrival[0]), rows[0])
        if arrival[-1] - self.first_s > MOST_DAYS * 86_400:
            self.problem(lines[-1], f"{(arrival[-1] - self.first_s) / 86_400:,.0f} days", f"at most {MOST_DAYS} days")
            return
        assert self.tally is not None
        self.tally.add(arrival, inputs, outputs)
        self.last_s = float(arrival[-1])

    def _begin(self, first_s: float, row: Sequence[str]) -> None:
        """The hour of the week in which the trace begins: local time of its first row, else Monday 00:00."""
        self.first_s = first_s
        is_clock = self.is_iso or first_s > EPOCH_S
        local = first_s + (_offset_s(row[self.columns[0]].strip()) if self.is_iso else 0.0)
        hour = int((local - MONDAY_S) // 3600) % HOURS_PER_WEEK if is_clock else 0
        self.tally = Tally(first_s - (local % 3600 if is_clock else 0.0), hour)

    def _numbers(self, rows: Sequence[Sequence[str]]) -> "tuple[Draws, Draws, Draws] | None":
        """Arrivals [s] and tokens of a chunk, shape (rows,) each; None where a cell of it is no number."""
        try:
            cells = list(zip(*rows, strict=True))
            arrival = self._arrivals(cells[self.columns[0]])
            return arrival, _floats(cells[self.columns[1]]), _floats(cells[self.columns[2]])
        except (ValueError, IndexError):
            return None

    def _arrivals(self, cells: Sequence[str]) -> "Draws":
        """Seconds of a column. Raises ValueError where a cell is of another kind than the first."""
        import numpy as np

        if not self.is_iso:
            return _floats(cells)
        texts = [cell.strip() for cell in cells]
        offsets = [_OFFSET.search(text) for text in texts]
        if {match is not None for match in offsets} != {self.has_offset}:
            raise ValueError("offsets")
        bare = [text[: match.start()] if match else text for text, match in zip(texts, offsets, strict=True)]
        stamps = np.array(bare, dtype="datetime64[us]")
        if np.isnat(stamps).any():
            raise ValueError("no time")
        seconds = stamps.astype(np.int64) / 1e6
        return np.asarray(seconds - np.array([_offset_s(text) for text in texts]) if self.has_offset else seconds)

    def _row_by_row(
        self, lines: Sequence[int], rows: Sequence[Sequence[str]]
    ) -> "tuple[tuple[Draws, Draws, Draws], list[int]]":
        """The good rows of a chunk with their lines; what is wrong with the others is kept."""
        import numpy as np

        good: list[tuple[float, float, float]] = []
        kept: list[int] = []
        for line, row in zip(lines, rows, strict=True):
            if not _wide(row, self.columns):
                self.problem(line, f"{len(row)} cells", f"at least {max(self.columns) + 1}, as in the first row")
                continue
            read = self._numbers([row])
            if read is None:
                self._unreadable(line, row)
                continue
            good.append((float(read[0][0]), float(read[1][0]), float(read[2][0])))
            kept.append(line)
        columns = np.array(good).reshape(-1, 3).T
        return (columns[0], columns[1], columns[2]), kept

    def _unreadable(self, line: int, row: Sequence[str]) -> None:
        """Keeps which cell of a row is no time or number."""
        arrival = row[self.columns[0]].strip()
        if self.is_iso and _DATE.match(arrival) and bool(_OFFSET.search(arrival)) != self.has_offset:
            have = "with an offset" if self.has_offset else "without an offset"
            fix = "write every time with its offset, such as 2026-03-02T09:15:00+01:00"
            self.problem(line, f"arrival {arrival!r}", f"times {have}, as in the first row", fix)
            return
        try:
            self._arrivals([arrival])
        except ValueError:
            wanted = (
                "an ISO time, as in the first row" if self.is_iso else "seconds, as in the first row, or an ISO time"
            )
            self.problem(line, f"arrival {arrival!r}", wanted)
            return
        for name, column in (("input", self.columns[1]), ("output", self.columns[2])):
            try:
                _floats([row[column]])
            except ValueError:
                self.problem(line, f"{name} {row[column]!r}", "a number of tokens")

    def _values(self, lines: Sequence[int], arrival: "Draws", inputs: "Draws", outputs: "Draws", gaps: "Draws") -> None:
        """Keeps rows whose numbers cannot be: out of order, negative, no output."""
        import numpy as np

        odd = (gaps < 0) | (arrival < 0) | ~np.isfinite(arrival)
        odd |= ~((inputs >= 0) & (inputs <= MOST_TOKENS)) | ~((outputs > 0) & (outputs <= MOST_TOKENS))
        for i in np.flatnonzero(odd).tolist():
            if arrival[i] < 0 or not math.isfinite(arrival[i]):
                self.problem(lines[i], f"arrival {arrival[i]:g}", "zero seconds or more")
            elif gaps[i] < 0:
                got = f"arrives {-gaps[i]:,.6g} s before the row above it"
                self.problem(lines[i], got, "rows in the order of arrival", "sort the file by arrival")
            if not 0 <= inputs[i] <= MOST_TOKENS:
                self.problem(lines[i], f"input {inputs[i]:g}", "zero tokens or more")
            if not 0 < outputs[i] <= MOST_TOKENS:
                fix = "take out requests that failed or gave nothing"
                self.problem(lines[i], f"output {outputs[i]:g}", "more than zero tokens", fix)


def _wide(row: Sequence[str], columns: tuple[int, int, int]) -> bool:
    return len(row) > max(columns)


def _floats(cells: Iterable[str]) -> "Draws":
    """Numbers of cells, shape (cells,). Raises ValueError where one is none or not finite."""
    import numpy as np

    numbers = np.array(list(cells), dtype=str).astype(float)
    if np.isnan(numbers).any():
        raise ValueError("not a number")
    return numbers


def _offset_s(text: str) -> float:
    """Seconds of an ISO time's offset from UTC, 0 without one."""
    match = _OFFSET.search(text)
    if match is None or match[1] == "Z":
        return 0.0
    digits = match[1][1:].replace(":", "")
    return (1 if match[1][0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def read_trace(path: Path) -> Trace:
    """The sums of a CSV file of requests as they came.

    The columns are arrival (seconds, or an ISO time), input and output (tokens), by these or other common names. The
    file is read in chunks: memory grows with the days that it spans, not with its rows.

    Args:
        path: a CSV file with a header.
    Returns: the Trace; holes longer than 6 hours are noted and count as time without load.
    Raises: InputError with up to 20 problems: unknown columns, no row or one, cells that are no numbers, rows out of
        order, negative tokens, answers without tokens, times with and without an offset.
    """
    if not path.is_file():
        got, wanted = "no such file", "a CSV file with the columns arrival, input, output"
        raise InputError(Problem(str(path), got, wanted, "correct the path"))
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _read(path.name, stream)
    except UnicodeDecodeError:
        fix = "save the file as UTF-8"
        raise InputError(Problem(path.name, "bytes that are not UTF-8 text", "UTF-8 text", fix)) from None
    except csv.Error as error:
        raise InputError(Problem(path.name, f"not CSV: {error}", "a CSV file", "correct the file")) from None


def _read(name: str, stream: TextIO) -> Trace:
    rows = csv.reader(stream)
    reading = _Reading(name, _columns(name, next(rows, [])))
    for lines, chunk in _chunks(rows):
        reading.add(lines, chunk)
    if reading.count > MOST_SHOWN:
        got = f"{reading.count - MOST_SHOWN:,} further problems"
        reading.problems.append(Problem(name, got, "rows of arrival, input, output", "correct those above first"))
    if not reading.problems and (reading.rows < 2 or reading.last_s == reading.first_s):
        got = "no requests" if not reading.rows else "one request" if reading.rows == 1 else "requests of one moment"
        fix = "log the requests of at least an hour, better of some weeks"
        reading.problems.append(Problem(name, got, "two requests or more, at different times", fix))
    if reading.problems:
        raise InputError(reading.problems)
    assert reading.tally is not None
    return reading.tally.trace(reading.first_s, tuple(_notes(reading)))


def _chunks(rows: "Iterator[list[str]]") -> Iterator[tuple[Sequence[int], list[list[str]]]]:
    """Rows with their lines, 65,536 at a time; empty lines are skipped."""
    line = 2
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        lines: Sequence[int] = range(line, line + len(chunk))
        line += len(chunk)
        if not all(chunk):
            lines = [at for at, row in zip(lines, chunk, strict=True) if row]
            chunk = [row for row in chunk if row]
        if chunk:
            yield lines, chunk


def _columns(name: str, header: Sequence[str]) -> tuple[int, int, int]:
    """Where arrival, input and output stand. Raises InputError naming every one that is missing."""
    names = [cell.strip().casefold() for cell in header]
    places = {
        column: next((names.index(alias) for alias in aliases if alias in names), None)
        for column, aliases in COLUMNS.items()
    }
    wanted = f"arrival, input and output in a header; found {', '.join(names) or 'none'}"
    missing = [
        Problem(f"{name}:1", f"no column {column}", wanted, f"name the column {column}")
        for column, place in places.items()
        if place is None
    ]
    if missing:
        raise InputError(missing)
    return places["arrival"] or 0, places["input"] or 0, places["output"] or 0


def _notes(reading: _Reading) -> Iterator[str]:
    for line, gap_s in reading.holes[:MOST_HOLES]:
        yield f"no request for {gap_s / 3600:,.3g} hours before line {line}: counted as time without load"
    if len(reading.holes) > MOST_HOLES:
        yield f"{len(reading.holes) - MOST_HOLES} further holes of more than {HOLE_S // 3600} hours"
    if not reading.is_iso and reading.first_s <= EPOCH_S:
        yield "times are seconds: the trace's first hour is taken for Monday 00:00"
    elif reading.is_iso and not reading.has_offset:
        began = datetime.fromtimestamp(reading.first_s, UTC)
        yield f"times have no offset: the first, {began:%Y-%m-%d %H:%M}, is taken for local time"
