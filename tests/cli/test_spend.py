"""The command spend says what was booked and how to correct it."""

import os
from pathlib import Path

import pytest

from tests.books.importers.bills import as_csv, row
from tests.command import tunecase
from tests.making import case_folder
from tunecase.records import CATEGORIES


def test_an_unknown_option_is_named_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt option or a third word books nothing; an amount below zero is an amount."""
    path = case_folder(tmp_path)
    misspelt = tunecase("spend", "add", "20", "USD", "--categry", "gpu", "--project", path)
    assert (2, True) == (misspelt.code, "Did you mean --category" in misspelt.err)
    third = tunecase("spend", "add", "20", "USD", "hours", "--project", path)
    assert (2, True) == (third.code, "a third word" in third.err)
    assert "more than zero" in tunecase("spend", "add", "-5", "--project", path).err
    assert [] == tunecase("spend", "list", "--json", "--project", path).json["charges"]


def test_a_line_that_is_none_is_answered_with_all_of_them(tmp_path: Path) -> None:
    """Typed with a charge, with an import or with a rule: the help names one and no list that could grow old."""
    path = case_folder(tmp_path)
    (path.parent / "bill.csv").write_text("date,hours,rate,currency\n2026-11-20,2,60,USD\n", encoding="utf-8")
    typed = (
        ("add", "20", "USD", "--category", "moon"), ("map", "service=S3", "moon"),
        ("import", "timesheet", str(path.parent / "bill.csv"), "--category", "moon"),
    )  # fmt: skip
    for words in typed:
        ran = tunecase("spend", *words, "--project", path)
        assert (2, True) == (ran.code, ", ".join(CATEGORIES) in " ".join(ran.err.split())), ran.err


def test_an_amount_that_is_refused_is_told_what_fits_it(tmp_path: Path) -> None:
    """Too many digits name the limit, a minus the option for money back; an approval knows no such option."""
    path = case_folder(tmp_path)
    for typed, wanted in (
        (("9" * 24, "USD"), "wanted less than 1,000,000,000,000"),
        (("--", "-1e12", "USD"), "add --credit"),
        (("--", "-0", "USD"), "add --credit"),
        (("0", "USD"), "Leave out what cost nothing"),
    ):
        ran = tunecase("spend", "add", "--project", path, *typed)
        assert (2, True) == (ran.code, wanted in " ".join(ran.err.split())), ran
    for amount in ("-5", "0", "-1e12"):
        ran = tunecase("approve", "--project", path, "--by", "me", "--", amount)
        assert (2, False) == (ran.code, "--credit" in ran.err or "cost nothing" in ran.err), ran


def test_a_bill_beyond_the_limits_is_told_once_in_plain_words(tmp_path: Path) -> None:
    """An amount of 10^12 and a day of 1900 are each one mistake of the row, without the names of our fields."""
    path, bill = case_folder(tmp_path), tmp_path / "bill.csv"
    for change, told in (
        ({"BilledCost": "-1e12"}, "amount: -1,000,000,000,000; wanted an amount between -1,000,000,000,000 and"),
        ({"ChargePeriodStart": "1900-01-01 08:00:00", "ChargePeriodEnd": "1900-01-01 09:00:00"}, "day: 1900-01-01;"),
    ):
        as_csv(bill, [row(**change)])
        ran = tunecase("spend", "import", "focus", bill, "--large-credit", "--project", path)
        assert (2, 1, True) == (ran.code, ran.err.count("wanted"), told in " ".join(ran.err.split())), ran


@pytest.mark.parametrize("kind", ["focus", "timesheet"])
def test_what_is_no_file_is_no_bill(tmp_path: Path, kind: str) -> None:
    """A device and a pipe are refused at once, by name."""
    path, pipe = case_folder(tmp_path), tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for place, got in (("/dev/zero", "a device"), (pipe, "a pipe"), (tmp_path / "no.csv", "no such file")):
        ran = tunecase("spend", "import", kind, place, "--project", path)
        assert (2, True) == (ran.code, f": {got}; wanted" in " ".join(ran.err.split())), ran
    ran = tunecase("spend", "serving", pipe, "--project", path)
    assert (2, True) == (ran.code, "a pipe; wanted a meter" in " ".join(ran.err.split())), ran


def test_a_corrected_row_is_not_told_as_new(tmp_path: Path) -> None:
    """Of three rows one is new, one corrects, one was booked: the counts add up to the rows."""
    path, bill = case_folder(tmp_path), tmp_path / "bill.csv"
    rows = [row(ResourceId=f"i-{number}") for number in range(3)]
    as_csv(bill, rows[:2])
    assert 0 == tunecase("spend", "import", "focus", bill, "--project", path).code
    as_csv(bill, [rows[0] | {"BilledCost": "2"}, *rows[1:]])
    ran = tunecase("spend", "import", "focus", bill, "--restated", "--project", path)
    assert "1 is new, 1 corrects what was booked, 1 was booked before" in " ".join(ran.out.split()), ran
