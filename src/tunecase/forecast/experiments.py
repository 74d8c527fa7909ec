"""What one more run would reveal, and what that is worth, before it is paid for.

Every candidate run is tried in the same possible worlds: each world says what the run would measure, the measurement
weighs all worlds anew, and the weighed worlds are asked the same question again. Nothing is fitted twice, so a
candidate costs milliseconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tunecase.forecast.curves import Belief
from tunecase.forecast.noise import LEAST_SD, spread_at, variance_of_items
from tunecase.forecast.points import LEAST_ERROR
from tunecase.quantities import Floats, count, counted, generator, money, np, share
from tunecase.records import NextRun

WORLDS = 1_000
MOST_WORLDS = 4_000  # from a bill's, which are more
OUTCOMES = 250  # worlds whose measurement is tried, spread evenly over all worlds
ROUNDING = 1e-12  # of the largest utility: a worth below it is what rounding leaves
BLUR = 0.05  # of the spread at n, added to a run's noise, so that no outcome is weighed by a handful of worlds


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that could be made next: `draws` more draws of n rows, and the price of all of them, None where unknown."""

    n: int
    draws: int = 1
    price: float | None = None


def narrowing(belief: Belief, n: int, draws: int = 1, *, far: int, test_rows: int | None) -> float:
    """The share of the doubt at `far` that `draws` more runs of n rows are expected to remove.

        1 - E[Var(ln e(far) | y)] / Var(ln e(far)),   y = ln e(n) + noise

    Args:
        belief: what the points so far let us believe.
        n: training rows of the runs.
        draws: how many, >= 1.
        far: the size that matters [rows].
        test_rows: items each run is scored on; None leaves their noise out.
    Returns: 0 (nothing) to 1 (all of it).

    Example:
        >>> from tunecase.forecast.curves import believe
        >>> from tunecase.forecast.scale import Scale
        >>> from tunecase.records import Point
        >>> points = [Point(n, score, 2, 300) for n, score in ((50, 0.6), (100, 0.7), (200, 0.78), (400, 0.83))]
        >>> belief = believe(points, Scale("higher", bounded=True, binomial=True))
        >>> near, wide = (narrowing(belief, n, far=6_400, test_rows=300) for n in (50, 1_600))
        >>> near < wide
        True

    Source: pre-posterior analysis; Raiffa and Schlaifer, Applied Statistical Decision Theory (1961).
    Leaves out that runs at different sizes share their test items, which moves all of them alike.
    """
    errors = belief.paths(np.array([n, far], dtype=float), WORLDS)
    return _narrowing(_weights(belief, errors[:, 0], Candidate(n, draws), test_rows), np.log(errors[:, 1]))


def narrowings(belief: Belief, sizes: Sequence[int], *, far: int, test_rows: int | None) -> tuple[float, ...]:
    """`narrowing` of one more run at each of several sizes, in the same worlds."""
    errors = belief.paths(np.array([*sizes, far], dtype=float), WORLDS)
    wanted = np.log(errors[:, -1])
    seen: dict[int, float] = {}
    for column, n in enumerate(sizes):
        if n not in seen:
            seen[n] = _narrowing(_weights(belief, errors[:, column], Candidate(n), test_rows), wanted)
    return tuple(seen[n] for n in sizes)


@dataclass(frozen=True, slots=True, eq=False)
class Payoff:
    """What one can do with a curve, and what that brings: stop, or go to one of several sizes.

        u(stop) = 0,   u(go to size s) = V * (e <= target at a size up to s) - cost(s)

    `sizes` rise, shape (sizes,). `value_of_world` is V, what reaching the target is worth [money], one number or shape
    (worlds,); `cost_of_size` what going to each size costs from here [money], shape (sizes,) or (worlds, sizes).
    `error_target` is the error to reach.
    """

    sizes: "Sequence[int] | Floats"
    value_of_world: "Floats | float"
    cost_of_size: "Floats | Sequence[float]"
    error_target: float

    def utility(self, belief: Belief) -> "Floats":
        """Utility of stopping (first column) and of going to each size, shape (worlds, 1 + sizes).

        Of many worlds every few are taken, about 4,000: the outcomes that are tried are far fewer than these.
        """
        value, cost = np.asarray(self.value_of_world, dtype=float), np.asarray(self.cost_of_size, dtype=float)
        worlds = value.shape[0] if value.ndim else (cost.shape[0] if cost.ndim == 2 else WORLDS)
        step = max(worlds // MOST_WORLDS, 1)
        value, cost = value[::step] if value.ndim else value, cost[::step] if cost.ndim == 2 else cost
        worlds = math.ceil(worlds / step)
        errors = belief.paths(np.asarray(self.sizes, dtype=float), worlds)
        reached = np.minimum.accumulate(errors, axis=1) <= self.error_target
        paid = np.isfinite(cost)
        never = 10 * float(np.abs(value).max() + np.where(paid, cost, 0.0).max()) + 1
        gone = reached * value.reshape(-1, 1) - np.where(paid, cost, never)
        return np.column_stack([np.zeros(worlds), gone])


def _worth(weights: "Floats", utility: "Floats") -> float:
    """What an action chosen by each outcome brings beyond one chosen without, never less than 0."""
    after = weights @ utility
    worth = float(after.max(axis=1).mean() - after.mean(axis=0).max())
    return worth if worth > ROUNDING * np.abs(utility).max() else 0.0


def next_run(
    belief: Belief,
    candidates: Sequence[Candidate],
    *,
    far: int,
    payoff: Payoff | None = None,
    currency: str = "USD",
    stand_in: bool = False,
) -> NextRun | None:
    """The candidate to make next: worth most beyond its price or, without a payoff, most revealing for it.

    Args:
        belief, far: as for `narrowing`; runs are scored on the test of the largest size.
        candidates: runs that could be made; those without a price compete by what they tell alone.
        payoff: what going on brings; without it no run has a worth.
        currency: of prices and values, for the words.
        stand_in: the runs are of another model than the one to be tuned, so that more of them are one step of many; the
            words then leave their worth to the decision.
    Returns: the NextRun; None without candidates. Where no candidate is worth its price, the best one is returned and
        `why` says so.
    """
    test_rows = belief.points[-1].test_rows
    if not candidates:
        return None
    utility = None if payoff is None else payoff.utility(belief)
    sizes = [*dict.fromkeys(candidate.n for candidate in candidates), far]
    errors = belief.paths(np.array(sizes, dtype=float), WORLDS if utility is None else len(utility))
    wanted = np.log(errors[:, -1])
    runs = []
    for candidate in candidates:
        weights = _weights(belief, errors[:, sizes.index(candidate.n)], candidate, test_rows)
        runs.append((candidate, _narrowing(weights, wanted), None if utility is None else _worth(weights, utility)))
    candidate, removed, worth = max(runs, key=lambda run: _rank(*run))
    runs_words = f"{counted(candidate.draws, 'run')} of {count(candidate.n)} rows"
    why = f"{runs_words} should remove {share(removed)} of the doubt at {count(far)} rows"
    if worth is not None:
        why += _worth_words(worth, candidate.price, currency, stand_in)
    return NextRun(candidate.n, candidate.draws, removed, worth, candidate.price, why)


def _rank(candidate: Candidate, removed: float, worth: float | None) -> tuple[float, float]:
    """Money first, where there is a worth beyond the price; else what it tells, for its price where it has one."""
    net = 0.0 if worth is None else max(worth - (candidate.price or 0.0), 0.0)
    return net, removed / candidate.price if candidate.price else removed


def _worth_words(worth: float, price: float | None, currency: str, stand_in: bool) -> str:
    if stand_in:
        return "; whether any run of a stand-in is worth its price, `tunecase decide` weighs"
    only = f"where more examples are the only step, deciding with them is worth {money(worth, currency)}"
    return f", but {only}, less than their price" if price is not None and worth < price else f"; {only}"


def _weights(belief: Belief, errors: "Floats", made: Candidate, test_rows: int | None) -> "Floats":
    """How each simulated outcome of the runs weighs the worlds, shape (outcomes, worlds), rows summing to 1.

    The world that made an outcome is left out of its own weighing: it would recognise itself.
    """
    log_errors = np.log(np.maximum(errors, LEAST_ERROR))
    variance = noise_of_run(belief, errors, made.n, made.draws, test_rows) + (BLUR * log_errors.std()) ** 2
    chosen = np.linspace(0, len(errors) - 1, min(OUTCOMES, len(errors))).round().astype(np.intp)
    # The same luck for every candidate, so that candidates differ by what they are.
    luck = generator(belief.seed, "next run").standard_normal(len(errors))[chosen]
    shown = log_errors[chosen] + luck * np.sqrt(variance[chosen])
    # One table, changed in place: it has a million cells, and each copy of it takes as long as a step.
    weights = shown[:, None] - log_errors
    weights *= weights
    weights /= -2 * variance
    weights -= np.log(variance) / 2
    weights[np.arange(len(chosen)), chosen] = -np.inf
    weights -= weights.max(axis=1, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights)


def noise_of_run(belief: Belief, errors: "Floats", n: int, draws: int, test_rows: int | None) -> "Floats":
    """Variance with which the runs measure ln e in each world, beyond what runs of that size have already shown.

        k runs so far at n:   1 / v = 1 / (items + run/(k + draws)) - 1 / (items + run/k)

    The items are the same ones again, so that only the luck of runs is averaged away where n was measured before.
    """
    items = variance_of_items(np.maximum(errors, LEAST_ERROR), test_rows or math.inf, belief.scale)
    nearest = int(np.argmin([abs(np.log(point.n / n)) for point in belief.points]))
    spread = spread_at(belief.points, belief.scale, errors, nearest)
    run = np.maximum((spread / np.maximum(errors, LEAST_ERROR)) ** 2, LEAST_SD**2)
    before = sum(point.draws for point in belief.points if point.n == n)
    if not before:
        return np.asarray(items + run / draws)
    precision = 1 / (items + run / (before + draws)) - 1 / (items + run / before)
    return np.asarray(1 / np.maximum(precision, 1e-12))


def _narrowing(weights: "Floats", wanted: "Floats") -> float:
    """Within and between outcomes add up to the whole variance under the mean weights, so the share lies in 0 to 1."""
    means = weights @ wanted
    centre = float(means.mean())
    between = float(((means - centre) ** 2).mean())
    whole = float((weights @ (wanted - centre) ** 2).mean())
    return between / whole if whole > 0 else 0.0
