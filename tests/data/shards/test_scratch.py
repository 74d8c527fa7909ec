"""The scratch of an audit is found again, shared, kept out of the data, and removed by whoever is last."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tunecase.data.shards import FolderStore, marks, scratch
from tunecase.data.shards.marks import Mark, holding
from tunecase.data.shards.room import NoRoomError, ScratchError
from tunecase.data.shards.scratch import Scratch
from tunecase.data.shards.trust import Plan
from tunecase.errors import InputError

SRC = str(Path(__file__).parents[3] / "src")


def opened(folder: Path, key: str = "key", need_bytes: int = 0) -> Scratch:
    """A scratch in a folder."""
    return Scratch.open(str(folder), key, [], need_bytes)


def test_an_unfinished_audit_is_found_again(tmp_path: Path) -> None:
    """The same key finds shards and plan that were kept, another one does not; the last to finish leaves nothing."""
    first = opened(tmp_path)
    first.store.put("train/00000.shard", [b"rows"])
    assert Plan() == first.plan
    first.settle(Plan(64_000_000, 8))
    first.close(keep=True)
    other = opened(tmp_path, "another")
    assert None is other.store.size("train/00000.shard")
    other.close(keep=False)
    again, beside = opened(tmp_path), opened(tmp_path)
    again.close(keep=False)
    assert (b"rows", Plan(64_000_000, 8)) == (bytes(beside.store.get("train/00000.shard")), beside.plan)
    beside.close(keep=False)
    assert [] == list(tmp_path.iterdir())


def test_where_scratch_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the cache folder by default; not among the data, not in a file, nor where it cannot fit."""
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path))
    made = Scratch.open(None, "key", [])
    assert Path(made.store.place).parent == tmp_path / "audits"
    assert os.name != "posix" or 0o700 == Path(made.store.place).stat().st_mode & 0o777
    made.close(keep=False)
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "file").touch()
    places = {str(data): "read as data", str(data / "scratch"): "read as data", (data / "s").as_uri(): "read as data"}
    places |= {"s3:/bucket/scratch": "write s3:", "s3:bucket": "write s3:", str(tmp_path / "file"): "a file"}
    places["/dev/null/scratch" if os.name == "posix" else "s3:bucket"] = "--scratch"
    for place, words in places.items():
        with pytest.raises(InputError, match=words):
            Scratch.open(place, "key", [data])
    monkeypatch.setenv("TUNECASE_CACHE", str(data / "cache"))
    with pytest.raises(InputError, match="TUNECASE_CACHE"):
        Scratch.open(None, "key", [data])
    assert [] == list(data.iterdir())
    monkeypatch.undo()
    (tmp_path := tmp_path / "third").mkdir()
    with pytest.raises(NoRoomError, match=r"GB free; wanted about 1,000,000,000\.0 GB(.|\n)*Fix: make room"):
        opened(tmp_path, need_bytes=10**18)


def test_many_audits_at_once_end_with_nothing(tmp_path: Path) -> None:
    """Audits that come and go at the same time see their own shards as long as they work, and leave no file."""
    wrong: list[object] = []

    def audit(number: int) -> None:
        try:
            for _ in range(5):
                mine = opened(tmp_path)
                mine.store.put(f"train/{number}", [b"rows"])
                time.sleep(0.002 * number)
                wrong.extend([number] * (mine.store.size(f"train/{number}") is None))
                mine.close(keep=False)
        except Exception as error:  # noqa: BLE001 - told by the main thread
            wrong.append(error)

    threads = [threading.Thread(target=audit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == wrong
    opened(tmp_path).close(keep=False)
    assert [] == list(tmp_path.iterdir())


def test_marks_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They end with their process or their time, and a thread refreshes them while one task runs."""
    assert Mark().holds
    assert not replace(Mark(), at_s=time.time() - 601).holds
    assert replace(Mark(), host="elsewhere", pid=1, began="1").holds
    assert not replace(Mark(), host="elsewhere", at_s=time.time() - 601).holds
    if os.name == "posix":
        assert not replace(Mark(), began="another process of that number").holds
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            ended.wait()
        assert "" == marks.process_began(ended.pid)
    made = opened(tmp_path)
    made.store.put("users/broken", [b"{"])
    assert not holding(made.store, "users/", but=made.name)
    made.close(keep=False)
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    monkeypatch.setattr(scratch, "TOUCH_S", 0.02)
    made = opened(tmp_path)
    before = made.store.get(f"users/{made.name}")
    until = time.monotonic() + 30
    while bytes(made.store.get(f"users/{made.name}")) == bytes(before) and time.monotonic() < until:
        time.sleep(0.01)
    assert bytes(made.store.get(f"users/{made.name}")) != bytes(before)
    made.close(keep=False)
    made.touch()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_nobody_else_reads_what_is_worked_out(tmp_path: Path) -> None:
    """Wherever it lies, folders and files are their owner's alone."""
    before = os.umask(0)
    try:
        (tmp_path / "deep").mkdir(mode=0o700)
        made = opened(tmp_path / "deep" / "scratch")
        made.store.put("train/0", [b"rows"])
    finally:
        os.umask(before)
    paths = list((tmp_path / "deep").rglob("*"))
    assert {0o700, 0o600} == {path.stat().st_mode & 0o777 for path in paths}
    assert all(0o700 == path.stat().st_mode & 0o777 for path in paths if path.is_dir())
    made.close(keep=False)


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_folder_that_is_not_ours_is_not_used(tmp_path: Path) -> None:
    """Whoever put it there could change what an audit says."""
    opened(tmp_path).close(keep=True)
    (own,) = tmp_path.iterdir()
    own.rename(tmp_path / "moved")
    own.symlink_to(tmp_path / "moved")
    with pytest.raises(ScratchError, match="another user"):
        opened(tmp_path)


def closing(folder: Path, at_s: float) -> None:
    """Somebody elsewhere is removing the only audit in a folder."""
    (own,) = folder.iterdir()
    mark = replace(Mark(), host="elsewhere", at_s=at_s)
    FolderStore(own).put("closing/other", [mark.body])


def test_an_end_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while, which is told, the audit goes on in a folder of its own; a mark of the future holds nobody up."""
    monkeypatch.setattr(scratch, "WAIT_S", 0.3)
    opened(tmp_path).close(keep=True)
    closing(tmp_path, time.time() + 3_600)
    told: list[str] = []
    first = Scratch.open(str(tmp_path), "key", [], tell=told.append)
    assert [] == told
    first.close(keep=True)
    closing(tmp_path, time.time())
    second = Scratch.open(str(tmp_path), "key", [], tell=told.append)
    assert told[0].startswith("Waiting for another audit")
    assert second.store.place != first.store.place
    assert [] == first.store.names("users/")
    second.close(keep=False)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root may mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_keeps_what_is_finished(small_disk: Path) -> None:
    """The end of the room is one error with what to do; nothing half stays, and finished shards do."""
    made = opened(small_disk)
    made.store.put("train/0", [b"rows"])
    with pytest.raises(NoRoomError, match=r"No space left(.|\n)*the same command goes on from there"):
        made.store.put("train/1", [bytes(2_000_000)])
    assert ["train/0"] == made.store.names("train/")
    made.close(keep=True)
    again = opened(small_disk)
    assert ["train/0"] == again.store.names("train/")
    again.close(keep=False)
    assert [] == list(small_disk.iterdir())


KILLED = """
import sys, time
from tunecase.data.shards.scratch import Scratch
made = Scratch.open(sys.argv[1], "key", [])
made.store.put("train/0", [b"rows"])
print("written", flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_a_killed_audit_is_gone_on_with(tmp_path: Path) -> None:
    """A process that is killed leaves finished shards, and its mark holds nobody up."""
    env = {**os.environ, "PYTHONPATH": SRC}
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, env=env) as killed:
        assert b"written" == killed.stdout.readline().strip()
        shared = opened(tmp_path)
        shared.close(keep=False)
        killed.send_signal(signal.SIGKILL)
    again = opened(tmp_path)
    assert b"rows" == bytes(again.store.get("train/0"))
    again.close(keep=False)
    assert [] == list(tmp_path.iterdir())
