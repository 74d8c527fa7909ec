"""What the product and rules of buying lose where a score is shown on one half of the test items and true on the other.

    python benchmarks/roads_policies.py [--sets all|first|fresh]

A road is a learner's pilot on a part of a task's rows, a target, a worth of it and a price of a label (`roads_answers`
states both). Everybody sees scores on half A of the test items (`roads_halves.csv`); what is shipped is worth what
half B says at that size. M is what shipping a model that misses costs, as a share of the worth; with linear credit a
model brings the part of the wanted gain that it truly has. A larger test draws fresh items by the truth.

The product's roads are those that `roads_walks.py` walked; every rule plays the same roads here. Metrics that do not
count right answers are left out, as the product weighs no money by them. A regret is a share of the target's worth
against the best in hindsight, each publisher counting once. The last line is a JSON object.
"""

import argparse
import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from roads_answers import ROUND_USD, STAKES
from roads_code import mark
from roads_curves import CUTS, HIGHEST, read_answers
from roads_rivals import RIVALS, Policy
from roads_score import Mean, Table, by_source
from roads_slopes import HALVES, KINDS, SEALED, Curve, fitted, merged, read_curves
from roads_tasks import FRESH, TASKS
from scipy.special import ndtr

from tunecase import catalog
from tunecase.forecast import believe, scale_of

WALKS = Path(__file__).parent / "roads_halves_walks.csv"
SEALED_WALKS = Path(__file__).parent / "roads_sealed_walks.csv"
MISSES = (0.0, 0.25, 1.0, 3.0, 9.0)
MOST_STEPS = 6
METRICS = {task.name: task.metric for task in (*TASKS, *FRESH)}
OURS = "the product"
WORLDS = 2_000

Key = tuple[str, str, str, float, float, float, float | None]


@dataclass(frozen=True)
class Walk:
    """A road that the product walked, by code of a mark: its first advice, and where it ended; see `Game`."""

    task: str
    learner: str
    part: str
    cut: float
    value: float
    price: float
    miss: float | None
    code: str  # see `roads_code.mark`
    advice: str
    steps: str
    rows: int
    shipped: bool
    spent: float

    @property
    def key(self) -> Key:
        """By which a road is known."""
        return self.task, self.learner, self.part, self.cut, self.value, self.price, self.miss


@dataclass(frozen=True)
class Game:
    """A road's stakes: a cut of the error shown, and `miss`, which is M, or None for linear credit from there on."""

    curve: Curve
    cut: float
    value: float
    price: float
    miss: float | None

    @property
    def key(self) -> Key:
        """By which a road is known."""
        curve = self.curve
        return curve.task, curve.learner, curve.part, self.cut, self.value, self.price, self.miss

    @property
    def target(self) -> float:
        """The score that is wanted."""
        return 1 - (1 - self.curve.last) * (1 - self.cut)

    def cost(self, rows: int, to: int) -> float:
        """Of going from so many rows to more, in one round [USD]."""
        return (to - rows) * self.price + ROUND_USD

    def credit(self, error: float) -> float:
        """What shipping at this true error brings, in worths of the target."""
        aim, base = 1 - self.target, 1 - self.curve.last
        if self.miss is None:
            return min(max((base - error) / (base - aim), 0.0), 1.0)
        return 1.0 if error <= aim else -self.miss

    def meets(self, rows: int) -> bool:
        """Whether the model at so many rows truly meets the target."""
        return 1 - self.curve.true(rows) <= 1 - self.target

    def end(self, spent: float, rows: int, shipped: bool) -> "End":
        """A road that ends here."""
        return End(spent, rows, shipped, self.value * self.credit(1 - self.curve.true(rows)) * shipped - spent)

    @cached_property
    def oracle(self) -> float:
        """The best in hindsight: ship, buy just what is best in one round, or nothing [USD]."""
        sizes = np.unique(np.geomspace(self.curve.held, self.curve.rows, 60).round().astype(int)).tolist()
        buys = [self.end(self.cost(self.curve.held, n), n, True).worth for n in sizes if n > self.curve.held]
        return max(0.0, self.end(0.0, self.curve.held, True).worth, *buys)


@dataclass(frozen=True)
class End:
    """Where a road ended: what was spent, at how many rows, whether a model was shipped, and its net worth [USD]."""

    spent: float
    rows: int
    shipped: bool
    worth: float


def games(curves: Sequence[Curve], misses: Sequence[float | None]) -> Iterator[Game]:
    """Every road of curves: three cuts of the error shown, at each price of a miss, four stakes."""
    for curve in curves:
        if curve.last > HIGHEST or not catalog.metric(METRICS[curve.task]).binomial:
            continue
        for cut in CUTS:
            yield from (Game(curve, cut, *stakes, miss) for miss in misses for stakes in STAKES)


def by_rule(game: Game, rule: Policy) -> End:
    """The road of a simple rule that ships where its test's own noise says that a miss is worth it."""
    curve, spent, rows = game.curve, 0.0, game.curve.held
    seen = {n: 1 - float(np.mean([s for m, s in curve.pilot if m == n])) for n, _ in curve.pilot}

    def ships(score: float) -> bool:
        sd = math.sqrt(max(score * (1 - score), 1e-4) / curve.items)
        if game.miss is None:
            return score > curve.last
        chance = float(ndtr((score - game.target) / sd))
        return chance >= game.miss / (1 + game.miss) if game.miss else score >= game.target

    for made in range(MOST_STEPS):
        if ships(1 - seen[rows]) and not (game.miss is None and 1 - seen[rows] < game.target):
            return game.end(spent, rows, True)
        to = rule(game, rows, seen, made)  # type: ignore[arg-type]
        if to is None or to <= rows:
            break
        spent += game.cost(rows, to)
        rows, seen[to] = to, 1 - curve.shown(to)
    return game.end(spent, rows, ships(1 - seen[rows]))


Played = tuple[Game, Mapping[str, End]]  # a road, and where everybody ended on it


def played(walks: Sequence[Walk], roads: Sequence[Game]) -> list[Played]:
    """Every road that the product walked, played by all."""
    found = {walk.key: walk for walk in walks}
    made = []
    for game in roads:
        walk = found.get(game.key)
        if walk is not None:
            ends = {name: by_rule(game, rule) for name, rule in RIVALS.items()}
            made.append((game, {OURS: game.end(walk.spent, walk.rows, walk.shipped), **ends}))
    return made


def regrets(roads: Sequence[Played]) -> tuple[list[str], dict[str, Any]]:
    """What everybody lost on roads of one price of a miss, what each rule lost beyond the product, and how roads ended.

    Returns: a row of cells, and figures.
    """

    def lost(name: str) -> list[tuple[str, float]]:
        return [(game.curve.source, (game.oracle - ends[name].worth) / game.value) for game, ends in roads]

    ours, cells, figures = lost(OURS), [], {}
    for name in (OURS, *RIVALS):
        theirs = lost(name)
        more = by_source((source, x - y) for (source, x), (_, y) in zip(theirs, ours, strict=True))
        mean = by_source(theirs)
        figures[name] = {"regret": mean.figures()} | ({} if name == OURS else {"more than ours": more.figures()})
        cells.append(mean.words(".3f") if name == OURS else f"{mean.mean:.3f}; {more.words('+.3f')}")
        shipped = [game.meets(ends[name].rows) for game, ends in roads if ends[name].shipped]
        left = sum(game.meets(ends[name].rows) and not ends[name].shipped for game, ends in roads)
        figures[name] |= {"shipped": len(shipped), "misses": len(shipped) - sum(shipped), "not shipped": left}
    return cells, figures


def ended(figures: Mapping[str, Any]) -> list[str]:
    """How many roads were shipped, missed of these, and were not shipped though the model at hand meets the target."""
    return [" / ".join(str(figures[name][what]) for what in ("shipped", "misses", "not shipped"))
            for name in (OURS, *RIVALS)]  # fmt: skip


def brier(roads: Sequence[Game], learnt: bool) -> Mean:
    """Of "the target is met at all rows", by the forecast's worlds, with slopes of other publishers or without."""
    pairs, drawn = [], {}
    for game in roads:
        curve = game.curve
        if curve not in drawn:
            points = merged(curve.pilot, curve.items)
            slopes = fitted(curve.source)[KINDS[curve.learner]] if learnt else None
            scale = scale_of(METRICS[curve.task], "higher", points)
            drawn[curve] = believe(points, scale, language_model=False, slopes=slopes).paths([curve.rows], WORLDS)
        chance = float((drawn[curve] <= 1 - game.target).mean())
        pairs.append((curve.source, (chance - game.meets(curve.rows)) ** 2))
    return by_source(pairs)


def count(walks: Sequence[Walk], roads: Sequence[Played]) -> dict[str, Any]:
    """What the figures rest on."""
    kept = {game.key for game, _ in roads}
    some = [walk for walk in walks if walk.key in kept]
    return {
        "tasks": len({walk.task for walk in some}), "sources": len({game.curve.source for game, _ in roads}),
        "curves": len({walk.key[:3] for walk in some}), "roads": len({walk.key[:-1] for walk in some}),
        "walks": len(some), "distinct walks": len({(*walk.key[:4], walk.steps) for walk in some}),
        "code": dict(Counter(walk.code for walk in some)), "of this code": sum(w.code == mark() for w in some),
        "first advice": dict(Counter(walk.advice for walk in some)),
    }  # fmt: skip


def main() -> None:
    """Prints the tables and the JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="all", choices=("all", "first", "fresh", "sealed"))
    asked = parser.parse_args()
    fresh = {task.name for task in FRESH}
    sealed = asked.sets == "sealed"
    kinds = {"first": (False,), "fresh": (True,)}.get(asked.sets, (False, True))
    curves = [curve for curve in read_curves(SEALED if sealed else HALVES) if (curve.task in fresh) in kinds]
    walks = read_answers(SEALED_WALKS if sealed else WALKS, Walk)
    rows, ends, figures, everything = [], [], {}, []
    for miss in (*MISSES, None):
        roads = played(walks, list(games(curves, [miss])))
        everything += roads
        if roads:
            name = "linear" if miss is None else f"{miss:g}"
            cells, figures[name] = regrets(roads)
            rows.append([name, str(len(roads)), *cells])
            ends.append([name, *ended(figures[name])])
    print("Regret of the product; of each rule, with what it loses beyond the product\n")
    print(Table(("M", "roads", OURS, *RIVALS), rows))
    print("\nRoads shipped / of these those that miss / not shipped though the model at hand meets the target\n")
    print(Table(("M", OURS, *RIVALS), ends))
    all_roads = list(games(curves, [0.0]))
    chances = {name: brier(all_roads, learnt) for name, learnt in (("with slopes", True), ("without", False))}
    print("\nBrier score of the target at all rows: " + ", ".join(f"{n} {m.words('.3f')}" for n, m in chances.items()))
    told = {name: mean.figures() for name, mean in chances.items()}
    print(json.dumps({"regret": figures, "brier": told, "count": count(walks, everything)}))


if __name__ == "__main__":
    main()
