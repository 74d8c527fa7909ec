"""The numbers of rows in their file, and back; bad rows have a number as well, but no row id.

Only shards with bad rows have to be read for this: in the others numbers follow one another.
"""

from tunecase.data.checks.columns import Split
from tunecase.quantities import Rows, np


def numbers_of(split: Split, rows: "Rows") -> "Rows":
    """The number in the file of each of some rows, in any order; shape of `rows`."""
    shelf = split.shelf
    at = np.searchsorted(shelf.rows, rows, "right") - 1
    numbers: Rows = rows - shelf.rows[at] + shelf.records[at]
    gaps = (np.diff(shelf.rows) != np.diff(shelf.records))[at]
    if gaps.any():
        numbers[gaps] = split.take("number", rows[gaps])
    return numbers


def rows_beyond(taken: "Rows", places: "Rows") -> "Rows":
    """The rows at some places of the ascending list of all rows that are not taken.

    Args:
        taken: ascending rows.
        places: in that list, from 0, in any order.
    Example:
        >>> import numpy as np
        >>> rows_beyond(np.array([0, 2, 3]), np.array([0, 1, 2])).tolist()
        [1, 4, 5]
    """
    before = taken - np.arange(len(taken))  # how many free rows stand before each taken one
    beyond: Rows = places + np.searchsorted(before, places, "right")
    return beyond
