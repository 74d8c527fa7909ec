"""Where an audit runs changes nothing of what it finds; what was interrupted is gone on with; room is asked for."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from tests.data.audit.made_rows import write_files
from tunecase.data.audit import Files, Progress, Running, audit
from tunecase.data.checks import scan
from tunecase.data.shards import stages as stages_module
from tunecase.errors import InputError, TunecaseError
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


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    """A training and a test file."""
    return write_files(tmp_path_factory.mktemp("rows"))


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch, tmp_path) -> None:
    """Files are cut into many pieces, and scratch is the test's own."""
    monkeypatch.setattr(scan, "LEAST_PIECE_BYTES", 20_000)
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("with_test", [False, True])
@pytest.mark.parametrize("partitions", [1, 8, 64])
def test_partitions_and_arrival_change_nothing(files, tmp_path, monkeypatch, partitions, with_test):
    """The record of shards in a folder, made in another order, is that of one pass in memory."""

    def shuffled(function, tasks, workers, **more):
        import random

        order = list(enumerate(tasks))
        random.Random(partitions).shuffle(order)
        for position, task in order:
            yield position, function(task)

    train, test = files[0], files[1] if with_test else None
    here = plain(judged(train, test, fast=True))
    monkeypatch.setattr(stages_module, "run_tasks", shuffled)
    running = Running(scratch=str(tmp_path / "scratch"), partitions=partitions, workers=1)
    assert here == plain(judged(train, test, running, fast=True))


def test_a_label_for_each_row_changes_nothing_either(tmp_path, monkeypatch):
    """Beyond the labels that are kept."""
    from tunecase.data.checks import block

    monkeypatch.setattr(block, "MOST_LABELS", 200)
    train, test = write_files(tmp_path, 600, labels=10_000)
    here = plain(judged(train, test, fast=True))
    assert {} == here["classes"]
    assert here == plain(judged(train, test, Running(scratch=str(tmp_path / "s"), partitions=8, workers=1), fast=True))


def test_a_whole_audit_is_the_same_over_shards(files, tmp_path):
    """Its samples and estimates too."""
    running = Running(scratch=str(tmp_path / "scratch"), partitions=8, workers=1)
    assert plain(judged(*files)) == plain(judged(*files, running))


def test_nothing_is_left_in_the_scratch(files, tmp_path):
    """When the audit has ended well."""
    judged(*files, Running(scratch=str(tmp_path / "scratch")), fast=True)
    assert [] == [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()]


def test_progress_tells_stage_rows_and_what_is_left(files):
    """Rows and bytes while a file is read; stages in their order."""
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


@pytest.mark.parametrize("after", [2, 9, 25])
def test_an_interrupted_audit_is_gone_on_with(files, tmp_path, after):
    """No task that was done is done again, and the record is the same."""
    running = Running(scratch=str(tmp_path / "scratch"), partitions=8, workers=1)
    stop = interrupted(files, running, after)
    assert stop.__notes__[0].startswith("interrupted; the same command goes on from row ")
    told: list[Progress] = []
    record = judged(*files, running, progress=told.append, fast=True)
    assert sum(stage.taken_up for stage in record.stages) >= after
    assert told[0].taken_up
    assert plain(judged(*files, fast=True)) == plain(record)


def test_a_shard_cut_in_half_is_made_again(files, tmp_path):
    """Nothing else is, and the record is the same."""
    running = Running(scratch=str(tmp_path / "scratch"), workers=1)
    interrupted(files, running, 9)
    shard = next(path for path in sorted((tmp_path / "scratch").rglob("train/*")) if path.is_file())
    shard.write_bytes(shard.read_bytes()[: shard.stat().st_size // 2])
    record = judged(*files, running, fast=True)
    assert plain(judged(*files, fast=True)) == plain(record)
    train = next(stage for stage in record.stages if stage.name == "train")
    assert 0 < train.taken_up < train.tasks


def test_another_file_takes_up_nothing(files, tmp_path):
    """Nor does the same file with another seed."""
    running = Running(scratch=str(tmp_path / "scratch"), workers=1)
    interrupted(files, running, 9)
    other, test = write_files(tmp_path, 300)
    assert 0 == sum(stage.taken_up for stage in judged(other, test, running, fast=True).stages)


def test_a_full_disk_is_told_and_what_was_done_is_kept(files, tmp_path, monkeypatch):
    """Where, what for, what to do; the same command goes on once there is room."""
    import errno

    from tunecase.data.shards.store import FolderStore

    put, room = FolderStore.put, [9]

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
    assert plain(judged(*files, fast=True)) == plain(record)


def test_scratch_is_never_in_the_data(files, tmp_path):
    """A folder that is read as data is refused as scratch."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(files[0].read_bytes())
    with pytest.raises(InputError, match="scratch"):
        judged(folder, None, Running(scratch=str(folder / "scratch")), fast=True)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 5])
def test_workers_change_nothing(files, tmp_path, workers):
    """Several processes give the record of one."""
    running = Running(scratch=str(tmp_path / "scratch"), partitions=8, workers=workers)
    assert plain(judged(*files, fast=True)) == plain(judged(*files, running, fast=True))


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
    assert plain(judged(*files, fast=True)) == plain(record)


SCRIPT = """
import sys
from pathlib import Path
from tests.data.audit.test_running import judged
from tunecase.data.audit import Running
from tunecase.data.checks import scan

scan.LEAST_PIECE_BYTES = 20_000
def tell(state):
    print(state.stage, state.done, flush=True)
running = Running(scratch=sys.argv[3], partitions=8, workers=1)
judged(Path(sys.argv[1]), Path(sys.argv[2]), running, fast=True, progress=tell)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="skipped: no SIGKILL here")
@pytest.mark.parametrize("after", [3, 12, 20])
def test_a_killed_driver_is_gone_on_with(files, tmp_path, after):
    """What stood when it was killed is not made again, and nothing of it is missing or half."""
    command = [sys.executable, "-c", SCRIPT, *map(str, files), str(tmp_path / "scratch")]
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for _ in range(after):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(0.1)
    running = Running(scratch=str(tmp_path / "scratch"), partitions=8, workers=1)
    record = judged(*files, running, fast=True)
    assert sum(stage.taken_up for stage in record.stages) >= after
    assert plain(judged(*files, fast=True)) == plain(record)
