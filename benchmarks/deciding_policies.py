"""Policies that others would follow in the worlds of `deciding_worlds.py`, from "double until it works" to shape atoms.

The expected-value rule with a give-up size takes any belief: a set of curves, each equally likely. For an arm a and a
give-up size c,

    EV(a, c) = sum over curves of [ max(0, V - S_a) 1(n* <= c) - cost(min(n*, c)) ] / curves,   n* the first size met

the best (a, c) is looked for at every size, and its first step alone is taken; nothing where none is worth more than 0.
"""

import math
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from deciding_worlds import Buy, Policy, View
from forecasting import PLAIN

from tunecase.forecast.models import fit_atoms
from tunecase.forecast.points import LEAST_ERROR

DRAWS = 300  # of shape atoms, as published
BOOTSTRAPS = 60
MAHMOOD_ROUNDS = 5
FIXED_AHEAD = 4  # the fifth size after the pilot
REMEMBERED = 4_000

Draw = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # (sizes, errors, later sizes) -> ln e (draws, later)


class Remembered:
    """A belief that is worked out once for the same points and later sizes; the latest few thousand are kept."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.kept: OrderedDict[tuple[bytes, bytes, bytes], np.ndarray] = OrderedDict()

    def __call__(self, sizes: np.ndarray, errors: np.ndarray, later: np.ndarray) -> np.ndarray:
        """Draws of ln e at the later sizes, shape (draws, later)."""
        key = sizes.tobytes(), errors.tobytes(), later.tobytes()
        if key not in self.kept:
            self.kept[key] = self.draw(sizes, errors, later).astype(np.float32)
            if len(self.kept) > REMEMBERED:
                self.kept.popitem(last=False)
        return self.kept[key]


def measured(view: View, arm: int) -> tuple[np.ndarray, np.ndarray]:
    """(sizes, errors) at which an arm was measured, errors no less than the scale's least."""
    seen = np.isfinite(view.shown[arm])
    return view.problem.sizes[: view.at][seen], np.maximum(view.shown[arm, seen], LEAST_ERROR)


def always(view: View) -> Buy | None:
    """Double with the pilot's best arm until the target is met or V would be spent."""
    arm = view.best_arm()
    cost = view.problem.labels(view.at, view.at) + view.problem.training[arm, view.at]
    return Buy(view.at, (arm,)) if view.spent + cost <= view.problem.value else None


def fixed(view: View) -> Buy | None:
    """One purchase, at the fifth size after the pilot or the last, with the pilot's best arm."""
    if view.rounds:
        return None
    return Buy(min(view.at + FIXED_AHEAD, len(view.problem.sizes) - 1), (view.best_arm(),))


def mahmood(view: View) -> Buy | None:
    """Collects what a fitted power law says is needed, five times at most, while V would not be spent.

    What lies beyond the curve or the law's floor asks for the last size. Source: Mahmood et al., CVPR 2022.
    """
    problem, arm, last = view.problem, view.best_arm(), len(view.problem.sizes) - 1
    if view.rounds >= MAHMOOD_ROUNDS:
        return None
    path = power_law(*measured(view, arm), np.ones(np.isfinite(view.shown[arm]).sum()), problem.sizes[view.at :])
    met = np.flatnonzero(path <= math.log(problem.target))
    to = view.at + int(met[0]) if len(met) else last
    cost = problem.labels(view.at, to) + problem.training[arm, to]
    return Buy(to, (arm,)) if view.spent + cost <= problem.value else None


def power_law(sizes: np.ndarray, errors: np.ndarray, weights: np.ndarray, at: np.ndarray) -> np.ndarray:
    """ln of a + b n^-c at the sizes asked for, a and b not negative: least squares, c over a grid by error in logs."""
    c = np.exp(np.linspace(math.log(0.02), math.log(3), 80))[:, None]
    x, w = sizes**-c, weights / weights.sum()
    mean_x, mean_e = x @ w, float(errors @ w)
    centred = x - mean_x[:, None]
    b = np.maximum((w * centred * (errors - mean_e)).sum(1) / np.maximum((w * centred**2).sum(1), 1e-300), 0)
    a = mean_e - b * mean_x
    b = np.where(a < 0, (w * x * errors).sum(1) / (w * x**2).sum(1), b)
    a = np.maximum(a, 0)
    loss = (w * (np.log(a[:, None] + b[:, None] * x) - np.log(errors)) ** 2).sum(1)
    i = int(loss.argmin())
    return np.asarray(np.log(np.maximum(a[i] + b[i] * at ** -c[i, 0], LEAST_ERROR)))


@Remembered
def local_power(sizes: np.ndarray, errors: np.ndarray, later: np.ndarray) -> np.ndarray:
    """One curve: a line in logs through the last three points, never rising."""
    x, y = np.log(sizes[-3:]), np.log(errors[-3:])
    slope = min(float(np.polyfit(x, y, 1)[0]), 0.0)
    return np.asarray((y.mean() + slope * (np.log(later) - x.mean()))[None])


@Remembered
def bootstrapped_power(sizes: np.ndarray, errors: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Sixty power laws, each through points drawn with replacement (two different ones at least)."""
    rng, count, paths = np.random.default_rng(len(sizes)), len(sizes), []
    while len(paths) < BOOTSTRAPS:
        weights = np.bincount(rng.integers(count, size=count), minlength=count).astype(float)
        used = weights > 0
        if used.sum() >= 2:
            paths.append(power_law(sizes[used], errors[used], weights[used], later))
    return np.array(paths)


@Remembered
def plain_atoms(sizes: np.ndarray, errors: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Draws of shape atoms with one constant scatter of 2%; see `forecasting.plain_atoms`."""
    fit = fit_atoms(
        sizes, np.log(errors), np.zeros((1, len(sizes))), PLAIN, roughness=(0.02,), only_true=False
    )  # fmt: skip
    return fit.sample(later, DRAWS, np.random.default_rng(0))


def best_cap(view: View, arm: int, paths: np.ndarray) -> float:
    """The highest expected net value of an arm over all sizes at which to give up."""
    problem, at = view.problem, view.at
    met = np.maximum.accumulate(paths <= math.log(problem.target), axis=1).mean(0)
    labels = problem.label_price * np.diff(problem.sizes[at - 1 :])
    still = np.append(1.0, 1 - met[:-1])
    gain = max(0.0, problem.value - problem.serving[arm]) * met
    return float((gain - np.cumsum(still * (labels + problem.training[arm, at:]))).max())


def rule(belief: Draw, one_arm: bool = False) -> Policy:
    """The expected-value rule with a give-up size on a belief, over all arms or the best one of the pilot."""

    def policy(view: View) -> Buy | None:
        arms = [view.best_arm()] if one_arm else list(range(len(view.problem.arms)))
        later = view.problem.sizes[view.at :]
        worth = {arm: best_cap(view, arm, belief(*measured(view, arm), later)) for arm in arms}
        best = max(worth, key=lambda arm: worth[arm])
        if worth[best] <= 0:
            return None
        return Buy(view.at, (best, *(arm for arm in arms if arm != best)))

    return policy


def until_passed(follow: Policy) -> Policy:
    """The rule until a test is passed: then the arm that is cheapest to serve is put to use, if V pays for that."""

    def policy(view: View) -> Buy | int | None:
        problem = view.problem
        passed = np.flatnonzero(problem.passes(view.shown[:, -1]) & (view.rounds > 0))
        if len(passed):
            arm = int(min(passed, key=lambda one: problem.serving[one]))
            return arm if problem.value > problem.serving[arm] else None
        return follow(view) if view.at < len(problem.sizes) else None

    return policy


RIVALS = {name: until_passed(follow) for name, follow in {
    "shape_atoms": rule(plain_atoms),
    "shape_atoms_one_arm": rule(plain_atoms, one_arm=True),
    "loc_opt_all_arms": rule(bootstrapped_power),
    "loc_opt": rule(bootstrapped_power, one_arm=True),
    "point": rule(local_power),
    "mahmood": mahmood,
    "always": always,
    "fixed": fixed,
}.items()}  # fmt: skip
