"""Will more data do it? From the points of a pilot to a verdict, the chance of the target, examples and money.

The verdict is found in this order: above the ceiling, reached, not a pilot yet, pilot uninformative, not achievable
within n_max (a clear signal, and a chance below 5%), then unlikely (below 50%), open (below 80%) or likely.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.forecast.curves import FARTHEST, LEAST_SIZES, Belief, believe, nothing_left, reach_share
from tunecase.forecast.importers.evals import eval_logs, evals
from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.mlflow import mlflow
from tunecase.forecast.importers.tables import history_table, points_table, run_table
from tunecase.forecast.importers.trackio import trackio
from tunecase.forecast.importers.trainer_state import trainer_state
from tunecase.forecast.points import merge, mixed_scales, to_error, to_score
from tunecase.forecast.scale import Scale, scale_of
from tunecase.forecast.stakes import Prospect, Stakes, best_run, n_budget_of
from tunecase.forecast.verdict import Facts, Verdict, next_pilot, reason, verdict
from tunecase.quantities import Band, Floats, Interval80, band, np
from tunecase.records import COPIES, N_GRAM_FACTORS, CurveBand, Forecast, Needed, NextRun, OwnCurve, Point

IMPORTERS: tuple[Callable[[str, Asked], Imported | None], ...] = (
    points_table,
    trackio,
    mlflow,
    evals,
    trainer_state,
    history_table,
    run_table,
)
FORMATS = (
    "a CSV of n,score; a CSV export of Weights & Biases or MLflow; an mlruns folder, an mlflow.db or a tracking "
    "server's address; Trackio's PROJECT.db; a trainer_state.json or a folder of them; logs of evaluations"
)

DRAWS = 2000
BAND_SIZES = 14
GRID_SIZES = 48
ONLY_SIZE = "only the number of examples changes"
LEFT_OUT = "left out: "


@dataclass(frozen=True, slots=True)
class Measured:
    """Points of a learning curve, and what they were measured with.

    Args:
        points: measured scores; several of one size are averaged; n = 0 is kept apart.
        metric: a name of catalog/tables/metrics.csv, or any other: then bounded when higher is better.
        direction: which way is better.
        model: what the points were measured with, in words.
        stand_in: True when that is not the model to be tuned.
        stand_in_factor: the default by which the tuned model's error differs from a stand-in's.
        source: where the points come from: the pilot, or a file's name.
        left_out: runs that did not become points, in words with their reason.
        notes: what else a reader should know of the points.
        fine_tune: False for a learner that is no language model, measured as itself: its curve is flatter.
        kind: of the learner that was measured, where it is known.
        method: the objective that it was trained for, where it is known.
    """

    points: Sequence[Point]
    metric: str
    direction: Literal["higher", "lower"]
    model: str = ""
    stand_in: bool = False
    stand_in_factor: str = "stand_in.factor"
    source: str = "pilot"
    left_out: Sequence[str] = ()
    notes: Sequence[str] = ()
    fine_tune: bool = True
    kind: str = ""
    method: str = ""

    @property
    def copies(self) -> bool:
        """Whether copied answers stand in for what a model would write, of which they tell nothing."""
        return self.stand_in and self.stand_in_factor == COPIES

    @property
    def language_model(self) -> bool:
        """False where a learner stands in, or is measured as itself, whose curves are flatter than fine-tunes'."""
        return self.fine_tune and not (self.stand_in and self.stand_in_factor in N_GRAM_FACTORS)


def forecast(measured: Measured, prospect: Prospect, *, seed: int = 0, remarks: Sequence[str] = ()) -> Forecast:
    """The forecast of one learning curve.

    Args:
        measured: the points, and what they were measured with.
        prospect: the target, the rows that can be had, and what is at stake.
        seed: same seed, same answer.
        remarks: what the audit and the definition add; made anew each time, so `told` leaves them out.
    Returns: a Forecast; `ok` is False when the answer is no.
    Raises: InputError when a score or the target lies outside the metric's range.
    Leaves out: everything but the number of examples: recipe, model and label quality stay those of the points.
    """
    direction = measured.direction
    tidy = merge(measured.points, direction)
    scale = scale_of(measured.metric, direction, tidy)
    target, ceiling = (_as_share(value, direction) for value in (prospect.target, prospect.ceiling))
    _check(measured.points, tidy, target, scale)
    last = tidy[-1].n if tidy else 0
    prospect = replace(prospect, target=target, ceiling=ceiling).from_size(last)
    n_max = prospect.n_max
    assert n_max is not None
    facts = Facts(
        tidy, scale, target, ceiling, n_max, prospect.n_max_why, measured.model, left_out=tuple(measured.left_out),
        of_pilot=measured.source == "pilot", copies=measured.copies,
    )  # fmt: skip
    seen, stays = None, nothing_left(measured.points, measured.method, direction)
    if len(tidy) >= LEAST_SIZES and not measured.copies:
        belief = believe(
            tidy, scale, seed=seed, language_model=measured.language_model, kind=measured.kind, stays=stays
        )  # fmt: skip
        seen = _Seen(belief, replace(prospect, target=None) if facts.above_ceiling else prospect)
        facts = replace(facts, belief=belief, p_target=seen.p_target, needed=seen.needed)
    conclusion = verdict(facts)
    p_now = _p_now(conclusion, facts, seen)
    if conclusion not in ("above the ceiling", "reached"):
        facts = replace(facts, next_run=_next_run(facts, prospect, measured))
    following = next_pilot(conclusion, facts)
    return Forecast(
        verdict=conclusion,
        reason=reason(conclusion, facts, following),
        points=tidy,
        band=seen.band if seen else (),
        target=target,
        ceiling=ceiling,
        n_max=n_max,
        n_max_why=prospect.n_max_why,
        p_target=facts.p_target,
        needed=facts.needed,
        needed_price=seen.needed_price if seen else None,
        next_pilot=following,
        models=facts.belief.models if facts.belief else (),
        metric=measured.metric,
        direction=direction,
        assumptions=(*_assumptions(measured, facts, last), *remarks),
        currency=prospect.currency,
        seed=seed,
        model=measured.model,
        stand_in=measured.stand_in,
        stand_in_factor=measured.stand_in_factor,
        source=measured.source,
        kind=measured.kind,
        stays=stays,
        next_run=facts.next_run,
        n_budget=n_budget_of(prospect.rows, prospect.supply, prospect.basis, prospect.stakes.to_rows),
        p_now=p_now,
        fault=facts.belief.gate.fault if facts.belief else "",
    )


def own_curve(name: str, measured: Measured, prospect: Prospect, *, seed: int = 0) -> OwnCurve:
    """The forecast of one of the pilot's candidates as itself: same target, ceiling and supply, no factor.

    Args:
        name: of the candidate, as the pilot has it.
        measured: its points, no stand-in's.
        prospect: that of the main curve; what a next run would tell is left out.
        seed: as for `forecast`.
    """
    seen = forecast(measured, replace(prospect, stakes=Stakes(to_rows=prospect.stakes.to_rows)), seed=seed)
    return OwnCurve(
        name, measured.model, seen.verdict, seen.reason, seen.points, seen.band, seen.n_max, seen.p_target, seen.p_now,
        seen.needed, measured.kind,
    )  # fmt: skip


def read_source(place: str | Sequence[str], request: Asked) -> Imported:
    """The points of a place: the first of IMPORTERS whose format it is.

    Args:
        place: a file, a folder or an http address, as typed; several are logs of evaluations, each one point.
        request: the metric and what else the user says of it.
    Raises: InputError with every mistake; TunecaseError when a server does not answer.
    """
    if not isinstance(place, str):
        if len(place) != 1:
            return eval_logs(place, request)
        place = place[0]
    if "://" not in place and "::" not in place and not Path(place).exists():
        raise InputError(Problem(place, "no such file or folder", FORMATS, "correct the path"))
    for importer in IMPORTERS:
        found = importer(place, request)
        if found is not None:
            return found
    raise InputError(Problem(place, "no points that are known here", FORMATS, "export the runs as CSV with n,score"))


def _p_now(conclusion: Verdict, facts: Facts, seen: "_Seen | None") -> float | None:
    """The chance that the target is met at the largest size; where a test shows it without a curve, by that alone."""
    if seen is not None or facts.target is None or conclusion != "reached":
        return seen.p_now if seen else None
    return facts.tested.chance(facts.error(facts.target))


def _next_run(facts: Facts, prospect: Prospect, measured: Measured) -> NextRun | None:
    """The run to make next; None where a mended or quieter pilot (more test items, draws of all sizes) comes first."""
    belief = facts.belief
    if belief is None or belief.gate.fault or (not belief.gate.passed and belief.gate.noise_dominates):
        return None
    return best_run(belief, prospect, facts.needed, measured.stand_in_factor if measured.stand_in else None)


def told(record: Forecast) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(notes, left_out) that a forecast was made with, so that it can be made again from its own points."""
    words = list(record.assumptions)
    given = words[: next((i for i, word in enumerate(words) if word.startswith(ONLY_SIZE)), 0)]
    left_out = tuple(word.removeprefix(LEFT_OUT) for word in given if word.startswith(LEFT_OUT))
    return tuple(word for word in given if not word.startswith(LEFT_OUT)), left_out


class _Seen:
    """What a belief says on one grid of sizes."""

    def __init__(self, belief: Belief, prospect: Prospect) -> None:
        self.supply, self.to_rows, self.direction = prospect.supply, prospect.stakes.to_rows, belief.scale.direction
        self.last, self.held = belief.points[-1].n, prospect.rows
        target, n_max = prospect.target, prospect.n_max
        assert n_max is not None
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
        self.p_target, self.p_now = chances.get(n_max), chances.get(self.last)
        columns = {int(n): i for i, n in enumerate(sizes)}
        self.band = tuple(
            CurveBand(n, self._interval(errors[:, i]), self._interval(tests[:, i]), chances.get(n), self.price(n))
            for n, i in sorted((n, columns[n]) for n in shown)
        )

    @property
    def needed_price(self) -> Band | None:
        """The price of the examples that half of the worlds need."""
        return self.price(self.needed.p50) if self.needed is not None and self.needed.p50 else None

    def _interval(self, errors: "Floats") -> Interval80:
        ends = [to_score(float(e), self.direction) for e in np.quantile(errors, (0.1, 0.5, 0.9))]
        return Interval80(*sorted(ends))

    def price(self, n: int) -> Band | None:
        """What n examples cost beyond those at hand, with the rounds that train on them; None when unpriced.

        None also where there are not so many. Without `to_rows` the examples alone are priced.
        """
        if self.supply is None or self.supply.price is None:
            return None
        cost = self.supply.cost(max(n - self.held, 0)) if self.to_rows is None else self.to_rows(n)
        return band(cost) if np.isfinite(cost).all() else None


def _needed(errors: "Floats", sizes: "Floats", aim: float, farthest: int) -> Needed:
    near = sizes <= farthest
    met = np.minimum.accumulate(errors[:, near], axis=1) <= aim
    first = np.where(met.any(1), sizes[near][met.argmax(1)], np.inf)
    at = np.quantile(first, (0.1, 0.5, 0.9), method="inverted_cdf")
    return Needed(*(int(n) if math.isfinite(n) else None for n in at))


def _guess(belief: Belief, sizes: "Floats", aim: float, farthest: int) -> int | None:
    """The first size at which the belief's one best guess of the curve meets the target."""
    near = sizes[sizes <= farthest]
    met = np.minimum.accumulate(belief.middle(near)) <= aim
    return int(near[met.argmax()]) if met.any() else None


def _as_share(value: float | None, direction: str) -> float | None:
    percent = direction == "higher" and value is not None and value > 1.5
    return value / 100 if percent and value is not None else value


def _check(given: Sequence[Point], points: Sequence[Point], target: float | None, scale: Scale) -> None:
    """Raises InputError with every score, and the target, that the metric cannot have."""
    most = 1.0 if scale.bounded else math.inf
    problems = list(_score_problems(given, points, scale, most))
    if target is not None and not (math.isfinite(target) and 0 < target <= most):
        wanted = "more than 0 and at most 100%" if scale.bounded else "more than 0"
        problems.append(Problem("target", f"{target:g}", wanted, "correct the target"))
    refuse_any(problems)


def _score_problems(given: Sequence[Point], points: Sequence[Point], scale: Scale, most: float) -> Iterator[Problem]:
    mixed = mixed_scales(given, scale.direction) if scale.bounded else None
    if mixed is not None:
        got = " and ".join(f"{point.score:g} at n = {point.n:,}" for point in mixed)
        yield Problem("the scores", got, "all shares or all percent", "write 0.85 or 85%, one way for all")
        return
    wanted = "a score between 0 and 1 (or 0 and 100)" if scale.bounded else "a score that is not negative"
    for point in points:
        if not 0 <= point.score <= most:
            fix = "correct the score, or say which direction is better"
            yield Problem(f"the point at n = {point.n:,}", f"{point.score:g}", wanted, fix)


def _assumptions(measured: Measured, facts: Facts, last: int) -> tuple[str, ...]:
    where = "those of the pilot" if facts.of_pilot else "as they were measured"
    words = [*measured.notes, *(f"{LEFT_OUT}{why}" for why in facts.left_out)]
    words.append(f"{ONLY_SIZE}; model, recipe and label quality stay {where}")
    if any(point.n == 0 for point in measured.points):
        words.append("the untouched model (n = 0) is kept apart: it is not part of the curve")
    if facts.belief:
        words += facts.belief.assumptions
        if facts.belief.gate.fault:
            words.append(f"the band rests on points that may not tell where the curve goes: {facts.belief.gate.why}")
    if measured.stand_in:
        words.append(f"{facts.model} stands in for the model to be tuned, which may do better or worse")
    if last and facts.n_max > FARTHEST * last:
        far = f"beyond {FARTHEST * last:,} examples ({FARTHEST} times the largest size)"
        words.append(f"{far} nothing was ever checked; the band is widened further there")
    return tuple(words)
