"""The cases below a folder, as their ledgers tell them."""

from pathlib import Path

import pytest

from tests.making import case_folder
from tunecase.agents import cases
from tunecase.agents.cases import cases_below


def test_cases_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases of the folder and below it, in order, a broken one with its fault; no hidden folders, no links."""
    case_folder(tmp_path / "b")
    case_folder(tmp_path / ".hidden")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "tunecase.yaml").write_text("problem: [", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "b")
    monkeypatch.chdir(tmp_path)
    found = cases_below(Path())
    assert ["a/tunecase.yaml", "b/tunecase.yaml"] == [one["project"] for one in found.cases]
    assert [True, False] == [bool(one["fault"]) for one in found.cases]
    assert ("colours", {}, "") == (found.cases[1]["name"], found.cases[1]["on_file"], found.left_out)


def test_what_is_not_looked_at_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many cases or folders the search ends, and says so."""
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "tunecase.yaml").write_text("", encoding="utf-8")
    monkeypatch.setattr(cases, "MOST_CASES", 2)
    found = cases_below(tmp_path)
    assert (2, "only the first 2 cases were looked at.") == (len(found.cases), found.left_out)
    monkeypatch.setattr(cases, "MOST_FOLDERS", 1)
    assert "only 1 folders were looked at." == cases_below(tmp_path).left_out
