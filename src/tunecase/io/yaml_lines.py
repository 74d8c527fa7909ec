"""Reads YAML as plain text values with the line of every field, and refuses what a settings file has no use for.

Scalars stay text: `no`, `1:30` and `1.10` mean what they look like. Anchors, aliases, tags, deep nesting and files over
1 MB are refused, so that no small file can grow in memory and no word of it is passed over.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io.places import no_file

MOST_BYTES = 1_000_000
MOST_DEPTH = 12
MOST_VALUES = 50_000  # names of fields count too

Place = tuple[str | int, ...]
# The line of each place in a file; 0 where there is none; of a value that was typed elsewhere, what it was typed as.
Lines = dict[Place, int | str]


def read_yaml(path: Path) -> tuple[dict[str, Any], Lines, list[Problem]]:
    """The fields of a YAML file, their lines (by place, such as ("data", "train")), and doubled fields as problems.

    Raises: InputError when the file is missing, unreadable, too large, not YAML or not a set of fields.
    """
    node = _compose(path)
    lines: Lines = {}
    problems: list[Problem] = []
    raw = _plain(node, (), lines, problems, path.name)
    if not isinstance(raw, dict):
        wanted = "a project file with name: and data:"
        raise InputError(Problem(str(path), "no fields", wanted, "start one: tunecase init train.jsonl"))
    return raw, lines, problems


def read_value(text: str, where: str) -> Any:
    """One value typed as YAML, by the same rules: scalars stay text, an empty one is None.

    Args:
        text: such as `marketplace`, `0.2 USD per example` or `[L40S, H100]`.
        where: how a problem names the place.
    Raises: InputError when it is not YAML, or uses what a settings file has no use for.

    Example:
        >>> read_value("[L40S, H100]", "--set compute.gpus"), read_value("no", "--set x"), read_value("", "--set x")
        (['L40S', 'H100'], 'no', None)
    """
    problems: list[Problem] = []
    found = _plain(_nodes(text, where), (), {}, problems, where)
    refuse_any(problems)
    return found


def put(inner: Any, parts: Sequence[str | int], value: Any) -> None:
    """Sets a value deep in fields and lists, making what lies between; None takes it out.

    Raises: LookupError or TypeError where there is no such place; a list grows by one at its end.

    Example:
        >>> fields = {"data": {"sources": [{"kind": "label"}]}}
        >>> put(fields, ("data", "sources", 0, "pool"), "5k")
        >>> fields
        {'data': {'sources': [{'kind': 'label', 'pool': '5k'}]}}
    """
    for part, following in itertools.pairwise(parts):
        empty: Any = [] if isinstance(following, int) else {}
        inner = inner.setdefault(part, empty) if isinstance(inner, dict) else inner[part]
    last = parts[-1]
    if isinstance(inner, dict) and last != "":
        inner[last] = value
        if value is None:
            del inner[last]
    elif isinstance(inner, list) and isinstance(last, int):
        inner[last : last + 1] = [] if value is None else [value] if last <= len(inner) else [inner[last]]
    else:
        raise TypeError


def _compose(path: Path) -> yaml.Node | None:
    return _nodes(_text(path), path.name)


def _nodes(text: str, name: str) -> yaml.Node | None:
    try:
        depth = 0
        for values, event in enumerate(yaml.parse(text, yaml.SafeLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            found = _unwanted(event, depth, values)
            if found:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise InputError(Problem(f"{name}:{line}", *found))
        return yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise InputError(
            Problem(where, error.problem or "not YAML", "YAML", "check indentation, colons and quotes there")
        ) from None
    except yaml.YAMLError as error:
        raise InputError(
            Problem(name, str(error).splitlines()[0], "YAML text", "remove the control characters")
        ) from None
    except (ValueError, OverflowError):
        # The parser turns the digits of an escape or of a %YAML line into a number without looking at them.
        raise InputError(
            Problem(name, "an escape or a number beyond all characters", "YAML text", "write the character itself")
        ) from None


def _text(path: Path) -> str:
    fix = "start one: tunecase init train.jsonl; or name yours: --project FILE"
    if problem := no_file(path, "a project file", fix):
        mend = f"give --project {path}/tunecase.yaml" if problem.got == "a folder" else problem.fix
        raise InputError(replace(problem, fix=mend))
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            got = f"{max(path.stat().st_size, len(data)):,} bytes"
            fix = "a project file is a page, not a data set"
            raise InputError(Problem(str(path), got, f"at most {MOST_BYTES:,}", fix))
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            Problem(f"{path}: byte {error.start}", "not UTF-8", "UTF-8 text", "save the file as UTF-8")
        ) from None
    except OSError as error:
        raise InputError(
            Problem(str(path), error.strerror or "unreadable", "a readable file", "check its permissions")
        ) from None
    if not text.strip():
        raise InputError(Problem(str(path), "an empty file", "a project file", "start one: tunecase init train.jsonl"))
    return text


def _unwanted(event: Any, depth: int, values: int) -> tuple[str, str, str] | None:
    """(got, wanted, fix) for what a settings file has no use for."""
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        return "an anchor or alias", "plain values", "write the value out"
    if getattr(event, "tag", None):
        return f"the tag {event.tag}", "plain values", "write the value without it"
    if values > MOST_VALUES:
        return f"more than {MOST_VALUES:,} values", "a settings file", "keep data in files of their own"
    if depth > MOST_DEPTH:
        return f"more than {MOST_DEPTH} levels", "a flat file", "remove the nesting"
    if isinstance(event, yaml.ScalarEvent) and any("\ud800" <= char <= "\udfff" for char in event.value):
        return "half a character (a surrogate)", "whole characters", "write the character itself"
    return None


def _plain(node: Any, at: tuple[str | int, ...], lines: Lines, problems: list[Problem], file: str) -> Any:
    if node is None:
        return None
    lines[at] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            where = f"{file}:{key.start_mark.line + 1}"
            if name in out:
                problems.append(Problem(f"{where}: {name}", "the same field twice", "one value", "delete one of them"))
            out[name] = _plain(value, (*at, name), lines, problems, file)
            lines[(*at, name)] = key.start_mark.line + 1
        return {name: value for name, value in out.items() if value is not None}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*at, i), lines, problems, file) for i, item in enumerate(node.value)]
    if node.value in ("", "~", "null") and node.style is None:
        return None
    return node.value
