"""Any trainer as a command: it reads a run's folder, trains in an environment of its own, and writes what it found.

The files are those of contract.py. The command is split into words and run without a shell, in the run's folder, with
the path of run.json where it says `{run}` or as its last argument. Wrappers for some trainers are in examples/trainers.
"""

import json
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunecase.errors import Problem, refuse_any
from tunecase.pilot.scoring import score
from tunecase.pilot.scoring.score import Kind
from tunecase.pilot.trainers import weights
from tunecase.pilot.trainers.digests import combined
from tunecase.pilot.trainers.outside import found_program, train_outside
from tunecase.pilot.trainers.prompts import ASKED
from tunecase.pilot.trainers.task import Result, Setting, Task, checked, nothing_missing, nothing_to_fetch
from tunecase.pilot.trainers.translate import LEARNING, with_steps

MODEL = "the model that the command trains"
METRICS, KINDS = score.METRICS, score.KINDS
SETTINGS: Mapping[str, Setting] = {
    "command": "",
    "options": "",
    "time_limit_s": 6 * 3600.0,
    "grace_s": 10.0,
    "runs_folder": "",
    **LEARNING,
}
BASELINES: Mapping[str, Mapping[str, Setting]] = {}
SEARCH: tuple[Mapping[str, Setting], ...] = ({"learning_rate": 5e-4}, {"learning_rate": 5e-5}, {"rank": 32})
NEUTRAL = frozenset({"time_limit_s", "grace_s", "runs_folder"})
FORMAT = 1
STAND_IN = False
HEAVY = True
# A command that is not found shows when it is run: its runs fail with a sentence.
missing, prepare = nothing_missing, nothing_to_fetch

# How a key is spelt by the services that hand them out, or an argument that carries one.
SECRET = re.compile(r"\b(sk-|hf_|ghp_|xox|AKIA)\w{8,}|(token|password|secret|api[-_]?key)[= ]\S{6,}", re.IGNORECASE)


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """The command's settings, with one number of steps for all rungs.

    Raises: InputError without a command, or for one that cannot be split into words or that carries a secret.
    """
    fixed = {**SETTINGS, **checked(chosen, SETTINGS, "command")}
    refuse_any(_problems(str(fixed["command"]), str(fixed["options"])))
    return with_steps(chosen, SETTINGS, top_rows, "command")


def identity(model: str, settings: Mapping[str, Setting]) -> str:
    """A digest of the files that the command names, and of the model where it is a folder on this machine.

    Leaves out what a script reads besides: modules of its own, and the libraries of its environment.
    """
    try:
        words = [Path(word) for word in found_program(command_words(str(settings["command"])))]
        scripts = combined([word for word in words if word.is_absolute() and word.is_file()])
    except (OSError, ValueError):
        scripts = ""
    return f"{scripts} {weights.identity(model) if Path(model).is_dir() else ''}"


def train(task: Task) -> Result:
    """Runs the task's command on the task, in a folder of its own.

    Args:
        task: its settings name the command; `options`, a JSON object in text, goes to it in run.json.
    Returns: the Result that its files hold, or a failed one that says why: not found, exit code with the error it
        printed, killed, out of memory, disk full, too late, or files that cannot be read.

    Leaves out what the command does with the test rows' labels, which a trainer that scores itself needs. Write
    answers.jsonl to be scored here.
    """
    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    words = found_program(command_words(chosen["command"]))
    more = {"options": json.loads(chosen["options"] or "{}"), "layout": layout(task.kind)}
    if task.model == MODEL:  # none was named; a command may know its own
        more["model"] = ""
    return train_outside(
        task,
        words,
        limit_s=float(chosen["time_limit_s"]),
        grace_s=float(chosen["grace_s"]),
        runs_folder=chosen["runs_folder"],
        files={"more": more},
    )


def layout(kind: Kind) -> dict[str, str]:
    """How a prompt and a completion stand in one text for a model without a chat template, as "lora" does it.

    Example:
        >>> layout("classification")
        {'before': 'Text: ', 'after': '\\nClass:', 'lead': ' '}
    """
    return {"before": "Text: ", "after": f"\n{ASKED[kind][1]}:", "lead": " "}


def command_words(command: str) -> tuple[str, ...]:
    """A command's words: a JSON list of them, or text split as a shell would, without one.

    Raises: ValueError where quotes do not close or a list does not hold words.

    Example:
        >>> command_words("python 'my trainer.py' --fast")
        ('python', 'my trainer.py', '--fast')
        >>> command_words('["python", "my trainer.py"]')
        ('python', 'my trainer.py')
    """
    if command.lstrip().startswith("["):
        words = json.loads(command)
        if not all(isinstance(word, str) for word in words):
            raise ValueError("the list holds something other than words")
        return tuple(words)
    if os.name == "nt":  # a backslash belongs to a path there
        return tuple(word.strip("\"'") for word in shlex.split(command, posix=False))
    return tuple(shlex.split(command))


def _problems(command: str, options: str) -> list[Problem]:
    where, problems = "setting command of command", []
    try:
        words = command_words(command)
    except ValueError as error:
        return [Problem(where, repr(command), f"words of a command ({error})", "close the quotes")]
    if not words:
        fix = 'name it: command="/path/to/environment/bin/python wrapper.py"'
        problems.append(Problem(where, "nothing", "the program that trains, and its arguments", fix))
    if SECRET.search(command) or SECRET.search(options):
        fix = "put it into an environment variable, which the command inherits and no record shows"
        problems.append(Problem(where, "what looks like a secret", "a command without secrets", fix))
    try:
        good = isinstance(json.loads(options or "{}"), dict)
    except ValueError:
        good = False
    if not good:
        fix = 'write it as options=\'{"template": "qwen"}\''
        problems.append(Problem("setting options of command", repr(options), "a JSON object", fix))
    return problems
