"""Values given in Python as their types want them: paths and tuples are made, dates and numbers written as text."""

import os
from collections.abc import Callable, Container, Iterable, Mapping, Sequence, Set
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from tunecase.errors import InputError, Problem

WRONG = object()
YES_NO = {"yes": True, "true": True, "no": False, "false": False}
ORDER = (Path, bool, int, float, Literal, str, Mapping)  # an arm before is tried first; lists and all else come last
# What is wanted, more than one of it, and an example.
TOLD: dict[Any, tuple[str, str, str]] = {
    str: ("text", "texts", '"…"'),
    Path: ("a path", "paths", '"FILE"'),
    bool: ("True or False", "True or False", "True"),
    int: ("a whole number", "whole numbers", "2"),
    float: ("a number", "numbers", "2.5"),
}


def as_wanted(hints: Mapping[str, Any], given: Mapping[str, Any], needed: Container[str] = ()) -> dict[str, Any]:
    """Values by name, each as its type wants it.

    Where text is wanted, a number, a day or a path is taken as its text. One value stands for a list of one, and every
    list becomes a tuple. "" for a path is None, and for a list an empty one. Numbers of NumPy become plain ones. None
    is left out where it is no value.

    Args:
        hints: types by name, as of annotations.
        given: values by name, each with a type.
        needed: names that cannot be left out.
    Returns: the values by name.
    Raises: InputError with every value that is of another type.

    Example:
        >>> as_wanted({"on": str | None, "race": tuple[str, ...]}, {"on": date(2026, 11, 24), "race": "probe"})
        {'on': '2026-11-24', 'race': ('probe',)}
    """
    said = {name for name, value in given.items() if value is not None or {NoneType, Any} & {*_arms(hints[name])}}
    found = {name: _as(hints[name], value) for name, value in given.items() if name in said or name in needed}
    if odd := [name for name, value in found.items() if value is WRONG]:
        raise InputError([_refused(name, hints[name], given[name]) for name in odd])
    return found


def _arms(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (NoneType if hint is None else hint,)


def _as(hint: Any, value: Any) -> Any:
    """The value as the first alternative of a type that takes it, WRONG where none does."""
    arms = _arms(hint)
    if Any in arms:
        return value
    if getattr(value, "ndim", None) == 0 and callable(getattr(value, "item", None)):
        value = value.item()
    if value is None or (Path in arms and isinstance(value, str) and not value):
        return None if NoneType in arms else WRONG
    for arm in sorted(arms, key=_place):
        if (found := _as_arm(arm, value)) is not WRONG:
            return found
    return WRONG


def _place(arm: Any) -> int:
    kind = get_origin(arm) or arm
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _as_arm(arm: Any, value: Any) -> Any:
    """A value that is not None as one type that is no union."""
    kind = get_origin(arm) or arm
    if kind in READ:
        return READ[kind](value)
    if kind is Literal:  # another word is refused by the question, which knows its spellings
        return value if isinstance(value, str) else WRONG
    if kind in (Sequence, tuple):
        return _several(get_args(arm)[0], value)
    if kind is Callable:
        return value if callable(value) else WRONG
    return value if kind is not NoneType and isinstance(value, kind) else WRONG


def _path(value: Any) -> Any:
    return Path(value) if isinstance(value, str | os.PathLike) else WRONG


def _yes(value: Any) -> Any:
    said = YES_NO.get(value.casefold(), WRONG) if isinstance(value, str) else value
    return bool(said) if isinstance(said, int) and said in (0, 1) else WRONG


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else WRONG


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else WRONG


def _text(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date | os.PathLike):
        return WRONG
    return value.isoformat() if isinstance(value, date) else str(value)


READ: dict[Any, Callable[[Any], Any]] = {Path: _path, bool: _yes, int: _whole, float: _number, str: _text}


def _several(inner: Any, value: Any) -> Any:
    """A tuple of values of one type; a value alone is one of one."""
    if isinstance(value, bytes | Mapping):
        return WRONG
    if isinstance(value, Set):
        value = sorted(value, key=str)  # a set's own order is another in each process
    alone = isinstance(value, str) or not isinstance(value, Iterable)
    found = tuple(_as(inner, one) for one in ((value,) if alone else value) if not alone or one != "")
    return WRONG if any(one is WRONG for one in found) else found


def _refused(name: str, hint: Any, value: Any) -> Problem:
    """The problem of a value of another type, with an example of the first type that is wanted."""
    arms = sorted((arm for arm in _arms(hint) if arm is not NoneType), key=_place)
    told = [_told(arm) for arm in arms]
    wanted = " or ".join(dict.fromkeys(one for one, _, _ in told))
    return Problem(name, repr(value), wanted, f"write for example {name}={told[0][2]}")


def _told(arm: Any) -> tuple[str, str, str]:
    """What a type wants in words, more than one of it, and an example."""
    kind = get_origin(arm) or arm
    if kind in TOLD:
        return TOLD[kind]
    if kind is Literal:
        words = ", ".join(map(repr, get_args(arm)))
        return f"one of {words}", f"words of {words}", repr(get_args(arm)[0])
    if kind in (Sequence, tuple):
        of = [_told(one) for one in sorted(_arms(get_args(arm)[0]), key=_place)]
        several = f"a list of {' or '.join(more for _, more, _ in of)}"
        return several, several, f"[{of[0][2]}]"
    if kind is Mapping:
        return "a mapping", "mappings", '{"NAME": …}'
    return (
        ("a function", "functions", "print") if kind is Callable else (f"a {kind.__name__}", "", f"{kind.__name__}(…)")
    )
