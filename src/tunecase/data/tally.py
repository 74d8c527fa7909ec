"""How often each whole number occurs in a column that is never whole in memory, and its quantiles, exactly.

Row lengths that differ are few: numbers that sum to S take at most sqrt(2 S) values, 1.4 million for a terabyte.
"""

from collections.abc import Callable, Iterable

from tunecase.quantities import Array, Floats, Rows, np


class Tally:
    """Whole numbers and how often each occurs.

    `values` ascend, each once; `counts` says how often, of the same shape.
    """

    def __init__(self, pieces: "Iterable[Rows]" = ()) -> None:
        self.values: Rows = np.zeros(0, np.int64)
        self.counts: Rows = np.zeros(0, np.int64)
        for piece in pieces:
            self.add(piece)

    def add(self, numbers: "Rows") -> None:
        """Counts some numbers in."""
        values, counts = np.unique(numbers, return_counts=True)
        every = np.concatenate([self.values, values.astype(np.int64)])
        self.values, places = np.unique(every, return_inverse=True)
        before, self.counts = self.counts, np.zeros(len(self.values), np.int64)
        np.add.at(self.counts, places, np.concatenate([before, counts]))

    @property
    def total(self) -> int:
        """How many numbers were counted."""
        return int(self.counts.sum())

    @property
    def sum(self) -> int:
        """Their sum."""
        return int(self.values @ self.counts)

    def count_where(self, test: "Callable[[Rows], Array]") -> int:
        """How many numbers there are of which a test of the values is true."""
        return int(self.counts[test(self.values)].sum())

    def sum_beyond(self, limit: int) -> int:
        """The sum over all numbers of what they have beyond a limit."""
        return int(np.maximum(self.values - limit, 0) @ self.counts)

    def quantiles(self, shares: "Floats | list[float]", scale: "Callable[[Rows], Array]" = lambda v: v) -> "Floats":
        """The quantiles at some shares, to the last bit those of `numpy.quantile` over all numbers.

        Args:
            shares: 0 to 1, shape (quantiles,).
            scale: applied to the values before, such as a logarithm; it must not change their order.
        Returns: shape (quantiles,), zeros where nothing was counted.
        Example:
            >>> import numpy as np
            >>> Tally([np.array([3, 1]), np.array([3, 10])]).quantiles([0.5, 1.0]).tolist()
            [3.0, 10.0]
        """
        return weighted_quantiles(scale(self.values), self.counts, shares)

    def median(self, scale: "Callable[[Rows], Array]" = lambda v: v) -> float:
        """The median, to the last bit that of `numpy.median` over all numbers."""
        return weighted_median(scale(self.values), self.counts)

    def bins(self, edges: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """(edge, numbers from it up to the next), from the first bin that holds any to the last."""
        places = np.searchsorted(np.array(edges), self.values, side="right") - 1
        counts = np.zeros(len(edges), np.int64)
        np.add.at(counts, places, self.counts)
        seen = np.flatnonzero(counts).tolist()
        return tuple((edges[at], int(counts[at])) for at in range(seen[0], seen[-1] + 1)) if seen else ()


def weighted_quantiles(values: "Array", counts: "Rows", shares: "Floats | list[float]") -> "Floats":
    """The quantiles of ascending values that occur so often; see `Tally.quantiles`."""
    wanted = np.asarray(shares, np.float64)
    if not len(values):
        return np.zeros(len(wanted))
    ends = np.cumsum(counts)
    most = int(ends[-1]) - 1
    found = np.zeros(len(wanted))
    for at, place in enumerate((most * wanted).tolist()):
        below = min(int(place), most)
        low, high = np.searchsorted(ends, [below, min(below + 1, most)], side="right")
        found[at] = np.quantile(np.array([values[low], values[high]], np.float64), place - below)
    return found


def weighted_median(values: "Array", counts: "Rows") -> float:
    """The median of values in any order that occur so often; 0 without any."""
    if not len(values):
        return 0.0
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(counts[order])
    most = int(ends[-1]) - 1
    middle = np.searchsorted(ends, [most // 2, (most + 1) // 2], side="right")
    return float(np.mean(values[order][middle]))
