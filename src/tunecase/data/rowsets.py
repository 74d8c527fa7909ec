"""Sets of rows as ascending arrays: what two of them share, and what one has beyond another."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tunecase.data.arrays import Array, Flags, Rows


def within(rows: "Array", of: "Array") -> "Flags":
    """Which of the values stand in `of`, which ascends; shape of `rows`.

    Example:
        >>> import numpy as np
        >>> within(np.array([3, 1, 7]), np.array([1, 2, 3])).tolist()
        [True, True, False]
    """
    import numpy as np

    if not len(of):
        return np.zeros(len(rows), bool)
    found: Flags = of[np.minimum(np.searchsorted(of, rows), len(of) - 1)] == rows
    return found


def union(*sets: "Rows") -> "Rows":
    """The rows of all sets, ascending, each once."""
    import numpy as np

    some = [rows for rows in sets if len(rows)]
    return np.unique(np.concatenate(some)) if some else np.zeros(0, np.int64)


def without(rows: "Rows", others: "Rows") -> "Rows":
    """The rows that the others, which ascend, do not hold; in their order."""
    return rows[~within(rows, others)]


def both(rows: "Rows", others: "Rows") -> "Rows":
    """The rows that the others, which ascend, hold too; in their order."""
    return rows[within(rows, others)]
