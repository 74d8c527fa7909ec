"""Which charges count: corrections replace what they correct, and a bill takes the place of its runs' estimates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext

from tunecase.charges import DIGITS, GPU_HOUR
from tunecase.records import Held, RunCharge, Spending

Charges = Sequence[tuple[str, Spending]]

HOUR_WORDS = ("h", "hour", "hours", "hrs")
# Shares of an amount are cut here; the bill itself is never cut.
STEP = Decimal("0.000001")
ZERO, ONE = Decimal(0), Decimal(1)
# A bill may begin and end at other seconds than the run's own clock: this much uncovered is not a rest to pay.
LOOSE = Decimal("0.02")


@dataclass
class _Linked:
    """What bills say of one estimate: amount and GPU hours put down to it, and the moments they cover."""

    amount: Decimal = ZERO
    hours: Decimal = ZERO
    named: bool = False
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)


def held(spendings: Charges) -> Held:
    """The charges that count, what each run cost by estimate and by bill, and the idle hours.

        idle hours = max(0, billed GPU hours - GPU hours of the runs that they cover)
        idle amount = idle hours * billed amount / billed GPU hours

    A bill's row belongs to a run that it names, else to the runs on the same card whose time it overlaps: each takes
    its GPU hours inside the row's period, as a share of the row's, and what no run takes is idle. An estimate counts no
    more where bills cover its run, and counts for the rest where they cover a part of its time. Estimates of one run
    from two sources are one: that with the most hours counts.

    Args:
        spendings: (entry id, charge), as the ledger has them.
    Returns: the Held; amounts in the base currency.
    Leaves out: bills without a card's name or hours, which only a run's name can link; and purchases, credits and
    taxes, which count in the sums but are put down to no run.
    """
    replaced = {charge.supersedes for _, charge in spendings if charge.supersedes} | _again(spendings)
    standing = [(name, charge) for name, charge in spendings if name not in replaced]
    with localcontext(prec=DIGITS):
        twice = _twice(standing)
        guesses = {name: one for name, one in standing if _is_guess(one) and name not in twice}
        bills = [one for _, one in standing if _is_gpu_bill(one)]
        links, named = _links(guesses, bills)
        shares = {name: _covered(one, links[name]) for name, one in guesses.items() if name in links}
        charges = tuple(
            (name, _rest(one, shares[name]) if name in shares else one)
            for name, one in standing
            if name not in twice and shares.get(name, ZERO) < ONE
        )
        runs = _runs(guesses, links, shares, named)
        billed_hours = sum((gpu_hours(one) or ZERO for one in bills), ZERO)
        run_hours = sum(
            ((gpu_hours(one) or ZERO) * shares[name] for name, one in guesses.items() if name in shares), ZERO
        )
        idle, idle_amount = _idle(bills, billed_hours, run_hours, guesses, shares, named)
    return Held(
        charges=charges,
        superseded=len(spendings) - len(standing),
        covered=len(twice) + sum(share >= ONE for share in shares.values()),
        runs=runs,
        billed_gpu_hours=billed_hours,
        run_hours=run_hours.quantize(STEP),
        idle_hours=idle,
        idle_amount=idle_amount,
        unpriced=sum(1 for _, one in standing if one.charge == "usage" and not one.amount and one.quantity),
    )


def _again(spendings: Charges) -> set[str]:
    """Charges of a source's row that another one holds already: two people imported it, and their ledgers were joined.

    A later total of the same row that supersedes the earlier one is none of these.
    """
    rows: dict[str, set[str]] = defaultdict(set)
    out: set[str] = set()
    for name, charge in spendings:
        if charge.row_id and rows[charge.row_id] and charge.supersedes not in rows[charge.row_id]:
            out.add(name)
        rows[charge.row_id].add(name)
    return out


def gpu_hours(charge: Spending) -> Decimal | None:
    """The GPU hours of a charge, None where it holds none; plain hours are those of each of its cards."""
    if charge.quantity is None or charge.category != "gpu":
        return None
    if charge.unit == GPU_HOUR:
        return charge.quantity
    return charge.quantity * max(1, charge.gpu_count) if charge.unit.casefold() in HOUR_WORDS else None


def _is_guess(charge: Spending) -> bool:
    return charge.basis == "estimated" and charge.category == "gpu" and charge.charge == "usage"


def _is_gpu_bill(charge: Spending) -> bool:
    return charge.basis == "billed" and charge.category == "gpu" and charge.charge == "usage"


def _twice(standing: Charges) -> set[str]:
    """Estimates of a run that another source estimates with more hours."""
    found: dict[str, dict[str, list[tuple[str, Spending]]]] = defaultdict(lambda: defaultdict(list))
    for name, charge in standing:
        if _is_guess(charge) and charge.run:
            found[charge.run][charge.source].append((name, charge))
    out: set[str] = set()
    for sources in found.values():
        hours = {source: sum((gpu_hours(one) or ZERO for _, one in rows), ZERO) for source, rows in sources.items()}
        kept = max(hours, key=lambda source: (hours[source], source))
        out |= {name for source, rows in sources.items() if source != kept for name, _ in rows}
    return out


def _links(
    guesses: Mapping[str, Spending], bills: Iterable[Spending]
) -> tuple[dict[str, _Linked], dict[str, list[Spending]]]:
    """What bills say of each estimate, and the rows that name a run of which there is no estimate."""
    by_run: dict[str, list[str]] = defaultdict(list)
    by_day: dict[tuple[str, date], list[str]] = defaultdict(list)
    for name, guess in guesses.items():
        by_run[guess.run].append(name)
        if guess.gpu and guess.began_at and guess.ended_at and guess.began_at < guess.ended_at:
            for day in _days(guess.began_at, guess.ended_at):
                by_day[guess.gpu, day].append(name)
    links: dict[str, _Linked] = defaultdict(_Linked)
    named: dict[str, list[Spending]] = defaultdict(list)
    for bill in bills:
        if bill.run and bill.run in by_run:
            _share_out(bill, {name: gpu_hours(guesses[name]) or ONE for name in by_run[bill.run]}, links, named=True)
        elif bill.run:
            named[bill.run].append(bill)
        elif bill.gpu and bill.began_at and bill.ended_at and gpu_hours(bill):
            near = {name for day in _days(bill.began_at, bill.ended_at) for name in by_day.get((bill.gpu, day), ())}
            weights = {name: _inside(guesses[name], bill) for name in sorted(near)}
            _share_out(bill, {name: weight for name, weight in weights.items() if weight}, links)
            for name in (name for name, weight in weights.items() if weight):
                links[name].spans.append(_overlap(guesses[name], bill))
    return dict(links), dict(named)


def _share_out(bill: Spending, weights: Mapping[str, Decimal], links: dict[str, _Linked], named: bool = False) -> None:
    """Puts a row's amount and hours down to estimates; what names a run is all its own."""
    total = sum(weights.values(), ZERO)
    hours = gpu_hours(bill) or ZERO
    whole = total if named else max(total, hours)
    for name, weight in weights.items():
        links[name].amount += bill.amount_base * weight / whole
        links[name].hours += hours * weight / whole
        links[name].named |= named


def _days(began: datetime, ended: datetime) -> list[date]:
    return [began.date() + timedelta(days=n) for n in range((ended.date() - began.date()).days + 1)]


def _overlap(guess: Spending, bill: Spending) -> tuple[datetime, datetime]:
    assert guess.began_at and guess.ended_at and bill.began_at and bill.ended_at  # noqa: PT018
    return max(guess.began_at, bill.began_at), min(guess.ended_at, bill.ended_at)


def _seconds(began: datetime, ended: datetime) -> Decimal:
    return Decimal((ended - began) // timedelta(microseconds=1)) / 1_000_000


def _inside(guess: Spending, bill: Spending) -> Decimal:
    """GPU hours of the run inside the row's period."""
    began, ended = _overlap(guess, bill)
    assert guess.began_at and guess.ended_at  # noqa: PT018
    if ended <= began:
        return ZERO
    return (gpu_hours(guess) or ZERO) * _seconds(began, ended) / _seconds(guess.began_at, guess.ended_at)


def _covered(guess: Spending, link: _Linked) -> Decimal:
    """The share of the run's time that bills cover, 0 to 1; a bill that names the run covers all of it."""
    if link.named or guess.began_at is None or guess.ended_at is None:
        return ONE
    covered, until = ZERO, guess.began_at
    for began, ended in sorted(link.spans):
        if ended > until:
            covered += _seconds(max(began, until), ended)
            until = ended
    share = covered / _seconds(guess.began_at, guess.ended_at)
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


def _runs(
    guesses: Mapping[str, Spending],
    links: Mapping[str, _Linked],
    shares: Mapping[str, Decimal],
    named: Mapping[str, Sequence[Spending]],
) -> tuple[RunCharge, ...]:
    """One row for each run, those whose bill is furthest from the estimate first."""
    by_run: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, guess in guesses.items():
        by_run[guess.run or f"run of {guess.on}", guess.gpu].append(name)
    found = []
    for (run, gpu), names in by_run.items():
        estimated = sum((guesses[name].amount_base for name in names), ZERO)
        hours = sum((gpu_hours(guesses[name]) or ZERO for name in names), ZERO)
        linked = [name for name in names if name in links]
        billed = sum((links[name].amount for name in linked), ZERO).quantize(STEP) if linked else None
        part = sum((guesses[name].amount_base * shares[name] for name in linked), ZERO)
        difference = None if billed is None else (billed - part).quantize(STEP)
        billed_hours = sum((links[name].hours for name in linked), ZERO).quantize(STEP)
        found.append(RunCharge(run, gpu, estimated, billed, difference, hours, billed_hours))
    for run, bills in named.items():
        amount = sum((bill.amount_base for bill in bills), ZERO)
        hours = sum((gpu_hours(bill) or ZERO for bill in bills), ZERO)
        found.append(RunCharge(run, bills[0].gpu, None, amount, None, None, hours))
    return tuple(sorted(found, key=lambda one: (-abs(one.difference or ZERO), one.run)))


def _idle(
    bills: Sequence[Spending],
    billed_hours: Decimal,
    run_hours: Decimal,
    guesses: Mapping[str, Spending],
    shares: Mapping[str, Decimal],
    named: Mapping[str, Sequence[Spending]],
) -> tuple[Decimal | None, Decimal | None]:
    """Idle hours and their price; hours of a run that only the bill names are taken for its own."""
    if not billed_hours or not any(gpu_hours(guesses[name]) for name in shares):
        return None, None
    own = sum((gpu_hours(bill) or ZERO for rows in named.values() for bill in rows), ZERO)
    idle = max(ZERO, billed_hours - own - run_hours)
    amount = sum((bill.amount_base for bill in bills if gpu_hours(bill)), ZERO)
    return idle.quantize(STEP), (idle * amount / billed_hours).quantize(STEP)
