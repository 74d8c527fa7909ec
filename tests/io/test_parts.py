"""Scratch files: gone at the end, never taken from a process that writes, removed where their process was killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tunecase.io import new_folder, part_beside, parts, write_whole

SRC = Path(__file__).parents[2] / "src"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows locks no file that another one may rename")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is in the middle of writing a file and a folder."""
    code = """
        import sys, time
        from pathlib import Path
        from tunecase.io import new_folder, part_beside
        here = Path(sys.argv[1])
        with part_beside(here / "page.html") as part, new_folder(here / "cleaned", [], False, "list.json") as place:
            part.write_bytes(b"half")
            (place.path / "rows.jsonl").write_bytes(b"half")
            print("ready", flush=True)
            time.sleep(60)
    """
    words = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(SRC)})
    assert "ready\n" == process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def scratch(folder: Path) -> list[str]:
    """The kinds of scratch that lie in a folder."""
    return sorted(path.name.partition(".")[0] or "file" for path in folder.iterdir() if path.suffix == ".part")


def written_again(folder: Path) -> None:
    """What the next process does that writes into the same folder."""
    parts._SWEPT.clear()
    write_whole(folder / "other.html", "whole")
    with new_folder(folder / "cleaned", [], True, "list.json"):
        pass


def aged(folder: Path) -> None:
    """Scratch as it is some minutes later."""
    before = time.time() - 600
    for path in [*folder.rglob("*")]:
        os.utime(path, (before, before))


def test_what_a_process_writes_is_left_to_it(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    """However old it is, as long as the process lives; and however dead the process is, as long as it is fresh."""
    aged(tmp_path)
    written_again(tmp_path)
    assert ["cleaned", "file"] == scratch(tmp_path)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    for path in tmp_path.rglob("*"):
        path.touch()
    written_again(tmp_path)
    assert ["cleaned", "file"] == scratch(tmp_path)


def test_what_a_killed_process_left_goes_with_the_next_one(tmp_path: Path, writer: subprocess.Popen[str]) -> None:
    """The half-written file and the half-written folder; a user's own folder of such a name stays."""
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    own = tmp_path / "cleaned.mine.part"
    own.mkdir()
    (own / "notes").touch()
    aged(tmp_path)
    written_again(tmp_path)
    assert ["cleaned"] == scratch(tmp_path)
    assert own.is_dir()
    assert {"cleaned", "cleaned.mine.part", "other.html"} == {path.name for path in tmp_path.iterdir()}
    assert [] == list((tmp_path / "cleaned").iterdir())


def test_nothing_is_left_whatever_stops_the_writing(tmp_path: Path) -> None:
    """Ctrl-C and a full memory leave as little as a full disk."""
    for error in (KeyboardInterrupt, MemoryError, OSError):
        with pytest.raises(error), part_beside(tmp_path / "deep" / "page.html"):
            raise error
        assert [] == list((tmp_path / "deep").iterdir())


def test_whose_folders_stay_and_are_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's own, whatever its name and age; one that cannot be listed; one that is swept only once."""
    own, scratch_of_ours = tmp_path / "cleaned.mine.part", tmp_path / "cleaned.0123456789ab.part"
    for folder in (own, scratch_of_ours):
        folder.mkdir()
        os.utime(folder, (1, 1))
    written_again(tmp_path)
    assert (True, False) == (own.is_dir(), scratch_of_ours.exists())
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()

    def refuse(path: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with parts.folder_beside(tmp_path / "cleaned") as part, part_beside(tmp_path / "page.html") as file:
        assert [True, True] == [part.is_dir(), file.is_file()]
    monkeypatch.undo()
    (tmp_path := tmp_path / "third").mkdir()
    for name in ("one", "other"):
        left = tmp_path / name / ".tunecase-0123456789ab.part"
        left.parent.mkdir()
        left.touch()
        os.utime(left, (1, 1))
        monkeypatch.chdir(left.parent)
        parts.sweep(Path())
        assert not left.exists()


@pytest.mark.parametrize("is_done", [False, True])
def test_a_stop_between_two_folders_loses_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_done: bool
) -> None:
    """A folder that was put aside comes back only where the new one does not stand there yet."""
    target = tmp_path / "cleaned"
    target.mkdir()
    (target / "old").write_text("old")
    rename = Path.rename

    def stopped(path: Path, to: Path) -> Path:
        is_new = to == target and (path / "new").exists()
        if is_done or not is_new:
            rename(path, to)
        if is_new:
            raise KeyboardInterrupt
        return to

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt), new_folder(target, [], True, "list.json") as place:
        (place.path / "new").write_text("new")
    assert is_done == (target / "new").exists()
    assert "old" == ((tmp_path / "cleaned.old-1" if is_done else target) / "old").read_text()
