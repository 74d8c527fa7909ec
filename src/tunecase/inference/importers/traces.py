"""Reads a trace of requests: when each arrived, and its tokens in and out."""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TextIO

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.inference.trace import HOURS_PER_WEEK, MOST_TOKENS, Tally, Trace
from tunecase.io import no_file
from tunecase.quantities import Draws, np

COLUMNS = {
    "arrival": ("arrival", "arrived_at", "timestamp", "time", "arrival_time"),
    "input": ("input", "num_prefill_tokens", "contexttokens", "request tokens", "input_tokens", "prompt_tokens"),
    "output": ("output", "num_decode_tokens", "generatedtokens", "response tokens", "output_tokens"),
}
ROWS_AT_ONCE = 65_536
MOST_OF_A_TIME = 40  # characters
MOST_SHOWN = 20  # problems
HOLE_S = 6 * 3600  # without a request, after which a hole is noted
MOST_HOLES = 3  # that are noted one by one
MOST_DAYS = 800
EPOCH_S = 1e8  # seconds above which a number counts from 1970
MONDAY_S = 4 * 86_400  # 1970-01-05
FIX = "correct the row, or take it out"


@dataclass(slots=True)
class _Reading:
    """What was read so far of one file: the tally, the last arrival, holes and problems."""

    name: str
    delimiter: str
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

    def add(self, lines: Sequence[int], texts: Sequence[str]) -> None:
        """Counts a chunk of rows, or keeps what is wrong with them."""
        if not self.rows and (first := self._first_time(texts[0])):
            self.is_iso, self.has_offset = True, first.tzinfo is not None
        self.rows += len(texts)
        numbers = self._numbers(texts)
        if numbers is None:
            numbers, lines = self._row_by_row(lines, texts)
        arrival, inputs, outputs = numbers
        if not len(arrival):
            return
        with np.errstate(invalid="ignore"):
            gaps = np.diff(arrival, prepend=arrival[0] if math.isinf(self.last_s) else self.last_s)
        self._values(lines, arrival, inputs, outputs, gaps)
        if self.problems:
            return
        self.holes += [(lines[i], float(gaps[i])) for i in np.flatnonzero(gaps > HOLE_S).tolist()]
        if self.tally is None:
            self._begin(float(arrival[0]), texts[0])
        if arrival[-1] - self.first_s > MOST_DAYS * 86_400:
            self.problem(lines[-1], f"{(arrival[-1] - self.first_s) / 86_400:,.0f} days", f"at most {MOST_DAYS} days")
            return
        assert self.tally is not None
        self.tally.add(arrival, inputs, outputs)
        self.last_s = float(arrival[-1])

    def _cells(self, text: str) -> list[str]:
        return next(csv.reader([text], delimiter=self.delimiter), [])

    def _first_time(self, text: str) -> datetime | None:
        """The ISO time in which a row arrives, None where it is none."""
        cells = self._cells(text)
        return _time(cells[self.columns[0]]) if len(cells) > self.columns[0] else None

    def _begin(self, first_s: float, text: str) -> None:
        """The hour of the week in which the trace begins: local time of its first row, else Monday 00:00."""
        self.first_s = first_s
        is_clock = self.is_iso or first_s > EPOCH_S
        first = self._first_time(text) if self.is_iso else None
        offset = first.utcoffset() if first else None
        local = first_s + (offset.total_seconds() if offset else 0.0)
        hour = int((local - MONDAY_S) // 3600) % HOURS_PER_WEEK if is_clock else 0
        self.tally = Tally(first_s - (local % 3600 if is_clock else 0.0), hour)

    def _numbers(self, texts: Sequence[str]) -> "tuple[Draws, Draws, Draws] | None":
        """Arrivals [s] and tokens of a chunk, shape (rows,) each; None where a cell of it is no number."""
        kind = np.dtype([("arrival", f"U{MOST_OF_A_TIME}" if self.is_iso else "f8"), ("input", "f8"), ("output", "f8")])
        try:
            read = np.loadtxt(
                texts, kind, comments=None, delimiter=self.delimiter, usecols=self.columns, ndmin=1, quotechar='"'
            )
            arrival = self._arrivals(read["arrival"].tolist()) if self.is_iso else read["arrival"]
        except (ValueError, IndexError):
            return None
        if len(read) != len(texts):  # a quotation mark that is never closed swallows the lines after it
            return None
        has_gap = any(np.isnan(part).any() for part in (arrival, read["input"], read["output"]))
        return None if has_gap else (arrival, read["input"], read["output"])

    def _arrivals(self, cells: Sequence[str]) -> "Draws":
        """Seconds of ISO times. Raises ValueError where one is none, or has an offset unlike the first."""
        times = [datetime.fromisoformat(cell.strip()) for cell in cells]
        if any((time.tzinfo is not None) != self.has_offset for time in times):
            raise ValueError("offsets")
        if not self.has_offset:
            times = [time.replace(tzinfo=UTC) for time in times]
        return np.array([time.timestamp() for time in times])

    def _row_by_row(self, lines: Sequence[int], texts: Sequence[str]) -> "tuple[tuple[Draws, Draws, Draws], list[int]]":
        """The good rows of a chunk with their lines; what is wrong with the others is kept."""
        good: list[tuple[float, float, float]] = []
        kept: list[int] = []
        for line, text in zip(lines, texts, strict=True):
            read = self._numbers([text])
            if read is None:
                self._unreadable(line, self._cells(text))
                continue
            good.append((float(read[0][0]), float(read[1][0]), float(read[2][0])))
            kept.append(line)
        columns = np.array(good).reshape(-1, 3).T
        return (columns[0], columns[1], columns[2]), kept

    def _unreadable(self, line: int, row: Sequence[str]) -> None:
        """Keeps which cell of a row is no time or number."""
        if len(row) <= max(self.columns):
            self.problem(line, f"{len(row)} cells", f"at least {max(self.columns) + 1}, as in the first row")
            return
        before, arrival = self.count, row[self.columns[0]].strip()
        at = _time(arrival)
        if self.is_iso and at and (at.tzinfo is not None) != self.has_offset:
            have = "with an offset" if self.has_offset else "without an offset"
            fix = "write every time with its offset, such as 2026-03-02T09:15:00+01:00"
            self.problem(line, f"arrival {arrival!r}", f"times {have}, as in the first row", fix)
        elif (at is None) if self.is_iso else not _is_number(arrival):
            wanted = "an ISO time" if self.is_iso else "seconds, or ISO times in all rows"
            self.problem(line, f"arrival {arrival!r}", f"{wanted}, as in the first row")
        for name, column in (("input", self.columns[1]), ("output", self.columns[2])):
            if not _is_number(row[column]):
                self.problem(line, f"{name} {row[column]!r}", "a number of tokens")
        if self.count == before:
            self.problem(line, repr(self.delimiter.join(row)), "plain numbers and times, as in the first row")

    def _values(self, lines: Sequence[int], arrival: "Draws", inputs: "Draws", outputs: "Draws", gaps: "Draws") -> None:
        """Keeps rows whose numbers cannot be: out of order, negative, no output."""
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


def _is_number(text: str) -> bool:
    try:
        return "_" not in text and not math.isnan(float(text))
    except ValueError:
        return False


def _time(text: str) -> datetime | None:
    """The time of an ISO text with a date, None where it is none."""
    try:
        return datetime.fromisoformat(text.strip()) if "-" in text else None
    except ValueError:
        return None


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
    refuse_any(no_file(path, "a CSV file with the columns arrival, input, output", "correct the path"))
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _read(path.name, stream)
    except UnicodeDecodeError:
        fix = "save the file as UTF-8"
        raise InputError(Problem(path.name, "bytes that are not UTF-8 text", "UTF-8 text", fix)) from None
    except csv.Error as error:
        raise InputError(Problem(path.name, f"not CSV: {error}", "a CSV file", "correct the file")) from None


def _read(name: str, stream: TextIO) -> Trace:
    header = next(stream, "")
    delimiter = max(",;\t", key=header.count)
    reading = _Reading(name, delimiter, _columns(name, next(csv.reader([header], delimiter=delimiter), [])))
    for lines, chunk in _chunks(stream):
        reading.add(lines, chunk)
    if reading.count > MOST_SHOWN:
        got = f"{reading.count - MOST_SHOWN:,} further problems"
        reading.problems.append(Problem(name, got, "rows of arrival, input, output", "correct those above first"))
    if not reading.problems and (reading.rows < 2 or reading.last_s == reading.first_s):
        got = "no requests" if not reading.rows else "one request" if reading.rows == 1 else "requests of one moment"
        fix = "log the requests of at least an hour, better of some weeks"
        reading.problems.append(Problem(name, got, "two requests or more, at different times", fix))
    refuse_any(reading.problems)
    assert reading.tally is not None
    return reading.tally.trace(reading.first_s, tuple(_notes(reading)))


def _chunks(stream: TextIO) -> Iterator[tuple[Sequence[int], list[str]]]:
    """Rows with their lines, 65,536 at a time; empty lines are skipped."""
    line = 2
    while chunk := list(islice(stream, ROWS_AT_ONCE)):
        lines: Sequence[int] = range(line, line + len(chunk))
        line += len(chunk)
        if any(map(str.isspace, chunk)):
            lines = [at for at, text in zip(lines, chunk, strict=True) if not text.isspace()]
            chunk = [text for text in chunk if not text.isspace()]
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
    refuse_any(
        Problem(f"{name}:1", f"no column {column}", wanted, f"name the column {column}")
        for column, place in places.items()
        if place is None
    )
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
