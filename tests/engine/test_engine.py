"""Work runs here or in processes, with the same outcomes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import engine_tasks
from tunecase import engine
from tunecase.errors import InputError
from tunecase.quantities.wording import duration

SRC = str(Path(__file__).parents[2] / "src")
PATIENCE_S = (1.5, 6.0, 25.0, 100.0)  # limits of a task; a busy machine can need a longer one to start a process
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def start(script: str, tmp_path: Path) -> subprocess.Popen[str]:
    """A script of its own, in its own process group, able to import tunecase."""
    path = tmp_path / "script.py"
    # Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
    heard = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    path.write_text(heard + script, encoding="utf-8")
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
    """True when all these processes end; they would sleep ten times longer than this waits."""
    until = time.monotonic() + 60
    while time.monotonic() < until and not all(map(gone, pids)):
        time.sleep(0.05)
    return all(map(gone, pids))


def test_one_worker_is_lazy() -> None:
    """With one worker outcomes come in order, from this process, and a task is begun when its outcome is asked for."""
    begun: list[int] = []
    outcomes = engine.run_tasks(begun.append, [1, 2, 3], workers=1)
    next(outcomes)
    outcomes.close()
    assert [1] == begun
    assert [(0, 3), (1, 0), (2, 1)] == list(engine.run_tasks(len, ["abc", "", "x"], workers=1))
    assert [] == list(engine.run_tasks(len, []))


def test_exceptions_are_values() -> None:
    """A task that raises, crashes or cannot be sent gives its reason and leaves the others alone, here and apart."""
    assert isinstance(dict(engine.run_tasks(abs, [-1, "x"], workers=1))[1], TypeError)
    words = ["leave", "2", "kill", "4", "odd", "unsendable"]
    outcomes = dict(engine.run_tasks(engine_tasks.obey, words, workers=2))
    assert (2, 4) == (outcomes[1], outcomes[3])
    assert isinstance(outcomes[0], engine.CrashError)
    assert "its process ended with code 3 before the task did" == str(outcomes[0])
    assert "its process was killed by the system (signal 9), most often because memory ran out" == str(outcomes[2])
    assert "OddError: words and more" == str(outcomes[4])
    assert "lambda" in str(outcomes[5]) or "pickle" in str(outcomes[5])
    refused = dict(engine.run_tasks(len, [[lambda: 1], "ab"], workers=1, apart=True))
    assert isinstance(refused[0], Exception)
    assert 2 == refused[1]


@pytest.mark.slow
def test_a_task_that_hangs_is_ended() -> None:
    """A task that runs too long is ended with what it started, and the next one runs in its place."""
    started = time.monotonic()
    for most_s in PATIENCE_S:
        outcomes = dict(engine.run_tasks(time.sleep, [0.01, 600, 0.02], workers=1, apart=True, most_s=most_s))
        if outcomes[2] is None:
            break
    assert time.monotonic() - started < 300
    assert isinstance(outcomes[1], TimeoutError)
    assert f"still running after {duration(most_s)}, so it was ended" == str(outcomes[1])
    assert None is outcomes[2]


def test_tasks_are_asked_for_as_outcomes_are_taken() -> None:
    """The next only after an outcome, so it can depend on it; what has nothing to begin is asked again."""
    for workers in (1, 2):
        taken: list[int] = []

        def tasks(taken: list[int] = taken, workers: int = workers) -> Iterator[str]:
            for i in range(5):
                # `workers` at first, then one for each outcome taken.
                assert max(0, i - workers + 1) <= len(taken) + (1 if workers == 1 and i else 0)
                yield str(i)

        for _, outcome in engine.run_tasks(engine_tasks.obey, tasks(), workers=workers):
            assert isinstance(outcome, int)
            taken.append(outcome)
        assert [0, 1, 2, 3, 4] == sorted(taken)
    taken: list[int] = []

    def tasks() -> Iterator[Any]:
        yield "1"
        while not taken:
            yield engine.LATER
        yield str(taken[0] + 1)

    for _, outcome in engine.run_tasks(engine_tasks.obey, tasks(), workers=2):
        assert isinstance(outcome, int)
        taken.append(outcome)
    assert [1, 2] == taken


def test_each_task_sees_its_own_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine with GPUs each worker sees its share, and one thread; there are no more workers than shares."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6")
    seen = set(dict(engine.run_tasks(engine_tasks.gpu, range(3), workers=2, gpus_per_task=1)).values())
    assert seen <= {"4", "5", "6"}
    variables = ["CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS"]
    found = dict(engine.run_tasks(os.getenv, variables, workers=1, apart=True, gpus_per_task=2))
    assert {0: "4,5", 1: "1"} == found
    assert engine.most_workers(1) <= 3
    with pytest.raises(InputError, match="at most 3 GPUs"):
        next(engine.run_tasks(engine_tasks.gpu, range(2), gpus_per_task=4))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert () == engine.gpus()


def test_engines_workers_and_closing() -> None:
    """An unknown engine is refused; short work stays here; closing does not wait for what runs."""
    with pytest.raises(InputError, match="one of: local, ray"):
        next(engine.run_tasks(len, ["a"], engine="slurm"))  # type: ignore[arg-type]
    started = time.monotonic()
    outcomes = engine.run_tasks(time.sleep, [0, 600, 600], workers=2)
    assert (0, None) == next(outcomes)
    outcomes.close()
    assert time.monotonic() - started < 300
    assert 1 == engine.workers_for(estimated_s=1, tasks=20)
    assert engine.cores() == engine.workers_for(estimated_s=600, tasks=10_000)
    assert 1 == engine.workers_for(estimated_s=600, tasks=1)


def test_lost_processes_are_replaced_as_often_as_asked(tmp_path: Path) -> None:
    """A task whose process is killed runs again on a new one; at last its crash is its outcome."""
    assert {0: 1} == dict(
        engine.run_tasks(engine_tasks.kill_once, [str(tmp_path / "a")], workers=1, apart=True, retries=1)
    )
    crashed = dict(engine.run_tasks(engine_tasks.obey, ["leave", "2"], workers=1, apart=True, retries=1))
    assert isinstance(crashed[0], engine.CrashError)
    assert 2 == crashed[1]


def test_held_processes_serve_the_next_call() -> None:
    """In the block calls share processes, whatever they run; after it none is left."""
    with engine.workers_held():
        first = {outcome for _, outcome in engine.run_tasks(engine_tasks.process, range(4), workers=2)}
        with engine.workers_held():
            again = {outcome for _, outcome in engine.run_tasks(engine_tasks.process, range(4), workers=2)}
        assert dict(engine.run_tasks(abs, [-1, -2], workers=2)) == {0: 1, 1: 2}
        assert first | again == {child.pid for child in multiprocessing.active_children()}
        assert len(first | again) <= 2
        assert again & first
    assert not {child.pid for child in multiprocessing.active_children()} & first


def test_held_processes_that_crash_or_are_dropped_do_not_come_back() -> None:
    """A call that ends early ends its processes; a crash between two calls costs the next one nothing."""
    with engine.workers_held():
        outcomes = engine.run_tasks(time.sleep, [0, 600, 600], workers=2)
        next(outcomes)
        outcomes.close()
        assert [] == multiprocessing.active_children()
        (_, pid), *_ = engine.run_tasks(engine_tasks.process, [0], workers=1, apart=True)
        assert isinstance(pid, int)
        (child,) = (child for child in multiprocessing.active_children() if child.pid == pid)
        child.kill()
        child.join(60)
        assert {0: 1, 1: 2} == dict(engine.run_tasks(abs, [-1, -2], workers=2))
    with pytest.raises(InputError, match="one of: local, ray"), engine.workers_held("slurm"):  # type: ignore[arg-type]
        pass


@pytest.mark.slow
def test_a_script_may_give_functions_of_its_own(tmp_path: Path) -> None:
    """Workers know the script where a function, or what wraps it, is defined there; held ones are not taken for it."""
    script = """
from functools import partial
from tunecase import engine
def twice(number): return 2 * number
if __name__ == "__main__":
    with engine.workers_held():
        print(sorted(engine.run_tasks(abs, [-1, -2], workers=2)))
        print(sorted((at, spent.result) for at, spent in engine.run_tasks(partial(engine.measured, twice), [1, 2], 2)))
"""
    out, err = start(script, tmp_path).communicate(timeout=300)
    assert ["[(0, 1), (1, 2)]", "[(0, 2), (1, 4)]"] == out.splitlines(), err


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    """Workers do not run the user's script again, though it has no `if __name__ == "__main__"`."""
    script = "from tunecase import engine\nprint('once')\nprint(sorted(engine.run_tasks(abs, [-1, -2], workers=2)))\n"
    out, err = start(script, tmp_path).communicate(timeout=300)
    assert ["once", "[(0, 1), (1, 2)]"] == out.split("\n")[:2], err


LONG = """
import contextlib, multiprocessing, time
from tunecase import engine
# Closed as the pilot closes it: an interrupt that comes between two outcomes must end the workers too.
with contextlib.closing(engine.run_tasks(time.sleep, [0, 600, 600], workers=2)) as outcomes:
    for position, _ in outcomes:
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
"""


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_leave_with_their_parent(how: signal.Signals, tmp_path: Path) -> None:
    """Killed or interrupted, a parent leaves no worker behind, and workers print no tracebacks of their own."""
    parent = start(LONG, tmp_path)
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert 2 == len(pids)
    if how == signal.SIGINT:
        os.killpg(parent.pid, how)
    else:
        os.kill(parent.pid, how)
    _, err = parent.communicate(timeout=300)
    assert wait_until_gone(pids)
    assert err.count("Traceback") == (1 if how == signal.SIGINT else 0)


@LINUX
@pytest.mark.slow
def test_a_program_ends_with_its_task(tmp_path: Path) -> None:
    """A program that a task waits for is ended with it when it runs too long."""
    for most_s in PATIENCE_S:
        list(engine.run_tasks(engine_tasks.program, [str(tmp_path)], workers=1, apart=True, most_s=most_s))
        if pids := [int(path.name) for path in tmp_path.iterdir()]:
            break
    assert 1 == len(pids)
    assert wait_until_gone(pids)


PROGRAM = """
import contextlib, sys
from tests import engine_tasks
from tunecase import engine
with contextlib.closing(engine.run_tasks(engine_tasks.program, [sys.argv[1]], workers=1, apart=True)) as outcomes:
    next(outcomes)
"""


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_program_ends_with_the_parent(how: signal.Signals, tmp_path: Path) -> None:
    """A program that a worker waits for ends when this process is killed or interrupted."""
    marks = tmp_path / "marks"
    marks.mkdir()
    script = PROGRAM.replace("sys.argv[1]", repr(str(marks)))
    parent = start(f"import sys\nsys.path.insert(0, {str(Path(SRC).parent)!r})\n{script}", tmp_path)
    until = time.monotonic() + 120
    while time.monotonic() < until and not list(marks.iterdir()):
        time.sleep(0.05)
    pids = [int(path.name) for path in marks.iterdir()]
    assert 1 == len(pids)
    os.kill(parent.pid, how)
    parent.communicate(timeout=300)
    assert wait_until_gone(pids)
