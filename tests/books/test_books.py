"""Books: charges are read exactly or refused with a fix, sums are exact, and plan stands beside actual."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.books.books import Standing, books, share_above
from tunecase.books.completion import LineDrawn
from tunecase.books.earlier_projects import ClosedLine
from tunecase.project import Project
from tunecase.quantities.spread import Band, Interval, generator
from tunecase.records import CATEGORIES, Estimate, Line, Spending

TODAY = date(2026, 11, 24)


def paid(*amounts: str, category: str = "gpu") -> list[tuple[str, Spending]]:
    """Charges with ids."""
    return [(f"{category}{n}", Spending(TODAY, category, Decimal(a), "USD", Decimal(a))) for n, a in enumerate(amounts)]


def project(budget: str | None = "15k USD") -> Project:
    """A project with a budget."""
    return Project.model_validate({"name": "x", "data": {"train": "t"}, "budget": budget})


def plan(**changes: Any) -> Estimate:
    """An estimate of 8,000 with two priced lines, one unpriced, one left out."""
    point = Band(1, 1, 1, 1)
    given = {
        "currency": "USD",
        "lines": (
            Line("gpu", Band(100, 200, 300, 400), 0.1, "b"),
            Line("labour", Band(4_000, 7_000, 9_000, 10_000), 0.9, "b"),
            Line("data", None, None, "b"),
            Line("inference", point, None, "b", included=False),
        ),
        "total": Band(5_507, 7_746, 9_690, 10_894),
        "rounds": point, "months": point, "budget": 15_000.0, "over_budget": 0.02, "reached": None, "drivers": (),
        "defaults": (), "assumptions": (), "unpriced": ("data",), "gpu": "H100", "gpu_count": 1, "gpu_hours": point,
        "usd_per_gpu_hour": point, "price_dates": (), "price_book": "", "label_price": None, "round_price": point,
        "run_price": point, "histogram": (), "draws": 1, "seed": 0, "based_on": "",
    }  # fmt: skip
    return Estimate(**{**given, **changes})


amounts = st.decimals("-999999999999", "999999999999", allow_nan=False, allow_infinity=False, places=11)


@given(st.lists(st.tuples(amounts, st.sampled_from([*CATEGORIES, "egress"])), max_size=12), st.randoms())
def test_the_total_is_the_exact_sum_of_its_lines_in_any_order(charges, rng):
    """No digit is lost, whatever the order; every charge stands in one line."""
    held = [(str(n), Spending(TODAY, c, a, "USD", a)) for n, (a, c) in enumerate(charges)]
    shuffled = rng.sample(held, len(held))
    record = books(held, estimate=plan(), project=project(), verified=True)
    exact = sum(int(amount.scaleb(11)) for amount, _ in charges)
    assert exact == int(record.spent.scaleb(11))
    assert exact == sum(int(line.spent.scaleb(11)) for line in record.lines)
    assert len(charges) == sum(line.entries for line in record.lines)
    assert record == books(shuffled, estimate=plan(), project=project(), verified=True)
    assert Decimal(15_000) - record.spent == record.left


def test_plans_corrections_and_what_is_not_known():
    """Planned lines come first, of corrections the last counts, and what is not known is said in words."""
    first, second, third = (
        (name, Spending(TODAY, "gpu", Decimal(a), "USD", Decimal(a), supersedes=of))
        for name, a, of in (("a", "10", ""), ("b", "20", "a"), ("c", "30.10", "b"))
    )
    record = books([first, second, third], estimate=None, project=None, verified=True)
    assert (Decimal("30.10"), 3, 2) == (record.spent, record.entries, record.superseded)
    assert "Corrected later and in no sum: 2 charges" in record.note
    lost = books([third], estimate=None, project=None, verified=True)
    assert "1 correction names a charge that is not in the ledger" in lost.note
    held = paid("450") + paid("5000", category="labour") + paid("7", category="data") + paid("9", category="storage")
    record = books(held, estimate=plan(), project=project(), verified=True)
    assert ["gpu", "labour", "data", "storage"] == [line.name for line in record.lines]
    assert [False, None, None, None] == [line.inside for line in record.lines]
    assert record.lines[2].planned is None
    assert "Already above the plan's P90: gpu." in record.note
    assert "Spent without a planned amount: data, storage." in record.note
    assert "5,466.00 USD spent of 15k, 9,534.00 USD left." in record.note
    record = books([], estimate=None, project=project(None), verified=False)
    assert (None, None, None, True) == (record.budget, record.left, record.over_budget, record.ok)
    for words in ("Nothing is booked yet", "no estimate", "The ledger was edited"):
        assert words in record.note
    assert "names no budget" in books(paid("3"), estimate=plan(), project=project(None), verified=True).note
    broke = books(paid("15000.01"), estimate=plan(), project=project(), verified=True)
    assert not broke.ok
    assert "0.01 USD more than the budget" in broke.note


def test_the_chance_over_budget():
    """It starts at the plan's, rises with what is spent, is that of the draws, and is sure above the budget."""

    def chance(spent: str, category: str = "labour") -> float | None:
        return books(paid(spent, category=category), estimate=plan(), project=project(), verified=True).over_budget

    assert 0.02 == books([], estimate=plan(), project=project(), verified=True).over_budget
    rising = [chance(str(spent)) for spent in range(1_000, 16_000, 1_000)]
    assert rising == sorted(rising)
    assert 1.0 == chance("15000.01")
    assert chance("3000", "storage") > chance("3000", "labour")
    far = books(paid("60000", category="labour"), estimate=plan(), project=project("90k USD"), verified=True)
    assert far.over_budget is None
    assert "estimate` again" in far.note
    draws = sum(Interval(low, 3 * low).draw(generator(0, str(low)), 50_000) for low in (500, 1_000, 4_000))
    from tunecase.quantities.spread import band

    total = band(draws)
    for amount in (5_000, 8_000, 10_000, 13_000, 16_000):
        assert float((draws > amount).mean()) == pytest.approx(share_above(total, amount), abs=0.02)
    sure = Band(5, 5, 5, 5)
    assert [1.0, 1.0, 0.0] == [share_above(sure, amount) for amount in (-1, 4, 5)]
    wide = Band(0, 5, 8, 10)
    assert [1.0, 0.9, 0.5, 0.2, 0.1] == [share_above(wide, amount) for amount in (0, 1, 6, 9, 11)]
    assert 0.9 == pytest.approx(share_above(Band(1, 2, 3, 4), 1), abs=1e-4)


def bill(amount: float = 7_000, hours: float = 70) -> dict[str, LineDrawn]:
    """Labour without doubt, in ten worlds."""
    import numpy as np

    return {"labour": LineDrawn(np.full(10, amount), np.full(10, hours), "hour")}


def test_at_completion_stands_beside_plan_and_spent():
    """Half of the hours paid at twice the price: the rest costs as much again; an unpriced line has no known end."""
    held = [("a", Spending(TODAY, "labour", Decimal(7_000), "USD", Decimal(7_000), "", Decimal(35), "h"))]
    record = books(held, estimate=plan(), project=project(), verified=True, standing=Standing(drawn=bill()))
    labour = next(line for line in record.lines if line.name == "labour")
    assert 14_000 == pytest.approx(record.at_completion.p50) == pytest.approx(labour.at_completion.p50)
    assert 0.0 == record.over_budget
    assert "at the prices paid so far" in record.redrawn
    tight = books(held, estimate=plan(), project=project("13k USD"), verified=True, standing=Standing(drawn=bill()))
    assert 1.0 == tight.over_budget
    record = books(paid("9", category="labour"), estimate=plan(), project=project(), verified=True,
                   standing=Standing(drawn=bill()))  # fmt: skip
    assert next(line for line in record.lines if line.name == "data").at_completion is None
    assert "Not in the plan, as it has no price: data." in record.note


def test_closed_lines_say_inside_or_outside():
    """P10 to P90 and P5 to P95; an open line says nothing; twenty lines that missed propose a wider factor."""
    held = paid("450") + paid("5000", category="labour")
    closed = Standing(closed={"gpu": TODAY, "labour": TODAY})
    lines = {x.name: x for x in books(held, estimate=plan(), project=None, verified=True, standing=closed).lines}
    assert (False, True) == (lines["gpu"].inside, lines["gpu"].inside_90)
    assert (True, True) == (lines["labour"].inside, lines["labour"].inside_90)
    assert (None, None) == (lines["data"].inside, lines["data"].inside_90)
    past = [ClosedLine("p", "labour", Band(50, 100, 150, 200), 400.0)] * 19
    standing = Standing(closed={"gpu": TODAY}, past=past, past_projects=4)
    record = books(paid("200"), estimate=plan(), project=None, verified=True, standing=standing)
    assert (20, 1, 5) == (record.hit_rate.lines, record.hit_rate.inside_80, record.hit_rate.projects)
    assert 2.0 == pytest.approx(record.hit_rate.factor)
    assert "Bands were too narrow: 1 of 20" in record.note


@pytest.mark.parametrize("drawn", [False, True])
def test_once_every_line_is_closed_nothing_is_to_come(drawn):
    """Not on the allowance for overruns, which closes with the last line, nor on a line that only a later bill has."""
    allowance = Line("unknowns", Band(0, 1_100, 2_000, 3_700), None, "b")
    bill_of_record = plan(lines=(*plan().lines, allowance))
    late = {"labour": LineDrawn(np.full(500, 9_000.0)), "storage": LineDrawn(np.full(500, 70.0))} if drawn else None
    each = dict.fromkeys(("gpu", "labour", "data"), TODAY)
    held = paid("450") + paid("5000", category="labour")
    record = books(
        held, estimate=bill_of_record, project=project(), verified=True, standing=Standing(closed=each, drawn=late)
    )
    assert record.finished
    assert record.at_completion == Band(5_450, 5_450, 5_450, 5_450)
    ends = {line.name: line.at_completion.p50 for line in record.lines if line.at_completion is not None}
    assert {"gpu": 450, "labour": 5_000, "data": 0, "unknowns": 0} == ends
    assert 0 == record.over_budget
    assert "At completion 5,450.00 USD: every line is closed" in record.note
    some = Standing(closed={"gpu": TODAY, "data": TODAY}, drawn=late)
    still = books(held, estimate=bill_of_record, project=project(), verified=True, standing=some)
    assert not still.finished


@pytest.mark.parametrize("closed", ["labour", "gpu data labour unknowns", "gpu data unknowns", "unknowns", ""])
def test_overruns_close_and_open_with_the_lines_of_people(closed):
    """They wait for no other line, and what `--close all` kept of them holds only as long as people's lines do."""
    bill_of_record = plan(lines=(*plan().lines, Line("unknowns", Band(0, 1_100, 2_000, 3_700), None, "b")))
    drawn = {"labour": LineDrawn(np.full(500, 9_000.0)), "unknowns": LineDrawn(np.full(500, 500.0))}
    record = books(
        paid("5000", category="labour"), estimate=bill_of_record, project=project(), verified=True,
        standing=Standing(closed=dict.fromkeys(closed.split(), TODAY), drawn=drawn),
    )  # fmt: skip
    lines, is_closed = {line.name: line for line in record.lines}, "labour" in closed
    assert (TODAY if is_closed else None) == lines["unknowns"].closed
    assert (lines["unknowns"].at_completion is not None) == is_closed
    assert (5_000 if is_closed else 9_500) == pytest.approx(lines["labour"].at_completion.p50)


def test_credits_estimates_and_free_hours():
    """They are in the sums and told beside them; hours billed at nothing leave the price to those paid."""
    began = datetime(2026, 11, 2, 8, tzinfo=UTC)

    def hours(amount: str, many: int, **other: Any) -> Spending:
        ended = began + timedelta(hours=many)
        given = {"gpu": "L40S", "gpu_count": 1, "began_at": began, "ended_at": ended, **other}
        return Spending(TODAY, "gpu", Decimal(amount), "USD", Decimal(amount), "", Decimal(many), "GPU hour", **given)

    held = [
        ("bill", hours("10", 10)),
        ("run", hours("7", 6, basis="estimated", run="r1", source="mlflow")),
        ("late", hours("3", 2, basis="estimated", run="r2", gpu="H100", source="mlflow")),
        ("back", Spending(TODAY, "gpu", Decimal(-1), "USD", Decimal(-1), charge="credit")),
    ]
    record = books(held, estimate=plan(), project=project(), verified=True)
    assert (Decimal(12), Decimal(3), Decimal(-1), 1) == (record.spent, record.unbilled, record.credits, record.covered)
    assert (Decimal(4), Decimal(4)) == (record.idle_hours, record.idle_amount)
    assert {"r1": Decimal(-1), "r2": None} == {run.run: run.difference for run in record.runs}
    for words in ("a bill covers", "not billed yet: 3.00 USD", "Credits and adjustments", "no run is known: 4, 4.00"):
        assert words in record.note

    def gpu(amount: str, hours: str, **other: Any) -> Spending:
        much = Decimal(amount)
        return Spending(TODAY, "labour", much, "USD", much, "", Decimal(hours), "h", **other)

    paid_for = [("a", gpu("2000", "20")), ("b", gpu("0", "15"))]
    standing = Standing(drawn=bill())
    record = books(paid_for, estimate=plan(), project=project("5k USD"), verified=True, standing=standing)
    assert (5_500, 1.0) == (pytest.approx(record.at_completion.p50), record.over_budget)
    for back in (gpu("-1000", "20", charge="credit"), gpu("-1000", "20")):
        less = books([*paid_for, ("c", back)], estimate=plan(), project=project("5k USD"), verified=True,
                     standing=standing)  # fmt: skip
        assert (4_500, 0.0) == (pytest.approx(less.at_completion.p50), less.over_budget)
        assert (Decimal(1_000), Decimal(-1_000)) == (less.spent, less.credits)
    alone = books([*paid("5000", category="labour"), ("c", gpu("-2000", "1", charge="credit"))], estimate=plan(),
                  project=project("9k USD"), verified=True)  # fmt: skip
    without = books(paid("5000", category="labour"), estimate=plan(), project=project("9k USD"), verified=True)
    assert alone.over_budget < without.over_budget
