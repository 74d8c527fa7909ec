"""Where an audit runs changes nothing of what it finds; what was interrupted is gone on with; room is asked for."""

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from tests.data.audit.made_rows import write_files
from tests.data.checks.made_shelves import shuffle_tasks
from tunecase.data.audit import Files, Progress, Running, audit
from tunecase.data.audit import running as running_module
from tunecase.data.checks import scan
from tunecase.engine import machine
from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.prices import Basis
from tunecase.quantities import Worlds
from tunecase.records import Audit

DAY = date(2026, 11, 24)


def judged(train: Path, test: Path | None = None, running: Running | None = None, fast: bool = False, **watch) -> Audit:
    """One audit."""
    basis = Basis(None, DAY, Worlds(0, 200))
    return audit(None, Files(train, test), basis=basis, fast=fast, running=running or Running(), **watch)


def plain(record: Audit) -> dict[str, object]:
    """The record but for what it took; of the stages what went in and came out."""
    body = asdict(replace(record, seconds=0.0, stages=()))
    return body | {"stages": [(stage.name, stage.rows_in, stage.rows_out) for stage in record.stages]}


@cache
def in_one_pass(train: Path, test: Path | None) -> dict[str, object]:
    """A fast audit of these files in memory, made once: they stay as they are."""
    return plain(judged(train, test, fast=True))


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    """A training and a test file."""
    return write_files(tmp_path_factory.mktemp("rows"), 400)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch, tmp_path) -> None:
    """Files are cut into many pieces, and scratch is the test's own."""
    monkeypatch.setattr(scan, "LEAST_PIECE_BYTES", 10_000)
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(("partitions", "with_test"), [(1, True), (8, False), (64, True)])
def test_partitions_and_arrival_change_nothing(files, tmp_path, monkeypatch, partitions, with_test):
    """The record of shards in a folder, made in another order, is that of one pass in memory; no shard is left."""
    train, test = files[0], files[1] if with_test else None
    here = in_one_pass(train, test)
    shuffle_tasks(monkeypatch, partitions)
    running = Running(scratch=str(tmp_path / "scratch"), partitions=partitions, workers=1)
    assert here == plain(judged(train, test, running, fast=True))
    assert [] == [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def test_a_label_for_each_row_changes_nothing_either(tmp_path, monkeypatch):
    """Beyond the labels that are kept."""
    from tunecase.data.checks import block

    monkeypatch.setattr(block, "MOST_LABELS", 50)
    train, test = write_files(tmp_path, 200, labels=10_000)
    here = plain(judged(train, test, fast=True))
    assert {} == here["classes"]
    assert here == plain(judged(train, test, Running(scratch=str(tmp_path / "s"), partitions=8, workers=1), fast=True))


@pytest.mark.slow
def test_a_whole_audit_is_the_same_over_shards(files, tmp_path):
    """Its samples and estimates too."""
    running = Running(scratch=str(tmp_path / "scratch"), partitions=8, workers=1)
    assert plain(judged(*files)) == plain(judged(*files, running))


def test_progress_tells_stage_rows_and_what_is_left(files, tmp_path, monkeypatch):
    """Rows and bytes while a file is read; stages in their order; much scratch before it is written."""
    told: list[Progress] = []
    judged(*files, progress=told.append, fast=True)
    assert sorted({state.place for state in told}) == list(range(1, told[0].of + 1))
    assert [state.place for state in told] == sorted(state.place for state in told)
    reading = [state for state in told if state.stage == "Reading"]
    assert len(reading) > 4
    lefts = [state.bytes_left for state in reading]
    assert lefts == sorted(lefts, reverse=True)
    assert lefts[-1] == 0
    assert reading[-1].rows > reading[0].rows > 0
    assert reading[-1].rows_per_s > 0
    from tunecase.data.audit import running

    told: list[Progress] = []
    monkeypatch.setattr(running, "TOLD_BYTES", 1000)
    judged(*files, Running(scratch=str(tmp_path / "s"), workers=1), progress=told.append, fast=True)
    assert [each.room for each in told if each.room] == [told[0].room]
    assert told[0].room.endswith(f"MB in {tmp_path / 's'}")


def interrupted(files, running: Running, after: int) -> KeyboardInterrupt:
    """An audit that is interrupted after so many steps."""
    steps = []

    def stop(state: Progress) -> None:
        steps.append(state)
        if len(steps) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        judged(*files, running, progress=stop, fast=True)
    return caught.value


def test_an_interrupted_audit_is_gone_on_with(files, tmp_path):
    """What is kept, and where, is told; no task that was done is done again, and the record is the same."""
    running = Running(scratch=str(tmp_path / "scratch"), partitions=8, workers=1)
    stop = interrupted(files, running, 9)
    assert stop.__notes__[0].startswith("interrupted; the same command goes on from row ")
    assert str(tmp_path / "scratch") in stop.__notes__[1]
    told: list[Progress] = []
    record = judged(*files, running, progress=told.append, fast=True)
    assert sum(stage.taken_up for stage in record.stages) >= 9
    assert told[0].taken_up
    assert in_one_pass(*files) == plain(record)


def test_a_full_disk_is_told_and_what_was_done_is_kept(files, tmp_path, monkeypatch):
    """Where, what for, what to do; the same command goes on once there is room."""
    from tunecase.data.shards.store import FolderStore

    put, room = FolderStore.put, [12]

    def fails():
        raise OSError(errno.ENOSPC, "No space left on device")
        yield b""

    def fills(self, name, parts):
        room[0] -= room[0] > 0
        put(self, name, parts if room[0] else fails())

    running = Running(scratch=str(tmp_path / "scratch"), workers=1)
    monkeypatch.setattr(FolderStore, "put", fills)
    with pytest.raises(TunecaseError, match="No space left") as caught:
        judged(*files, running, fast=True)
    assert str(tmp_path / "scratch") in str(caught.value)
    assert "Fix:" in str(caught.value)
    room[0] = 10_000
    record = judged(*files, running, fast=True)
    assert sum(stage.taken_up for stage in record.stages) > 3
    assert in_one_pass(*files) == plain(record)


def test_a_key_names_each_file_with_its_part(files, tmp_path):
    """Shards of a test file are not taken for those of a production file, of other bytes or of another request."""
    key, (train, test) = running_module._key, files
    other, _ = write_files(tmp_path, 20)
    assert key({"test": test, "train": train}, [1]) == key({"test": test, "train": train}, [1])
    others = [({"production": test, "train": train}, [1]), ({"test": test, "train": other}, [1])]
    others.append(({"test": test, "train": train}, [2]))
    assert 4 == len({key({"test": test, "train": train}, [1]), *(key(*each) for each in others)})


def failing(files, folder: Path, error: BaseException) -> BaseException:
    """What is raised where a check fails so; all stages have ended by then."""

    def fail(name: str, at: int, of: int) -> None:
        raise error

    with pytest.raises(BaseException) as caught:
        judged(*files, Running(scratch=str(folder), workers=1), fast=True, checking=fail)
    return caught.value


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TunecaseError("a node is gone"), "a node is gone"),
        (PermissionError(errno.EACCES, "Permission denied", "rows.jsonl"), "rows.jsonl: this machine"),
        (MemoryError(), "--memory"),
    ],
)  # fmt: skip
def test_failures_of_the_world_keep_what_is_finished_and_say_where(files, tmp_path, error, words):
    """And how much; no traceback is left to see, and exit code 3."""
    told = failing(files, tmp_path / "s", error)
    assert (TunecaseError, 3, True) == (type(told), told.exit_code, words in str(told))
    (kept,) = (tmp_path / "s").iterdir()
    assert str(kept) in str(told)
    assert (kept / "train").is_dir()


def test_a_shard_that_goes_is_told(files, tmp_path):
    """In the driver; with the folder, and what to do."""

    def lose(name: str, at: int, of: int) -> None:
        for path in (tmp_path / "s").rglob("train/*"):
            path.unlink()

    with pytest.raises(TunecaseError, match=r"was removed, cut or changed(.|\n)*Fix:(.|\n)*is kept for seven days"):
        judged(*files, Running(scratch=str(tmp_path / "s"), workers=1), fast=True, checking=lose)
    record = judged(*files, Running(scratch=str(tmp_path / "s"), workers=1), fast=True)
    assert in_one_pass(*files) == plain(record)


def test_mistakes_of_the_user_and_bugs_keep_nothing(files, tmp_path):
    """The same command would only meet them again; nor where nothing was begun."""
    for error in (InputError(Problem("a", "b", "c", "d")), ValueError("a bug")):
        assert error is failing(files, tmp_path / "s", error)
        assert [] == list((tmp_path / "s").iterdir())
    running = Running("ray", "127.0.0.1:1", str(tmp_path / "s"))
    with pytest.raises(TunecaseError) as told:
        judged(*files, running, fast=True)
    assert "kept" not in str(told.value)
    assert [] == list((tmp_path / "s").iterdir())


def test_scratch_is_never_in_the_data(files, tmp_path):
    """A folder that is read as data is refused as scratch."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(files[0].read_bytes())
    with pytest.raises(InputError, match="scratch"):
        judged(folder, None, Running(scratch=str(folder / "scratch")), fast=True)


def task_bytes(files, running: Running) -> int:
    """The memory that a task gets in an audit that is interrupted then."""
    with (
        pytest.raises(KeyboardInterrupt),
        running_module.begun(running, {"train": files[0]}, [], 100.0, None) as stages,
    ):
        raise KeyboardInterrupt
    return stages.means.task_bytes


def test_the_plan_that_an_audit_began_with_is_gone_on_with(files, tmp_path, monkeypatch):
    """Whatever memory is free by then; where it does not fit into the memory that is given, another one is made."""
    free = [20_000_000_000]
    monkeypatch.setattr(running_module, "TASK_BYTES", 500_000_000)
    monkeypatch.setattr(machine, "free_bytes", lambda: free[0])
    running = Running(scratch=str(tmp_path / "s"), workers=1)
    assert 500_000_000 == task_bytes(files, running)
    monkeypatch.setattr(running_module, "TASK_BYTES", 256_000_000)
    for free[0] in (6_000_000_000, 30_000_000_000):
        assert 500_000_000 == task_bytes(files, running)
    assert 262_000_000 == task_bytes(files, replace(running, memory_bytes=512_000_000))
    assert 262_000_000 == task_bytes(files, running)


@pytest.mark.slow
def test_workers_change_nothing(files, tmp_path):
    """Several processes give the record of one."""
    running = Running(scratch=str(tmp_path / "scratch"), partitions=8, workers=2)
    assert in_one_pass(*files) == plain(judged(*files, running, fast=True))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="skipped: no SIGKILL here")
def test_killed_workers_change_nothing(files, tmp_path):
    """A worker is killed in every stage; finished shards are not made again."""
    killed: list[str] = []

    def kill(state: Progress) -> None:
        children = multiprocessing.active_children()
        if children and state.stage not in killed:
            killed.append(state.stage)
            os.kill(children[0].pid, signal.SIGKILL)

    running = Running(scratch=str(tmp_path / "scratch"), partitions=8, workers=2)
    record = judged(*files, running, progress=kill, fast=True)
    assert len(killed) >= 3
    assert in_one_pass(*files) == plain(record)


@pytest.mark.slow
def test_audits_of_one_scratch_at_the_same_time_do_not_meet(files, tmp_path):
    """Two of the same data and one of other data, each a process of its own: each says what it says alone."""
    (tmp_path / "more").mkdir()
    asked = [files, files, write_files(tmp_path / "more", 300)]
    running = [started(*each, tmp_path / "scratch") for each in asked]
    told = [process.communicate(timeout=300)[0].splitlines()[-1] for process in running]
    assert [0, 0, 0] == [process.returncode for process in running]
    assert [repr(plain(judged(*each, fast=True))) for each in asked] == told
    assert [] == list((tmp_path / "scratch").iterdir())


SCRIPT = """
import sys
from pathlib import Path
from tests.data.audit.test_running import judged, plain
from tunecase.data.audit import Running
from tunecase.data.checks import scan

scan.LEAST_PIECE_BYTES = 10_000
def tell(state):
    print(state.stage, state.done, flush=True)
running = Running(scratch=sys.argv[3], partitions=8, workers=1)
print(plain(judged(Path(sys.argv[1]), Path(sys.argv[2]), running, fast=True, progress=tell)))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="skipped: no SIGKILL here")
@pytest.mark.parametrize("after", [3, 20])
def test_a_killed_driver_is_gone_on_with(files, tmp_path, after):
    """What stood when it was killed is not made again, and nothing of it is missing or half."""
    with started(*files, tmp_path / "scratch") as process:
        for _ in range(after):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(0.1)
    running = Running(scratch=str(tmp_path / "scratch"), partitions=8, workers=1)
    record = judged(*files, running, fast=True)
    assert sum(stage.taken_up for stage in record.stages) >= after
    assert in_one_pass(*files) == plain(record)


def started(*files: Path | str) -> subprocess.Popen[str]:
    """An audit in a process of its own, which says how far it is."""
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    command = [sys.executable, "-c", SCRIPT, *map(str, files)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
