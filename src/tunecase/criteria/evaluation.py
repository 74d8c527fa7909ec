"""Rules on how success will be seen: P6 the ceiling of noisy labels, P7 the power of the test set."""

import math

from tunecase.criteria.facts import Facts, percent, points
from tunecase.records import Criterion, Severity, Status
from tunecase.spread import Band
from tunecase.statistics import LOST_SHARE, mcnemar_p, paired_rows_needed, smallest_paired_gain

DOUBLE_LABELS = 100


def target_is_below_the_ceiling(facts: Facts) -> Criterion:
    """P6: the target does not exceed what a perfect model would score against one annotator's labels."""

    def judged(
        status: Status, severity: Severity, got: str, reason: str, fix: str = "", price: Band | None = None
    ) -> Criterion:
        wanted, source = "target <= label ceiling", "OpenAI best practices; a = (1-e)^2 + e^2/m, m = 1 to K-1"
        return Criterion("P6", "label ceiling", status, severity, got, wanted, reason, fix, price, source)

    if facts.metric is not None and not facts.counts_items:
        reason = f"{facts.metric.name} does not count right answers, so agreement sets no ceiling for it"
        return judged("unknown", "note", "-", reason, "let a second person do the task, and score that person")
    if facts.ceiling is None or facts.agreement is None:
        price = facts.votes_price(DOUBLE_LABELS)
        fix = f"have a second person label {DOUBLE_LABELS} test rows, unseen by the first: {facts.money(price)}"
        given = facts.project.data.second_label
        reason = f"no test row holds {given!r}" if given else "no test row has a second label"
        return judged("unknown", "stop", "-", reason, fix, price)
    high, ends = facts.ceiling.high, f"{percent(facts.ceiling.low)} to {percent(facts.ceiling.high)}"
    got = f"ceiling {percent(facts.ceiling.mid)} ({ends})"
    seen = f"two people agree on {percent(facts.agreement)} of {len(facts.doubles)} rows, {got}"
    if facts.target is None:
        return judged("unknown", "stop", got, f"{seen}, but there is no target", "add problem.target")
    if facts.direction == "lower" or facts.target <= facts.ceiling.mid:
        return judged("pass", "stop", got, seen)
    if facts.target <= high:
        return judged("pass", "stop", got, f"{seen}; the target lies within the ceiling's doubt, label more rows twice")
    price = facts.votes_price(2 * facts.test_rows)
    return judged(
        "fail",
        "stop",
        got,
        f"{seen}: no model can honestly score {percent(facts.target)} against one of them",
        f"lower the target to {percent(facts.ceiling.mid)}, sharpen the label guide, or settle the test labels by two "
        f"more people ({facts.money(price)})",
        price,
    )


def gain_can_be_seen(facts: Facts) -> Criterion:
    """P7: the test set is large enough to show the wanted gain (80% power, two-sided 5%, same items, 5% lost)."""
    if facts.metric is not None and not facts.counts_items:
        reason = f"{facts.metric.name} varies by item in a way that only the pilot can measure"
        return _power("unknown", "warn", f"{facts.test_rows} test items", reason, "run the pilot")
    seen = smallest_paired_gain(facts.test_rows)
    if facts.gain is None:
        reason = f"{_sight(facts.test_rows, seen)}; the wanted gain is not known"
        fix = "state metric and target, and measure a baseline"
        return _power("unknown", "stop", f"{facts.test_rows} test items", reason, fix)
    if facts.gain <= 0:
        reason = "there is no gain to see: a baseline already meets the target"
        return _power("unknown", "note", f"{facts.test_rows} test items", reason, "state a target beyond it")
    needed = paired_rows_needed(facts.gain)
    missing = needed - facts.test_rows
    asked = f"{_sight(facts.test_rows, seen)}; you asked for {points(facts.gain)}; you need {needed:,}"
    wanted = f"{needed:,} test items"
    if missing <= 0:
        return _power("pass", "stop", f"{facts.test_rows} test items", asked, wanted=wanted)
    price = facts.labels_price(missing)
    cost = f"{missing:,} more cost {facts.money(price)}"
    fix = f"label {missing:,} more test rows"
    if facts.test is None and len(facts.train.rows) >= 2 * needed:
        reason, fix = "there is no test set yet", f"hold out {needed:,} of the {len(facts.train.rows):,} rows"
        return _power("unknown", "stop", "0 test items", reason, fix, wanted=wanted)
    return _power("fail", "stop", f"{facts.test_rows} test items", f"{asked}; {cost}", fix, price, wanted)


def _power(
    status: Status,
    severity: Severity,
    got: str,
    reason: str,
    fix: str = "",
    price: Band | None = None,
    wanted: str = "",
) -> Criterion:
    source = f"Miller 2024; McNemar, {percent(LOST_SHARE)} of items lost (assumed until the pilot measures it)"
    wanted = wanted or "enough test items to show the wanted gain"
    return Criterion("P7", "test set power", status, severity, got, wanted, reason, fix, price, source)


def _sight(rows: int, seen: float) -> str:
    have = f"you have {rows:,} test items"
    if math.isfinite(seen):
        return f"{have}; you can see >= {points(seen)} points"
    best = mcnemar_p(rows, 0)
    return f"{have}; no gain can ever be shown (the best possible outcome has p = {best:.3g})"
