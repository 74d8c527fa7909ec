"""How a file is to be read: its format, the shape of its rows and their columns, from its name and first rows."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunecase.data.reading import arrays, columnar, delimited, shapes
from tunecase.data.reading.blocks import blocks, records
from tunecase.data.reading.find import sources
from tunecase.data.reading.folders import class_names_beside
from tunecase.data.reading.rows import Layout
from tunecase.data.reading.sources import Source
from tunecase.errors import InputError, Problem

SAMPLE = 200
MOST_BAD_FIRST = 10_000
SAMPLE_BYTES = 1 << 18
PAIR = ("text", "label")


def own_test(path: Path) -> Path | None:
    """The test split of a folder of splits or of a data set's name; None for a plain file, or without one."""
    if "::" in path.name or not ("hf:" in path.parts or path.is_dir()):
        return None
    named = path.with_name(f"{path.name}::test")
    try:
        return named if {each.path for each in sources(named)} != {each.path for each in sources(path)} else None
    except InputError:
        return None


def detect(path: Path, input: str | None = None, output: str | None = None, labelled: bool = True) -> Layout:
    """How to read a file, from its name, its first rows and the columns named by the user.

    Args:
        path: a file, an archive (.gz, .zst), a folder, hf://datasets/owner/name, or one of these with `::SPLIT`.
        input, output: column names that override what is recognised; 1, 2, … for a CSV without a line of names.
        labelled: False for a pool of inputs without outputs.
    Raises: InputError when the file is missing, empty, of an unknown format, holds no readable row, or its columns
        are not recognised (the message lists them).
    """
    files = sources(path)
    start = _start(path, files, input, output)
    sample, first_reason, notes = _sample(path, start)
    if not sample and not first_reason:
        raise InputError(Problem(str(path), "no rows", "at least one row", "check the export that wrote it"))
    if not sample:
        fix = "one JSON object a line" if start.format == "jsonl" else "one record a row"
        got = f"no row can be read (first: {first_reason})"
        raise InputError(Problem(str(path), got, "rows of data", f"write {fix}"))
    columns = list(dict.fromkeys(key for record in sample for key in record))
    missing = [name for name in (input, output) if name is not None and name not in columns]
    if missing:
        wanted = f"one of: {', '.join(columns[:12])}"
        raise InputError([Problem(str(path), f"no column {n!r}", wanted, "correct the column name") for n in missing])
    _one_schema(path, files, start)
    found = _layout(path, start, columns, sample, input, output, labelled)
    names = _class_names(files[0]).get(found.output or "", ())
    return replace(found, classes=names, notes=notes)


def _start(path: Path, files: Sequence[Source], input: str | None, output: str | None) -> Layout:
    """What must be known before a record can be read."""
    source = files[0]
    kind = arrays.json_kind(source) if source.kind == "json" else source.kind
    if kind != "csv":
        start = Layout(kind, "", (), None)
        return replace(start, columns=PAIR) if kind in ("json", "jsonl") and _pairs(path, start) else start
    delimiter, rows = delimited.head_of(source)
    header = rows[0] if rows else []
    numbers = [str(place) for place in range(1, len(header) + 1)]
    told = any(name in numbers and name not in header for name in (input, output) if name)
    if told or (not any(name in header for name in (input, output) if name) and shapes.headless(header, rows[1:])):
        return Layout(kind, "", (), None, tuple(numbers), True, delimiter)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise InputError(
            Problem(str(path), f"the column {twice[0]!r} twice", "every column once", "rename one of them")
        )
    return Layout(kind, "", (), None, tuple(header), False, delimiter)


def _pairs(path: Path, start: Layout) -> bool:
    """True when the first rows are lists of a text and a label."""
    first = list(itertools.islice(_records(path, replace(start, columns=PAIR)), 20))
    good = [record for _, record, _ in first if record and set(record) == set(PAIR)]
    return len(good) > len(first) // 2 and all(
        isinstance(record["text"], str) and isinstance(record["label"], str | int) for record in good
    )


def _sample(path: Path, start: Layout) -> tuple[list[dict[str, Any]], str, tuple[str, ...]]:
    """Up to 200 good records, the reason of the first bad one, and remarks; lists of pairs are named as such."""
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
    found = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({key for key, _ in pairs}) < len(pairs)

    try:
        json.loads(raw, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return False
    return found


def _one_schema(path: Path, files: Sequence[Source], start: Layout) -> None:
    """Refuses a folder of CSV files whose lines of names differ, or of JSON files of different kinds."""
    for source in files[1:]:
        if start.format in ("json", "jsonl") and source.kind == "json" and arrays.json_kind(source) != start.format:
            raise InputError(Problem(str(source.path), "another kind of JSON", "one kind", "name one file"))
        if start.format == "csv" and not start.headless:
            _, rows = delimited.head_of(source)
            if rows and tuple(rows[0]) != start.columns:
                got = f"the columns {', '.join(rows[0][:8])}"
                wanted = f"those of {files[0].path.name}: {', '.join(start.columns[:8])}"
                raise InputError(
                    Problem(str(source.path), got, wanted, "name one file, or files with the same columns")
                )


def _layout(
    path: Path,
    start: Layout,
    columns: list[str],
    sample: list[dict[str, Any]],
    given_input: str | None,
    given_output: str | None,
    labelled: bool,
) -> Layout:
    if given_input and (given_output or not labelled):
        return replace(start, schema="columns", input=(given_input,), output=given_output)
    names: dict[str, str] = {}
    for column in columns:
        names.setdefault(shapes.folded(column), column)
    if not given_input and not given_output and labelled and (prompts := shapes.preference(names)) is not None:
        inputs = tuple(names[name] for name in prompts) or (names["chosen"],)
        chosen, rejected = names["chosen"], names["rejected"]
        return replace(start, schema="preference", input=inputs, output=chosen, rejected=rejected)
    if not given_input and (key := shapes.chat_key(names, sample)):
        return replace(start, schema="chat", input=(names[key],), output=names[key])
    if not given_input and not given_output and "instruction" in names and "instances" in names:
        inputs = (names["instruction"], names["instances"])
        return replace(start, schema=shapes.INSTANCES, input=inputs, output=inputs[1])
    return _by_columns(path, start, columns, names, sample, given_input, given_output, labelled)


def _by_columns(
    path: Path,
    start: Layout,
    columns: list[str],
    names: dict[str, str],
    sample: list[dict[str, Any]],
    given_input: str | None,
    given_output: str | None,
    labelled: bool,
) -> Layout:
    output = shapes.folded(given_output) if given_output else None
    if given_input:
        for _, target, schema in shapes.SHAPES:
            if (output or target) in names and names[output or target] != given_input:
                return replace(start, schema=schema, input=(given_input,), output=names[output or target])
    elif found := shapes.columns_of(names, output, labelled):
        inputs, target, schema = found
        if schema == "prompt/completion" and _is_kto(names, sample):
            schema = "prompt/completion/label"
        real = given_output or names.get(target)
        return replace(start, schema=schema, input=tuple(names[name] for name in inputs), output=real)
    elif not given_output and labelled and (pair := shapes.two_columns(columns, sample)):
        return replace(start, schema="two columns", input=(pair[0],), output=pair[1])
    fix = "say which: --input COL --output COL (or data.input and data.output in the project file)"
    raise InputError(Problem(str(path), f"columns {', '.join(columns[:12])}", "columns of an input and an output", fix))


def _is_kto(names: dict[str, str], sample: list[dict[str, Any]]) -> bool:
    return "label" in names and all(isinstance(record.get(names["label"]), bool) for record in sample)


def _class_names(source: Source) -> dict[str, tuple[str, ...]]:
    if source.kind in ("parquet", "arrow"):
        return columnar.class_names(source) or class_names_beside(source.path)
    return {}
