"""Extrapolates the points that a case rests on, or takes in points that were measured elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.flow.kept import kept, of_the_plan
from tunecase.flow.keys import settled
from tunecase.flow.known import known_of
from tunecase.flow.opened import Flow, name_of, usable_rows
from tunecase.flow.points import kept_elsewhere, measured
from tunecase.quantities import score, teaches_like
from tunecase.records import Audit, Candidate, Definition, Estimate, Forecast, OwnCurve, Pilot, Point

if TYPE_CHECKING:
    from tunecase.forecast import Prospect
    from tunecase.forecast.importers import Asked


def extrapolate(flow: Flow, from_pilot: bool = False) -> Forecast:
    """The curve through the points that the case rests on; `from_pilot` passes over those kept from elsewhere."""
    brought = None if from_pilot else kept_elsewhere(flow)
    return _kept(flow, brought, lambda: measured(flow, from_pilot))


def extrapolate_points(flow: Flow, points: tuple[Point, ...], **about: Any) -> Forecast:
    """The curve through these points, with what the case knows of the ceiling, the supply and the stakes; kept."""
    return _kept(flow, (points, about), lambda: (points, about))


def _kept(flow: Flow, brought: Any, measured: Callable[[], tuple[tuple[Point, ...], dict[str, Any]]]) -> Forecast:
    """The forecast of points that come from the pilot, but for those that were brought."""
    bill: Estimate | None = flow.current("estimate")
    posed, audit, pilot, before, paid = of_the_plan(flow)
    run = bill.run_price.mean if bill is not None and bill.run_price is not None else None
    record = kept(
        flow, "forecast", Forecast,
        (posed, audit, pilot, before is not None and before.rounds > 0, paid, brought, run),
        lambda: _carried_on(flow, *measured(), run),
    )  # fmt: skip
    return cast(Forecast, flow.keep("forecast", record))


def _carried_on(flow: Flow, points: tuple[Point, ...], about: dict[str, Any], run: float | None) -> Forecast:
    from tunecase.forecast import Measured, Prospect, forecast, stakes
    from tunecase.plan import cost_of_rows
    from tunecase.prices import supply
    from tunecase.project import read_score

    metric, rounds = about.pop("metric"), about.pop("rounds", 0)
    posed: Definition = flow.current("define")
    largest = max((point.n for point in points), default=0)
    facts = replace(known_of(flow), rows=max(usable_rows(flow), largest))
    basis, given = facts.basis, flow.project.problem.target
    audit: Audit = flow.current("audit")
    at_stake = stakes(
        flow.project, basis, posed, to_rows=cost_of_rows(facts), pilot=flow.current("pilot"), bill_run=run,
        rows=facts.rows,
    )  # fmt: skip
    prospect = Prospect(
        target=None if given is None else read_score(given),
        ceiling=posed.ceiling.high if posed.ceiling else None,
        rows=facts.rows,
        supply=supply(basis, as_labelled=True),
        basis=basis,
        stakes=at_stake,
    )
    method = flow.project.compute.objective or ""
    curve = Measured(points, metric, cast(Any, catalog.metric(metric).direction), method=method, **about)
    record = forecast(curve, prospect, seed=flow.seed, remarks=_remarks(audit, posed))
    own = _own_curves(flow.current("pilot"), metric, prospect, flow.seed)
    return replace(record, rounds=rounds, candidates=own)


def _own_curves(pilot: Pilot | None, metric: str, prospect: "Prospect", seed: int) -> tuple[OwnCurve, ...]:
    """The curve of each candidate of the pilot that has points under this metric, as itself.

    Left out is the search that copies answers from the nearest rows, which nobody would put to use.
    """
    from tunecase.forecast import Measured, own_curve

    if pilot is None or pilot.metric != metric:
        return ()
    return tuple(
        own_curve(
            one.name,
            Measured(
                one.points,
                metric,
                pilot.direction,
                one.model or one.name,
                fine_tune=one.kind == "causal",
                kind=one.kind,
            ),
            prospect,
            seed=seed,
        )
        for one in _with_points(pilot)
        if one.trainer != "nearest"
    )


def _with_points(pilot: Pilot | None) -> list[Candidate]:
    return [] if pilot is None else [one for one in pilot.candidates if any(point.n > 0 for point in one.points)]


def _remarks(audit: Audit, posed: Definition) -> tuple[str, ...]:
    words = []
    if audit.effective is not None:
        words.append(teaches_like(audit.usable, audit.effective.low, audit.effective.mid, audit.effective.high))
    if posed.ceiling is not None and posed.agreement is not None:
        low, high = score(posed.ceiling.low), score(posed.ceiling.high)
        words.append(f"the ceiling is the upper end of {low} to {high}, from an agreement of {score(posed.agreement)}")
    return tuple(word for word in words if word)


def curve_holds(flow: Flow) -> bool:
    """Whether the forecast still goes through the points that the case rests on; without any points there is none."""
    held: Forecast | None = flow.current("forecast")
    brought = kept_elsewhere(flow)
    if brought is None and flow.current("pilot") is None:
        return True
    if held is None or (held.source == "pilot") != (brought is None) or not flow.rests_on_current("forecast"):
        return False
    return kept(
        flow, "points", bool, (held, settled(flow.current("pilot")), brought), lambda: _same_points(flow, held)
    )  # fmt: skip


def _same_points(flow: Flow, held: Forecast) -> bool:
    from tunecase.forecast import merge

    raced = {one.name: merge(one.points, held.direction) for one in _with_points(flow.current("pilot"))}
    if held.metric == measured(flow)[1]["metric"] and {one.name: one.points for one in held.candidates} != raced:
        return False
    return held.points == merge(measured(flow)[0], held.direction)


def read_points(
    place: str | Sequence[str], request: "Asked", model: str, target: str | None, n_max: int | None
) -> tuple[tuple[Point, ...], dict[str, Any]]:
    """The points to keep from a file, a folder or an address, and what to note about them."""
    from tunecase.forecast import read_source

    own = [name for name, given in (("--target", target), ("--n-max", n_max)) if given is not None]
    if own:
        fix = "leave it out, or leave out --keep"
        raise InputError([Problem(name, "given with --keep", "the project file's own", fix) for name in own])
    imported = read_source(place, request)
    notes = tuple(f"{imported.format}: {note}" for note in imported.notes)
    note = f"the points of {name_of(place)} were measured with {model or 'the model to be tuned'}, as was said"
    about = {"metric": request.metric, "model": model, "source": name_of(place), "notes": (note, *notes)}
    return tuple(imported.points), {**about, "left_out": imported.left_out}


def metric_of(flow: Flow, given: str | None) -> str:
    """The project's metric; one that is named must be the same, or kept points would answer another question."""
    own = catalog.metric(flow.project.problem.metric or "accuracy").name
    if given is not None and catalog.metric(given).name != own:
        raise InputError(Problem("--metric", given, f"{own}, the project's", "leave it out, or leave out --keep"))
    return own


def asked_of(
    metric: str, size_column: str, score_column: str, sizes: Sequence[str], step: str, experiment: str
) -> "Asked":
    """What the user says of points measured elsewhere, from words as typed; `sizes` are `run=400`."""
    from tunecase.forecast.importers import Asked
    from tunecase.io import whole_number

    problems, by_run = [], {}
    for word in sizes:
        name, _, number = word.rpartition("=")
        n = whole_number(number)
        if not name or n is None:
            wanted = "a run's name, =, and its training examples"
            problems.append(Problem("--n", repr(word), wanted, "write it as `--n run-a=400`"))
        else:
            by_run[name] = n
    if step not in ("last", "best"):
        problems.append(Problem("--step", repr(step), "last or best", "leave it out for the last"))
    refuse_any(problems)
    row = catalog.metric(metric)
    return Asked(row.name, cast(Any, row.direction), size_column, score_column, by_run, cast(Any, step), experiment)
