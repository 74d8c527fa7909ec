"""Commands of one case that run at the same time and are killed, each at a random moment of its life."""

import json
import os
import random
import re
import shutil
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.road import LATER_S, Road, Step, forked, hours, id_of, lines_of, stray
from tests.faults.seam import Seam

MARK = "TUNECASE_KILLED_BY"  # in the environment of every process that is begun here
AT_ONCE = 4
WAIT_S = 8.0  # for the workers of a killed command to leave
PREPARED = (
    Step(("define",), answers=(0, 1)),
    Step(("audit",), hours, (0, 1)),
    Step(("audit", "--fix", "cleaned"), answers=(0, 1)),
    Step(("pilot", "--trainer", "probe", "--workers", "1", "--candidates", "none"), answers=(0, 1)),
    Step(("forecast",), answers=(0, 1)),
    Step(("decide",), answers=(0, 1)),
)
# What is killed; each is begun with a port that is free and a seed of its own.
KILLED: dict[str, tuple[str, ...]] = {
    "spend": ("spend", "add", "12.50", "USD", "--line", "gpu", "--json"),
    "import": ("spend", "import", "timesheet", "hours.csv"),
    "pilot": ("pilot", "--trainer", "probe", "--workers", "2", "--candidates", "none", "--seed", "SEED"),
    "fix": ("audit", "--fix", "cleaned", "--force"),
    "serve": ("serve", "--port", "PORT"),
    "audit": ("audit",),
    "approve": ("approve", "100 USD", "--by", "Ines", "--beyond"),
}
SERVED_S = 4.0  # after which a server that nobody ends is killed at the latest


@dataclass(slots=True)
class Found:
    """What a number of kills showed; the lists hold words about what is wrong."""

    kills: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    known: int = 0
    lost: list[str] = field(default_factory=list)
    unopened: list[str] = field(default_factory=list)
    halves: list[str] = field(default_factory=list)
    left: int = 0
    stays: list[str] = field(default_factory=list)
    orphans: int = 0

    @property
    def wrong(self) -> list[str]:
        """All that is wrong, in words."""
        orphans = [f"{self.orphans} workers outlived the command"] if self.orphans else []
        return [*self.lost, *self.unopened, *self.halves, *self.stays, *orphans]


@dataclass(slots=True)
class _AtWork:
    name: str
    process: int
    until: float
    out: Path


def killed(folder: Path, kills: int, seed: int, most_s: float = 1e9) -> Found:
    """Kills commands of one case until `kills` were killed or `most_s` are over, up to AT_ONCE at the same time.

    After each round the case must open, hold every line that its ledger held when a command was killed and every entry
    that a command printed, show no half-written file, and lose what scratch was left once it is ten minutes old.
    """
    rng, found = random.Random(seed), Found()
    os.environ[MARK] = str(os.getpid())
    road = Road(folder, PREPARED)
    road.walk()
    case, ready = folder / "case", folder / "ready"
    shutil.copytree(case, ready)
    lives = {name: _life_s(road, ready, name) for name in KILLED}
    until = time.monotonic() + most_s
    while found.kills.total() < kills and time.monotonic() < until:
        shutil.rmtree(case)
        shutil.copytree(ready, case)
        names = rng.sample(list(KILLED), AT_ONCE)
        known = _round(case, [(name, rng.uniform(0, lives[name])) for name in names], found)
        _judge(road, case, known, names, found)
    return found


def _life_s(road: Road, ready: Path, name: str) -> float:
    """The seconds within which a command is killed."""
    if name == "serve":
        return SERVED_S
    case = ready.with_name("case")
    shutil.rmtree(case)
    shutil.copytree(ready, case)
    ran = road.ran(case, _words(name, 1_000_000), Seam(()))
    assert ran.code in (0, 1), ran
    return ran.seconds  # beside others it takes longer, so that most are killed before they end


def _words(name: str, seed: int) -> tuple[str, ...]:
    fresh = {"PORT": str(_free_port()), "SEED": str(seed)}
    return tuple(fresh.get(word, word) for word in KILLED[name])


def _round(case: Path, moments: Sequence[tuple[str, float]], found: Found) -> set[bytes]:
    """Begins the commands, kills each at its moment; the ids of the entries that were known."""
    at_work = []
    for number, (name, life_s) in enumerate(moments):
        words = _words(name, found.kills.total() + number)
        places = [case.parent / f"{kind}-{number}" for kind in ("out", "err", "told")]
        process = forked(case, words, Seam(()), *places)
        at_work.append(_AtWork(name, process, time.monotonic() + life_s, places[0]))
    known: set[bytes] = set()
    for one in sorted(at_work, key=lambda one: one.until):
        time.sleep(max(0.0, one.until - time.monotonic()))
        known |= _whole_lines(case)
        os.kill(one.process, signal.SIGKILL)
        if os.waitstatus_to_exitcode(os.waitpid(one.process, 0)[1]) == -signal.SIGKILL:
            found.kills[one.name] += 1
        else:
            found.ended += 1
        told = one.out.read_bytes() if one.out.exists() else b""
        known |= {name[:12] for name in re.findall(rb'"id":"([0-9a-f]{64})","prev"', told)}
    return known


def _judge(road: Road, case: Path, known: set[bytes], names: Sequence[str], found: Found) -> None:
    found.known += len(known)
    found.orphans += _orphans()
    if gone := known - {id_of(line) for line in lines_of(case)}:
        found.lost.append(f"{len(gone)} entries lost behind {names}")
    found.halves += _halves(case)
    expected = frozenset(path for made in road.made for path in made)
    left = list(stray(case, expected))
    found.left += len(left)
    for path in case.rglob("*"):
        before = time.time() - LATER_S
        os.utime(path, (before, before), follow_symlinks=False)
    again = [("ledger", "verify"), ("spend", "list"), ("approve",), KILLED["fix"]]
    for words in again:
        ran = road.ran(case, words, Seam(()))
        if ran.code not in (0, 1):
            found.unopened.append(f"behind {names} {words}: {ran.code} {ran.err[-300:]}")
    found.stays += [word for word in stray(case, expected) if "/tmp/" not in f"/{word.removeprefix('stray: ')}"]


def _whole_lines(case: Path) -> set[bytes]:
    path = case / "case" / "ledger.jsonl"
    return {id_of(line) for line in path.read_bytes().split(b"\n")[:-1]}


def _halves(case: Path) -> Iterator[str]:
    """Files of the case under their own names that are not whole, and a cleaned folder that its list does not fit."""
    from tunecase.io import digest

    for path in (case / "case").rglob("*.json*"):
        hidden = any(part.endswith((".part", ".torn")) for part in path.parts) or path.name.startswith("ledger.jsonl")
        if hidden or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        try:
            for one in text.splitlines() if path.suffix == ".jsonl" else [text]:
                json.loads(one)
        except ValueError:
            yield f"half: {path.relative_to(case)}"
    cleaned = case / "case" / "cleaned"
    if cleaned.exists():
        body = json.loads((cleaned / "changes.json").read_bytes())
        yield from (
            f"half: cleaned/{one['name']}" for one in body["outputs"] if digest(cleaned / one["name"]) != one["sha256"]
        )


def _orphans() -> int:
    """Workers that are still there some seconds after the command that started them was killed; they are ended."""
    wanted = f"{MARK}={os.getpid()}".encode()
    until = time.monotonic() + WAIT_S
    while there := [each for each in _processes() if wanted in each[1]]:
        if time.monotonic() > until:
            for process, _ in there:
                os.kill(process, signal.SIGKILL)
            return len(there)
        time.sleep(0.05)
    return 0


def _processes() -> Iterator[tuple[int, bytes]]:
    """(id, environment) of every process but this one, where the system shows them as files."""
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) != os.getpid():
            try:
                yield int(folder.name), (folder / "environ").read_bytes()
            except OSError:
                continue


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
