"""Walks the rounds of a fine-tune, data, training, test, in every possible world at once.

A world is drawn once and kept through all its rounds. Drawing it anew in each round would make failures independent,
so that a hopeless problem would be solved by patience alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from tunecase.prices import Basis
from tunecase.quantities import generator
from tunecase.records import Forecast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunecase.quantities import Draws

    Flags = NDArray[np.bool_]

SURE = 0.90  # the lower end of the 80% interval that every measured score is shown with


@dataclass(frozen=True, slots=True)
class Walk:
    """What the rounds amount to, one entry per world: all arrays have shape (draws,).

    `bought` counts examples beyond those at hand, `rows_trained` the rows of one training run of each round, summed.
    `reached` is True where the test was passed, `false_pass` where it was passed though the true score lies below the
    target; both are None where no curve is known. `short_rounds` of the rounds had no work on the data; `search_rows`
    are rows of runs beyond a round's own. `data_paid` is what examples, reviews and test rows cost along the way; None
    where it follows from `bought`, and `reviewed` is what reviews cost besides. `settled` is True where the project
    ends at the fallback, short of the target; None where no curve is known.
    """

    rounds: "Draws"
    bought: "Draws"
    rows_trained: "Draws"
    reached: "Flags | None" = None
    false_pass: "Flags | None" = None
    short_rounds: "Draws | float" = 0.0
    search_rows: "Draws | float" = 0.0
    data_paid: "Draws | None" = None
    reviewed: "Draws | float" = 0.0
    settled: "Flags | None" = None


def random_rounds(stop_share: "Draws", luck: "Draws", most: int) -> "Draws":
    """Whole numbers of rounds when each is the last with the chance `stop_share`, by inversion of uniform `luck`.

        rounds = 1 + floor(ln luck / ln(1 - q)),   at most `most`

    With q ~ Beta(2, 2) the mean before the cut is 3. Shape (draws,). Leaves out what each round learns: see `walk`.
    """
    import numpy as np

    stop = np.clip(stop_share, 1e-9, 1 - 1e-9)
    failures = np.floor(np.log(np.clip(luck, 1e-300, 1.0)) / np.log1p(-stop))
    return np.minimum(1.0 + failures, float(most))


def counted(rounds: "Draws", sizes: Sequence[int]) -> Walk:
    """The walk of a known number of rounds through `sizes`; rounds beyond the last size train on the last size."""
    import numpy as np

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
    import numpy as np
    from scipy.special import bdtr

    most = int(count.max(initial=0.0))
    below = [bdtr(k, count.astype(int), share) * (k < count) + (k >= count) for k in range(most + 1)]
    return np.asarray(np.sum([luck > one for one in below], axis=0), dtype=float)


def rounds_of(sizes: Sequence[int], rounds: int, draws: int) -> Walk:
    """The walk in which every world goes exactly `rounds` rounds along `sizes`, 1 <= rounds <= len(sizes)."""
    import numpy as np

    every = np.ones(draws)
    trained = float(sum(sizes[:rounds]))
    return Walk(every * rounds, every * (sizes[rounds - 1] - sizes[0]), every * trained)


def passing_count(target: float, test_rows: int) -> int:
    """The fewest right answers of a test at which the lower bound of the score meets the target.

        c / m >= t + z sqrt(t (1 - t) / m)

    which is Wilson's lower bound solved for the count. It can exceed test_rows: then no result of that test suffices.

    Example:
        >>> passing_count(0.92, 270)
        255
    """
    z = NormalDist().inv_cdf(SURE)
    needed = test_rows * target + z * math.sqrt(test_rows * target * (1 - target))
    return math.ceil(needed - 1e-9)


def walk_rounds(
    paths: "Draws",
    error_target: float,
    sizes: Sequence[int],
    *,
    test_rows: int | None,
    most: "Draws | None" = None,
    seed: int = 0,
) -> Walk:
    """Round r trains on sizes[r - 1] rows and tests; the rounds continue whatever the tests show.

    The target is reached where the lower bound of the score met it in one of the rounds.

    Args:
        paths: true error of each world at each size, shape (draws, sizes), drawn once per world [share of 1].
        error_target: the error at or below which the target is met.
        sizes: rows trained on, round by round, not falling.
        test_rows: items of the test, whose binomial noise is drawn anew in each round; None: the test sees the truth.
        seed: of the tests' luck; each round has its own generator, so that two targets share their luck.
        most: rounds of each world, shape (draws,); as many as there are sizes when left out.
    Returns: the Walk; a world whose `most` is 0 buys nothing.
    Leaves out tuning and cleaning between rounds, which could lift a path: P(reached) errs low by what they would add.
    """
    import numpy as np

    draws, columns = paths.shape
    if columns != len(sizes):
        raise ValueError(f"paths has {columns} sizes; wanted {len(sizes)}")
    allowed = np.full(draws, columns) if most is None else np.minimum(np.rint(most) + np.zeros(draws), columns)
    good = _passed(paths, error_target, test_rows, seed) & (np.arange(columns) < allowed[:, None])
    reached = np.asarray(good.any(axis=1))
    first = good.argmax(axis=1)
    last = (allowed - 1).astype(int)
    grid = np.asarray(sizes, dtype=float)
    begun = last >= 0
    at = np.maximum(last, 0)
    true_error = paths[np.arange(draws), np.where(reached, first, at)]
    return Walk(
        rounds=(last + 1).astype(float),
        bought=np.where(begun, grid[at] - grid[0], 0.0),
        rows_trained=np.where(begun, np.cumsum(grid)[at], 0.0),
        reached=reached,
        false_pass=reached & (true_error > error_target),
    )


def luck_of_round(number: int) -> str:
    """The name of the generator that holds the luck of that round's test, 1 for the first."""
    return f"test of round {number}"


def of_the_model(paths: "Draws", forecast: Forecast, basis: Basis) -> "Draws":
    """The true errors of the model to be tuned, where the forecast describes a cheap stand-in.

        error of the model = error of the stand-in x factor,   one factor per world for all its sizes, at most 1

    The factor is a documented default, one for a probe and one for a smaller model, until the model itself has been
    piloted; a forecast of the model itself is returned as it is. Leaves out that a model may gain more from data than
    its stand-in does.
    """
    import numpy as np

    if not forecast.stand_in:
        return paths
    return np.asarray(np.minimum(paths * basis.draw(forecast.stand_in_factor)[:, None], 1.0))


def _passed(paths: "Draws", error_target: float, test_rows: int | None, seed: int) -> "Flags":
    import numpy as np
    from scipy.special import betainc

    if test_rows is None:
        return np.asarray(paths <= error_target)
    count = passing_count(1 - error_target, test_rows)
    if count > test_rows:
        return np.zeros(paths.shape, dtype=bool)
    # P(at least `count` right) is an incomplete beta; one uniform per test keeps scenarios in step.
    right = np.clip(1 - paths, 0.0, 1.0)
    chance = betainc(max(count, 1), test_rows - max(count, 1) + 1, right)
    luck = [generator(seed, luck_of_round(index + 1)).random(len(paths)) for index in range(paths.shape[1])]
    return np.asarray(np.column_stack(luck) < chance)
