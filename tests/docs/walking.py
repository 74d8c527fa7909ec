"""Walks a page: every command that it shows, in its order, in one folder; a server is started, asked once and ended."""

import os
import re
import shlex
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.agents.client import command, environment, hello
from tests.cli.test_init import typed as at_a_terminal
from tests.command import Ran, tunecase

OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
WAIT_S = 60.0
ENDED = 143  # of a command that was asked to end
QUESTIONS = 10  # of `init --ask`, answered by Enter alone


@dataclass(frozen=True)
class Walk:
    """One page, with what its reader has at hand.

    `at_hand` is DESK, TOOLS or NOTHING; `filled` says what is typed for a command that leaves a word to its reader, as
    in FILE; `slow` is false where all of it takes about a second.
    """

    page: str
    at_hand: str
    filled: Mapping[str, str] = field(default_factory=dict)
    slow: bool = True


@dataclass(frozen=True)
class Step:
    """A command as a page shows it, and as it is typed."""

    shown: str
    typed: str


def steps_of(
    walks: Sequence[Walk], shown: Mapping[str, Sequence[str]], named: Mapping[str, str]
) -> dict[str, list[Step]]:
    """What each walk runs, by its page, in the order of the page.

    A line that an earlier walk, or the same one, has run with the same things at hand is not run once more.

    Args:
        shown: the commands of each page, without those that are left out.
        named: what is typed for a command wherever it is shown.
    """
    run: set[tuple[str, str]] = set()
    found: dict[str, list[Step]] = {}
    for walk in walks:
        found[walk.page] = []
        for one in shown[walk.page]:
            typed = walk.filled.get(one, named.get(one, one))
            if (walk.at_hand, typed) not in run:
                found[walk.page].append(Step(one, typed))
            run.add((walk.at_hand, typed))
    return found


def strays(shown: str, typed: str) -> list[str]:
    """The options of a command as it is shown that what is typed for it leaves out, and another verb.

    Example:
        >>> strays("tunecase audit --fix DIR", "tunecase audit --fix cleaned")
        []
        >>> strays("tunecase audit --fix DIR", "tunecase run --fast")
        ['--fix', 'audit']
    """
    verb = shown.partition("tunecase ")[2].split()[0]
    found = sorted(set(OPTION.findall(shown)) - set(OPTION.findall(typed)))
    return found + ([verb] if verb.islower() and verb != typed.partition("tunecase ")[2].split()[0] else [])


def asked(typed: str, folder: Path, url: str) -> Ran:
    """What a command does in a folder; URL in it is the address of a model that answers."""
    words = shlex.split(typed.replace("URL", url), comments=True)
    if words[0] != "tunecase" or {"|", ">", "&&"} & set(words):
        return _in_shell(typed, folder)
    if words[1] == "serve":
        return _served(words[1:], folder)
    if words[1] == "mcp":
        return _spoken(words[2:], folder)
    if words[1:] == ["init", "train.jsonl", "--ask"]:
        return Ran(*at_a_terminal(folder / "asked", *[""] * QUESTIONS), "")
    return tunecase(*words[1:], cwd=folder)


def _in_shell(typed: str, folder: Path) -> Ran:
    """A command with pipes and files, by bash; `tunecase` is this tree's."""
    own = f'tunecase() {{ {shlex.quote(sys.executable)} -P -m tunecase "$@"; }}; set -o pipefail; '
    environ = {**os.environ, **environment(), "NO_COLOR": "1"}
    ran = subprocess.run(["bash", "-c", own + typed], cwd=folder, env=environ, capture_output=True, text=True)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def _served(words: list[str], folder: Path) -> Ran:
    """The app, started at a free port, asked for its first page, and ended: 0 where it answered and left in order."""
    line = [sys.executable, "-P", "-m", "tunecase", *words, "--port", str(_free_port())]
    environ = {**os.environ, **environment(), "PYTHONUNBUFFERED": "1"}
    started = subprocess.Popen(
        line, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said = ""
        for out in iter(started.stdout.readline, ""):  # type: ignore[union-attr]
            said += out
            if (found := re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", said)) is not None:
                browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
                with browser.open(found[0], timeout=WAIT_S) as answer:
                    page = answer.read().decode()
                started.terminate()
                return Ran(0 if started.wait(WAIT_S) == ENDED and "<html" in page else 1, said, page)
        return Ran(started.wait(WAIT_S), said, said)
    finally:
        started.kill()
        started.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _spoken(words: list[str], folder: Path) -> Ran:
    """The server of tools, greeted once; it ends with its input."""
    ran = subprocess.run(
        command(*words), cwd=folder, env={**os.environ, **environment()}, input=hello(), capture_output=True
    )
    out = ran.stdout.decode()
    return Ran(ran.returncode if '"serverInfo"' in out else 1, out, ran.stderr.decode())
