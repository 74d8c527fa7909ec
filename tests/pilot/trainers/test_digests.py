"""Files are told apart by all their bytes, and read once."""

import json
import os
from pathlib import Path

import pytest

from tunecase.pilot.trainers import digests, machine


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing kept yet, and files count as settled at once."""
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(digests, "SETTLED_S", -1.0)


def test_one_byte_anywhere_counts(tmp_path: Path) -> None:
    """Also in the middle of a big file, where no end would show it."""
    path, found = tmp_path / "big", set()
    for place in (0, 100_000, 500_000, 899_999):
        body = bytearray(900_000)
        body[place] = 1
        path.write_bytes(body)
        found.add(digests.digest(path))
    assert 4 == len(found)


def test_a_file_is_read_once(tmp_path: Path) -> None:
    """The kept digest is believed until size or times change; a broken file of digests is no harm."""
    path = tmp_path / "some"
    path.write_bytes(b"one")
    first, kept = digests.digest(path), machine.cache_folder() / digests.NAME
    known = json.loads(kept.read_text())
    assert [first] == list(known.values())
    kept.write_text(json.dumps(dict.fromkeys(known, "kept")))
    assert "kept" == digests.digest(path)
    os.utime(path, ns=(1, 1))
    assert first == digests.digest(path)
    kept.write_text("broken")
    assert first == digests.digest(path)
    assert [digests.NAME] == [file.name for file in kept.parent.iterdir()]


def test_a_file_just_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could change within a tick of the clock."""
    monkeypatch.setattr(digests, "SETTLED_S", 60.0)
    (tmp_path / "some").write_bytes(b"one")
    digests.digest(tmp_path / "some")
    assert not (machine.cache_folder() / digests.NAME).exists()
