"""Held charges: corrections replace, bills take the place of estimates, and what no run used is idle."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.held_charges import gpu_hours, held
from tunecase.records import Spending

START = datetime(2026, 11, 2, 8, tzinfo=UTC)


def charge(amount: str, hours: str, begins: float = 0, lasts: float | None = None, **other: Any) -> Spending:
    """A GPU charge of so many hours on an L40S; `begins` and `lasts` in hours from eight o'clock."""
    began = START + timedelta(hours=begins)
    ended = began + timedelta(hours=float(hours) if lasts is None else lasts)
    given = {"gpu": "L40S", "gpu_count": 1, "began_at": began, "ended_at": ended, **other}
    much = Decimal(hours)
    return Spending(date(2026, 11, 2), "gpu", Decimal(amount), "USD", Decimal(amount), "", much, "GPU hour", **given)


def run(amount: str, hours: str, begins: float = 0, name: str = "a", **other: Any) -> Spending:
    """An estimated run."""
    return charge(amount, hours, begins, basis="estimated", run=name, source="mlflow", **other)


def total(charges: list[tuple[str, Spending]]) -> Decimal:
    """What the charges that count come to."""
    return sum((one.amount_base for _, one in held(charges).charges), Decimal(0))


def test_an_estimate_without_a_bill_counts():
    """Nothing is idle, as far as is known, and the run has no bill."""
    found = held([("e", run("8", "4"))])
    assert [("e", Decimal(8))] == [(name, one.amount) for name, one in found.charges]
    assert (None, None, Decimal(8)) == (found.runs[0].billed, found.runs[0].difference, found.runs[0].estimated)
    assert (None, 0) == (found.idle_hours, found.covered)


def test_the_bill_that_names_the_run_beats_its_estimate():
    """The estimate leaves the sums; the difference stands beside it."""
    found = held([("e", run("8", "4")), ("b", charge("9.50", "5", run="a"))])
    assert ["b"] == [name for name, _ in found.charges]
    only = found.runs[0]
    assert ("a", Decimal(8), Decimal("9.5"), Decimal("1.5")) == (only.run, only.estimated, only.billed, only.difference)
    assert (Decimal(4), Decimal(5), Decimal(1)) == (only.run_hours, only.billed_hours, found.idle_hours)
    assert Decimal("1.9") == found.idle_amount


def test_a_bill_of_the_same_card_and_time_beats_the_estimate():
    """Hourly rows without a run's name are put down to the run inside them, and the rest of them is idle."""
    bill = [(f"b{n}", charge("2", "1", n)) for n in range(6)]
    found = held([("e", run("10", "4", 1)), *bill])
    assert 6 == len(found.charges)
    assert (Decimal(8), Decimal(-2), Decimal(4)) == (
        found.runs[0].billed,
        found.runs[0].difference,
        found.runs[0].billed_hours,
    )
    assert (Decimal(6), Decimal(4), Decimal(2), Decimal(4)) == (
        found.billed_gpu_hours,
        found.run_hours,
        found.idle_hours,
        found.idle_amount,
    )


def test_another_card_or_another_time_is_another_run():
    """A bill that does not meet the run leaves its estimate standing."""
    for bill in (charge("2", "1", 0, gpu="H100"), charge("2", "1", 5)):
        found = held([("e", run("8", "4")), ("b", bill)])
        assert (2, None, None) == (len(found.charges), found.runs[0].billed, found.idle_hours)


def test_half_a_bill_leaves_half_an_estimate():
    """Where the bill ends in the middle of a run, the rest of it is still estimated."""
    found = held([("e", run("8", "4")), ("b", charge("3", "2", 0))])
    rest = dict(found.charges)["e"]
    assert (Decimal(4), Decimal(2)) == (rest.amount, rest.quantity)
    assert (Decimal(3), Decimal(-1), 0) == (found.runs[0].billed, found.runs[0].difference, found.covered)


def test_two_runs_share_a_row_by_their_hours():
    """A day's row of ten hours with a run of two and one of six: two hours are idle."""
    day = charge("20", "10", -8, 24)
    found = held([("a", run("1", "2", 0)), ("b", run("1", "6", 3, "b")), ("d", day)])
    assert {"a": Decimal(4), "b": Decimal(12)} == {one.run: one.billed for one in found.runs}
    assert Decimal(2) == found.idle_hours


def test_corrections_and_second_sources_count_once():
    """A corrected bill leaves; a run estimated by two sources counts by the longer one."""
    found = held(
        [
            ("b", charge("9", "1", 50)),
            ("c", charge("7", "1", 50, supersedes="b")),
            ("m", run("8", "4")),
            ("t", charge("6", "3", basis="estimated", run="a", source="runs")),
        ]
    )
    assert ["c", "m"] == [name for name, _ in found.charges]
    assert (1, 1) == (found.superseded, found.covered)


def test_a_run_that_only_the_bill_names_is_shown():
    """Without an estimate there is no difference, and its hours are not called idle."""
    found = held([("b", charge("5", "2", run="tuning")), ("e", run("8", "4", 40)), ("x", charge("8", "4", 40))])
    only = next(one for one in found.runs if one.run == "tuning")
    assert (None, Decimal(5), Decimal(2)) == (only.estimated, only.billed, only.billed_hours)
    assert Decimal(0) == found.idle_hours


def test_hours_of_other_units_are_read():
    """Plain hours are each card's, and a charge without hours has none."""
    bare = charge("1", "3", gpu_count=8)
    assert Decimal(3) == gpu_hours(bare)
    assert Decimal(24) == gpu_hours(replace(bare, unit="Hours"))
    assert None is gpu_hours(replace(bare, unit="GB")) is gpu_hours(replace(bare, quantity=None))


def test_usage_that_is_billed_at_nothing_is_counted():
    """Hours paid by a commitment show as unpriced, not as free."""
    assert 1 == held([("b", charge("0", "2"))]).unpriced


times = st.integers(0, 60)
rows = st.tuples(st.decimals("0.01", "99", places=2), times, st.integers(1, 12))


@settings(max_examples=80, deadline=None)
@given(st.lists(rows, max_size=6), st.lists(rows, max_size=6), st.randoms())
def test_bills_are_never_changed_and_the_order_says_nothing(guesses, bills, rng):
    """All bills count in full; runs' shares and idle never pass what was billed; any order gives the same."""
    charges = [(f"e{n}", run(str(a), str(h), b, f"run {n}")) for n, (a, b, h) in enumerate(guesses)]
    charges += [(f"b{n}", charge(str(a), str(h), b)) for n, (a, b, h) in enumerate(bills)]
    found = held(charges)
    billed = sum((a for a, _, _ in bills), Decimal(0))
    kept = sum((one.amount for name, one in found.charges if name.startswith("b")), Decimal(0))
    assert billed == kept
    put_down = sum((one.billed or 0 for one in found.runs), Decimal(0))
    assert put_down <= billed + Decimal("0.0001")
    assert total(charges) <= billed + sum((a for a, _, _ in guesses), Decimal(0))
    if found.idle_hours is not None:
        assert 0 <= found.idle_hours <= found.billed_gpu_hours
    mixed = held(rng.sample(charges, len(charges)))
    assert (found.runs, found.idle_hours, found.covered) == (mixed.runs, mixed.idle_hours, mixed.covered)
