"""Stages: what stands is taken up, what is broken or missing is made, a lost process costs its task alone."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tunecase.data.shards import FolderStore, MemoryStore, Shard, Stages, open_store, write_shard
from tunecase.data.shards import stages as stages_module
from tunecase.data.shards.shard import json_column
from tunecase.data.shards.stages import LostTaskError, Means
from tunecase.engine import CrashError


@dataclass(frozen=True)
class Task:
    """Writes its number; `trap` is a file whose first finder ends its process."""

    name: str
    place: str
    number: int
    trap: str = ""


def make(task: Task) -> None:
    """Makes a task's shard, and notes that it did."""
    if task.trap and Path(task.trap).exists():
        Path(task.trap).unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    if task.number < 0:
        raise ValueError("a task that cannot be done")
    with Path(f"{task.place}.made").open("a") as file:
        file.write(f"{task.number}\n")
    write_shard(open_store(task.place), task.name, {"n": np.array([task.number])}, {"rows_in": 2, "rows_out": 1})


def tasks(place: str, count: int = 5, trap: str = "") -> list[Task]:
    """So many tasks."""
    return [Task(f"square/{at}", place, at, trap if at == 2 else "") for at in range(count)]


def made(folder: Path) -> list[int]:
    """The numbers of the tasks that were done, in order."""
    path = Path(f"{folder}.made")
    return sorted(map(int, path.read_text().split())) if path.exists() else []


def test_stages_keep_order_and_what_stands(tmp_path):
    """Shards come in the order of tasks; only missing, cut or altered ones are made; a store in memory serves."""
    told = []
    stages = Stages(FolderStore(tmp_path / "s"), tell=lambda *what: told.append(what))
    shards = stages.run("square", make, tasks(stages.store.place))
    assert [0, 1, 2, 3, 4] == [int(shard.array("n")[0]) for shard in shards]
    assert [("square", done, 5, False) for done in range(1, 6)] == [(*what[:3], what[4]) for what in told]
    stage = stages.told[0]
    assert ("square", 5, 0, 10, 5) == (stage.name, stage.tasks, stage.taken_up, stage.rows_in, stage.rows_out)
    assert stage.peak_mb > 1
    (tmp_path := tmp_path / "second").mkdir()
    store = FolderStore(tmp_path / "s")
    Stages(store).run("square", make, tasks(store.place, 4))
    cut, altered = (tmp_path / "s" / "square" / name for name in "13")
    cut.write_bytes(cut.read_bytes()[:40])
    altered.write_bytes(altered.read_bytes()[:-1] + b"x")
    told = []
    stages = Stages(store, tell=lambda *what: told.append(what))
    shards = stages.run("square", make, tasks(store.place))
    assert [0, 1, 2, 3, 4] == [int(shard.array("n")[0]) for shard in shards]
    assert ([0, 1, 1, 2, 3, 3, 4], 2) == (made(tmp_path / "s"), stages.told[0].taken_up)
    assert (2, True, 2) == (told[0][1], told[0][4], len(told[0][3]))
    store = MemoryStore()

    @dataclass
    class Here:
        name: str

    shards = Stages(store).run("a", lambda task: write_shard(store, task.name, {}, {"x": 1}), [Here("a/1")])
    assert {"x": 1} == shards[0].facts


def test_tasks_that_fail_or_lose_their_process(tmp_path, monkeypatch):
    """The error is what the caller sees, done work stays; which task, why and what to do is told."""
    store = FolderStore(tmp_path / "s")
    wrong = [*tasks(store.place, 2), Task("square/x", store.place, -1)]
    with pytest.raises(ValueError, match="cannot be done"):
        Stages(store).run("square", make, wrong)
    assert [0, 1] == made(tmp_path / "s")
    assert Shard(store, "square/1").is_whole()
    (tmp_path := tmp_path / "second").mkdir()

    def loses(function, tasks, *_, **__):
        yield 1, CrashError("its process was killed by the system (signal 9), most often because memory ran out")

    monkeypatch.setattr(stages_module, "run_tasks", loses)
    with pytest.raises(LostTaskError, match=r"'square'.*square/1.*memory ran out(.|\n)*--memory(.|\n)*--workers"):
        Stages(FolderStore(tmp_path)).run("square", make, tasks(str(tmp_path)))


def several(task: Task) -> None:
    """Makes a task's shard, which names a further one."""
    store = open_store(task.place)
    write_shard(store, f"{task.name}.0", {"n": np.array([task.number])})
    write_shard(store, task.name, {"pieces": json_column([f"{task.name}.0"])})
    with Path(f"{task.place}.made").open("a") as file:
        file.write(f"{task.number}\n")


def test_a_task_whose_further_shards_are_gone_or_cut_is_done_again(tmp_path):
    """Though its own stands; the others are taken up."""
    store = FolderStore(tmp_path / "s")
    Stages(store).run("square", several, tasks(store.place, 3))
    piece = tmp_path / "s" / "square" / "1.0"
    body = piece.read_bytes()
    for harm in (piece.unlink, lambda: piece.write_bytes(body[:30])):
        harm()
        Stages(store).run("square", several, tasks(store.place, 3))
        assert body == piece.read_bytes()
    assert [0, 1, 1, 1, 2] == made(tmp_path / "s")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="skipped: no SIGKILL here")
def test_a_killed_worker_costs_its_task_alone(tmp_path):
    """The task is done once more by another process, and nothing is missing."""
    trap = tmp_path / "trap"
    trap.touch()
    store = FolderStore(tmp_path / "s")
    stages = Stages(store, Means(workers=2))
    shards = stages.run("square", make, tasks(store.place, 6, str(trap)))
    assert list(range(6)) == [int(shard.array("n")[0]) for shard in shards]
    assert list(range(6)) == made(tmp_path / "s")
