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
from tunecase.plan.rounds import Board, RoundPrices
from tunecase.plan.rounds.board import Actions, Purchase, Rules, lay_out
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
        sizes, errors, later = problem.sizes[: view.at][seen], view.shown[arm, seen], problem.sizes[view.at - 1 :]
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


def board(view: View, arms: Sequence[int], worlds: dict[int, np.ndarray], caution: float = CAUTION) -> Board:
    """Every size to which some arms can race at once: labels are paid once, and every arm pays its run.

    Where tests show the truth, the "error" of a race is the part of V that is not had: its cheapest arm that meets the
    target is put to use. Where they are draws, there is one arm.
    """
    problem, at = view.problem, view.at
    true, sizes = np.stack([worlds[arm] for arm in arms], axis=-1), problem.sizes[at - 1 :]
    had = (true <= problem.target) * np.maximum(1 - problem.serving[list(arms)] / problem.value, 0.0)
    paths, credit = 1 - had.max(axis=-1), lambda missed: 1 - missed
    if problem.test_rows is not None:
        paths, credit = true[..., 0], lambda errors: (errors <= problem.target).astype(float)
    totals = problem.label_price * (sizes[1:] - sizes[0]) + problem.training[list(arms), at:].sum(axis=0)
    costs = np.diff(caution * totals, prepend=0.0)
    more = Purchase("more", tuple(costs.tolist()), tuple(np.diff(sizes).tolist()))
    return lay_out(
        paths, sizes.tolist(), rules=Rules(problem.test_rows, problem.value, credit), prices=RoundPrices(0.0, 0.0),
        actions=Actions((more,)),
    )  # fmt: skip


def best_step(
    view: View, arms: Sequence[int], worlds: dict[int, np.ndarray], caution: float = CAUTION
) -> tuple[float, int]:
    """(what the best first step of a race is worth on average, the size that it buys to)."""
    laid = board(view, arms, worlds, caution)
    return max((float(laid.after(at).mean()), view.at - 1 + step.size) for at, step in enumerate(laid.steps))


def entrants(view: View, worlds: dict[int, np.ndarray], caution: float = CAUTION) -> tuple[tuple[int, ...], float, int]:
    """(arms that race, what that is worth, to which size): the best alone, then each other that is worth its price."""
    alone = {arm: best_step(view, [arm], worlds, caution) for arm in worlds}
    first, *others = sorted(alone, key=lambda arm: -alone[arm][0])
    chosen, best = [first], alone[first]
    for arm in others:
        found = best_step(view, [*chosen, arm], worlds, caution)
        if found[0] > best[0]:
            chosen, best = [*chosen, arm], found
    return tuple(chosen), *best


def ours(
    one_arm: bool = False,
    caution: float = CAUTION,
    margin: float = MARGIN,
    drawn: Callable[[View, int], np.ndarray] | None = None,
) -> Policy:
    """Buy the next size with the arms that are worth racing, while that is worth more than part of its price."""
    draw = drawn or Worlds()

    def policy(view: View) -> Buy | int | None:
        problem, at = view.problem, view.at
        arms = [view.best_arm()] if one_arm else range(len(problem.arms))
        worlds = {arm: draw(view, arm) for arm in arms}
        now, arm = max((shipping(view, arm, paths), arm) for arm, paths in worlds.items())
        if at < len(problem.sizes):
            chosen, best, to = entrants(view, together(worlds), caution)
            price = problem.labels(at, to) + float(problem.training[list(chosen), to].sum())
            if best - margin * price > max(now, 0.0):
                return Buy(to, chosen)
        return arm if now > 0 else None

    return policy


def shipping(view: View, arm: int, worlds: np.ndarray) -> float:
    """What putting an arm to use now is worth on average; nothing where it was not trained at the last size."""
    problem, shown = view.problem, view.shown[arm, -1]
    if not view.rounds or math.isnan(shown):
        return 0.0
    met = worlds[:, 0] <= problem.target if problem.test_rows else shown <= problem.target
    return float(problem.value * np.mean(met) - problem.serving[arm])
