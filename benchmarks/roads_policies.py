"""What rules of buying and shipping lose where a score is shown on one half of the test items and true on the other.

    python benchmarks/roads_policies.py [--tasks open|all] [--beliefs product slopes pooled]

A road is a learner's pilot on a part of a task's rows, a target, a worth of it and a price of a label (`roads_answers`
states both). Everybody sees scores on half A of the test items (`roads_halves.csv`); what is shipped is worth what
half B says at that size. M is what shipping a model that misses costs, as a share of the worth; with linear credit a
model brings the part of the wanted gain that it truly has. A larger test draws fresh items by the truth.

The policies here are sketches, each of a few lines: they say what a policy is made of, and are no record of what the
product advised. `step` takes the best next step by expected value, to any size, and asks again after it:

    ship          V mean(credit) where credit is 1 or -M, or the part of the gain
    buy to N      E[max(0, ship after the test at N)] - cost(N)
    larger test   E[max(0, ship after it)] - cost

The belief `slopes` is a regression of slopes of ln error, fitted on the other sources, each once; `product` are the
worlds of the forecast; `pooled` half of each. The last line is a JSON object.
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
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from roads_answers import ROUND_USD, STAKES
from roads_curves import CUTS, HIGHEST, NATURAL, PILOTS, TRUTH, read_rows
from roads_rivals import chance_of_cut
from roads_tasks import FRESH, TASKS
from scipy.special import ndtr

from tunecase.forecast.curves import believe
from tunecase.forecast.scale import scale_of
from tunecase.records import Point

HALVES = Path(__file__).parent / "roads_halves.csv"
WORLDS = 2_000
MISSES = (0.0, 0.25, 1.0, 3.0, 9.0)
TIMES = (2, 4, 8, 16, 32)
LARGER = 4  # times the items of a test
MOST_STEPS = 6
LEAST = 0.002  # of an error
GROUPS = 40
PUBLISHERS = {task.name: task.publisher for task in (*TASKS, *FRESH)}
METRICS = {task.name: task.metric for task in (*TASKS, *FRESH)}


@dataclass(frozen=True, eq=False)
class Curve:
    """One learner on one task from one part of its rows: points as shown on half A, and what was measured after it.

    `later` holds for each size the draws as (shown on A, true on B).
    """

    task: str
    learner: str
    part: str
    items: int
    pilot: tuple[tuple[int, float], ...]
    later: Mapping[int, tuple[tuple[float, float], ...]]

    @property
    def source(self) -> str:
        """Who published the rows."""
        return PUBLISHERS[self.task]

    @cached_property
    def held(self) -> int:
        """Rows at hand."""
        return max(n for n, _ in self.pilot)

    @cached_property
    def rows(self) -> int:
        """All rows of the task."""
        return max(self.later)

    @cached_property
    def last(self) -> float:
        """The mean score shown at the rows at hand."""
        return float(np.mean([score for n, score in self.pilot if n == self.held]))

    def true(self, n: float) -> float:
        """The true score by half B, by a straight line in ln n between the sizes measured."""
        sizes = sorted(self.later)
        return float(np.interp(math.log(n), np.log(sizes), [np.mean([b for _, b in self.later[s]]) for s in sizes]))

    def shown(self, n: int) -> float:
        """What the first run near that size shows on half A, moved along its curve to n."""
        sizes = sorted(self.later)
        near = min(sizes, key=lambda size: abs(math.log(size / n)))
        means = [np.mean([a for a, _ in self.later[s]]) for s in sizes]
        moved = float(np.interp(math.log(n), np.log(sizes), means)) - float(np.mean([a for a, _ in self.later[near]]))
        return min(max(self.later[near][0][0] + moved, 0.0), 1.0)


def read_curves(path: Path = HALVES) -> list[Curve]:
    """Every curve whose pilot has three sizes and whose truth has three draws at all rows."""
    parts: dict[tuple[str, str], dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in read_rows(path):
        parts[row["task"], row["learner"]][row["part"]].append(row)
    curves = []
    for (task, learner), by_part in parts.items():
        later: dict[int, list[tuple[float, float]]] = defaultdict(list)
        whole = max((int(row["n"]) for row in by_part.get(TRUTH, ())), default=0)
        for part in (TRUTH, NATURAL):
            for row in by_part.get(part, ()):
                if (int(row["n"]) == whole) == (part == TRUTH):
                    later[int(row["n"])].append((float(row["score_a"]), float(row["score_b"])))
        for part in PILOTS:
            pilot = tuple((int(row["n"]), float(row["score_a"])) for row in by_part.get(part, ()))
            if len({n for n, _ in pilot}) >= 3 and len(later.get(whole, ())) >= 3 and len(later) >= 5:
                kept = {n: tuple(draws) for n, draws in later.items()}
                curves.append(Curve(task, learner, part, int(by_part[part][0]["items_a"]), pilot, kept))
    return curves


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
    """The forecast's worlds."""
    given = tuple(Point(n, score, 1, items) for n, score, items in points)
    belief = believe(given, scale_of(METRICS[curve.task], "higher", given), language_model=False)
    return np.asarray(belief.paths(sizes, WORLDS))


def _features(points: Points, learner: str, ratios: np.ndarray) -> tuple[float, float, np.ndarray]:
    """(ln e shown last, its noise, features of the slope at each ratio, shape (ratios, 5))."""
    means: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for n, score, items in points:
        means[n].append((max(1 - score, LEAST), items))
    sizes = np.array(sorted(means), dtype=float)
    errors = np.array([np.mean([e for e, _ in means[int(n)]]) for n in sizes])
    near = sizes >= sizes[-1] / 10
    logs, y = np.log(sizes[near]), np.log(errors[near])
    slope = float(np.polyfit(logs, y, 1)[0]) if near.sum() > 1 else -0.2
    last = float(errors[-1])
    items = max(i for _, i in means[int(sizes[-1])])
    noise = math.sqrt((1 - last) / (last * items))
    level = math.log(last / max(1 - last, LEAST))
    flat = np.ones_like(ratios)
    columns = (flat, np.clip(slope, -0.8, 0.1) * flat, level * flat, np.log(ratios), (learner == "encoder") * flat)
    return math.log(last), noise, np.stack(columns, -1)


@cache
def _fitted(left_out: str) -> tuple[np.ndarray, float, float]:
    """Weights of the slope, the spread of slopes and of runs, on all sources but one, each counting once."""
    x, y, ratio, noise, unit = [], [], [], [], []
    for curve in read_curves():
        if curve.source == left_out:
            continue
        points = tuple((n, score, curve.items) for n, score in curve.pilot)
        sizes = np.array([n for n in sorted(curve.later) if n > 1.5 * curve.held], dtype=float)
        if not len(sizes):
            continue
        last, sd, features = _features(points, curve.learner, sizes / curve.held)
        truth = np.array([math.log(max(1 - curve.true(n), LEAST)) for n in sizes])
        logs = np.log(sizes / curve.held)
        x.append(features)
        y.append((truth - last) / logs)
        ratio.append(logs)
        noise.append(np.full(len(sizes), 2 * sd**2))  # half B has its own items
        unit += [curve.source] * len(sizes)
    xs, ys, logs, noises = np.concatenate(x), np.concatenate(y), np.concatenate(ratio), np.concatenate(noise)
    count = {name: unit.count(name) for name in set(unit)}
    weight = np.array([1 / count[name] for name in unit])
    spread, run = 0.1, 0.03
    for _ in range(5):
        w = weight / (spread**2 + (noises + run**2) / logs**2)
        w *= len(count) / w.sum()
        ridge = np.diag([0.0, 0.05, 0.05, 0.05, 0.05])
        beta = np.linalg.solve(xs.T @ (w[:, None] * xs) + ridge, xs.T @ (w * ys))
        left = (ys - xs @ beta) ** 2 - noises / logs**2
        # Spread of slopes and of runs by weighted least squares on what is left.
        design = np.stack([np.ones_like(logs), 1 / logs**2], -1)
        by = weight * logs**2
        one, two = np.linalg.lstsq(design * by[:, None], left * by, rcond=None)[0]
        spread, run = math.sqrt(max(one, 0.02**2)), math.sqrt(max(two, 0.01**2))
    return beta, spread, run


@cache
def slopes(curve: Curve, points: Points, sizes: tuple[int, ...]) -> np.ndarray:
    """Worlds of the regression: one slope and one luck of the items for each."""
    beta, spread, run = _fitted(curve.source)
    held = max(n for n, _, _ in points)
    ratios = np.maximum(np.asarray(sizes, dtype=float) / held, 1.0)
    last, noise, features = _features(points, curve.learner, np.maximum(ratios, 1.05))
    rng = np.random.default_rng(zlib.crc32(repr((curve.task, curve.learner, points)).encode()))
    z = rng.standard_normal((WORLDS, 2))
    middle = last + (features @ beta) * np.log(ratios)
    away = spread * z[:, :1] * np.log(ratios) + math.hypot(noise, run) * z[:, 1:]
    return np.asarray(np.clip(np.exp(middle + away), LEAST, 1.0))


@cache
def pooled(curve: Curve, points: Points, sizes: tuple[int, ...]) -> np.ndarray:
    """Half of the worlds of each."""
    half = WORLDS // 2
    rng = np.random.default_rng(7)
    return np.concatenate([product(curve, points, sizes)[rng.permutation(WORLDS)[:half]],
                           slopes(curve, points, sizes)[:half]])  # fmt: skip


BELIEFS: Mapping[str, Belief] = {"product": product, "slopes": slopes, "pooled": pooled}


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
