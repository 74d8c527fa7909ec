"""What every peer hands back: groups of duplicate rows, or the rows it would remove, in one small JSON file."""

import json
from collections.abc import Iterable
from pathlib import Path


def write_groups(out: Path, groups: Iterable[Iterable[int]]) -> None:
    """Groups of rows that are copies of one another; a row alone is no group."""
    _write(out, {"groups": [rows for rows in (sorted(map(int, group)) for group in groups) if len(rows) > 1]})


def write_removed(out: Path, rows: Iterable[int]) -> None:
    """Rows that would be removed, where the tool does not say because of which."""
    _write(out, {"removed": sorted(map(int, rows))})


def write_pairs(out: Path, pairs: Iterable[tuple[int, int]]) -> None:
    """Groups from pairs of rows: whoever is linked belongs together."""
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        while parent.setdefault(row, row) != row:
            parent[row] = row = parent[parent[row]]
        return row

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    groups: dict[int, list[int]] = {}
    for row in parent:
        groups.setdefault(root(row), []).append(row)
    write_groups(out, groups.values())


def _write(out: Path, found: dict) -> None:
    """In one step, so that the moment the file is there is the moment the list is there."""
    part = out.with_suffix(".part")
    part.write_text(json.dumps(found), encoding="utf-8")
    part.replace(out)
