"""Rows that repeat an earlier one as links to it, and as pairs that are made when they are asked for."""

from dataclasses import dataclass
from typing import Any

from tunecase.data.rowsets import matches, within
from tunecase.quantities import Array, Flags, Rows, np


@dataclass(frozen=True, slots=True)
class Links:
    """Rows that repeat an earlier row of their file, ascending, and the first row with the text of each."""

    rows: "Rows"
    firsts: "Rows"

    def of(self, rows: "Rows") -> "Rows":
        """The first row with the text of each of some rows: itself where it repeats none; shape of `rows`."""
        firsts: Rows = np.array(rows)
        for own, places in matches(rows, self.rows):
            firsts[own] = self.firsts[places]
        return firsts

    def again(self, rows: "Rows") -> "Flags":
        """Which of some rows repeat an earlier one; shape of `rows`."""
        return within(rows, self.rows)


@dataclass(frozen=True, slots=True)
class LinkedPairs:
    """Pairs (row, first row with its text) as an array would hold them, which takes memory only while one is asked for.

    Args:
        rows: each repeats an earlier one.
        links: say which.
    """

    rows: "Rows"
    links: Links

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, some: slice) -> "Rows":
        """Some of the pairs, shape (pairs, 2)."""
        rows = self.rows[some]
        return np.stack([rows, self.links.of(rows)], axis=1)

    def tolist(self) -> list[list[int]]:
        """All pairs as plain numbers."""
        pairs: list[list[int]] = self[:].tolist()
        return pairs

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "Array":
        pairs: Array = self[:]
        return pairs if dtype is None else pairs.astype(dtype, copy=False)
