"""Which charges count: corrections replace what they correct, and a bill takes the place of its runs' estimates."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from tunecase.books.charges import DIGITS, Charges, latest_of
from tunecase.books.hours import (
    ONE,
    ZERO,
    Run,
    Span,
    Supply,
    added,
    gpu_hours,
    names_of,
    overlap,
    put_down,
    run_of,
    span_of,
)
from tunecase.records import Held, RunCharge, Spending

# Shares of an amount are cut here; the bill itself is never cut.
STEP = Decimal("0.000001")
# A bill may begin and end at other seconds than the run's own clock: this much uncovered is not a rest to pay.
LOOSE = Decimal("0.02")
# The books ask several times for the same charges, of which there may be a hundred thousand.
_LAST: deque[tuple[Charges, Held]] = deque(maxlen=2)


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
    spendings = tuple(spendings)
    for known, made in tuple(_LAST):  # another thread may add one meanwhile
        if known == spendings:
            return made
    made = _held(spendings)
    _LAST.appendleft((spendings, made))
    return made


def _held(spendings: Charges) -> Held:
    standing = _standing(spendings)
    with localcontext(prec=DIGITS):
        twice = _twice(standing)
        once = [named for named in standing if named[0] not in twice]
        runs, supplies = _put_down(once)
        shares = {name: _covered(run) for name, run in runs.items()}
        charges = _rests(once, shares)
        strangers = _strangers(supplies, runs.values())
        idle, idle_amount, untracked = _idle(supplies, strangers)
        return Held(
            charges=tuple(charges),
            superseded=len(spendings) - len(standing),
            covered=len(standing) - len(charges),
            runs=_run_charges(runs, shares, strangers),
            billed_gpu_hours=added(supply.hours for supply in supplies),
            run_hours=added(run.taken for run in runs.values()).quantize(STEP),
            idle_hours=idle,
            idle_amount=idle_amount,
            unpriced=sum(_is_unpriced(charge) for _, charge in standing),
            untracked_hours=untracked,
        )


def _standing(spendings: Charges) -> Charges:
    """The charges that nothing corrects."""
    latest = latest_of(spendings)
    return [named for named in spendings if latest[named[0]] == named[0]]


def _put_down(charges: Charges) -> tuple[Mapping[str, Run], Sequence[Supply]]:
    """The estimates by their entries and the rows of bills, once hours of these are put down to those."""
    runs = {name: run_of(charge) for name, charge in charges if _is_guess(charge)}
    bills = [charge for _, charge in charges if _is_gpu_bill(charge)]
    return runs, put_down(runs, bills, any(_is_gpu_purchase(charge) for _, charge in charges))


def _is_guess(charge: Spending) -> bool:
    return charge.basis == "estimated" and charge.category == "gpu" and charge.charge == "usage"


def _is_gpu_bill(charge: Spending) -> bool:
    return charge.basis == "billed" and charge.category == "gpu" and charge.charge == "usage"


def _is_gpu_purchase(charge: Spending) -> bool:
    return charge.charge == "purchase" and charge.category == "gpu" and charge.amount_base > 0


def _is_unpriced(charge: Spending) -> bool:
    return charge.charge == "usage" and not charge.amount and bool(charge.quantity)


def _hours(charges: Iterable[Spending]) -> Decimal:
    return added(gpu_hours(charge) or ZERO for charge in charges)


def _twice(standing: Charges) -> set[str]:
    """Estimates of a run that another source estimates with more hours, at a time that the two share."""
    by_run: dict[str, dict[str, list[tuple[str, Spending]]]] = defaultdict(lambda: defaultdict(list))
    for name, charge in standing:
        if _is_guess(charge) and charge.run:
            by_run[charge.run][charge.source].append((name, charge))
    return {name for sources in by_run.values() for name in _overlapping(sources)}


def _overlapping(sources: Mapping[str, Charges]) -> set[str]:
    """Estimates of one run that overlap those of a source with more hours."""
    hours = {source: _hours(charge for _, charge in rows) for source, rows in sources.items()}
    kept: list[Span] = []
    out: set[str] = set()
    for source in sorted(sources, key=lambda source: (hours[source], source), reverse=True):
        spans = {name: span_of(charge) for name, charge in sources[source]}
        again = {name for name, span in spans.items() if any(overlap(span, other) for other in kept)}
        kept += [span for name, span in spans.items() if name not in again]
        out |= again
    return out


def _covered(run: Run) -> Decimal:
    """The share of a run's GPU hours that bills cover, 0 to 1; an estimate without hours is covered by its name."""
    hours = gpu_hours(run.charge) or ZERO
    share = run.covered / hours if hours > 0 else ONE if run.named else ZERO
    return ONE if share > ONE - LOOSE else share


def _rests(charges: Charges, shares: Mapping[str, Decimal]) -> Charges:
    """The charges as they count: estimates for the part that no bill covers, and not at all where that is nothing."""
    return [
        (named[0], _rest(named[1], share)) if (share := shares.get(named[0], ZERO)) else named
        for named in charges if shares.get(named[0]) != ONE
    ]  # fmt: skip


def _rest(guess: Spending, share: Decimal) -> Spending:
    """The charge for the part that no bill covers."""
    left = ONE - share
    return replace(
        guess,
        amount=(guess.amount * left).quantize(STEP),
        amount_base=(guess.amount_base * left).quantize(STEP),
        quantity=None if guess.quantity is None else (guess.quantity * left).quantize(STEP),
    )


def _strangers(supplies: Iterable[Supply], runs: Iterable[Run]) -> dict[str, list[Supply]]:
    """Rows by the run they name, where nobody estimated it and more is left of them than clocks differ by."""
    estimated = {name for run in runs for name in names_of(run.charge)}
    named: dict[str, list[Supply]] = defaultdict(list)
    for supply in supplies:
        if supply.run and supply.run not in estimated:
            named[supply.run].append(supply)
    return {run: rows for run, rows in named.items() if _is_left(rows)}


def _is_left(rows: Sequence[Supply]) -> bool:
    """Whether more is left of some rows than clocks differ by; rows without hours are left whole."""
    hours = added(row.hours for row in rows)
    return not hours or added(row.left for row in rows) > LOOSE * hours


def _run_charges(
    runs: Mapping[str, Run], shares: Mapping[str, Decimal], strangers: Mapping[str, Sequence[Supply]]
) -> tuple[RunCharge, ...]:
    """One row for each run, those whose bill is furthest from the estimate first."""
    by_run: dict[tuple[str, str], list[tuple[Run, Decimal]]] = defaultdict(list)
    for name, run in runs.items():
        by_run[run.charge.run or f"run of {run.charge.on}", run.charge.gpu].append((run, shares[name]))
    rows = [_estimated_run(*key, parts) for key, parts in by_run.items()]
    rows += [_billed_run(name, supplies) for name, supplies in strangers.items()]
    return tuple(sorted(rows, key=lambda row: (-abs(row.difference or ZERO), row.run, row.gpu)))


def _estimated_run(name: str, gpu: str, parts: Sequence[tuple[Run, Decimal]]) -> RunCharge:
    """A run from its estimates, each with the share that bills cover."""
    linked = [(run, share) for run, share in parts if run.linked]
    billed = added(run.amount for run, _ in linked).quantize(STEP) if linked else None
    covered = added(run.charge.amount_base * share for run, share in linked)
    return RunCharge(
        name,
        gpu,
        estimated=added(run.charge.amount_base for run, _ in parts),
        billed=billed,
        difference=None if billed is None else (billed - covered).quantize(STEP),
        run_hours=_hours(run.charge for run, _ in parts),
        billed_hours=added(run.hours for run, _ in linked).quantize(STEP),
    )


def _billed_run(name: str, rows: Sequence[Supply]) -> RunCharge:
    """A run that only bills name."""
    amount = added(row.amount * (row.left / row.hours if row.hours > 0 else ONE) for row in rows)
    left = added(row.left for row in rows)
    return RunCharge(name, rows[0].gpu, None, amount.quantize(STEP), None, None, left.quantize(STEP))


@dataclass(frozen=True, slots=True)
class _Card:
    """The rows of one card: hours that nobody is known to have used and what they cost, and whether a run used any."""

    billed: Decimal
    free: Decimal
    free_amount: Decimal
    is_tracked: bool


def _cards(supplies: Iterable[Supply], strange: Collection[int]) -> list[_Card]:
    """The cards of all rows; those of the rows in `strange` (by `id`) used all their hours for an unknown run."""
    by_card: dict[str, list[Supply]] = defaultdict(list)
    for supply in supplies:
        by_card[supply.gpu].append(supply)
    return [_card(rows, strange) for rows in by_card.values()]


def _card(rows: Sequence[Supply], strange: Collection[int]) -> _Card:
    billed = added(row.hours for row in rows)
    used = added(max(ZERO, row.hours) if id(row) in strange else row.used for row in rows)
    free = max(ZERO, billed - used)
    amount = free * added(row.amount for row in rows if row.hours) / billed if billed > 0 else ZERO
    return _Card(billed, free, amount, any(row.used for row in rows))


def _idle(
    supplies: Sequence[Supply], strangers: Mapping[str, Sequence[Supply]]
) -> tuple[Decimal | None, Decimal | None, Decimal]:
    """Idle hours, their price, and hours of cards of which no run is known; a stranger's hours are its own."""
    cards = _cards(supplies, {id(row) for rows in strangers.values() for row in rows})
    untracked = added(card.free for card in cards if not card.is_tracked).quantize(STEP)
    tracked = [card for card in cards if card.is_tracked and card.billed > 0]
    if not tracked:
        return None, None, untracked
    hours, amounts = [card.free for card in tracked], [card.free_amount for card in tracked]
    return added(hours).quantize(STEP), added(amounts).quantize(STEP), untracked
