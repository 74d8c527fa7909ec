"""How far a mean over episodes may be off, where episodes that share measured curves are not independent.

Sources are taken as given: every interval is for other curves of the same sources (of races: the same tasks), and says
nothing of a source that was never played on. Within a source the independent unit is the curve. An episode of world B
holds one, so curves are drawn again, each with all its episodes. A race of world A holds five of thirty, and two races
of one task mostly share some, so that no set of races can be drawn without cutting through others; there the variance
between curves is read off pairs of races that share more or fewer of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_000
NORMAL_95 = 1.96


@dataclass(frozen=True)
class Estimate:
    """A mean over episodes with its 95% interval by curve, and its standard errors by curve and by episode.

    NaN where a source has a single curve (for the last, a single episode): nothing tells how far others lie from it.
    """

    mean: float
    low: float
    high: float
    error_by_curve: float
    error_by_episode: float

    def figures(self) -> dict[str, float | None]:
        """The same rounded to four places; None for NaN."""
        return {name: rounded(value) for name, value in vars(self).items()}


def rounded(value: float) -> float | None:
    """Four places; None where the value is not finite."""
    return round(float(value), 4) if math.isfinite(value) else None


def estimate(values: np.ndarray, curves: Sequence[tuple[str, ...]], sources: Sequence[str]) -> Estimate:
    """The mean of one value for each episode, with its errors.

    Args:
        values: shape (episodes,).
        curves: names of the curves of each episode, as many for each; all of one source.
        sources: of each episode.
    """
    mean = float(values.mean())
    if any(len(some) > 1 for some in curves):
        error = error_of_shared(values, curves, sources)
        low, high = mean - NORMAL_95 * error, mean + NORMAL_95 * error
    else:
        drawn = resampled_means(values, [name for (name,) in curves], sources)
        error, (low, high) = float(drawn.std()), np.quantile(drawn, (0.025, 0.975))
    return Estimate(mean, float(low), float(high), error, error_by_episode(values, sources))


def error_by_episode(values: np.ndarray, sources: Sequence[str]) -> float:
    """Standard error of the mean within sources, as if every episode were independent of all others."""
    each = [values[inside] for inside in _each_source(sources)]
    if any(len(some) < 2 for some in each):
        return math.nan
    return math.sqrt(sum(len(some) * float(some.var(ddof=1)) for some in each)) / len(values)


def resampled_means(values: np.ndarray, units: Sequence[str], sources: Sequence[str], seed: int = 0) -> np.ndarray:
    """Means of the values, shape (RESAMPLES,), over units drawn again with replacement within each source.

    A unit comes with all its episodes; each source keeps its share of episodes. Of n units n - 1 are drawn, which makes
    the variance right for few. The same units give the same draws, so that paired gaps are resampled together.
    Source: Rao and Wu, Journal of the American Statistical Association 83 (1988).
    """
    rng = np.random.default_rng(seed)
    found = np.zeros(RESAMPLES)
    for inside in _each_source(sources):
        _, unit = np.unique(np.asarray(units)[inside], return_inverse=True)
        counts, totals = np.bincount(unit), np.bincount(unit, values[inside])
        drawn = rng.multinomial(len(counts) - 1, np.full(len(counts), 1 / len(counts)), RESAMPLES)
        with np.errstate(invalid="ignore"):  # of a single unit none is drawn
            found += inside.mean() * (drawn @ totals) / (drawn @ counts)
    return found


def error_of_shared(values: np.ndarray, curves: Sequence[tuple[str, ...]], sources: Sequence[str]) -> float:
    """Standard error of the mean of values of episodes that each hold several curves and share some.

    Within a source, with y = mean + sum over the k curves of an episode of a_c + own luck,

        E[(y_r - y_s)^2 / 2] = var(own) + (k - curves shared by r and s) var(a)
        var(mean) = [ episodes var(own) + var(a) sum over curves of (episodes that hold c)^2 ] / episodes^2

    Both variances are least squares over all pairs. A negative var(a) counts as none, which errs on the wide side
    source by source; thirty curves tell var(a) only roughly.
    Source: the method of moments for random effects (Henderson, Biometrics 9, 1953).
    """
    variance = 0.0
    for inside in _each_source(sources):
        held = [some for some, kept in zip(curves, inside, strict=True) if kept]
        names = sorted({name for some in held for name in some})
        members = np.array([[name in some for name in names] for some in held], dtype=float)
        y, count = values[inside], int(inside.sum())
        first, second = np.triu_indices(count, 1)
        apart = len(held[0]) - (members @ members.T)[first, second]
        halves = (y[first] - y[second]) ** 2 / 2
        if not len(halves):
            return math.nan
        spread = apart - apart.mean()
        between = max(float(spread @ halves) / max(float(spread @ spread), 1e-300), 0.0)
        own = max(float(halves.mean()) - between * float(apart.mean()), 0.0)
        of_mean = (count * own + between * float((members.sum(axis=0) ** 2).sum())) / count**2
        variance += float(inside.mean()) ** 2 * of_mean
    return math.sqrt(variance)


def _each_source(sources: Sequence[str]) -> list[np.ndarray]:
    """Which episodes are of each source, shape (episodes,) each."""
    return [np.asarray(sources) == source for source in dict.fromkeys(sources)]
