"""Fuzzes every surface in turn, by random seeds, until the time is over; what must hold is in tests/fuzz.

    python benchmarks/fuzzing.py --hours 1
    python benchmarks/fuzzing.py --hours 0.1 --surface "project file" --surface audit

Each surface runs in a process of its own with bounds of memory, so that a crash below Python is one too. A crash is
kept below .hypothesis/crashes, made as small as hypothesis can, once for each exception and place in the code; what
hypothesis found before is tried first. Prints executions, crashes and CPU hours of each surface, and one JSON object as
the last line.
"""

import argparse
import json
import os
import pickle
import random
import resource
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis.database import DirectoryBasedExampleDatabase  # noqa: E402
from tests.fuzz.strategies import trees  # noqa: E402
from tests.fuzz.surface import Surface, Tree, attempt  # noqa: E402
from tests.fuzz.surfaces import ALL, BY_NAME  # noqa: E402

KEPT = ROOT / ".hypothesis"
CRASHES = KEPT / "crashes"
MOST_MEMORY_BYTES = 6_000_000_000
TURN_S = 8.0
SHRINKING_S = 10.0
BEGAN = time.monotonic()


class _OverError(BaseException):
    """The time of a turn has passed."""


def place_of(error: BaseException) -> str:
    """What tells one crash from another: the exception, and the last line of tunecase's own that it passed."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/src/tunecase/" in frame.filename]
    last = f"{frames[-1].filename.partition('/src/tunecase/')[2]}:{frames[-1].lineno}" if frames else "-"
    words = str(error)[:60] if last == "-" else ""
    return f"{type(error).__name__} {last} {words}".strip()


def spent_s() -> float:
    """The CPU time of this process and of the children that ended, or a quarter of the clock's where that is more."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return max(time.process_time() + children.ru_utime + children.ru_stime, (time.monotonic() - BEGAN) / 4)


class Turn:
    """One surface fuzzed for some seconds, as `spent_s` counts them; crashes known before are counted and passed over."""

    def __init__(self, surface: Surface, seconds: float) -> None:
        self.surface, self.folder = surface, CRASHES / surface.name.replace(" ", "-")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.until, self.executions, self.crashes = spent_s() + seconds, 0, 0
        self.known: set[str] = set()
        self.found: dict[str, int] = {}

    def once(self, tree: Tree) -> None:
        """One execution; raises for a crash that is new, so that hypothesis makes it small."""
        if spent_s() > self.until + SHRINKING_S:
            raise _OverError
        self.executions += 1
        (self.folder / "last.pickle").write_bytes(pickle.dumps(dict(tree)))
        try:
            attempt(self.surface, tree)
        except Exception as error:
            self.crashes += 1
            place = place_of(error)
            if self._keep(place, tree, error) not in self.known:
                raise

    def _keep(self, place: str, tree: Tree, error: Exception) -> str:
        size = sum(map(len, tree.values()))
        if size < self.found.get(place, 1 << 60):
            self.found[place] = size
            name = "".join(letter if letter.isalnum() else "-" for letter in place)[:120]
            report = "".join(traceback.format_exception(error))[-3_000:]
            (self.folder / f"{name}.txt").write_text(f"{place}\n{dict(tree)!r}\n{report}", "utf-8", "backslashreplace")
            (self.folder / f"{name}.pickle").write_bytes(pickle.dumps(dict(tree)))
        return place

    def run(self) -> None:
        """Rounds of examples, each of a seed of its own."""
        how = settings(
            max_examples=100, deadline=None, suppress_health_check=list(HealthCheck),
            database=DirectoryBasedExampleDatabase(KEPT / "fuzzed"), phases=(Phase.reuse, Phase.generate, Phase.shrink),
            print_blob=False,
        )  # fmt: skip
        while spent_s() < self.until:
            round_of = given(trees(self.surface.seeds))(lambda tree: self.once(tree))
            try:
                seed(random.getrandbits(64))(how(round_of))()
            except _OverError:
                return
            except BaseException:  # noqa: BLE001 - a crash is kept already
                self.known |= set(self.found)


def _turn(name: str, seconds: float, told: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    turn = Turn(BY_NAME[name], seconds)
    turn.run()
    (turn.folder / "last.pickle").unlink(missing_ok=True)
    told.write_text(json.dumps({"executions": turn.executions, "crashes": turn.crashes, "places": turn.found}))


def _in_process(name: str, seconds: float) -> dict[str, object]:
    """A turn in a process of its own: what it found, and its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = KEPT / "turn.json"
    told.unlink(missing_ok=True)
    child = os.fork()  # what is imported already is not imported again
    if child == 0:
        try:
            _turn(name, seconds, told)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if not told.is_file():
        last = CRASHES / name.replace(" ", "-") / "last.pickle"
        place = f"the process ended with status {status} at the input in {last}"
        if last.is_file():
            last.rename(last.with_name(f"status-{status}.pickle"))
        return {"executions": 0, "crashes": 1, "places": {place: 0}, "cpu_s": cpu_s}
    return {**json.loads(told.read_text()), "cpu_s": cpu_s}


def main() -> int:
    """Exit 1 where something crashed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--surface", action="append", choices=[surface.name for surface in ALL])
    asked = parser.parse_args()
    names = asked.surface or [surface.name for surface in ALL]
    until = time.monotonic() + asked.hours * 3600
    total = {name: {"executions": 0, "crashes": 0, "cpu_s": 0.0} for name in names}
    places: dict[str, str] = {}
    while time.monotonic() < until:
        for name in names:
            found = _in_process(name, max(1.0, min(TURN_S, until - time.monotonic())))
            for key in total[name]:
                total[name][key] += found[key]
            for place in found["places"]:
                if places.setdefault(place, name) == name:
                    print(f"  {name}: {place}", flush=True)
            mine = total[name]
            print(f"{name:28} {mine['executions']:>9,} executions {mine['crashes']:>6,} crashes "
                  f"{mine['cpu_s'] / 3600:7.3f} CPU hours", flush=True)  # fmt: skip
            if time.monotonic() >= until:
                break
    summary = {key: sum(each[key] for each in total.values()) for key in ("executions", "crashes", "cpu_s")}
    cpu_hours = round(summary.pop("cpu_s") / 3600, 3)
    print(json.dumps({**summary, "cpu_hours": cpu_hours, "places": places, "surfaces": total}))
    return 1 if places else 0


if __name__ == "__main__":
    raise SystemExit(main())
