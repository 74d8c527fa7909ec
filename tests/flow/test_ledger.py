"""What looking after the ledger tells: entries that are gone, anchors from elsewhere, clocks that are wrong."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.command import tunecase
from tests.making import case_folder
from tunecase import flow
from tunecase.flow import opened


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A case with three charges; its project file."""
    path = case_folder(tmp_path)
    for amount in ("10", "20", "30"):
        assert 0 == tunecase("spend", "add", amount, "USD", "--line", "gpu", "--project", path).code
    return path


def cut(project: Path, lines: int) -> bytes:
    """Takes lines off the end of the ledger; returns the whole ledger."""
    ledger = project.parent / "ledger.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(b"".join(whole.splitlines(keepends=True)[:-lines]))
    return whole


def plain(text: str) -> str:
    """A text without its line breaks."""
    return " ".join(text.split())


def test_a_cut_ledger_opens_and_verify_says_no(project: Path) -> None:
    """Every verb warns and goes on; verify ends with code 1 until the ledger is restored or accepted."""
    whole = cut(project, 2)

    listed = tunecase("spend", "list", "--project", project)
    assert (0, True) == (listed.code, "its last 2 entries are missing (1 of 3)" in plain(listed.err))
    ran = tunecase("ledger", "verify", "--project", project)
    assert (1, True) == (ran.code, "2 entries are missing" in plain(ran.out))
    assert "ledger anchor --accept" in plain(ran.out)
    assert "2 entries are missing" in plain(tunecase("books", "--full", "--project", project).out)

    (project.parent / "ledger.jsonl").write_bytes(whole)
    assert 0 == tunecase("ledger", "verify", "--project", project).code
    cut(project, 1)
    assert 0 == tunecase("ledger", "anchor", "--accept", "--project", project).code
    assert 0 == tunecase("ledger", "verify", "--project", project).code


def test_an_anchor_of_elsewhere_decides(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The printed line, typed or in a file, holds for this ledger and for what follows, and not for a cut one."""
    monkeypatch.setenv("TUNECASE_NO_ANCHOR", "1")
    ran = tunecase("ledger", "anchor", "--project", project)
    typed = "".join(ran.out.split())
    note = tmp_path / "ticket.txt"
    note.write_text(f"Ledger of 28 November: {typed}\n", encoding="utf-8")
    assert 0 == tunecase("spend", "add", "5", "USD", "--project", project).code
    for text in (typed, note):
        assert 0 == tunecase("ledger", "verify", "--anchor", text, "--project", project).code
    cut(project, 2)

    for text in (typed, note):
        assert 1 == tunecase("ledger", "verify", "--anchor", text, "--project", project).code
    unanchored = tunecase("ledger", "verify", "--project", project)
    assert (0, True) == (unanchored.code, "keeps no anchor" in plain(unanchored.out))
    assert 3 == tunecase("ledger", "anchor", "--accept", "--project", project).code
    two, pipe = tmp_path / "two.txt", tmp_path / "pipe"
    two.write_text(f"{typed} {typed}\n4:{'0' * 64}\n", encoding="utf-8")
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
    for text in ("3:abc", tmp_path / "none", project, tmp_path, "a\0b", two, pipe):
        ran = tunecase("ledger", "verify", "--anchor", str(text), "--project", project)
        assert (2, True) == (ran.code, "COUNT:HASH" in plain(ran.err))


def test_a_cut_or_missing_ledger_gives_no_anchor_in_silence(project: Path) -> None:
    """The line of a cut ledger comes with a warning and exit code 1, as that of a missing one; accepted it is fine."""
    cut(project, 1)
    ran = tunecase("ledger", "anchor", "--project", project)
    assert (1, True) == (ran.code, "its last entry is missing (2 of 3)" in ran.err)
    assert ran.out.startswith("2:")
    assert 1 == tunecase("ledger", "anchor", "--json", "--project", project).code
    (project.parent / "ledger.jsonl").unlink()
    gone = tunecase("ledger", "anchor", "--project", project)
    assert (1, True) == (gone.code, "its last 3 entries are missing" in gone.err)
    accepted = tunecase("ledger", "anchor", "--accept", "--project", project)
    assert (0, "") == (accepted.code, accepted.err)


def test_what_is_no_plain_file_is_no_ledger(tmp_path: Path) -> None:
    """A pipe, a device, a link or a folder in the ledger's place is refused at once, and nothing is written through."""
    project, ledger, other = case_folder(tmp_path), tmp_path / "ledger.jsonl", tmp_path / "other.txt"
    other.write_bytes(b"")
    for make, got in (
        (lambda: os.mkfifo(ledger), "a pipe"),
        (ledger.mkdir, "a folder"),
        *((lambda to=to: ledger.symlink_to(to), "a symbolic link") for to in ("/dev/zero", other, tmp_path / "none")),
    ):
        make()
        for words in (("spend", "list"), ("spend", "add", "5", "USD"), ("ledger", "verify"), ("ledger", "anchor")):
            ran = tunecase(*words, "--project", project)
            assert (2, True) == (ran.code, f"{got}; wanted a plain file" in plain(ran.err)), ran
        ledger.rmdir() if got == "a folder" else ledger.unlink()
    assert b"" == other.read_bytes()
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_ledger_is_told_once_and_never_quoted(tmp_path: Path) -> None:
    """One line says that it is none, whatever it holds; a stray line in a ledger is named by its number alone."""
    project, other = case_folder(tmp_path), tmp_path / "secrets.txt"
    other.write_text("password: hunter2\n" * 5, encoding="utf-8")
    ran = tunecase("ledger", "merge", other, "--project", project)
    assert (2, 1) == (ran.code, ran.err.count("wanted"))
    assert "a file that is no ledger" in plain(ran.err)
    assert "hunter2" not in ran.err
    other.rename(tmp_path / "ledger.jsonl")
    for words in (("ledger", "verify"), ("ledger", "rechain"), ("spend", "add", "10", "USD")):
        ran = tunecase(*words, "--project", project)
        assert (2, 1, True) == (ran.code, ran.err.count("wanted"), "no ledger" in ran.err), ran
    (tmp_path / "ledger.jsonl").unlink()
    assert 0 == tunecase("spend", "add", "10", "USD", "--project", project).code
    with (tmp_path / "ledger.jsonl").open("a", encoding="utf-8") as ledger:
        ledger.write("password: hunter2\n")
    for words in (("ledger", "verify"), ("ledger", "rechain"), ("spend", "list")):
        ran = tunecase(*words, "--project", project)
        assert (2, True) == (ran.code, "line 2: a line that is no entry" in plain(ran.err)), ran
        assert "hunter2" not in ran.err


def test_a_lock_that_is_no_file_is_named(tmp_path: Path) -> None:
    """A folder or a link in the place of a lock: its own name is told, and nothing is booked."""
    project = case_folder(tmp_path)
    sheet = tmp_path / "hours.csv"
    sheet.write_text("date,hours,rate,currency\n2026-11-20,2,60,USD\n", encoding="utf-8")
    (tmp_path / "ledger.jsonl.lock").mkdir()
    (tmp_path / "ledger.jsonl.import.lock").symlink_to(tmp_path / "none")
    for lock, words in (
        ("ledger.jsonl.lock", ("spend", "add", "5", "USD")),
        ("ledger.jsonl.import.lock", ("spend", "import", "timesheet", sheet)),
    ):
        ran = tunecase(*words, "--project", project)
        assert (3, True) == (ran.code, f"{lock}: this lock" in plain(ran.err)), ran
        assert "Fix: take away" in plain(ran.err)


class Clock(datetime):
    """A clock that is wrong by `off`."""

    off = timedelta()

    @classmethod
    def now(cls, tz=None) -> datetime:
        """The moment by this clock."""
        return datetime.now(tz) + cls.off


def test_a_clock_before_this_version_books_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock of 1999 is refused with what to check, and nothing is written."""
    monkeypatch.setattr(opened, "datetime", Clock)
    monkeypatch.setattr(Clock, "off", datetime(1999, 1, 1, tzinfo=UTC) - datetime.now(UTC))
    before = (project.parent / "ledger.jsonl").read_bytes()
    ran = tunecase("spend", "add", "5", "USD", "--on", "2026-01-02", "--project", project)

    assert (2, True) == (ran.code, "heck the clock" in plain(ran.err))
    assert before == (project.parent / "ledger.jsonl").read_bytes()


def test_a_clock_before_this_version_may_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A board without a clock, or a page that is served from one, shows the books as they are."""
    monkeypatch.setattr(opened, "datetime", Clock)
    monkeypatch.setattr(Clock, "off", datetime(1999, 1, 1, tzinfo=UTC) - datetime.now(UTC))
    for words in (("spend", "list"), ("ledger", "verify")):
        assert 0 == tunecase(*words, "--project", project).code
    case = flow.open_case(project)
    case.writes = False
    assert 60 == flow.books(case).spent


def test_a_clock_behind_the_ledger_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of a clock that ran ahead are told on stderr, by verify and in the books; the next entry goes back."""
    monkeypatch.setattr(opened, "datetime", Clock)
    monkeypatch.setattr(Clock, "off", timedelta(days=400))
    assert 0 == tunecase("spend", "add", "5", "USD", "--project", project).code
    monkeypatch.undo()

    listed = tunecase("spend", "list", "--project", project)
    assert (0, True) == (listed.code, "one of the clocks is wrong" in plain(listed.err))
    verified = tunecase("ledger", "verify", "--project", project)
    assert (0, True) == (verified.code, "one of the clocks is wrong" in plain(verified.out))
    assert "one of the clocks is wrong" in plain(tunecase("books", "--full", "--project", project).out)
    after = tunecase("ledger", "verify", "--json", "--project", project).json
    assert 1 == after["backwards"]


def test_what_nobody_can_mean_is_not_booked(tmp_path: Path) -> None:
    """Days before 2000 and after today, amounts of 40 digits, hours of 10^9, and credits above all charges: refused."""
    project = case_folder(tmp_path)
    assert 0 == tunecase("spend", "add", "100", "USD", "--line", "gpu", "--project", project).code
    for words in (
        ("5", "USD", "--on", "1900-01-02"), ("5", "USD", "--on", "9999-01-02"), ("9" * 40, "USD"),
        ("999999999999", "USD", "--credit"), ("100.01", "--credit"), ("5", "XXQ"),
        ("5", "USD", "--today", "9999-01-01"),
        ("5", "USD", "--line", "labour", "--quantity", "999999999999", "--unit", "hour"),
    ):  # fmt: skip
        ran = tunecase("spend", "add", *words, "--project", project)
        assert (2, True) == (ran.code, "Wanted" in ran.err or "wanted" in ran.err), (words, ran)
    served = ("spend", "serving", "--from", "1900-01-01", "--to", "1900-01-02", "--answers", "5", "--project", project)
    assert "2000-01-01" in tunecase(*served).err
    served = ("spend", "serving", "--from", "2026-01-01", "--to", "2026-01-02", "--answers", "-5", "--project", project)
    assert 2 == tunecase(*served).code
    assert 1 == len(tunecase("spend", "list", "--json", "--project", project).json["charges"])

    assert 0 == tunecase("spend", "add", "100", "--credit", "--project", project).code
    assert 0 == tunecase("spend", "add", "7", "--credit", "--large-credit", "--project", project).code


def test_a_bill_of_impossible_rows_is_refused_with_the_first_of_them(tmp_path: Path) -> None:
    """Rows of 1900 and of too large sums are gathered, twenty told and the rest counted; nothing is booked."""
    project = case_folder(tmp_path)
    bill = tmp_path / "hours.csv"
    rows = "".join(f"1900-01-{1 + n % 28:02d},{1 + n % 5},60,USD,{n}\n" for n in range(100))
    bill.write_text(f"date,hours,rate,currency,note\n{rows}", encoding="utf-8")
    ran = tunecase("spend", "import", "timesheet", bill, "--project", project)

    assert 2 == ran.code
    assert "a day from 2000-01-01 on" in plain(ran.err)
    assert "80 more mistakes" in plain(ran.err)
    assert [] == tunecase("spend", "list", "--json", "--project", project).json["charges"]


def test_more_money_back_than_was_paid_is_asked_about(tmp_path: Path) -> None:
    """A bill whose credits pass all charges is refused unless the user says that it is right."""
    from tests.books.importers.bills import as_csv, row

    project = case_folder(tmp_path)
    bill = as_csv(tmp_path / "bill.csv", [row(BilledCost="-1000000000000.5", ChargeCategory="Credit")])
    assert 2 == tunecase("spend", "import", "focus", bill, "--project", project).code
    bill = as_csv(tmp_path / "bill.csv", [row(BilledCost="-500", ChargeCategory="Credit")])
    ran = tunecase("spend", "import", "focus", bill, "--project", project)
    assert (2, True) == (ran.code, "--large-credit" in ran.err)
    assert 0 == tunecase("spend", "import", "focus", bill, "--large-credit", "--project", project).code
