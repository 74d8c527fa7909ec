"""The reading tools keep to the folder that they were started in."""

from pathlib import Path

import pytest

from tests.making import case_folder
from tunecase.agents.call import Call
from tunecase.agents.tools import TOOLS
from tunecase.errors import InputError


def test_a_project_file_that_lies_elsewhere_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A linked project file is listed if it leads to a file below the folder, and only named if it leads out of it."""
    case_folder(tmp_path / "in" / "a")
    (tmp_path / "secret.yaml").write_text("name: a secret\n", encoding="utf-8")
    for name, target in (("b", tmp_path / "in" / "a" / "tunecase.yaml"), ("c", tmp_path / "secret.yaml")):
        (tmp_path / "in" / name).mkdir()
        (tmp_path / "in" / name / "tunecase.yaml").symlink_to(target)
    monkeypatch.chdir(tmp_path / "in")
    answer = TOOLS["cases"].work(Call({}, lambda verb, record, case: ""))
    first, linked, outside = answer.content["cases"]
    assert (first["name"], "") == (linked["name"], linked["fault"])
    assert ("c", "c/tunecase.yaml") == (outside["name"], outside["project"])
    assert "wanted a path below the folder that the server was started in" in outside["fault"]
    assert "secret" not in f"{answer}"


def test_a_ledger_that_lies_elsewhere_is_neither_read_nor_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that is a link out of the folder closes its case: to the list, to reading tools and to writing ones."""
    case_folder(tmp_path / "in")
    (tmp_path / "in" / "ledger.jsonl").symlink_to(tmp_path / "made.jsonl")
    monkeypatch.chdir(tmp_path / "in")
    given = {"amount": "5", "line": "gpu", "on": "2026-01-02"}
    for tool in ("approvals", "spend_add"):
        with pytest.raises(InputError, match=r"ledger\.jsonl: 'ledger\.jsonl'; wanted a path below the folder"):
            TOOLS[tool].work(Call(given, lambda verb, record, case: ""))
    (row,) = TOOLS["cases"].work(Call({}, lambda verb, record, case: "")).content["cases"]
    assert row["fault"].startswith("ledger.jsonl: ")
    assert not (tmp_path / "made.jsonl").exists()
