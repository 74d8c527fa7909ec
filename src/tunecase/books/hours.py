"""The hours of a bill's rows put down to runs: by the run that a row names, else by card and time."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from tunecase.books.charges import GPU_HOUR
from tunecase.records import Spending

Span = tuple[datetime, datetime]

HOUR_WORDS = ("h", "hour", "hours", "hrs")
RUN_ID_TAG = "mlflow.run_id"  # an estimate's tag that a bill may name instead of the run
ZERO, ONE = Decimal(0), Decimal(1)
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
DAY = timedelta(days=1)


@dataclass
class Run:
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
class Supply:
    """Rows of a bill with one card, period, run and kind, whose hours are given to runs; `left` is what none took."""

    gpu: str
    span: Span | None
    run: str
    free_of_charge: bool
    hours: Decimal = ZERO
    amount: Decimal = ZERO
    left: Decimal = ZERO

    @property
    def used(self) -> Decimal:
        """Hours that runs took."""
        return max(ZERO, self.hours - self.left)


Pair = tuple[Supply, Sequence[Run]]  # a row and the runs that may take its hours


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


def added(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    return sum(amounts, ZERO)


def span_of(guess: Spending) -> Span:
    """When a run was on: its own moments, or what can have been them where only its day is known."""
    if moments := _moments(guess):
        return moments
    # The day may be that of its begin or of its end.
    day = datetime.combine(guess.on, time(), UTC)
    wall = float((gpu_hours(guess) or ZERO) / max(1, guess.gpu_count)) * HOUR
    return day - wall, day + DAY + wall


def _moments(charge: Spending) -> Span | None:
    """When a charge began and ended, None where it does not say."""
    if charge.began_at and charge.ended_at and charge.began_at < charge.ended_at:
        return charge.began_at, charge.ended_at
    return None


def names_of(guess: Spending) -> tuple[str, ...]:
    """What a bill may call a run."""
    return tuple(name for name in (guess.run, guess.tags.get(RUN_ID_TAG, "")) if name)


def overlap(first: Span, second: Span) -> bool:
    """Whether two spans share any time."""
    return first[0] < second[1] and second[0] < first[1]


def put_down(runs: Mapping[str, Run], bills: Iterable[Spending], bought: bool) -> list[Supply]:
    """Gives the hours of all rows to runs: by name, then by card and time, and rows of strange names last."""
    by_name = _by_name(runs.values())
    supplies = _supplies(bills, bought)
    at_the_time = _same_card_and_time(runs.values())
    takers = [by_name[supply.run] if supply.run in by_name else at_the_time(supply) for supply in supplies]
    _cut(supplies, takers)
    pairs = list(zip(supplies, takers, strict=True))
    _give_by_name([pair for pair in pairs if pair[0].run in by_name])
    unnamed = [pair for pair in pairs if pair[0].run not in by_name]
    _give_by_time(sorted(unnamed, key=lambda pair: bool(pair[0].run)))
    return supplies


def _by_name(runs: Iterable[Run]) -> Mapping[str, list[Run]]:
    """The runs by each name that a bill may call them."""
    by_name: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        for name in names_of(run.charge):
            by_name[name].append(run)
    return by_name


def _give_by_name(pairs: Sequence[Pair]) -> None:
    """Gives rows to the runs that they name: inside their periods first, then at any time."""
    for supply, runs in pairs:
        _give(supply, runs, in_time=True)
    for supply, runs in pairs:
        _give(supply, runs, in_time=False)
        _say_named(supply, runs)


def _give_by_time(pairs: Sequence[Pair]) -> None:
    """Gives rows to runs on their card and inside their period, each run with its part of the amount."""
    for supply, runs in pairs:
        for run, hours in _give(supply, runs, in_time=True):
            run.amount += supply.amount * hours / supply.hours
            run.hours += hours
            run.linked = True


def _same_card_and_time(runs: Iterable[Run]) -> Callable[[Supply], list[Run]]:
    """What finds the runs on a row's card inside its period, looked up by day."""
    by_day: dict[tuple[str, date], list[Run]] = defaultdict(list)
    for run in runs:
        for day in _days(run.span) if run.charge.gpu else ():
            by_day[run.charge.gpu, day].append(run)

    def runs_near(supply: Supply) -> list[Run]:
        span = supply.span
        if span is None or not supply.gpu or supply.hours <= 0:
            return []
        near = {id(run): run for day in _days(span) for run in by_day.get((supply.gpu, day), ())}
        return [run for run in near.values() if overlap(run.span, span)]

    return runs_near


def _supplies(bills: Iterable[Spending], bought: bool) -> list[Supply]:
    """The rows of a bill by card, period, run and kind; those that end first come first, those of no charge last."""
    supplies: dict[tuple[str, Span | None, str, bool], Supply] = {}
    for bill in bills:
        key = (bill.gpu, _moments(bill), bill.run, not bill.amount_base and not bought)
        supply = supplies.setdefault(key, Supply(*key))
        supply.hours += hours_billed(bill)
        supply.left = max(supply.hours, ZERO)
        supply.amount += bill.amount_base
    never = datetime.max.replace(tzinfo=UTC)

    def order(supply: Supply) -> tuple[object, ...]:
        last = supply.span[::-1] if supply.span else (never, never)
        return (supply.free_of_charge, supply.span is None, last, supply.gpu, supply.run)

    return sorted(supplies.values(), key=order)


def _cut(supplies: Sequence[Supply], near: Sequence[Sequence[Run]]) -> None:
    """Cuts the time of each run where the rows near it begin and end, with what it can take in each piece."""
    edges: dict[int, set[datetime]] = defaultdict(set)
    every: dict[int, Run] = {}
    for supply, takers in zip(supplies, near, strict=True):
        for run in takers:
            every[id(run)] = run
            edges[id(run)] |= {moment for moment in supply.span or () if run.span[0] < moment < run.span[1]}
    for key, run in every.items():
        run.edges = sorted({*run.span, *edges[key]})
        exact = run.span == (run.charge.began_at, run.charge.ended_at)
        length = _length(*run.span) if exact else Decimal(HOUR // MICROSECOND)
        rate = (run.left if exact else Decimal(max(1, run.charge.gpu_count))) / length
        run.free = [rate * _length(a, b) for a, b in zip(run.edges, run.edges[1:], strict=False)]


def _give(supply: Supply, runs: Sequence[Run], *, in_time: bool) -> list[tuple[Run, Decimal]]:
    """Gives what is left of a row to runs, as much as each lacks inside its period (at any time without `in_time`)."""
    if supply.left <= 0 or (in_time and supply.span is None):
        return []
    needs = _needs(runs, supply.span if in_time else None)
    total = added(lack for _, _, lack in needs)
    given = []
    for run, pieces, lack in needs:
        hours = lack if total <= supply.left else supply.left * lack / total
        _take(run, pieces, hours, free_of_charge=supply.free_of_charge)
        given.append((run, hours))
    supply.left = max(ZERO, supply.left - added(hours for _, hours in given))
    return given


def _needs(runs: Sequence[Run], span: Span | None) -> list[tuple[Run, range, Decimal]]:
    """The runs that still lack hours inside a time (None: at any time), with the pieces of it and how many hours."""
    pieces_of = [(run, _pieces(run, span)) for run in runs]
    lacks = [(run, pieces, min(run.left, added(run.free[n] for n in pieces))) for run, pieces in pieces_of]
    return [need for need in lacks if need[2] > 0]


def _take(run: Run, pieces: range, hours: Decimal, *, free_of_charge: bool) -> None:
    """Puts hours down to a run, into the first of its pieces that have room."""
    run.left -= hours
    run.taken += hours
    run.covered += ZERO if free_of_charge else hours
    for n in pieces:
        step = min(run.free[n], hours)
        run.free[n] -= step
        hours -= step


def _pieces(run: Run, span: Span | None) -> range:
    if span is None:
        return range(len(run.free))
    first = max(0, bisect_right(run.edges, span[0]) - 1)
    last = bisect_right(run.edges, span[1]) - 1
    return range(first, min(max(first, last), len(run.free)))


def _say_named(supply: Supply, runs: Sequence[Run]) -> None:
    """What names a run is all its own: the whole amount and all hours, over its estimates by their hours."""
    weights = [gpu_hours(run.charge) or ONE for run in runs]
    total = added(weights)
    for run, weight in zip(runs, weights, strict=True):
        run.amount += supply.amount * weight / total
        run.hours += supply.hours * weight / total
        run.linked = True
        run.named |= supply.hours > 0 and not supply.free_of_charge


def _days(span: Span) -> list[date]:
    return [span[0].date() + timedelta(days=n) for n in range((span[1].date() - span[0].date()).days + 1)]


def _length(began: datetime, ended: datetime) -> Decimal:
    return Decimal((ended - began) // MICROSECOND)


def run_of(guess: Spending) -> Run:
    """An estimate to which nothing is put down yet."""
    return Run(guess, gpu_hours(guess) or ZERO, span_of(guess))
