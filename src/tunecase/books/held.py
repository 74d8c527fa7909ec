"""Which charges count: corrections replace what they correct, and a bill takes the place of its runs' estimates."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext

from tunecase.books.charges import DIGITS, GPU_HOUR, Charges, latest_of
from tunecase.records import Held, RunCharge, Spending

Span = tuple[datetime, datetime]

HOUR_WORDS = ("h", "hour", "hours", "hrs")
RUN_ID_TAG = "mlflow.run_id"  # an estimate's tag that a bill may name instead of the run
# Shares of an amount are cut here; the bill itself is never cut.
STEP = Decimal("0.000001")
ZERO, ONE = Decimal(0), Decimal(1)
# A bill may begin and end at other seconds than the run's own clock: this much uncovered is not a rest to pay.
LOOSE = Decimal("0.02")
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
DAY = timedelta(days=1)


@dataclass
class _Run:
    """An estimate: its GPU hours that no bill covers yet, piece by piece of its time, and what bills say of it.

    `left` is the whole of it, `free` what each piece between two `edges` can still take. `taken` are hours put down to
    it, of them `covered` those of bills that say what they cost.
    """

    charge: Spending
    left: Decimal
    span: Span
    edges: list[datetime] = field(default_factory=list)
    free: list[Decimal] = field(default_factory=list)
    amount: Decimal = ZERO
    hours: Decimal = ZERO
    taken: Decimal = ZERO
    covered: Decimal = ZERO
    linked: bool = False
    named: bool = False


@dataclass
class _Supply:
    """Rows of a bill with one card, period, run and kind, whose hours are given to runs; `left` is what none took."""

    gpu: str
    span: Span | None
    run: str
    free_of_charge: bool
    hours: Decimal = ZERO
    amount: Decimal = ZERO
    left: Decimal = ZERO


def held(spendings: Charges) -> Held:
    """The charges that count, what each run cost by estimate and by bill, and the idle hours.

        covered share of an estimate = hours of bills put down to it / its GPU hours,  taken as 1 from .98 on
        idle hours  = sum over cards of max(0, billed GPU hours - hours put down to runs)
        idle amount = sum over cards of idle hours * billed amount / billed GPU hours

    The hours of a bill's row go to runs once: first to the run that it names, by the run's name or its MLflow id; then
    to runs on the same card inside the row's period; last, rows that name a run which nobody estimated go to runs on
    the same card and time. No run takes more than its own GPU hours, nor more at any time than it had GPUs; runs that
    compete share by what they still lack. An estimate counts for the share that is not covered. Estimates of one run
    from two sources that overlap in time are one: those of the source with the most hours count.

    A run of which only the day is known may have run at any time of it. A row without hours covers nothing, and neither
    does one that is billed at nothing, unless a purchase is booked that may have paid for it. Refunds take no hours.

    Args:
        spendings: (entry id, charge), as the ledger has them.
    Returns: the Held; amounts in the base currency.
    Leaves out: bills without a card's name or hours, which only a run's name can link; and purchases, credits and
    taxes, which count in the sums but are put down to no run.
    """
    latest = latest_of(spendings)
    standing = [(name, charge) for name, charge in spendings if latest[name] == name]
    with localcontext(prec=DIGITS):
        twice = _twice(standing)
        runs = {name: _run(one) for name, one in standing if _is_guess(one) and name not in twice}
        bills = [one for _, one in standing if _is_gpu_bill(one)]
        bought = any(one.charge == "purchase" and one.category == "gpu" and one.amount_base > 0 for _, one in standing)
        supplies = _put_down(runs, bills, bought)
        shares = {name: _covered(run) for name, run in runs.items()}
        charges = tuple(
            (name, _rest(one, shares[name]) if shares.get(name) else one)
            for name, one in standing
            if name not in twice and shares.get(name, ZERO) < ONE
        )
        own = _own_names(supplies, {name for run in runs.values() for name in _names(run.charge)})
        idle, idle_amount, untracked = _idle(supplies, own)
        return Held(
            charges=charges,
            superseded=len(spendings) - len(standing),
            covered=len(twice) + sum(share >= ONE for share in shares.values()),
            runs=_run_charges(runs, shares, own),
            billed_gpu_hours=sum((hours_billed(one) for one in bills), ZERO),
            run_hours=sum((run.taken for run in runs.values()), ZERO).quantize(STEP),
            idle_hours=idle,
            idle_amount=idle_amount,
            unpriced=sum(1 for _, one in standing if one.charge == "usage" and not one.amount and one.quantity),
            untracked_hours=untracked,
        )


def gpu_hours(charge: Spending) -> Decimal | None:
    """The GPU hours of a charge, None where it holds none; plain hours are those of each of its cards."""
    if charge.quantity is None or charge.category != "gpu":
        return None
    if charge.unit == GPU_HOUR:
        return charge.quantity
    return charge.quantity * max(1, charge.gpu_count) if charge.unit.casefold() in HOUR_WORDS else None


def hours_billed(bill: Spending) -> Decimal:
    """The GPU hours that a row bills; money back for hours takes none of them away, hours below zero do."""
    hours = gpu_hours(bill) or ZERO
    return hours if bill.amount_base >= 0 or hours < 0 else ZERO


def _is_guess(charge: Spending) -> bool:
    return charge.basis == "estimated" and charge.category == "gpu" and charge.charge == "usage"


def _is_gpu_bill(charge: Spending) -> bool:
    return charge.basis == "billed" and charge.category == "gpu" and charge.charge == "usage"


def _twice(standing: Charges) -> set[str]:
    """Estimates of a run that another source estimates with more hours, at a time that the two share."""
    found: dict[str, dict[str, list[tuple[str, Spending]]]] = defaultdict(lambda: defaultdict(list))
    for name, charge in standing:
        if _is_guess(charge) and charge.run:
            found[charge.run][charge.source].append((name, charge))
    out: set[str] = set()
    for sources in found.values():
        hours = {source: sum((gpu_hours(one) or ZERO for _, one in rows), ZERO) for source, rows in sources.items()}
        kept: list[Span] = []
        for source in sorted(sources, key=lambda source: (hours[source], source), reverse=True):
            spans = {name: _span(one) for name, one in sources[source]}
            again = {name for name, (began, ended) in spans.items() if any(began < e and b < ended for b, e in kept)}
            kept += [span for name, span in spans.items() if name not in again]
            out |= again
    return out


def _span(guess: Spending) -> Span:
    """When a run was on: its own moments, or what can have been them where only its day is known."""
    if guess.began_at and guess.ended_at and guess.began_at < guess.ended_at:
        return guess.began_at, guess.ended_at
    # The day may be that of its begin or of its end.
    day = datetime.combine(guess.on, time(), UTC)
    wall = float((gpu_hours(guess) or ZERO) / max(1, guess.gpu_count)) * HOUR
    return day - wall, day + DAY + wall


def _names(guess: Spending) -> tuple[str, ...]:
    """What a bill may call a run."""
    return tuple(name for name in (guess.run, guess.tags.get(RUN_ID_TAG, "")) if name)


def _put_down(runs: Mapping[str, _Run], bills: Iterable[Spending], bought: bool) -> list[_Supply]:
    """Gives the hours of all rows to runs: by name, then by card and time, and rows of strange names last."""
    by_name: dict[str, list[_Run]] = defaultdict(list)
    by_day: dict[tuple[str, date], list[_Run]] = defaultdict(list)
    for run in runs.values():
        for name in _names(run.charge):
            by_name[name].append(run)
        for day in _days(run.span) if run.charge.gpu else ():
            by_day[run.charge.gpu, day].append(run)
    supplies = _supplies(bills, bought)
    near: list[list[_Run]] = []
    for one in supplies:
        own = by_name.get(one.run, []) if one.run else []
        if not own and one.span and one.gpu and one.hours > 0:
            own = list({id(run): run for day in _days(one.span) for run in by_day.get((one.gpu, day), ())}.values())
            own = [run for run in own if run.span[0] < one.span[1] and one.span[0] < run.span[1]]
        near.append(own)
    _cut(supplies, near)
    named = [(one, own) for one, own in zip(supplies, near, strict=True) if one.run in by_name]
    for one, own in named:
        _give(one, own, in_time=True)
    for one, own in named:
        _give(one, own, in_time=False)
        _say_named(one, own)
    for strange in (False, True):
        for one, own in zip(supplies, near, strict=True):
            if one.run not in by_name and bool(one.run) == strange:
                for run, hours in _give(one, own, in_time=True):
                    run.amount += one.amount * hours / one.hours
                    run.hours += hours
                    run.linked = True
    return supplies


def _supplies(bills: Iterable[Spending], bought: bool) -> list[_Supply]:
    """The rows of a bill by card, period, run and kind; those that end first come first, those of no charge last."""
    found: dict[tuple[str, Span | None, str, bool], _Supply] = {}
    for bill in bills:
        moments = bill.began_at and bill.ended_at and bill.began_at < bill.ended_at
        span = (bill.began_at, bill.ended_at) if bill.began_at and bill.ended_at and moments else None
        key = (bill.gpu, span, bill.run, not bill.amount_base and not bought)
        one = found.setdefault(key, _Supply(*key))
        one.hours += hours_billed(bill)
        one.left = max(one.hours, ZERO)
        one.amount += bill.amount_base
    never = datetime.max.replace(tzinfo=UTC)

    def order(one: _Supply) -> tuple[object, ...]:
        return (one.free_of_charge, one.span is None, one.span[::-1] if one.span else (never, never), one.gpu, one.run)

    return sorted(found.values(), key=order)


def _cut(supplies: Sequence[_Supply], near: Sequence[Sequence[_Run]]) -> None:
    """Cuts the time of each run where the rows near it begin and end, with what it can take in each piece."""
    edges: dict[int, set[datetime]] = defaultdict(set)
    every: dict[int, _Run] = {}
    for one, own in zip(supplies, near, strict=True):
        for run in own:
            every[id(run)] = run
            edges[id(run)] |= {moment for moment in one.span or () if run.span[0] < moment < run.span[1]}
    for key, run in every.items():
        run.edges = sorted({*run.span, *edges[key]})
        exact = run.span == (run.charge.began_at, run.charge.ended_at)
        length = _length(*run.span) if exact else Decimal(HOUR // MICROSECOND)
        rate = (run.left if exact else Decimal(max(1, run.charge.gpu_count))) / length
        run.free = [rate * _length(a, b) for a, b in zip(run.edges, run.edges[1:], strict=False)]


def _give(one: _Supply, own: Sequence[_Run], *, in_time: bool) -> list[tuple[_Run, Decimal]]:
    """Gives what is left of a row to runs, as much as each lacks inside its period (at any time without `in_time`)."""
    if one.left <= 0 or (in_time and one.span is None):
        return []
    own = [run for run in own if run.left > 0]
    pieces = [_pieces(run, one.span if in_time else None) for run in own]
    lacks = [min(run.left, sum((run.free[n] for n in found), ZERO)) for run, found in zip(own, pieces, strict=True)]
    total = sum(lacks, ZERO)
    if total <= 0:
        return []
    given = []
    for run, found, lack in zip(own, pieces, lacks, strict=True):
        hours = lack if total <= one.left else one.left * lack / total
        if hours <= 0:
            continue
        given.append((run, hours))
        run.left -= hours
        run.taken += hours
        run.covered += ZERO if one.free_of_charge else hours
        for n in found:
            step = min(run.free[n], hours)
            run.free[n] -= step
            hours -= step
    one.left = max(ZERO, one.left - sum((hours for _, hours in given), ZERO))
    return given


def _pieces(run: _Run, span: Span | None) -> range:
    if span is None:
        return range(len(run.free))
    first = max(0, bisect_right(run.edges, span[0]) - 1)
    last = bisect_right(run.edges, span[1]) - 1
    return range(first, min(max(first, last), len(run.free)))


def _say_named(one: _Supply, own: Sequence[_Run]) -> None:
    """What names a run is all its own: the whole amount and all hours, over its estimates by their hours."""
    weights = [gpu_hours(run.charge) or ONE for run in own]
    total = sum(weights, ZERO)
    for run, weight in zip(own, weights, strict=True):
        run.amount += one.amount * weight / total
        run.hours += one.hours * weight / total
        run.linked = True
        run.named |= one.hours > 0 and not one.free_of_charge


def _days(span: Span) -> list[date]:
    return [span[0].date() + timedelta(days=n) for n in range((span[1].date() - span[0].date()).days + 1)]


def _length(began: datetime, ended: datetime) -> Decimal:
    return Decimal((ended - began) // MICROSECOND)


def _run(guess: Spending) -> _Run:
    return _Run(guess, gpu_hours(guess) or ZERO, _span(guess))


def _covered(run: _Run) -> Decimal:
    """The share of a run's GPU hours that bills cover, 0 to 1; an estimate without hours is covered by its name."""
    hours = gpu_hours(run.charge) or ZERO
    share = run.covered / hours if hours > 0 else ONE if run.named else ZERO
    return ONE if share > ONE - LOOSE else share


def _rest(guess: Spending, share: Decimal) -> Spending:
    """The estimate for the part that no bill covers."""
    left = ONE - share
    return replace(
        guess,
        amount=(guess.amount * left).quantize(STEP),
        amount_base=(guess.amount_base * left).quantize(STEP),
        quantity=None if guess.quantity is None else (guess.quantity * left).quantize(STEP),
    )


def _own_names(supplies: Iterable[_Supply], known: set[str]) -> dict[str, list[_Supply]]:
    """Rows that name a run of which there is no estimate, where more is left of them than clocks differ by."""
    named: dict[str, list[_Supply]] = defaultdict(list)
    for one in supplies:
        if one.run and one.run not in known:
            named[one.run].append(one)
    return {
        run: rows
        for run, rows in named.items()
        if not (hours := sum((one.hours for one in rows), ZERO))
        or sum((one.left for one in rows), ZERO) > LOOSE * hours
    }


def _run_charges(
    runs: Mapping[str, _Run], shares: Mapping[str, Decimal], own: Mapping[str, Sequence[_Supply]]
) -> tuple[RunCharge, ...]:
    """One row for each run, those whose bill is furthest from the estimate first."""
    by_run: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, run in runs.items():
        by_run[run.charge.run or f"run of {run.charge.on}", run.charge.gpu].append(name)
    found = []
    for (run_name, gpu), names in by_run.items():
        estimated = sum((runs[name].charge.amount_base for name in names), ZERO)
        hours = sum((gpu_hours(runs[name].charge) or ZERO for name in names), ZERO)
        linked = [name for name in names if runs[name].linked]
        billed = sum((runs[name].amount for name in linked), ZERO).quantize(STEP) if linked else None
        part = sum((runs[name].charge.amount_base * shares[name] for name in linked), ZERO)
        difference = None if billed is None else (billed - part).quantize(STEP)
        billed_hours = sum((runs[name].hours for name in linked), ZERO).quantize(STEP)
        found.append(RunCharge(run_name, gpu, estimated, billed, difference, hours, billed_hours))
    for run_name, rows in own.items():
        amount = sum((one.amount * (one.left / one.hours if one.hours > 0 else ONE) for one in rows), ZERO)
        left = sum((one.left for one in rows), ZERO)
        found.append(RunCharge(run_name, rows[0].gpu, None, amount.quantize(STEP), None, None, left.quantize(STEP)))
    return tuple(sorted(found, key=lambda one: (-abs(one.difference or ZERO), one.run, one.gpu)))


def _idle(
    supplies: Sequence[_Supply], own: Mapping[str, Sequence[_Supply]]
) -> tuple[Decimal | None, Decimal | None, Decimal]:
    """Idle hours, their price, and hours of cards of which no run is known; hours of a name of its own are its own."""
    cards: dict[str, list[_Supply]] = defaultdict(list)
    for one in supplies:
        cards[one.gpu].append(one)
    strange = {id(one) for rows in own.values() for one in rows}
    idle = idle_amount = None
    untracked = ZERO
    for rows in cards.values():
        billed = sum((one.hours for one in rows), ZERO)
        used = sum(
            (one.hours - one.left if id(one) not in strange else one.hours for one in rows if one.hours > 0), ZERO
        )
        free = max(ZERO, billed - used)
        if not any(one.left < one.hours for one in rows):
            untracked += free
        elif billed > 0:
            amount = sum((one.amount for one in rows if one.hours), ZERO)
            idle, idle_amount = (idle or ZERO) + free, (idle_amount or ZERO) + free * amount / billed
    told = [None if one is None else one.quantize(STEP) for one in (idle, idle_amount)]
    return told[0], told[1], untracked.quantize(STEP)
