"""One function for each verb of the road: it calls the verb with what is known and keeps the record."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase import __version__, catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.opened import (
    Flow,
    audit,
    audited,
    dropped_rows,
    missing,
    name_of,
    now,
    rows_of_the_bill,
    spent,
    usable_rows,
)
from tunecase.flow.pilot import pilot_metric, points, runs_left_out, stand_in_factor, stands_in
from tunecase.ledger import Entry
from tunecase.records import (
    Audit,
    Baseline,
    Decision,
    Definition,
    Estimate,
    Forecast,
    Pilot,
    Point,
    Report,
    Round,
    Spending,
    Tuning,
)
from tunecase.wording import score, share, teaches_like

if TYPE_CHECKING:
    from tunecase.importers import Asked


def define(flow: Flow) -> Definition:
    """Is the problem well posed and achievable? Audits and prices first when that is not done yet."""
    from tunecase.define import define as judge

    found = flow.known("audit") or audit(flow)
    train, test = flow.train_table(), flow.table("test")
    scores = {baseline.name: baseline.score for baseline in baselines(flow, found)}

    def judged(bill: Estimate) -> Definition:
        return judge(
            flow.project, train, test, basis=flow.basis(), majority=scores.get("majority"), probe=scores.get("probe"),
            audit=found, total_cost=bill.total, tuning_cost=bill.tuning, unpriced=bill.unpriced,
            pilot=flow.known("pilot"), chance=bill.reached,
        )  # fmt: skip

    held: Definition | None = flow.known("define")
    record = judged(flow.known("estimate") or estimate(flow, renew=False))
    if record.test_rows_to_buy != (held.test_rows_to_buy if held else 0):
        # That bill did not hold the test rows that are missing.
        flow.records["define"] = record
        record = judged(estimate(flow, renew=False))
    return cast(Definition, flow.keep("define", record))


def baselines(flow: Flow, found: Audit) -> tuple[Baseline, ...]:
    """What needs no fine-tune, measured: the majority class and the probe on all usable rows."""
    from tunecase.datasets import repeat_like_classes
    from tunecase.pilot import baselines as measure

    train, test = flow.train_table(), flow.table("test")
    if test is None or not repeat_like_classes(row.output for row in train.rows):
        return ()
    return measure(train, test, metric=pilot_metric(flow), seed=flow.seed, drop_rows=dropped_rows(found))


def estimate(
    flow: Flow,
    renew: bool = True,
    *,
    total_order: bool = False,
    what_if: str | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Estimate:
    """What will it cost? With a pilot at hand the rounds come from its curve, read again if the case has changed.

    `total_order` adds what each input carries with others, `what_if` what would have to be true to stay within the
    budget with that chance, such as 80%.
    """
    from tunecase.estimate import estimate as price

    wanted = None if what_if is None else _chance_wanted(flow, what_if)
    if renew:
        curve(flow)

    record = price(
        flow.project, basis=flow.basis(), **rows_of_the_bill(flow, audited(flow)),
        definition=flow.known("define"), forecast=flow.known("forecast"),
        runs=tried.runs if (tried := flow.known("pilot")) else (),
        tuning=tuning_of_the_curve(flow), reviews=flow.reviews, done=[made.changed for made in flow.rounds()],
        total_order=total_order, what_if=wanted, told=told,
    )  # fmt: skip
    return cast(Estimate, flow.keep("estimate", record))


def tuning_of_the_curve(flow: Flow) -> Tuning | None:
    """The pilot's search over settings, while its own points are the curve; kept points have another learner."""
    tried: Pilot | None = flow.known("pilot")
    seen: Forecast | None = flow.known("forecast")
    return tried.tuning if tried is not None and seen is not None and seen.source == "pilot" else None


def bill(flow: Flow) -> Estimate:
    """The bill that holds; one that was made before there was a curve is made again with it."""
    found: Estimate | None = flow.known("estimate")
    if found is None or (found.based_on == "no pilot" and curve(flow) is not None):
        return estimate(flow)
    return found


def _chance_wanted(flow: Flow, text: str) -> float:
    """The chance asked for with --what-if, which needs a budget to stay within."""
    from tunecase.flow.opened import read_confidence

    chance, problems = read_confidence("--sure", text)
    if flow.project.budget is None:
        fix = "add `budget: 15k USD`, say, to the project file"
        problems = [*problems, Problem("--what-if", "no budget", "a budget to stay within", fix)]
    if problems:
        raise InputError(problems)
    return chance


def forecast(flow: Flow, from_pilot: bool = False) -> Forecast:
    """Will more data do it? From the pilot's points, or those kept from elsewhere, up to what the budget can buy.

    Kept points hold until a run is trained after them; `from_pilot` goes back to the pilot at once.
    """
    measured, about = _measured(flow, from_pilot)
    record = _extrapolated(flow, measured, **about)
    if from_pilot:
        _follow(flow)
    return record


def _measured(flow: Flow, from_pilot: bool = False) -> tuple[tuple[Point, ...], dict[str, Any]]:
    """The points that the case rests on, measured rounds among them, and what the forecast is told about them."""
    from tunecase.forecast import told
    from tunecase.points import with_rounds
    from tunecase.sources import made_worth

    brought, rounds = None if from_pilot else _brought(flow), flow.rounds()
    if brought is not None:
        notes, left_out = told(brought)
        known, stand_in = brought.points, False
        about: dict[str, Any] = {
            "metric": brought.metric, "model": brought.model, "source": brought.source, "notes": notes,
            "left_out": left_out,
        }  # fmt: skip
    else:
        tried: Pilot | None = flow.known("pilot")
        if tried is None:
            raise InputError(missing(flow, "pilot"))
        known, stand_in = points(tried), stands_in(flow, tried)
        about = {
            "metric": tried.metric, "model": tried.model if tried.runs else "", "stand_in": stand_in,
            "stand_in_factor": stand_in_factor(tried), "left_out": runs_left_out(tried),
        }  # fmt: skip
    if not rounds:
        return known, about
    worth = made_worth(flow.basis(10))
    known, still = with_rounds(known, rounds, catalog.metric(about["metric"]).direction, stand_in, worth)
    word = "round" if len(rounds) == 1 else "rounds"
    note = f"{len(rounds)} measured {word} added; where a round changed the method, the curve so far was moved to it"
    if worth != 1 and any(made.changed == "other_sources" for made in rounds):
        note += f"; a row from other sources counts as {share(worth)} of a labelled one, by assumption"
    about |= {"rounds": len(rounds), "notes": (*about.get("notes", ()), note)}
    if stand_in and not still:
        from tunecase.flow.fit import base_model

        about |= {"stand_in": False, "model": base_model(flow)}
    return known, about


def keep_forecast(
    flow: Flow, place: str, asked: "Asked", model: str = "", target: str | None = None, n_max: int | None = None
) -> Forecast:
    """A forecast from points that were measured elsewhere, kept: estimate, decide and report rest on it from now on."""
    from tunecase.forecast import read_source

    own = [name for name, given in (("--target", target), ("--n-max", n_max)) if given is not None]
    if own:
        fix = "leave it out, or leave out --keep"
        raise InputError([Problem(name, "given with --keep", "the project file's own", fix) for name in own])
    found = read_source(place, asked)
    known = tuple(f"{found.format}: {note}" for note in found.notes)
    note = f"the points of {name_of(place)} were measured with {model or 'the model to be tuned'}, as was said"
    record = _extrapolated(
        flow, found.points, metric=asked.metric, model=model, source=name_of(place), notes=(note, *known),
        left_out=found.left_out,
    )  # fmt: skip
    _follow(flow)
    return record


def _extrapolated(flow: Flow, measured: tuple[Point, ...], *, metric: str, rounds: int = 0, **about: Any) -> Forecast:
    from tunecase.forecast import forecast as extrapolate
    from tunecase.project import read_score
    from tunecase.sources import supply
    from tunecase.stakes import stakes

    posed: Definition = flow.known("define") or define(flow)
    basis = flow.basis(2_000)
    given, rows = flow.project.problem.target, usable_rows(flow)
    found: Audit = flow.known("audit") or audit(flow)
    record = extrapolate(
        measured, metric=metric, direction=cast(Any, catalog.metric(metric).direction),
        target=None if given is None else read_score(given), ceiling=posed.ceiling.high if posed.ceiling else None,
        supply=supply(basis), basis=basis, seed=flow.seed, rows=rows,
        stakes=stakes(flow.project, basis, posed, flow.known("estimate"), flow.known("pilot"), rows),
        remarks=_remarks(found, posed), **about,
    )  # fmt: skip
    return cast(Forecast, flow.keep("forecast", replace(record, rounds=rounds)))


def _remarks(found: Audit, posed: Definition) -> tuple[str, ...]:
    """What the audit and the definition say of the curve: how much the rows teach, where the ceiling comes from."""
    words = []
    if found.effective is not None:
        words.append(teaches_like(found.usable, found.effective.low, found.effective.mid, found.effective.high))
    if posed.ceiling is not None and posed.agreement is not None:
        low, high = score(posed.ceiling.low), score(posed.ceiling.high)
        words.append(f"the ceiling is the upper end of {low} to {high}, from an agreement of {score(posed.agreement)}")
    return tuple(word for word in words if word)


def _follow(flow: Flow) -> None:
    """Makes again the bill and the decision that rested on other points; what was never made is not made now."""
    made = {entry.verb for entry in flow.ledger.entries() if entry.kind == "record"}
    for verb, step in (("estimate", estimate), ("decide", decide)):
        if verb in made:
            step(flow)


def _brought(flow: Flow) -> Forecast | None:
    """The last forecast kept from points measured elsewhere, unless a run was trained or the pilot asked since."""
    last = None
    for entry in flow.ledger.entries():
        if entry.kind == "run":
            last = None
        elif entry.kind == "record" and entry.verb == "forecast" and not entry.body.get("rounds"):
            last = entry if entry.body.get("source", "pilot") != "pilot" else None
    if last is not None:
        with contextlib.suppress(InputError):  # what another version wrote is as good as none
            return cast(Forecast, last.record())
    return None


def measured_metric(flow: Flow) -> str | None:
    """The metric of the points that the case rests on, kept ones or the pilot's; None without any points."""
    brought, tried = _brought(flow), flow.known("pilot")
    if brought is not None:
        return brought.metric
    return None if tried is None else cast(Pilot, tried).metric


def measured_sizes(flow: Flow) -> tuple[int, ...]:
    """Training rows of the points that the case rests on, rounds left out; empty without any."""
    brought, tried = _brought(flow), flow.known("pilot")
    known = brought.points if brought is not None else () if tried is None else points(tried)
    return tuple(point.n for point in known)


def labelled_rows(flow: Flow, made: Round) -> int:
    """The labelled rows that the rows of a round count as on the curve; those of the round itself without points."""
    from tunecase.points import counted_as
    from tunecase.sources import made_worth

    rounds = flow.rounds()
    counted = counted_as(measured_sizes(flow), rounds, made_worth(flow.basis(10)))
    return next((n for one, n in zip(rounds, counted, strict=True) if one.number == made.number), made.n)


def curve(flow: Flow) -> Forecast | None:
    """The forecast that holds, made again where the project file or the pilot has changed; None without any points."""
    from tunecase.points import merge

    found: Forecast | None = flow.known("forecast")
    brought: Forecast | None = _brought(flow)
    tried: Pilot | None = flow.known("pilot")
    if brought is None and tried is None:
        return found
    if found is not None and (found.source == "pilot") == (brought is None):
        same = brought is not None or tried is None or found.points == merge(_measured(flow)[0], found.direction)
        if same:
            return found
    return forecast(flow)


def decide(flow: Flow, what_if: bool = False, told: Callable[[int, int], None] | None = None) -> Decision:
    """What should the next dollar buy? `what_if` adds what would have to be true for another step.

    `told` is told how many of how many inputs were looked at for that.
    """
    from tunecase.decide import decide as choose

    tried, seen = flow.known("pilot"), curve(flow)
    drawn = tried is not None and tried.trainer == "simulated" and (seen is None or seen.source == "pilot")
    unmeasured = "the pilot only drew a curve, nothing was trained (simulated)" if drawn else ""
    record = choose(
        flow.project, basis=flow.basis(4_000), definition=flow.known("define") or define(flow),
        audit=flow.known("audit"), estimate=bill(flow),
        forecast=None if drawn else seen, rows=usable_rows(flow), done=[made.changed for made in flow.rounds()],
        what_if=what_if, told=told, spent=spent(flow),
        no_pilot=unmeasured or (tried.stopped if tried and not tried.runs else ""),
        tuning=tuning_of_the_curve(flow), reviews=flow.reviews,
    )  # fmt: skip
    return cast(Decision, flow.keep("decide", record))


def spend(flow: Flow, charge: Spending) -> Entry:
    """Books one charge; acknowledged only when it is safe on disk."""
    return flow.ledger.append("spend", charge, recorded_at=now(), verb="spend")


def renew(flow: Flow) -> None:
    """Makes again what the ledger holds but a change of the case has outdated; a pilot is never run by itself."""
    made = {entry.verb for entry in flow.ledger.entries() if entry.kind == "record"}
    steps: tuple[tuple[str, Callable[[Flow], Any]], ...] = (
        ("audit", audit), ("define", define), ("forecast", curve), ("estimate", bill), ("decide", decide),
    )  # fmt: skip
    for verb, step in steps:
        if verb in made and (flow.known(verb) is None or verb == "estimate"):
            priced = flow.known(verb)
            if step(flow) is not priced and verb == "estimate" and "define" in made:
                define(flow)
    if "books" in made or flow.spendings():
        from tunecase.flow.books import books

        books(flow)


def contents(flow: Flow) -> Any:
    """Everything that is known of the case, as the page and the report fold it."""
    from tunecase.report import content

    renew(flow)
    order = ("define", "audit", "estimate", "pilot", "judge", "forecast", "decide", "books")
    records = {verb: record for verb in order if (record := flow.known(verb)) is not None}
    stood: dict[str, str] = {}
    earlier: list[tuple[str, Estimate]] = []
    head = ""
    for entry in flow.ledger.entries():
        head = entry.id
        if entry.kind == "record":
            stood[entry.verb] = f"entry {entry.id[:12]}, {entry.recorded_at:%Y-%m-%d %H:%M} UTC"
        if entry.verb == "estimate" and entry.meta.get("key") == flow.key("estimate"):
            earlier.append((f"{entry.recorded_at:%Y-%m-%d %H:%M}", entry.record()))
    meta = {"seed": str(flow.seed), "version": __version__, "price_book": catalog.price_book(), "ledger": head}
    charges = [charge for _, charge in flow.spendings()]
    return content(
        records, project=flow.project, spendings=charges, meta=meta, today=flow.today, earlier=earlier[:-1],
        entries=stood,
    )  # fmt: skip


def report(flow: Flow, to: Path | None = None, page: Callable[[Any], str] | None = None) -> Report:
    """Writes report.html, report.md and report.json, each whole or not at all; `page` draws the HTML."""
    from tunecase.report import report as write

    record = write(contents(flow), to or flow.folder, page=page)
    return cast(Report, flow.keep("report", record))
