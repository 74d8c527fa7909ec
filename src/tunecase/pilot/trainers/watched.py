"""Runs a command that trains for a few steps, and reads what each step took."""

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, MissingExtraError, Problem
from tunecase.pilot.trainers import step_watch
from tunecase.pilot.trainers.contract import write_run
from tunecase.pilot.trainers.outside import Ended, found_program, reason, run_program
from tunecase.pilot.trainers.task import Task

GRACE_S = 5.0
QUIET = {"WANDB_MODE": "disabled", "HF_HUB_DISABLE_TELEMETRY": "1"}  # a probe is no run to be tracked
CLASSES = ("yes", "no")
FIX = "name a command that trains with torch in Python (no -I or -E), for more steps than these, and try it by itself"
ALSO_NEEDED = {"qlora": "bitsandbytes", "zero2": "deepspeed", "zero3": "deepspeed"}  # by method or sharding


def watch_steps(
    command: Sequence[str], steps: int, limit_s: float, environment: Mapping[str, str] | None = None
) -> tuple[Mapping[str, Any], ...]:
    """The first steps of a command, as step_watch.py writes them; the command is then ended with all its children.

    Args:
        command: program and arguments, run in this folder as it would be without the watch.
        steps: of each process, after those that warm up.
        limit_s: the longest it may take [s], with imports and loading.
        environment: variables beside those inherited.
    Returns: one line for each step of each process, by process and step; at least one after the warm-up.
    Raises: InputError where no step was seen, with what the command said last.

    A shell that runs the training is ended with it, before it goes on to its next command. Nothing is kept but numbers
    and the card's name: the folder with what the command printed goes at the end. What the command itself writes stays.
    """
    with tempfile.TemporaryDirectory(prefix="tunecase-probe-", ignore_cleanup_errors=True) as made:
        folder, program = Path(made), found_program(command)
        if shutil.which(program[0]) is None:
            error = "PermissionError" if Path(program[0]).is_file() else "FileNotFoundError"
            ended = Ended(None, 0.0, start_error=error)
        else:
            ended = _ended(program, folder, step_watch.WARM_UP + steps, limit_s, environment or {})
        lines = step_watch.lines_of(folder / "seen")
    if all(line["warm_up"] for line in lines):
        got = reason(ended, command[0], limit_s) or f"it ended by itself after {len(lines)} steps that could be seen"
        raise InputError(Problem("probe", got, f"{steps} steps of training after a warm-up", FIX))
    return tuple(sorted(lines, key=lambda line: (line["rank"], line["step"])))


def watch_own(
    model: str, settings: Mapping[str, Any], steps: int, limit_s: float, tell: Callable[[str], None] | None = None
) -> tuple[Mapping[str, Any], ...]:
    """The first steps of the trainer "trl" on made-up rows that are as long as its settings allow.

    Args:
        model: a folder or a name, whose weights are fetched where they are not here.
        settings: of the trainer, where they differ from its defaults; `batch` is over all cards.
        steps, limit_s: as for `watch_steps`.
        tell: is called with one line before a download; without it the line goes to standard error.
    Raises: MissingExtraError, before any download, where a package is missing; InputError where no step was seen;
        NoModelError without weights.
    """
    from tunecase.pilot.trainers import trl, weights

    needed = [*trl.NEEDED, *(ALSO_NEEDED[word] for word in settings.values() if word in ALSO_NEEDED)]
    if absent := [name for name in needed if importlib.util.find_spec(name) is None]:
        raise MissingExtraError(f"a probe with tunecase's own trainer ({', '.join(absent)} not installed)", "train")
    total = step_watch.WARM_UP + steps
    chosen = {**trl.SETTINGS, **settings, "steps": 2 * total, "shots": 0}
    words = int(chosen["sequence_tokens"])  # each is a token or more; what is too much is cut
    rows = tuple(" ".join([f"row {row}", *["word"] * words]) for row in range(2 * int(chosen["batch"])))
    labels = tuple(CLASSES[row % 2] for row in range(len(rows)))
    task = Task("trl", model, rows, labels, ("word",), CLASSES[:1], "accuracy", 0, chosen, choices=CLASSES)
    with tempfile.TemporaryDirectory(prefix="tunecase-probe-", ignore_cleanup_errors=True) as made:
        found = weights.fetch(model, tell or _say).folder
        path = write_run(Path(made) / "run", task, more={"weights": str(found)})
        program, environment = trl.worker()
        return watch_steps([*program, str(path)], steps, limit_s, environment)


def _ended(program: Sequence[str], folder: Path, steps: int, limit_s: float, environment: Mapping[str, str]) -> Ended:
    """How the program ended whose steps were written into the folder's `seen`."""
    hook, seen = folder / "hook", folder / "seen"
    hook.mkdir()
    seen.mkdir()
    (hook / "sitecustomize.py").write_bytes(Path(step_watch.__file__).read_bytes())
    more = {**QUIET, **environment}
    more["PYTHONPATH"] = _before(hook, more.get("PYTHONPATH", os.environ.get("PYTHONPATH", "")))
    more |= {step_watch.FOLDER: str(seen), step_watch.STEPS: str(steps)}
    until_seen = [sys.executable, "-I", step_watch.__file__, str(seen), str(steps), *program]
    return run_program(until_seen, folder, limit_s=limit_s, grace_s=GRACE_S, environment=more, where=Path.cwd())


def _before(hook: Path, others: str) -> str:
    """A PYTHONPATH with the hook's folder first."""
    return os.pathsep.join([str(hook), *filter(None, [others])])


def _say(line: str) -> None:
    print(line, file=sys.stderr)
