"""Held charges: corrections replace, bills take the place of estimates, and what no run used is idle."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.books.gpu_charges import charge, run
from tunecase.books.held import held
from tunecase.records import Spending


def total(charges: list[tuple[str, Spending]]) -> Decimal:
    """What the charges that count come to."""
    return sum((one.amount_base for _, one in held(charges).charges), Decimal(0))


def test_bills_and_estimates_of_runs():
    """A named bill, or one of the same card and time, beats the estimate; corrections and second sources count once."""
    found = held([("e", run("8", "4"))])
    assert [("e", Decimal(8))] == [(name, one.amount) for name, one in found.charges]
    assert (None, None, Decimal(8)) == (found.runs[0].billed, found.runs[0].difference, found.runs[0].estimated)
    assert (None, 0) == (found.idle_hours, found.covered)
    found = held([("e", run("8", "4")), ("b", charge("9.50", "5", run="a"))])
    assert ["b"] == [name for name, _ in found.charges]
    only = found.runs[0]
    assert ("a", Decimal(8), Decimal("9.5"), Decimal("1.5")) == (only.run, only.estimated, only.billed, only.difference)
    assert (Decimal(4), Decimal(5), Decimal(1)) == (only.run_hours, only.billed_hours, found.idle_hours)
    assert Decimal("1.9") == found.idle_amount
    for bill in (charge("2", "1", 0, gpu="H100"), charge("2", "1", 5)):
        found = held([("e", run("8", "4")), ("b", bill)])
        assert (2, None, None) == (len(found.charges), found.runs[0].billed, found.idle_hours)
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
    found = held([("e", run("8", "4")), ("b", charge("3", "2", 0))])
    rest = dict(found.charges)["e"]
    assert (Decimal(4), Decimal(2)) == (rest.amount, rest.quantity)
    assert (Decimal(3), Decimal(-1), 0) == (found.runs[0].billed, found.runs[0].difference, found.covered)
    day = charge("20", "10", -8, 24)
    found = held([("a", run("1", "2", 0)), ("b", run("1", "6", 3, "b")), ("d", day)])
    assert {"a": Decimal(4), "b": Decimal(12)} == {one.run: one.billed for one in found.runs}
    assert Decimal(2) == found.idle_hours
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
    found = held([("b", charge("5", "2", run="tuning")), ("e", run("8", "4", 40)), ("x", charge("8", "4", 40))])
    only = next(one for one in found.runs if one.run == "tuning")
    assert (None, Decimal(5), Decimal(2)) == (only.estimated, only.billed, only.billed_hours)
    assert Decimal(0) == found.idle_hours
    assert 1 == held([("b", charge("0", "2"))]).unpriced
    rows = [charge("3", "2"), replace(charge("0", "2"), quantity=None), charge("0", "2", charge="purchase")]
    assert 0 == held([(str(number), row) for number, row in enumerate(rows)]).unpriced


def test_hours_that_bills_cover():
    """Two hundredths may stay uncovered; a bill covers the hours that it bills, a small machine its own alone."""
    hundred = ("e", run("100", "100"))
    assert (1, Decimal(99)) == (
        held([hundred, ("b", charge("99", "99"))]).covered,
        total([hundred, ("b", charge("99", "99"))]),
    )
    assert (0, Decimal(100)) == (
        held([hundred, ("b", charge("98", "98"))]).covered,
        total([hundred, ("b", charge("98", "98"))]),
    )
    other = ("b", charge("100", "100", run="other"))
    assert ["a"] == [row.run for row in held([("e", run("98", "98")), other]).runs]
    assert ["a", "other"] == sorted(row.run for row in held([("e", run("97", "97")), other]).runs)
    ten = run("240", "240")
    found = held([("e", ten), ("b", charge("24", "24", run="a"))])
    assert {"b": Decimal(24), "e": Decimal(216)} == {name: one.amount for name, one in found.charges}
    assert Decimal(240) == total([("e", ten), ("b", charge("24", "24", run="a"))])
    licence = replace(charge("1", "1", run="a"), unit="Units")
    assert Decimal(241) == total([("e", ten), ("b", licence)])
    assert Decimal(1) == held([("e", ten), ("b", licence)]).runs[0].billed
    assert Decimal(240) == total([("e", ten), ("b", charge("0", "240", run="a"))])
    paid = charge("900", "1", charge="purchase")
    free = [("e", run("240", "80")), ("b", charge("0", "80", run="a"))]
    assert Decimal(900) == total([*free, ("p", paid)])
    assert Decimal(240) == total([*free, ("p", charge("0", "1", charge="purchase"))])
    mixed = [("e", run("20", "10")), ("b", charge("20", "10")), ("f", charge("0", "10"))]
    assert (Decimal(20), Decimal(10)) == (total(mixed), held(mixed).idle_hours)
    bare = replace(run("8", "4"), quantity=None)
    assert Decimal(9) == total([("e", bare), ("b", charge("9", "4", run="a"))])
    apart = held([("e", bare), ("b", charge("9", "4"))])
    assert (Decimal(17), None) == (sum(one.amount for _, one in apart.charges), apart.runs[0].billed)
    eight = [("e", run("240", "80", lasts=10, gpu_count=8)), ("b", charge("30", "10"))]
    assert Decimal(240) == total(eight)
    two = [("e1", run("20", "10")), ("e2", run("20", "10", name="b")), ("b", charge("20", "10"))]
    assert Decimal(40) == total(two)
    assert [Decimal(10), Decimal(10)] == [one.billed for one in held(two).runs]
    hours = [(f"{n} {m}", charge("2", "1", n)) for n in range(5) for m in "ab"]
    found = held([("e", run("20", "10")), *hours])
    assert Decimal(10) == dict(found.charges)["e"].amount
    assert (Decimal(10), Decimal(5), Decimal(5)) == (found.runs[0].billed, found.run_hours, found.idle_hours)
    found = held([("e", run("20", "10")), ("b1", charge("20", "10")), ("b2", charge("20", "10"))])
    assert (Decimal(20), Decimal(10)) == (found.runs[0].billed, found.runs[0].billed_hours)
    assert (Decimal(10), Decimal(20)) == (found.idle_hours, found.idle_amount)
    a100 = {"gpu": "A100-80GB"}
    charges = [("e1", run("20", "10", **a100)), ("e2", run("20", "10", name="b", **a100))]
    charges += [("b", charge("20", "10", **a100)), ("t", charge("5", "10", gpu="T4"))]
    found = held(charges)
    assert (Decimal(0), Decimal(10)) == (found.idle_hours, found.untracked_hours)
    found = held([*charges, ("e3", run("1", "2", name="c", gpu="T4"))])
    assert (Decimal(8), Decimal(4), Decimal(0)) == (found.idle_hours, found.idle_amount, found.untracked_hours)


times = st.integers(0, 60)
rows = st.tuples(st.decimals("0.01", "99", places=2), times, st.integers(1, 12))


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


def test_names_of_runs_and_last_corrections():
    """A bill may name a run by its MLflow id; one name at two times is two runs; the last correction counts."""
    kept = run("20", "10", name="baseline", tags={"mlflow.run_id": "9f3a77"})
    assert Decimal(22) == total([("e", kept), ("b", charge("22", "10", 900, run="9f3a77"))])
    found = held([("e", run("20", "10", name="baseline")), ("b", charge("22", "10", run="other"))])
    assert (Decimal(22), ["baseline"]) == (
        sum((one.amount for _, one in found.charges), Decimal(0)),
        [one.run for one in found.runs],
    )
    wide = held([("e", run("20", "10", name="baseline")), ("b", charge("44", "20", lasts=20, run="other"))])
    assert [("baseline", Decimal(22)), ("other", Decimal(22))] == [(one.run, one.billed) for one in wide.runs]
    assert Decimal(0) == wide.idle_hours
    first, later = run("20", "10", name="out"), replace(run("4", "2", 700, name="out"), source="callback")
    assert Decimal(24) == total([("e", first), ("f", later)])
    both = replace(run("4", "2", name="out"), source="callback")
    assert Decimal(24) == total([("e", first), ("f", later), ("g", both)])
    day = replace(run("0.81", "0.5"), began_at=None, ended_at=None)
    bill = charge("38.976", "24", -8)
    found = held([("e", day), ("b", bill)])
    assert (["b"], Decimal("23.5")) == ([name for name, _ in found.charges], found.idle_hours)
    assert 2 == len(held([("e", day), ("b", replace(bill, gpu="T4"))]).charges)
    first = ("A", manual("100"))
    assert Decimal(80) == total([first, ("B", manual("90", "A")), ("C", manual("80", "A"))])
    assert Decimal(85) == total([first, ("B", manual("90", "A")), ("C", manual("80", "A")), ("D", manual("85", "B"))])
    first, copy, right = ("A", manual("100", row_id="r")), ("B", manual("100", row_id="r")), manual("90", "A", "s")
    for order in ([first, copy], [copy, first]):
        assert Decimal(90) == total([*order, ("C", right)])
        assert Decimal(90) == total([order[0], ("C", right), order[1]])
        assert Decimal(90) == total([*order, ("C", replace(right, row_id=""))])
    both = [first, copy, ("C", right), ("D", replace(right, supersedes="B"))]
    assert Decimal(90) == total(both)
    assert Decimal(90) == total([first, ("C", right), ("D", manual("90", row_id="s"))])
    rows = [("A", "", "r"), ("B", "A", "s"), ("C", "B", "r")]
    there = [(name, manual("2" if row == "s" else "1", of, row)) for name, of, row in rows]
    assert Decimal(1) == total(there)
    copies = [
        (f"{name}2", replace(one, supersedes=f"{one.supersedes}2" if one.supersedes else "")) for name, one in there
    ]
    assert Decimal(1) == total([*there[:2], *copies[:2], there[2]])
    assert Decimal(1) == total([*there, *copies])


def manual(amount: str, supersedes: str = "", row_id: str = "") -> Spending:
    """A charge that may correct another one or stand for a source's row."""
    much = Decimal(amount)
    return Spending(date(2026, 11, 2), "gpu", much, "USD", much, supersedes=supersedes, row_id=row_id)


@given(st.lists(rows, min_size=1, max_size=5), st.lists(st.tuples(rows, st.integers(0, 6)), max_size=6))
def test_no_money_is_lost_whatever_the_bill_names(guesses, bills):
    """All is at least the estimates of the hours that the bills cannot cover, and at least the bills."""
    charges = [(f"e{n}", run(str(h), str(h), b, f"run {n}")) for n, (_, b, h) in enumerate(guesses)]
    charges += [(f"b{n}", charge(str(h), str(h), b, run=f"run {name}")) for n, ((_, b, h), name) in enumerate(bills)]
    found = total(charges)
    estimated, billed = sum(h for _, _, h in guesses), sum(h for (_, _, h), _ in bills)
    loose = Decimal(estimated) * Decimal("0.02")
    assert max(estimated, billed) - loose - Decimal("0.001") <= found <= estimated + billed
