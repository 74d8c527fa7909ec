"""Work runs here or in processes, with the same outcomes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tunecase import engine

SRC = str(Path(__file__).parents[1] / "src")
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def start(script: str, tmp_path: Path) -> subprocess.Popen[str]:
    """A script of its own, in its own process group, able to import tunecase."""
    path = tmp_path / "script.py"
    path.write_text(script, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": SRC}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, str(path)], stdout=pipe, stderr=pipe, text=True, env=env, start_new_session=True
    )


def gone(pid: int) -> bool:
    """True when a process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pids: list[int]) -> bool:
    """True when all these processes end within ten seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until and not all(map(gone, pids)):
        time.sleep(0.05)
    return all(map(gone, pids))


def test_one_worker_runs_here_in_order() -> None:
    """With one worker the outcomes come in order, from this process."""
    assert [(0, 3), (1, 0), (2, 1)] == list(engine.run_tasks(len, ["abc", "", "x"], workers=1))


def test_one_worker_is_lazy() -> None:
    """With one worker a task is begun only when its outcome is asked for."""
    begun: list[int] = []
    outcomes = engine.run_tasks(begun.append, [1, 2, 3], workers=1)
    next(outcomes)
    outcomes.close()
    assert [1] == begun


def test_no_tasks() -> None:
    """Nothing to do gives nothing."""
    assert [] == list(engine.run_tasks(len, []))


@pytest.mark.parametrize("workers", [1, 2])
def test_exceptions_are_values(workers: int) -> None:
    """A task that raises leaves the others alone; its exception is its outcome."""
    outcomes = dict(engine.run_tasks(abs, [-1, "x", -3], workers=workers))
    assert (1, 3) == (outcomes[0], outcomes[2])
    assert isinstance(outcomes[1], TypeError)


def test_a_crashed_worker_is_a_value() -> None:
    """A task that takes its process down gives exceptions, not an end of the program."""
    outcomes = dict(engine.run_tasks(os._exit, [3, 3], workers=2))
    assert {"BrokenProcessPool"} == {type(outcome).__name__ for outcome in outcomes.values()}


def test_closing_ends_what_runs() -> None:
    """Closing the iterator does not wait for tasks that still run."""
    started = time.monotonic()
    outcomes = engine.run_tasks(time.sleep, [0, 60, 60], workers=2)
    assert (0, None) == next(outcomes)
    outcomes.close()
    assert time.monotonic() - started < 30


def test_few_seconds_are_not_worth_a_process() -> None:
    """Short work stays in this process; long work gets the cores, never more than tasks."""
    assert 1 == engine.workers_for(estimated_s=1, tasks=20)
    assert engine.cores() == engine.workers_for(estimated_s=600, tasks=10_000)
    assert 1 == engine.workers_for(estimated_s=600, tasks=1)


def test_cores_where_affinity_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems without affinity report their number of cores."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert (os.cpu_count() or 1) == engine.cores()


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    """Workers do not run the user's script again, though it has no `if __name__ == "__main__"`."""
    script = "from tunecase import engine\nprint('once')\nprint(sorted(engine.run_tasks(abs, [-1, -2], workers=2)))\n"
    out, err = start(script, tmp_path).communicate(timeout=60)
    assert ["once", "[(0, 1), (1, 2)]"] == out.split("\n")[:2], err


LONG = """
import contextlib, multiprocessing, time
from tunecase import engine
# Closed as the pilot closes it: an interrupt that comes between two outcomes must end the workers too.
with contextlib.closing(engine.run_tasks(time.sleep, [0, 60, 60], workers=2)) as outcomes:
    for position, _ in outcomes:
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
"""


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_leave_with_their_parent(how: signal.Signals, tmp_path: Path) -> None:
    """Killed or interrupted, a parent leaves no worker behind, and workers print no tracebacks of their own."""
    parent = start(LONG, tmp_path)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert 2 == len(pids)
    if how == signal.SIGINT:
        os.killpg(parent.pid, how)
    else:
        os.kill(parent.pid, how)
    _, err = parent.communicate(timeout=20)
    assert wait_until_gone(pids)
    assert err.count("Traceback") == (1 if how == signal.SIGINT else 0)
