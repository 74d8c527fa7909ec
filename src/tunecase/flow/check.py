"""Holds an old case against today: what moved, what ended, and whether its advice still holds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from tunecase.errors import InputError
from tunecase.flow.keys import DAY, PRICE_BOOK, Parts, parts_of
from tunecase.flow.opened import Flow, missing
from tunecase.flow.verbs import decide, estimate
from tunecase.ledger import Entry
from tunecase.quantities import DAYS_PER_MONTH, day, figures, money, np
from tunecase.records import Check, Decision, Estimate, Shift
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.project import Project

SAME = 0.005  # a share of a price below which it counts as unmoved
BOOK_DIGITS = 12
OF_THE_DAY = (DAY, PRICE_BOOK)
HOSTED = "compute.hosted"


class _Advice(NamedTuple):
    """What was advised: the lever, the step in words, and the bill beside it."""

    lever: str
    action: str
    bill: Estimate


def check(flow: Flow) -> Check:
    """What moved since the last estimate of a case, and whether the advice that was given then still holds.

    The bill and the decision are made again with the seed that they were made with, from the same data, pilot and
    project file, at the prices of the flow's day. Nothing is kept, fetched or asked.

    Raises: InputError where the ledger has no estimate.
    """
    entry = flow.ledger.latest("record", "estimate")
    if entry is None:
        raise InputError(missing(flow, "estimate"))
    bill: Estimate = entry.record()
    decision = _decided(flow, entry)
    before = _advice(bill, decision)
    again = replace(flow, seed=int(entry.meta.get("seed", flow.seed)), writes=False, records={}, drawn=[], posed=None)
    now, gone = _made_again(again, to_decide=decision is not None)
    ended, soon = _ends(flow)
    made = entry.recorded_at.date()
    after = now.bill if now else None
    return Check(
        since=_priced_on(entry, made),
        today=flow.today,
        currency=bill.currency,
        book_before=str(entry.meta.get("price_book", bill.price_book))[:BOOK_DIGITS],
        book_now=flow.basis(1).price_book[:BOOK_DIGITS],
        advice_before=before.action,
        advice_now=now.action if now else "none: the case can no longer be priced",
        total=Shift("total", bill.total.p80, after.total.p80 if after else None, bill.currency),
        prices=tuple(_moved(_prices(again, bill, after))) if after else (),
        lines=tuple(_moved(_lines(bill, after))) if after else (),
        rates=tuple(_moved(_rates(flow.project, _priced_on(entry, made), flow.today))),
        ended=(*ended, *soon),
        broken=(*gone, *ended, *(_broken(before, now) if now else ())),
        notes=tuple(_notes(again, entry, bill, after)),
    )


def _priced_on(entry: Entry, made: date) -> date:
    """The day whose prices an entry rests on; that of its making in entries that do not say."""
    parts = parts_of(entry)
    try:
        return date.fromisoformat(str(parts["settings"].get(DAY))) if parts is not None else made
    except ValueError:
        return made


def _decided(flow: Flow, estimate: Entry) -> Decision | None:
    """The last decision, where it was made from that estimate or after it; None where there is none."""
    entry = flow.ledger.latest("record", "decide")
    if entry is None or entry.recorded_at < estimate.recorded_at:
        return None
    decision: Decision = entry.record()
    return decision


def _advice(bill: Estimate, decision: Decision | None) -> _Advice:
    if decision is not None:
        return _Advice(decision.advice, decision.action, bill)
    plan = bill.plan
    if plan is None:
        return _Advice("", "none was recorded", bill)
    return _Advice(plan.lever if plan.advised else "stop", plan.action if plan.advised else "stop", bill)


def _made_again(flow: Flow, *, to_decide: bool) -> tuple[_Advice | None, tuple[str, ...]]:
    """The advice of today, or none and why: what it was to be trained with is no longer to be had."""
    try:
        decision = decide(flow) if to_decide else None
        bill: Estimate = flow.current("estimate") if to_decide else estimate(flow)
    except InputError as error:
        hosted = [problem.got for problem in error.problems if HOSTED in problem.where]
        if not hosted:
            raise
        return None, tuple(f"the hosted model can no longer be trained: {got}" for got in hosted)
    return _advice(bill, decision), ()


def _moved(shifts: Iterable[Shift]) -> Iterator[Shift]:
    """Those that moved by more than half a percent, or came or went."""
    for shift in shifts:
        factor = shift.factor
        if shift.before != shift.now and (factor is None or abs(factor - 1) > SAME):
            yield shift


def _prices(flow: Flow, before: Estimate, now: Estimate) -> Iterator[Shift]:
    """The hour that the bill rested on, that on every way to train which both bills have, and the price of a label."""
    currency, held = before.currency, {way.name: way for way in now.ways}
    if before.gpu:
        then = before.usd_per_gpu_hour
        yield Shift(f"{before.gpu} hour of the bill", then.p50 if then else None, _hour_usd(flow, before.gpu), "USD")
    for way in before.ways:
        other = held.get(way.name)
        # Bills of before held no price of one.
        if other is not None and way.price is not None and other.price is not None:
            unit = "GPU hour" if way.hours is not None else "million tokens"
            yield Shift(f"{unit}, {way.name}", way.price.p50, other.price.p50, currency)
    if before.label_price and now.label_price:
        yield Shift("price of a label", before.label_price.p50, now.label_price.p50, currency)


def _hour_usd(flow: Flow, gpu: str) -> float | None:
    """The middle price of a GPU's hour on the project's terms, in US dollars; None where it has none."""

    from tunecase.prices import gpu_hour

    basis = flow.basis()
    hour = gpu_hour(gpu, basis, terms=basis.terms)
    return None if hour is None else float(np.quantile(hour.draws, 0.5)) / basis.base_per_usd


def _lines(before: Estimate, now: Estimate) -> Iterator[Shift]:
    """Every line of either bill: its expected amount, else its middle."""
    names = dict.fromkeys(line.name for bill in (before, now) for line in bill.lines)
    for name in names:
        yield Shift(name, _amount(before, name), _amount(now, name), before.currency)


def _amount(bill: Estimate, name: str) -> float | None:
    line = bill.line(name)
    if line is None:
        return None
    return line.expected if line.expected is not None else line.amount.p50 if line.amount else None


def _rates(project: "Project", since: date, today: date) -> Iterator[Shift]:
    """The exchange rate of each currency in force then and now, as the project file has them."""
    for currency in sorted({rate.currency for rate in project.rates}):
        then, now = (
            max((rate for rate in project.rates if rate.currency == currency and rate.date <= on),
                key=lambda rate: rate.date, default=None)
            for on in (since, today)
        )  # fmt: skip
        if then is not None and now is not None:
            yield Shift(f"1 {currency}", float(then.value), float(now.value), project.currency)


def _ends(flow: Flow) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What has ended by the day, and what will end before the case's horizon does, in words."""
    project, months = flow.project, flow.basis(1).spread("problem.horizon", flow.project.problem.horizon).median
    ended, soon = [], []
    for what, last in _last_days(project).items():
        left = (last - flow.today).days
        if left <= 0:
            ended.append(f"{what} ended on {day(last)}")
        elif left < months * DAYS_PER_MONTH:
            soon.append(f"{what} ends on {day(last)}, within the horizon of {figures(months)} months")
    return tuple(ended), tuple(soon)


def _last_days(project: "Project") -> Mapping[str, date]:
    """The days on which what the case rests on ends, by its name."""
    from tunecase.prices import hosted_ends

    days: dict[str, date] = {}
    if project.serving.retires_on is not None:
        days["the base model or platform (serving.retires_on)"] = project.serving.retires_on
    for row, last in hosted_ends(project.compute.hosted or ""):
        days[f"{row.model} at {row.provider}"] = last
    return days


def _broken(before: _Advice, now: _Advice) -> Iterator[str]:
    """Why the advice no longer holds: another step is best, or the budget no longer holds what it did."""
    if before.lever and before.lever != now.lever:
        yield f"the advice was: {before.action}; it is now: {now.action}"
    elif before.bill.plan is not None and now.bill.plan is not None and _is_plan(before) != _is_plan(now):
        yield "the plan was not worth its cost and is now" if _is_plan(now) else "the plan is no longer worth its cost"
    budget, currency = now.bill.budget, now.bill.currency
    if budget is not None and _within(before.bill) and not _within(now.bill):
        yield f"the total at P80, {money(now.bill.total.p80, currency)}, passes the budget of {money(budget, currency)}"
    if _is_beyond(now.bill) and not _is_beyond(before.bill):
        yield "the first step alone passes what is left of the budget"


def _is_plan(advice: _Advice) -> bool:
    """Whether the plan beside an advice is worth going through."""
    return advice.bill.plan is not None and advice.bill.plan.advised


def _within(bill: Estimate) -> bool:
    return bill.budget is None or bill.total.p80 <= bill.budget


def _is_beyond(bill: Estimate) -> bool:
    return bill.plan is not None and bill.plan.beyond_budget


def _notes(flow: Flow, entry: Entry, before: Estimate, now: Estimate | None) -> Iterator[str]:
    """What else may have moved the figures, and what could not be checked."""
    from tunecase.prices import old_rates

    if (version := entry.meta.get("version")) and version != __version__:
        yield f"the bill was made by tunecase {version}, this is {__version__}: the method may have changed, too"
    if changed := _else_changed(flow, entry):
        yield f"more than prices changed since: {', '.join(changed)}"
    if now is not None:
        yield from _other_life(before, now)
        yield from _other_machines(before, now)
        yield from _other_defaults(before, now)
    if old := old_rates(flow.basis(1)):
        yield f"{old}; add newer ones to the project file"


def _else_changed(flow: Flow, entry: Entry) -> list[str]:
    """What the estimate rested on beside the day's prices and is different now."""
    was, now = parts_of(entry), flow.grounds("estimate").parts()
    if was is None:
        return []
    sides = [now["files"], was["files"], now["settings"], was["settings"]]
    names = dict.fromkeys(name for side in sides for name in side if name not in OF_THE_DAY)
    return [name for name in names if _part(was, name) != _part(now, name)]


def _part(parts: Parts, name: str) -> object:
    return parts["files"].get(name), parts["settings"].get(name)


def _other_life(before: Estimate, now: Estimate) -> Iterator[str]:
    """That what is shipped would be of use for another time than before."""
    then, today = (None if bill.plan is None else bill.plan.ending for bill in (before, now))
    if today is not None and (then is None or figures(then.months) != figures(today.months)):
        lived = f"{figures(today.months)} of {figures(today.horizon)} months"
        yield f"value, savings and upkeep count {lived} of use: {today.why}, {today.on}"


def _other_machines(before: Estimate, now: Estimate) -> Iterator[str]:
    if (before.gpu, before.gpu_count) != (now.gpu, now.gpu_count):
        yield f"the bill now rests on {_machine(now)}, before on {_machine(before)}"
    gone = [way.name for way in before.ways if way.name not in {other.name for other in now.ways}]
    if gone:
        yield f"no longer on offer: {', '.join(gone)}"


def _machine(bill: Estimate) -> str:
    return f"{bill.gpu_count} x {bill.gpu}" if bill.gpu else "training at a provider"


def _other_defaults(before: Estimate, now: Estimate) -> Iterator[str]:
    held = {used.field: used.value for used in now.defaults}
    for used in before.defaults:
        if held.get(used.field, used.value) != used.value:
            yield f"the default {used.field} was {used.value} and is {held[used.field]}"
