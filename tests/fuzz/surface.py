"""A surface is a door through which strangers' input comes in; what must hold at each of them, whatever comes."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from tunecase.errors import InputError, Problem, TunecaseError

Tree = Mapping[str, bytes]  # the content of each file, by its path in the folder

MOST_HELD, MOST_SHOWN = 5_000, 2_000  # characters of a part of a problem, and of a line that shows it
WAITING = 10  # a busy machine gives a process its CPU seconds in at most so many times their time
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# What changes files, with where among its arguments the path that is changed stands.
CHANGES = {
    "os.mkdir": 0, "os.remove": 0, "os.rename": 1, "os.rmdir": 0, "os.symlink": 1, "os.link": 1, "os.truncate": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Surface:
    """A door for strangers' input.

    `seeds` are valid inputs, which fuzzing changes. `read` is given the folder that holds one of them, changed.
    `refusals` are the other exceptions by which it may say no. `limit_s` is CPU time. `starts` is true where it may
    start processes. `examples` is how many a fixed budget gives it.
    """

    name: str
    seeds: Sequence[Tree]
    read: Callable[[Path], object]
    refusals: tuple[type[Exception], ...] = ()
    starts: bool = False
    limit_s: float = 10.0
    examples: int = 120

    def __str__(self) -> str:
        return self.name


class BreachError(AssertionError):
    """What must hold does not: a refusal that is not whole, a write to a strange place, too long a time."""


class _TooSlowError(BaseException):
    """The limit has passed; no Exception, so that nothing under test catches it."""


@dataclass
class _Watched:
    """What the process does outside a folder while it is watched."""

    home: str = ""
    starts: bool = False
    strange: list[str] = field(default_factory=list)

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """The hook of Python's audit events; it must be quick, for it sees all of them."""
        if not self.home:
            return
        if event == "open":
            path, mode, flags = args
            writes = bool(flags & WRITING) if mode is None else any(letter in mode for letter in "wax+")
            if writes and isinstance(path, str | bytes | os.PathLike):
                self._place(event, path)
        elif event in CHANGES:
            is_below_another = any(isinstance(each, int) and each >= 0 for each in args[CHANGES[event] + 1 :])
            if event == "os.mkdir" or not is_below_another:
                self._place(event, args[CHANGES[event]])
        elif event in ("socket.connect", "os.system") or (event == "subprocess.Popen" and not self.starts):
            self.strange.append(f"{event} {args[1:2]!r}"[:200])

    def _place(self, event: str, path: Any) -> None:
        place = os.path.abspath(os.fsdecode(path)) if not isinstance(path, int) else ""
        if place and not place.startswith((self.home, os.devnull)) and not _is_compiled(place):
            self.strange.append(f"{event} {place}"[:200])


def _is_compiled(place: str) -> bool:
    """Whether Python itself keeps compiled modules there."""
    return "__pycache__" in place or bool(sys.pycache_prefix and place.startswith(sys.pycache_prefix))


_WATCHED = _Watched()
_HOOKED: list[bool] = []


@contextmanager
def _watching(home: Path, starts: bool) -> Iterator[list[str]]:
    """The list of what is written outside `home`, of connections and of processes started, while it is open."""
    if not _HOOKED:
        sys.addaudithook(_WATCHED.see)
        _HOOKED.append(True)
    kept, tempfile.tempdir = tempfile.tempdir, str(home / "temporary")
    _WATCHED.home, _WATCHED.starts, _WATCHED.strange = str(home), starts, []
    try:
        yield _WATCHED.strange
    finally:
        _WATCHED.home, tempfile.tempdir = "", kept


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Stops what takes more CPU time than this, or waits for ever; where the system has no such timers, nothing."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise _TooSlowError

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, seconds), signal.SIGALRM: (signal.ITIMER_REAL, WAITING * seconds)}
    before = {name: signal.signal(name, stop) for name in timers}
    for timer, after in timers.values():
        signal.setitimer(timer, after)
    try:
        yield
    except _TooSlowError as error:
        raise BreachError(f"not done after {seconds:g} s").with_traceback(error.__traceback__) from None
    finally:
        for name, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(name, before[name])


def problem_faults(problem: Problem) -> list[str]:
    """What a problem lacks: four parts, each shown as one printable line of bounded length."""
    faults = []
    for name in ("where", "got", "wanted", "fix"):
        part = getattr(problem, name)
        if not isinstance(part, str) or not part:
            faults.append(f"{name} is {part!r}")
        elif len(part) > MOST_HELD:
            faults.append(f"{name} has {len(part):,} characters: {part[:80]!r}")
    for shown in (*str(problem).split("\n"), problem.told, problem.remedy):
        if not shown.isprintable() or not shown.strip():
            faults.append(f"not one printable line: {shown[:200]!r}")
        elif len(shown) > MOST_SHOWN:
            faults.append(f"a line of {len(shown):,} characters: {shown[:80]!r}")
    return faults


def check_refusal(error: Exception) -> None:
    """Raises BreachError where a refusal of tunecase's own is not whole."""
    if isinstance(error, InputError):
        faults = [fault for problem in error.problems for fault in problem_faults(problem)]
        if faults or not error.problems:
            breach = BreachError("; ".join(faults[:5]) or "no problem is named")
            raise breach.with_traceback(error.__traceback__) from None
    elif not str(error).strip():
        raise BreachError(f"{type(error).__name__} says nothing").with_traceback(error.__traceback__) from None


def put(tree: Tree, folder: Path) -> None:
    """Writes files into a folder; a name that the file system refuses is left out."""
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def attempt(surface: Surface, tree: Tree, home: Path | None = None) -> str:
    """Lets a surface read an input; returns the words of its refusal, "" where it reads it.

    Raises: whatever the surface raises that is no refusal; BreachError where a refusal is not whole, something is
        written outside the folder, or the limit passes.
    """
    base = Path(tempfile.mkdtemp(prefix="fuzz-")) if home is None else home
    folder = base / "given"
    (base / "temporary").mkdir(parents=True)
    folder.mkdir()
    put(tree, folder)
    said, begun = "", time.process_time()
    try:
        state = mock.patch.dict(os.environ, {"XDG_STATE_HOME": str(base / "state")})
        with state, _watching(base, surface.starts) as strange, limited(surface.limit_s):
            try:
                surface.read(folder)
            except TunecaseError as error:
                check_refusal(error)
                said = str(error)
            except surface.refusals as error:
                said = str(error)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    if strange:
        raise BreachError("outside the folder: " + "; ".join(strange[:3]))
    if time.process_time() - begun > surface.limit_s:
        raise BreachError(f"took longer than {surface.limit_s:g} s")
    return said
