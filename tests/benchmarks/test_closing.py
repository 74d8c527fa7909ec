"""Bills and books add up as they are printed, and the checks of the benchmark notice what does not."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import closing
import pytest
from closing_bills import Bill, check_bill, printed
from closing_books import check_books, ledgers, made
from closing_books import printed as books_printed
from closing_faces import Tally, number

from tests.command import tunecase

pytestmark = pytest.mark.slow


def in_process(*words: str | Path, cwd: Path) -> str:
    """The command line in this process."""
    ran = tunecase(*words, cwd=cwd)
    assert ran.code in (0, 1), ran.err
    return ran.out


@pytest.fixture(autouse=True)
def _quick_and_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(closing, "command", in_process)


def checked(bill: Bill) -> Tally:
    """What the checks of a bill come to."""
    tally = Tally()
    check_bill(bill, tally)
    return tally


@pytest.mark.parametrize("case", [*closing.WORKED, closing.AFTER, closing.COSTS])
def test_every_worked_case_adds_up_on_every_face(case: str, tmp_path: Path) -> None:
    """Lines, months, hours, shares and the headline: terminal, Markdown, HTML and JSON; what is wrong is noticed."""
    bill = printed(case, closing.folder_of(case, tmp_path), in_process)
    tally = checked(bill)
    assert [] == tally.failures
    assert {"lines = total", "months = total", "base + contingency + reserve"} < tally.made.keys()
    if case == "one-weekend":
        broken = {face: {what: [list(row) for row in rows] for what, rows in tables.items()} for face, tables in
                  bill.tables.items()}  # fmt: skip
        next(row for row in broken["markdown"]["lines"] if row[0] == "labour")[1] = "1.11k"
        broken["terminal"]["months"].pop(0)
        next(row for row in broken["html"]["lines"] if row[0] == "data")[5] = "7"
        assert {
            ("lines = total", f"{case}, markdown"), ("months = total", f"{case}, terminal"),
            ("so far cumulates", f"{case}, terminal"), ("lines alike on every face", f"{case}, html"),
        } <= {(wrong["check"], wrong["where"]) for wrong in checked(replace(bill, tables=broken)).failures}  # fmt: skip


@pytest.mark.parametrize("name", ledgers())
def test_every_ledger_adds_up_on_every_face(name: str, tmp_path: Path) -> None:
    """Charges before the plan and over the budget, a real bill, euros, money back and corrections, a time sheet."""
    tally = Tally()
    check_books(books_printed(name, made(name, tmp_path / name, in_process), in_process), tally)
    assert [] == tally.failures
    assert tally.total > 60


def test_printed_numbers_are_read_as_they_stand() -> None:
    """Thousands, signs, cents and what is less than a unit; a dash is no number."""
    assert [Decimal(8600), Decimal(-470), Decimal("1262.40"), Decimal(0), Decimal(0), None] == [
        number(text) for text in ("8.6k", "-470", "1,262.40 USD", "under 10 USD", "<1%", "–")
    ]
