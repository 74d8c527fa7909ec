"""Makes the runs of the backtest once, by the pilot itself, and keeps them as a table; texts are never kept.

    python benchmarks/roads_measure.py [--learners probe encoder] [--parts 1/16 1/4 all] [--tasks NAME ...]
                                       [--table FILE] [--store FOLDER] [--minutes M]

Pilots are made on the first sixteenth and the first quarter of a task's training rows, as a team would that had no
more. The truth is made on all of them: three runs at the full size, and three fresh subsets of each of a half to a
sixteenth, each a pilot of that one size. Heavy trainers (lora, encoder-tuned) have the first 2,000 rows of a task as
all, where their ladder ends, and 300 test rows (150 where answers are written out).

The first table took about 1.2 CPU hours on 2026-11-29, three quarters of it language models on five tasks;
encoder-tuned was not run. When the pilot's deal was changed to hold classes in proportion, n-grams and encoder were
run again; of language models only some pilots, and what they were dealt before is gone from the table.
The encoder's seconds leave out texts that it had read before; early language-model rows may hold wall seconds.

Each run is a row of the table the moment it has ended, and a killed measurement goes on where it was: the store keeps
runs by their keys and a mark for each unit that was begun. A unit that has rows and no mark is done, so the committed
table is never made twice. Several may run at once; a unit that a living process has begun is passed over.
"""

import argparse
import contextlib
import csv
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import roads_cleaning  # noqa: E402
import roads_promises  # noqa: E402
from roads_tasks import FRESH, LORA_ROWS, TASKS, Row, Rows, Task, shuffled  # noqa: E402

from tunecase.data.reading import Row as Read  # noqa: E402
from tunecase.data.reading import Table  # noqa: E402
from tunecase.pilot import Answers, Journal, Material, keep_answers, kept_answers, pilot  # noqa: E402
from tunecase.pilot.trainers.task import Result  # noqa: E402
from tunecase.records import Pilot, PilotSettings, Run, from_json  # noqa: E402

TABLE = ROOT / "benchmarks" / "roads_runs.csv"
COLUMNS = (
    "task", "publisher", "kind", "metric", "learner", "part", "rows", "n", "draw", "seed", "test_rows", "score",
    "cpu_s", "date",
)  # fmt: skip
PILOTS: Mapping[str, int] = {"1/16": 16, "1/4": 4}  # the part of the rows
TRUTH = "all"
NATURAL = "natural"  # rows as they come, where the deal from all rows gives each class its share
PARTS = (*PILOTS, TRUTH, NATURAL, *roads_cleaning.PARTS)
SHARES = (1, 4, 2, 8, 16)  # of all rows, in the order in which the truth is made
HEAVY = ("lora", "encoder-tuned")
HEAVY_TEST_ROWS, HEAVY_FREE_TEST_ROWS = 300, 150  # where answers are classes; where each is written out
NEAREST = "nearest"  # what the floor runs
DRAWS = 3
PILOT_SEED, TRUTH_SEED, TEST_SEED = 0, 1000, 11


@dataclass(frozen=True)
class Unit:
    """What is made in one go: a pilot on a part of the rows, or the truth at one size, at the full one by one draw."""

    task: Task
    learner: str
    part: str
    share: int = 1
    draw: int | None = None

    @property
    def name(self) -> str:
        """Of the unit's mark, and of its line."""
        draw = "" if self.draw is None else f", draw {self.draw}"
        return f"{self.task.name}, {self.learner}, {self.part}, 1/{self.share}{draw}"


def units(tasks: Sequence[Task], learners: Sequence[str], parts: Sequence[str]) -> Iterator[Unit]:
    """All units, breadth first: the pilots and the truth of every task before the smaller sizes of any."""
    kept = [(task, learner) for learner in learners for task in tasks if learner in task.learners]
    for part in (part for part in PILOTS if part in parts):
        yield from (Unit(task, learner, part) for task, learner in kept)
    for share in SHARES if TRUTH in parts else ():
        for draw in range(DRAWS) if share == 1 else [None]:
            yield from (Unit(task, learner, TRUTH, share, draw) for task, learner in kept)
    for part in (part for part in roads_cleaning.PARTS if part in parts):
        some = [(task, learner) for task, learner in kept if task.name in roads_cleaning.TASKS]
        yield from (Unit(task, learner, part, 1, draw) for task, learner in some for draw in range(DRAWS))
    for share in SHARES[1:] if NATURAL in parts else ():
        some = [(task, learner) for task, learner in kept if task.kind == "classification"]
        yield from (Unit(task, learner, NATURAL, share, draw) for task, learner in some for draw in range(DRAWS))


def split_of(task: Task, learner: str) -> tuple[Rows, Rows] | None:
    """The rows that a learner has of a task in all, and its test rows; None where the set is not here."""
    split = task.loader()
    if split is None:
        return None
    train, test = split[0], shuffled(split[1], TEST_SEED)
    if learner not in HEAVY:
        return train, test
    return train[:LORA_ROWS], test[: HEAVY_TEST_ROWS if task.kind == "classification" else HEAVY_FREE_TEST_ROWS]


def table_of(rows: Sequence[Row]) -> Table:
    """Rows as the reader gives them."""
    return Table(None, tuple(Read(at, at + 1, text, answer, more) for at, (text, answer, more) in enumerate(rows)), ())


@dataclass
class Store:
    """The table of runs, and beside it what a killed measurement needs to go on: runs, answers, marks of the begun."""

    table: Path
    folder: Path
    runs: dict[str, Run] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    rows: set[tuple[str, ...]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for line in self._lines.read_text(encoding="utf-8").splitlines() if self._lines.exists() else ():
            with contextlib.suppress(ValueError):  # the last line of a killed run
                read = json.loads(line)
                self.runs[read["run"]["key"]] = from_json(Run, read["run"])
                self.cpu_s[read["run"]["key"]] = read["cpu_s"]
        self.rows = {_place(row) for row in read_table(self.table)}

    @property
    def _lines(self) -> Path:
        return self.folder / "runs.jsonl"

    def keep_run(self, run: Run, cpu_s: float) -> None:
        """Keeps a run by its key."""
        self.runs[run.key], self.cpu_s[run.key] = run, cpu_s
        with self._lines.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"cpu_s": round(cpu_s, 2), "run": asdict(run)}) + "\n")

    def keep_answers(self, key: str, result: Result) -> None:
        """Keeps what a run answered: classes and shares of right, no texts of rows."""
        if result.predictions is not None and result.row_scores is not None:
            answers = Answers(result.predictions, result.row_scores, result.confidences)
            keep_answers(self.folder / "answers", key, answers)

    def answers(self, key: str) -> Answers | None:
        """What a run answered."""
        return kept_answers(self.folder / "answers", key)

    def add(self, row: Mapping[str, Any]) -> None:
        """Appends a row to the table unless it stands there."""
        if _place(row) in self.rows:
            return
        self.rows.add(_place(row))
        fresh = not self.table.exists() or not self.table.stat().st_size
        with self.table.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if fresh:
                writer.writeheader()
            writer.writerow(row)

    def mark(self, unit: Unit) -> Path:
        """The mark of a unit that was begun and has not ended; it holds the number of the process."""
        return self.folder / "begun" / sha256(unit.name.encode()).hexdigest()[:16]

    def done(self, unit: Unit, n: int | None) -> bool:
        """True where the unit has rows (of n training rows, if given) and no mark, or a living process makes it."""
        mark = self.mark(unit)
        if mark.exists():
            return _lives(mark.read_text())
        some = (unit.task.name, unit.learner, unit.part)
        draw = None if unit.draw is None else str(unit.draw)
        return any(row[:3] == some and n in (None, int(row[3])) and draw in (None, row[4]) for row in self.rows)


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a table; none where it is not there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _place(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("task", "learner", "part", "n", "draw", "seed"))


def _lives(process: str) -> bool:
    if not process.isdecimal() or int(process) == os.getpid():
        return False
    return Path("/proc").exists() and Path("/proc", process).exists()


def make(unit: Unit, store: Store) -> str:
    """Makes a unit's runs; gives a line on them, or on why there are none."""
    split = split_of(unit.task, unit.learner)
    if split is None:
        return f"{unit.task.set} is not here, passed over"
    train, test = split
    n = round(len(train) / unit.share) if unit.part in (TRUTH, NATURAL) else None
    if store.done(unit, n):
        return ""
    rows = rows_of(unit, split, store.folder)
    mark = store.mark(unit)
    mark.parent.mkdir(exist_ok=True)
    mark.write_text(str(os.getpid()))
    record = _pilot(unit, store, rows, test, len(train), n or len(rows))
    for run in record.runs:
        _keep(unit, store, run, len(train), record)
    mark.unlink()
    top = [f"{run.score:.3f}" for run in record.runs if run.n == max(each.n for each in record.runs)]
    spent_s = sum(store.cpu_s.get(run.key, 0.0) for run in record.runs)
    return f"{unit.name}: {len(record.runs)} runs, {' '.join(top)}, {spent_s:.1f} CPU s {record.stopped}"


def rows_of(unit: Unit, split: tuple[Rows, Rows], folder: Path) -> Rows:
    """The training rows that a unit's pilot is given."""
    train = split[0]
    if unit.part in PILOTS:
        return train[: len(train) // PILOTS[unit.part]]
    if unit.part == NATURAL:
        return shuffled(train, TRUTH_SEED + (unit.draw or 0))[: round(len(train) / unit.share)]
    return train if unit.part == TRUTH else roads_cleaning.rows_of(unit.part, unit.task, split, folder)


def _pilot(unit: Unit, store: Store, rows: Rows, test: Rows, all_rows: int, n: int) -> Pilot:
    """The pilot itself, as it makes its ladder of a part, or of the one size of the truth."""
    material = Material(
        table_of(rows), table_of(test), unit.task.metric, "higher", unit.task.pilot_kind, far=all_rows  # type: ignore[arg-type]
    )  # fmt: skip
    trainer = NEAREST if unit.learner == "floor" else unit.learner
    settings = PilotSettings(trainer, with_baselines=False, workers=1, seed=PILOT_SEED)
    if unit.part not in PILOTS:
        draws = DRAWS if unit.draw is None else 1
        settings = replace(settings, sizes=(n,), draws=draws, seed=TRUTH_SEED + (unit.draw or 0), adaptive=False)
    clock = [_cpu_s()]

    def on_run(run: Run) -> None:
        spent = _cpu_s() - clock[0]
        clock[0] += spent
        store.keep_run(run, spent)
        if unit.learner != "floor":
            _keep(unit, store, run, all_rows)

    done = {key: run for key, run in store.runs.items() if not run.failed}
    return pilot(material, settings, Journal(done, store.answers, store.keep_answers, on_run))


def _cpu_s() -> float:
    """CPU seconds of this process, of its children that have ended and, where they can be seen, of those that live."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used) + _living_cpu_s(os.getpid())


def _living_cpu_s(process: int) -> float:
    total, ticks = 0.0, os.sysconf("SC_CLK_TCK")
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        for child in path.read_text().split():
            with contextlib.suppress(OSError):  # it has just ended
                used = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                total += sum(map(int, used[11:15])) / ticks + _living_cpu_s(int(child))
    return total


def _keep(unit: Unit, store: Store, run: Run, all_rows: int, record: Pilot | None = None) -> None:
    """The run as a row of the table; of the floor also what the nearest rows scored by themselves."""
    if run.failed:
        print(f"failed: {unit.name}, {run.n} rows: {run.failed}", flush=True)
        return
    task = unit.task
    own = unit.part in PILOTS
    row = {
        "task": task.name, "publisher": task.publisher, "kind": task.kind, "metric": task.metric,
        "learner": unit.learner, "part": unit.part, "rows": all_rows, "n": run.n,
        "draw": run.draw if unit.draw is None else unit.draw,
        "seed": PILOT_SEED if own else TRUTH_SEED + (unit.draw or 0), "test_rows": run.test_rows,
        "score": f"{run.score:.5f}", "cpu_s": f"{store.cpu_s[run.key]:.2f}", "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }  # fmt: skip
    if unit.learner == "floor" and record is not None:
        always = next((each.score for each in record.baselines if each.name == "majority"), 0.0)
        store.add({**row, "learner": NEAREST})
        row["score"] = f"{max(run.score, always):.5f}"
    store.add(row)


def promises(wanted: Iterator[Unit], store: Store) -> Iterator[dict[str, Any]]:
    """What was promised on the answers that the store keeps, of the largest runs of each pilot and of the truth."""
    for unit in wanted:
        split = split_of(unit.task, unit.learner)
        if split is None or not store.done(unit, None) or store.mark(unit).exists():
            continue
        rows = rows_of(unit, split, store.folder)
        record = _pilot(unit, store, rows, split[1], len(split[0]), len(rows))  # all of its runs are kept
        top = max((run.n for run in record.runs), default=0)
        for run in record.runs:
            answers = store.answers(run.key)
            for line in roads_promises.promised(answers) if run.n == top and answers is not None else ():
                draw = run.draw if unit.draw is None else unit.draw
                place = {"task": unit.task.name, "learner": unit.learner, "part": unit.part, "n": run.n, "draw": draw}
                yield {**place, **line}


def tables(store: Store, tasks: Sequence[Task], folder: Path) -> None:
    """Writes what was promised and what cleaning changed beside the table of runs."""
    wanted = (unit for unit in units(tasks, ("probe", "encoder"), (*PILOTS, TRUTH)) if unit.share == 1)
    roads_cleaning.write_table(folder / "roads_promises.csv", roads_promises.COLUMNS, list(promises(wanted, store)))
    cleaned = roads_cleaning.cleaning_rows(
        tasks, read_table(store.table), store.folder, lambda task: split_of(task, "")
    )
    roads_cleaning.write_table(folder / "roads_cleaning.csv", roads_cleaning.COLUMNS, cleaned)


def measure(wanted: Iterator[Unit], store: Store, until: float = float("inf")) -> None:
    """Makes all units that are missing, until a time [s since 1970]."""
    told = set()
    for unit in wanted:
        if time.time() > until:
            print("the time is over; what is missing is made next time")
            return
        line = make(unit, store)
        if line and line not in told:
            print(line, flush=True)
        told.add(line)


def main() -> None:
    """Makes what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", nargs="+", default=["probe", "encoder", "floor", "lora", "encoder-tuned"])
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--tasks", nargs="+", default=[task.name for task in TASKS])
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--store", type=Path, default=Path(tempfile.gettempdir()) / "tunecase-roads")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--tables", action="store_true", help="no runs: the tables of promises and cleaning")
    asked = parser.parse_args()
    tasks = [task for task in (*TASKS, *FRESH) if task.name in asked.tasks]
    store, until = Store(asked.table, asked.store), time.time() + 60 * asked.minutes
    if asked.tables:
        tables(store, tasks, asked.table.parent)
        return
    measure(units(tasks, asked.learners, asked.parts), store, until)


if __name__ == "__main__":
    main()
