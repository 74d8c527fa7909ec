"""Runs an outside program on one run's folder: watched, limited in time and output, ended with all its children.

The program runs under a guard (guard.py), a small process of its own that lives as long as this one keeps a pipe open.
So whatever ends this process, Ctrl-C or a kill, ends the program too. No shell is in between. The program inherits the
environment, of which nothing is recorded: values of variables that look like secrets are taken out of what it prints.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from tunecase.pilot.scoring.score import check_metric
from tunecase.pilot.trainers.contract import LOG, failed, read_result, write_run
from tunecase.pilot.trainers.task import Result, Task
from tunecase.quantities import duration, one_line

GUARD = Path(__file__).with_name("guard.py")
MOST_LOG_BYTES = 16 * 2**20
TAIL_LINES = 80
# The guard kills what does not leave and then exits; if even that hangs (a process stuck in the kernel), we go on.
GUARD_S = 15.0

SECRET_NAME = re.compile(r"token|secret|passw|credential|api_?key|access_?key|private_?key", re.IGNORECASE)
MEMORY = re.compile(
    r"out ?of ?memory|\bMemoryError\b|Cannot allocate memory|can't allocate memory|bad_alloc|\bOOM\b", re.IGNORECASE
)
DISK = re.compile(r"No space left on device|Disk quota exceeded|File too large|ENOSPC", re.IGNORECASE)
# A launcher's last lines say that a child failed, which is known; the child's own error stands above them.
ERROR_LINE = re.compile(r"^\s*(?:\[[^\]]*\]:?\s*)*[\w.]*(?:Error|Exception|Interrupt)\b:?")
LAUNCHER_LINE = re.compile(r"ChildFailedError|CalledProcessError|^[=\-_*~^\s]+$")
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")


@dataclass(frozen=True, slots=True)
class Ended:
    """How an outside program ended: its exit code (negative: the signal), and the last lines it printed.

    `start_error` names the error when it could not be started; `late` is True when the time limit ended it; `left`
    counts the processes that it left behind, which were ended.
    """

    code: int | None
    seconds: float
    lines: tuple[str, ...] = ()
    start_error: str = ""
    late: bool = False
    left: int = 0


def train_outside(
    task: Task,
    program: Sequence[str],
    *,
    limit_s: float,
    grace_s: float,
    runs_folder: str = "",
    environment: Mapping[str, str] | None = None,
    files: Mapping[str, Any] | None = None,
) -> Result:
    """Writes a task into a run's folder, runs a program on it and reads what came out.

    Args:
        program: program and arguments; `{run}` in an argument becomes the path of run.json, which is the last argument
            when none names it. The program's working folder is the run's.
        limit_s: the longest it may take [s].
        grace_s: time between being asked to leave and being killed [s].
        runs_folder: where the run's folder is made and kept, under a name that depends on the task alone; empty: a
            temporary folder, removed afterwards.
        environment: variables beside those inherited.
        files: arguments of write_run beside folder and task.
    Returns: the Result; a failed one with its reason when the program could not be started, ended badly, was too late
        or wrote what cannot be read.
    Raises: MissingExtraError or ValueError where the task's metric could not be scored afterwards.
    """
    check_metric(task.metric)  # before the hours that an unscored run would waste
    started = time.perf_counter()
    try:
        with run_folder(task, runs_folder) as folder:
            path = str(write_run(folder, task, **(files or {})))
            named = [argument.replace("{run}", path) for argument in program]
            if named == list(program):
                named.append(path)
            ended = run_program(named, folder, limit_s=limit_s, grace_s=grace_s, environment=environment)
            seconds = time.perf_counter() - started
            why = reason(ended, named[0], limit_s)
            return failed(task, seconds, why) if why else read_result(folder, task, seconds=seconds)
    except OSError as error:
        what = error.strerror or type(error).__name__
        return failed(task, time.perf_counter() - started, f"the run's folder cannot be written: {what}")


@contextlib.contextmanager
def run_folder(task: Task, runs_folder: str = "") -> Iterator[Path]:
    """The folder of a run: a temporary one, or one in `runs_folder` that is the same whenever the task is the same."""
    if runs_folder:
        parts = [task.model, task.kind, task.metric, task.seed, sorted(task.settings.items()), task.choices]
        parts += [task.texts, task.labels, task.test_texts, task.test_labels]
        name = sha256(json.dumps(parts).encode()).hexdigest()[:24]
        yield Path(runs_folder).expanduser().resolve() / name
        return
    with tempfile.TemporaryDirectory(prefix="tunecase-run-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def run_program(
    program: Sequence[str],
    folder: Path,
    *,
    limit_s: float,
    grace_s: float,
    environment: Mapping[str, str] | None = None,
    where: Path | None = None,
) -> Ended:
    """Runs a program under its guard in a folder until it ends, is too late, or this process is interrupted.

    What it prints goes to run.log: the first 16 MiB, and the last lines after what was left out. The program works in
    the folder, or in `where`.
    """
    started = time.perf_counter()
    inherited = {**os.environ, **(environment or {})}
    if inherited.get("PYTHONPATH"):  # the program works in another folder
        inherited["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, inherited["PYTHONPATH"].split(os.pathsep)))
    command = [sys.executable, "-I", str(GUARD), str(grace_s), *program]
    guard = subprocess.Popen(  # noqa: S603 - the user's own program, no shell
        command, cwd=where or folder, env=inherited, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    lines: deque[str] = deque(maxlen=TAIL_LINES)
    pump = threading.Thread(target=_keep_print, args=(guard, folder / LOG, _secrets(inherited), lines), daemon=True)
    pump.start()
    late = False
    try:
        guard.wait(limit_s)
    except subprocess.TimeoutExpired:
        late = True
    finally:
        _end(guard, grace_s)
        pump.join(GUARD_S)
    report = _report(guard)
    return Ended(
        report.get("code"), time.perf_counter() - started, tuple(lines), report.get("error", ""), late,
        report.get("left", 0),
    )  # fmt: skip


def _end(guard: "subprocess.Popen[bytes]", grace_s: float) -> None:
    if guard.stdin:
        with contextlib.suppress(OSError):
            guard.stdin.close()
    try:
        guard.wait(grace_s + GUARD_S)
    except subprocess.TimeoutExpired:
        guard.kill()
        guard.wait(GUARD_S)


def _report(guard: "subprocess.Popen[bytes]") -> dict[str, Any]:
    if guard.stderr is None:
        return {}
    with guard.stderr:
        last = guard.stderr.read(2**20).decode("utf-8", "replace").strip().rpartition("\n")[2]
    try:
        report = json.loads(last)
    except ValueError:
        return {"code": guard.returncode or 1}
    return report if isinstance(report, dict) else {"code": 1}


def _keep_print(guard: "subprocess.Popen[bytes]", path: Path, secrets: Mapping[str, str], lines: "deque[str]") -> None:
    """Reads all that is printed to its end, so that the program never waits; keeps its head in the log."""
    if guard.stdout is None:
        return
    kept = left_out = 0
    log: IO[str] | None = None
    with contextlib.suppress(OSError):
        log = path.open("w", encoding="utf-8", errors="replace")
    with guard.stdout as printed:
        while raw := printed.readline(2**16):
            line = _without_secrets(raw.decode("utf-8", "replace"), secrets)
            lines.append(line)
            if log is not None and kept < MOST_LOG_BYTES:
                kept += len(raw)
                log = _written(log, line)
            else:
                left_out += len(raw)
    if log is not None and left_out:
        log = _written(log, f"\n[{left_out} bytes left out; the last lines:]\n" + "".join(lines))
    if log is not None:
        with contextlib.suppress(OSError):
            log.close()


def _written(log: IO[str], text: str) -> IO[str] | None:
    """The log with the text in it, or None when the disk takes no more."""
    try:
        log.write(text)
        log.flush()
    except OSError:
        with contextlib.suppress(OSError):
            log.close()
        return None
    return log


def _secrets(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {value: name for name, value in environment.items() if SECRET_NAME.search(name) and len(value) >= 6}


def _without_secrets(text: str, secrets: Mapping[str, str]) -> str:
    for value, name in secrets.items():
        text = text.replace(value, f"[{name}]")
    return text


def reason(ended: Ended, program: str, limit_s: float) -> str:
    """Why a program's run failed, in words; empty when it ended well.

    Example:
        >>> reason(Ended(0, 1.0), "train.sh", 60)
        ''
        >>> reason(Ended(2, 1.0, ("ValueError: no rows",)), "train.sh", 60)
        'exit code 2: ValueError: no rows'
    """
    text, last = "".join(ended.lines), useful_lines(ended.lines)
    after = f"; its last lines: {last}" if last else ""
    if ended.start_error:
        return _not_started(program, ended.start_error)
    if ended.late:
        return f"not done within the time limit of {duration(limit_s)}, so it was ended{after}"
    if ended.code == 0:
        return ""
    if ended.code is None:
        return f"it ended without an exit code{after}"
    if MEMORY.search(text):
        return f"out of memory (a smaller batch, shorter sequences or a bigger device would help): {last}"
    if DISK.search(text):
        return f"the disk is full or a file may not grow: {last}"
    return _ended_badly(ended.code, last, after)


def _not_started(program: str, error: str) -> str:
    name = one_line(program, 80)
    if error == "PermissionError":
        return f'"{name}" may not be run: make it executable, or name its interpreter before it'
    if error == "FileNotFoundError":
        return f'"{name}" is not found: install it in an environment of its own and name it by its full path'
    return f'"{name}" cannot be run ({error}): name its interpreter before it'


def _ended_badly(code: int, last: str, after: str) -> str:
    # A shell reports a signal as 128 and its number.
    number = -code if code < 0 else code - 128 if code in (128 + 6, 128 + 9, 128 + 11, 128 + 15) else 0
    if not number:
        return f"exit code {code}: {last}" if last else f"exit code {code}, and it printed nothing"
    name = signal.Signals(number).name if number in {s.value for s in signal.Signals} else f"signal {number}"
    if name == "SIGKILL":
        return f"killed ({name}), as happens when memory runs out{after}"
    return f"ended by {name}{after}"


def useful_lines(lines: Sequence[str], most: int = 2) -> str:
    """The lines that say what went wrong, as one: the last error and what follows it, else the last lines.

    Example:
        >>> useful_lines(["step 1\\n", "Traceback (most recent call last):\\n", "  x = 1 / 0\\n", "ZeroDivisionError: division by zero\\n"])
        'ZeroDivisionError: division by zero'
    """  # noqa: E501 - a traceback is long
    clean = [one_line(ESCAPE.sub("", line).rpartition("\r")[2] or line, 160) for line in lines]
    clean = [line for line in clean if line and not LAUNCHER_LINE.search(line)]
    errors = [i for i, line in enumerate(clean) if ERROR_LINE.search(line)]
    chosen = clean[errors[-1] : errors[-1] + most] if errors else clean[-most:]
    return " / ".join(chosen)


def found_program(program: Sequence[str]) -> tuple[str, ...]:
    """A command's words, with files found from here named by their full path, since it runs in another folder."""
    # Not resolved: an environment knows itself by the link under which its python is called.
    words = [os.path.abspath(word) if _is_file_here(word) else word for word in program]
    if not Path(words[0]).is_absolute():
        words[0] = shutil.which(words[0]) or words[0]
    return tuple(words)


def _is_file_here(word: str) -> bool:
    try:
        return ("/" in word or os.sep in word or "." in word) and Path(word).is_file()
    except (OSError, ValueError):
        return False
