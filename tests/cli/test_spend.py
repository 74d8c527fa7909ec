"""The command spend says what was booked and how to correct it."""

from pathlib import Path

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


def test_a_charge_is_printed_in_words(tmp_path: Path) -> None:
    """A booked charge is told with amount, category and how to correct it; the correction is counted once."""
    path = case_folder(tmp_path)
    ran = tunecase("spend", "add", "42.50", "--note", "two hours", "--on", "2026-01-02", "--project", path)
    assert "42.50 USD booked under other" in ran.out
    assert "Paid on 2 January 2026: two hours." in ran.out
    assert "Entry(" not in ran.out
    ref = ran.out.split("--replaces ")[1].split()[0]
    assert 0 == tunecase("spend", "add", "40", "--replaces", ref, "--project", path).code
    assert 0 == tunecase("spend", "add", "90", "--category", "gpu", "--project", path).code
    (gpu,) = tunecase("spend", "list", "--category", "gpu", "--json", "--project", path).json["charges"]
    corrected = tunecase("spend", "add", "80", "--replaces", gpu["id"], "--project", path)
    assert "80.00 USD booked under gpu" in corrected.out
    assert 0 == tunecase("spend", "add", "80", "--credit", "--category", "gpu", "--project", path).code
    told = tunecase("spend", "list", "--category", "gpus", "--project", path)
    assert 2 == told.code
    assert "gpu" in told.err
    assert "40 USD spent" in tunecase("books", "--project", path).out
