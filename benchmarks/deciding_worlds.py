"""Worlds of measured curves in which a policy buys labels, trains, tests and stops: what it may see, and what it pays.

World A, models against data: five models of one task race on shared labels, told apart by their loss, their size and
what serving them costs. World B, one curve that is not a loss of a fine-tune, of any source that has one long enough.
World C is B with tests of 200 items: the pilot and every later test are binomial draws, and putting to use what misses
the target costs V.

A policy sees a `View` and nothing else; the later points of the curves stay in the `Episode`.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from forecasting import Curve, pilot

PARAMETERS_M = {  # millions, from the source's tables; some without embeddings
    "LaMini-GPT-124M": 124.4, "LaMini-GPT-774M": 774.0, "LaMini-GPT-1.5B": 1557.6,
    "Cerebras-GPT-111M": 111.1, "Cerebras-GPT-256M": 256.0, "Cerebras-GPT-1.3B": 1315.7, "Cerebras-GPT-2.7B": 2651.6,
    "bart-base": 96.1, "bart-large": 254.1, "bart-large-cnn": 254.1, "bart-large-xsum": 254.1,
    "opt-350m": 331.2, "opt-1.3b": 1315.8, "opt-2.7b": 2651.6, "opt-6.7b": 6658.5,
    "gpt2": 124.4, "gpt2-medium": 354.8, "gpt2-large": 774.0, "gpt2-xl": 1557.6,
    "t5-small": 60.5, "t5-base": 222.9, "t5-v1_1-base": 247.6, "mt5-base": 582.4, "mt5-large": 1229.6,
    "switch-base-8": 619.3, "switch-base-16": 1072.4, "switch-base-32": 1978.5,
    "phi-1_5": 1418.3, "phi-2": 2779.7, "mGPT": 1417.6,
}  # fmt: skip
TYPICAL_M = 800.0  # of a model whose name tells no size
MODELS = 5  # of one race
RACE_PILOT = 4  # sizes known at the start of world A
LABEL_PRICES = (0.01, 0.05, 0.20)
FLOP_PER_S, USD_PER_HOUR, TOKENS, EPOCHS, RUN_USD = 1.5e14, 2.0, 100, 3, 20.0
SERVING_USD = 2_000 / 1e9  # per parameter, over the horizon
THREE_SOURCES = ("pet", "lcdb", "gptchem")  # of the published figures of world B
LEAST_SIZES, LEAST_PILOT, RATIO = 6, 3, 8
LABEL_USD, RUN_SHARE = 0.1, 0.002  # of world B: a label; a run, as a share of V
TEST_ROWS = 200  # of world C
SURE = 1.2816  # standard errors by which a rival's score lies above the target: 90%
MISS = 1.0  # what putting to use costs where the target is missed, as a share of V


@dataclass(frozen=True, eq=False)
class Arm:
    """What is known of a model before anything is measured: whose lessons to leave out, and what its scores are."""

    name: str
    unit: str
    direction: str
    bounded: bool
    language_model: bool
    loss: bool
    runs: np.ndarray
    spreads: np.ndarray


@dataclass(frozen=True, eq=False)
class Problem:
    """What is asked and what it costs. Arrays over sizes have shape (sizes,), of arms (arms,) or (arms, sizes)."""

    world: str
    arms: tuple[Arm, ...]
    sizes: np.ndarray
    first: int  # sizes known at the start
    target: float  # on the scale of errors
    value: float
    label_price: float
    serving: np.ndarray
    training: np.ndarray  # of one run at each size
    test_rows: int | None = None

    def labels(self, at: int, to: int) -> float:
        """The price of the labels from the last known size to size `to`, `at` sizes being known."""
        return float(self.label_price * (self.sizes[to] - self.sizes[at - 1]))

    def passes(self, shown: np.ndarray) -> np.ndarray:
        """Whether tests that show these errors meet the target for sure; without items, the point decides."""
        doubt = 0.0 if self.test_rows is None else SURE * math.sqrt(self.target * (1 - self.target) / self.test_rows)
        return np.asarray(shown <= self.target - doubt)

    def credit(self, errors: np.ndarray) -> np.ndarray:
        """The part of V that a model of these true errors brings where it is put to use."""
        return np.where(errors <= self.target, 1.0, -MISS)


@dataclass(frozen=True, eq=False)
class View:
    """All that a policy sees: the problem and the errors shown so far, (arms, known sizes), NaN where not measured."""

    problem: Problem
    shown: np.ndarray
    spent: float
    rounds: int

    @property
    def at(self) -> int:
        """How many sizes are behind: the index of the next one."""
        return self.shown.shape[1]

    def best_arm(self) -> int:
        """The arm of the lowest error at the last size at which any was measured."""
        last = np.flatnonzero(np.isfinite(self.shown).any(0))[-1]
        return int(np.nanargmin(self.shown[:, last]))


@dataclass(frozen=True)
class Buy:
    """Go to size `to`, train the `arms` there: the first is the chosen one, the others are refreshed."""

    to: int
    arms: tuple[int, ...]


Policy = Callable[[View], Buy | int | None]  # an arm is put to use as it was trained last, None: no more is done


@dataclass(frozen=True, eq=False)
class Episode:
    """One problem with what no policy sees: the true errors and what every test would show, (arms, sizes)."""

    problem: Problem
    errors: np.ndarray
    shown: np.ndarray

    @property
    def curves(self) -> tuple[str, ...]:
        """The names of its curves, one of each arm."""
        return tuple(arm.name for arm in self.problem.arms)

    @property
    def source(self) -> str:
        """The unit of its curves, which lessons leave out: of losses the task."""
        return self.problem.arms[0].unit

    @property
    def oracle(self) -> float:
        """The most that could be had: max(0, best over arms of buying exactly the first size that meets the target)."""
        problem, best = self.problem, 0.0
        for arm, errors in enumerate(self.errors):
            met = np.flatnonzero(errors[problem.first :] <= problem.target)
            if len(met):
                to = problem.first + int(met[0])
                paid = problem.labels(problem.first, to) + problem.training[arm, to]
                best = max(best, problem.value - problem.serving[arm] - paid)
        return float(best)


@dataclass(frozen=True)
class Outcome:
    """What a policy came to: money in the unit of V; `false_pass` where a model that misses was put to use."""

    utility: float
    spent: float
    hit: bool
    false_pass: bool


def play(episode: Episode, policy: Policy) -> Outcome:
    """Lets a policy buy sizes until it stops or puts an arm to use.

    Labels are shared and paid once; every arm trained costs a run, and the one put to use what serving it costs.
    """
    problem, spent, rounds = episode.problem, 0.0, 0
    known = np.full_like(episode.shown, np.nan)
    at = problem.first
    known[:, :at] = episode.shown[:, :at]
    while isinstance(buy := policy(View(problem, known[:, :at].copy(), spent, rounds)), Buy):
        arms = list(buy.arms)
        spent += problem.labels(at, buy.to) + float(problem.training[arms, buy.to].sum())
        known[arms, buy.to] = episode.shown[arms, buy.to]
        at, rounds = buy.to + 1, rounds + 1
    if buy is None:
        return Outcome(-spent, spent, False, False)
    error = episode.errors[buy, at - 1]
    gained, hit = float(problem.value * problem.credit(error) - problem.serving[buy]), bool(error <= problem.target)
    return Outcome(gained - spent, spent, hit, not hit)


def world_a(curves: Sequence[Curve], episodes: int, seed: int) -> list[Episode]:
    """Races of five models of one task; none where no task has five loss curves over the same six sizes or more."""
    rng = np.random.default_rng(seed)
    tasks = _races(curves)
    found = []
    for number in range(episodes if tasks else 0):
        sizes, some = tasks[number % len(tasks)]
        chosen = [some[i] for i in rng.choice(len(some), MODELS, replace=False)]
        kept = [np.searchsorted(curve.sizes, sizes) for curve in chosen]
        errors = np.array([curve.errors[at] for curve, at in zip(chosen, kept, strict=True)])
        low, high = sorted((0.85 * errors[:, -1].min(), 0.97 * errors[:, RACE_PILOT - 1].min()))
        target = _log_uniform(rng, low, high)
        value, price = _log_uniform(rng, 3e3, 2e5), float(rng.choice(LABEL_PRICES))
        parameters = np.array([1e6 * parameters_m(curve.facts["model"]) for curve in chosen])
        seconds = 6 * parameters[:, None] * TOKENS * EPOCHS * sizes / FLOP_PER_S
        problem = Problem(
            "A", tuple(_arm(curve, at) for curve, at in zip(chosen, kept, strict=True)), sizes, RACE_PILOT, target,
            value, price, SERVING_USD * parameters, RUN_USD + seconds / 3600 * USD_PER_HOUR,
        )  # fmt: skip
        found.append(Episode(problem, errors, errors))
    return found


def _races(curves: Sequence[Curve]) -> list[tuple[np.ndarray, list[Curve]]]:
    """(common sizes, curves) of every task with enough loss curves."""
    groups: dict[tuple[str, str], list[Curve]] = {}
    for curve in curves:
        if curve.group == "loss" and len(curve.sizes) > RACE_PILOT:
            groups.setdefault((curve.facts["source"], curve.facts["task"]), []).append(curve)
    found = []
    for some in groups.values():
        sizes = sorted(set.intersection(*(set(curve.sizes.tolist()) for curve in some)))
        if len(some) >= MODELS and len(sizes) >= LEAST_SIZES:
            found.append((np.array(sizes), some))
    return found


def parameters_m(model: str) -> float:
    """Millions of parameters of a model: the source's table, else what its name says, else a typical number.

    Example: "some/model-350m" has 350.
    """
    name = model.rsplit("/", maxsplit=1)[-1]
    if name in PARAMETERS_M:
        return PARAMETERS_M[name]
    said = re.findall(r"(\d+(?:\.\d+)?)\s*([mMbB])(?![a-zA-Z])", name)
    return float(said[-1][0]) * (1_000 if said[-1][1] in "bB" else 1) if said else TYPICAL_M


def world_b(
    curves: Sequence[Curve], episodes: int, seed: int, bounded: bool = False, only: Sequence[str] | None = None
) -> list[Episode]:
    """One curve each, its source drawn evenly; none where no curve is long enough.

    Args:
        bounded: leave out errors in a unit of their own.
        only: these sources, as far as there are any; None: every source.
    """
    rng = np.random.default_rng(seed)
    sources = _metric_sources(curves, bounded)
    if only is not None:
        sources = {unit: sources[unit] for unit in only if unit in sources}
    names = list(sources)
    found = []
    for _ in range(episodes if names else 0):
        some = sources[names[rng.integers(len(names))]]
        curve, kept = some[rng.integers(len(some))]
        at = np.array([*kept, *range(kept[-1] + 1, len(curve.sizes))])
        sizes, errors = curve.sizes[at], curve.errors[at][None]
        target = _log_uniform(rng, 0.8 * curve.errors.min(), 0.98 * errors[0, len(kept) - 1])
        value = LABEL_USD * sizes[-1] * _log_uniform(rng, 0.2, 20)
        training = np.full((1, len(sizes)), RUN_SHARE * value)
        problem = Problem(
            "B", (_arm(curve, at),), sizes, len(kept), target, value, LABEL_USD, np.zeros(1), training
        )  # fmt: skip
        found.append(Episode(problem, errors, errors))
    return found


def _metric_sources(curves: Sequence[Curve], bounded: bool) -> dict[str, list[tuple[Curve, tuple[int, ...]]]]:
    """The curves that are long enough, with their pilots, by source."""
    found: dict[str, list[tuple[Curve, tuple[int, ...]]]] = {}
    for curve in curves:
        kept = pilot(curve.sizes, curve.sizes[-1] / RATIO) if len(curve.sizes) >= LEAST_SIZES else ()
        if curve.group != "loss" and len(kept) >= LEAST_PILOT and (curve.bounded or not bounded):
            found.setdefault(curve.unit, []).append((curve, kept))
    return found


def world_c(curves: Sequence[Curve], episodes: int, seed: int) -> list[Episode]:
    """World B of three sources with tests of 200 items: what is shown are binomial draws, the pilot's included."""
    rng = np.random.default_rng([seed, TEST_ROWS])
    found = []
    for episode in world_b(curves, episodes, seed, bounded=True, only=THREE_SOURCES):
        shown = rng.binomial(TEST_ROWS, np.minimum(episode.errors, 1.0)) / TEST_ROWS
        problem = replace(episode.problem, world="C", test_rows=TEST_ROWS)
        found.append(Episode(problem, episode.errors, shown))
    return found


def _arm(curve: Curve, at: np.ndarray) -> Arm:
    language = curve.group != "other"
    return Arm(
        curve.name, curve.unit, curve.direction, curve.bounded, language, curve.group == "loss", curve.runs[at],
        curve.spreads[at],
    )  # fmt: skip


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))
