"""What the user's own measured runs teach about the next one: how far memory and time lie from their predictions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tunecase.compute import memory, speed
from tunecase.compute.measured.runs import Measured
from tunecase.compute.recipe import Number, Recipe
from tunecase.quantities import Z80, counted, np

MOST_LOG = math.log(10)  # a run farther off is taken for another unit or another set-up, and left out
STRANGE_LOG = math.log(2.5)  # a run farther off is learnt from, and told
LIKE_SIZE = 3.0  # models that differ in parameters by more than this factor are of another size
OTHER_NOISE = 0.15  # between set-ups that differ in framework or method; for time also in card or size
STRANGE_SHARE = 0.1
MOST_RUNS = 100  # learnt from; of more, those most like what is asked about
LAUNCHES = ("waiting for launches", "between micro-batches")
MOVES = ("weights between cards", "activations between cards", "gradients between cards", "host memory")


Parts = tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of log(measured / predicted) before a run is measured.

        gap = sum of parts x share of the part + local(log T) + noise
        covariance of local at T and T' = local^2 exp(-|log T - log T'| / reach),   all scaled alike by Student's t

    Args:
        parts: sd of the factor on the whole and on parts of the prediction. Memory: what the allocator holds
            without need, and one GB. Time: waiting for launches, moving data between cards or from the host, attention.
        strange: sd of the factor on the whole in one set-up of ten, of which the page or the prediction is wrong.
        local: sd of what only runs with about as many tokens in a micro-batch share.
        reach: of the logarithm of tokens T, over which that fades to 1 / e.
        noise: sd between two runs of one set-up.
        freedom: degrees of freedom; few mean that a set-up is now and then far off.
    Source: benchmarks/own_runs.py, on the published runs of every set-up that was measured twice or more,
    each publisher weighing alike.
    """

    parts: Parts
    strange: float
    local: float
    reach: float
    noise: float
    freedom: float

    def kinds(self) -> tuple[tuple[float, "Prior"], ...]:
        """Usual and strange set-ups with their shares."""
        strange = replace(self, parts=(self.strange, *self.parts[1:]))
        return (1 - STRANGE_SHARE, self), (STRANGE_SHARE, strange)


MEMORY = Prior(parts=(0.063, 0.59, 0.76), strange=1.0, local=0.1, reach=5.0, noise=0.011, freedom=2.4)
TIME = Prior(parts=(0.1, 0.67, 1.2, 0.16), strange=4.2, local=0.01, reach=12.0, noise=0.027, freedom=3.0)


@dataclass(frozen=True, slots=True)
class Gap:
    """How far one run lies from its prediction: log(measured / predicted), where, and whether its set-up is alike."""

    shares: Parts
    log_tokens: float
    gap: float
    alike: bool = True


@dataclass(frozen=True, slots=True)
class Learnt:
    """What runs teach of one quantity: a process over set-ups, known where runs were measured."""

    prior: Prior
    gaps: tuple[Gap, ...] = ()

    def at(self, shares: Parts, log_tokens: Number) -> tuple[Number, Number]:
        """Mean of log(measured / predicted) at a set-up, and the sigma whose 1.28-fold holds 80%.

        Usual and strange set-ups are weighed by their shares and by how likely they make the measured runs.
        """
        arrays = np.broadcast_arrays(*shares, log_tokens)
        kinds = [_Kind.of(prior, share, self.gaps) for share, prior in self.prior.kinds()]
        weights = np.array([kind.weight for kind in kinds])
        weights = weights / weights.sum()
        points = [kind.at(arrays[:-1], arrays[-1]) for kind in kinds]
        mean = sum(weight * its for weight, (its, _) in zip(weights, points, strict=True))
        apart = [variance + (its - mean) ** 2 for its, variance in points]
        variance = sum(weight * its for weight, its in zip(weights, apart, strict=True))
        sigma = _wide(self.prior.freedom + len(self.gaps)) * np.sqrt(variance)
        return (mean, sigma) if np.ndim(mean) else (float(mean), float(sigma))


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of set-up after the runs: K^-1, K^-1 g, the factor on every variance, and the kind's weight."""

    prior: Prior
    gaps: tuple[Gap, ...]
    inverse: Any
    solved: Any
    wide: float
    weight: float

    @classmethod
    @cache
    def of(cls, prior: Prior, share: float, gaps: tuple[Gap, ...]) -> "_Kind":
        """What n gaps g with covariance K teach: their likelihood is Student's t of n dimensions.

        factor = (freedom + g K^-1 g) / (freedom + n), above one where the runs surprise
        """
        if not gaps:
            return cls(prior, gaps, np.zeros((0, 0)), np.zeros(0), 1.0, share)
        rows = [[float(_covariance(prior, gap, other.shares, other.log_tokens)) for other in gaps] for gap in gaps]
        noise = [prior.noise**2 + (0.0 if gap.alike else OTHER_NOISE**2) for gap in gaps]
        whole, values, count = np.array(rows) + np.diag(noise), np.array([gap.gap for gap in gaps]), len(gaps)
        inverse = np.linalg.inv(whole)
        square = float(values @ inverse @ values)
        log = -(prior.freedom + count) / 2 * math.log1p(square / prior.freedom) - np.linalg.slogdet(whole)[1] / 2
        wide = (prior.freedom + square) / (prior.freedom + count)
        return cls(prior, gaps, inverse, inverse @ values, wide, share * math.exp(log))

    def at(self, shares: Sequence[Any], log_tokens: Any) -> tuple[Any, Any]:
        """Mean and variance of the next run's gap.

        mean = k K^-1 g,   variance = (k0 - k K^-1 k) factor,   k its covariance with the runs, k0 its own with noise
        """
        prior = self.prior
        own = sum((sd * share) ** 2 for sd, share in zip(prior.parts, shares, strict=True))
        own = own + prior.local**2 + prior.noise**2
        if not self.gaps:
            return np.zeros_like(own), own
        with_runs = np.stack([_covariance(prior, gap, shares, log_tokens) for gap in self.gaps])
        left = own - np.einsum("i...,ij,j...->...", with_runs, self.inverse, with_runs)
        return np.tensordot(self.solved, with_runs, 1), np.maximum(left, prior.noise**2) * self.wide


def _covariance(prior: Prior, gap: Gap, shares: Sequence[Number], log_tokens: Number) -> Any:
    """Covariance of a run's gap with that of a set-up, noise left out."""
    parts = sum(sd**2 * its * other for sd, its, other in zip(prior.parts, gap.shares, shares, strict=True))
    return parts + prior.local**2 * np.exp(-np.abs(gap.log_tokens - log_tokens) / prior.reach)


@cache
def _wide(freedom: float) -> float:
    """The 90% point of Student's t over that of the normal distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.9)) / Z80


@dataclass(frozen=True, slots=True)
class Calibration:
    """Corrections learnt from measured runs; the empty one changes nothing.

    `left_out` says in words which runs taught nothing, or are so far off that they should be looked at, and why.
    """

    memory: Learnt = Learnt(MEMORY)
    time: Learnt = Learnt(TIME)
    left_out: tuple[str, ...] = ()

    @property
    def memory_runs(self) -> int:
        """Runs whose peak was learnt from."""
        return len(self.memory.gaps)

    @property
    def time_runs(self) -> int:
        """Runs whose speed was learnt from."""
        return len(self.time.gaps)

    def peak(self, recipe: Recipe, statistic: str = "allocated") -> tuple[Number, Number]:
        """The corrected peak [GB, 10^9 bytes] of a statistic and the sigma of its logarithm, arrays where sizes are.

        Args:
            recipe: the run.
            statistic: allocated, reserved, card (what nvidia-smi shows) or not stated (taken as reserved).
        """
        predicted = _predicted(recipe, statistic)
        mean, sigma = self.memory.at(_memory_shares(recipe, predicted), _log(recipe.tokens))
        return predicted * _exp(mean), sigma

    def time_factor_of(self, recipe: Recipe) -> tuple[Number, Number]:
        """Factor on the predicted time of a run on its card, and the sigma of its logarithm, arrays where sizes are."""
        mean, sigma = self.time.at(_time_shares(recipe), _log(recipe.tokens))
        return _exp(mean), sigma


def predicted_gb(run: Measured) -> float:
    """The middle of the prediction of what was measured: allocated, reserved, or what the card shows [GB]."""
    return float(_predicted(run.recipe, run.statistic))


def _predicted(recipe: Recipe, statistic: str) -> Number:
    return {"allocated": memory.peak_gb, "card": memory.card_gb}.get(statistic, memory.reserved_gb)(recipe)


def learn(runs: Sequence[Measured], like: Recipe | None = None, methods: Sequence[str] = ()) -> Calibration:
    """The correction that measured runs of one set-up, or of similar ones, teach; see `Prior` for the model.

    Most of a gap is the same whatever the size of the batch, or close to it: a factor. What is left fades with the
    distance between the batches. A run of another framework or method says less (noise of 0.15 more), for time also
    one on another card or of a model over three times larger or smaller. Choices that a run does not state are taken
    at the framework's defaults, for it and for the next run alike.

    Args:
        runs: with a peak, a speed, or both; failed ones teach nothing here.
        like: the set-up asked about; None takes every run as alike.
        methods: the methods weighed, where the method is left open; else that of `like`.
    Returns: the Calibration, empty where nothing was measured. Runs over 10 times off are left out and told; those over
        2.5 times off are learnt from and told.
    Source of the 0.15: published runs of one publisher, framework and method differ by 0.09 to 0.12 (one standard
    deviation, median over publishers) on one card and size, by 0.14 to 0.19 over cards or sizes. Leaves out that a gap
    at short samples may come from what does not grow with them, and one at long samples from what does.
    """
    ran = [run for run in runs if not run.failed]
    peaks = [replace(memory_gap(run), alike=_alike(run, like, methods)) for run in ran if run.peak_gb]
    timed = [run for run in ran if run.tokens_per_s_per_gpu and run.recipe.gpu]
    times = [replace(time_gap(run), alike=_alike(run, like, methods) and _as_fast(run, like)) for run in timed]
    words = [*_words("peak", peaks), *_words("speed", times)]
    return Calibration(Learnt(MEMORY, _kept(peaks)), Learnt(TIME, _kept(times)), tuple(words))


def memory_gap(run: Measured) -> Gap:
    """How far the measured peak lies from its prediction."""
    predicted = predicted_gb(run)
    shares = _memory_shares(run.recipe, predicted)
    return Gap(
        tuple(map(float, shares)), math.log(float(run.recipe.tokens)), math.log((run.peak_gb or 0.0) / predicted)
    )


def time_gap(run: Measured) -> Gap:
    """How far the measured time lies from its prediction."""
    predicted = float(speed.step_time(run.recipe).tokens_per_s_per_gpu)
    gap = math.log(predicted / (run.tokens_per_s_per_gpu or 1.0))
    return Gap(tuple(map(float, _time_shares(run.recipe))), math.log(float(run.recipe.tokens)), gap)


def _memory_shares(recipe: Recipe, predicted: Number) -> Parts:
    """One, the share of the prediction that the allocator holds without need, and the share that one GB makes."""
    return 1.0, 1 - memory.peak_gb(recipe) / predicted, 1 / predicted


def _time_shares(recipe: Recipe) -> Parts:
    """One, and the shares of the predicted time spent waiting for launches, moving data and on attention."""
    terms = dict(speed.step_time(recipe).terms)
    total = sum(terms.values())
    return 1.0, *(sum(terms.get(name, 0.0) for name in names) / total for names in (LAUNCHES, MOVES, ("attention",)))


def _alike(run: Measured, like: Recipe | None, methods: Sequence[str]) -> bool:
    """True where a run's framework and method are those asked about."""
    if like is None:
        return True
    return run.recipe.framework == like.framework and run.recipe.method in (methods or (like.method,))


def _as_fast(run: Measured, like: Recipe | None) -> bool:
    """True where a run's card and the size of its model are those asked about."""
    if like is None:
        return True
    ratio = run.recipe.shape.params / like.shape.params
    return (like.gpu is None or run.recipe.gpu == like.gpu) and 1 / LIKE_SIZE <= ratio <= LIKE_SIZE


def _kept(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    near = [gap for gap in gaps if abs(gap.gap) <= MOST_LOG]
    return tuple(sorted(near, key=lambda gap: not gap.alike)[:MOST_RUNS])


def _words(what: str, gaps: Sequence[Gap]) -> list[str]:
    """What is said of runs that lie far off."""
    lost = sum(abs(gap.gap) > MOST_LOG for gap in gaps)
    strange = sum(STRANGE_LOG < abs(gap.gap) <= MOST_LOG for gap in gaps)
    check = "check unit, card and set-up"
    words = [(lost, f"more than 10 times off the prediction: not learnt from; {check}")]
    words += [(strange, f"more than 2.5 times off the prediction: learnt from; {check}")]
    return [f"{counted(count, f'measured {what}')} {why}" for count, why in words if count]


def _log(value: Number) -> Number:
    return np.log(value)


def _exp(power: Number) -> Number:
    return np.exp(power) if np.ndim(power) else math.exp(power)
