"""What a check that judges some rows says of all: how many it judged, and what its count means for the others."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.quantities import Floats, Interval80, np, wilson

if TYPE_CHECKING:
    from tunecase.data.checks.columns import Split


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows drawn at random from those that a check is about.

    Args:
        judged: how many were judged.
        of: how many there are.
        what: one of them, in the plural.
    """

    judged: int
    of: int
    what: str = "rows"

    @property
    def whole(self) -> bool:
        """True where none was left out."""
        return self.judged >= self.of

    def told(self, found: float | Interval80 | None = None) -> str:
        """How many were judged, and how many of all are likely to be as those found; empty where all were judged.

        Example:
            >>> Sample(2000, 100_000).told(40)
            '; 2,000 of 100,000 rows were judged, drawn at random: in all about 2,000 (1,640 to 2,438)'
            >>> Sample(50, 50).told(4)
            ''
        """
        if self.whole:
            return ""
        told = f"; {self.judged:,} of {self.of:,} {self.what} were judged, drawn at random"
        if found is None or not self.judged:
            return told
        every = self.in_all(found)
        return f"{told}: in all about {every.mid:,.0f} ({every.low:,.0f} to {every.high:,.0f})"

    def in_all(self, found: float | Interval80) -> Interval80:
        """How many of all rows are as those found among the judged, with an 80% range.

            share = found / judged,   range by Wilson, narrowed by sqrt(1 - judged / of) as the rows cannot come twice

        Where what was found is itself a range, its half and that of the draw add up as the root of their squares.
        """
        known = found if isinstance(found, Interval80) else Interval80(found, found, found)
        if self.whole or not self.judged:
            return known
        low, high = wilson(min(known.mid, self.judged), self.judged)
        left, times = (1 - self.judged / self.of) ** 0.5, self.of / self.judged
        share = known.mid / self.judged
        below = ((known.mid - known.low) ** 2 + (max(share - low, 0) * self.judged * left) ** 2) ** 0.5
        above = ((known.high - known.mid) ** 2 + (max(high - share, 0) * self.judged * left) ** 2) ** 0.5
        least, most = max(known.mid - below, 0.0), min(known.mid + above, float(self.judged))
        return Interval80(least * times, known.mid * times, most * times)


def sample_of(split: "Split", judged: int, candidates: int, what: str = "rows") -> Sample:
    """The rows that were judged, of those of the file that could have been.

    Args:
        judged: rows of the file, all of them with their text kept.
        candidates: rows among the kept texts that could have been judged; they stand for the same share of all rows.
        what: one of them, in the plural.
    """
    kept = len(split.texts.rows)
    return Sample(judged, round(candidates * split.count / kept) if kept else split.count, what)


def with_text(split: "Split") -> int:
    """How many of the kept texts are not blank."""
    return sum(1 for text in split.texts.inputs if text.strip())


def shares_p(counts: "Floats") -> float:
    """The chance of shares so far apart if both rows of counts came from one source, shape (2, kinds).

    Source: Pearson's chi-square test, with Yates's correction for two kinds.
    """
    from scipy.special import chdtrc

    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    off = np.abs(counts - expected)
    off -= np.minimum(0.5, off) if counts.shape[1] == 2 else 0.0
    return float(chdtrc(counts.shape[1] - 1, (off**2 / expected).sum()))
