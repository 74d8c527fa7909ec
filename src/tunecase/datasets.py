"""Reads data files row by row: JSONL, CSV and Parquet; the usual shapes of rows are recognised.

A bad row is never a bad file: it comes out as a BadRow with its line and reason. Only a file that cannot be opened,
is not text, or holds no readable row raises.
"""

import csv
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, MissingExtraError, Problem

# input column(s), output column, schema name; the first that the sampled rows carry wins.
SHAPES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("text",), "label", "text/label"),
    (("text",), "category", "text/category"),
    (("text",), "intent", "text/intent"),
    (("sentence",), "label", "sentence/label"),
    (("instruction", "input"), "output", "instruct"),
    (("instruction",), "output", "instruct"),
    (("instruction",), "response", "instruct"),
    (("prompt",), "completion", "prompt/completion"),
    (("prompt",), "response", "prompt/completion"),
    (("question",), "answer", "question/answer"),
    (("input",), "output", "input/output"),
    (("source",), "target", "source/target"),
)
CHAT_KEYS = ("messages", "conversations")
SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One example: what goes in, what should come out, and the other columns as they stand."""

    number: int
    line: int
    input: str
    output: str
    other: Mapping[str, Any]


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
    if not sample:
        raise InputError(Problem(str(path), "an empty file", "at least one row", "check the export that wrote it"))
    if not good:
        _, _, reason = sample[0]
        fix = "one JSON object a line" if kind == "jsonl" else f"a readable {kind.upper()} file"
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
    """The rows of a file in order, bad ones among them; numbers from 0, lines from 1; memory stays flat."""
    for number, (line, record, reason) in enumerate(_records(path, layout.format)):
        if not isinstance(record, dict):
            yield BadRow(number, line, reason, str(record)[:200])
            continue
        yield _row(number, line, record, layout)


def _row(number: int, line: int, record: dict[str, Any], layout: Layout) -> Row | BadRow:
    if layout.schema == "chat":
        return _chat_row(number, line, record, layout)
    for name in (layout.input[0], *([layout.output] if layout.output else [])):
        if name not in record or record[name] is None:
            return BadRow(number, line, f"no {name!r}", str(record)[:200])
        if isinstance(record[name], dict | list):
            return BadRow(number, line, f"{name!r} is not text", str(record)[:200])
    used = {*layout.input, layout.output}
    text = "\n\n".join(str(record[name]) for name in layout.input if record.get(name) not in (None, ""))
    output = str(record[layout.output]) if layout.output else ""
    return Row(number, line, text, output, {k: v for k, v in record.items() if k not in used})


def _chat_row(number: int, line: int, record: dict[str, Any], layout: Layout) -> Row | BadRow:
    turns = record.get(layout.input[0])
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return BadRow(number, line, f"{layout.input[0]!r} is not a list of turns", str(record)[:200])
    said = [(str(t.get("role", t.get("from", ""))), t.get("content", t.get("value"))) for t in turns]
    if not all(isinstance(content, str) for _, content in said):
        return BadRow(number, line, "a turn without text", str(record)[:200])
    if said[-1][0] not in ("assistant", "gpt", "model"):
        return BadRow(number, line, "the last turn is not the assistant's", str(record)[:200])
    before = "\n\n".join(str(content) for _, content in said[:-1])
    other = {k: v for k, v in record.items() if k != layout.input[0]}
    return Row(number, line, before, str(said[-1][1]), other)


def _format(path: Path) -> str:
    if not path.exists():
        raise InputError(Problem(str(path), "no such file", "a data file", "correct the path"))
    if path.is_dir():
        raise InputError(Problem(str(path), "a folder", "a data file", "name one file in it"))
    if path.stat().st_size == 0:
        raise InputError(Problem(str(path), "an empty file", "at least one row", "check the export that wrote it"))
    kind = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".parquet": "parquet"}.get(
        path.suffix.lower()
    )
    if kind is None:
        raise InputError(
            Problem(
                str(path),
                f"the ending {path.suffix or '(none)'}",
                ".jsonl, .csv or .parquet",
                "rename or convert the file",
            )
        )
    return kind


def _records(path: Path, kind: str) -> Iterator[tuple[int, Any, str]]:
    """(line, record or raw text, reason) for every row; a record is a dict, anything else is a bad row's text."""
    reader = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}[kind]
    yield from reader(path)


def _jsonl(path: Path) -> Iterator[tuple[int, Any, str]]:
    import orjson

    with path.open("rb") as file:
        for line, raw in enumerate(file, 1):
            if line == 1:
                _refuse_not_text(path, raw)
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if not raw.strip():
                continue
            try:
                record = orjson.loads(raw)
            except orjson.JSONDecodeError as error:
                text = raw[:200].decode("utf-8", "replace")
                yield line, text, "not UTF-8" if "utf-8" in str(error).lower() else f"not JSON: {error.msg}"
                continue
            yield line, record if isinstance(record, dict) else str(record)[:200], "not a JSON object"


def _csv(path: Path) -> Iterator[tuple[int, Any, str]]:
    with path.open("rb") as probe:
        _refuse_not_text(path, probe.readline())
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        line = reader.line_num + 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, "", f"not CSV: {error}"
                line = reader.line_num + 1
                continue
            if cells:
                yield line, *_csv_record(header, cells)
            line = reader.line_num + 1


def _csv_record(header: list[str], cells: list[str]) -> tuple[Any, str]:
    text = ",".join(cells)
    if any("\udc80" <= char <= "\udcff" for char in text):
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), "not UTF-8"
    if len(cells) != len(header):
        return text, f"{len(cells)} cells for {len(header)} columns"
    return dict(zip(header, cells, strict=True)), ""


def _parquet(path: Path) -> Iterator[tuple[int, Any, str]]:
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError(f"reading {path.name}", "parquet") from None
    try:
        file = pq.ParquetFile(path)
        line = 0
        for batch in file.iter_batches(batch_size=4096):
            for record in batch.to_pylist():
                line += 1
                yield line, record, ""
    except (OSError, ValueError) as error:
        raise InputError(
            Problem(str(path), str(error).splitlines()[0], "a whole Parquet file", "write it again")
        ) from None


def _refuse_not_text(path: Path, head: bytes) -> None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head[:4096]:
        raise InputError(Problem(str(path), "bytes that are not UTF-8 text", "UTF-8 text", "save the file as UTF-8"))


def looks_like_classes(outputs: Iterable[str]) -> bool:
    """True when outputs are labels of a class: few distinct ones, short, each seen again.

    Example:
        >>> looks_like_classes(["yes", "no", "yes", "no", "no", "yes"])
        True
    """
    counts: dict[str, int] = {}
    total = 0
    for output in outputs:
        counts[output] = counts.get(output, 0) + 1
        total += 1
    if total == 0:
        return False
    short = sum(count for output, count in counts.items() if len(output) <= 60) >= 0.9 * total
    return short and len(counts) <= max(2, total // 3)
