"""Rules on what comes after launch: P17 the parts that must each work, P18 the day the answers go stale."""

from collections import Counter

from tunecase.prices import horizon
from tunecase.problem.criteria.facts import Facts, percent, three_figures
from tunecase.problem.criteria.rule import Rule
from tunecase.quantities import DAYS_PER_MONTH, band, wilson
from tunecase.records import Criterion

SLICE_ROWS = 30  # a score of 80% is then known to about 9 points

SLICES = Rule(
    "P17",
    "slices",
    f"columns of the test file, {SLICE_ROWS} rows or more in each part",
    "ML Test Score: quality on all important data slices",
    "Which groups must each work?",
    "name a column of the test file",
    "note",
)
STALENESS = Rule(
    "P18",
    "staleness",
    "a day after which the answers no longer hold",
    "ML Test Score: model staleness",
    "When do answers go stale?",
    "name the day on which labels or rules change",
)


def slices_are_tested(facts: Facts) -> Criterion:
    """P17: every part that must work by itself is named and has test rows enough to show its score.

    With 30 rows a score of 80% is known to 9 points (80% interval, Wilson); with fewer a part can fail unseen.
    """
    columns = facts.project.problem.slices
    if not columns:
        fix = "add problem.slices: [language], columns of the test file"
        return SLICES.unknown("no part is named that must work by itself", fix)
    rows = facts.test.rows if facts.test else ()
    absent = [column for column in columns if not any(column in row.other for row in rows)]
    if absent:
        reason = f"the test file has no column {', '.join(map(repr, absent))}"
        fix = "add the column to the test file, or name one that it has"
        return SLICES.weighing("warn").failed(", ".join(columns), reason, fix)
    parts = Counter(f"{column} {row.other.get(column, '')}" for column in columns for row in rows)
    got = f"{len(parts)} parts, {min(parts.values())} to {max(parts.values())} rows"
    small = {part: count for part, count in parts.items() if count < SLICE_ROWS}
    if not small:
        low, high = wilson(0.8 * SLICE_ROWS, SLICE_ROWS)
        return SLICES.passed(got, f"every part has enough rows to know its score within {percent((high - low) / 2)}")
    least = min(small, key=lambda part: small[part])
    reason = f"{len(small)} of {len(parts)} parts have fewer than {SLICE_ROWS} test rows, the smallest {least!r}"
    missing = sum(SLICE_ROWS - count for count in small.values())
    return SLICES.failed(got, reason, f"label {missing:,} more test rows in them", facts.labels_price(missing))


def staleness_is_dated(facts: Facts) -> Criterion:
    """P18: it is known until when the answers hold; a day inside the horizon asks for training again by then."""
    stale = facts.project.problem.stale_after
    if stale is None:
        fix = "add problem.stale_after: 2027-12-31, the day on which labels, rules or facts change"
        return STALENESS.unknown("nobody said until when the answers hold", fix)
    away = (stale - facts.basis.today).days / DAYS_PER_MONTH
    got = f"after {stale.isoformat()}"
    if away <= 0:
        fix = "bring rows from after that day, and state the next one"
        return STALENESS.failed(got, "the answers no longer hold today", fix)
    months = band(horizon(facts.basis)).p50
    if away < months:
        reason = f"{three_figures(away)} months from now, inside the horizon of {three_figures(months)}"
        fix = "add after_launch.retrain: every 6 months, so that training again is taken off the worth"
        return STALENESS.weighing("note").failed(got, reason, fix)
    return STALENESS.passed(got, f"after the horizon of {three_figures(months)} months")
