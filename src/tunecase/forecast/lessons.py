"""What forecasts from other pilots missed: lessons from a library of measured curves, used on a new pilot.

A lesson is one measured curve, cut at some size, continued to a later one: how the two curve models went on, how
unsure they were, and what happened. Two forecasts are learnt from them, both as corrections of the two models:
from the lessons most alike, and by a regression over all. The table is `catalog/tables/curve_lessons.csv`.
"""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, fields
from functools import cache

from tunecase import catalog
from tunecase.quantities import Array, Flags, Floats, np

LEAST_RATIO = 1.9  # of N to the largest size of the pilot, below which no lesson was taken
LIKE = (0.7, 0.2, 0.2, 1.0, 1.0)  # distances that count as one: see `Ahead.alike`
NEAREST = 40  # lessons that set how far "alike" reaches
RIDGE = 300.0
WILD = 2.0  # scales, beyond which a miss weighs less
BASE_WIDTH = 0.5  # of ln ratio, over which base rates are averaged
STEEPEST, FLATTEST = -0.8, 0.1


@dataclass(frozen=True, slots=True)
class Ahead:
    """How two models go on from a pilot, at some sizes: medians and 80% widths of ln e, relative to the last size.

    `log_ratio` is ln N/last; `log_last` ln of the last size; `bend` the mean slope of ln e so far less the next one.
    All have shape (sizes,), the last three also shape ().
    """

    log_ratio: "Floats"
    atoms: "Floats"
    drift: "Floats"
    atoms_width: "Floats"
    drift_width: "Floats"
    log_last: "Floats"
    bend: "Floats"
    language: "Floats"

    @property
    def middle(self) -> "Floats":
        """The mean of both medians."""
        return (self.atoms + self.drift) / 2

    @property
    def width(self) -> "Floats":
        """The mean of both widths, never quite zero."""
        return (self.atoms_width + self.drift_width) / 2 + 0.02

    def alike(self) -> "Floats":
        """What makes two forecasts alike, in units of `LIKE`: ratio, slopes, doubt, learner; shape (sizes, 5)."""
        doubt = np.log(self.width / self.log_ratio + 0.005)
        columns = (np.log(self.log_ratio), *self._slopes(), doubt, self.language)
        return np.asarray(np.stack(np.broadcast_arrays(*columns), -1) / np.array(LIKE))

    def causes(self) -> "Floats":
        """What the regression of misses rests on, shape (sizes, 7)."""
        doubt = np.log(self.drift_width / self.log_ratio + 0.005)
        columns = (*self._slopes(), self.log_last, 1 / self.log_ratio, doubt, self.bend, self.language)
        return np.stack(np.broadcast_arrays(*columns), -1)

    def scales(self) -> "Floats":
        """What the size of a miss rests on, shape (sizes, 4)."""
        widths = (np.log(width / self.log_ratio + 0.005) for width in (self.atoms_width, self.drift_width))
        return np.stack([np.ones_like(self.log_ratio), np.log(self.log_ratio), *widths], -1)

    def _slopes(self) -> "tuple[Floats, Floats]":
        parts = (self.atoms / self.log_ratio, self.drift / self.log_ratio)
        atoms, drift = (np.asarray(np.clip(part, STEEPEST, FLATTEST)) for part in parts)
        return atoms, drift


@dataclass(frozen=True, slots=True)
class Regression:
    """A fitted regression of misses: coefficients, and quantiles of what is left in units of its scale."""

    centre: "Floats"
    spread: "Floats"
    weights: "Floats"
    scale: "Floats"
    left: "Floats"
    share: "Floats"

    def quantiles(self, ahead: Ahead, levels: "Floats") -> "Floats":
        """Quantiles of ln e relative to the last size, shape (levels, sizes)."""
        slope = _standard(ahead.causes(), self.centre, self.spread) @ self.weights
        size = np.exp(ahead.scales() @ self.scale)
        left = np.interp(levels, self.share, self.left)
        return np.asarray(ahead.middle + (slope + size * left[:, None]) * ahead.log_ratio)


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Lessons of many curves: what was ahead, what came (`truth`, relative to the last size), unit, weight, kind."""

    ahead: Ahead
    truth: "Floats"
    unit: "Array"
    weight: "Floats"
    bounded: "Flags"

    @property
    def units(self) -> int:
        """Independent sources."""
        return len(set(self.unit))

    def without(self, units: Collection[str]) -> "Lessons":
        """The lessons of all other units."""
        kept = ~np.isin(self.unit, list(units))
        parts = (getattr(self.ahead, field.name)[kept] for field in fields(self.ahead))
        return Lessons(Ahead(*parts), self.truth[kept], self.unit[kept], self.weight[kept], self.bounded[kept])

    def nearest(self, ahead: Ahead, levels: "Floats") -> "Floats":
        """Quantiles of ln e relative to the last size, from the most similar lessons; shape (levels, sizes).

            z_l = (truth_l - middle_l) / width_l;  w_l ∝ weight_l / (1 + d_l / d_40)^3
            quantile = middle + width x weighted quantile of z

        d_l is the squared distance in `Ahead.alike`; d_40 that of the fortieth nearest lesson.
        """
        miss = (self.truth - self.ahead.middle) / self.ahead.width
        order = np.argsort(miss)
        known, asked = self.ahead.alike()[order], ahead.alike()
        far = (known**2).sum(1) + (asked**2).sum(1)[:, None] - 2 * asked @ known.T
        far = np.maximum(far, 0)
        reach = np.partition(far, min(NEAREST, len(order) - 1), axis=1)[:, [min(NEAREST, len(order) - 1)]] + 0.3
        weight = self.weight[order] / (1 + far / reach) ** 3
        found = weighted_quantiles(miss[order], weight, levels)
        return np.asarray(ahead.middle + ahead.width * found)

    def base(self, ahead: Ahead, levels: "Floats") -> "Floats":
        """What shares scored by fine-tuned models did at about that ratio, whatever the pilot, shape (levels, sizes).

        Slopes (truth / ln ratio), weighted by a normal kernel over ln ratio.
        """
        slope = self.truth / self.ahead.log_ratio
        used = (self.ahead.language > 0) & self.bounded
        used = used if used.any() else np.ones_like(used)
        order = np.flatnonzero(used)[np.argsort(slope[used])]
        far = (ahead.log_ratio[:, None] - self.ahead.log_ratio[order]) / BASE_WIDTH
        weight = self.weight[order] * np.exp(-np.minimum(far**2, 200.0) / 2)
        return np.asarray(weighted_quantiles(slope[order], weight, levels) * ahead.log_ratio)


def weighted_quantiles(ordered: "Floats", weight: "Floats", levels: "Floats") -> "Floats":
    """Quantiles of ordered values under several weightings, shape (levels, weightings)."""
    total = np.cumsum(weight, axis=1)
    middle = (total - weight / 2) / total[:, -1:]
    return np.array([np.interp(levels, row, ordered) for row in middle]).T


def regress(lessons: Lessons) -> Regression:
    """The regression of misses per ln ratio over all lessons, with a scale that differs by lesson.

        (truth - middle) / ln ratio = c + x b + s r;  ln s = scales g;  ridge on b (standardised x)
        six rounds: b given s (weights 1/s^2, a miss r beyond 2 weighing 2/|r| of it), then g from ln |misses left|

    Leaves out: dependence between lessons of one source, but for their lower weight.
    """
    causes, scales, ratio = lessons.ahead.causes(), lessons.ahead.scales(), lessons.ahead.log_ratio
    centre, spread = causes.mean(0), causes.std(0) + 1e-9
    x = _standard(causes, centre, spread)
    miss = (lessons.truth - lessons.ahead.middle) / ratio
    share = lessons.weight / lessons.weight.mean()
    penalty = np.diag([1e-6, *[RIDGE] * (x.shape[1] - 1)])
    size, left = np.ones_like(miss), np.zeros_like(miss)
    for _ in range(6):
        weight = share / size**2 * np.minimum(1, WILD / np.maximum(np.abs(left) / size, WILD))
        weight = weight / weight.mean()
        b = np.linalg.solve((x.T * weight) @ x + penalty, (x.T * weight) @ miss)
        left = miss - x @ b
        pull = (scales.T * share) @ scales + 5 * np.eye(scales.shape[1])
        g = np.linalg.solve(pull, (scales.T * share) @ np.log(np.abs(left) + 0.003))
        size = np.exp(scales @ g)
    order = np.argsort(left / size)
    total = np.cumsum(share[order])
    return Regression(centre, spread, b, g, (left / size)[order], (total - share[order] / 2) / total[-1])


def _standard(causes: "Floats", centre: "Floats", spread: "Floats") -> "Floats":
    x = np.clip((causes - centre) / spread, -3, 3)
    return np.concatenate([np.ones_like(x[:, :1]), x], axis=1)


@cache
def regression(lessons: Lessons) -> Regression:
    """`regress`, once for each set of lessons."""
    return regress(lessons)


@cache
def lessons() -> Lessons:
    """The shipped lessons."""
    return read_lessons(catalog.read_table("curve_lessons"))


def read_lessons(rows: list[dict[str, str]]) -> Lessons:
    """Lessons from rows of the table; each curve weighs 1, shared among its rows, less where a unit has many."""
    names = ("last", "n", "atoms", "drift", "atoms_width", "drift_width", "bend", "language_model", "bounded", "truth")
    last, n, atoms, drift, atoms_width, drift_width, bend, language, bounded, truth = (
        np.array([float(row[name]) for row in rows]) for name in names
    )
    unit, curve = (np.array([row[name] for row in rows]) for name in ("unit", "curve"))
    rows_of = Counter(curve.tolist())
    curves_of = Counter(unit for unit, _ in set(zip(unit.tolist(), curve.tolist(), strict=True)))
    weight = [1 / rows_of[c] / math.sqrt(curves_of[u]) for c, u in zip(curve.tolist(), unit.tolist(), strict=True)]
    ahead = Ahead(np.log(n / last), atoms, drift, atoms_width, drift_width, np.log(last), bend, language)
    return Lessons(ahead, truth, unit, np.array(weight), bounded > 0)
