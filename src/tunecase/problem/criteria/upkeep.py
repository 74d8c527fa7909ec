"""Rules on what comes after launch: P17 the parts that must each work, P18 the day the answers go stale."""

from collections import Counter

from tunecase.problem.criteria.facts import DAYS_PER_MONTH, Facts, percent, three_figures
from tunecase.quantities import band, wilson
from tunecase.records import Criterion, Severity

SLICE_ROWS = 30  # a score of 80% is then known to about 9 points


def slices_are_tested(facts: Facts) -> Criterion:
    """P17: every part that must work by itself is named and has test rows enough to show its score.

    With 30 rows a score of 80% is known to 9 points (80% interval, Wilson); with fewer a part can fail unseen.
    """
    name, wanted = "slices", f"columns of the test file, {SLICE_ROWS} rows or more in each part"
    source = "ML Test Score: quality on all important data slices"
    asked = facts.project.problem.slices
    if not asked:
        fix = "add problem.slices: [language], columns of the test file"
        reason = "no part is named that must work by itself"
        return Criterion("P17", name, "unknown", "note", "-", wanted, reason, fix, source=source)
    rows = facts.test.rows if facts.test else ()
    absent = [column for column in asked if not any(column in row.other for row in rows)]
    if absent:
        reason = f"the test file has no column {', '.join(map(repr, absent))}"
        fix = "add the column to the test file, or name one that it has"
        return Criterion("P17", name, "fail", "warn", ", ".join(asked), wanted, reason, fix, source=source)
    parts = {
        f"{column} {value}": count
        for column in asked
        for value, count in Counter(str(row.other.get(column, "")) for row in rows).items()
    }
    small = {part: count for part, count in parts.items() if count < SLICE_ROWS}
    missing = sum(SLICE_ROWS - count for count in small.values())
    price = facts.labels_price(missing) if small else None
    low, high = wilson(0.8 * SLICE_ROWS, SLICE_ROWS)
    severity: Severity = "note"
    reason = f"every part has enough rows to know its score within {percent((high - low) / 2)}"
    if small:
        least = min(small, key=lambda part: small[part])
        reason = f"{len(small)} of {len(parts)} parts have fewer than {SLICE_ROWS} test rows, the smallest {least!r}"
    return Criterion(
        "P17",
        name,
        "fail" if small else "pass",
        severity,
        f"{len(parts)} parts, {min(parts.values())} to {max(parts.values())} rows",
        wanted,
        reason,
        f"label {missing:,} more test rows in them" if small else "",
        price,
        source,
    )


def staleness_is_dated(facts: Facts) -> Criterion:
    """P18: it is known until when the answers hold; a day inside the horizon asks for training again by then."""
    name, wanted, source = "staleness", "a day after which the answers no longer hold", "ML Test Score: model staleness"
    stale = facts.project.problem.stale_after
    if stale is None:
        reason = "nobody said until when the answers hold"
        fix = "add problem.stale_after: 2027-12-31, the day on which labels, rules or facts change"
        return Criterion("P18", name, "unknown", "warn", "-", wanted, reason, fix, source=source)
    away = (stale - facts.basis.today).days / DAYS_PER_MONTH
    got = f"after {stale.isoformat()}"
    if away <= 0:
        reason, fix = "the answers no longer hold today", "bring rows from after that day, and state the next one"
        return Criterion("P18", name, "fail", "warn", got, wanted, reason, fix, source=source)
    months = band(facts.basis.draw("problem.horizon", facts.project.problem.horizon)).p50
    if away < months:
        reason = f"{three_figures(away)} months from now, inside the horizon of {three_figures(months)}"
        fix = "plan rows and a training run for that day: `tunecase estimate` bills one project, not its renewals"
        return Criterion("P18", name, "fail", "note", got, wanted, reason, fix, source=source)
    reason = f"after the horizon of {three_figures(months)} months"
    return Criterion("P18", name, "pass", "warn", got, wanted, reason, source=source)
