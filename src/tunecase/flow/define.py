"""Judges the problem of a case, first without its price and then with it."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from tunecase.errors import InputError, Problem
from tunecase.flow.dropped import dropped_rows
from tunecase.flow.kept import kept, of_the_plan
from tunecase.flow.keys import settled
from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow, pilot_metric, task_kind
from tunecase.project import read_score
from tunecase.quantities import Band, band, count, share
from tunecase.records import Audit, Baseline, Definition, Estimate, Pilot, Promise

if TYPE_CHECKING:
    from tunecase.problem import Facts

SURELY_OFF = 4.0  # standard errors of a score: so far by luck once in 16,000 cases


def pose(flow: Flow) -> None:
    """Judges the problem without its price: the baselines, the ceiling, the test rows to buy. Nothing is kept.

    What was measured for the definition that holds, which no bill moves, is not measured again.
    """
    held: Definition | None = flow.current("define")
    if held is not None and flow.rests_on_current("define"):
        flow.posed = _judged(flow, held.majority, held.probe)
        return
    scores = {baseline.name: baseline.score for baseline in baselines(flow, flow.current("audit"))}
    flow.posed = _judged(flow, scores.get("majority"), scores.get("probe", scores.get("nearest")))


def judge_problem(flow: Flow) -> Definition:
    """Judges the problem as it was posed, with the price of the bill; kept."""
    posed, bill = cast(Definition, flow.posed), cast(Estimate, flow.current("estimate"))
    record = _judged(flow, posed.majority, posed.probe, bill)
    return cast(Definition, flow.keep("define", record))


def _judged(flow: Flow, majority: float | None, probe: float | None, bill: Estimate | None = None) -> Definition:
    """The problem judged with these baselines, and with the price of a bill where there is one."""
    drawn_from = (flow.current("audit"), settled(flow.current("pilot"))) if bill is None else (*of_the_plan(flow), bill)
    return kept(
        flow, "define", Definition, (majority, probe, drawn_from), lambda: _judge(flow, majority, probe, bill)
    )  # fmt: skip


def _judge(flow: Flow, majority: float | None, probe: float | None, bill: Estimate | None) -> Definition:
    from tunecase.problem import Facts, at_hand, define, prompted

    pilot, basis = flow.current("pilot"), flow.basis()
    logs = flow.logs.told(flow.table("test"))
    lost = flow.logs.lost(logs)
    facts = Facts(
        flow.project, flow.train_table(), flow.table("test"), basis, majority, probe, flow.current("audit"),
        piloted=prompted(pilot, basis), measured=tuple(at_hand(pilot, basis)), trial=flow.label_trial,
        promises=_promises(pilot), logs=logs,
        lost=None if lost is None else lost[0], lost_on="" if lost is None else lost[1],
    )  # fmt: skip
    _refuse_contradiction(flow, facts)
    if bill is None:
        return define(facts, pilot=pilot)
    facts = replace(
        facts, total_cost=bill.total, tuning_cost=_tuning_cost(flow, bill), chance=bill.reached,
        had=_had(bill) if flow.project.problem.gain == "linear" else None, upkeep=_upkeep(bill, facts),
        put_to_use=_put_to_use(bill),
    )  # fmt: skip
    return define(facts, pilot=pilot, unpriced=bill.unpriced)


def _refuse_contradiction(flow: Flow, facts: "Facts") -> None:
    """Refuses a stated score of today's way far from the one that its answers, or its model in the pilot, have here.

    Far is beyond `SURELY_OFF` standard errors of the test rows. Raises: InputError.
    """
    today, right = flow.project.today, facts.right_today
    if today.score is None or not facts.counts_items or not facts.test_rows:
        return
    found = {way.model: way.score for way in facts.measured if way.model and way.model == flow.project.model_today}
    if right:
        found[f"column {flow.project.data.answer_today}"] = sum(right) / len(right)
    stated = read_score(today.score)
    for place, seen in found.items():
        if abs(stated - seen) > SURELY_OFF * math.sqrt(max(seen * (1 - seen), 1 / facts.test_rows) / facts.test_rows):
            got = f"{today.score!s} beside {share(seen)} measured ({place}, {count(facts.test_rows)} test rows)"
            fix = "delete today.score, so that the measured one counts, or correct what was measured"
            raise InputError(Problem(flow.where("today.score"), got, "the score that was measured", fix))


def _put_to_use(bill: Estimate) -> float:
    """What the bill's plan is worth where it puts to use what was measured; 0 where it trains or buys anything."""
    plan = bill.plan
    untrained = plan is not None and plan.advised and plan.lever in ("ship", "when_sure")
    return plan.worth.expected.value if plan is not None and untrained and plan.worth is not None else 0.0


def _had(bill: Estimate) -> float | None:
    """What the bill's plan gains on average; None where nobody knows."""
    return None if bill.plan is None or bill.plan.worth is None else bill.plan.worth.gain.value


def _promises(pilot: Pilot | None) -> tuple[Promise, ...]:
    """What a pilot promises of all that it measured, where they answer only when sure."""
    if pilot is None:
        return ()
    promises = [*(one.promise for one in pilot.candidates), *(one.promise for one in pilot.baselines)]
    return tuple(promise for promise in promises if promise is not None)


def _tuning_cost(flow: Flow, bill: Estimate) -> Band:
    """What the fine-tune costs without its answers, also where the bill is that of another way, which is advised."""
    pilot: Pilot | None = flow.current("pilot")
    if pilot is None or not (pilot.candidates or any(one.kind for one in pilot.baselines)):
        return bill.tuning
    drawn = drawn_of(flow)
    return band(drawn.of_the_tuned.total_without_answers) if drawn.way else bill.tuning


def _upkeep(bill: Estimate, facts: "Facts") -> float:
    """Expected upkeep, where the cost that is held against the worth does not hold it already."""
    line = bill.line("upkeep")
    if line is None or (line.included and facts.serving is None):
        return 0.0
    return line.expected or 0.0


def baselines(flow: Flow, audit: Audit) -> tuple[Baseline, ...]:
    """What needs no fine-tune, measured: the commonest answer and the cheapest learner on all usable rows."""
    return kept(flow, "baselines", tuple[Baseline, ...], audit, lambda: _measured(flow, audit))


def _measured(flow: Flow, audit: Audit) -> tuple[Baseline, ...]:
    from tunecase.data.reading import repeat_like_classes
    from tunecase.pilot import baselines as measure
    from tunecase.pilot import metrics_of

    train, test = flow.train_table(), flow.table("test")
    if test is None:
        return ()
    metric, kind = pilot_metric(flow), task_kind(flow)
    if metric in metrics_of("probe") and repeat_like_classes(row.output for row in train.rows):
        kind = "classification"  # a label written as a long sentence is a label all the same
    return measure(train, test, metric=metric, kind=kind, seed=flow.seed, drop_rows=dropped_rows(flow, audit))
