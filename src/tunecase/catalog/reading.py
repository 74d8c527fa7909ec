"""Reads the shipped tables: cells by the types of their record, rows by name or alias."""

import csv
import re
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from tunecase.errors import InputError, Problem, nearest

T = TypeVar("T")
TABLES = files("tunecase.catalog") / "tables"


def _cell(text: str, kind: Any) -> Any:
    kind = str(kind)
    if "tuple" in kind:
        return tuple(part.strip() for part in text.split(";") if part.strip())
    if "bool" in kind:
        return text == "yes"
    if text == "":
        return None if "None" in kind else ("" if "str" in kind else 0)
    return int(text) if "int" in kind else float(text) if "float" in kind else text


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of one shipped table as text."""
    text = (TABLES / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def table(name: str, kind: type[T]) -> tuple[T, ...]:
    """The rows of one shipped table as records of a kind."""
    columns = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]
    return tuple(kind(**{k: _cell(row[k], t) for k, t in columns.items() if k in row}) for row in read_table(name))


def find(name: str, items: tuple[T, ...], where: str, wanted: str) -> T:
    """The row of a name or alias. Raises InputError with near names."""
    fold = name.casefold()
    known = {n.casefold(): item for item in items for n in (*getattr(item, "aliases", ()), item.name)}  # type: ignore[attr-defined]
    if fold in known:
        return known[fold]
    bare = {_bare(n): item for n, item in known.items()}
    if _bare(fold) and _bare(fold) in bare:
        return bare[_bare(fold)]
    names = [item.name for item in items]  # type: ignore[attr-defined]
    raise InputError(Problem(where, repr(name), wanted, nearest(name, names)))


def _bare(name: str) -> str:
    """A name without case, blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]", "", name.casefold())
