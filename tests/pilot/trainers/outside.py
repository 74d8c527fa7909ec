"""A task and short programs for the tests of trainers that run outside."""

import sys
from collections.abc import Sequence

from tunecase.pilot.trainers import command
from tunecase.pilot.trainers.task import Setting, Task

TEXTS, LABELS = ("lost card", "top up", "card gone", "add money"), ("card", "money", "card", "money")
TASK = Task(
    "command", "some/model", TEXTS, LABELS, ("card lost", "more money", "the card"), ("card", "money", "card"),
    "accuracy", 7, choices=("card", "money"),
)  # fmt: skip


def python(code: str, *arguments: str) -> list[str]:
    """The words of a command that runs a line of Python."""
    return [sys.executable, "-c", code, *arguments]


def settings(words: Sequence[str], **others: Setting) -> dict[str, Setting]:
    """The command trainer's settings for some words."""
    import json

    return dict(command.settings(4, {"command": json.dumps(list(words)), "grace_s": 2.0, **others}))
