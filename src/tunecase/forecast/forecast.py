"""Will more data do it? From the points of a pilot to a verdict, the chance of the target, examples and money.

The verdict is found in this order: above the ceiling, reached, not a pilot yet, pilot uninformative, not achievable
within n_max (a clear signal, and a chance below 5%), then unlikely (below 50%), open (below 80%) or likely.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.forecast.curves import FARTHEST, LEAST_SIZES, Belief, believe, reach_share
from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.mlflow import mlflow
from tunecase.forecast.importers.tables import history_table, points_table, run_table
from tunecase.forecast.importers.trainer_state import trainer_state
from tunecase.forecast.points import merge, mixed_scales, to_error, to_score
from tunecase.forecast.stakes import Stakes, best_run, n_budget_of, n_max_of
from tunecase.forecast.verdict import Facts, next_pilot, reason, verdict
from tunecase.prices import Basis, Supply
from tunecase.quantities import Band, Interval80, band
from tunecase.records import CurveBand, Forecast, Needed, Point

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

IMPORTERS: tuple[Callable[[str, Asked], Imported | None], ...] = (
    points_table,
    mlflow,
    trainer_state,
    history_table,
    run_table,
)
FORMATS = (
    "a CSV of n,score; a CSV export of Weights & Biases or MLflow; an mlruns folder, an mlflow.db or a tracking "
    "server's address; a trainer_state.json or a folder of them"
)

DRAWS = 2000
BAND_SIZES = 14
GRID_SIZES = 48
ONLY_SIZE = "only the number of examples changes"
LEFT_OUT = "left out: "


def forecast(
    points: Sequence[Point],
    *,
    metric: str,
    direction: Literal["higher", "lower"],
    target: float | None,
    ceiling: float | None = None,
    n_max: int | None = None,
    n_max_why: str = "",
    supply: Supply | None = None,
    basis: Basis | None = None,
    seed: int = 0,
    model: str = "",
    stand_in: bool = False,
    rows: int | None = None,
    stand_in_factor: str = "stand_in.factor",
    stakes: Stakes | None = None,
    left_out: Sequence[str] = (),
    notes: Sequence[str] = (),
    source: str = "pilot",
    remarks: Sequence[str] = (),
) -> Forecast:
    """The forecast of one learning curve.

    Args:
        points: measured scores; several of one size are averaged; n = 0 is kept apart.
        metric: a name of catalog/tables/metrics.csv, or any other: then bounded when higher is better.
        direction: which way is better.
        target: the score wanted, in the metric's unit; None asks for the curve only.
        ceiling: the best score the labels allow, where known.
        n_max: the most examples that can be had in all; None: 64 times the largest size, the supply, the budget.
        n_max_why: what sets n_max, in words.
        supply: where more examples come from, and their price.
        basis: the project's budget and currency.
        seed: same seed, same answer.
        model: what the points were measured with, in words.
        stand_in: True when that is not the model to be tuned.
        rows: usable rows at hand, which cost nothing; the largest size measured when left out or smaller.
        stand_in_factor: the default by which the tuned model's error differs from a stand-in's.
        stakes: what reaching the target is worth and what going on costs; without them no run has a price or worth.
        left_out: runs that did not become points, in words with their reason.
        notes: what else a reader should know of the points.
        source: where the points come from: the pilot, or a file's name.
        remarks: what the audit and the definition add; made anew each time, so `told` leaves them out.
    Returns: a Forecast; `ok` is False when the answer is no.
    Raises: InputError when a score or the target lies outside the metric's range.
    Leaves out: everything but the number of examples: recipe, model and label quality stay those of the points.
    """
    tidy = merge(points, direction)
    bounded, binomial = _nature(metric, direction, tidy)
    target, ceiling = (_as_share(value, direction) for value in (target, ceiling))
    _check(points, tidy, target, bounded, direction)
    last = tidy[-1].n if tidy else 0
    held = max(last, rows or 0)
    if n_max is None:
        n_max, n_max_why = n_max_of(last, supply, basis, held)
    n_max = max(n_max, last)
    facts = Facts(
        tidy, direction, bounded, binomial, target, ceiling, n_max, n_max_why, model, left_out=tuple(left_out),
        of_pilot=source == "pilot",
    )  # fmt: skip
    seen = None
    if len(tidy) >= LEAST_SIZES:
        belief = believe(
            tidy, direction=direction, bounded=bounded, binomial=binomial, seed=seed,
            language_model=not (stand_in and stand_in_factor == "stand_in.factor"),
        )  # fmt: skip
        seen = _Seen(belief, None if facts.above_ceiling else target, n_max, supply, held)
        facts = replace(facts, belief=belief, p_target=seen.p_target, needed=seen.needed)
    found = verdict(facts)
    if facts.belief and found not in ("above the ceiling", "reached") and not _hidden_by_noise(facts.belief):
        run = best_run(
            facts.belief, target=target, n_max=n_max, needed=facts.needed, held=held, supply=supply,
            stakes=stakes or Stakes(), stand_in_factor=stand_in_factor if stand_in else None,
            currency=basis.currency if basis else "USD",
        )  # fmt: skip
        facts = replace(facts, next_run=run)
    following = next_pilot(found, facts)
    return Forecast(
        verdict=found,
        reason=reason(found, facts, following),
        points=tidy,
        band=seen.band if seen else (),
        target=target,
        ceiling=ceiling,
        n_max=n_max,
        n_max_why=n_max_why,
        p_target=facts.p_target,
        needed=facts.needed,
        needed_price=seen.price(facts.needed.p50) if seen and facts.needed and facts.needed.p50 else None,
        next_pilot=following,
        models=facts.belief.models if facts.belief else (),
        metric=metric,
        direction=direction,
        assumptions=(*_assumptions(points, facts, last, stand_in, notes), *remarks),
        currency=basis.currency if basis else "USD",
        seed=seed,
        model=model,
        stand_in=stand_in,
        stand_in_factor=stand_in_factor,
        source=source,
        next_run=facts.next_run,
        n_budget=n_budget_of(held, supply, basis),
    )


def read_source(place: str, asked: Asked) -> Imported:
    """The points of a place: the first of IMPORTERS whose format it is.

    Args:
        place: a file, a folder or an http address, as typed.
        asked: the metric and what else the user says of it.
    Raises: InputError with every mistake; TunecaseError when a server does not answer.
    """
    if "://" not in place and not Path(place).exists():
        raise InputError(Problem(place, "no such file or folder", FORMATS, "correct the path"))
    for importer in IMPORTERS:
        found = importer(place, asked)
        if found is not None:
            return found
    raise InputError(Problem(place, "no points that are known here", FORMATS, "export the runs as CSV with n,score"))


def _hidden_by_noise(belief: Belief) -> bool:
    """True where the next step is a quieter pilot (more test items or draws of every size), not one more run."""
    return not belief.gate.passed and belief.gate.noise_dominates


def told(record: Forecast) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(notes, left_out) that a forecast was made with, so that it can be made again from its own points."""
    words = list(record.assumptions)
    given = words[: next((i for i, word in enumerate(words) if word.startswith(ONLY_SIZE)), 0)]
    left_out = tuple(word.removeprefix(LEFT_OUT) for word in given if word.startswith(LEFT_OUT))
    return tuple(word for word in given if not word.startswith(LEFT_OUT)), left_out


class _Seen:
    """What a belief says on one grid of sizes."""

    def __init__(self, belief: Belief, target: float | None, n_max: int, supply: Supply | None, held: int) -> None:
        import numpy as np

        self.supply, self.direction = supply, belief.direction
        self.last, self.held = belief.points[-1].n, held
        shown = {round(n) for n in np.geomspace(self.last, n_max, BAND_SIZES)} | {self.last, n_max}
        finer = {round(n) for n in np.geomspace(self.last, max(FARTHEST * self.last, n_max), GRID_SIZES)}
        sizes = np.array(sorted(finer | shown))
        errors = belief.paths(sizes, DRAWS)
        tests = belief.next_test(errors, belief.points[-1].test_rows)
        future = sizes >= self.last
        chances: dict[int, float] = {}
        self.needed: Needed | None = None
        if target is not None:
            aim = to_error(target, self.direction)
            shares = reach_share(errors[:, future], aim)
            chances = {int(n): float(share) for n, share in zip(sizes[future], shares, strict=True)}
            reached = _needed(errors[:, future], sizes[future], aim, FARTHEST * self.last)
            self.needed = replace(reached, guess=_guess(belief, sizes[future], aim, FARTHEST * self.last))
        self.p_target = chances.get(n_max)
        columns = {int(n): i for i, n in enumerate(sizes)}
        self.band = tuple(
            CurveBand(n, self._interval(errors[:, i]), self._interval(tests[:, i]), chances.get(n), self.price(n))
            for n, i in sorted((n, columns[n]) for n in shown)
        )

    def _interval(self, errors: "Array") -> Interval80:
        import numpy as np

        ends = [to_score(float(e), self.direction) for e in np.quantile(errors, (0.1, 0.5, 0.9))]
        return Interval80(*sorted(ends))

    def price(self, n: int) -> Band | None:
        """The price of the examples that n needs beyond those at hand; None when unpriced or more than there are."""
        import numpy as np

        if self.supply is None or self.supply.price is None:
            return None
        cost = self.supply.cost(max(n - self.held, 0))
        return band(cost) if np.isfinite(cost).all() else None


def _needed(errors: "Array", sizes: "Array", aim: float, farthest: int) -> Needed:
    import numpy as np

    near = sizes <= farthest
    met = np.minimum.accumulate(errors[:, near], axis=1) <= aim
    first = np.where(met.any(1), sizes[near][met.argmax(1)], np.inf)
    at = np.quantile(first, (0.1, 0.5, 0.9), method="inverted_cdf")
    return Needed(*(int(n) if math.isfinite(n) else None for n in at))


def _guess(belief: Belief, sizes: "Array", aim: float, farthest: int) -> int | None:
    """The first size at which the belief's one best guess of the curve meets the target."""
    import numpy as np

    near = sizes[sizes <= farthest]
    met = np.minimum.accumulate(belief.middle(near)) <= aim
    return int(near[met.argmax()]) if met.any() else None


def _nature(metric: str, direction: str, points: Sequence[Point]) -> tuple[bool, bool]:
    """(bounded, binomial) of a metric; one that the tables do not know is a share when higher is better."""
    try:
        known = catalog.metric(metric)
    except InputError:
        bounded = direction == "higher"
        return bounded, bounded and any(point.test_rows for point in points)
    return known.bounded, known.binomial


def _as_share(value: float | None, direction: str) -> float | None:
    percent = direction == "higher" and value is not None and value > 1.5
    return value / 100 if percent and value is not None else value


def _check(
    given: Sequence[Point], points: Sequence[Point], target: float | None, bounded: bool, direction: str
) -> None:
    problems = []
    most = 1.0 if bounded else math.inf
    mixed = mixed_scales(given, direction) if bounded else None
    if mixed is not None:
        got = f"{mixed[0].score:g} at n = {mixed[0].n:,} and {mixed[1].score:g} at n = {mixed[1].n:,}"
        problems.append(Problem("the scores", got, "all shares or all percent", "write 0.85 or 85%, one way for all"))
    for point in () if mixed else points:
        if not 0 <= point.score <= most:
            wanted = "a score between 0 and 1 (or 0 and 100)" if bounded else "a score that is not negative"
            fix = "correct the score, or say which direction is better"
            problems.append(Problem(f"the point at n = {point.n:,}", f"{point.score:g}", wanted, fix))
    if target is not None and not (math.isfinite(target) and 0 < target <= most):
        wanted = "more than 0 and at most 100%" if bounded else "more than 0"
        problems.append(Problem("target", f"{target:g}", wanted, "correct the target"))
    if problems:
        raise InputError(problems)


def _assumptions(
    points: Sequence[Point], facts: Facts, last: int, stand_in: bool, notes: Sequence[str]
) -> tuple[str, ...]:
    where = "those of the pilot" if facts.of_pilot else "as they were measured"
    words = [*notes, *(f"{LEFT_OUT}{why}" for why in facts.left_out)]
    words.append(f"{ONLY_SIZE}; model, recipe and label quality stay {where}")
    if any(point.n == 0 for point in points):
        words.append("the untouched model (n = 0) is kept apart: it is not part of the curve")
    if facts.belief:
        words += facts.belief.assumptions
    if stand_in:
        words.append(f"{facts.model} stands in for the model to be tuned, which may do better or worse")
    if last and facts.n_max > FARTHEST * last:
        far = f"beyond {FARTHEST * last:,} examples ({FARTHEST} times the largest size)"
        words.append(f"{far} nothing was ever checked; the band is widened further there")
    return tuple(words)
