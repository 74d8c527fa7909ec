"""Says what a command does as it does it: each step with its seconds, and the files that it reads and writes."""

import os
import re
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from tunecase.cli.show.paper import safe

MOST_FILES = 40  # of one step that are told; a folder of shards holds thousands
CODE = (".py", ".pyc", ".so", ".pyd", ".dll")
SYSTEM = ("/proc/", "/sys/", "/dev/", "/usr/share/", "/etc/")
IN_RAM = "/dev/shm/"  # where users may well keep data  # noqa: S108
DRAWN = re.compile(r"(tmp)?[a-z0-9_]{8}")  # how Python calls a temporary file


class Steps:
    """The steps of one command; `tell` writes a line on standard error. Nothing is told outside of `told`."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._on = self._is_hooked = False
        self._process = 0
        self._words = ""
        self._began_s = self._step_s = 0.0
        self._files: set[tuple[str, str]] = set()

    @contextmanager
    def told(self, words: str) -> Iterator[None]:
        """Tells every step of the work inside, the first of which is this."""
        self._on, self._process, self._began_s, self._words = True, os.getpid(), time.monotonic(), ""
        if not self._is_hooked:  # Python takes no hook back
            self._is_hooked = True
            _installed()  # these two open files themselves the first time, and under a lock
            tempfile.gettempdir()
            sys.addaudithook(self._heard)
        self.begin(words)
        try:
            yield
        finally:
            self._end()
            self._on = False

    def begin(self, words: str) -> None:
        """The step at work ends, and this one begins."""
        if self._on and words != self._words:
            self._end()
            self._words, self._step_s, self._files = words, time.monotonic(), set()
            self._say(words)

    def _end(self) -> None:
        if self._words:
            if (more := len(self._files) - MOST_FILES) > 0:
                self._say(f"  and {more:,} more files")
            self._say(f"done: {self._words}, {time.monotonic() - self._step_s:.2f} s")
            self._words = ""

    def _say(self, words: str) -> None:
        self._tell(f"{time.monotonic() - self._began_s:7.2f} s  {words}")

    def _heard(self, event: str, given: tuple[Any, ...]) -> None:
        """What Python tells of every file that it opens or renames; a process of its own keeps still."""
        if not self._on or event not in ("open", "os.rename") or os.getpid() != self._process:
            return
        with suppress(OSError, ValueError, TypeError):  # whatever a library opened must not fail for being told
            if event == "os.rename":
                self._file("writes", os.fsdecode(given[1]))
            elif isinstance(given[0], str | bytes | os.PathLike):
                self._file(_what(given[2]), os.fsdecode(given[0]))

    def _file(self, what: str, path: str) -> None:
        shown = _shown(path)
        if not shown or (what, shown) in self._files:
            return
        self._files.add((what, shown))
        if len(self._files) <= MOST_FILES:
            self._say(f"  {what} {safe(shown)}")


def _what(flags: int) -> str:
    """What a file is opened for.

    Example:
        >>> _what(os.O_RDONLY), _what(os.O_WRONLY | os.O_APPEND), _what(os.O_RDWR)
        ('reads', 'adds to', 'writes')
    """
    if not flags & (os.O_WRONLY | os.O_RDWR):
        return "reads"
    return "adds to" if flags & os.O_APPEND else "writes"


def _shown(path: str) -> str:
    """A file of the user's as it is called from here; empty for code, what is installed, and what is scratch.

    Example:
        >>> _shown("/proc/cpuinfo"), _shown("numpy/core.py"), _shown("data/train.jsonl")
        ('', '', 'data/train.jsonl')
    """
    whole = os.path.abspath(path)
    folder, name = os.path.split(whole)
    is_scratch = name.endswith((".part", ".tunecase-part", ".lock")) or name.startswith("tunecase-crash-")
    is_scratch = is_scratch or (folder == tempfile.gettempdir() and DRAWN.fullmatch(name) is not None)
    is_code = name.endswith(CODE) or ".pyc." in name or whole.removeprefix(IN_RAM).startswith((*SYSTEM, *_installed()))
    if is_scratch or is_code or os.path.isdir(whole):
        return ""
    here = os.getcwd() + os.sep
    return whole.removeprefix(here)


@cache
def _installed() -> tuple[str, ...]:
    """Where Python, its packages and this one lie."""
    places = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    own = (f"{sys.base_prefix}/lib", str(Path(__file__).parents[2]))
    return tuple(f"{place}{os.sep}" for place in (*places, *own) if place)
