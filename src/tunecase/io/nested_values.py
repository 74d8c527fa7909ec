"""Nested values of Python as a settings file holds them, and such values as the text of a settings file.

The values are those that JSON has: text, numbers, True and False, None, lists and mappings with text as names; beside
them dates, Decimals and paths. Scalars become the text that one would write into the file, so that what is read from
either is the same. The limits are those of yaml_lines.py.
"""

import math
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any

import yaml

from tunecase.errors import InputError, Problem
from tunecase.io.yaml_lines import MOST_BYTES, MOST_DEPTH, MOST_VALUES, Lines, Place

WANTED = "text, a number, True or False, None, a list or a mapping"


def plain_fields(given: Mapping[str, Any]) -> tuple[dict[str, Any], Lines, list[Problem]]:
    """The fields of a mapping as `read_yaml` gives those of a file: scalars as text, None left out; nothing is shared.

    Args:
        given: values of JSON, nested.
    Returns: the fields; line 0 for the place of each, as there is no file; every value that is none of JSON.
    Raises: InputError for more than a settings file may hold, which a mapping within itself is too.

    Example:
        >>> plain_fields({"data": {"rows": 400, "test": None}, "models": ["a"]})[0]
        {'data': {'rows': '400'}, 'models': ['a']}
    """
    reading = _Reading()
    raw = reading.value(given, ())
    return raw, reading.lines, reading.problems


class _Reading:
    """One pass over nested values: what was read so far, and how much it is."""

    def __init__(self) -> None:
        self.lines: Lines = {}
        self.problems: list[Problem] = []
        self.values = self.letters = 0

    def value(self, value: Any, at: Place) -> Any:
        self._count(value, at)
        self.lines[at] = 0
        if isinstance(value, Mapping):
            inner = {name: self.value(held, (*at, name)) for name, held in value.items() if self._is_name(name, at)}
            return {name: held for name, held in inner.items() if held is not None}
        if isinstance(value, list | tuple):
            return [self.value(held, (*at, index)) for index, held in enumerate(value)]
        try:
            return _scalar(value)
        except ValueError as error:
            got, wanted, fix = error.args
            self.problems.append(Problem(_dotted(at), got, wanted, fix))
            return None

    def _is_name(self, name: Any, at: Place) -> bool:
        if isinstance(name, str) and _is_whole(name):
            self._count(name, at)
            return True
        where, fix = _dotted(at) or "the mapping", "write the name of a field, in quotes"
        self.problems.append(Problem(where, f"the name {name!r}", "text", fix))
        return False

    def _count(self, value: Any, at: Place) -> None:
        """Raises InputError once there is more than a settings file may hold."""
        self.values += 1
        self.letters += len(value) if isinstance(value, str) else 0
        where = ".".join(map(str, at[:3])) or "the mapping"
        if self.values > MOST_VALUES:
            got, fix = f"more than {MOST_VALUES:,} values", "keep data in files of their own"
            raise InputError(Problem(where, got, "the fields of a project", fix))
        if self.letters > MOST_BYTES:
            got, fix = f"more than {MOST_BYTES:,} characters", "keep data in files of their own"
            raise InputError(Problem(where, got, "the fields of a project", fix))
        if len(at) > MOST_DEPTH:
            fix = "remove the nesting; a mapping must not hold itself"
            raise InputError(Problem(where, f"more than {MOST_DEPTH} levels", "flat fields", fix))


def _scalar(value: Any) -> str | None:
    """A scalar as text. Raises: ValueError with what was got, what is wanted and how to mend it."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str():
            if not _is_whole(value):
                raise ValueError("half a character (a surrogate)", "whole characters", "write the character itself")
            return str.__str__(value)
        case Integral() if abs(int(value)) < 10**300:
            return str(int(value))
        case Real() if not isinstance(value, Integral) and math.isfinite(value):
            # A float of 32 bits has fewer digits than its value as one of 64.
            digits = str(value) if hasattr(value, "dtype") else repr(float(value))
            return format(Decimal(digits), "f").removesuffix(".0")
        case Decimal() if value.is_finite():
            return format(value, "f")
        case date() | PurePath():
            return str(value)
        case Real() | Decimal():
            raise ValueError("no finite number", "a number within reason", "leave the field out where it is not known")
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    raise ValueError(f"a value of type {name}", WANTED, "write it as text, with its unit where it has one")


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _dotted(at: Place) -> str:
    return ".".join(map(str, at))


class _Plain(yaml.SafeDumper):
    """Writes text without quotes wherever it reads back as the same text: here no scalar is a number or a date."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the base has it
        first: [("tag:yaml.org,2002:null", re.compile("(~|null|)\\Z"))] for first in ("~", "n", "")
    }

    def represent_str(self, text: str) -> yaml.ScalarNode:
        # Letters that cannot be printed, such as U+0085, come back only from between double quotes.
        odd = not text.replace("\n", "").isprintable()
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if odd else None)


_Plain.add_representer(str, _Plain.represent_str)


def yaml_text(fields: Mapping[str, Any]) -> str:
    """Fields as the text of a settings file, from which `read_yaml` reads the same fields.

    Example:
        >>> print(yaml_text({"name": "tickets", "data": {"rows": "400", "note": "yes: no"}}), end="")
        name: tickets
        data:
          rows: 400
          note: 'yes: no'
    """
    return str(yaml.dump(dict(fields), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110))
