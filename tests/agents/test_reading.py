"""The reading tools keep to the folder that they were started in."""

from pathlib import Path

import pytest

from tests.making import case_folder
from tunecase.agents.call import Call
from tunecase.agents.tools import TOOLS


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
