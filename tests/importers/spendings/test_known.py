"""Known charges: a row is booked once, and a line that is stated anew corrects what was booked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.errors import InputError
from tunecase.importers.spendings.known import compare, refuse_restated
from tunecase.records import Spending

DAY = date(2026, 11, 2)


def charge(line: str, amount: str, row: str = "", **other: object) -> Spending:
    """A charge of a line; its row is told apart by the amount unless said otherwise."""
    one = Spending(DAY, "gpu", Decimal(amount), "USD", Decimal(amount), row_id=row or f"{line} {amount}", line_id=line)
    return replace(one, source_file="bill.csv", row=7, **other)  # type: ignore[arg-type]


def booked(*charges: Spending) -> list[tuple[str, Spending]]:
    """Charges with ids."""
    return [(f"{number}" * 64, one) for number, one in enumerate(charges)]


def after(ledger: list[tuple[str, Spending]], found: Sequence[Spending]) -> list[tuple[str, Spending]]:
    """The ledger once an import with --restated is booked."""
    compared = compare(found, ledger)
    new = [*compared.fresh, *(one for one, _ in compared.restated)]
    return [*ledger, *((f"{len(ledger) + number:064d}", one) for number, one in enumerate(new))]


def standing(ledger: list[tuple[str, Spending]]) -> Decimal:
    """What the ledger comes to."""
    replaced = {one.supersedes for _, one in ledger}
    return sum((one.amount for name, one in ledger if name not in replaced), Decimal(0))


def test_a_row_that_is_booked_is_known() -> None:
    """Also when it was corrected since, by hand or by a later bill."""
    ledger = booked(charge("a", "1"))
    ledger.append(("f" * 64, replace(charge("", "2"), row_id="", line_id="", supersedes=ledger[0][0])))
    found = compare([charge("a", "1"), charge("b", "1")], ledger)
    assert (1, ["b"], ()) == (found.known, [one.line_id for one in found.fresh], found.restated)


def test_a_table_of_the_books_names_entries() -> None:
    """A charge that came from no row is known by its entry."""
    assert 1 == compare([charge("x", "1", "0" * 64)], booked(charge("", "1"))).known


def test_the_same_line_written_otherwise_is_known() -> None:
    """A later version of the format gives another row of the same amount."""
    assert 1 == compare([charge("a", "1", "v1.3")], booked(charge("a", "1", "v1.0"))).known


def test_another_amount_of_a_line_corrects_the_entry() -> None:
    """It is refused with its row and entry, unless it was asked for."""
    ledger = booked(charge("a", "1"), charge("b", "1"))
    found = compare([charge("a", "1.5"), charge("b", "1")], ledger)
    ((new, old),) = found.restated
    assert (ledger[0][0], Decimal("1.5"), Decimal(1), 1) == (new.supersedes, new.amount, old.amount, found.known)
    with pytest.raises(InputError, match=r"bill.csv:7.*\n.*1.50 USD for what is booked with 1.00 USD"):
        refuse_restated(found, "bill.csv")
    refuse_restated(compare([charge("a", "1")], ledger), "bill.csv")


def test_one_more_row_of_a_line_is_new() -> None:
    """The booked one still stands in the bill."""
    found = compare([charge("a", "1"), charge("a", "2")], booked(charge("a", "1")))
    assert (1, [Decimal(2)], ()) == (found.known, [one.amount for one in found.fresh], found.restated)


def test_two_rows_that_became_one_are_withdrawn_once() -> None:
    """The second is corrected to nothing, and a second import has nothing to do."""
    ledger = booked(charge("a", "1"), charge("a", "2"))
    bill = [charge("a", "3")]
    ledger = after(ledger, bill)
    assert (4, Decimal(3)) == (len(ledger), standing(ledger))
    again = compare(bill, ledger)
    assert (1, (), ()) == (again.known, again.fresh, again.restated)


def test_a_correction_by_hand_stands_for_its_line() -> None:
    """A bill stated anew corrects the correction, not what is out of the sums already."""
    ledger = booked(charge("a", "1"))
    ledger.append(("f" * 64, replace(charge("", "2"), row_id="", line_id="", supersedes=ledger[0][0])))
    ((new, old),) = compare([charge("a", "3")], ledger).restated
    assert ("f" * 64, Decimal(2)) == (new.supersedes, old.amount)


bills = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(bills, bills)
def test_after_a_restated_bill_the_books_say_what_it_says(first: list[tuple[str, int]], second: list[tuple[str, int]]):
    """For every line that the later bill states; a second import of it changes nothing."""

    def bill(rows: list[tuple[str, int]]) -> list[Spending]:
        seen: dict[tuple[str, int], int] = {}
        found = []
        for line, amount in rows:
            seen[line, amount] = seen.get((line, amount), 0) + 1
            found.append(charge(line, str(amount), f"{line} {amount} {seen[line, amount]}"))
        return found

    once = after([], bill(first))
    twice = after(once, bill(second))
    stated = {line for line, _ in second}
    expected = sum(amount for _, amount in second) + sum(amount for line, amount in first if line not in stated)
    assert expected == standing(twice)
    again = compare(bill(second), twice)
    assert ((), ()) == (again.fresh, again.restated)


def test_a_copy_of_a_corrected_row_is_not_stated_anew() -> None:
    """Two joined ledgers hold a row twice and its correction once: the bill that was corrected to is known."""
    first, right = charge("a", "100"), replace(charge("a", "90"), supersedes="0" * 64)
    for order in ((first, right, first), (first, first, right)):
        assert (1, (), ()) == (
            (found := compare([charge("a", "90")], booked(*order))).known,
            found.fresh,
            found.restated,
        )
