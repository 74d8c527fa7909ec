"""Hours of bills put down to runs: which rows come first, and how much a run can take at any time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.books.gpu_charges import START, charge, run
from tunecase.books.hours import Run, Supply, gpu_hours, hours_billed, names_of, overlap, put_down, run_of, span_of
from tunecase.records import Spending

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)


def put(runs: list[Spending], *rows: Spending, bought: bool = False) -> tuple[list[Run], dict[str, Supply]]:
    """The runs once the rows are put down to them, and the rows by the amount they bill."""
    taken = {str(number): run_of(guess) for number, guess in enumerate(runs)}
    supplies = put_down(taken, rows, bought)
    return list(taken.values()), {f"{supply.amount:f}": supply for supply in supplies}


def left(runs: list[Spending], *rows: Spending, bought: bool = False) -> dict[str, Decimal]:
    """What no run took of the rows, by the amount they bill, to a millionth of an hour."""
    return {amount: round(supply.left, 6) for amount, supply in put(runs, *rows, bought=bought)[1].items()}


def day_only(hours: str, gpu_count: int = 1) -> Spending:
    """A run of which the day alone is known."""
    return replace(run("1", hours, gpu_count=gpu_count), began_at=None, ended_at=None)


def test_hours_and_spans_of_runs():
    """Plain hours are each card's; spans that touch do not overlap; a day's run takes no more than its GPUs do."""
    bare = charge("1", "3", gpu_count=8)
    assert Decimal(3) == gpu_hours(bare)
    assert Decimal(24) == gpu_hours(replace(bare, unit="Hours"))
    assert Decimal(3) == gpu_hours(replace(bare, unit="Hours", gpu_count=0))
    assert None is gpu_hours(replace(bare, unit="GB")) is gpu_hours(replace(bare, quantity=None))
    assert None is gpu_hours(replace(bare, category="labour"))
    rows = [("5", "3"), ("0", "3"), ("-5", "3"), ("-5", "-3"), ("5", "-3")]
    assert [3, 3, 0, -3, -3] == [hours_billed(charge(amount, hours)) for amount, hours in rows]
    assert ("a", "9f") == names_of(run("1", "1", tags={"mlflow.run_id": "9f"}))
    assert ("9f",) == names_of(run("1", "1", name="", tags={"mlflow.run_id": "9f"}))
    assert () == names_of(run("1", "1", name=""))
    spans = [(START + timedelta(hours=a), START + timedelta(hours=b)) for a, b in [(0, 2), (2, 4), (1, 3)]]
    assert [False, False] == [overlap(spans[0], spans[1]), overlap(spans[1], spans[0])]
    assert [True, True] == [overlap(spans[0], spans[2]), overlap(spans[2], spans[0])]
    exact = run("1", "3")
    assert (START, START + timedelta(hours=3)) == span_of(exact)
    three = (MIDNIGHT - timedelta(hours=3), MIDNIGHT + timedelta(hours=27))
    assert three == span_of(day_only("12", 4)) == span_of(day_only("3", 0)) == span_of(replace(exact, ended_at=START))
    assert three == span_of(replace(exact, began_at=None)) == span_of(replace(exact, ended_at=None))
    assert (MIDNIGHT, MIDNIGHT + timedelta(days=1)) == span_of(replace(day_only("3"), quantity=None))
    cases = [(-2, 1, 4), (-1, 1, 2), (-1, 0.5, 3), (10, 0.5, 3), (24, 0.5, 3), (24.5, 0.5, 3), (25, 1, 4), (3, 4, 2)]
    found = [left([day_only("2", 2)], charge("9", "4", begins - 8, lasts))["9"] for begins, lasts, _ in cases]
    assert [expected for _, _, expected in cases] == found
    rows = [charge("9", "4", 0, 0.25), charge("8", "4", 1, 0.25)]
    assert {"9": Decimal("3.5"), "8": Decimal("3.5")} == left([day_only("2", 2)], *rows)


def test_which_rows_come_first():
    """Those that name a run, then those that end first, those billed at nothing last; rows of one kind are one."""
    rows = [charge("9", "4"), charge("8", "4", 50, run="a"), charge("7", "4", 0, 3)]
    assert {"9": Decimal(4), "8": Decimal(0), "7": Decimal(4)} == left([run("1", "4")], *rows)
    early = charge("9", "4", -20, run="a")
    assert {"9": Decimal(3), "8": Decimal(0)} == left([run("1", "4")], early, charge("8", "3", run="a"))
    timeless = replace(early, began_at=None, ended_at=None)
    (only,), rows = put([run("1", "4")], timeless, charge("8", "3", run="a"))
    assert {"9": Decimal(3), "8": Decimal(0)} == {amount: row.left for amount, row in rows.items()}
    assert (Decimal(17), Decimal(7), Decimal(4), True, True) == (
        only.amount, only.hours, only.taken, only.linked, only.named
    )  # fmt: skip
    assert Decimal(4) == left([run("1", "4")], replace(timeless, run=""))["9"]
    rows = [charge("9", "6", 0, 8, run="other"), charge("8", "6", 0, 10)]
    assert {"9": Decimal(4), "8": Decimal(0)} == left([run("1", "10")], *rows)
    ten = run("1", "10")
    assert {"8": Decimal(0), "9": Decimal(3)} == left([ten], charge("9", "9", 0, 10), charge("8", "4", 2, 4))
    assert {"8": Decimal(0), "9": Decimal(2)} == left([ten], charge("9", "6", 0, 10), charge("8", "6", 0, 8))
    assert {"8": Decimal(0), "9": Decimal(2)} == left([ten], charge("9", "6", 2, 8), charge("8", "6", 0, 10))
    ten, rows = run("1", "10"), [charge("0", "6", 0, 8), charge("8", "6", 0, 10)]
    (only,), supplies = put([ten], *rows)
    assert (4, 0) == (round(supplies["0"].left, 6), supplies["8"].left)
    assert (8, 6) == (round(only.taken, 6), only.covered)
    (only,), supplies = put([ten], *rows, bought=True)
    assert (0, 2) == (supplies["0"].left, round(supplies["8"].left, 6))
    assert (10, 10) == (round(only.taken, 6), round(only.covered, 6))
    (free,), _ = put([ten], charge("0", "6", run="a"))
    assert (True, False) == (free.linked, free.named)
    rows = [charge("6", "4"), charge("5", "4"), charge("-2", "4")]
    (supply,) = put_down({}, rows, False)
    assert (Decimal(8), Decimal(9), Decimal(8), Decimal(0)) == (supply.hours, supply.amount, supply.left, supply.used)
    (lower,) = put_down({}, [charge("-6", "-4", lasts=4)], False)
    assert (Decimal(-4), Decimal(0), Decimal(0)) == (lower.hours, lower.left, lower.used)
    rows = [
        charge("0", "1", 0),
        replace(charge("6", "1"), began_at=None, ended_at=None),
        charge("5", "1", 2),
        charge("4", "1", 1, gpu="T4"),
        charge("3", "1", 1, run="b"),
        charge("2", "1", 1, run="a"),
        charge("1", "1", 0),
    ]
    for listed in (rows, rows[::-1]):
        assert [1, 2, 3, 4, 5, 6, 0] == [supply.amount for supply in put_down({}, listed, False)]


def test_runs_share_rows():
    """By what they still lack, never the same time twice; a named row is borne by the hours of its estimates."""
    runs, supplies = put([run("1", "2"), run("1", "6", name="b")], charge("8", "4", 0, 6))
    assert [(1, 2, 1, 1), (3, 6, 3, 3)] == [(one.taken, one.amount, one.hours, one.left) for one in runs]
    assert (Decimal(0), Decimal(4)) == (supplies["8"].left, supplies["8"].used)
    runs, supplies = put([run("1", "2"), run("1", "6", name="b")], charge("9", "9", 0, 6))
    assert [(2, 2), (6, 6)] == [(one.taken, one.amount) for one in runs]
    assert Decimal(1) == supplies["9"].left
    ten = run("1", "10")
    assert Decimal(3) == left([ten], charge("9", "5", 2, 2))["9"]
    assert {"9": Decimal(3), "8": Decimal(1)} == left([ten], charge("9", "5", 2, 2), charge("8", "2", 3, 2))
    # Rows go into the first pieces that have room: hours 0 to 1, then 1 to 3, which leaves one of the last two.
    rows = [charge("9", "1", 0, 2), charge("8", "2", 0, 3), charge("7", "2", 2, 2)]
    assert {"9": Decimal(0), "8": Decimal(0), "7": Decimal(1)} == left([ten], *rows)
    assert {"9": Decimal(5)} == left([ten], charge("9", "5", -5, 5))
    assert {"9": Decimal(4), "8": Decimal(4)} == left([ten], charge("9", "5", -4, 5), charge("8", "5", 9, 5))
    runs, _ = put([run("1", "2"), run("1", "6", 2)], charge("8", "4", 50, run="a"))
    assert [(2, 1, True, True), (6, 3, True, True)] == [(one.amount, one.hours, one.linked, one.named) for one in runs]
    runs, _ = put([replace(run("1", "2"), quantity=None), run("1", "3", 2)], charge("8", "4", 50, run="a"))
    assert [2, 6] == [one.amount for one in runs]
    licence = replace(charge("8", "4", run="a"), unit="Units")
    (only,), _ = put([run("1", "2")], licence)
    assert (Decimal(8), Decimal(0), True, False) == (only.amount, only.hours, only.linked, only.named)
    assert Decimal(0) == left([run("1", "4", 48)], charge("9", "4", 0, 96))["9"]
    assert Decimal(0) == left([run("1", "96")], charge("9", "4", 90, 4))["9"]
    assert Decimal(0) == left([run("1", "96")], charge("9", "4", 0, 4))["9"]
    assert Decimal(4) == left([run("1", "4", 48)], charge("9", "4", 0, 48))["9"]
    for guess, row in [
        (replace(run("1", "4"), quantity=None), charge("9", "4")),
        (run("1", "4", gpu=""), charge("9", "4", gpu="")),
        (run("1", "4"), charge("9", "4", gpu="T4")),
        (run("1", "4"), charge("9", "0", lasts=4)),
    ]:
        (only,), _ = put([guess], row)
        assert (Decimal(0), False) == (only.taken, only.linked)
