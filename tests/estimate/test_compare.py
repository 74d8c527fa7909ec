"""Two bills are compared world by world: lines add up, luck is no difference, and no price is never zero."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.estimate.compare import Limit, Pricing, Side, compare, judge
from tunecase.quantities.sampled import Sampled
from tunecase.quantities.spread import generator
from tunecase.records import Comparison, from_json, to_json


def draws(name: str, n: int = 4_000) -> np.ndarray:
    """Lognormal draws of one name."""
    return np.exp(generator(0, name).standard_normal(n))


def side(name: str = "a", **given) -> Side:
    """A bill of three lines, gpu unpriced and not counted unless given."""
    lines = {"data": 100 * draws("data"), "labour": 500 * draws("labour"), "inference": None}
    about = {"counted": frozenset(("data", "labour")), "unpriced": (), "rounds": np.ones(4_000), "budget": 1_000.0}
    return Side(**{"name": name, "lines": lines, "based_on": "no pilot", **about, **given})


def compared(first: Side, second: Side | None, **given) -> Comparison:
    """The comparison in dollars."""
    return compare(first, second, under=Pricing("USD", 0, "book"), **given)


def test_the_same_bill_twice_differs_by_nothing() -> None:
    """Common worlds: no line moves by luck."""
    record = compared(side("a"), side("b"))
    assert (0, 0, 0) == (record.total.mean, record.total.cheaper, record.total.dearer)
    assert ["data", "labour"] == [line.name for line in record.lines]


@law(30)
@given(factor=st.floats(0.1, 10))
def test_a_line_scaled_is_the_whole_difference(factor: float) -> None:
    """The total's difference is the line's, in every world, and their means add up."""
    first = side("a")
    second = replace(first, name="b", lines={**first.lines, "data": factor * first.lines["data"]})
    record = compared(first, second)
    data, labour = record.lines
    assert labour.mean == 0
    assert record.total.mean == pytest.approx(data.mean, abs=1e-9)
    assert record.total.change.p50 == pytest.approx((factor - 1) * np.median(first.lines["data"]), abs=1e-6)
    assert record.total.cheaper == (1.0 if factor < 1 else 0.0)


def test_swapping_the_sides_turns_the_signs() -> None:
    """b - a is -(a - b), and what was cheaper is dearer."""
    first, second = side("a"), side("b", lines={"data": 90 * draws("other"), "labour": 500 * draws("labour")})
    one, two = compared(first, second).total, compared(second, first).total
    assert one.mean == pytest.approx(-(two.mean or 0))
    assert one.change.p10 == pytest.approx(-two.change.p90)
    assert one.cheaper == two.dearer


def test_a_price_missing_on_one_side_is_unknown() -> None:
    """Neither the line's difference nor the total's is told; missing on both sides the line drops out, as is said."""
    lines = {"data": None, "labour": 500 * draws("labour")}
    lacking = side("b", lines=lines, unpriced=("data: no price",))
    record = compared(side("a"), lacking)
    data = record.lines[0]
    assert (None, None, None) == (data.change, data.mean, data.cheaper)
    assert "unpriced in b" == data.why
    assert record.total.change is None
    assert "data: no price" in record.total.why
    both = compared(replace(lacking, name="a"), lacking)
    assert both.total.mean == 0
    assert "neither side" in both.total.why
    assert "unpriced in a and in b" == both.lines[0].why


def test_a_line_in_part_without_a_price_is_unknown_too() -> None:
    """An amount that lacks a part is no amount to compare with."""
    record = compared(side("a"), side("b", unpriced=("data: source 2",)))
    assert None is record.lines[0].change
    assert None is record.total.change


def test_a_line_that_one_side_counts_is_the_whole_difference() -> None:
    """What a bill does not count is no part of it; that is said. Unpriced where it counts, it is unknown."""
    lines = {**side().lines, "inference": 10 * draws("inference")}
    counting = side("b", lines=lines, counted=frozenset(("data", "labour", "inference")))
    record = compared(side("a"), counting)
    line = record.lines[-1]
    assert ("inference", "counted only in b") == (line.name, line.why)
    assert record.total.mean == pytest.approx(line.mean)
    back = compared(counting, side("a"))
    assert back.total.mean == pytest.approx(-(line.mean or 0))
    unpriced = replace(counting, lines=side().lines, unpriced=("inference: no price",))
    assert None is compared(side("a"), unpriced).lines[-1].change


def test_the_limit_is_the_quantile() -> None:
    """Kept just below the quantile of the confidence, not kept just above it; a higher confidence asks for more."""
    bill = side()
    at = float(np.quantile(bill.total, 0.8))
    assert judge(bill, Limit(at + 0.01, 0.8), "USD").kept
    tight = judge(bill, Limit(at - 0.01, 0.8), "USD")
    assert not tight.kept
    assert "over the limit" in tight.reason
    assert not judge(bill, Limit(at + 0.01, 0.9), "USD").kept


def test_what_has_no_price_cannot_be_promised() -> None:
    """An unpriced line fails the limit unless it is allowed, and both are said."""
    bill = side(unpriced=("data: no price",))
    refused, allowed = (judge(bill, Limit(1e9, 0.8, allow), "USD") for allow in (False, True))
    assert not refused.kept
    assert refused.reason.startswith("cannot be promised: no price for data")
    assert allowed.kept
    assert "not counted, as allowed" in allowed.reason


def test_one_bill_alone_is_judged_and_a_record_reads_back() -> None:
    """Without a second bill there is no difference; with one, the second is judged."""
    alone = compared(side("a"), None, limit=Limit(1.0, 0.8))
    assert ((), None, False) == (alone.lines, alone.total, alone.ok)
    both = compared(side("a"), side("b"), limit=Limit(1e9, 0.8))
    assert ("b", True) == (both.judged.name, both.ok)
    import json

    assert both == from_json(Comparison, json.loads(to_json(both)))


def test_the_chances_of_a_bill_are_those_of_its_plan() -> None:
    """What the plan says is told with its error; without a budget there is no chance to pass it."""
    shown, over = Sampled(0.6, 0.01), Sampled(0.1, 0.002)
    record = compared(side("a", chance=shown, over=over), side("b", chance=Sampled(1.0), budget=None))
    assert (0.6, 0.1, shown, over) == (
        record.first.reached, record.first.over_budget, record.first.chance, record.first.over
    )  # fmt: skip
    assert (1.0, None, None) == (record.second.reached, record.second.over_budget, record.second.over)
