"""Answers served against their forecast, month by month: what a meter counted, what was charged for those days."""

import calendar
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import chain

from tunecase.books.charges import DIGITS, GPU_HOUR
from tunecase.books.earlier_projects import last_day
from tunecase.books.serving import HOURS_USED, TokenPrices, cost_parts, parts_added
from tunecase.books.variance import STEP, exact, quantity_in
from tunecase.errors import InputError
from tunecase.ledger import Entry
from tunecase.quantities import counted, day, money
from tunecase.records import Inference, InferenceWay, ServedAgainstForecast, ServedFigures, ServedMonth, ServedPeriod
from tunecase.records import Spending as Charge

INFERENCE = "inference"  # the line under which answers are charged, and the verb of their forecast
SERVED, SERVED_SOURCE = "served", "serving"  # the verb of a period's entry; the source of a cost stated with it
HOUR_S = 3600
ZERO = Decimal(0)

Periods = Sequence[tuple[str, ServedPeriod]]  # (entry id, period), in the order of the ledger


@dataclass(frozen=True, slots=True)
class Forecast:
    """The record of `inference` that is held against, and in words which one it is."""

    record: Inference
    words: str


def forecast_before(forecasts: Iterable[Entry], served: Sequence[Entry], currency: str) -> Forecast | None:
    """The forecast as it stood: the last that was kept before the first served period, else the first of all.

    Those in another currency, without a price, or of another version cannot be held against.
    """
    readable = []
    for entry in forecasts:
        with contextlib.suppress(InputError):
            record: Inference = entry.record()
            if record.currency == currency and record.per_month is not None and record.answers_per_month.p50 > 0:
                readable.append((entry, record))
    if not readable or not served:
        return None
    before = [(entry, record) for entry, record in readable if entry.recorded_at <= served[0].recorded_at]
    entry, record = before[-1] if before else readable[0]
    when = "the last before the first served period" if before else "made after the first served period was booked"
    return Forecast(record, f"the inference of {day(entry.recorded_at.date())}, {when}")


def standing(booked: Periods) -> tuple[list[tuple[str, ServedPeriod]], int]:
    """The periods that count, in the order of their days, and how many do not because another holds their days.

    Of several entries of the same days the last counts. Ledgers that were joined may hold periods that overlap: the
    first one booked counts then.
    """
    latest = {(period.first, period.last): (name, period) for name, period in booked if period.first <= period.last}
    kept: list[tuple[str, ServedPeriod]] = []
    for name, period in latest.values():
        if not any(overlap(period, other) for _, other in kept):
            kept.append((name, period))
    return sorted(kept, key=lambda named: named[1].first), len(latest) - len(kept)


def overlap(one: ServedPeriod, other: ServedPeriod) -> bool:
    """Whether two periods share a day."""
    return one.first <= other.last and other.first <= one.last


def against_forecast(
    booked: Periods, charges: Iterable[Charge], forecast: Forecast | None, currency: str
) -> ServedAgainstForecast | None:
    """What was served against its forecast, see `cost_parts` for the parts.

        planned of a month = forecast of a month x days with a meter / days of the month
        planned GPU hours  = answers / (r u),   r = 3600 answers per s and replica / cards,   u the busy share

    all at the forecast's P50. What spans months is spread over its days alike.

    Args:
        booked: the periods of the ledger.
        charges: those that count, on their lines; those under inference are the cost.
        forecast: None where nothing was forecast, and only actual figures are told.
    Returns: the ServedAgainstForecast; None where no period is booked.
    GPU hours that no meter counted are those of the charges, where these say them.

    Leaves out: growth and season within the forecast, which is one month like another; the price that the planned cost
    and the planned hours imply is not exactly the P50 of the price.
    """
    kept, passed_over = standing(booked)
    if not kept:
        return None
    periods = [period for _, period in kept]
    with localcontext(prec=DIGITS):
        counts = _counted(periods)
        days = (range(one.first.toordinal(), one.last.toordinal() + 1) for one in periods)
        charged = _Charged(frozenset(chain.from_iterable(days)))
        for charge in charges:
            if charge.category == INFERENCE:
                charged.add(charge)
        months = tuple(_month(month, counts[month], charged, forecast) for month in sorted(counts))
        planned = [month.planned for month in months if month.planned is not None]
        is_split = all(month.parts for month in months)
        return ServedAgainstForecast(
            months=months,
            actual=_sum([month.actual for month in months]),
            planned=_sum(planned) if planned else None,
            parts=parts_added(month.parts for month in months) if is_split else (),
            forecast=forecast.words if forecast else "",
            outside=charged.outside,
            remarks=tuple(_remarks(months, forecast, charged, passed_over, currency)),
        )


def _month(
    month: date, counts: Sequence[tuple[int, ServedFigures]], charged: "_Charged", forecast: Forecast | None
) -> ServedMonth:
    days, whole = sum(days for days, _ in counts), calendar.monthrange(month.year, month.month)[1]
    metered, cost = _sum([figures for _, figures in counts]), charged.costs.get(month)
    hours = charged.gpu_hours.get(month) if metered.gpu_hours is None else metered.gpu_hours
    actual = replace(metered, gpu_hours=hours, cost=None if cost is None else cost.quantize(STEP))
    if forecast is None:
        return ServedMonth(month, days, actual)
    planned = planned_figures(forecast.record, Decimal(days) / whole)
    return ServedMonth(month, days, actual, planned, cost_parts(planned, actual, _token_prices(forecast.record)))


def planned_figures(forecast: Inference, months: Decimal) -> ServedFigures:
    """What a forecast plans for a number of months, at its P50, to the millionth."""
    answers = exact(forecast.answers_per_month.p50) * months

    def of_each(much: float | None) -> Decimal | None:
        return None if much is None else (answers * exact(much)).quantize(STEP)

    cost = None if forecast.per_month is None else (exact(forecast.per_month.p50) * months).quantize(STEP)
    hours = busy = None
    if (rented := _by_the_hour(forecast)) is not None:
        per_hour, busy_share = rented
        busy = (answers / Decimal(per_hour)).quantize(STEP)
        hours = (answers / Decimal(per_hour) / Decimal(busy_share)).quantize(STEP)
    tokens_in, tokens_out = of_each(forecast.input_tokens), of_each(forecast.output_tokens)
    return ServedFigures(answers.quantize(STEP), tokens_in, tokens_out, hours, busy, cost)


def _counted_way(forecast: Inference) -> InferenceWay | None:
    """The way that the planned cost is that of; None where the cost was stated."""
    return None if forecast.stated else forecast.cheapest


def _by_the_hour(forecast: Inference) -> tuple[float, float] | None:
    """Answers of a busy GPU hour and the busy share; None where answers are not paid by the hour of a card."""
    way, speed = _counted_way(forecast), forecast.throughput
    if way is None or way.busy is None or way.kind == "plain cores" or speed is None:
        return None
    if way.busy.p50 <= 0 or speed.answers_per_s.mid <= 0:
        return None
    return HOUR_S * speed.answers_per_s.mid / speed.cards, way.busy.p50


def _token_prices(forecast: Inference) -> TokenPrices | None:
    """The prices of a way that is paid by the token, whose hours nobody counts."""
    way = _counted_way(forecast)
    if way is None or way.busy is not None or way.per_mtok_in is None or way.per_mtok_out is None:
        return None
    return TokenPrices(way.per_mtok_in.p50, way.per_mtok_out.p50)


def _sum(figures: Sequence[ServedFigures]) -> ServedFigures:
    """The sums; None where one of them is."""

    def added(values: Iterable[Decimal | None]) -> Decimal | None:
        known = list(values)
        return None if None in known else sum((value for value in known if value is not None), ZERO)

    return ServedFigures(
        sum((one.answers for one in figures), ZERO),
        added(one.tokens_in for one in figures),
        added(one.tokens_out for one in figures),
        added(one.gpu_hours for one in figures),
        added(one.busy_hours for one in figures),
        added(one.cost for one in figures),
    )


def _counted(periods: Sequence[ServedPeriod]) -> dict[date, list[tuple[int, ServedFigures]]]:
    """By month the days and the figures of each period."""
    by_month: dict[date, list[tuple[int, ServedFigures]]] = defaultdict(list)
    for period in periods:
        days = _month_days(period.first, period.last)
        weights = list(days.values())
        columns = [
            [None] * len(days) if amount is None else portions(Decimal(amount), weights)
            for amount in (period.answers, period.tokens_in, period.tokens_out, period.gpu_hours, period.busy_hours)
        ]
        for month, weight, (answers, *others) in zip(days, weights, zip(*columns, strict=True), strict=True):
            by_month[month].append((weight, ServedFigures(answers or ZERO, *others)))
    return by_month


def portions(amount: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """An amount dealt out by weights above zero, to the millionth; the portions add up to it exactly.

    Example:
        >>> portions(Decimal(10), [1, 2])
        [Decimal('3.333333'), Decimal('6.666667')]
    """
    whole, passed, edges = sum(weights), 0, [ZERO]
    for weight in weights[:-1]:
        passed += weight
        edges.append((amount * passed / whole).quantize(STEP))
    return [end - begin for begin, end in zip(edges, [*edges[1:], amount], strict=True)]


def _month_days(first: date, last: date) -> dict[date, int]:
    """How many days of each month lie between two days, both included, by the month's first day."""
    days: dict[date, int] = {}
    begin = first
    while begin <= last:
        end = min(last, begin.replace(day=calendar.monthrange(begin.year, begin.month)[1]))
        days[begin.replace(day=1)] = (end - begin).days + 1
        if end == date.max:
            break
        begin = end + timedelta(days=1)
    return days


@dataclass
class _Charged:
    """What was charged for days with a meter, by month: money, and GPU hours where charges say them.

    `outside` is the money of other days; `stated` and `other` are days, by their ordinals, with a cost that was stated
    for a served period, and with other charges.
    """

    metered: frozenset[int]
    costs: dict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    gpu_hours: dict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    outside: Decimal = ZERO
    stated: set[int] = field(default_factory=set)
    other: set[int] = field(default_factory=set)

    def add(self, charge: Charge) -> None:
        """One charge, spread over its days alike."""
        span = range(charge.on.toordinal(), last_day(charge).toordinal() + 1)
        shorter, longer = (span, self.metered) if len(span) <= len(self.metered) else (self.metered, span)
        inside = sorted(number for number in shorter if number in longer)
        (self.stated if charge.source == SERVED_SOURCE else self.other).update(inside)
        weights: dict[date, int] = defaultdict(int)
        for number in inside:
            weights[date.fromordinal(number).replace(day=1)] += 1
        self.outside += _deal(charge.amount_base, weights, len(span) - len(inside), self.costs)
        if (hours := quantity_in(charge, GPU_HOUR)) is not None:
            _deal(hours, weights, len(span) - len(inside), self.gpu_hours)


def _deal(amount: Decimal, weights: Mapping[date, int], rest: int, sums: dict[date, Decimal]) -> Decimal:
    """Adds an amount to months by their weights, and returns what belongs to the rest."""
    dealt = portions(amount, [*weights.values(), *([rest] if rest else [])])
    for month, portion in zip(weights, dealt, strict=False):
        sums[month] += portion
    return dealt[-1] if rest else ZERO


def _remarks(
    months: Sequence[ServedMonth], forecast: Forecast | None, charged: _Charged, passed_over: int, currency: str
) -> Iterable[str]:
    """What a reader should know of these figures, sentence by sentence."""
    if forecast is None:
        yield "What was served has no forecast to be held against: run `tunecase inference`."
    unpaid = [f"{one.month:%Y-%m}" for one in months if one.actual.cost is None]
    if unpaid:
        yield f"No charge under inference for what was served in {', '.join(unpaid)}: its cost is unknown."
    if charged.outside:
        yield (
            f"{money(charged.outside, currency)} under inference for days without a served period: `tunecase spend "
            "serving` books what was served then."
        )
    if charged.stated & charged.other:
        yield "Days with a cost stated for what was served and other charges under inference: are they one cost twice?"
    if passed_over:
        yield f"In no figure: {counted(passed_over, 'served period')} of days that another one holds."
    if any(part.name == HOURS_USED for one in months for part in one.parts):
        yield "Where busy hours were not metered, utilisation and throughput are told as one."
