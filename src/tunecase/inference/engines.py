"""Serving engines: what they are called, what their releases cost in overheads, how many requests they run at once."""

import re
from dataclasses import dataclass
from functools import cache

from tunecase import catalog

# An engine that is not in the table is read as one of these, and the band widens.
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Engine:
    """A serving engine; `overheads` is python or compiled.

    `batch_cap` is the most sequences that it runs at once, `batch_cap_small` that on small and on older cards.
    """

    name: str
    aliases: tuple[str, ...]
    overheads: str
    batch_cap: int
    batch_cap_small: int
    source: str
    date: str


@cache
def engines() -> tuple[Engine, ...]:
    """Every engine whose overheads are known."""
    return catalog.table("serving_engines", Engine)


@cache
def engine(name: str) -> Engine | None:
    """The engine of a name or alias in any case, `other` included; None where it is not known.

    Example:
        >>> engine("TRT-LLM").name
        'tensorrt-llm'
    """
    if _bare(name) == OTHER:
        return Engine(OTHER, (), "python", 256, 256, "read as an engine that runs from Python", "")
    return next((e for e in engines() if _bare(name) in map(_bare, (e.name, *e.aliases))), None)


def released(name: str, version: str) -> str:
    """The month in which a version of an engine was released, such as 2025-03; empty where it is not known.

    Args:
        name: the engine, in any spelling.
        version: such as 0.6.3.post1; what follows the numbers is left out.
    Returns: the month of the newest release in the table that is not newer than the version.

    Example:
        >>> released("vllm", "0.6.3.post1")
        '2024-10'
    """
    known, wanted = engine(name), _numbers(version)
    if known is None or not wanted:
        return ""
    older = [(at, month) for at, month in _versions().get(known.name, ()) if at <= wanted]
    return max(older)[1] if older else ""


@cache
def _versions() -> dict[str, tuple[tuple[tuple[int, ...], str], ...]]:
    rows = catalog.read_table("serving_versions")
    names = {row["engine"] for row in rows}
    return {n: tuple((_numbers(r["version"]), r["released"]) for r in rows if r["engine"] == n) for n in names}


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\s*v?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _bare(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.casefold())
