"""What the tutorials show: their files, their commands in order, and what each command prints.

A tutorial is Markdown. A block ```` ```yaml title="NAME" ```` is a file that its reader saves. A block
```` ```console ```` holds commands behind `$ `, each with what it printed under it, and `exit=1` where they end with
that code. The printed lines are written by `python docs/site.py --write`; a test runs the commands and compares.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
TUTORIALS = ROOT / "docs" / "site" / "tutorials"
DAY = "2026-11-29"  # of the prices in every printed answer
BLOCK = re.compile(
    r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)"| exit=(?P<exit>\d))?\n(?P<body>.*?)^```$', re.M | re.S
)
# What differs each time: days, and the ids of entries.
MOVING = (
    (
        re.compile(
            r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"
        ),
        "DAY",
    ),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "ID"),
)
NUMBER = re.compile(r"[(+<]?(-?\d[\d.,]*)(k|M|%)?[.,;:)]*")
CLOSE, LEAST = 0.2, 0.03  # how far a number may move between versions of the numerical libraries


@dataclass(frozen=True)
class File:
    """A file that the reader saves."""

    name: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command as it is typed, with what it printed and its exit code."""

    typed: str
    printed: str
    code: int = 0

    @property
    def words(self) -> list[str]:
        """What follows `tunecase`."""
        first, *rest = shlex.split(self.typed)
        if first != "tunecase":
            raise ValueError(f"{self.typed}: a tutorial's commands are those of tunecase")
        return rest


def steps(text: str) -> Iterator[File | Command]:
    """The files and commands of a tutorial, in their order."""
    for block in BLOCK.finditer(text):
        if block["kind"] == "console":
            yield from commands(block["body"], int(block["exit"] or 0))
        elif block["title"]:
            yield File(block["title"], block["body"])


def commands(body: str, code: int = 0) -> list[Command]:
    """The commands of one console block, each with the lines that it printed.

    Example:
        >>> commands("$ tunecase --version\\n0.1.0\\n")
        [Command(typed='tunecase --version', printed='0.1.0', code=0)]
    """
    parts = re.split(r"^\$ ", body, flags=re.M)[1:]
    return [Command(typed, printed.strip("\n"), code) for typed, _, printed in (part.partition("\n") for part in parts)]


def run(step: Command, folder: Path, takes_today: Callable[[list[str]], bool]) -> Command:
    """The step, run in a folder: what it prints, and its exit code.

    A command that takes `--today` sees the prices of one day, whenever it runs. What is paid is paid today: a plan is
    kept under the clock's day, and a charge of an earlier one would not have been planned before.
    """
    words = step.words
    if takes_today(words) and "--today" not in words and words[0] != "spend":
        words = [*words, "--today", DAY]
    own = {
        "COLUMNS": "80",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "NO_COLOR": "1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    caches = {"TUNECASE_CACHE": str(folder / ".cache"), "XDG_STATE_HOME": str(folder / ".state")}
    command = [sys.executable, "-m", "tunecase", *words]
    ran = subprocess.run(command, cwd=folder, env={**os.environ, **own, **caches}, capture_output=True, text=True)
    if ran.returncode not in (0, 1):
        raise RuntimeError(f"$ {step.typed}\n{ran.stdout}{ran.stderr}")
    printed = "\n".join(line.rstrip() for line in ran.stdout.replace(f" --today {DAY}", "").strip("\n").split("\n"))
    return replace(step, printed=printed, code=ran.returncode)


def walked(text: str, folder: Path, takes_today: Callable[[list[str]], bool]) -> Iterator[tuple[Command, Command]]:
    """Every command of a tutorial as it is shown and as it ran, in a folder where its files are saved on the way."""
    for step in steps(text):
        if isinstance(step, File):
            (folder / step.name).write_text(step.text, encoding="utf-8")
        else:
            yield step, run(step, folder, takes_today)


def rewritten(text: str, ran: Sequence[Command]) -> str:
    """The tutorial with what its commands printed."""
    left = iter(ran)

    def block(match: re.Match[str]) -> str:
        if match["kind"] != "console":
            return match[0]
        new = [next(left) for _ in commands(match["body"])]
        codes = {command.code for command in new}
        if len(codes) > 1:
            raise ValueError(f"$ {new[0].typed}: the commands of one block end with one code")
        ends = f" exit={max(codes)}" if max(codes) else ""
        body = "\n\n".join(f"$ {command.typed}\n{command.printed}" for command in new)
        return f"```console{ends}\n{body}\n```"

    return BLOCK.sub(block, text)


def differences(shown: Command, ran: Command) -> list[str]:
    """How what a page shows differs from what the command printed; numbers may move by a fifth, words may not.

    Example:
        >>> differences(Command("a", "costs 100 USD"), Command("a", "costs 110 USD"))
        []
        >>> differences(Command("a", "costs 100 USD"), Command("a", "costs 200 USD"))
        ['a: 100, now 200']
    """
    if shown.code != ran.code:
        return [f"{shown.typed}: exit {shown.code}, now {ran.code}"]
    told, printed = _still(shown.printed).split(), _still(ran.printed).split()
    if len(told) != len(printed):
        return [f"{shown.typed}: {len(told)} words, now {len(printed)}:\n{ran.printed}"]
    pairs = zip(told, printed, strict=True)
    return [f"{shown.typed}: {one}, now {other}" for one, other in pairs if not _near(one, other)]


def _still(printed: str) -> str:
    for pattern, word in MOVING:
        printed = pattern.sub(word, printed)
    return printed


def _near(one: str, other: str) -> bool:
    if one == other:
        return True
    first, second = NUMBER.fullmatch(one), NUMBER.fullmatch(other)
    if first is None or second is None:
        return False
    low, high = sorted(_value(match) for match in (first, second))
    return high - low <= max(CLOSE * abs(high), LEAST)


def _value(match: re.Match[str]) -> float:
    return float(match[1].replace(",", "").rstrip(".")) * {"k": 1e3, "M": 1e6, "%": 0.01}.get(match[2] or "", 1.0)
