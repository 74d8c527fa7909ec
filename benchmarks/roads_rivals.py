"""What other policies would have done on the same roads, and what the best one could have done who knew the truth.

Everybody pays alike: each label at the stated price, and one stated price of people's hours for each round of buying,
training and testing. Everybody sees the same measured draws. The worth of the target is paid in full where a model is
shipped whose true score meets it, and not at all where it is not, or where nothing is shipped.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from deciding_policies import power_law
from forecasting import shipped_curves
from roads_answers import MOST_STEPS, ROUND_USD
from roads_curves import Curve, Walked

LANGUAGE = ("lora",)  # learners whose base rates are those of fine-tunes
THUMB = 4  # times the rows at hand, bought once
MOST_ROUNDS = 5


@dataclass(frozen=True)
class Outcome:
    """Where a policy ended: what it spent, at how many rows, whether it shipped, and what that is worth net [USD]."""

    spent: float
    rows: int
    shipped: bool
    utility: float


@dataclass(frozen=True)
class Game:
    """One road's stakes: the target on a curve, its worth and the price of a label [USD]."""

    curve: Curve
    target: float
    value: float
    price: float

    def cost(self, rows: int, to: int) -> float:
        """Of going from so many rows to more, in one round."""
        return (to - rows) * self.price + ROUND_USD

    def outcome(self, spent: float, rows: int, shipped: bool) -> Outcome:
        """The end of a road, with what it is worth by the truth."""
        hit = shipped and self.curve.true(rows) >= self.target
        return Outcome(spent, rows, shipped, self.value * hit - spent)

    @cached_property
    def oracle(self) -> float:
        """The net worth of buying just the rows that are needed, in one round; 0 where that is worth nothing."""
        needed = self.curve.first(self.target)
        if needed is None:
            return 0.0
        cost = 0.0 if needed == self.curve.held else self.cost(self.curve.held, needed)
        return max(0.0, self.value - cost)

    @property
    def best(self) -> str:
        """What was right at the pilot by the truth: ship, go on or stop."""
        if self.curve.true(self.curve.held) >= self.target:
            return "ship"
        return "go on" if self.oracle > 0 else "stop"


# From a game, the rows at hand, the errors seen by size and the rounds made, to the rows to go to; None: end there.
Policy = Callable[[Game, int, Mapping[int, float], int], int | None]


def play(game: Game, policy: Policy) -> Outcome:
    """Buys, trains and tests as a policy says; ships as soon as a test shows the target."""
    curve, rows, spent = game.curve, game.curve.held, 0.0
    seen = {n: 1 - score for n, score in curve.means.items()}
    for made in range(MOST_STEPS):
        if 1 - seen[rows] >= game.target:
            return game.outcome(spent, rows, True)
        to = policy(game, rows, seen, made)
        if to is None or to <= rows:
            break
        spent += game.cost(rows, to)
        rows, seen[to] = to, 1 - curve.draws(to)[0]
    return game.outcome(spent, rows, 1 - seen[rows] >= game.target)


def never(game: Game, rows: int, seen: Mapping[int, float], made: int) -> int | None:
    """Stops at the pilot."""
    return None


def all_rows(game: Game, rows: int, seen: Mapping[int, float], made: int) -> int | None:
    """Labels all there is, whatever it costs."""
    return game.curve.rows


def doubling(game: Game, rows: int, seen: Mapping[int, float], made: int) -> int | None:
    """Doubles until the target is shown or all rows are labelled, while the worth of the target would not be spent."""
    to = min(2 * rows, game.curve.rows)
    return to if game.cost(game.curve.held, to) + made * ROUND_USD <= game.value else None


def thumb(game: Game, rows: int, seen: Mapping[int, float], made: int) -> int | None:
    """Four times the rows, once."""
    return None if made else min(THUMB * rows, game.curve.rows)


def by_hand(game: Game, rows: int, seen: Mapping[int, float], made: int) -> int | None:
    """Fits a + b n^-c to the errors seen and buys what it says, five times at most; beyond all rows it stops.

    What costs more than the target is worth is not bought.
    """
    sizes = np.array(sorted(seen), dtype=float)
    errors = np.array([max(seen[int(n)], 0.005) for n in sizes])
    grid = np.unique(np.geomspace(rows + 1, game.curve.rows, 200).round())
    met = np.flatnonzero(power_law(sizes, errors, np.ones(len(sizes)), grid) <= math.log(max(1 - game.target, 1e-9)))
    if made >= MOST_ROUNDS or rows >= game.curve.rows or not len(met):
        return None
    to = int(grid[met[0]])
    return to if game.cost(rows, to) <= game.value else None


def base_rates(game: Game, rows: int, seen: Mapping[int, float], made: int) -> int | None:
    """Buys the multiple of the rows whose chance, by the cuts of the library's curves, is worth the most net."""
    wanted = math.log(max(1 - game.target, 1e-9) / max(seen[rows], 1e-9))
    steps = [min(rows * 2**k, game.curve.rows) for k in range(1, 7)]
    worth = {
        to: game.value * chance_of_cut(game.curve.learner in LANGUAGE, to / rows, wanted) - game.cost(rows, to)
        for to in steps
        if to > rows
    }
    best = max(worth, key=lambda to: worth[to], default=None)
    return best if best is not None and worth[best] > 0 else None


RIVALS: dict[str, Policy] = {
    "never tune": never,
    "label all rows": all_rows,
    "double until shown": doubling,
    "four times, once": thumb,
    "a power law by hand": by_hand,
    "base rates": base_rates,
}


def chance_of_cut(language: bool, ratio: float, wanted: float) -> float:
    """How often the library's curves came to this ln of errors or less with so many times the rows.

    Each source counts once, each curve of it alike, from every size that it was measured at.
    """
    changes, weights = _changes(language, round(math.log(ratio), 2))
    return float(weights[changes <= wanted].sum() / weights.sum()) if len(changes) else 0.0


@cache
def _changes(language: bool, log_ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Changes of ln e over a ratio, and the weight of each."""
    changes, weights, units = [], [], []
    for curve in shipped_curves():
        if (curve.group == "metric") != language or curve.group == "loss":
            continue
        logs, errors = np.log(curve.sizes), np.log(curve.errors)
        starts = [i for i, x in enumerate(logs) if x + log_ratio <= logs[-1] + 0.05]
        for i in starts:
            changes.append(float(np.interp(logs[i] + log_ratio, logs, errors)) - errors[i])
            weights.append(1 / len(starts))
            units.append(curve.unit)
    totals = {unit: sum(w for w, of in zip(weights, units, strict=True) if of == unit) for unit in set(units)}
    return np.array(changes), np.array([w / totals[of] for w, of in zip(weights, units, strict=True)])


def outcomes(road: Walked, curve: Curve) -> Iterator[tuple[str, Outcome]]:
    """What the product's road and each rival's came to, by name."""
    game = Game(curve, road.target, road.value, road.price)
    yield "ours", game.outcome(road.spent, road.end_rows, road.shipped)
    for name, policy in RIVALS.items():
        yield name, play(game, policy)
