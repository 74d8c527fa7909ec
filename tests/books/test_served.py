"""Answers served against their forecast: days are counted once, money is that of the charges, unknown stays unknown."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.books.served import Forecast, against_forecast, forecast_before, planned_figures, portions, standing
from tunecase.ledger import Entry
from tunecase.quantities import Band, Interval80
from tunecase.records import RECORDS, Inference, InferenceWay, ServedAgainstForecast, ServedPeriod, Spending, to_json
from tunecase.records.inference import Throughput

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def around(middle: float) -> Band:
    """A band around its P50."""
    return Band(middle * 0.5, middle, middle * 1.5, middle * 2)


def way(**changes: Any) -> InferenceWay:
    """One L4 on demand, busy for a quarter of its hours."""
    own = InferenceWay("1 x L4", "on demand", "m", True, 1, around(720), around(18), busy=around(0.25))
    return replace(own, **changes)


def inference(**changes: Any) -> Inference:
    """40,000 answers a month at 720 USD: 800 GPU hours, of them 200 busy with 200 answers each."""
    third = Interval80(0.5, 1.0, 2.0)
    speed = Throughput("1 x L4", Interval80(0.03, 200 / 3600, 0.08), third, 4.0, third, third, "memory")
    own = Inference(
        "m", "even", around(40_000), around(12), speed, (way(),), (), around(720), around(18), None, False, "USD",
        input_tokens=300, output_tokens=10,
    )  # fmt: skip
    return replace(own, **changes)


def period(first: date, last: date, answers: int = 30_000, **counts: Any) -> ServedPeriod:
    """What was served between two days."""
    return ServedPeriod(first, last, answers, **counts)


def charge(amount: str, first: date, last: date | None = None, **other: Any) -> Spending:
    """A charge under inference for some days."""
    end = None if last is None else datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    other.setdefault("category", "inference")
    return Spending(
        on=first, amount=Decimal(amount), currency="USD", amount_base=Decimal(amount), ended_at=end, **other
    )


def served(
    periods: Iterable[ServedPeriod], charges: Iterable[Spending] = (), forecast: Inference | None = None
) -> ServedAgainstForecast:
    """What the books say of them."""
    booked = [(f"{number:064x}", one) for number, one in enumerate(periods)]
    record = against_forecast(booked, charges, forecast and Forecast(forecast, "the forecast"), "USD")
    assert record is not None
    return record


def test_months_are_split_four_ways_and_add_up() -> None:
    """Counts from the meter, money from the bill, the plan for as many days; a turn of the month is spread."""
    meter = period(NOVEMBER, date(2026, 11, 15), 24_000, gpu_hours=Decimal(400), busy_hours=Decimal(80))
    bill = [charge("220", NOVEMBER, source="focus"), charge("220", date(2026, 11, 9), source="focus")]
    record = served([meter], [*bill, charge("99", NOVEMBER, category="gpu")], inference())
    (month,) = record.months
    assert (NOVEMBER, 15) == (month.month, month.days)
    assert (20_000, 6_000_000, 200_000) == (month.planned.answers, month.planned.tokens_in, month.planned.tokens_out)
    assert (400, 100, 360) == (month.planned.gpu_hours, month.planned.busy_hours, month.planned.cost)
    assert (Decimal("0.25"), 18) == (month.planned.busy_share, month.planned.per_1k)
    assert (440, Decimal("0.2")) == (month.actual.cost, month.actual.busy_share)
    # 24,000 answers at 0.018; 480 hours at 1.10 for 0.90; a fifth in place of a quarter; 300 answers for 200.
    wanted = {"volume": 72, "price": 96, "utilisation": 132, "throughput": -220}
    assert wanted == {part.name: part.amount for part in month.parts}
    assert 80 == sum(wanted.values())
    assert ((), Decimal(0)) == (record.remarks, record.outside)
    long = period(date(2026, 11, 21), date(2026, 12, 10), 20_000, gpu_hours=Decimal(400), tokens_in=6_000_001)
    record = served([long], [charge("200", date(2026, 11, 21), date(2026, 12, 10))], inference())
    first, second = record.months
    assert (10, 10_000, 200, 100) == (first.days, first.actual.answers, first.actual.gpu_hours, first.actual.cost)
    assert (10, 10_000, 200, 100) == (second.days, second.actual.answers, second.actual.gpu_hours, second.actual.cost)
    assert 6_000_001 == record.actual.tokens_in
    assert (20_000, 400, 200) == (record.actual.answers, record.actual.gpu_hours, record.actual.cost)
    assert sum(part.amount for part in record.parts) == 200 - record.planned.cost
    assert "utilisation and throughput are told as one" in " ".join(record.remarks)


def test_hours_charges_and_costs_beside_a_meter() -> None:
    """The meter comes before the bill's hours; money of other days stands apart; a cost may stand twice."""
    bill = [charge("450", NOVEMBER, quantity=Decimal(500), unit="GPU hour")]
    without = served([period(NOVEMBER, date(2026, 11, 30))], bill, inference())
    assert 500 == without.actual.gpu_hours
    assert ["volume", "price", "utilisation and throughput"] == [part.name for part in without.parts]
    metered = served([period(NOVEMBER, date(2026, 11, 30), gpu_hours=Decimal(480))], bill, inference())
    assert 480 == metered.actual.gpu_hours
    assert against_forecast([], [charge("10", NOVEMBER)], None, "USD") is None
    forecast = inference()
    assert forecast.throughput is not None
    two = replace(forecast, throughput=replace(forecast.throughput, cards=2))
    one_month = Decimal(1)
    cores = planned_figures(inference(ways=(way(kind="plain cores"),)), one_month)
    assert (None, 720) == (cores.gpu_hours, cores.cost)
    assert (800, 1_600) == (planned_figures(forecast, one_month).gpu_hours, planned_figures(two, one_month).gpu_hours)
    bill = [charge("30", date(2026, 11, 1), date(2026, 11, 30)), charge("7", DECEMBER), charge("-1", NOVEMBER)]
    record = served([period(NOVEMBER, date(2026, 11, 20))], bill)
    assert (19, 17) == (record.actual.cost, record.outside)
    assert "17.00 USD under inference for days without a served period" in " ".join(record.remarks)
    assert (None, "", ()) == (record.planned, record.forecast, record.parts)
    assert "run `tunecase inference`" in " ".join(record.remarks)
    record = served([period(NOVEMBER, date(2026, 11, 30)), period(DECEMBER, DECEMBER)], [charge("5", DECEMBER)],
                    inference())  # fmt: skip
    first, second = record.months
    assert (None, (), 5) == (first.actual.cost, first.parts, second.actual.cost)
    assert (None, ()) == (record.actual.cost, record.parts)
    assert second.parts
    assert "in 2026-11: its cost is unknown" in " ".join(record.remarks)
    days = (NOVEMBER, date(2026, 11, 30))
    periods = [period(*days), period(date(2026, 11, 30), DECEMBER, 500), period(*days, 31_000)]
    kept, passed_over = standing([(f"{number}", one) for number, one in enumerate(periods)])
    assert ([("2", periods[2])], 1) == (kept, passed_over)
    record = served(periods)
    assert 31_000 == record.actual.answers
    assert "1 served period of days that another one holds" in " ".join(record.remarks)
    meter = [period(NOVEMBER, date(2026, 11, 30))]
    stated = charge("640", NOVEMBER, date(2026, 11, 30), source="serving")
    twice = served(meter, [stated, charge("610", date(2026, 11, 3), source="focus")])
    assert (1_250, True) == (twice.actual.cost, "are they one cost twice?" in " ".join(twice.remarks))
    later = served(meter, [stated, charge("610", DECEMBER, source="focus")])
    assert "twice" not in " ".join(later.remarks)


def test_a_forecast_by_the_token_plans_no_hours() -> None:
    """Of a way without busy hours tokens are split; a stated price has neither, whatever the cheapest way is."""
    hosted = way(kind="hosted", busy=None, per_mtok_in=around(1.0), per_mtok_out=around(4.0))
    meter = period(NOVEMBER, date(2026, 11, 30), 40_000, tokens_in=24_000_000, tokens_out=800_000)
    record = served([meter], [charge("1440", NOVEMBER)], inference(ways=(hosted,)))
    assert {"volume": 0, "tokens per answer": 720, "price": 0} == {part.name: part.amount for part in record.parts}
    assert record.planned.gpu_hours is None
    stated = served([meter], [charge("1440", NOVEMBER)], inference(stated=True))
    assert {"volume": 0, "price of an answer": 720} == {part.name: part.amount for part in stated.parts}


def entry(record: Any, verb: str, moment: datetime) -> Entry:
    """A record as the ledger keeps it."""
    import orjson

    return Entry("a" * 64, "0" * 64, moment, "record", verb, orjson.loads(to_json(record)), {})


def test_the_forecast_is_the_one_that_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last before the first period, else the first of all; none in another currency or without a price."""
    monkeypatch.setitem(RECORDS, "inference", Inference)
    moments = [datetime(2026, month, 2, tzinfo=UTC) for month in (8, 9, 10, 11)]
    forecasts = [
        entry(inference(), "inference", moments[0]),
        entry(inference(model="second"), "inference", moments[1]),
        entry(inference(model="unpriced", per_month=None), "inference", moments[1]),
        entry(inference(model="euro", currency="EUR"), "inference", moments[1]),
        entry(inference(model="late"), "inference", moments[3]),
    ]
    meter = [entry(period(NOVEMBER, NOVEMBER), "served", moments[2])]
    chosen = forecast_before(forecasts, meter, "USD")
    assert "second" == chosen.record.model
    assert "the inference of 2 September 2026, the last before the first served period" == chosen.words
    late = forecast_before(forecasts[-1:], meter, "USD")
    assert late.words.endswith("made after the first served period was booked")
    assert forecast_before(forecasts[2:4], meter, "USD") is None
    assert forecast_before(forecasts, [], "USD") is None


@given(st.decimals(-(10**9), 10**9, places=9), st.lists(st.integers(1, 400), min_size=1, max_size=14))
def test_portions_add_up_exactly(amount: Decimal, weights: list[int]) -> None:
    """Whatever the weights, nothing is lost, and each portion is its share to the millionth."""
    dealt = portions(amount, weights)
    assert amount == sum(dealt)
    shares = [amount * weight / sum(weights) for weight in weights]
    assert all(abs(part - share) < Decimal("0.000003") for part, share in zip(dealt, shares, strict=True))
