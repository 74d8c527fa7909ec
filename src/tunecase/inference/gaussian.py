"""A small Gaussian process over load and lengths: what a few measured points say of a load nearby."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from tunecase import catalog
from tunecase.quantities import Floats, np


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of serving_points.csv, in logarithms: how measured throughput differs from its prediction.

    `within` is how far it wanders over load and lengths inside one layout, `noise` how far two runs of one load lie
    apart. It wanders over `concurrency` in the logarithm of requests in flight and over `lengths` in those of the
    tokens in and out; `other_kind` is how far a burst lies from a steady load, in these lengths. `layouts` is the share
    of the variance between layouts that another layout of the same model, card and engine has in common. `least` is
    the least standard deviation between layouts, however sure a prediction is.
    """

    within: float
    noise: float
    concurrency: float
    lengths: float
    other_kind: float
    layouts: float
    least: float


@cache
def sizes() -> Sizes:
    """The sizes as learnt from published runs."""
    return Sizes(**{row["name"]: float(row["value"]) for row in catalog.read_table("serving_points")})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands: its layout, and the logarithms of requests in flight, tokens in and tokens out."""

    layout: str
    kind: str
    in_flight: float
    input_tokens: float
    output_tokens: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """Mean and standard deviation of log(measured / predicted) of a further run."""

    mean: float
    sd: float


def posterior(
    at: Place, seen: Sequence[Place], gaps: Sequence[float], prior_sd: float, of: Sizes | None = None
) -> Posterior:
    """What points say of the gap between measurement and prediction at a place.

        gap = layout + wandering(load, lengths) + noise
        cov(a, b) = s_layout^2 [1, or `layouts` of another layout] + within^2 exp(-d^2 / 2) [of one layout]
        d^2 = (ln concurrency ratio / concurrency)^2 + (|ln tokens in|^2 + |ln tokens out|^2) / lengths^2

    Args:
        at: the place asked about.
        seen: where points were measured.
        gaps: log(measured / predicted) of each.
        prior_sd: standard deviation of the gap without points; s_layout takes what `within` and `noise` leave of it.
        of: sizes in place of those of the table.
    Returns: without points mean 0 and the prior's standard deviation, or what `least`, `within` and `noise` make where
        that is more.
    Source: serving_points.csv; Rasmussen and Williams, Gaussian Processes for Machine Learning, equations 2.23-2.24.
    Leaves out that gaps have heavier tails than a normal distribution; the band's coverage is measured.
    """
    own = of or sizes()
    layout = max(prior_sd**2 - own.within**2 - own.noise**2, own.least**2)
    if not seen:
        return Posterior(0.0, (layout + own.within**2 + own.noise**2) ** 0.5)
    among = covariance(seen, seen, layout, own) + own.noise**2 * np.eye(len(seen))
    across = covariance([at], seen, layout, own)[0]
    weights = np.linalg.solve(among, across)
    left = layout + own.within**2 - float(across @ weights)
    return Posterior(float(weights @ np.asarray(gaps)), (max(left, 0.0) + own.noise**2) ** 0.5)


def covariance(some: Sequence[Place], others: Sequence[Place], layout: float, own: Sizes) -> "Floats":
    """Covariance of gaps, [some, others], from the variance between layouts; see `posterior`."""
    one, two = _coordinates(some, own), _coordinates(others, own)
    squares = ((one[:, None, :] - two[None, :, :]) ** 2).sum(axis=2)
    same = np.array([[a.layout == b.layout for b in others] for a in some])
    other_kind = np.array([[a.kind != b.kind for b in others] for a in some])
    near = np.exp(-(squares + own.other_kind**2 * other_kind) / 2)
    between: Floats = layout * np.where(same, 1.0, own.layouts) + own.within**2 * near * same
    return between


def _coordinates(places: Sequence[Place], own: Sizes) -> "Floats":
    rows = [
        (one.in_flight / own.concurrency, one.input_tokens / own.lengths, one.output_tokens / own.lengths)
        for one in places
    ]
    return np.array(rows, dtype=float).reshape(len(places), 3)
