"""The ledger under load: what was acknowledged is there after kills, beside other writers, on a disk that is full."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tunecase.ledger.book import Ledger

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "ledger.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """The benchmark's script as a module."""
    spec = importlib.util.spec_from_file_location("ledger_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_few_kills_lose_nothing(benchmark, tmp_path):
    """Two writers killed at random moments: every acknowledged entry is there, in one chain."""
    found = benchmark.killed(tmp_path, 1, writers=2)
    assert found["kills"] >= 2
    assert found["acknowledged"] <= found["kept"]
    assert (0, 0, 0, 0) == tuple(found[name] for name in ("lost", "out_of_order", "never_asked", "faults"))


@pytest.mark.slow
def test_sixty_kills_lose_nothing(benchmark, tmp_path):
    """The same sixty times over, and the chain holds at every look in between."""
    found = benchmark.killed(tmp_path, 60, seed=1)
    assert found["kills"] >= 60
    assert (0, 0, 0, 0) == tuple(found[name] for name in ("lost", "out_of_order", "never_asked", "faults"))


def test_two_writers_lose_nothing(benchmark, tmp_path):
    """Two processes that append at the same time: all entries are there, in each writer's order, in one chain."""
    found = benchmark.together(tmp_path, 20)
    assert (0, 0, 0) == tuple(found[name] for name in ("failed", "missing", "faults"))


@pytest.mark.slow
def test_two_writers_of_four_thousand_entries_lose_nothing(benchmark, tmp_path):
    """The same with four thousand entries each."""
    found = benchmark.together(tmp_path, 4_000)
    assert (4_000, 0, 0, 0) == tuple(found[name] for name in ("each", "failed", "missing", "faults"))


@pytest.mark.slow
def test_the_benchmark_ends_with_json():
    """A small pass prints every figure, the last line as JSON."""
    words = [sys.executable, str(SCRIPT), "--entries", "2000", "--kills", "1", "--each", "5"]
    ran = subprocess.run(words, capture_output=True, check=True, text=True)
    found = json.loads(ran.stdout.splitlines()[-1])
    assert 2_400 == found["entries"]
    assert {"fold_s", "verify_s", "appends_per_s_full", "reading_added_mb"} < set(found)
    assert (0, 0) == (found["kills"]["lost"], found["two"]["missing"])


FULL = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tunecase.errors import TunecaseError
from tunecase.ledger import Ledger
ledger, kept = Ledger(Path(sys.argv[1]) / "ledger.jsonl"), 0
try:
    for kept in range(1_000):
        ledger.append("record", {"n": kept, "text": "x" * 900}, recorded_at=datetime.now(UTC))
except TunecaseError as error:
    print(error)
found = [entry.body["n"] for entry in ledger.entries()]
print(found == list(range(kept)), ledger.verify())
try:
    Ledger(ledger.path.with_name("other.jsonl")).append("record", {"text": "x" * 9_000}, recorded_at=datetime.now(UTC))
except TunecaseError as error:
    print(error)
Path(sys.argv[1], "ballast").unlink()
ledger.append("record", {"n": kept}, recorded_at=datetime.now(UTC))
print(len(list(ledger.entries())) == kept + 1, ledger.verify())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="skipped: only Linux mounts a small disk without asking")
def test_a_disk_that_is_really_full(tmp_path):
    """On a file system of 128 KB the entry that does not fit is refused with a fix, and all before it are there."""
    mount = f"dd if=/dev/zero of={tmp_path}/ballast bs=1k count=16 2>/dev/null"
    shell = f'mount -t tmpfs -o size=128k none {tmp_path} && {mount} && exec "$@"'
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", shell, "sh"]
    try:
        allowed = subprocess.run([*words, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("skipped: this machine lets nobody mount a file system in a namespace of their own")
    surroundings = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin", "XDG_STATE_HOME": str(tmp_path / "state")}
    command = [*words, sys.executable, "-c", FULL, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, env=surroundings)
    assert (0, "") == (ran.returncode, ran.stderr)
    assert 2 == ran.stdout.count("make room on the disk")
    assert 2 == ran.stdout.count("True []")


def test_a_writer_that_was_killed_long_ago_holds_no_lock(benchmark, tmp_path):
    """The lock of a killed process is free at once: the next entry does not wait."""
    writer = benchmark.Writer(tmp_path / "l", "a", 1_000_000)
    while not writer.acknowledged:
        pass
    writer.process.kill()
    writer.process.wait()
    assert Ledger(tmp_path / "l", timeout_s=5).append("record", {}, recorded_at=benchmark.NOW)
