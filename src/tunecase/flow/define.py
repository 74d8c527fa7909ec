"""Judges the problem of a case, first without its price and then with it."""

from typing import Any, cast

from tunecase.flow.opened import Flow, dropped_rows, pilot_metric
from tunecase.records import Audit, Baseline, Definition, Estimate


def pose(flow: Flow) -> None:
    """Judges the problem without its price: the baselines, the ceiling, the test rows to buy. Nothing is kept."""
    scores = {baseline.name: baseline.score for baseline in baselines(flow, flow.known("audit"))}
    flow.posed = _judged(flow, majority=scores.get("majority"), probe=scores.get("probe"))


def judge_problem(flow: Flow) -> Definition:
    """Judges the problem as it was posed, with the price of the bill; kept."""
    posed, bill = cast(Definition, flow.posed), cast(Estimate, flow.known("estimate"))
    record = _judged(
        flow, majority=posed.majority, probe=posed.probe, total_cost=bill.total, tuning_cost=bill.tuning,
        unpriced=bill.unpriced, chance=bill.reached,
    )  # fmt: skip
    return cast(Definition, flow.keep("define", record))


def _judged(flow: Flow, **known: Any) -> Definition:
    from tunecase.problem import define

    return define(
        flow.project, flow.train_table(), flow.table("test"), basis=flow.basis(), audit=flow.known("audit"),
        pilot=flow.known("pilot"), **known,
    )  # fmt: skip


def baselines(flow: Flow, found: Audit) -> tuple[Baseline, ...]:
    """What needs no fine-tune, measured: the majority class and the probe on all usable rows."""
    from tunecase.data.reading import repeat_like_classes
    from tunecase.pilot import baselines as measure

    train, test = flow.train_table(), flow.table("test")
    if test is None or not repeat_like_classes(row.output for row in train.rows):
        return ()
    return measure(train, test, metric=pilot_metric(flow), seed=flow.seed, drop_rows=dropped_rows(found))
