"""How a file is to be read: its format, the shape of its rows and their columns, from its name and first rows."""

import itertools
import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tunecase.data.reading import arrays, columnar, delimited, marked, naming, shapes, structured, token_lines
from tunecase.data.reading.blocks import blocks, records
from tunecase.data.reading.find import sources
from tunecase.data.reading.folders import class_names_beside
from tunecase.data.reading.formats import kind_in, seems
from tunecase.data.reading.rows import Layout
from tunecase.data.reading.sources import Source
from tunecase.errors import InputError, Problem

SAMPLE = 200
MOST_BAD_FIRST = 10_000
SAMPLE_BYTES = 1 << 18
PAIR = ("text", "label")


@dataclass(frozen=True, slots=True)
class _Request:
    """What a caller wants to read: the path, the columns that the user named, and whether an output is needed."""

    path: Path
    input: str | None
    output: str | None
    labelled: bool

    @property
    def named(self) -> list[str]:
        return [name for name in (self.input, self.output) if name]

    def refused(self, got: str, wanted: str, fix: str) -> InputError:
        return InputError(Problem(str(self.path), got, wanted, fix))


@dataclass(frozen=True, slots=True)
class _Sample:
    """The first good records, their columns, the columns by folded name, and names of numbered labels by column."""

    records: list[dict[str, Any]]
    columns: list[str]
    names: dict[str, str]
    classes: dict[str, tuple[str, ...]]


def detect(path: Path, input: str | None = None, output: str | None = None, labelled: bool = True) -> Layout:
    """How to read a file, from its name, its first rows and the columns named by the user.

    Args:
        path: a file, an archive (.gz, .zst), a folder, hf://datasets/owner/name, or one of these with `::SPLIT`.
        input, output: column names that override the recognised ones; 1, 2, … for a CSV without a header.
        labelled: False for a pool of inputs without outputs.
    Raises: InputError when the file is missing, empty, of an unknown format or without a readable row, or when its
        columns are not recognised (the message lists them).
    """
    request = _Request(path, input, output, labelled)
    files = sources(path)
    start = _start(request, files[0])
    records, first_reason, notes = _first_records(path, start)
    if not records:
        raise _no_row(request, start, first_reason, seems(files[0]))
    columns = list(dict.fromkeys(key for record in records for key in record))
    missing = [name for name in (input, output) if name is not None and name not in columns]
    if missing:
        wanted = f"one of: {', '.join(columns[:12])}"
        raise InputError([Problem(str(path), f"no column {n!r}", wanted, "correct the column name") for n in missing])
    _one_schema(files, start)
    names = {shapes.folded(column): column for column in reversed(columns)}  # the first of two that fold alike
    classes = _class_names(files[0])
    layout = _layout(request, start, _Sample(records, columns, names, classes))
    named = layout.classes or classes.get(layout.output or "", ())
    return replace(layout, classes=named, notes=(*layout.notes, *notes))


def _no_row(request: _Request, start: Layout, reason: str, seems: str) -> InputError:
    if seems:
        fix = "name the file that holds the rows"
        return request.refused(f"no rows: it seems to be {seems}", "rows of data", fix)
    if not reason:
        return request.refused("no rows", "at least one row", "check the export that wrote it")
    fix = "write one JSON object per line" if start.format == "jsonl" else "write one record per row"
    if "not UTF-8" in reason:
        fix = "save the file as UTF-8 (a spreadsheet offers “CSV UTF-8”)"
    return request.refused(f"no row can be read (first: {reason})", "rows of data", fix)


def _start(request: _Request, source: Source) -> Layout:
    """What must be known before a record can be read."""
    kind = kind_in(source)
    if kind == "csv":
        return _csv_start(request, source)
    if kind == token_lines.FORMAT:
        return token_lines.start(source)
    start = Layout(kind, "", (), None)
    return replace(start, columns=PAIR) if kind in ("json", "jsonl") and _pairs(request.path, start) else start


def _csv_start(request: _Request, source: Source) -> Layout:
    delimiter, rows = delimited.head_of(source)
    header = tuple(rows[0]) if rows else ()
    numbers = tuple(map(str, range(1, len(header) + 1)))
    named = set(request.named)
    by_number, by_name = (named - set(header)) & set(numbers), named & set(header)
    if by_number or (not by_name and shapes.headless(header, rows[1:])):
        return Layout("csv", "", (), None, numbers, True, delimiter)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise request.refused(f"the column {twice[0]!r} twice", "every column once", "rename one of them")
    return Layout("csv", "", (), None, header, False, delimiter)


def _pairs(path: Path, start: Layout) -> bool:
    first = list(itertools.islice(_records(path, replace(start, columns=PAIR)), 20))
    good = [record for _, record, _ in first if record and set(record) == set(PAIR)]
    return len(good) > len(first) // 2 and all(
        isinstance(record["text"], str) and isinstance(record["label"], str | int) for record in good
    )


def _first_records(path: Path, start: Layout) -> tuple[list[dict[str, Any]], str, tuple[str, ...]]:
    """Up to 200 good records, why the first bad one is bad, and notes for the user."""
    good: list[dict[str, Any]] = []
    reason, twice, read = "", 0, 0
    for raw, record, why in itertools.islice(_records(path, start), MOST_BAD_FIRST):
        read += 1
        if record is None:
            reason = reason or why
        else:
            good.append(record)
            twice += start.format == "jsonl" and has_double_keys(raw)
        if len(good) >= SAMPLE or (good and read >= SAMPLE):
            break
    note = f"{twice} of the first {read} rows hold a key twice; the last value counts"
    return good, reason, (note,) if twice else ()


def _records(path: Path, start: Layout) -> Iterator[tuple[bytes, dict[str, Any] | None, str]]:
    for block in blocks(path, start, SAMPLE_BYTES):
        for _, raw, record, reason in records(block, start):
            yield raw, record, reason


def has_double_keys(raw: bytes) -> bool:
    """True when an object in a JSON text names a key twice.

    Example:
        >>> has_double_keys(b'{"a": 1, "a": 2}')
        True
    """
    double = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        double.append(len({key for key, _ in pairs}) < len(pairs))

    try:
        json.loads(raw, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return False
    return any(double)


def _one_schema(files: Sequence[Source], start: Layout) -> None:
    """Refuses a folder of CSV files with different headers, or of JSON files of different kinds."""
    for source in files[1:]:
        if start.format in ("json", "jsonl") and source.kind == "json" and arrays.json_kind(source) != start.format:
            got, wanted = f"JSON of another kind than {files[0].path.name}", "only arrays, or only one object per line"
            raise InputError(Problem(str(source.path), got, wanted, "convert it, or name one file"))
        if start.format == "csv" and not start.headless:
            _, rows = delimited.head_of(source)
            if rows and tuple(rows[0]) != start.columns:
                got = f"the columns {', '.join(rows[0][:8])}"
                wanted = f"those of {files[0].path.name}: {', '.join(start.columns[:8])}"
                raise InputError(
                    Problem(str(source.path), got, wanted, "name one file, or files with the same columns")
                )


def _layout(request: _Request, start: Layout, sample: _Sample) -> Layout:
    """The first reading of the columns that fits.

    Raises: InputError where none does.
    """
    for reading in READINGS:
        layout = reading(request, start, sample)
        if layout is not None:
            return layout
    input, output = naming.likely_pair(sample.columns, sample.records)
    fix = (
        f"say which, for example: --input {shlex.quote(input)} --output {shlex.quote(output)} (data.input, data.output)"
    )
    got = f"columns {naming.shown_columns(sample.columns, sample.records)}"
    raise request.refused(got, "an input column and an output column", fix)


def _as_named(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    if not request.input or (request.labelled and not request.output):
        return None
    named = {shapes.folded(name): name for name in request.named}
    layout = structured.layout(start, named, sample.records, sample.classes) if len(named) == 2 else None
    if layout is not None and request.named == [*layout.input, layout.output]:
        return layout
    return replace(start, schema="columns", input=(request.input,), output=request.output)


def _as_preferences(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    prompts = shapes.preference(sample.names) if request.labelled and not request.named else None
    if prompts is None:
        return None
    chosen, rejected = sample.names["chosen"], sample.names["rejected"]
    inputs = tuple(sample.names[name] for name in prompts) or (chosen,)
    return replace(start, schema="preference", input=inputs, output=chosen, rejected=rejected)


def _as_chats(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    key = "" if request.input else shapes.chat_key(sample.names, sample.records)
    return replace(start, schema="chat", input=(sample.names[key],), output=sample.names[key]) if key else None


def _as_instances(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    """Instructions with a list of inputs and outputs, as in Self-Instruct."""
    if request.named or not {"instruction", "instances"} <= sample.names.keys():
        return None
    inputs = (sample.names["instruction"], sample.names["instances"])
    return replace(start, schema=shapes.INSTANCES, input=inputs, output=inputs[1])


def _by_shape(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    """The columns of a usual shape, one of which the user may have named."""
    names, output = sample.names, shapes.folded(request.output) if request.output else None
    if request.input:
        target, schema = shapes.output_beside(request.input, names, output)
        return replace(start, schema=schema, input=(request.input,), output=target) if target else None
    shape = shapes.columns_of(names, output, request.labelled)
    if shape is None:
        return None
    inputs, target, schema = shape
    if schema == "prompt/completion" and _is_kto(sample):
        schema = "prompt/completion/label"
    real = request.output or names.get(target)
    return replace(start, schema=schema, input=tuple(names[name] for name in inputs), output=real)


def _by_values(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    """Two columns of unknown names that are plainly texts and labels."""
    guess = request.labelled and not request.named
    pair = shapes.two_columns(sample.columns, sample.records) if guess else None
    return replace(start, schema="two columns", input=(pair[0],), output=pair[1]) if pair else None


def _as_structured(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    """Spans, options, accepted answers, translations."""
    if request.named or not request.labelled:
        return None
    return structured.layout(start, sample.names, sample.records, sample.classes)


def _by_marks(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    """One column that holds question and answer in one text."""
    if request.named or not request.labelled:
        return None
    return marked.layout(start, sample.names, sample.records)


def _by_names(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    """Columns whose names hold the words of an input and an output."""
    pair = naming.by_names(sample.columns, sample.records) if request.labelled and not request.named else None
    return replace(start, schema=f"{pair[0]}/{pair[1]}", input=(pair[0],), output=pair[1]) if pair else None


READINGS = (
    _as_named, _as_preferences, _as_chats, _as_instances, _as_structured, _by_shape, _by_marks, _by_values, _by_names,
)  # fmt: skip


def _is_kto(sample: _Sample) -> bool:
    """True for completions judged good or bad (KTO): every label is true or false."""
    label = sample.names.get("label")
    return label is not None and all(isinstance(record.get(label), bool) for record in sample.records)


def _class_names(source: Source) -> dict[str, tuple[str, ...]]:
    kept = columnar.class_names(source) if source.kind in ("parquet", "arrow") else {}
    return kept or class_names_beside(source.path)
