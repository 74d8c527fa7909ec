"""Walks the rounds of a fine-tune, data, training, test, in every possible world at once.

A world is drawn once and kept through all its rounds. Drawing it anew in each round would make failures independent,
so that a hopeless problem would be solved by patience alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tunecase.prices import Basis
from tunecase.quantities import Draws, Flags, np
from tunecase.records import Forecast


@dataclass(frozen=True, slots=True)
class Walk:
    """What the rounds amount to, one entry per world: all arrays have shape (draws,).

    `bought` counts examples beyond those at hand, `rows_trained` the rows of one training run of each round,
    summed. `reached` is True where what is put to use meets the target, `false_pass` where it meets nothing that
    was asked for; both are None where no curve is known. `short_rounds` of the rounds had no work on the data;
    `search_rows` are rows of `search_runs` runs beyond a round's own. `data_paid` is what examples, reviews and
    test rows cost along the way; None where it follows from `bought`, and `reviewed` is what reviews cost besides.
    `settled` is True where it meets the fallback alone; None where no curve is known. `ships` is where a model is
    put to use. `minimum` is what the least that is billed for a round's runs adds to them; None where it follows
    from the sums.
    """

    rounds: "Draws"
    bought: "Draws"
    rows_trained: "Draws"
    reached: "Flags | None" = None
    false_pass: "Flags | None" = None
    short_rounds: "Draws | float" = 0.0
    search_rows: "Draws | float" = 0.0
    search_runs: "Draws | float" = 0.0
    data_paid: "Draws | None" = None
    reviewed: "Draws | float" = 0.0
    settled: "Flags | None" = None
    ships: "Flags | None" = None
    minimum: "Draws | None" = None

    @property
    def begun(self) -> "Flags":
        """Where anything is done at all, shape (draws,)."""
        paid = 0.0 if self.data_paid is None else self.data_paid
        return np.asarray((self.rounds > 0) | (self.bought > 0) | (paid + self.reviewed > 0))

    @property
    def shipped(self) -> "Flags | None":
        """Where a model is put to use, at the target or at the fallback; None where no curve is known."""
        return self.reached if self.ships is None else self.ships


def random_rounds(stop_share: "Draws", luck: "Draws", most: int) -> "Draws":
    """Whole numbers of rounds when each is the last with the chance `stop_share`, by inversion of uniform `luck`.

        rounds = 1 + floor(ln luck / ln(1 - q)),   at most `most`

    With q ~ Beta(2, 2) the mean before the cut is 3. Shape (draws,). Leaves out what each round learns.
    """
    stop = np.clip(stop_share, 1e-9, 1 - 1e-9)
    failures = np.floor(np.log(np.clip(luck, 1e-300, 1.0)) / np.log1p(-stop))
    return np.minimum(1.0 + failures, float(most))


def counted(rounds: "Draws", sizes: Sequence[int]) -> Walk:
    """The walk of a known number of rounds through `sizes`; rounds beyond the last size train on the last size."""
    whole = np.clip(np.rint(rounds), 1, None)
    index = np.minimum(whole, len(sizes)).astype(int) - 1
    grid = np.asarray(sizes, dtype=float)
    extra = whole - (index + 1)
    return Walk(whole, grid[index] - grid[0], np.cumsum(grid)[index] + extra * grid[-1])


def parted(count: "Draws", share: "Draws", luck: "Draws") -> "Draws":
    """How many of `count` things are of one kind, each with the chance `share`: binomial, by uniform `luck`.

    Shape (draws,); counts are whole and small. Example:

        >>> import numpy as np
        >>> parted(np.array([4.0, 4.0]), np.array([0.5, 0.5]), np.array([0.01, 0.99])).tolist()
        [0.0, 4.0]
    """
    from scipy.special import bdtr

    most = int(count.max(initial=0.0))
    below = [bdtr(k, count.astype(int), share) * (k < count) + (k >= count) for k in range(most + 1)]
    return np.asarray(np.sum([luck > one for one in below], axis=0), dtype=float)


def rounds_of(sizes: Sequence[int], rounds: int, draws: int) -> Walk:
    """The walk in which every world goes exactly `rounds` rounds along `sizes`, 1 <= rounds <= len(sizes)."""
    every = np.ones(draws)
    trained = float(sum(sizes[:rounds]))
    return Walk(every * rounds, every * (sizes[rounds - 1] - sizes[0]), every * trained)


def of_the_model(paths: "Draws", forecast: Forecast, basis: Basis) -> "Draws":
    """The true errors of the model to be tuned, where the forecast describes a cheap stand-in.

        error of the model = error of the stand-in x factor,   one factor per world for all its sizes, at most 1

    The factor is a documented default, one for a probe and one for a smaller model, until the model itself has been
    piloted; a forecast of the model itself is returned as it is. Leaves out that a model may gain more from data than
    its stand-in does.
    """
    if not forecast.stand_in:
        return paths
    return np.asarray(np.minimum(paths * basis.draw(forecast.stand_in_factor)[:, None], 1.0))
