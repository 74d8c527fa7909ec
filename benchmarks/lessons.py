"""What published runs teach about strangers' runs: the most probable spread, and how wide a band must be to hold."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase.compute.doubt import Abroad, Effect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FREEDOMS = (3.0, 5.0, 12.0)  # of Student's t; the likeliest is taken
ROWS = 2.0  # a publisher's runs weigh no more than so many
SCALE_SD = 0.7  # prior of the logarithm of each scale
FOLDS = 8  # groups of publishers left out in turn
WIDTHS = tuple(1.06**power for power in range(-12, 40))  # factors on all scales that are tried
INSIDE = 0.80
HALF = 12  # points of Student's t kept above 0


@dataclass(frozen=True, slots=True)
class Priors:
    """Each scale's usual value, the doubt (sigma) about each middle, and the spread between stacks."""

    scales: Mapping[str, float]
    middles: Mapping[str, float]
    stack: float


@dataclass(frozen=True, slots=True)
class OneWay:
    """A run set up in one way: log(measured / predicted), the way's share, what it has of each scale, its stack."""

    gap: float
    share: float
    has: tuple[float, ...]
    stack: str


@dataclass(frozen=True, slots=True)
class Table:
    """Runs side by side in every way that each may be set up.

    `gaps` are logarithms of measured over predicted, shape (runs, ways); `weights`, shape (runs, ways, scales), say
    how much of each scale a run has; `design`, shape (runs, middles), how much of each middle.
    """

    publishers: tuple[str, ...]
    gaps: "Array"
    shares: "Array"
    weights: "Array"
    design: "Array"
    stacks: "NDArray[np.int64]"
    stack_names: tuple[str, ...]

    def only(self, keep: "NDArray[np.bool_]") -> "Table":
        """Some of the runs."""
        arrays = ("gaps", "shares", "weights", "design", "stacks")
        names = tuple(name for name, kept in zip(self.publishers, keep, strict=True) if kept)
        return replace(self, publishers=names, **{name: getattr(self, name)[keep] for name in arrays})

    @property
    def each(self) -> "Array":
        """The weight of each run, so that every publisher weighs alike: they add up to the number of publishers."""
        import numpy as np

        counts = Counter(self.publishers)
        return np.array([1 / counts[name] for name in self.publishers])


def table_of(publishers: Sequence[str], found: Sequence[Sequence[OneWay]], design: Sequence[Sequence[float]]) -> Table:
    """The runs side by side, from every way of each."""
    import numpy as np

    most, scales = max(map(len, found)), len(found[0][0].has)
    names = sorted({one.stack for each in found for one in each})
    gaps, shares = np.zeros((len(found), most)), np.zeros((len(found), most))
    weights, stacks = np.ones((len(found), most, scales)), np.zeros((len(found), most), dtype=np.int64)
    for at, each in enumerate(found):
        for k, one in enumerate(each):
            gaps[at, k], shares[at, k], weights[at, k] = one.gap, one.share, one.has
            stacks[at, k] = names.index(one.stack)
        stacks[at, len(each) :] = stacks[at, 0]
    return Table(tuple(publishers), gaps, shares, weights, np.array(design, dtype=float), stacks, tuple(names))


@dataclass(frozen=True, slots=True)
class Fitted:
    """The most probable values: scales, middles, stacks with the doubt about each."""

    freedom: float
    scales: "Array"
    middles: "Array"
    stacks: "Array"
    stack_sigmas: "Array"
    badness: float


def learn(table: Table, priors: Priors) -> tuple[Fitted, float]:
    """The most probable spread, and the factor on its scales with which 80% of held-out publishers' runs lie inside.

    Args:
        table: the runs; every publisher weighs alike, as two runs at most.
        priors: what is assumed before any run is seen.
    Returns: the values and the factor, 1 where too few publishers are there to leave any out.
    """
    fitted = min((_fitted(table, priors, freedom) for freedom in FREEDOMS), key=lambda one: one.badness)
    return fitted, _width(table, priors, fitted.freedom)


def _fitted(table: Table, priors: Priors, freedom: float) -> Fitted:
    import numpy as np
    from scipy.optimize import minimize

    s, m = len(priors.scales), len(priors.middles)
    centre = np.log(list(priors.scales.values()))
    sds = np.array(list(priors.middles.values()))
    rows = np.minimum(1.0, ROWS * table.each)
    squares, shares = table.weights**2, np.log(np.maximum(table.shares, 1e-300))

    def badness(x: "Array") -> tuple[float, "Array"]:
        scales, middles, stacks = np.exp(x[:s]), x[s : s + m], x[s + m :]
        variance = squares @ scales**2
        sd = np.sqrt(variance)
        z = (table.gaps - (table.design @ middles)[:, None] - stacks[table.stacks]) / sd
        bend = freedom + z**2
        log = shares - np.log(sd) - (freedom + 1) / 2 * np.log(bend / freedom)
        top = log.max(axis=1, keepdims=True)
        parts = np.exp(log - top)
        whole = parts.sum(axis=1)
        part = parts / whole[:, None] * rows[:, None]
        pull = part * (freedom + 1) * z / bend / sd  # of the log likelihood by the middle
        swell = part * ((freedom + 1) * z**2 / bend - 1) / 2 / variance  # and by the variance
        value = -float(rows @ (np.log(whole) + top[:, 0]))
        gradient = np.concatenate(
            [
                -np.einsum("rk,rks->s", swell, squares) * 2 * scales**2 + (x[:s] - centre) / SCALE_SD**2,
                -(pull.sum(axis=1) @ table.design) + middles / sds**2,
                -np.bincount(table.stacks.ravel(), pull.ravel(), len(stacks)) + stacks / priors.stack**2,
            ]
        )
        value += ((x[:s] - centre) ** 2).sum() / 2 / SCALE_SD**2 + (middles**2 / sds**2).sum() / 2
        return value + (stacks**2).sum() / 2 / priors.stack**2, gradient

    start = np.concatenate([centre, np.zeros(m + len(table.stack_names))])
    found = minimize(badness, start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    x, constant = found.x, float(rows.sum()) * _constant(freedom)
    variance = squares @ np.exp(x[:s]) ** 2
    heard = rows[:, None] * table.shares / variance * (freedom + 1) / (freedom + 3)
    known = np.bincount(table.stacks.ravel(), heard.ravel(), len(table.stack_names))
    sigmas = (1 / (1 / priors.stack**2 + known)) ** 0.5
    return Fitted(freedom, np.exp(x[:s]), x[s : s + m], x[s + m :], sigmas, found.fun - constant)


def _constant(freedom: float) -> float:
    """The part of the log density of Student's t that does not depend on where it is looked at."""
    return math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi)


def _width(table: Table, priors: Priors, freedom: float) -> float:
    """The least factor with which the 80% bands hold 80% of publishers left out, each weighing alike."""
    import numpy as np

    names = sorted(set(table.publishers))
    if len(names) < FOLDS:
        return 1.0
    below = np.zeros((len(table.publishers), len(WIDTHS)))
    for fold in range(FOLDS):
        out = np.isin(table.publishers, names[fold::FOLDS])
        others = _fitted(table.only(~out), priors, freedom)
        below[out] = share_below(table.only(out), others)
    inside = table.each @ ((below >= (1 - INSIDE) / 2) & (below <= (1 + INSIDE) / 2)) / len(names)
    good = np.flatnonzero(inside >= INSIDE)
    return WIDTHS[int(good[0])] if len(good) else WIDTHS[-1]


def share_below(table: Table, fitted: Fitted) -> "Array":
    """The share of the band below what was measured, by run and factor on the scales: shape (runs, widths).

    A stack of which nobody else's runs are known has the prior's middle and doubt, as its posterior then says.
    """
    import numpy as np
    from scipy.special import stdtr

    variance = table.weights**2 @ fitted.scales**2 + fitted.stack_sigmas[table.stacks] ** 2
    centred = table.gaps - (table.design @ fitted.middles)[:, None] - fitted.stacks[table.stacks]
    z = (centred / np.sqrt(variance))[:, :, None] / np.array(WIDTHS)
    return (table.shares[:, :, None] * stdtr(fitted.freedom, z)).sum(axis=1)


def half_of_t(freedom: float) -> tuple[float, ...]:
    """Equally likely points of Student's t above 0."""
    import numpy as np
    from scipy.special import stdtrit

    return tuple(float(point) for point in stdtrit(freedom, 0.5 + (np.arange(HALF) + 0.5) / 2 / HALF).round(4))


def abroad_of(fitted: Fitted, wide: float, table: Table, priors: Priors) -> Abroad:
    """The values as a record; scales are multiplied by what a band must be wider."""
    scales = {name: float(value) * wide for name, value in zip(priors.scales, fitted.scales, strict=True)}
    kept = sorted({int(at) for at in table.stacks[table.shares > 0].ravel()})
    effects = {
        table.stack_names[at]: Effect(float(fitted.stacks[at]), float(fitted.stack_sigmas[at]) * wide) for at in kept
    }
    return Abroad(
        points=half_of_t(fitted.freedom),
        scales=scales,
        middles={name: float(value) for name, value in zip(priors.middles, fitted.middles, strict=True)},
        stacks=effects,
        new_stack=priors.stack * wide,
        publishers=len(set(table.publishers)),
        runs=len(table.publishers),
    )
