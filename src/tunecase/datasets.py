"""Reads data files row by row: JSONL, CSV and Parquet; the usual shapes of rows are recognised.

A bad row is never a bad file: it comes out as a BadRow with its line and reason. Only a file that cannot be opened,
is not text, or holds no readable row raises. Memory stays flat, but for a `.json` file that is one array: it is read
whole, up to 200 MB.
"""

import csv
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from tunecase.errors import InputError, MissingExtraError, Problem

# input column(s), output column, schema name; the first that the sampled rows carry wins.
SHAPES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("text",), "label", "text/label"),
    (("text",), "category", "text/category"),
    (("text",), "intent", "text/intent"),
    (("text",), "labels", "text/labels"),
    (("text",), "target", "text/target"),
    (("utterance",), "intent", "utterance/intent"),
    (("sentence",), "label", "sentence/label"),
    (("instruction", "input"), "output", "instruct"),
    (("instruction",), "output", "instruct"),
    (("instruction",), "response", "instruct"),
    (("prompt",), "completion", "prompt/completion"),
    (("prompt",), "response", "prompt/completion"),
    (("question",), "answer", "question/answer"),
    (("query",), "response", "query/response"),
    (("input",), "output", "input/output"),
    (("source",), "target", "source/target"),
)
CHAT_KEYS = ("messages", "conversations")
FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
SAMPLE = 200
MOST_BAD_FIRST = 10_000
SHOWN_CHARACTERS = 200
LONGEST_LABEL = 60
MOST_ARRAY_BYTES = 200_000_000
MOST_LINES_A_CELL = 10_000  # a quote that stays open longer than this is a mistake


@dataclass(slots=True)
class Row:
    """One example: what goes in, what should come out, and the other columns as they stand.

    `rejected` is the answer not preferred, of a preference pair; `turns` are (role, text) of a chat, its last answer
    among them. Not frozen: a frozen one takes three times as long to make.
    """

    number: int
    line: int
    input: str
    output: str
    other: Mapping[str, Any]
    rejected: str = ""
    turns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, with the reason; `text` is its first 200 characters."""

    number: int
    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is read: its format, the shape of its rows, and the columns of input and output."""

    format: str
    schema: str
    input: tuple[str, ...]
    output: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file in memory, for the verbs that need all of it at once."""

    layout: Layout
    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...]


def load(path: Path, input: str | None = None, output: str | None = None, labelled: bool = True) -> Table:
    """All rows of a file; see read_rows."""
    layout = detect(path, input, output, labelled)
    rows: list[Row] = []
    bad: list[BadRow] = []
    for row in read_rows(path, layout):
        if isinstance(row, Row):
            rows.append(row)
        else:
            bad.append(row)
    return Table(layout, tuple(rows), tuple(bad))


def detect(path: Path, input: str | None = None, output: str | None = None, labelled: bool = True) -> Layout:
    """How to read a file, from its name, its first rows and the columns named by the user.

    Args:
        input, output: column names that override what is recognised.
        labelled: False for a pool of inputs without outputs.
    Raises: InputError when the file is missing, empty, not UTF-8, of an unknown format, holds no readable row, or its
        columns are not recognised (the message lists them).
    """
    kind = _format(path)
    sample = list(itertools.islice(_records(path, kind), SAMPLE))
    good = [record for _, record, _ in sample if isinstance(record, dict)]
    if sample and not good:
        later = itertools.islice(_records(path, kind), SAMPLE, MOST_BAD_FIRST)
        good = [record for _, record, _ in later if isinstance(record, dict)][:SAMPLE]
    if not sample:
        raise InputError(Problem(str(path), "no rows", "at least one row", "check the export that wrote it"))
    if not good:
        _, _, reason = sample[0]
        fix = "one JSON object a line" if kind == "jsonl" else "one record a row"
        raise InputError(Problem(str(path), f"no row can be read (first: {reason})", "rows of data", f"write {fix}"))
    columns = list(dict.fromkeys(key for record in good for key in record))
    missing = [name for name in (input, output) if name is not None and name not in columns]
    if missing:
        raise InputError(
            [
                Problem(
                    str(path), f"no column {name!r}", f"one of: {', '.join(columns[:12])}", "correct the column name"
                )
                for name in missing
            ]
        )
    return _layout(path, kind, columns, input, output, labelled)


def _layout(
    path: Path, kind: str, columns: list[str], given_input: str | None, given_output: str | None, labelled: bool
) -> Layout:
    if given_input and (given_output or not labelled):
        return Layout(kind, "columns", (given_input,), given_output)
    for key in CHAT_KEYS:
        if key in columns and not given_input:
            return Layout(kind, "chat", (key,), key)
    for inputs, output, schema in SHAPES:
        inputs, output = ((given_input,) if given_input else inputs), given_output or output
        if all(name in columns for name in inputs) and (output in columns or not labelled):
            return Layout(kind, schema, inputs, output if output in columns else None)
    fix = "say which: --input COL --output COL (or data.input and data.output in the project file)"
    raise InputError(Problem(str(path), f"columns {', '.join(columns[:12])}", "columns of an input and an output", fix))


def read_rows(path: Path, layout: Layout) -> Iterator[Row | BadRow]:
    """The rows of a file in order, bad ones among them; numbers from 0, lines from 1; memory stays flat.

    A row's number counts every record that is not a blank line, bad ones too. Where a file has no lines (Parquet, one
    JSON array) the line is the number plus one.
    """
    for number, (line, record, reason) in enumerate(_records(path, layout.format)):
        if isinstance(record, dict):
            yield _row(number, line, record, layout)
        else:
            yield BadRow(number, line, reason, _shown(record))


def _row(number: int, line: int, record: dict[str, Any], layout: Layout) -> Row | BadRow:
    if layout.schema == "chat":
        return _chat_row(number, line, record, layout)
    needed = (layout.input[0], layout.output) if layout.output else (layout.input[0],)
    for name in needed:
        if record.get(name) is None:
            return BadRow(number, line, f"no {name!r}", _shown(record))
    used = {*layout.input, *needed}
    for name in used:
        if isinstance(record.get(name), dict | list | bytes):
            return BadRow(number, line, f"{name!r} is not text", _shown(record))
    parts = [record[name] for name in layout.input if record.get(name) not in (None, "")]
    text = "\n\n".join(str(part) for part in parts)
    output = str(record[layout.output]) if layout.output else ""
    return Row(number, line, text, output, {k: v for k, v in record.items() if k not in used})


def _chat_row(number: int, line: int, record: dict[str, Any], layout: Layout) -> Row | BadRow:
    turns = record.get(layout.input[0])
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return BadRow(number, line, f"{layout.input[0]!r} is not a list of turns", _shown(record))
    said = [(str(t.get("role", t.get("from", ""))), t.get("content", t.get("value"))) for t in turns]
    if not all(isinstance(content, str) for _, content in said):
        return BadRow(number, line, "a turn without text", _shown(record))
    if said[-1][0] not in ("assistant", "gpt", "model"):
        return BadRow(number, line, "the last turn is not the assistant's", _shown(record))
    before = "\n\n".join(str(content) for _, content in said[:-1])
    other = {k: v for k, v in record.items() if k != layout.input[0]}
    return Row(number, line, before, str(said[-1][1]), other)


def _shown(record: object) -> str:
    """The beginning of a bad row, for the quarantine file."""
    if isinstance(record, str):
        return record[:SHOWN_CHARACTERS]
    try:
        return str(record)[:SHOWN_CHARACTERS]
    except RecursionError:
        return "(values nested too deeply to show)"


def _format(path: Path) -> str:
    if not path.exists():
        raise InputError(Problem(str(path), "no such file", "a data file", "correct the path"))
    if path.is_dir():
        raise InputError(Problem(str(path), "a folder", "a data file", "name one file in it"))
    if path.stat().st_size == 0:
        raise InputError(Problem(str(path), "an empty file", "at least one row", "check the export that wrote it"))
    ending = path.suffix.lower()
    if ending not in FORMATS:
        wanted = ", ".join(FORMATS)
        raise InputError(Problem(str(path), f"the ending {ending or '(none)'}", wanted, "rename or convert the file"))
    if FORMATS[ending] == "json":
        with path.open("rb") as file:
            return "json" if file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[" else "jsonl"
    return FORMATS[ending]


def _records(path: Path, kind: str) -> Iterator[tuple[int, Any, str]]:
    """(line, record or raw text, reason) for every row; a record is a dict, anything else is a bad row's text."""
    reader = {"jsonl": _jsonl, "json": _json_array, "csv": _csv, "parquet": _parquet}[kind]
    yield from reader(path)


def _jsonl(path: Path) -> Iterator[tuple[int, Any, str]]:
    import orjson

    with path.open("rb") as file:
        for line, raw in enumerate(_byte_lines(file), 1):
            if line == 1:
                _refuse_not_text(path, raw)
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if not raw.strip():
                continue
            try:
                record = orjson.loads(raw)
            except orjson.JSONDecodeError as error:
                yield line, _head(raw), _why_not_json(raw, error.msg)
                continue
            if isinstance(record, dict):
                yield line, record, ""
            else:
                yield line, _head(raw), "not a JSON object"


def _byte_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines ended by LF, CRLF or CR; a raw CR cannot stand inside a JSON text, so the cut is safe."""
    for raw in file:
        if b"\r" in raw.rstrip(b"\r\n"):
            yield from raw.splitlines()
        else:
            yield raw


def _head(raw: bytes) -> str:
    return raw[: 4 * SHOWN_CHARACTERS].decode("utf-8", "replace").strip()[:SHOWN_CHARACTERS]


def _why_not_json(raw: bytes, reason: str) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    return f"not JSON: {reason}"


def _json_array(path: Path) -> Iterator[tuple[int, Any, str]]:
    import orjson

    size = path.stat().st_size
    if size > MOST_ARRAY_BYTES:
        got = f"one JSON array of {size / 1e6:,.0f} MB"
        wanted = f"at most {MOST_ARRAY_BYTES / 1e6:,.0f} MB where a file has to be read whole"
        raise InputError(Problem(str(path), got, wanted, "write one JSON object a line (.jsonl)"))
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        records = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        got = f"line {error.lineno}: {_why_not_json(raw, error.msg)}"
        raise InputError(Problem(str(path), got, "a whole JSON array", "write it again, or as .jsonl")) from None
    for line, record in enumerate(records, 1):
        yield line, record, "" if isinstance(record, dict) else "not a JSON object"


def _csv(path: Path) -> Iterator[tuple[int, Any, str]]:
    with path.open("rb") as probe:
        _refuse_not_text(path, probe.readline(4096))
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = _Lines(file)
        records = _csv_cells(lines, _delimiter(lines.peek()))
        header = next((cells for _, cells, _ in records if cells), [])
        twice = sorted({name for name in header if name and header.count(name) > 1})
        if twice:
            got = f"the column {twice[0]!r} twice"
            raise InputError(Problem(str(path), got, "every column once", "rename one of them"))
        for line, cells, reason in records:
            if reason:
                yield line, cells[0], reason
            elif cells:
                yield line, *_csv_record(header, cells)


class _Lines:
    """The lines of a text file, with a way back: lines taken since `mark` can be read once more."""

    def __init__(self, file: IO[str]) -> None:
        self.file, self.taken, self.again = file, list[str](), list[str]()
        self.number = 1

    def peek(self) -> str:
        """The first line, left in place."""
        first = self.file.readline()
        self.again = [first] if first else []
        return first

    def mark(self) -> None:
        """The next line begins a record."""
        self.number += len(self.taken)
        self.taken = []

    def back(self) -> str:
        """Drops the first line since the mark and gives the others back, to be read as records of their own."""
        first, *rest = self.taken
        self.again.extend(reversed(rest))
        self.taken = [first]
        return first

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES_A_CELL:
            raise StopIteration
        line = self.again.pop() if self.again else self.file.readline()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line


def _csv_cells(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """(line, cells, "") for each record, or (line, [text], reason) for a line that breaks the rules of quoting.

    After a broken record only its first line is given up: reading goes on with the next, so that one quote left open
    does not swallow the rest of the file.
    """
    while True:
        lines.mark()
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number = lines.number
            yield number, [_repaired(lines.back()).strip()], f"not CSV: {error}"
            continue
        yield lines.number, cells, ""


def _delimiter(header: str) -> str:
    return max((",", ";", "\t"), key=header.count)


def _repaired(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _csv_record(header: list[str], cells: list[str]) -> tuple[Any, str]:
    text = ",".join(cells)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _repaired(text), "not UTF-8"
    if len(cells) != len(header):
        return text, f"{len(cells)} cells for {len(header)} columns"
    return dict(zip(header, cells, strict=True)), ""


def _parquet(path: Path) -> Iterator[tuple[int, Any, str]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError(f"reading {path.name}", "parquet") from None
    try:
        with pq.ParquetFile(path) as file:
            line = 0
            for batch in file.iter_batches(batch_size=4096):
                for record in batch.to_pylist():
                    line += 1
                    yield line, record, ""
    except (OSError, ValueError, pa.ArrowException) as error:
        got = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(Problem(str(path), got, "a whole Parquet file", "write it again")) from None


def _refuse_not_text(path: Path, head: bytes) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head[:4096]:
        raise InputError(Problem(str(path), "bytes that are not UTF-8 text", "UTF-8 text", "save the file as UTF-8"))


def looks_like_classes(outputs: Iterable[str]) -> bool:
    """True when outputs are labels of a class: few distinct ones, short, each seen again.

    Example:
        >>> looks_like_classes(["yes", "no", "yes", "no", "no", "yes"])
        True
    """
    counts = Counter(outputs)
    short = sum(count for output, count in counts.items() if len(output) <= LONGEST_LABEL)
    return are_classes(len(counts), short, counts.total())


def kind_of(outputs: Sequence[str]) -> Literal["classification", "extraction", "generation"]:
    """What kind of answer outputs are: classes, JSON objects (nine in ten of them), or free text.

    Example:
        >>> kind_of(['{"name": "Ann"}', '{"name": "Bob"}', '{}'])
        'extraction'
    """
    if sum(_is_object(output) for output in outputs) >= 0.9 * max(len(outputs), 1):
        return "extraction"
    return "classification" if looks_like_classes(outputs) else "generation"


def _is_object(output: str) -> bool:
    import orjson

    try:
        return isinstance(orjson.loads(output), dict)
    except orjson.JSONDecodeError:
        return False


def are_classes(distinct: int, short: int, total: int) -> bool:
    """The rule of looks_like_classes on counts: distinct outputs, outputs of at most 60 characters, all outputs."""
    return total > 0 and short >= 0.9 * total and distinct <= max(2, total // 3)
