"""The cases of a folder as the app keeps them: read again only where their files have changed."""

import os
import sys
import threading
from datetime import date
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.making import case_folder
from tests.web.slow_pilots import until
from tunecase import flow
from tunecase.errors import InputError, Problem
from tunecase.web import acts, cases
from tunecase.web.cases import Cases, key_of
from tunecase.web.pages import case_page, cases_page
from tunecase.web.replies import Reply

TODAY = date(2026, 11, 24)


def test_a_page_is_kept_until_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page that takes seconds is made once for several visits, and again after a charge, other data or a day."""
    made: list[bool] = []
    monkeypatch.setattr(cases.flow, "contents", lambda opened: made.append(opened.writes) or object())
    project = case_folder(tmp_path)
    shown = Cases(tmp_path, today=TODAY)
    case = shown.case(key_of(shown.folder, shown.folder / "tunecase.yaml"))
    assert shown.page(case) is shown.page(case)
    assert [False] == made
    assert "Booked" in acts.charge(case, {"amount": "1"}).done
    shown.page(case)
    (tmp_path / "train.jsonl").write_text(
        (tmp_path / "train.jsonl").read_text(encoding="utf-8") + "\n", encoding="utf-8"
    )
    shown.page(case)
    project.write_text(project.read_text(encoding="utf-8") + "\n# more\n", encoding="utf-8")
    shown.page(case)
    shown.page(acts.Case(case.key, case.project, case.seed, date(2026, 11, 25)))
    assert [False] * 5 == made


def test_a_case_that_changes_is_made_anew_once_for_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one page is made, changes wait for one further making; the last page is at hand meanwhile."""
    made: list[int] = []
    goes_on = threading.Event()

    def contents(opened: flow.Flow) -> object:
        made.append(len(list(opened.ledger.entries())))
        assert goes_on.wait(20)
        return made[-1]

    monkeypatch.setattr(cases.flow, "contents", contents)
    case_folder(tmp_path)
    shown = Cases(tmp_path, today=TODAY)
    case = shown.case(key_of(shown.folder, shown.folder / "tunecase.yaml"))
    begun = [shown.page_begun(case)]
    until(lambda: made)
    for amount in ("1", "2", "3"):
        acts.charge(case, {"amount": amount})
        begun.append(shown.page_begun(case))
    view = shown.view(case, "answer", begun[-1], "/case/x/answer?wait=1")
    assert (None, "/case/x/answer?wait=1") == (view.page, view.comes_at)
    goes_on.set()
    assert [0, 3, 3, 3] == [one.result(20) for one in begun]
    assert [0, 3] == made
    again = shown.view(case, "answer", begun[-1], "/x")
    assert (3, "") == (again.page, again.comes_at)


def test_the_tabs_of_pilot_and_books_need_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is made for them; the books, which say at the head what was spent, are made once for both."""
    made: list[str] = []
    books = flow.books
    monkeypatch.setattr(cases.flow, "contents", lambda opened: made.append("page"))
    monkeypatch.setattr(cases.flow, "books", lambda opened: made.append("books") or books(opened))
    case_folder(tmp_path)
    shown = Cases(tmp_path, today=TODAY)
    case = shown.case(key_of(shown.folder, shown.folder / "tunecase.yaml"))
    for tab in ("pilot", "books", "pilot"):
        view = shown.view(case, tab)
        assert (None, False) == (view.page, view.books is None)
    assert ["books"] == made


def test_what_cannot_be_worked_out_is_told_beside_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the answer fails, the lines, the currency, the books and the pilot are there all the same."""

    def fails(opened: flow.Flow) -> None:
        raise InputError(Problem("test.jsonl:3", "half a row", "a row", "mend it"))

    monkeypatch.setattr(cases.flow, "contents", fails)
    case_folder(tmp_path)
    shown = Cases(tmp_path, today=TODAY)
    made = shown.view(shown.case(key_of(shown.folder, shown.folder / "tunecase.yaml")), "answer")
    assert ("USD", True, None) == (made.currency, "gpu" in made.lines, made.page)
    assert made.books is not None
    assert ("test.jsonl:3: half a row; wanted a row.\nmend it",) == made.faults


def test_rows_are_read_again_only_where_a_file_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at the shelf again reads no ledger; a charge in one of two cases reads that one."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        case_folder(tmp_path / name)
    read: list[str] = []
    glance = flow.glance
    monkeypatch.setattr(cases.flow, "glance", lambda path, day: read.append(path.parent.name) or glance(path, day))
    shown = Cases(tmp_path, today=TODAY)
    first = shown.shelf()
    assert first == shown.shelf()
    assert ["one", "two"] == read
    acts.charge(shown.case(first.cases[0].key), {"amount": "5"})
    assert "5" in shown.shelf().cases[0].spent
    assert 3 == len(read)


def test_keys_tell_cases_apart() -> None:
    """Names that look alike in an address still have keys of their own, and none leads out of it."""
    names = ("a b", "a-b", "A B", "..x", "日本", "x/" * 3 + "y")
    keys = [key_of(Path("s"), Path("s") / name / "tunecase.yaml") for name in names]
    assert len(names) == len(set(keys))
    assert all(set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for key in keys)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the name of a folder is UTF-8 or UTF-16")
def test_a_folder_whose_name_is_no_utf_8_is_served(tmp_path: Path) -> None:
    """It stands among the other cases under a key of its own, and its own page is drawn and sent, too."""
    for name in ("cafe", os.fsdecode(b"caf\xe9"), os.fsdecode(b"caf\xe8")):
        (tmp_path / name).mkdir()
        case_folder(tmp_path / name)
    shown = Cases(tmp_path, today=TODAY)
    shelf = shown.shelf()
    assert ["", "", ""] == [row.fault for row in shelf.cases]
    assert 3 == len({row.key for row in shelf.cases})
    assert b"caf?" in Reply(HTTPStatus.OK, cases_page(shelf)).body
    for row in shelf.cases:
        view = shown.view(shown.case(row.key), "books")
        assert () == view.faults
        assert b"</html>" in Reply(HTTPStatus.OK, case_page(view, "books", "token")).body
