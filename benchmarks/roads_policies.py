"""What rules of buying and shipping lose where a score is shown on one half of the test items and true on the other.

    python benchmarks/roads_policies.py [--sets all|first|fresh] [--beliefs product forecast]

A road is a learner's pilot on a part of a task's rows, a target, a worth of it and a price of a label (`roads_answers`
states both). Everybody sees scores on half A of the test items (`roads_halves.csv`); what is shipped is worth what
half B says at that size. M is what shipping a model that misses costs, as a share of the worth; with linear credit a
model brings the part of the wanted gain that it truly has. A larger test draws fresh items by the truth.

The policies here are sketches, each of a few lines: they say what a policy is made of, and are no record of what the
product advised. `step` takes the best next step by expected value, to any size, and asks again after it:

    ship          V mean(credit) where credit is 1 or -M, or the part of the gain
    buy to N      E[max(0, ship after the test at N)] - cost(N)
    larger test   E[max(0, ship after it)] - cost

The belief `product` is the product's own, its slopes fitted without the source (`roads_slopes.py`); `forecast` the same
without slopes. The last line is a JSON object.
"""

import argparse
import json
import math
import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from roads_answers import ROUND_USD, STAKES
from roads_curves import CUTS, HIGHEST
from roads_rivals import chance_of_cut
from roads_slopes import KINDS, Curve, fitted, read_curves
from roads_tasks import FRESH, TASKS
from scipy.special import ndtr

from tunecase.forecast.curves import believe
from tunecase.forecast.scale import scale_of
from tunecase.forecast.slopes import Slopes
from tunecase.records import Point

WORLDS = 2_000
MISSES = (0.0, 0.25, 1.0, 3.0, 9.0)
TIMES = (2, 4, 8, 16, 32)
LARGER = 4  # times the items of a test
MOST_STEPS = 6
GROUPS = 40
METRICS = {task.name: task.metric for task in (*TASKS, *FRESH)}


@dataclass(frozen=True)
class Game:
    """A road's stakes; `miss` is M, or None for linear credit above the score at hand."""

    curve: Curve
    target: float
    value: float
    price: float
    miss: float | None

    def cost(self, rows: int, to: int) -> float:
        """Of going from so many rows to more, in one round [USD]."""
        return (to - rows) * self.price + ROUND_USD

    @property
    def test_cost(self) -> float:
        """Of a larger test [USD]."""
        return (LARGER - 1) * self.curve.items * self.price + ROUND_USD / 2

    def credit(self, errors: np.ndarray | float) -> np.ndarray:
        """What shipping at these true errors brings, in worths of the target."""
        aim, base = 1 - self.target, 1 - self.curve.last
        if self.miss is None:
            return np.clip((base - np.asarray(errors)) / (base - aim), 0.0, 1.0)
        return np.where(np.asarray(errors) <= aim, 1.0, -self.miss)

    def end(self, spent: float, rows: int, shipped: bool) -> float:
        """The net worth of a road that ends here [USD]."""
        return self.value * float(self.credit(1 - self.curve.true(rows))) * shipped - spent

    @cached_property
    def oracle(self) -> float:
        """The best in hindsight: ship, buy just what is best in one round, or nothing [USD]."""
        sizes = np.unique(np.geomspace(self.curve.held, self.curve.rows, 60).round().astype(int))
        buys = [self.end(self.cost(self.curve.held, int(n)), int(n), True) for n in sizes if n > self.curve.held]
        return max(0.0, self.end(0.0, self.curve.held, True), *buys)


def games(curves: Sequence[Curve], miss: float | None) -> Iterator[Game]:
    """Every road of curves: three cuts of the error shown, four stakes."""
    for curve in curves:
        for cut in CUTS if curve.last <= HIGHEST else ():
            for value, price in STAKES:
                yield Game(curve, 1 - (1 - curve.last) * (1 - cut), value, price, miss)


# Beliefs: true errors at sizes given the points so far, shape (worlds, sizes).
Points = tuple[tuple[int, float, int], ...]  # n, score, items
Belief = Callable[[Curve, Points, tuple[int, ...]], np.ndarray]


@cache
def product(curve: Curve, points: Points, sizes: tuple[int, ...]) -> np.ndarray:
    """The product's worlds: half of them go on as the forecast says, half on slopes learnt from other publishers."""
    return _worlds(curve, points, sizes, fitted(curve.source)[KINDS[curve.learner]])


@cache
def forecast(curve: Curve, points: Points, sizes: tuple[int, ...]) -> np.ndarray:
    """The same without the slopes."""
    return _worlds(curve, points, sizes, None)


def _worlds(curve: Curve, points: Points, sizes: tuple[int, ...], slopes: Slopes | None) -> np.ndarray:
    given = tuple(Point(n, score, 1, items) for n, score, items in points)
    belief = believe(given, scale_of(METRICS[curve.task], "higher", given), language_model=False, slopes=slopes)
    return np.asarray(belief.paths(sizes, WORLDS))


BELIEFS: Mapping[str, Belief] = {"product": product, "forecast": forecast}


def sizes_of(curve: Curve, held: int) -> tuple[int, ...]:
    """The rows at hand, and what can be bought to in one step."""
    return (held, *sorted({min(held * k, curve.rows) for k in TIMES if held * k < 2 * curve.rows} - {held}))


def shown_worth(errors: np.ndarray, credit: np.ndarray, items: int, seed: int) -> float:
    """E[max(0, what shipping is worth after a test of `items` items shows its score)]."""
    rng = np.random.default_rng(seed)
    seen = errors + np.sqrt(errors * (1 - errors) / items) * rng.standard_normal(len(errors))
    groups = np.array_split(credit[np.argsort(seen, kind="stable")], GROUPS)
    means = np.array([group.mean() for group in groups])
    # Neighbours tell of one another: smoothed by three.
    padded = np.concatenate([means[:1], means, means[-1:]])
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    return float(np.where(smooth > 0, means, 0.0).mean())


def step(game: Game, belief: Belief) -> float:
    """The road of the best next step by expected value, asked again after it; its net worth [USD]."""
    curve, spent, rows, tested = game.curve, 0.0, game.curve.held, False
    points: Points = tuple((n, score, curve.items) for n, score in curve.pilot)
    for _ in range(MOST_STEPS):
        sizes = sizes_of(curve, rows)
        errors = belief(curve, points, sizes)
        now = game.value * float(game.credit(errors[:, 0]).mean())
        best, to = max(now, 0.0), -1
        for at, size in enumerate(sizes[1:], 1):
            after = game.value * shown_worth(errors[:, at], game.credit(errors[:, at]), curve.items, at)
            if after - game.cost(rows, size) > best:
                best, to = after - game.cost(rows, size), size
        if not tested:
            larger = shown_worth(errors[:, 0], game.credit(errors[:, 0]), (LARGER - 1) * curve.items, 99)
            if game.value * larger - game.test_cost > best:
                best, to = game.value * larger - game.test_cost, rows
        if to < 0:
            return game.end(spent, rows, now > 0)
        if to == rows:
            fresh = (LARGER - 1) * curve.items
            rng = np.random.default_rng(zlib.crc32(f"{curve.task} {curve.learner} {rows}".encode()))
            score = rng.binomial(fresh, min(max(curve.true(rows), 0.0), 1.0)) / fresh
            points, tested, spent = (*points, (rows, score, fresh)), True, spent + game.test_cost
            # Both tests as one: the mean weighs them by their items.
            here = [p for p in points if p[0] == rows]
            old = float(np.mean([s for _, s, _ in here[:-1]]))
            both = (old * curve.items + score * fresh) / (curve.items + fresh)
            points = (*(p for p in points if p[0] != rows), (rows, both, curve.items + fresh))
            continue
        spent += game.cost(rows, to)
        rows, tested = to, False
        points = (*points, (rows, curve.shown(rows), curve.items))
    errors = belief(curve, points, sizes_of(curve, rows))
    return game.end(spent, rows, float(game.credit(errors[:, 0]).mean()) > 0)


def by_rule(game: Game, rule: Callable[[Game, int, Mapping[int, float], int], int | None]) -> float:
    """The road of a simple rule that ships where its test's own noise says that a miss is worth it."""
    curve, spent, rows = game.curve, 0.0, game.curve.held
    seen = {n: float(np.mean([s for m, s in curve.pilot if m == n])) for n, _ in curve.pilot}

    def ships(score: float) -> bool:
        sd = math.sqrt(max(score * (1 - score), 1e-4) / curve.items)
        if game.miss is None:
            return score > curve.last
        chance = float(ndtr((score - game.target) / sd))
        return chance >= game.miss / (1 + game.miss) if game.miss else score >= game.target

    for made in range(MOST_STEPS):
        if ships(seen[rows]) and not (game.miss is None and seen[rows] < game.target):
            return game.end(spent, rows, True)
        to = rule(game, rows, seen, made)
        if to is None or to <= rows:
            break
        spent += game.cost(rows, to)
        rows, seen[to] = to, curve.shown(to)
    return game.end(spent, rows, ships(seen[rows]))


def _all_rows(game: Game, rows: int, seen: Mapping[int, float], made: int) -> int | None:
    return game.curve.rows


def _doubling(game: Game, rows: int, seen: Mapping[int, float], made: int) -> int | None:
    to = min(2 * rows, game.curve.rows)
    return to if game.cost(game.curve.held, to) + made * ROUND_USD <= game.value else None


def _base_rates(game: Game, rows: int, seen: Mapping[int, float], made: int) -> int | None:
    wanted = math.log(max(1 - game.target, 1e-9) / max(1 - seen[rows], 1e-9))
    steps = {min(rows * 2**k, game.curve.rows) for k in range(1, 7)} - {rows}
    worth = {
        to: game.value * chance_of_cut(False, to / rows, wanted) - game.cost(rows, to) for to in steps if to > rows
    }
    best = max(worth, key=lambda to: worth[to], default=None)
    return best if best is not None and worth[best] > 0 else None


RULES = {
    "never tune": lambda game, rows, seen, made: None, "label all rows": _all_rows, "double until shown": _doubling,
    "base rates": _base_rates,
}  # fmt: skip


def by_source(pairs: Sequence[tuple[str, float]]) -> float:
    """The mean over sources of each one's mean."""
    groups: dict[str, list[float]] = defaultdict(list)
    for source, value in pairs:
        groups[source].append(value)
    return float(np.mean([np.mean(values) for values in groups.values()]))


def brier(curves: Sequence[Curve], belief: Belief) -> float:
    """Of "the target is met at all rows", over the cuts."""
    pairs = []
    for curve in curves:
        points = tuple((n, score, curve.items) for n, score in curve.pilot)
        errors = belief(curve, points, sizes_of(curve, curve.held))[:, -1]
        for cut in CUTS if curve.last <= HIGHEST else ():
            aim = (1 - curve.last) * (1 - cut)
            pairs.append((curve.source, (float((errors <= aim).mean()) - (1 - curve.true(curve.rows) <= aim)) ** 2))
    return by_source(pairs)


def main() -> None:
    """Prints the tables and the JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beliefs", nargs="+", default=list(BELIEFS), choices=BELIEFS)
    parser.add_argument("--sets", default="all", choices=("all", "first", "fresh"))
    asked = parser.parse_args()
    fresh = {task.name for task in FRESH}
    wanted = {"all": lambda name: True, "first": lambda name: name not in fresh, "fresh": lambda name: name in fresh}
    curves = [curve for curve in read_curves() if wanted[asked.sets](curve.task)]
    sources = {curve.source for curve in curves}
    print(f"{len(curves)} curves of {len(sources)} sources, {len(list(games(curves, 0.0)))} roads")
    told: dict[str, dict[str, float]] = {}
    for miss in (*MISSES, None):
        name = "linear" if miss is None else f"{miss:g}"
        roads = list(games(curves, miss))
        ends = {f"step, {belief}": lambda game, b=belief: step(game, BELIEFS[b]) for belief in asked.beliefs}
        ends |= {rule: lambda game, r=rule: by_rule(game, RULES[r]) for rule in RULES}
        told[name] = {
            who: by_source([(g.curve.source, (g.oracle - end(g)) / g.value) for g in roads])
            for who, end in ends.items()
        }
        print(f"M = {name}: " + ", ".join(f"{who} {lost:.3f}" for who, lost in told[name].items()), flush=True)
    scores = {belief: round(brier(curves, BELIEFS[belief]), 4) for belief in asked.beliefs}
    print(json.dumps({"regret": {m: {w: round(v, 4) for w, v in row.items()} for m, row in told.items()},
                      "brier": scores, "curves": len(curves), "sources": len(sources)}))  # fmt: skip


if __name__ == "__main__":
    main()
