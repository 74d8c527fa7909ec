"""What two texts have of one another in runs of one to six characters: the counts that chrF is made of."""

from functools import lru_cache
from typing import TYPE_CHECKING

from tunecase.quantities import Hashes, Rows, np

if TYPE_CHECKING:
    Grams = tuple[Hashes, Rows]

ORDERS = 6
FACTOR = 0x9E3779B97F4A7C15  # odd, so that a longer run never loses what a shorter one told


def gram_counts(label: str, guess: str) -> tuple[int, ...]:
    """For each order 1 to 6: runs of the guess, of the label, and those that they share; blanks do not count.

    Runs are told apart by hashes of 64 bits. An order that the label is too short for counts no runs of the guess.

    Source: Popovic 2015, chrF; the counts equal those of sacrebleu, which keeps none of them.

    Example:
        >>> gram_counts("abc", "ab c d")[:6]
        (4, 3, 3, 3, 2, 2)
    """
    return _counts(label, guess)


@lru_cache(maxsize=20_000)
def _counts(label: str, guess: str) -> tuple[int, ...]:
    counts: list[int] = []
    for (wanted, times), (given, given_times) in zip(_grams(label), _grams(guess), strict=True):
        _, ours, theirs = np.intersect1d(given, wanted, assume_unique=True, return_indices=True)
        shared = int(np.minimum(given_times[ours], times[theirs]).sum())
        counts += [int(given_times.sum()) if len(wanted) else 0, int(times.sum()), shared]
    return tuple(counts)


@lru_cache(maxsize=8_000)
def _grams(text: str) -> "tuple[Grams, ...]":
    """The different runs of each order and how often each stands in the text."""
    letters = "".join(text.split()).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(letters, np.uint32).astype(np.uint64) + np.uint64(1)
    runs, found = codes, []
    for order in range(1, ORDERS + 1):
        if order > 1:
            runs = runs[:-1] * np.uint64(FACTOR) + codes[order - 1 :] if len(runs) else runs
        found.append(np.unique(runs, return_counts=True))
    return tuple((grams, times.astype(np.int64)) for grams, times in found)
