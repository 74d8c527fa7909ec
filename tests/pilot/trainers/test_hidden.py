"""What lower layers made of a text is kept whole, shared, and bounded."""

import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tunecase.pilot.trainers.hidden import Kept


def rows(first: int, count: int, size: int = 100) -> dict[bytes, bytes]:
    """Rows whose bytes follow from their number."""
    return {b"%08d" % i: bytes([i % 256]) * size for i in range(first, first + count)}


def write_for_ever(path: Path) -> None:
    """Writes until it is killed."""
    kept, first = Kept(path), 0
    while True:
        kept.write(rows(first, 50))
        first += 50


def test_reads_what_was_written(tmp_path: Path) -> None:
    """From memory, from the file, and by another that opens it later; unknown keys are left out."""
    kept = Kept(tmp_path / "hidden.sqlite")
    kept.write(rows(0, 3))
    assert rows(0, 3) == kept.read([*rows(0, 5)])
    assert rows(0, 3) == Kept(tmp_path / "hidden.sqlite").read([*rows(0, 5)])
    assert rows(1, 1) == Kept(tmp_path / "hidden.sqlite", most_memory_bytes=0).read([*rows(1, 1), *rows(1, 1)])


def test_memory_alone_serves_without_a_file(tmp_path: Path) -> None:
    """No path and a path that cannot be made both leave memory."""
    (tmp_path / "file").write_text("not a folder")
    for path in (None, tmp_path / "file" / "hidden.sqlite"):
        kept = Kept(path)
        kept.write(rows(0, 3))
        assert rows(0, 3) == kept.read([*rows(0, 5)])


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    """Whether it was never a database or is spoilt while it is open; what is written then lasts."""
    path, junk = tmp_path / "hidden.sqlite", b"not a database, but long enough to be read as one" * 2_000
    path.write_bytes(junk)
    Kept(path).write(rows(0, 3))
    assert rows(0, 3) == Kept(path).read([*rows(0, 5)])
    kept = Kept(path, most_memory_bytes=0)
    for left in tmp_path.iterdir():
        left.write_bytes(junk)
    kept.read([*rows(0, 5)])
    kept.write(rows(5, 2))
    kept.write(rows(5, 2))
    assert rows(5, 2) == Kept(path).read([*rows(0, 9)])


def test_two_write_the_same_rows(tmp_path: Path) -> None:
    """The second to write a row changes nothing."""
    one, two = Kept(tmp_path / "hidden.sqlite"), Kept(tmp_path / "hidden.sqlite")
    one.write(rows(0, 3))
    two.write(rows(0, 5))
    assert rows(0, 5) == Kept(tmp_path / "hidden.sqlite").read([*rows(0, 5)])


def test_the_file_stays_within_its_bound(tmp_path: Path) -> None:
    """The oldest rows go first, a quarter at a time; the newest stay."""
    path, most = tmp_path / "hidden.sqlite", 400_000
    kept = Kept(path, most_file_bytes=most, most_memory_bytes=0)
    for first in range(0, 1_000, 20):
        kept.write(rows(first, 20, size=1_000))
    assert {} == kept.read([*rows(0, 1)])
    assert rows(990, 10, size=1_000) == kept.read([*rows(990, 10)])
    with sqlite3.connect(path) as file:
        pages, size = (file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    assert pages * size <= 2 * most


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="skipped: this system kills in another way")
def test_a_killed_process_leaves_the_file_whole(tmp_path: Path) -> None:
    """Two processes write at once and are killed in the middle; the file is sound and goes on."""
    path = tmp_path / "hidden.sqlite"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write_for_ever, args=(path,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    until = time.monotonic() + 300
    while not (path.exists() and Kept(path).read([*rows(500, 1)])) and time.monotonic() < until:
        time.sleep(0.05)
    for writer in writers:
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    with sqlite3.connect(path) as file:
        assert [("ok",)] == file.execute("PRAGMA integrity_check").fetchall()
    kept = Kept(path)
    assert rows(0, 500) == kept.read([*rows(0, 500)])
    kept.write(rows(10**6, 2))
    assert rows(10**6, 2) == Kept(path).read([*rows(10**6, 2)])
