"""What lies beside a data file and in its columns about licence and origin: read, never judged."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tunecase import catalog

LICENCE_COLUMNS = ("license", "licence", "license_name", "licenses")
SOURCE_COLUMNS = ("source", "dataset", "origin", "data_source", "subset")
MODEL_COLUMNS = ("model", "generator", "model_name", "generated_by", "teacher", "annotator_model")
CARDS = ("README.md", "readme.md", "DATASET_CARD.md", "dataset_card.md")
MOST_CHARACTERS = 200_000
MOST_ROWS = 5_000
LEAST_DISTINCT_SHARE = 0.2  # a column with more distinct values names rows, not sources
_FRONT_MATTER = re.compile(r"\A---[^\S\n]*\n(.*?)\n---", re.DOTALL)
_LICENCE_LINE = re.compile(r"(?im)^licen[sc]e(?:_name)?s?\s*:\s*(.*(?:\n\s*-\s*.*)*)")


@dataclass(frozen=True, slots=True)
class Origin:
    """Licences, sources and models that files beside the data and columns of the rows name."""

    licences: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


def find_origin(path: Path, rows: Iterable[Any] = ()) -> Origin:
    """What a data file's folder and its first rows name.

    Args:
        path: the data file; LICENSE files, the card's front matter and dataset_info.json are read in its folder.
        rows: rows with `other` columns (datasets.Row); the first 5,000 are looked at.
    Returns: names as they stand, known licences by their short name; an empty Origin where nothing is named.
    """
    columns = _columns(islice((row for row in rows if hasattr(row, "other")), MOST_ROWS))
    licences = dict.fromkeys([*_beside(path.parent), *map(known_name, _values(columns, LICENCE_COLUMNS))])
    return Origin(tuple(licences), _values(columns, SOURCE_COLUMNS), _values(columns, MODEL_COLUMNS))


def _columns(rows: Iterable[Any]) -> dict[str, Counter[str]]:
    """How often each value stands in each column of licence or origin; columns that name rows are left out."""
    columns: dict[str, Counter[str]] = {}
    count = 0
    for row in rows:
        count += 1
        for name, value in row.other.items():
            if name.lower() in {*LICENCE_COLUMNS, *SOURCE_COLUMNS, *MODEL_COLUMNS} and isinstance(value, str) and value:
                columns.setdefault(name.lower(), Counter())[value[:80]] += 1
    most = max(20, LEAST_DISTINCT_SHARE * count)
    return {name: values for name, values in columns.items() if len(values) <= most}


def _values(columns: dict[str, Counter[str]], wanted: tuple[str, ...]) -> tuple[str, ...]:
    counters = [values for name, values in columns.items() if name in wanted]
    return tuple(dict.fromkeys(value for values in counters for value, _ in values.most_common(20)))


def _beside(folder: Path) -> Iterator[str]:
    for file in sorted(folder.glob("LICEN[SC]E*")):
        yield name_in(_text(file)) or "a licence that is not known"
    for card in CARDS:
        if (folder / card).is_file() and (match := _FRONT_MATTER.match(_text(folder / card))):
            yield from _licence_lines(match[1])
    for name in ("dataset_info.json", "dataset_infos.json"):
        if (folder / name).is_file():
            yield from map(known_name, re.findall(r'"license"\s*:\s*"([^"]+)"', _text(folder / name)))


def _licence_lines(text: str) -> list[str]:
    match = _LICENCE_LINE.search(text)
    values = re.split(r"[\n,]", match[1]) if match else []
    return [known_name(value) for raw in values if (value := raw.strip(" -'\"[]"))]


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MOST_CHARACTERS)
    except OSError:
        return ""


def known_name(text: str) -> str:
    """The short name of a licence as the table has it; the text itself where it is not known.

    Example:
        >>> known_name("CC BY-NC 4.0"), known_name("apache 2"), known_name("house rules")
        ('cc-by-nc', 'apache-2.0', 'house rules')
    """
    return name_in(text) or text.strip()[:80]


def name_in(text: str) -> str | None:
    """The licence that a text names or is; the first in the table whose pattern it holds."""
    rows, text = catalog.read_table("licences"), " ".join(text.split())
    return next((row["name"] for row in rows if re.search(row["pattern"], text, re.IGNORECASE)), None)


def use_of(name: str) -> str:
    """What a known licence says of commercial use: yes, no, terms, or unknown."""
    return next((row["commercial"] for row in catalog.read_table("licences") if row["name"] == name), "unknown")
