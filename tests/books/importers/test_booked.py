"""Known charges: a row is booked once, and a line that is stated anew corrects what was booked."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.books.importers.booked import compare, refuse_restated
from tunecase.errors import InputError
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
    """Also when it was corrected since by hand."""
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
    with pytest.raises(InputError, match=r"bill.csv:7.*1.50 USD for what is booked with 1.00 USD"):
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


def test_a_bill_that_goes_back_to_its_first_amount_corrects_once_more() -> None:
    """The row was booked, but it counts no more; the third bill is known when it comes again."""
    first, second = charge("a", "1"), charge("a", "2")
    ledger = after(after(after([], [first]), [second]), [first])
    assert (3, Decimal(1)) == (len(ledger), standing(ledger))
    assert 3 == len({one.row_id for _, one in ledger})
    again = compare([first], ledger)
    assert (1, (), ()) == (again.known, again.fresh, again.restated)


def test_a_row_corrected_by_hand_to_nothing_stays_so() -> None:
    """What a user struck out is no row that the bill withdrew."""
    ledger = booked(charge("a", "1"))
    ledger.append(("f" * 64, replace(charge("", "0"), row_id="", line_id="", supersedes=ledger[0][0])))
    assert 1 == compare([charge("a", "1")], ledger).known


def bill_row(row: str, amount: str, team: str, **other: object) -> Spending:
    """A row of a bill that names no resource."""
    return charge("a", amount, row, source="focus", tags={"team": team} if team else {}, **other)


def test_rows_told_apart_by_their_tags_are_two() -> None:
    """In the part of another team or another file of the bill, whatever its amount; neither withdraws the other."""
    breaches = []
    for amount in ["1", "5"]:
        ledger = booked(bill_row("r1", "1", "a"))
        found = compare([bill_row("r2", amount, "b")], ledger)
        breaches += [] if (1, 0, ()) == (len(found.fresh), found.known, found.restated) else [amount]
        other = compare([bill_row("r2", amount, "b")], ledger, beside=[bill_row("r1", "1", "a")])
        breaches += [] if (1, 0, ()) == (len(other.fresh), other.known, other.restated) else [amount]
    assert [] == breaches


def test_a_row_that_is_not_asked_for_keeps_its_entry() -> None:
    """Its entry is not gone from the place, and what it states anew is not booked either."""
    ledger = booked(charge("a", "1", "r1"))
    found = compare([charge("a", "1", "r2")], ledger, beside=[charge("a", "1", "r1")])
    assert (1, 0, ()) == (len(found.fresh), found.known, found.restated)
    anew = compare([charge("a", "3", "r2")], ledger, beside=[charge("a", "1.5", "r1")])
    assert 1 == len(anew.fresh) + len(anew.restated)


def test_columns_that_both_have_tell_rows_apart() -> None:
    """One that was filled later is the same row's."""
    ledger = booked(charge("a", "1", "r1", apart={"SubAccountId": "7"}))
    filled = charge("a", "1", "r2", apart={"SubAccountId": "7", "CapacityReservationId": "c"})
    assert (1, 1) == (compare([filled], ledger).known, compare([filled], ledger).alike)
    assert 1 == len(compare([charge("a", "1", "r3", apart={"SubAccountId": "8"})], ledger).fresh)


def test_a_known_row_with_another_amount_or_run_is_stated_anew() -> None:
    """Another cost column, a table of the books that was edited, a run that is named since; a guess's price is ours."""
    ledger = booked(charge("a", "1", "r1"))
    ((new, _),) = compare([charge("a", "2", "r1")], ledger).restated
    assert (Decimal(2), ledger[0][0]) == (new.amount, new.supersedes)
    found = compare([charge("a", "1", "r2", run="tickets")], ledger)
    with pytest.raises(InputError, match="the run tickets for what is booked with no run"):
        refuse_restated(found, "bill.csv")
    assert "tickets" == found.restated[0][0].run
    named = booked(charge("a", "1", "r1", run="tickets"))
    assert 1 == compare([charge("a", "1", "r1")], named).known
    guess = booked(charge("a", "1", "r1", basis="estimated"))
    assert 1 == compare([charge("a", "2", "r1", basis="estimated")], guess).known


def test_many_rows_of_one_line_are_compared_in_no_time() -> None:
    """Linear in the rows, where each was once held against each."""
    ledger = [(f"{n:064d}", charge("a", str(n), f"old {n}")) for n in range(20_000)]
    began = time.process_time()
    found = compare([charge("a", str(n), f"new {n}") for n in reversed(range(20_000))], ledger)
    assert (20_000, ()) == (found.known, found.restated)
    assert time.process_time() - began < 10


bills = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(bills, min_size=1, max_size=4))
def test_after_restated_bills_the_books_say_what_the_last_says(stated: list[list[tuple[str, int]]]):
    """For every line the last bill that states it counts, back to earlier amounts too; a second import adds nothing."""

    def bill(rows: list[tuple[str, int]]) -> list[Spending]:
        seen: dict[tuple[str, int], int] = {}
        found = []
        for line, amount in rows:
            seen[line, amount] = seen.get((line, amount), 0) + 1
            found.append(charge(line, str(amount), f"{line} {amount} {seen[line, amount]}"))
        return found

    ledger: list[tuple[str, Spending]] = []
    expected: dict[str, int] = {}
    for rows in stated:
        ledger = after(ledger, bill(rows))
        expected |= {line: sum(amount for name, amount in rows if name == line) for line, _ in rows}
        assert sum(expected.values()) == standing(ledger)
        again = compare(bill(rows), ledger)
        assert ((), ()) == (again.fresh, again.restated)
    ids = [one.row_id for _, one in ledger if one.row_id]
    assert len(ids) == len(set(ids))


def test_a_copy_of_a_corrected_row_is_not_stated_anew() -> None:
    """Two joined ledgers hold a row twice and its correction once: the bill that was corrected to is known."""
    first, right = charge("a", "100"), replace(charge("a", "90"), supersedes="0" * 64)
    for order in ((first, right, first), (first, first, right)):
        assert (1, (), ()) == (
            (found := compare([charge("a", "90")], booked(*order))).known,
            found.fresh,
            found.restated,
        )
