"""Known charges: a row is booked once, and a line that is stated anew corrects what was booked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
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
    """By its row, its entry, or the same line written otherwise; also when it was corrected since, to nothing too."""
    ledger = booked(charge("a", "1"))
    ledger.append(("f" * 64, replace(charge("", "2"), row_id="", line_id="", supersedes=ledger[0][0])))
    found = compare([charge("a", "1"), charge("b", "1")], ledger)
    assert (1, ["b"], ()) == (found.known, [one.line_id for one in found.fresh], found.restated)
    assert 1 == compare([charge("x", "1", "0" * 64)], booked(charge("", "1"))).known
    assert 1 == compare([charge("a", "1", "v1.3")], booked(charge("a", "1", "v1.0"))).known
    ledger = booked(charge("a", "1"))
    ledger.append(("f" * 64, replace(charge("", "0"), row_id="", line_id="", supersedes=ledger[0][0])))
    assert 1 == compare([charge("a", "1")], ledger).known


def test_another_amount_of_a_line_corrects_the_entry() -> None:
    """It is refused with row and entry unless asked for; one more row is new."""
    ledger = booked(charge("a", "1"), charge("b", "1"))
    found = compare([charge("a", "1.5"), charge("b", "1")], ledger)
    ((new, old),) = found.restated
    assert (ledger[0][0], Decimal("1.5"), Decimal(1), 1) == (new.supersedes, new.amount, old.amount, found.known)
    with pytest.raises(InputError, match=r"bill.csv:7.*1.50 USD for what is booked with 1.00 USD"):
        refuse_restated(found, "bill.csv")
    refuse_restated(compare([charge("a", "1")], ledger), "bill.csv")
    found = compare([charge("a", "1"), charge("a", "2")], booked(charge("a", "1")))
    assert (1, [Decimal(2)], ()) == (found.known, [one.amount for one in found.fresh], found.restated)
    ledger = booked(charge("a", "1"))
    ledger.append(("f" * 64, replace(charge("", "2"), row_id="", line_id="", supersedes=ledger[0][0])))
    ((new, old),) = compare([charge("a", "3")], ledger).restated
    assert ("f" * 64, Decimal(2)) == (new.supersedes, old.amount)


def test_amounts_go_back_and_copies_of_corrected_rows_are_known() -> None:
    """A second import has nothing to do; of two joined ledgers a row twice and its correction once are known."""
    ledger = booked(charge("a", "1"), charge("a", "2"))
    bill = [charge("a", "3")]
    ledger = after(ledger, bill)
    assert (4, Decimal(3)) == (len(ledger), standing(ledger))
    again = compare(bill, ledger)
    assert (1, (), ()) == (again.known, again.fresh, again.restated)
    first, second = charge("a", "1"), charge("a", "2")
    ledger = after(after(after([], [first]), [second]), [first])
    assert (3, Decimal(1)) == (len(ledger), standing(ledger))
    assert 3 == len({one.row_id for _, one in ledger})
    again = compare([first], ledger)
    assert (1, (), ()) == (again.known, again.fresh, again.restated)
    first, right = charge("a", "100"), replace(charge("a", "90"), supersedes="0" * 64)
    for order in ((first, right, first), (first, first, right)):
        assert (1, (), ()) == (
            (found := compare([charge("a", "90")], booked(*order))).known,
            found.fresh,
            found.restated,
        )


def bill_row(row: str, amount: str, team: str, **other: object) -> Spending:
    """A row of a bill that names no resource."""
    return charge("a", amount, row, source="focus", tags={"team": team} if team else {}, **other)


def test_rows_told_apart_by_their_tags_are_two() -> None:
    """Or by columns that both have; a row that is not asked for keeps its entry."""
    breaches = []
    for amount in ["1", "5"]:
        ledger = booked(bill_row("r1", "1", "a"))
        found = compare([bill_row("r2", amount, "b")], ledger)
        breaches += [] if (1, 0, ()) == (len(found.fresh), found.known, found.restated) else [amount]
        other = compare([bill_row("r2", amount, "b")], ledger, beside=[bill_row("r1", "1", "a")])
        breaches += [] if (1, 0, ()) == (len(other.fresh), other.known, other.restated) else [amount]
    assert [] == breaches
    ledger = booked(charge("a", "1", "r1"))
    found = compare([charge("a", "1", "r2")], ledger, beside=[charge("a", "1", "r1")])
    assert (1, 0, ()) == (len(found.fresh), found.known, found.restated)
    anew = compare([charge("a", "3", "r2")], ledger, beside=[charge("a", "1.5", "r1")])
    assert 1 == len(anew.fresh) + len(anew.restated)
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


bills = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), max_size=6)


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
