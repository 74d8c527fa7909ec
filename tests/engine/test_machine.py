"""Cores and memory are what this process may use, its control groups and the plan of its work included."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tunecase import engine
from tunecase.engine import machine
from tunecase.errors import InputError

GB = 10**9


def test_cores_and_workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As many as affinity or the group's time allows, and no more than memory holds."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "cgroup")
    assert (os.cpu_count() or 1) == engine.cores()
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    memory = tmp_path / "meminfo"
    monkeypatch.setattr(machine, "MEMORY", memory)
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "cores", lambda: 16)
    assert 16 == engine.most_workers()
    memory.write_text("MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n", encoding="ascii")
    assert 4 == engine.most_workers()
    memory.write_text("MemAvailable: 1024 kB\n", encoding="ascii")
    assert 1 == engine.most_workers()
    monkeypatch.undo()
    (tmp_path := tmp_path / "third").mkdir()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    second = {"job/cpu.max": "250000 100000", "cpu.max": "max 100000"}
    first = {"cpu,cpuacct/cpu.cfs_quota_us": 250000, "cpu,cpuacct/cpu.cfs_period_us": 100000}
    for groups, files in (("0::/job\n", second), ("3:cpu,cpuacct:/\n", first)):
        grouped(monkeypatch, tmp_path, groups, files)
        assert 2 == engine.cores()
    grouped(monkeypatch, tmp_path, "3:cpu:/\n", {"cpu/cpu.cfs_quota_us": -1, "cpu/cpu.cfs_period_us": 100000})
    assert 16 == engine.cores()


def grouped(patch: pytest.MonkeyPatch, folder: Path, groups: str, files: Mapping[str, object]) -> None:
    """Lays out a tree of control groups and a machine of 64 GB."""
    for name, value in files.items():
        path = folder / "sys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n", encoding="ascii")
    (folder / "cgroup").write_text(groups, encoding="ascii")
    (folder / "meminfo").write_text("MemAvailable: 62500000 kB\n", encoding="ascii")
    patch.setattr(machine, "GROUPS", folder / "cgroup")
    patch.setattr(machine, "CONTROL", folder / "sys")
    patch.setattr(machine, "MEMORY", folder / "meminfo")


def test_memory_within_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The tightest of both versions counts, less what is used; a full group has none, and one task still runs."""
    grouped(monkeypatch, tmp_path, "0::/work/job\n", {
        "work/job/memory.max": "max", "work/job/memory.current": GB, "work/memory.max": 4 * GB,
        "work/memory.current": 3 * GB, "work/memory.stat": f"anon 5\ninactive_file {2 * GB}",
    })  # fmt: skip
    assert 3 * GB == engine.free_bytes()
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    stat = {"memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {GB}", "unified/cgroup.procs": ""}
    unbounded = {"memory/memory.limit_in_bytes": 9223372036854771712, "memory/memory.usage_in_bytes": 5 * GB}
    bounded = {"memory/memory.limit_in_bytes": 2 * GB, "memory/memory.usage_in_bytes": GB}
    groups = "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n0::/\nodd\n"
    grouped(monkeypatch, tmp_path, groups, {**stat, **unbounded})
    assert 64 * GB == engine.free_bytes()
    grouped(monkeypatch, tmp_path, groups, {**stat, **bounded})
    assert 2 * GB == engine.free_bytes()
    monkeypatch.undo()
    (tmp_path := tmp_path / "third").mkdir()
    grouped(monkeypatch, tmp_path, "0::/\n", {"memory.max": GB, "memory.current": 2 * GB, "memory.stat": "odd"})
    assert 0 == engine.free_bytes()
    assert 1 == engine.most_workers()
    assert 512_000_000 == engine.machine.memory_plan().total_bytes
    monkeypatch.undo()
    (tmp_path := tmp_path / "fourth").mkdir()
    grouped(monkeypatch, tmp_path, "", {})
    assert 16 * GB == engine.machine.memory_plan().total_bytes
    assert GB == engine.machine.memory_plan(GB).total_bytes
    with pytest.raises(InputError, match="at least 512 MB"):
        engine.machine.memory_plan(511_999_999)
    monkeypatch.setattr(machine, "GROUPS", tmp_path / "none")
    monkeypatch.setattr(machine, "MEMORY", tmp_path / "none")
    assert None is engine.free_bytes()
    assert 512_000_000 == engine.machine.memory_plan().total_bytes


@given(some.integers(512_000_000, 10**13), some.integers(1, 500))
def test_a_plan_fits_into_its_memory(cap_bytes: int, workers: int) -> None:
    """All processes with their tasks hold no more than the cap, and each task has at least 64 MB."""
    plan = engine.machine.memory_plan(cap_bytes, workers)
    assert 1 <= plan.workers <= workers
    assert plan.task_bytes >= 64_000_000
    own = machine.WORKER_OWN_BYTES if plan.workers > 1 else 0
    assert machine.OWN_BYTES + plan.workers * (own + plan.task_bytes) <= plan.total_bytes == cap_bytes


def test_a_plan_keeps_the_size_of_its_tasks_where_one_fits() -> None:
    """Then as many of them as fit run at once; where none does, the size is chosen anew."""
    plan = machine.memory_plan(2_000_000_000, 8, task_bytes=256_000_000)
    assert (4, 256_000_000) == (plan.workers, plan.task_bytes)
    assert 250_000_000 + plan.workers * (150_000_000 + plan.task_bytes) <= 2_000_000_000
    small = machine.memory_plan(512_000_000, 8, task_bytes=256_000_000)
    assert (1, 256_000_000) == (small.workers, small.task_bytes)
    assert machine.memory_plan(512_000_000, 8) == machine.memory_plan(512_000_000, 8, task_bytes=300_000_000)
