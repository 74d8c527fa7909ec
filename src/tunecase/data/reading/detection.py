"""How a file is to be read: its format, the shape of its rows and their columns, from its name and first rows."""

import itertools
import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tunecase.data.reading import (
    arrays,
    columnar,
    delimited,
    marked,
    media,
    naming,
    shapes,
    structured,
    token_lines,
    tools,
)
from tunecase.data.reading.blocks import blocks, records
from tunecase.data.reading.find import sources
from tunecase.data.reading.folders import class_names_beside, links_note
from tunecase.data.reading.formats import kind_in, seems
from tunecase.data.reading.making import maker
from tunecase.data.reading.preferences import judged, preference
from tunecase.data.reading.rows import BadRow, Layout
from tunecase.data.reading.sources import Source
from tunecase.errors import InputError, Problem

SAMPLE = 200
MOST_BAD_FIRST = 10_000
SAMPLE_BYTES = 1 << 18
PAIR = ("text", "label")
MEDIA_FIX = "describe them in words, or take the rows of text alone"


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
    sample = _Sample(records, columns, names, classes)
    held = media.columns_of(names, records)
    _refuse_media_alone(request, sample, held)
    layout = _with_columns_beside(_layout(request, start, sample), sample, held)
    named = layout.classes or classes.get(layout.output or "", ())
    said = links_note(path) if path.is_dir() else ""
    layout = replace(layout, classes=named, notes=(*layout.notes, *notes, *filter(None, (said,))))
    _refuse_unread(request, layout, records)
    return layout


def _no_row(request: _Request, start: Layout, reason: str, seems: str) -> InputError:
    if seems:
        fix = "name the file that holds the rows"
        return request.refused(f"no rows: it seems to be {seems}", "rows of data", fix)
    if not reason:
        return request.refused("no rows", "at least one row", "check the export that wrote it")
    fix = "write one JSON object per line" if start.format == "jsonl" else "write one record per row"
    if "a quote is left open" in reason:
        fix = "close the quote, or write a quote inside a cell twice"
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
    twice = sorted(name for name, times in Counter(header).items() if name and times > 1)
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
    fix = f"say which, for example: --input {shlex.quote(input)} --output {shlex.quote(output)} with init and audit, "
    fix += f"or in the project file data.input: {input}; data.output: {output}"
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
    wanted = request.labelled and not request.named
    found = preference(sample.names, sample.records) if wanted else None
    if found is None:
        return None
    first, second = sample.names[found.first], sample.names[found.second]
    inputs = tuple(sample.names[name] for name in found.prompts) or (first,)
    layout = replace(start, schema="preference", input=inputs, output=first, rejected=second, winner=found.winner)
    if found.winner is None:
        return layout
    said = " and ".join(map(repr, found.winner.columns))
    return replace(layout, notes=(f"{said} say which of {first!r} and {second!r} is better",))


def _as_judged(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    """Answers that are judged good or bad by themselves (KTO): chats or completions."""
    chat = shapes.chat_key(sample.names, sample.records)
    found = judged(sample.names, sample.records, chat) if request.labelled and not request.named else None
    if found is None:
        return None
    label, answer = sample.names[found.label], sample.names[found.answer]
    note = f"{label!r} judges each answer: those judged bad are rejected answers, not targets"
    if found.is_chat:
        return replace(start, schema="chat", input=(answer,), output=answer, judged=label, notes=(note,))
    shape = shapes.columns_of(sample.names, found.answer, True)
    if shape is None or found.label in shape[0]:
        return None
    inputs = tuple(sample.names[name] for name in shape[0])
    return replace(start, schema="prompt/completion/label", input=inputs, output=answer, judged=label, notes=(note,))


def _as_chats(request: _Request, start: Layout, sample: _Sample) -> Layout | None:
    key = "" if request.input else shapes.chat_key(sample.names, sample.records)
    if not key:
        return None
    column = sample.names[key]
    if (answer := shapes.answer_beside_chats(sample.names, key, sample.records)) and not request.output:
        return replace(start, schema="prompt/ground truth", input=(column,), output=answer)
    return replace(start, schema="chat", input=(column,), output=column)


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
    _as_named, _as_preferences, _as_judged, _as_chats, _as_instances, _as_structured, _by_shape, _by_marks, _by_values,
    _by_names,
)  # fmt: skip


def _with_columns_beside(layout: Layout, sample: _Sample, held: tuple[tuple[str, str], ...]) -> Layout:
    """The layout with the columns that add to its rows: tools, reasoning, a system prompt, media."""
    used = {*layout.input, layout.output, layout.rejected, layout.judged}
    names = {folded: name for folded, name in sample.names.items() if name not in used}
    written = layout.schema in shapes.WRITTEN

    def column(usual: Sequence[str], fits: Callable[[object], bool]) -> str | None:
        return next((names[n] for n in usual if n in names and written and _mostly(sample, names[n], fits)), None)

    def text(value: object) -> bool:
        return isinstance(value, str)

    return replace(
        layout,
        tools=column(tools.COLUMNS, tools.looks_like_tools),
        thinking=column(shapes.THINKING, text) if layout.rejected is None else None,
        system=column(shapes.SYSTEM, text),
        media=tuple(each for each in held if each[0] not in used),
    )


def _mostly(sample: _Sample, name: str, fits: Callable[[object], bool]) -> bool:
    """True where most of a column's values fit, of those that are there."""
    values = [value for record in sample.records if (value := record.get(name)) not in (None, "")]
    return 2 * sum(map(fits, values)) > len(values)


def _refuse_media_alone(request: _Request, sample: _Sample, held: tuple[tuple[str, str], ...]) -> None:
    """Refuses a file whose rows all hold images, sound or film."""
    if held and all(any(record.get(name) for name, _ in held) for record in sample.records):
        name, kind = held[0]
        raise request.refused(f"{kind} in every row ({name!r})", "rows of text", MEDIA_FIX)


def _refuse_unread(request: _Request, layout: Layout, records: Sequence[dict[str, Any]]) -> None:
    """Refuses a file whose first rows all hold images, sound or film inside their chats."""
    make = maker(layout)
    rows = [make(at, at, record) for at, record in enumerate(records)]
    if all(isinstance(row, BadRow) and row.reason in media.REASONS for row in rows):
        raise request.refused(f"every row {rows[0].reason}", "rows of text", MEDIA_FIX)  # type: ignore[union-attr]


def _class_names(source: Source) -> dict[str, tuple[str, ...]]:
    kept = columnar.class_names(source) if source.kind in ("parquet", "arrow") else {}
    return kept or class_names_beside(source.path)
