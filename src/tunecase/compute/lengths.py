"""How long the samples are, and what that does to padding and to the longest micro-batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tunecase.quantities import np


@dataclass(frozen=True, slots=True)
class Lengths:
    """A histogram of sample lengths: `tokens` (ascending) and how many samples have each, `counts`."""

    tokens: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean length [tokens]."""
        return sum(t * c for t, c in zip(self.tokens, self.counts, strict=True)) / self.total

    @property
    def total(self) -> int:
        """Samples."""
        return sum(self.counts)

    @property
    def longest(self) -> int:
        """The longest sample [tokens]."""
        return self.tokens[-1]

    def cut(self, at: int) -> "Lengths":
        """The histogram with samples longer than `at` tokens cut to that length."""
        return self if at >= self.longest else _cut(self, at)

    def expected_longest(self, samples: int) -> float:
        """Expected length of the longest of `samples` samples drawn at random [tokens].

            E[max] = sum over lengths of t x (F(t)^m - F(t-)^m),   F the share of samples at most t long

        Leaves out drawing without replacement, and batches grouped by length, whose longest is nearer the mean.
        """
        return _of_longest(self, samples)[0]

    def longest_seen(self, samples: int) -> float:
        """Mean length of the row that a token of a padded batch lies in: E[max^2] / E[max] [tokens]."""
        mean, square = _of_longest(self, samples)
        return square / mean

    def useful_share(self, micro_batch: int) -> float:
        """phi: real tokens / tokens computed when each micro-batch is padded to its longest sample, 0 < phi <= 1.

        Example:
            >>> of([100, 300], [1, 1]).useful_share(1)
            1.0
            >>> of([100, 300], [1, 1]).useful_share(2)
            0.8
        """
        return self.mean / self.expected_longest(micro_batch)


@lru_cache(maxsize=4096)
def _of_longest(lengths: Lengths, samples: int) -> tuple[float, float]:
    """First and second moment of the length of the longest of `samples` samples."""
    tokens = np.array(lengths.tokens, dtype=float)
    shares = (np.cumsum(lengths.counts) / lengths.total) ** samples
    steps = np.diff(shares, prepend=0.0)
    return float(tokens @ steps), float(tokens**2 @ steps)


@lru_cache(maxsize=1024)
def _cut(lengths: Lengths, at: int) -> Lengths:
    return of([min(t, at) for t in lengths.tokens], lengths.counts)


def of(tokens: Sequence[int], counts: Sequence[int] | None = None) -> Lengths:
    """The histogram of lengths [tokens], each counted once without `counts`. Raises ValueError if none is above 0."""
    total: dict[int, int] = {}
    for t, c in zip(tokens, counts or [1] * len(tokens), strict=True):
        if t > 0 and c > 0:
            total[int(t)] = total.get(int(t), 0) + int(c)
    if not total:
        raise ValueError("no sample with at least one token")
    ordered = sorted(total)
    return Lengths(tuple(ordered), tuple(total[t] for t in ordered))
