"""What a ledger says of money: the plan of record, which lines are closed, and how closed lines fell against it."""

import contextlib
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tunecase.books.held import held
from tunecase.books.line_rules import placed, rules_of
from tunecase.books.lines import planned_lines
from tunecase.errors import InputError
from tunecase.ledger import Entry
from tunecase.quantities import Z80, Z90, Band
from tunecase.records import Closing, Estimate, HitRate, PlanChosen, PlanUsed, Spending

ENOUGH = 20  # closed lines before a share inside says anything
TOO_FEW_INSIDE = 0.75  # of bands that promise 80%


@dataclass
class Kept:
    """The entries of a ledger that concern money, in order; `closed` is when each line was closed, if it still is.

    `booked_after` says of each charge, by its entry, how many estimates had been kept when it was booked.
    """

    charges: list[tuple[str, Spending]] = field(default_factory=list)
    estimates: list[Entry] = field(default_factory=list)
    booked_after: dict[str, int] = field(default_factory=dict)
    chosen: PlanChosen | None = None
    closed: dict[str, date] = field(default_factory=dict)
    reopened: list[str] = field(default_factory=list)

    @property
    def before_charges(self) -> int:
        """How many estimates were kept before the first charge of all."""
        return min(self.booked_after.values(), default=len(self.estimates))


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """A line that is finished: what was planned and what it cost, in its project's base currency."""

    project: str
    name: str
    planned: Band
    actual: float


def kept(entries: Iterable[Entry]) -> Kept:
    """What a ledger holds of money, charges on the lines that the rules put them on.

    A charge that comes after a line was closed opens it again.

    Records that another version wrote and this one cannot read are passed over, charges are not.

    Raises: InputError when a charge cannot be read.
    """
    money, entries = Kept(), list(entries)
    rules = rules_of(entries)
    for entry in entries:
        if entry.kind == "spend":
            charge = placed(entry.record(), rules)
            money.charges.append((entry.id, charge))
            money.booked_after[entry.id] = len(money.estimates)
            if money.closed.pop(charge.category, None) is not None:
                money.reopened.append(charge.category)
        elif entry.kind == "record" and entry.verb == "estimate":
            money.estimates.append(entry)
        elif entry.kind == "record" and entry.verb in ("close", "plan"):
            with contextlib.suppress(InputError):
                _take(money, entry.record())
    return money


def _take(money: Kept, record: Closing | PlanChosen) -> None:
    if isinstance(record, PlanChosen):
        money.chosen = record
        return
    money.closed.update(dict.fromkeys(record.lines, record.on))
    money.reopened = [name for name in money.reopened if name not in record.lines]


def plan_of_record(money: Kept, currency: str | None = None) -> tuple[Estimate, PlanUsed] | None:
    """The estimate that actuals are held against, and why this one.

    The one that was chosen; else the last that was kept before the first charge, which is what was known when spending
    began; else the first of all, which then knew of charges. A bill of another seed than the first one's only redraws
    doubt: it becomes the plan when it is chosen. Estimates in another currency than `currency`, or of another version,
    cannot be held against.

    Returns: the estimate and how it was come by; None where there is none.
    """
    readable = _readable(money, currency)
    if not readable:
        return None
    seed = readable[0][2].seed
    before = [
        (entry, estimate)
        for number, entry, estimate in readable
        if number < money.before_charges and estimate.seed == seed
    ]
    if before:
        entry, estimate = before[-1]
        why = "the last estimate before the first charge" if money.charges else "the latest estimate"
    else:
        _, entry, estimate = readable[0]
        why = "the first estimate there is, made after the first charge"
    if any(estimate.seed != seed for _, _, estimate in readable):
        why += f", of those of seed {seed}"
    if money.chosen is not None:
        for _, other, its_estimate in readable:
            if other.id == money.chosen.entry:
                entry, estimate, why = other, its_estimate, f"made the plan on {money.chosen.on}"
    return estimate, PlanUsed(entry.id, entry.recorded_at.date(), why)


def _readable(money: Kept, currency: str | None) -> list[tuple[int, Entry, Estimate]]:
    """The estimates that actuals can be held against, with their numbers among all."""
    readable = []
    for number, entry in enumerate(money.estimates):
        with contextlib.suppress(InputError):
            estimate: Estimate = entry.record()
            if currency is None or estimate.currency == currency:
                readable.append((number, entry, estimate))
    return readable


def before_plan(money: Kept, plan: PlanUsed) -> frozenset[str]:
    """The entries of the charges of before an estimate: booked before it was made, or of days before it."""
    number = next((n for n, entry in enumerate(money.estimates) if entry.id == plan.entry), 0)
    return frozenset(
        name for name, charge in money.charges if money.booked_after[name] <= number or last_day(charge) < plan.on
    )


def last_day(charge: Spending) -> date:
    """The last day of a charge's period, the end of which is the first moment after it."""
    return charge.on if charge.ended_at is None else max(charge.on, (charge.ended_at - timedelta(seconds=1)).date())


def hindsight(money: Kept, early: Collection[str]) -> frozenset[str]:
    """The lines with charges of before an estimate: it was drawn by whoever saw the bill, or does not hold them."""
    return frozenset(charge.category for name, charge in money.charges if name in early)


def closed_lines(money: Kept, project: str = "") -> tuple[ClosedLine, ...]:
    """Every closed line that had a planned amount and was charged, with what it cost.

    A line without any charge is left out: that nothing was booked does not show that it cost nothing. So is one that
    was charged before its plan was made: that such a band holds says nothing of bands.
    """
    chosen = plan_of_record(money)
    if chosen is None or not money.closed:
        return ()
    paid: dict[str, Decimal] = {}
    for _, charge in held(money.charges).charges:
        paid[charge.category] = paid.get(charge.category, Decimal(0)) + charge.amount_base
    late = hindsight(money, before_plan(money, chosen[1]))
    return tuple(
        ClosedLine(project, name, line.amount, float(paid[name]))
        for name, line in planned_lines(chosen[0]).items()
        if name in money.closed and name in paid and name not in late and line.amount is not None
    )


def hit_rate(lines: Sequence[ClosedLine], projects: int) -> HitRate:
    """How many actuals fell inside P10 to P90 and P5 to P95, and by how much the bands were too narrow.

        factor: the smallest k for which 8 in 10 actuals lie in P50 (P10 / P50)^k to P50 (P90 / P50)^k

    proposed from 20 lines on, where less than 75% fell inside. *Leaves out* that lines of one project move together:
    twenty lines of four projects say less than of twenty.
    """
    inside_80 = sum(inside(line.planned, line.actual) for line in lines)
    inside_90 = sum(inside(wider(line.planned), line.actual) for line in lines)
    factor = None
    if len(lines) >= ENOUGH and inside_80 / len(lines) < TOO_FEW_INSIDE:
        reach = sorted(stretch(line.planned, line.actual) for line in lines)
        needed = reach[math.ceil(0.8 * len(reach)) - 1]
        factor = needed if math.isfinite(needed) else None
    return HitRate(len(lines), inside_80, inside_90, projects, factor)


def inside(planned: Band, actual: float) -> bool:
    """Whether an amount lies in P10 to P90."""
    return planned.p10 <= actual <= planned.p90


def wider(planned: Band) -> Band:
    """The band with P5 and P95 at its ends, read as lognormal on either side of P50 (as normal where it reaches zero).

    Example:
        >>> round(wider(Band(5_507, 7_746, 9_690, 10_894)).p90, -1)
        12000.0
    """
    k = Z90 / Z80
    if planned.p10 <= 0:
        low, high = (planned.p50 + (end - planned.p50) * k for end in (planned.p10, planned.p90))
    else:
        low, high = (planned.p50 * (end / planned.p50) ** k for end in (planned.p10, planned.p90))
    return Band(low, planned.p50, planned.p80, high)


def stretch(planned: Band, actual: float) -> float:
    """The power k by which a band's ratios to P50 must be raised to reach an amount; 1 at P10 and at P90.

    Example:
        >>> stretch(Band(50, 100, 150, 200), 400)
        2.0
    """
    end = planned.p90 if actual >= planned.p50 else planned.p10
    if actual == planned.p50:
        return 0.0
    if end == planned.p50:
        return math.inf
    if min(planned.p10, actual) <= 0:
        # A band that reaches zero has no ratios there: distances do.
        return (actual - planned.p50) / (end - planned.p50) if planned.p10 <= 0 else math.inf
    return math.log(actual / planned.p50) / math.log(end / planned.p50)
