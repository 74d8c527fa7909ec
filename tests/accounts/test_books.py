"""The books are told so that what stands beside a total adds up to it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests import samples
from tests.accounts.reading import captions, table, words
from tunecase.accounts import Material, account
from tunecase.accounts.books import facts
from tunecase.blocks import Account
from tunecase.records import BookLine, Books, Variance

# Their nearest cents add up to 13.73, and they to 13.715.
PAID = {"gpu": "8.775", "storage": "0.245", "labour": "4.695"}


def books(**changes: object) -> Books:
    """Books in which three lines hold fractions of a cent."""
    lines = tuple(
        BookLine(name, None, Decimal(amount), None, 1, variance=Variance(Decimal(amount), *[Decimal(0)] * 3))
        for name, amount in PAID.items()
    )
    spent = sum(map(Decimal, PAID.values()), Decimal(0))
    given = {"lines": lines, "spent": spent, "budget": 100.0, "left": Decimal(100) - spent}
    return replace(samples.books(), **{**given, **changes})  # type: ignore[arg-type]


def told(record: Books | None = None, **material: Any) -> Account:
    """The account of some books."""
    return account("books", record or samples.books(), Material(**material))


def unspent(**changes: Any) -> Books:
    """Books in which nothing is booked."""
    record = samples.books()
    lines = tuple(replace(line, spent=Decimal(0), entries=0, at_completion=None) for line in record.lines)
    empty = {"lines": lines, "spent": Decimal(0), "left": Decimal(18_000), "entries": 0, "at_completion": None}
    return replace(record, **{**empty, **changes})


@pytest.mark.parametrize(
    ("record", "answer", "tone"),
    [
        (samples.books(), "3,885.57 USD spent of 18,000. In the middle case it ends at ", "good"),
        (unspent(), "Nothing spent yet. 18,000 USD in the budget.", "good"),
        (unspent(budget=None, left=None), "Nothing spent yet. No budget is given.", "plain"),
        (books(spent=Decimal("120.5"), left=Decimal("-20.5")), "Over budget: 120.50 USD spent, 20.50 too much.", "bad"),
        (books(verified=False), "The ledger was edited: do not trust these sums", "bad"),
        (books(at_completion=None, budget=None, left=None), "13.72 USD spent, no budget is given.", "plain"),
    ],
)
def test_the_answer_is_what_was_spent_of_what(record: Books, answer: str, tone: str) -> None:
    """Money that was paid keeps its cents; what is wrong comes first."""
    said = told(record)
    assert said.answer.startswith(answer)
    assert tone == said.tone


def test_what_was_released_stands_beside_the_budget() -> None:
    """Where anything was approved, before anything is spent."""
    said = told(unspent(), approvals=samples.approvals())
    assert "Nothing spent yet. 4,500 USD released, 18,000 in the budget." == said.answer


def test_spent_adds_up_by_group() -> None:
    """To the cent; a group without a plan says so."""
    rows = table(told(books()).short, "Plan, spent and forecast in the middle case")
    assert {"people": "4.70", "computers": "9.02", "total": "13.72"} == {name: row[1] for name, row in rows.items()}
    assert "not planned" == rows["people"][0]


def test_before_anything_is_spent_the_forecast_is_the_plan() -> None:
    """Line by line and in all."""
    rows = table(told(unspent()).short, "Plan, spent and forecast in the middle case")
    assert all(row[0] == row[2] and row[1] == "0" for row in rows.values() if row[0] != "not planned")
    assert "tunecase spend add 42.50 USD --category labour" == told(unspent()).next


def test_without_a_plan_only_what_was_spent_is_told() -> None:
    """No column of unknowns: the groups that money went to, and their sum."""
    bare = tuple(replace(line, planned=None, at_completion=None) for line in samples.books().lines)
    said = told(replace(samples.books(), planned=None, planned_total=None, at_completion=None, lines=bare))
    rows = table(said.short, "Spent")
    assert {"people": ["3,132.00"], "data": ["262.40"], "computers": ["41.17"], "other": ["450.00"],
            "total": ["3,885.57"]} == rows  # fmt: skip
    assert "tunecase estimate" == said.next


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"over_budget": 0.29}, "The chance to pass the budget is 29%."),
        ({"over_budget": None}, "More is spent than any simulated case of the plan."),
        ({"planned": None}, "There is no estimate to compare with."),
    ],
)
def test_the_budget_is_told_under_the_table(changes: dict[str, Any], said: str) -> None:
    """Each sentence where it is true, and not where it is not."""
    assert said in words(told(replace(samples.books(), **changes)).short)
    other = replace(samples.books(), over_budget=0.5)
    assert said not in words(told(other).short)


def test_a_line_above_its_plan_is_named() -> None:
    """As long as it is open; a closed one is history."""
    gpu = replace(next(line for line in samples.books().lines if line.name == "gpu"), inside=False, closed=None)
    assert "Dearer already than nine cases in ten: training." in words(told(books(lines=(gpu,))).short)
    closed = replace(gpu, closed=samples.TODAY)
    assert "Dearer already" not in words(told(books(lines=(closed,))).short)


def test_what_is_left_of_the_budget_is_told_in_full() -> None:
    """It closes with what was spent; beyond the budget the answer says how much too much, and nothing is left."""
    assert "86.28 USD" in dict(facts(books()))["Left of the budget"]
    assert "Left of the budget" not in dict(facts(books(budget=10.0, left=Decimal("-3.715"))))
    assert "Left of the budget" not in dict(facts(books(budget=None, left=None)))


def test_lines_add_up_to_the_total_in_full() -> None:
    """To the cent, planned or not."""
    rows = table(told(books()).full, "Plan against actual")
    assert ["8.78", "0.25", "4.69", "13.72"] == [rows[name][2] for name in (*PAID, "Total")]


def test_why_they_differ_adds_up() -> None:
    """The last row is the sum of the rows above it."""
    rows = table(told(books()).full, "Why spent and planned differ")
    total = rows.pop("Sum of the lines")
    assert Decimal(total[0]) == sum(Decimal(row[0]) for row in rows.values())
    assert Decimal("13.72") == Decimal(total[0])


def test_a_row_of_why_adds_up_across_and_down() -> None:
    """All is scope, quantity, price and unsplit, and the last row is the sum of the rows above."""
    parts = [Variance(*map(Decimal, row)) for row in (("0.335", "0.335", "-7.005", "1234.5"), ("0.004",) * 4)]
    lines = tuple(BookLine(f"line{at}", None, Decimal(1), None, 1, variance=split) for at, split in enumerate(parts))
    rows = table(told(books(lines=lines)).full, "Why spent and planned differ")
    numbers = {name: [Decimal(c.replace(",", "")) for c in row if c != "-"] for name, row in rows.items()}
    assert Decimal("1228.16") == numbers["line0"][0]
    assert all(row[0] == sum(row[1:]) for row in numbers.values())
    assert numbers["Sum of the lines"][0] == numbers["line0"][0] + numbers["line1"][0]


def test_what_was_served_is_told_by_month() -> None:
    """Planned and actual side by side, and parts that add up across and down."""
    rows = table(told().full, "Served against forecast")
    assert ["80k", "89,000"] == rows["answers"]
    assert "tokens in" not in rows
    parts = table(told().full, "Why serving cost more or less than forecast")
    for row in parts.values():
        assert Decimal(row[0]) == sum(Decimal(cell) for cell in row[1:] if cell != "-")
    total = parts.pop("Sum of the months")
    assert ["2026-10", "2026-11"] == list(parts)
    assert Decimal("104.90") == Decimal(total[0]) == sum(Decimal(row[0]) for row in parts.values())


def test_answers_served_stand_under_the_table() -> None:
    """With their forecast where there is one; nothing before launch."""
    assert "Answers served: 89,000 for 1,544.90 USD; the forecast was 80,000 for 1,400." in words(told().short)
    alone = replace(samples.served(), planned=None)
    assert "Answers served: 89,000 for 1,544.90 USD." in words(told(books(served=alone)).short)
    assert "Answers served" not in words(told(books(served=None)).short)


def test_without_a_forecast_nothing_is_parted() -> None:
    """What was served stands alone."""
    served = samples.served()
    alone = replace(served, months=tuple(replace(month, parts=()) for month in served.months), planned=None)
    said = told(books(served=alone))
    assert ["unknown", "89,000"] == table(said.full, "Served against forecast")["answers"]
    assert "Why serving cost more or less than forecast" not in captions(said.full)


def test_charges_and_approvals_are_the_evidence() -> None:
    """Each charge with its amount in both currencies, where approvals stand; nothing where there is none."""
    said = told(spendings=samples.spendings(), approvals=samples.approvals())
    (row,) = [row for row in table(said.full, "Every charge").values() if "labour" in row]
    assert "2,900.00 EUR (3,132.00 in the base currency)" in row
    assert "Money released" in words(said.full)
    assert "Every charge" not in captions(told().full)
    assert "Money released" not in words(told().full)


@pytest.mark.parametrize(
    ("inside", "spent", "closed", "word"),
    [
        (True, "80", True, "inside P10 to P90"),
        (False, "900", True, "above P90"),
        (False, "9", True, "below P10"),
        (False, "900", False, "above P90, still running"),
    ],
)
def test_a_finished_line_is_judged(inside: bool, spent: str, closed: bool, word: str) -> None:
    """A line that is judged says where the actual fell."""
    gpu = replace(next(line for line in samples.books().lines if line.name == "gpu"), inside=inside, inside_90=False,
                  spent=Decimal(spent), closed=samples.TODAY if closed else None)  # fmt: skip
    assert word == table(told(replace(samples.books(), lines=(gpu,))).full, "Plan against actual")["gpu"][-1]
