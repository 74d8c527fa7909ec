"""The tokens of all rows from those of some, by their lengths; the rows pass piece by piece."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from tunecase.data.tally import Tally
from tunecase.data.tokens.counting import NOT_COUNTED
from tunecase.quantities import Flags, Floats, Rows, np

STRATA, LEAST_IN_STRATUM = 20, 30
Z80 = 1.2816


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the counted rows say of all: the 80% range of the sum of tokens, and the tokens of any row.

    `edges` part lengths into strata, `ratios` are tokens per character in each; none where every row was counted.
    """

    low: float
    middle: float
    high: float
    sampled: int
    edges: "Floats | None" = None
    ratios: "Floats | None" = None

    def rows(self, characters: "Rows", tokens: "Rows") -> "Rows":
        """The tokens of some rows: as counted, or by their length where they were not, shape (rows,)."""
        if self.edges is None or self.ratios is None:
            return tokens
        ratios = self.ratios[np.searchsorted(self.edges, characters)]
        told = np.where(_counted(characters, tokens), tokens, ratios * characters)
        return np.rint(told).astype(np.int64)


def _counted(characters: "Rows", tokens: "Rows") -> "Flags":
    counted: Flags = (tokens > NOT_COUNTED) | (characters == 0)
    return counted


@dataclass(slots=True)
class _Stratum:
    """Sums over the rows of one range of lengths; the last five are of those that were counted."""

    rows: int = 0
    characters: int = 0
    counted: int = 0
    tokens: int = 0
    counted_characters: int = 0
    squares: tuple[int, int, int] = (0, 0, 0)  # of tokens, of tokens x characters, of characters

    def add(self, characters: "Rows", tokens: "Rows") -> None:
        known = _counted(characters, tokens)
        lengths, counts = characters[known], tokens[known]
        self.rows, self.characters = self.rows + len(characters), self.characters + int(characters.sum())
        self.counted, self.tokens = self.counted + len(counts), self.tokens + int(counts.sum())
        self.counted_characters += int(lengths.sum())
        added = (_product(counts, counts), _product(counts, lengths), _product(lengths, lengths))
        first, second, third = (own + more for own, more in zip(self.squares, added, strict=True))
        self.squares = first, second, third

    @property
    def ratio(self) -> float:
        """Tokens per character."""
        return self.tokens / max(self.counted_characters, 1)

    @property
    def variance(self) -> float:
        """Of tokens - ratio x characters over the counted rows; to a relative 1e-12, as it comes from sums."""
        if self.counted < 2:
            return 0.0
        tokens_2, both, characters_2 = self.squares
        ratio = Fraction(self.tokens, max(self.counted_characters, 1))
        total = self.tokens - ratio * self.counted_characters
        squared: Fraction = tokens_2 - 2 * ratio * both + ratio**2 * characters_2
        return max(float(squared - total**2 / self.counted), 0.0) / (self.counted - 1)


def _product(first: "Rows", second: "Rows") -> int:
    """The sum of products, which may pass 64 bits over many long rows."""
    if not len(first) or float(first.max()) * float(second.max()) * len(first) < np.iinfo(np.int64).max:
        return int(first @ second)
    return sum(map(mul, first.tolist(), second.tolist()))


def estimate(pieces: "Callable[[], Iterable[tuple[Rows, Rows]]]") -> Estimate:
    """The tokens of all rows from those of some, by the ratio of tokens to characters in each stratum of length.

        sum = counted + sum over strata of ratio x characters not counted,   ratio = tokens / characters of the counted
        variance = sum of N^2 (1 - n / N) s^2 / n,   s of tokens - ratio x characters

    Args:
        pieces: gives the rows anew, piece by piece: how many characters each has, and its counted tokens, zero where
            it was not counted, each of shape (rows of the piece,).
    Returns: the Estimate; low = high where every row was counted.
    Example:
        >>> import numpy as np
        >>> estimate(lambda: [(np.array([40, 80]), np.array([10, 20]))]).middle
        30.0

    Source: Cochran, Sampling Techniques, 1977, chapter 6.
    *Leaves out* that rows next to one another may be alike: the sample is spread over the whole file, so it matters
    little.
    """
    lengths, rows, total = Tally(), 0, 0
    for characters, tokens in pieces():
        lengths.add(characters[_counted(characters, tokens)])
        rows, total = rows + len(characters), total + int(tokens.sum())
    if lengths.total in (0, rows):
        return Estimate(float(total), float(total), float(total), lengths.total)
    count = max(1, min(STRATA, lengths.total // LEAST_IN_STRATUM))
    edges = lengths.quantiles(np.linspace(0, 1, count + 1)[1:-1]) if count > 1 else np.zeros(0)
    strata, whole = [_Stratum() for _ in range(count)], _Stratum()
    for characters, tokens in pieces():
        whole.add(characters, tokens)
        place = np.searchsorted(edges, characters)
        for at in np.unique(place).tolist():
            strata[at].add(characters[place == at], tokens[place == at])
    return _estimated(strata, whole, edges)


def _estimated(strata: Sequence[_Stratum], whole: _Stratum, edges: "Floats") -> Estimate:
    middle, variance, least = float(whole.tokens), 0.0, 0
    ratios = np.zeros(len(strata))
    for at, stratum in enumerate(strata):
        taken = stratum if stratum.counted >= 2 else whole  # too few counted here to tell
        n, size = taken.counted, stratum.rows
        ratios[at] = taken.ratio
        middle += taken.ratio * (stratum.characters - stratum.counted_characters)
        variance += size**2 * max(0.0, 1 - n / max(size, 1)) * taken.variance / n
        least = n if not least else min(least, n)
    # Few rows in a stratum say little about its spread; Student's t with that many would be wider by this factor.
    reach = Z80 * (1 + 1 / max(least - 1, 1)) * variance**0.5
    return Estimate(middle - reach, middle, middle + reach, whole.counted, edges, ratios)
