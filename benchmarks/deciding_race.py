"""Our policy in the worlds of `deciding_worlds.py`: the product's belief and its board, for models that race.

What is the product's: `curves.believe` (without the lessons and the width of the curve's own source), `Belief.paths`,
and `board.lay_out` with what `Board.after` says of each step. The best first step is taken, to any size; its test is a
point more, and the question is asked again, until a model is put to use or nothing is worth its price. What is only
here: what a race on shared labels costs and brings, and how the models' worlds go together.

    worth(arms, N) = E over worlds of  V - S of the cheapest arm that meets the target at N
                     - labels to N, once - one run of every arm in the race

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
from tunecase.plan.rounds.board import Actions, Purchase, RoundPrices, Rules, lay_out
from tunecase.records import Point

WORLDS = 1_000
Drawn = Callable[[View, int], np.ndarray]  # worlds of an arm: errors from the last size on, (worlds, sizes)


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
    """Worlds of each arm, drawn once for the same points: true errors from the last size on, (worlds, sizes)."""

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


def best_step(view: View, arms: Sequence[int], worlds: dict[int, np.ndarray]) -> tuple[float, int]:
    """(what the best first step of arms that race is worth on average, the size to which it buys).

    Labels are paid once, and every arm pays its run. Where tests show the truth, the "error" of a race is the part of V
    that is not had: its cheapest arm that meets the target is put to use. Where they are draws, there is one arm.
    """
    problem, at, some = view.problem, view.at, list(arms)
    true, sizes = np.stack([worlds[arm] for arm in some], axis=-1), problem.sizes[at - 1 :]
    had = (true <= problem.target) * np.maximum(1 - problem.serving[some] / problem.value, 0.0)
    raced, single = (1 - had.max(axis=-1), lambda missed: 1 - missed), (true[..., 0], problem.credit)
    paths, credit = raced if problem.test_rows is None else single
    costs = np.diff(problem.label_price * (sizes[1:] - sizes[0]) + problem.training[some, at:].sum(axis=0), prepend=0.0)
    laid = lay_out(
        paths, sizes.tolist(), rules=Rules(problem.test_rows, problem.value, credit), prices=RoundPrices(0.0, 0.0),
        actions=Actions((Purchase("more", tuple(costs), tuple(np.diff(sizes))),)),
    )  # fmt: skip
    best = laid.first("more")
    assert best is not None
    return float(laid.after(best).mean()), at - 1 + laid.steps[best].size


def entrants(view: View, worlds: dict[int, np.ndarray]) -> tuple[tuple[int, ...], float, int]:
    """(arms that race, what that is worth, to which size): the best alone, then each other one worth its price."""
    alone = {arm: best_step(view, [arm], worlds) for arm in worlds}
    first, *others = sorted(alone, key=lambda arm: -alone[arm][0])
    chosen, best = [first], alone[first]
    for arm in others:
        found = best_step(view, [*chosen, arm], worlds)
        if found[0] > best[0]:
            chosen, best = [*chosen, arm], found
    return tuple(chosen), *best


def shipping(view: View, arm: int, worlds: np.ndarray) -> float:
    """What putting an arm to use now is worth on average; nothing where it was not trained at the last size."""
    problem, shown = view.problem, view.shown[arm, -1]
    if not view.rounds or math.isnan(shown):
        return 0.0
    errors = np.array([shown]) if problem.test_rows is None else worlds[:, 0]
    return float(problem.value * problem.credit(errors).mean() - problem.serving[arm])


def ours(one_arm: bool = False, in_parts: bool = False, drawn: Drawn | None = None) -> Policy:
    """Take the first step that is worth most, or put to use what is at hand where that is worth more; then ask again.

    `in_parts` buys no more than the next size on the way to the best one.
    """
    draw = drawn or Worlds()

    def policy(view: View) -> Buy | int | None:
        arms = [view.best_arm()] if one_arm else range(len(view.problem.arms))
        worlds = {arm: draw(view, arm) for arm in arms}
        now, arm = max((shipping(view, arm, paths), arm) for arm, paths in worlds.items())
        if view.at < len(view.problem.sizes):
            chosen, best, to = entrants(view, together(worlds))
            if best > max(now, 0.0):
                return Buy(view.at if in_parts else to, chosen)
        return arm if now > 0 else None

    return policy
