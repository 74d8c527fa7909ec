"""Our policy in the worlds of `deciding_worlds.py`: the product's belief and its best policy, for models that race.

What is the product's: `curves.believe` (without the lessons and the width of the curve's own source),
`Belief.paths`, and `policy.best_policy`. What is only here: the nodes of a race on shared labels, how the models'
worlds go together, the weight of costs, and the margin that a plan must be worth.

    worth(arms) = value of the best policy over worlds w:  V - S of the cheapest arm whose test passes
                  - caution x (labels, once + one run of every arm in the race)   of each size bought

Models of one task share their luck: the world in which one goes on well is the world in which the others do (ranks are
made one). Were they independent, one of five would nearly always save the day, and hopeless races would look good.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from deciding_policies import REMEMBERED
from deciding_worlds import Arm, Buy, Policy, Problem, View
from forecasting import Pool, lessons_without, shipped_curves, tasks

from tunecase.forecast.curves import Belief, believe
from tunecase.forecast.points import to_score
from tunecase.forecast.scale import Scale
from tunecase.plan.rounds.policy import Node, Step, best_policy
from tunecase.quantities.spread import generator
from tunecase.records import Point

WORLDS = 1_000
CAUTION = 1.5  # the weight of costs: the best of many plans on one belief looks too good
MARGIN = 0.5  # of the next step's price, which a plan must be worth: promises smaller than that were not kept


@cache
def pool() -> Pool:
    """Every third task of the shipped library, to learn widths from."""
    return Pool(tasks(shipped_curves())[::3])


def belief_of(problem: Problem, arm: Arm, sizes: np.ndarray, errors: np.ndarray) -> Belief:
    """The product's belief from some points of an arm, nothing of it learnt from the arm's own unit.

    Args:
        sizes, errors: measured so far, shape (points,).
    """
    at = np.searchsorted(problem.sizes, sizes)
    points = [
        Point(int(n), to_score(float(e), arm.direction), int(runs), problem.test_rows, None if math.isnan(sd) else sd)
        for n, e, runs, sd in zip(sizes, errors, arm.runs[at], arm.spreads[at].tolist(), strict=True)
    ]
    belief = believe(
        points, Scale(arm.direction, arm.bounded, binomial=problem.test_rows is not None, loss=arm.loss),
        language_model=arm.language_model, library=lessons_without(frozenset({arm.unit})),
    )  # fmt: skip
    return replace(belief, calibration=pool().calibration(arm.unit, belief.calibration.kind))


class Worlds:
    """Worlds of each arm, drawn once for the same points: true errors at the sizes to come, (worlds, sizes)."""

    def __init__(self) -> None:
        self.kept: OrderedDict[tuple[str, bytes, bytes, int | None], np.ndarray] = OrderedDict()

    def __call__(self, view: View, arm: int) -> np.ndarray:
        """The worlds of one arm."""
        problem, seen = view.problem, np.isfinite(view.shown[arm])
        sizes, errors, later = problem.sizes[: view.at][seen], view.shown[arm, seen], problem.sizes[view.at :]
        key = problem.arms[arm].name, errors.tobytes(), later.tobytes(), problem.test_rows
        if key not in self.kept:
            belief = belief_of(problem, problem.arms[arm], sizes, errors)
            self.kept[key] = belief.paths(later, WORLDS).astype(np.float32)
            if len(self.kept) > REMEMBERED:
                self.kept.popitem(last=False)
        return self.kept[key].astype(float)


def together(worlds: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The worlds of several arms in one order, from those that go on best to those that go on worst."""
    if len(worlds) == 1:
        return worlds
    return {arm: paths[np.argsort(np.log(paths).mean(axis=1), kind="stable")] for arm, paths in worlds.items()}


def nodes(view: View, arms: Sequence[int], worlds: dict[int, np.ndarray], caution: float = CAUTION) -> tuple[Node, ...]:
    """The race of some arms: node k + 1 is where the test at the k-th size to come leaves it.

    What is shown is the lowest error of any arm; labels are paid once, and every arm pays its run.
    """
    problem, at = view.problem, view.at
    true = np.stack([worlds[arm] for arm in arms], axis=-1)  # (worlds, sizes, arms)
    shown = _tests(true, problem.test_rows)
    labels = problem.label_price * np.diff(problem.sizes[at - 1 :])
    costs = caution * (labels + problem.training[list(arms), at:].sum(axis=0))
    count, later = true.shape[:2]
    found = [Node(np.zeros(count), (Step("more", 1, float(costs[0])),))]
    passed = problem.passes(shown)
    serving = problem.serving[list(arms)]
    for size in range(later):
        met = passed[:, size]
        cheapest = np.where(met, serving, np.inf).argmin(axis=1)
        true_hit = true[np.arange(count), size, cheapest] <= problem.target
        gain = problem.value * true_hit - serving[cheapest]
        ends = np.where(met.any(axis=1) & (problem.value > serving[cheapest]), gain, 0.0)
        more = (Step("more", size + 2, float(costs[size + 1])),) if size + 1 < later else ()
        found.append(Node(ends, more, np.log(shown[:, size].min(axis=1) + 1e-9), met.any(axis=1)))
    return tuple(found)


def _tests(true: np.ndarray, test_rows: int | None) -> np.ndarray:
    """What tests show; the luck of items is drawn anew for each."""
    if test_rows is None:
        return true
    right = generator(0, "tests of a race").binomial(test_rows, np.clip(1 - true, 0.0, 1.0))
    return np.asarray(1 - right / test_rows)


def worth(view: View, arms: Sequence[int], worlds: dict[int, np.ndarray], caution: float = CAUTION) -> float:
    """What buying the next size and following the best policy then is worth on average, for arms that race."""
    policy = best_policy(nodes(view, arms, worlds, caution))
    return float(policy.after(policy.nodes[0].steps[0]).mean())


def entrants(view: View, worlds: dict[int, np.ndarray], caution: float = CAUTION) -> tuple[tuple[int, ...], float]:
    """(arms that race, what that is worth): the best alone, then each other one whose run is worth its price."""
    alone = {arm: worth(view, [arm], worlds, caution) for arm in worlds}
    first, *others = sorted(alone, key=lambda arm: -alone[arm])
    chosen, best = [first], alone[first]
    for arm in others:
        found = worth(view, [*chosen, arm], worlds, caution)
        if found > best:
            chosen, best = [*chosen, arm], found
    return tuple(chosen), best


def ours(
    one_arm: bool = False,
    caution: float = CAUTION,
    margin: float = MARGIN,
    drawn: Callable[[View, int], np.ndarray] | None = None,
) -> Policy:
    """Buy the next size with the arms that are worth racing, while that is worth more than part of its price."""
    draw = drawn or Worlds()

    def policy(view: View) -> Buy | None:
        problem, at = view.problem, view.at
        arms = [view.best_arm()] if one_arm else range(len(problem.arms))
        chosen, best = entrants(view, together({arm: draw(view, arm) for arm in arms}), caution)
        price = problem.labels(at, at) + float(problem.training[list(chosen), at].sum())
        return Buy(at, chosen) if best > margin * price else None

    return policy
