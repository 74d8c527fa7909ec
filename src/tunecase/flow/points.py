"""The points that a case rests on: the pilot's, or those kept from elsewhere, with the measured rounds among them."""

import contextlib
from functools import lru_cache
from typing import Any, cast

from tunecase import catalog
from tunecase.errors import InputError
from tunecase.flow.opened import Flow, missing
from tunecase.quantities import counted, share
from tunecase.records import Forecast, Pilot, Point, Round, Tuning


def base_model(flow: Flow) -> str:
    """The model that a case trains."""
    from tunecase.compute import base_model as named

    return named(flow.basis(10))


def measured(flow: Flow, from_pilot: bool = False) -> tuple[tuple[Point, ...], dict[str, Any]]:
    """The points that the case rests on, measured rounds among them, and what the forecast is told about them."""
    from tunecase.forecast import told
    from tunecase.pilot import KINDS

    brought = None if from_pilot else kept_elsewhere(flow)
    if brought is not None:
        notes, left_out = told(brought)
        measured_points = brought.points
        about: dict[str, Any] = {
            "metric": brought.metric, "model": brought.model, "source": brought.source, "notes": notes,
            "left_out": left_out,
        }  # fmt: skip
    else:
        tried: Pilot | None = flow.current("pilot")
        if tried is None:
            raise InputError(missing(flow, "pilot"))
        measured_points = points(tried)
        about = {
            "metric": tried.metric, "model": tried.model if tried.runs else "", "stand_in": stands_in(flow, tried),
            "stand_in_factor": stand_in_factor(flow, tried), "left_out": runs_left_out(tried),
            "kind": KINDS.get(tried.trainer, "") if tried.runs else "",
        }  # fmt: skip
    rounds = flow.rounds()
    return _followed(flow, measured_points, about, rounds) if rounds else (measured_points, about)


def _followed(
    flow: Flow, before: tuple[Point, ...], about: dict[str, Any], rounds: tuple[Round, ...]
) -> tuple[tuple[Point, ...], dict[str, Any]]:
    """The points with the measured rounds among them, and a note on that; the tuned model is no stand-in any more."""
    from tunecase.forecast import with_rounds
    from tunecase.prices import best_made

    best, stand_in = best_made(flow.basis(10)), about.get("stand_in", False)
    worth = 1.0 if best is None else best.median
    before, still = with_rounds(before, rounds, catalog.metric(about["metric"]).direction, stand_in, worth)
    word = "round" if len(rounds) == 1 else "rounds"
    note = f"{len(rounds)} measured {word} added; where a round changed the method, the curve so far was moved to it"
    if best is not None and worth != 1 and any(made.changed == "other_sources" for made in rounds):
        how = "by assumption" if best.origin == "assumed" else f"as {best.origin}"
        note += f"; a row from other sources counts as {share(worth)} of a labelled one, {how}"
    about |= {"rounds": len(rounds), "notes": (*about.get("notes", ()), note)}
    if stand_in and not still:
        about |= {"stand_in": False, "model": base_model(flow), "kind": ""}
    return before, about


def kept_elsewhere(flow: Flow) -> Forecast | None:
    """The last forecast kept from points measured elsewhere, unless a run was trained or the pilot was called since."""
    last = None
    for entry in flow.ledger.entries("run", "record"):
        if entry.kind == "run":
            last = None
        elif entry.kind == "record" and entry.verb == "forecast" and not entry.body.get("rounds"):
            last = entry if entry.body.get("source", "pilot") != "pilot" else None
    if last is not None:
        with contextlib.suppress(InputError):  # what another version wrote is as good as none
            return cast(Forecast, last.record())
    return None


def points(tried: Pilot) -> tuple[Point, ...]:
    """One point for each run that ended well; the forecast averages them and learns their spread from run to run."""
    good = (run for run in tried.runs if not run.failed and run.converged and run.purpose == "ladder")
    return tuple(run.point for run in good)


def runs_left_out(tried: Pilot) -> tuple[str, ...]:
    """The runs that became no point, by reason."""
    rungs = [run for run in tried.runs if run.purpose == "ladder"]
    failed, rough = sum(bool(run.failed) for run in rungs), sum(not run.failed and not run.converged for run in rungs)
    words = [f"{counted(failed, 'run')}: failed"] if failed else []
    return (*words, *([f"{counted(rough, 'run')}: not converged"] if rough else []))


def stands_in(flow: Flow, tried: Pilot) -> bool:
    """Whether the pilot's learner is another than the model to be tuned, as the project names it today."""
    from tunecase.compute import base_model
    from tunecase.pilot import is_stand_in

    return bool(tried.runs) and (is_stand_in(tried.trainer) or tried.model != base_model(flow.basis(10)))


def stand_in_factor(flow: Flow, tried: Pilot) -> str:
    """The name of the factor from the pilot's error to the tuned model's, by who stands in for whom."""
    from tunecase.compute import base_model
    from tunecase.pilot import KINDS, is_stand_in

    kind = KINDS.get(tried.trainer, "")
    if kind not in ("encoder", "search"):
        kind = "n-grams" if is_stand_in(tried.trainer) else "causal"
    scale = "share" if catalog.metric(tried.metric).bounded else "loss"
    tuned = base_model(flow.basis(10))
    return catalog.stand_in_field(kind, scale, _params(tuned), _params(tried.model))


@lru_cache(maxsize=64)
def _params(model: str) -> float | None:
    """Parameters of a model that the tables know; None of another."""
    try:
        return float(catalog.model(model).params)
    except InputError:
        return None


def measured_metric(flow: Flow) -> str | None:
    """The metric of the points that the case rests on, kept ones or the pilot's; None if there are none."""
    brought, tried = kept_elsewhere(flow), flow.current("pilot")
    if brought is not None:
        return brought.metric
    return None if tried is None else cast(Pilot, tried).metric


def measured_sizes(flow: Flow) -> tuple[int, ...]:
    """Training rows of the points that the case rests on, rounds left out; empty without any."""
    brought, tried = kept_elsewhere(flow), flow.current("pilot")
    known = brought.points if brought is not None else () if tried is None else points(tried)
    return tuple(point.n for point in known)


def labelled_rows(flow: Flow, made: Round) -> int:
    """The labelled rows that the rows of a round count as on the curve; those of the round itself without points."""
    from tunecase.forecast import counted_as
    from tunecase.prices import made_worth

    rounds = flow.rounds()
    counted = counted_as(measured_sizes(flow), rounds, made_worth(flow.basis(10)))
    return next((n for one, n in zip(rounds, counted, strict=True) if one.number == made.number), made.n)


def tuning_of_the_curve(flow: Flow) -> Tuning | None:
    """The pilot's search over settings, while its own points are the curve; kept points have another learner."""
    tried: Pilot | None = flow.current("pilot")
    seen: Forecast | None = flow.current("forecast")
    return tried.tuning if tried is not None and seen is not None and seen.source == "pilot" else None
