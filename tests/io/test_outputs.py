"""Outputs spare what a case needs, are written whole, and say what stands in the way."""

import os
import sys
from pathlib import Path

import pytest

from tunecase.errors import InputError, TunecaseError
from tunecase.io import Output, write_outputs, write_whole


def write(path: Path, text: str = "new\n", needed: tuple[Path, ...] = (), *, mark: bytes = b"", force: bool = False):
    """One output of this text."""
    write_outputs([Output(path, text.encode(), mark)], needed, force=force)


def test_what_a_case_needs_and_its_data_stay(tmp_path: Path) -> None:
    """Refused by name, spelling, symbolic and hard link, force or not; nothing new goes into a folder of data."""
    held, later = tmp_path / "ledger.jsonl", tmp_path / "corrections.jsonl"
    held.write_text("entries\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "soft").symlink_to(held)
    os.link(held, tmp_path / "hard")
    names = [held, tmp_path / "sub" / ".." / "ledger.jsonl", tmp_path / "soft", tmp_path / "hard", later]
    for name in names:
        for force in (False, True):
            with pytest.raises(InputError, match="a file that this case needs"):
                write(name, needed=(held, later), force=force)
    assert ("entries\n", False) == (held.read_text(), later.exists())
    (tmp_path := tmp_path / "second").mkdir()
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match="which this case reads"):
        write(tmp_path / "data" / "deep" / "report.jsonl", needed=(tmp_path / "data",), force=True)
    assert [] == list((tmp_path / "data").iterdir())


def test_what_is_there_stays_unless_nothing_is_lost(tmp_path: Path) -> None:
    """A file of other content needs force; one that is empty, the same, or marked as tunecase's own is replaced."""
    place = tmp_path / "new" / "brief.md"
    place.parent.mkdir()
    write(place, "one\n")
    write(place, "one\n")
    with pytest.raises(InputError, match="already"):
        write(place, "two\n")
    with pytest.raises(InputError, match="already"):
        write(place, "two, made by us\n", mark=b"made by us")
    assert "one\n" == place.read_text()
    write(place, "two, made by us\n", mark=b"made by us", force=True)
    write(place, "three, made by us\n", mark=b"made by us")
    assert "three, made by us\n" == place.read_text()
    place.write_text("")
    write(place, "four\n")
    assert ("four\n", ["brief.md"]) == (place.read_text(), [path.name for path in place.parent.iterdir()])


def test_links_folders_and_devices_are_refused(tmp_path: Path) -> None:
    """A symbolic link is not followed and not replaced, even with force; neither are folders and devices."""
    other = tmp_path / "other.txt"
    other.write_text("of somebody else\n")
    (tmp_path / "link").symlink_to(other)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for name, words in (("link", "a symbolic link"), ("dangling", "a symbolic link"), (".", "a folder")):
        with pytest.raises(InputError, match=words):
            write(tmp_path / name, force=True)
    assert ("of somebody else\n", False) == (other.read_text(), (tmp_path / "nothing").exists())
    if sys.platform != "win32":
        with pytest.raises(InputError, match="a device or a pipe"):
            write(Path("/dev/null"), force=True)


def test_all_of_several_files_are_written_or_none(tmp_path: Path) -> None:
    """One file in the way stops all; every problem is told; one name for two files is a problem, too."""
    for name in ("a", "b"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "sub").mkdir()
    with pytest.raises(InputError) as caught:
        write_outputs([Output(tmp_path / name, b"new") for name in ("c", "a", "b", "sub/../c")])
    assert 3 == len(caught.value.problems)
    assert ["a", "b", "sub"] == sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(TunecaseError, match=r"could not be written(.|\n)*Fix:"):
        write_outputs([Output(tmp_path / "c", b"new"), Output(tmp_path / ("long" * 99) / "below", b"new")])
    assert ["a", "b", "sub"] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    """A file that is replaced keeps its permissions; a new one has the usual ones."""
    place = tmp_path / "state.json"
    write_whole(place, "{}")
    usual = os.umask(0)
    os.umask(usual)
    assert 0o666 & ~usual == place.stat().st_mode & 0o777
    place.chmod(0o600)
    write_whole(place, b"{}\n")
    assert (0o600, "{}\n") == (place.stat().st_mode & 0o777, place.read_text())


def test_files_and_folders_in_the_way(tmp_path: Path) -> None:
    """What is named below a file is refused, the file stays; a folder is made only where it was named."""
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    with pytest.raises(InputError, match="a folder, to write files into") as caught:
        write_outputs([Output(tmp_path / "file" / name, b"x") for name in ("report.md", "report.html")], force=True)
    assert 1 == len(caught.value.problems)
    assert "kept" == (tmp_path / "file").read_text(encoding="utf-8")
    (tmp_path := tmp_path / "second").mkdir()
    place = tmp_path / "nope" / "a.csv"
    with pytest.raises(InputError, match="no such folder"):
        write_outputs([Output(place, b"a")])
    assert not place.parent.exists()
    write_outputs([Output(place, b"a", makes_folder=True)])
    assert place.read_bytes() == b"a"
