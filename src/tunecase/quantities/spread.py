"""Doubt as a value: a few small distributions, each with its own `draw`, and the band that sums draws up.

Every named input has its own generator, seeded by the run's seed and the input's name, so that two scenarios
use the same draws and adding an input moves no other. Draws are stratified within batches that are independent of one
another: figures are steadier than those of plain draws, and the spread between batches tells how steady.
"""

import math
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol, Self, runtime_checkable

from tunecase.quantities.arrays import Draws, Indices, Rng, np
from tunecase.quantities.points import normal_points, points_of

# Half a 90% and half an 80% interval, in standard deviations.
STANDARD = NormalDist()
Z90 = STANDARD.inv_cdf(0.95)
Z80 = STANDARD.inv_cdf(0.9)


BATCHES = 50
FEW = 5_000  # draws of a short answer, of which loading scipy would be a large part
FEWEST_STRATA = 20  # draws in a batch; fewer draws are one batch


class Luck(Protocol):
    """Where draws take their chance from: numpy's generators, and `Strata`."""

    def random(self, size: int, /) -> "Draws":
        """Uniforms between 0 and 1, shape (size,)."""

    def standard_normal(self, size: int, /) -> "Draws":
        """Standard normals, shape (size,)."""


class Strata:
    """Chance that fills its range evenly: in each batch of draws one uniform falls into each of as many equal strata.

    The batches are those of `batch_edges`. They are independent of one another, so that their means differ as means of
    so many draws do.

    Example:
        >>> luck = Strata(0, "rate").random(1_000)
        >>> sorted((luck[:20] * 20).astype(int).tolist()) == list(range(20))
        True

    Source: McKay, Beckman and Conover, Technometrics 21 (1979): Latin hypercube sampling.
    """

    def __init__(self, seed: int, name: str) -> None:
        self._rng = generator(seed, name)

    def random(self, size: int, /) -> "Draws":
        """Stratified uniforms, shape (size,)."""
        sizes = np.diff(batch_edges(size)).tolist()
        if len(set(sizes)) == 1:
            strata = self._rng.permuted(np.tile(np.arange(sizes[0], dtype=float), (len(sizes), 1)), axis=1)
            return np.asarray((strata + self._rng.random(strata.shape)) / max(sizes[0], 1)).reshape(-1)
        return np.concatenate([(self._rng.permutation(held) + self._rng.random(held)) / held for held in sizes])

    def standard_normal(self, size: int, /) -> "Draws":
        """Stratified standard normals, shape (size,)."""
        parts = np.clip(self.random(size), 1e-12, 1 - 1e-12)
        if size <= FEW:
            return normal_points(parts)
        from scipy.special import ndtri

        return np.asarray(ndtri(parts))


@runtime_checkable
class Spread(Protocol):
    """A guessed number: what it may be, and how to draw it."""

    @property
    def low(self) -> float:
        """The 5% point (the value itself where nothing is in doubt)."""

    @property
    def high(self) -> float:
        """The 95% point."""

    @property
    def median(self) -> float:
        """The 50% point."""

    def draw(self, rng: Luck, n: int) -> "Draws":
        """n draws, shape (n,), in the spread's own unit."""

    def scaled(self, factor: float) -> "Spread":
        """The same doubt in another unit; factor > 0."""


@dataclass(frozen=True, slots=True)
class Const:
    """A number without doubt."""

    value: float

    @property
    def low(self) -> float:
        """The value."""
        return self.value

    @property
    def high(self) -> float:
        """The value."""
        return self.value

    @property
    def median(self) -> float:
        """The value."""
        return self.value

    def draw(self, rng: Luck, n: int) -> "Draws":
        """n copies of the value."""
        return np.full(n, self.value)

    def scaled(self, factor: float) -> "Const":
        """The value times factor."""
        return Const(self.value * factor)


@dataclass(frozen=True, slots=True)
class Interval:
    """`low to high`: 90% sure it lies between; lognormal when low > 0, normal otherwise, cut at zero when low is zero.

        mu = (ln low + ln high) / 2,   sigma = (ln high - ln low) / (2 z.95)

    Example:
        >>> round(Interval(5_000, 12_000).median)
        7746
    """

    low: float
    high: float

    @property
    def median(self) -> float:
        """Geometric middle when lognormal, else the mean of the ends."""
        return math.sqrt(self.low * self.high) if self.low > 0 else (self.low + self.high) / 2

    def draw(self, rng: Luck, n: int) -> "Draws":
        """n draws from one standard normal each, so scenarios that share a generator share their worlds."""
        z = rng.standard_normal(n)
        if self.low > 0:
            mu = (math.log(self.low) + math.log(self.high)) / 2
            sigma = (math.log(self.high) - math.log(self.low)) / (2 * Z90)
            return np.exp(mu + sigma * z)
        draws = (self.low + self.high) / 2 + (self.high - self.low) / (2 * Z90) * z
        # Whoever writes "0 to 30%" means a thing that cannot be negative; the 5% below zero become zero.
        return np.maximum(draws, 0.0) if self.low == 0 else draws

    def scaled(self, factor: float) -> "Interval":
        """Both ends times factor."""
        return Interval(self.low * factor, self.high * factor)


class _Points:
    """The points of a spread whose class says where its share p lies, in `_point`."""

    __slots__ = ()

    def _point(self, p: float) -> float:
        raise NotImplementedError

    @property
    def low(self) -> float:
        """The 5% point."""
        return self._point(0.05)

    @property
    def high(self) -> float:
        """The 95% point."""
        return self._point(0.95)

    @property
    def median(self) -> float:
        """The 50% point."""
        return self._point(0.5)


class _Ratio:
    """A spread of a pure ratio."""

    __slots__ = ()

    def scaled(self, factor: float) -> Self:
        """The same spread, for a ratio has no other unit: raises ValueError unless factor is 1."""
        if factor != 1:
            raise ValueError(f"a {type(self).__name__} is a ratio and has no other unit; got a factor of {factor}")
        return self


@dataclass(frozen=True, slots=True)
class ShareInterval(_Ratio):
    """`a to b` of a share: 90% sure that it lies between, never below 0 or above 1.

        logit x is normal between logit a and logit b,   logit x = ln(x / (1 - x))

    An end at 0 or 1 is no point of that curve: there the interval is an Interval's, cut at 0 and 1.
    """

    low: float
    high: float

    @property
    def _inside(self) -> bool:
        return self.low > 0 and self.high < 1

    @property
    def median(self) -> float:
        """The middle on the scale of odds."""
        if not self._inside:
            return Interval(self.low, self.high).median
        odds = math.sqrt(self.low / (1 - self.low) * self.high / (1 - self.high))
        return odds / (1 + odds)

    def draw(self, rng: Luck, n: int) -> "Draws":
        """n draws from one standard normal each, as an Interval's."""
        if not self._inside:
            return np.clip(Interval(self.low, self.high).draw(rng, n), 0.0, 1.0)
        ends = [math.log(end / (1 - end)) for end in (self.low, self.high)]
        z = rng.standard_normal(n)
        return np.asarray(1 / (1 + np.exp(-(sum(ends) / 2 + (ends[1] - ends[0]) / (2 * Z90) * z))))


@dataclass(frozen=True, slots=True)
class Pert(_Points):
    """`least / mode / most`: a beta between hard ends, four times as heavy at the mode."""

    least: float
    mode: float
    most: float

    @property
    def _shape(self) -> tuple[float, float]:
        width = self.most - self.least
        if width == 0:
            return 1.0, 1.0
        return 1 + 4 * (self.mode - self.least) / width, 1 + 4 * (self.most - self.mode) / width

    def _quantile(self, p: "float | Draws") -> "Draws":
        from scipy.special import betaincinv

        a, b = self._shape
        return np.asarray(self.least + (self.most - self.least) * betaincinv(a, b, p))

    def _point(self, p: float) -> float:
        return float(self._quantile(p))

    def draw(self, rng: Luck, n: int) -> "Draws":
        """n draws by inversion of n uniforms."""
        return self._quantile(rng.random(n))

    def scaled(self, factor: float) -> "Pert":
        """All three points times factor."""
        return Pert(self.least * factor, self.mode * factor, self.most * factor)


@dataclass(frozen=True, slots=True)
class Beta(_Points, _Ratio):
    """A share between 0 and 1, with a and b as in a successes and b failures."""

    a: float
    b: float

    def _quantile(self, p: "float | Draws") -> "Draws":
        from scipy.special import betaincinv

        return np.asarray(betaincinv(self.a, self.b, p))

    def _point(self, p: float) -> float:
        return float(self._quantile(p))

    def draw(self, rng: Luck, n: int) -> "Draws":
        """n draws by inversion of n uniforms."""
        return self._quantile(rng.random(n))


@dataclass(frozen=True, slots=True)
class Overrun(_Points, _Ratio):
    """What became of plans: a factor of 1, or with the chance `share` a Pareto(1) one from `least`, cut at `most`.

    tail: F(x) = (1 - least / x) / (1 - least / most)
    """

    share: float
    least: float
    most: float

    def _tail(self, luck: "Draws") -> "Draws":
        inside = np.clip((luck - (1 - self.share)) / self.share, 0.0, 1.0) if self.share > 0 else 0.0 * luck
        overrun = self.least / (1 - inside * (1 - self.least / self.most))
        return np.where(luck < 1 - self.share, 1.0, overrun)

    def _point(self, p: float) -> float:
        return float(self._tail(np.array([p]))[0])

    @property
    def mean(self) -> float:
        """The mean: a tail of least ln(most / least) / (1 - least / most)."""
        tail = self.least * math.log(self.most / self.least) / (1 - self.least / self.most)
        return 1 + self.share * (tail - 1)

    def draw(self, rng: Luck, n: int) -> "Draws":
        """n draws by inversion of n uniforms."""
        return self._tail(rng.random(n))


@dataclass(frozen=True, slots=True)
class Mixed(_Points):
    """One's own past beside a view of others: with the chance `weight` one of `past`, each as likely, else `view`.

    What lies below `least` counts as `least`.
    """

    view: Spread
    past: tuple[float, ...] = ()
    weight: float = 0.0
    least: float = 0.0

    def _point(self, p: float) -> float:
        return float(np.quantile(self.draw(Strata(0, "points"), 20_000), p))

    def draw(self, rng: Luck, n: int) -> "Draws":
        """n draws; those that the past does not take are the view's own."""
        factors, luck = self.view.draw(rng, n), rng.random(n)
        if self.past and self.weight > 0:
            known = np.asarray(self.past, dtype=float)
            taken = np.minimum((luck / self.weight * len(known)).astype(int), len(known) - 1)
            factors = np.where(luck < self.weight, known[taken], factors)
        return np.maximum(factors, self.least)

    def scaled(self, factor: float) -> "Mixed":
        """View, past and least times factor."""
        past = tuple(ratio * factor for ratio in self.past)
        return Mixed(self.view.scaled(factor), past, self.weight, self.least * factor)


@dataclass(frozen=True, slots=True)
class Band:
    """What draws say: the 10%, 50%, 80% and 90% points, in the unit its owner's name states."""

    p10: float
    p50: float
    p80: float
    p90: float

    def scaled(self, factor: float) -> "Band":
        """Every point times factor."""
        return Band(self.p10 * factor, self.p50 * factor, self.p80 * factor, self.p90 * factor)

    def shifted(self, amount: float) -> "Band":
        """Every point plus an amount."""
        return Band(self.p10 + amount, self.p50 + amount, self.p80 + amount, self.p90 + amount)

    @property
    def mean(self) -> float:
        """Swanson's rule: the mean of a skewed amount from its P10, P50 and P90."""
        return 0.3 * self.p10 + 0.4 * self.p50 + 0.3 * self.p90


def band(draws: "Draws") -> Band:
    """The Band of some draws, shape (n,) with n >= 1.

    Example:
        >>> import numpy as np
        >>> band(np.arange(101.0))
        Band(p10=10.0, p50=50.0, p80=80.0, p90=90.0)
    """
    shares = (0.1, 0.5, 0.8, 0.9)
    if draws.ndim == 1 and np.isfinite(draws).all():
        return Band(*points_of(draws, shares))
    return Band(*(float(point) for point in np.quantile(draws, shares)))


def batch_edges(draws: int) -> "Indices":
    """Where each of 50 contiguous batches of draws begins, and where the last one ends; one batch of few draws."""
    batches = BATCHES if draws >= BATCHES * FEWEST_STRATA else 1
    return np.arange(batches + 1) * draws // batches


def batch_error(draws: "Draws", of: "Callable[[Draws], float]") -> float:
    """The Monte Carlo standard error of a figure of all draws, from the same figure of each batch.

        error = sd(figure of each of the 50 batches) / sqrt(50)

    Args:
        draws: shape (n,) or (n, columns), in the order in which they were drawn.
        of: the figure; for a heavy tail, too, since batches see the tail as seldom as it comes.
    Returns: in the figure's unit; nan where there are too few draws for batches, or a batch has no such figure.

    Example:
        >>> import numpy as np
        >>> error = batch_error(np.random.default_rng(0).standard_normal(20_000), np.mean)
        >>> 0.004 < error < 0.01
        True

    Source: batch means; Law, Simulation Modeling and Analysis, 5th ed., section 9.5. Leaves out what all draws share.
    """
    edges = batch_edges(len(draws))
    if len(edges) < BATCHES:
        return math.nan
    figures = [of(batch) for batch in np.split(draws, edges[1:-1])]
    return float(np.std(figures, ddof=1) / math.sqrt(BATCHES))


def generator(seed: int, name: str) -> "Rng":
    """The generator that belongs to one named input under one seed."""
    return np.random.default_rng([seed & 0xFFFFFFFF, zlib.crc32(name.encode())])


class Worlds:
    """The possible worlds of one run: every named input is drawn once, and drawn alike in every scenario.

    Example:
        >>> worlds = Worlds(seed=0, n=3)
        >>> bool((worlds.draw("rate", Interval(1, 2)) == Worlds(0, 3).draw("rate", Interval(1, 2))).all())
        True
    """

    def __init__(self, seed: int, n: int) -> None:
        self.seed, self.n = seed, n
        self.drawn: dict[str, Draws] = {}

    def draw(self, name: str, spread: Spread) -> "Draws":
        """The draws of one input, shape (n,); the first spread given for a name holds."""
        if name not in self.drawn:
            self.drawn[name] = spread.draw(Strata(self.seed, name), self.n)
        return self.drawn[name]

    def afresh(self) -> "Worlds":
        """The same worlds with nothing drawn yet: every input is drawn as it is here."""
        return Worlds(self.seed, self.n)

    def scales_of(self, names: Collection[str]) -> tuple[tuple[str, float], ...]:
        """Which of these inputs are scaled, with their factors; none in a run's own worlds."""
        return ()

    def fewer(self, n: int) -> "Worlds":
        """Fewer worlds of the same seed, at most these: other draws of the same inputs, for a rough look."""
        return Worlds(self.seed, min(n, self.n))


class AlteredWorlds(Worlds):
    """The worlds of a run with some inputs scaled; all others are as they were, draw by draw.

    Args:
        worlds: the run's own; their seed and number are taken, none of their draws is touched.
        scales: factors by name, > 0.

    Example:
        >>> worlds = Worlds(seed=0, n=3)
        >>> double = AlteredWorlds(worlds, {"rate": 2.0})
        >>> bool((double.draw("rate", Interval(1, 2)) == 2 * worlds.draw("rate", Interval(1, 2))).all())
        True
    """

    def __init__(self, worlds: Worlds, scales: Mapping[str, float]) -> None:
        super().__init__(worlds.seed, worlds.n)
        self._scales = scales

    def fewer(self, n: int) -> Worlds:
        """Fewer worlds of the same seed, with the same inputs scaled."""
        return AlteredWorlds(super().fewer(n), self._scales)

    def draw(self, name: str, spread: Spread) -> "Draws":
        """The draws of one input, shape (n,): as in the run, or times their factor (a Beta share stays <= 1)."""
        if name not in self.drawn and name in self._scales:
            draws = spread.draw(Strata(self.seed, name), self.n) * self._scales[name]
            self.drawn[name] = np.minimum(draws, 1.0) if isinstance(spread, Beta) else draws
        return super().draw(name, spread)

    def afresh(self) -> "Worlds":
        """The same worlds with nothing drawn yet: every input is drawn as it is here."""
        return AlteredWorlds(self, self._scales)

    def scales_of(self, names: Collection[str]) -> tuple[tuple[str, float], ...]:
        """Which of these inputs are scaled, with their factors."""
        return tuple(sorted((name, scale) for name, scale in self._scales.items() if name in names))
