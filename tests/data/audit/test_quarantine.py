"""Bad rows are kept in a file of their own, which is written over no other."""

import json
from pathlib import Path

import pytest

from tunecase.data.audit.quarantine import Quarantine
from tunecase.data.reading.rows import BadRow


def kept(place: Path, of: Path, reason: str = "not JSON") -> Path:
    """Where one bad row of a file was kept."""
    with Quarantine(place, of) as quarantine:
        quarantine.write(BadRow(3, 4, reason, "{broken"))
    assert quarantine.stands
    assert quarantine.path is not None
    return quarantine.path


@pytest.mark.parametrize("name", ["a.quarantine.jsonl", "quarantine.jsonl"])
@pytest.mark.parametrize(
    "notes", ["NOTES\n", '{"row": 1}\n', '{"row": 1, "line": 1, "reason": "", "text": ""}\n', "[1]\n"]
)
def test_a_file_of_the_users_own_is_not_touched(tmp_path, name, notes):
    """A free name that ends alike is taken; the same name is taken again the next time."""
    place = tmp_path / name
    place.write_text(notes, encoding="utf-8")
    for reason in ("first", "second"):
        path = kept(place, tmp_path / "a.jsonl", reason)
        assert path.name == name.replace("quarantine", "2.quarantine")
        assert json.loads(path.read_text(encoding="utf-8"))["reason"] == reason
    assert place.read_text(encoding="utf-8") == notes


def test_a_link_or_a_folder_of_that_name_stays(tmp_path):
    """Neither is followed or replaced; two files of one name have a quarantine each."""
    place, link = tmp_path / "quarantine.jsonl", tmp_path / "2.quarantine.jsonl"
    place.mkdir()
    link.symlink_to(tmp_path / "nowhere")
    assert kept(place, tmp_path / "a.jsonl").name == "3.quarantine.jsonl"
    assert place.is_dir()
    assert link.is_symlink()
    assert not link.exists()
    place = tmp_path / "b" / "e.quarantine.jsonl"
    paths = [kept(place, tmp_path / "b" / folder / "e.jsonl", folder) for folder in ("one", "two", "one")]
    assert [path.name for path in paths] == ["e.quarantine.jsonl", "e.2.quarantine.jsonl", "e.quarantine.jsonl"]
    assert json.loads(place.read_text(encoding="utf-8"))["file"] == str(Path("one", "e.jsonl"))
