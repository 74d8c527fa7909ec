"""Bills and books add up as they are printed, and the checks of the benchmark notice what does not."""

import shutil
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.command import tunecase

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import closing
from closing_bills import Bill, check_bill, printed
from closing_books import check_books, ledgers, made
from closing_books import printed as books_printed
from closing_faces import Tally, number, terminal_tables

CASES = closing.ROOT / "examples" / "cases"
QUICK = ("hosted", "one-weekend", "65b-full-fine-tune")


def in_process(*words: str | Path, cwd: Path) -> str:
    """The command line in this process."""
    ran = tunecase(*words, cwd=cwd)
    assert ran.code in (0, 1), ran.err
    return ran.out


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def weekend(tmp_path_factory: pytest.TempPathFactory) -> Bill:
    """The bill of the smallest case."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", "80")
        folder = Path(shutil.copytree(CASES / "one-weekend", tmp_path_factory.mktemp("closing") / "case"))
        return printed("one-weekend", folder, in_process)


@pytest.mark.parametrize("case", QUICK)
def test_a_worked_case_adds_up_on_every_face(case: str, tmp_path: Path) -> None:
    """Lines, months, hours, shares and the headline: terminal, Markdown, HTML and JSON."""
    tally = Tally()
    folder = Path(shutil.copytree(CASES / case, tmp_path / case))
    check_bill(printed(case, folder, in_process), tally)
    assert [] == tally.failures
    assert {"lines = total", "months = total", "hours = all", "base + contingency + reserve"} < tally.made.keys()
    assert tally.total > 60


def test_books_add_up_on_every_face(tmp_path: Path) -> None:
    """Charges of before the plan, of less than a cent and over the budget, some of them mapped out of other."""
    tally = Tally()
    check_books(books_printed("early", made("early", tmp_path / "early", in_process), in_process), tally)
    assert [] == tally.failures
    assert tally.total > 60


def test_a_line_that_is_printed_wrong_is_noticed(weekend: Bill) -> None:
    """A total that is a cent off, a month that is not there and another P90 on the page all fail."""
    broken = {face: {what: [list(row) for row in rows] for what, rows in tables.items()} for face, tables in
              weekend.tables.items()}  # fmt: skip
    next(row for row in broken["markdown"]["lines"] if row[0] == "labour")[1] = "1.11k"
    broken["terminal"]["months"].pop(0)
    next(row for row in broken["html"]["lines"] if row[0] == "data")[5] = "7"
    tally = Tally()
    check_bill(replace(weekend, tables=broken), tally)
    found = {(failure["check"], failure["where"]) for failure in tally.failures}
    assert {
        ("lines = total", "one-weekend, markdown"),
        ("months = total", "one-weekend, terminal"),
        ("so far cumulates", "one-weekend, terminal"),
        ("lines alike on every face", "one-weekend, html"),
    } <= found


def test_printed_numbers_are_read_as_they_stand() -> None:
    """Thousands, signs, cents and what is less than a unit; a dash is no number."""
    assert [Decimal(8600), Decimal(-470), Decimal("1262.40"), Decimal(0), Decimal(0), None] == [
        number(text) for text in ("8.6k", "-470", "1,262.40 USD", "under 10 USD", "<1%", "–")
    ]


def test_a_name_of_two_lines_is_one_row() -> None:
    """What goes on in a second line is put back to its cell, and a sentence ends the table."""
    text = (
        "Spent\n  Line      spent  words\n  unknowns   1.00  a note of\n    (allowance)    two lines\n"
        "> total      1.00  -\n  A sentence.\n"
    )
    rows = [["unknowns (allowance)", "1.00", "a note of two lines"], ["total", "1.00", "-"]]
    assert rows == terminal_tables(text, ["Spent"])["Spent"]


def test_a_table_too_wide_for_the_terminal_is_read_row_by_row() -> None:
    """Each cell is told with its head; a note is no row."""
    text = "Spent\n  gpu\n    Planned: 1 to 2 · Spent:\n    1.50\n  USD. A note.\n"
    assert [["gpu", "1 to 2", "1.50"]] == terminal_tables(text, ["Spent"])["Spent"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [case for case in (*closing.WORKED, closing.AFTER, closing.COSTS) if case not in QUICK]
)
def test_every_worked_case_adds_up_on_every_face(case: str, tmp_path: Path) -> None:
    """The other cases, the example after its pilot, and with costs of its own."""
    tally = Tally()
    check_bill(printed(case, closing.folder_of(case, tmp_path), closing.command), tally)
    assert [] == tally.failures


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ledgers() if name != "early"])
def test_every_ledger_adds_up_on_every_face(name: str, tmp_path: Path) -> None:
    """A real bill, euros, money back and corrections, a time sheet."""
    tally = Tally()
    check_books(books_printed(name, made(name, tmp_path / name, closing.command), closing.command), tally)
    assert [] == tally.failures
