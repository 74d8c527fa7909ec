"""The cases of a folder at a glance: found within bounds, told from their ledgers, nothing worked out."""

import os
from pathlib import Path

import pytest

from tests import walked
from tests.making import case_folder
from tunecase import flow
from tunecase.errors import InputError
from tunecase.flow import shelf

TODAY = walked.TODAY


def made(folder: Path) -> Path:
    """A folder with the smallest file that is taken for a case."""
    folder.mkdir(parents=True)
    (folder / "tunecase.yaml").write_text("name: x\n", encoding="utf-8")
    return folder / "tunecase.yaml"


def test_cases_are_found_three_folders_down(tmp_path: Path) -> None:
    """In the folder itself and down to three below it; hidden folders, libraries and links are passed by."""
    found = [made(tmp_path / "top"), made(tmp_path / "a" / "b" / "c"), made(tmp_path / "a" / "b2")]
    for name in (".venv", "node_modules", ".git", "a/b/c/too-deep", "__pycache__"):
        made(tmp_path / name)
    os.symlink(tmp_path / "top", tmp_path / "link", target_is_directory=True)
    assert sorted(found) == sorted(flow.find_cases(tmp_path).projects)
    assert (found[0],) == flow.find_cases(tmp_path / "top").projects


def test_what_is_left_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many cases or folders the first are shown, and that others are not."""
    for number in range(4):
        made(tmp_path / f"case-{number}")
    monkeypatch.setattr(shelf, "MOST_CASES", 3)
    few = flow.find_cases(tmp_path)
    assert (3, True) == (len(few.projects), "first 3" in few.left_out)
    monkeypatch.setattr(shelf, "MOST_CASES", 10)
    assert "" == flow.find_cases(tmp_path).left_out
    monkeypatch.setattr(shelf, "MOST_FOLDERS", 2)
    assert "2 folders" in flow.find_cases(tmp_path).left_out


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    """A folder that is not there is refused with what to do."""
    with pytest.raises(InputError, match="no such folder"):
        flow.find_cases(tmp_path / "none")


def test_a_case_without_records_has_a_name_alone(tmp_path: Path) -> None:
    """Nothing was worked out yet, nothing is written, and the budget's share is known once there is a budget."""
    project = case_folder(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    seen = flow.glance(project, TODAY)
    assert ("", "", "unknown") == (seen.release, seen.fault, seen.tone)
    assert "Nothing was worked out yet." == seen.answer
    assert before == sorted(tmp_path.rglob("*"))


@pytest.mark.parametrize("broken", ["tunecase.yaml", "ledger.jsonl"])
def test_a_broken_case_is_told(tmp_path: Path, broken: str) -> None:
    """A project file or a ledger that cannot be read is a fault, not an error."""
    project = case_folder(tmp_path)
    (tmp_path / broken).write_text("name: [\n" * 3, encoding="utf-8")
    assert broken in flow.glance(project, TODAY).fault


def test_a_case_that_is_gone_is_told(tmp_path: Path) -> None:
    """What vanished between finding and reading is a fault."""
    assert "tunecase.yaml" in flow.glance(tmp_path / "gone" / "tunecase.yaml", TODAY).fault


def test_a_decided_case_tells_its_answer_and_what_it_waits_for(tmp_path: Path) -> None:
    """Answer, tone, release and chance are those of the last decision; once approved it waits for nothing."""
    project = walked.path_of("decided", tmp_path)
    seen = flow.glance(project, TODAY)
    assert all((seen.answer, seen.release, seen.chance))
    assert seen.waits_for.startswith("Approve")
    opened = flow.open_case(project, 0, TODAY)
    flow.approve(opened, flow.ApprovalAsked("10 USD", "Head"))
    flow.spend_text(opened, flow.ChargeAsked("300"))
    after = flow.glance(project, TODAY)
    assert ("nothing", "300 of 30,000 USD", 0.01) == (after.waits_for, after.spent, after.spent_share)
