"""Two independent models of a learning curve, both in ln(error) against ln(examples), both a weighted set of curves.

Shape atoms: 12,000 fixed shapes, each scaled to the points; the better a shape fits, the more it weighs.
Drifting power law: a power law whose exponent wanders along the curve and is pulled back to a typical one.
What is typical differs by kind (a share or a loss, a fine-tuned language model or another learner); those few numbers
are judgement that has seen every curve of the library, and everything else here is fixed.
"""

import itertools
from dataclasses import dataclass
from functools import cache

from tunecase.quantities import Floats, Indices, Rng, np

ATOMS = 12_000
ATOM_SEED = 0
FREEDOM = 3  # of the Student weights
ROUGHNESS = (0.01, 0.04, 0.15)  # how far a real curve strays from a smooth shape, in ln e

STEEP = (-0.12, -0.2, -0.35)  # typical slopes of ln e against ln n of fine-tunes; 4 times the data cut e by 15 to 38%
SHALLOW = (0.0, -0.05, -0.1, -0.2)  # those of other learners
ODDS_SLOPES = (-0.1, -0.3, -0.5, -0.8)  # of ln e/(1 - e), of any learner whose points tell their test items
DRIFTS = (0.03, 0.08, 0.2, 0.45)  # standard deviation of the slope around it
MEMORIES = (0.5, 2.0, 8.0)  # distance in ln n over which the slope forgets
SCATTERS = (0.003, 0.01, 0.03, 0.07, 0.15, 0.3)  # of single points around the curve, in ln e
STRAY = 0.5  # distance in ln n over which a curve's straying from its smooth law is forgotten
GOLDEN = (5**0.5 - 1) / 2
AHEAD = 8  # times the last size, where shapes are put in order
LEVEL_VARIANCE = 25.0  # the level of the curve is left to the points


@dataclass(frozen=True, slots=True)
class Prior:
    """What shapes are drawn from: chance of no floor, how low floors are, median exponent, the latest bend."""

    no_floor: float
    floor_power: float
    exponent: float
    bend: float


SHARES = Prior(0.1, 3.0, 0.85, 1e5)  # error rates fall faster, to lower floors, and sooner
LOSSES = Prior(0.05, 2.5, 0.5, 3e6)


def odds_slopes(error: float) -> tuple[float, ...]:
    """Typical slopes of ln e where it is `error`, from those of ln e/(1 - e): a hopeless task stays level.

    Ladders of texts fall faster than the library's curves: of eleven sets, of n-grams, a head on an encoder and nearest
    rows, classes with e below a half by .2 to .6 of ln e per ln n, free answers with e near 1 by .06 or less. The
    four slopes were set by hand among about thirty choices that saw all sets.

    Example:
        >>> [round(slope, 3) for slope in odds_slopes(0.9)]
        [-0.01, -0.03, -0.05, -0.08]
    """
    return tuple(slope * max(1 - error, 0.0) for slope in ODDS_SLOPES)


@dataclass(frozen=True, slots=True)
class Shapes:
    """The fixed shapes: floor share phi, exponent beta, ln of the bend n0; each shape (ATOMS,)."""

    floor: "Floats"
    exponent: "Floats"
    bend: "Floats"

    def logs(self, sizes: "Floats", which: "Indices | None" = None) -> "Floats":
        """ln h(n) for some or all shapes, shape (shapes, sizes)."""
        chosen = slice(None) if which is None else which
        floor, exponent, bend = (part[chosen, None] for part in (self.floor, self.exponent, self.bend))
        return np.asarray(np.log(floor + (1 - floor) / (1 + np.exp(exponent * (np.log(sizes) - bend)))))


@cache
def shapes(prior: Prior) -> Shapes:
    """The shapes of a kind of metric, drawn once with a fixed seed.

        h(n) = phi + (1 - phi) / (1 + (n/n0)^beta)
        shares: phi = 0 with probability .1, else .98 Beta(1, 3);  ln beta ~ N(ln .85, .7);  ln n0 ~ U(0, ln 1e5)
        losses: phi = 0 with probability .05, else .98 Beta(1, 2.5);  ln beta ~ N(ln .5, .7);  ln n0 ~ U(0, ln 3e6)

    Leaves out shapes that rise with n: a curve that turns is seen only as scatter.
    """
    rng = np.random.default_rng(ATOM_SEED)
    floor = np.where(rng.random(ATOMS) < prior.no_floor, 0.0, 0.98 * rng.beta(1, prior.floor_power, ATOMS))
    exponent = np.exp(rng.normal(np.log(prior.exponent), 0.7, ATOMS))
    return Shapes(floor, exponent, rng.uniform(0, np.log(prior.bend), ATOMS))


@dataclass(frozen=True, slots=True)
class AtomFit:
    """The shapes that carry weight, with their scale, the doubt around it and the roughness that is part of it."""

    shapes: Shapes
    which: "Indices"
    weight: "Floats"
    log_scale: "Floats"
    doubt: "Floats"
    rough: "Floats"
    freedom: int

    def sample(self, sizes: "Floats", draws: int, rng: "Rng") -> "Floats":
        """ln e of `draws` curves, from steep to flat, shape (draws, sizes)."""
        from scipy.special import stdtrit

        level, luck = _lattice(draws, rng)
        picked = _picked(self.weight, level)
        shift = self.doubt[picked] * stdtrit(self.freedom, luck)
        return np.asarray((self.log_scale[picked] + shift)[:, None] + self.shapes.logs(sizes, self.which[picked]))

    def curves(self, sizes: "Floats", levels: "Floats", rng: "Rng") -> "Floats":
        """Curves drawn jointly: the part of the doubt that is roughness comes and goes along each.

        Args:
            sizes: n, any order, shape (sizes,).
            levels: which shape each curve has, uniform between 0 and 1, shape (draws,).
            rng: deals the rest.
        Returns: ln e, shape (draws, sizes).
        """
        draws, picked = len(levels), _picked(self.weight, levels)
        scale = np.sqrt(self.freedom / rng.chisquare(self.freedom, draws))
        level = np.sqrt(np.maximum(self.doubt[picked] ** 2 - self.rough[picked] ** 2, 0.0))
        strayed = rng.standard_normal((draws, len(sizes))) @ _wander(np.log(sizes)).T
        moved = level[:, None] * rng.standard_normal((draws, 1)) + self.rough[picked, None] * strayed
        smooth = self.log_scale[picked, None] + self.shapes.logs(sizes, self.which[picked])
        return np.asarray(smooth + scale[:, None] * moved)


def fit_atoms(
    sizes: "Floats",
    log_error: "Floats",
    noise: "Floats",
    prior: Prior,
    roughness: tuple[float, ...] = ROUGHNESS,
    only_true: bool = True,
    common: "Floats | None" = None,
) -> AtomFit:
    """Shape atoms weighted by how well they go through the points.

        V = diag(rough^2 + noise_i) + common;  g_j = ln e - ln h_j(n);  t = 1' V^-1 1
        ln A_j = 1' V^-1 g_j / t;  chi_j = (g_j - ln A_j)' V^-1 (g_j - ln A_j);  s_j^2 = (chi_j + nu) / (k - 1 + nu)
        w_j ∝ |V|^-1/2 t^-1/2 (chi_j + nu)^(-(k-1+nu)/2);  doubt_j = s_j sqrt(rough^2 + 1/t)

    Args:
        sizes: n, at least two, shape (k,).
        log_error: ln e, shape (k,).
        noise: variance of ln e by measuring, one row per hypothesis about it, shape (hypotheses, k).
        prior: what the shapes are drawn from.
        roughness: standard deviations of ln e around a smooth shape; every pair with a noise row competes.
        only_true: False gives the doubt of one more measured point with plain roughness only (section 5a's form).
        common: covariance of ln e between points by items they share, nothing on its diagonal, shape (k, k).
    Returns: an AtomFit; shapes of negligible weight are left out.
    """
    k = len(sizes)
    pairs = [(rough, row) for rough in roughness for row in noise]
    v = np.array([rough**2 + row for rough, row in pairs]).T
    drawn = shapes(prior)
    gap = log_error - drawn.logs(sizes)
    if common is None:
        w, squares, size = 1 / v, (gap**2) @ (1 / v), np.log(v).sum(0)
    else:
        whole = v.T[:, :, None] * np.eye(k) + common
        inverse = np.linalg.inv(whole)
        w, size = inverse.sum(2).T, np.linalg.slogdet(whole)[1]
        squares = np.einsum("ji,pil,jl->jp", gap, inverse, gap, optimize=True)
    total = w.sum(0)
    log_scale = gap @ w / total
    chi = np.maximum(squares - total * log_scale**2, 0.0)
    freedom = k - 1 + FREEDOM
    log_weight = -freedom / 2 * np.log(chi + FREEDOM) - size / 2 - np.log(total) / 2
    scale = np.sqrt((chi + FREEDOM) / freedom)
    rough = np.array([pair[0] for pair in pairs])
    doubt = scale * (np.sqrt(rough**2 + 1 / total) if only_true else rough)
    weight = np.exp(log_weight - log_weight.max())
    # From steep to flat, so that shapes picked evenly are spread evenly over what comes.
    steep = np.argsort(np.diff(drawn.logs(np.array([1, AHEAD]) * sizes[-1]))[:, 0])
    atom, level = np.nonzero(weight[steep] > 1e-6)
    atom = steep[atom]
    kept = weight[atom, level]
    scaled, doubts, strays = (part[atom, level] for part in (log_scale, doubt, scale * rough))
    return AtomFit(drawn, atom, kept / kept.sum(), scaled, doubts, strays, freedom)


@dataclass(frozen=True, slots=True)
class DriftFit:
    """The cells of the grid that carry weight, and what is needed to evaluate each at any size."""

    x: "Floats"
    level: float
    cells: "Floats"
    weight: "Floats"
    solved: "Floats"
    lower: "Floats"

    def sample(self, sizes: "Floats", draws: int, rng: "Rng") -> "Floats":
        """ln e of `draws` curves, shape (draws, sizes); one normal number moves a whole curve."""
        from scipy.special import ndtri

        mean, deviation = self.moments(np.log(sizes))
        level, luck = _lattice(draws, rng)
        picked = _picked(self.weight, level)
        return np.asarray(mean[picked] + deviation[picked] * ndtri(luck)[:, None])

    def curves(self, sizes: "Floats", levels: "Floats", rng: "Rng") -> "Floats":
        """Curves drawn jointly over the sizes, so that they cross; `levels` choose cells, as in `AtomFit.curves`."""
        at = np.log(sizes)
        there = np.maximum(at - self.x[0], 0.0)
        mean, pulled = self._given(at)
        joint = _covariance(there[:, None], there[None, :], self.cells) - np.einsum("cks,ckt->cst", pulled, pulled)
        strayed = _wander(at)
        joint += self.cells[:, 3, None, None] ** 2 * (strayed @ strayed.T) + 1e-9 * np.eye(len(at))
        lower = np.linalg.cholesky(joint)
        picked = _picked(self.weight, levels)
        drawn = rng.standard_normal((len(levels), len(at)))
        order = np.argsort(picked, kind="stable")
        for mine in np.split(order, np.flatnonzero(np.diff(picked[order])) + 1):
            if len(mine):
                cell = picked[mine[0]]
                drawn[mine] = mean[cell] + drawn[mine] @ lower[cell].T
        return drawn

    def moments(self, at: "Floats") -> tuple["Floats", "Floats"]:
        """Mean and standard deviation of ln e at ln n for each cell, shape (cells, sizes)."""
        mean, pulled = self._given(at)
        there = np.maximum(at - self.x[0], 0.0)
        left = _covariance(there, there, self.cells) - (pulled**2).sum(1)
        return mean, np.sqrt(np.maximum(left, 0) + self.cells[:, 3, None] ** 2)

    def _given(self, at: "Floats") -> tuple["Floats", "Floats"]:
        here, there = self.x - self.x[0], np.maximum(at - self.x[0], 0.0)
        cross = _covariance(here[:, None], there[None, :], self.cells)
        mean = self.level + _slope(at, self.x, self.cells) + np.einsum("cks,ck->cs", cross, self.solved)
        return np.asarray(mean), np.asarray(np.linalg.solve(self.lower, cross), dtype=float)


def fit_drift(
    sizes: "Floats", log_error: "Floats", noise: "Floats", exponents: tuple[float, ...], common: "Floats | None" = None
) -> DriftFit:
    """A power law with a drifting exponent, over a grid of typical exponent, drift, memory and scatter.

        f(x) = level + integral of s,  x = ln n;  s an Ornstein-Uhlenbeck process around mu with deviation eta
        and memory l:  Cov(f(a), f(b)) = eta^2 l^2 (2a/l - 1 + e^(-a/l) + e^(-b/l) - e^(-(b-a)/l)),  0 <= a <= b
        ln e_i = f(x_i) + N(0, scatter^2 + noise_i), correlated as `common` says
        cells of the grid weigh by their marginal likelihood

    Args: as for `fit_atoms`; `exponents` are the typical ones. Scatter counts as part of the true curve.
    Returns: a DriftFit; cells of negligible weight are left out.
    """
    x = np.log(sizes)
    cells = np.array(list(itertools.product(exponents, DRIFTS, MEMORIES, SCATTERS)))
    cells = np.repeat(cells, len(noise), axis=0)
    measured = np.tile(noise, (len(cells) // len(noise), 1))
    here = x - x[0]
    total = _covariance(here[:, None], here[None, :], cells)
    total = total + (cells[:, 3, None] ** 2 + measured)[:, :, None] * np.eye(len(x))
    if common is not None:
        total = total + common
    lower = np.linalg.cholesky(total)
    level = float(log_error[-1])
    gap = log_error - level - _slope(x, x, cells)
    half = np.linalg.solve(lower, gap[:, :, None])
    log_weight = -(half[:, :, 0] ** 2).sum(1) / 2 - np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(1)
    weight = np.exp(log_weight - log_weight.max())
    kept = weight > 1e-3
    solved = np.linalg.solve(total[kept], gap[kept, :, None])[:, :, 0]
    return DriftFit(x, level, cells[kept], weight[kept] / weight[kept].sum(), solved, lower[kept])


def _slope(at: "Floats", x: "Floats", cells: "Floats") -> "Floats":
    return np.asarray(cells[:, 0, None] * (at - x[-1]))


def _covariance(a: "Floats", b: "Floats", cells: "Floats") -> "Floats":
    """Covariance of the curve at ln n past the smallest point, for two sets that broadcast: (cells, *broadcast)."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    drift, memory = (cells[:, i].reshape(-1, *[1] * low.ndim) for i in (1, 2))
    spent = 2 * low / memory - 1 + np.exp(-low / memory) + np.exp(-high / memory) - np.exp(-(high - low) / memory)
    return np.asarray(drift**2 * memory**2 * spent + LEVEL_VARIANCE)


def _wander(at: "Floats") -> "Floats":
    """A factor that turns independent normal numbers into ones that are alike at close ln n, each of variance 1."""
    near = np.exp(-(((at[:, None] - at[None, :]) / STRAY) ** 2) / 2)
    return np.asarray(np.linalg.cholesky(near + 1e-6 * np.eye(len(at))))


def _lattice(draws: int, rng: "Rng") -> tuple["Floats", "Floats"]:
    """Points spread evenly over the unit square, a lattice of the golden ratio: two coordinates, each (draws,)."""
    steps = np.arange(draws)
    return (steps + rng.random()) / max(draws, 1), np.modf(steps * GOLDEN + rng.random())[0]


def _picked(weight: "Floats", levels: "Floats") -> "Indices":
    return np.minimum(np.searchsorted(np.cumsum(weight), levels), len(weight) - 1)
