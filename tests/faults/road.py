"""A walked road whose every step is made again in a forked process, with one fault in it, from the case as it then was.

A step that a fault stopped must end in a sentence, leave no scratch file, lose no entry, and be repeatable at once.
"""

import io
import json
import os
import random
import shutil
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.seam import KINDS, Seam, injected
from tests.making import case_folder

DRAWS = 60  # worlds of a bill: the faults are the same with few
LIMIT_S = 240
FIRST_CALL = 8  # of the functions of tunecase: those before it begin `main`, where nothing can be caught yet
LATER_S = 600  # after which a command is given again
LEAST_S, SLOWER = 60, 10  # a step with a fault hangs when it takes so many times what it takes without one
SCRATCH = (".part", ".new", ".tmp", ".tunecase-")
SERVED_AT = "TUNECASE_SERVED_AT"  # the variable that holds the address of a server, for the road of ASKED
Prepare = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the road, and what is done to the folder before it."""

    words: tuple[str, ...]
    prepare: Prepare | None = None
    answers: tuple[int, ...] = (0,)  # the exit codes of a step without a fault


def hours(folder: Path) -> None:
    """A time sheet."""
    rows = "".join(f"2026-11-{day:02},{day / 10},80,USD,ml engineer\n" for day in range(1, 21))
    (folder / "hours.csv").write_text(f"date,hours,rate,currency,role\n{rows}", encoding="utf-8")


def _two_histories(folder: Path) -> None:
    """What version control leaves that keeps the lines of both sides: the last two entries follow the same one."""
    from datetime import UTC, datetime

    from tunecase.ledger import Ledger

    path, other = folder / "ledger.jsonl", folder / "theirs.jsonl"
    shutil.copyfile(path, other)
    body = {"note": "an entry of the other side"}
    for side in (path, other):
        Ledger(side).append("record", {**body, "side": side.name}, verb="note", recorded_at=datetime.now(UTC))
    path.write_bytes(path.read_bytes() + other.read_bytes().splitlines(keepends=True)[-1])
    other.unlink()


def _served(folder: Path) -> None:
    """Names the model that SERVED_AT answers for, and how it is paid."""
    named = f"{{model: gpt-6-luna, endpoint: '{os.environ[SERVED_AT]}', key_variable: {SERVED_AT}}}"
    with (folder / "tunecase.yaml").open("a", encoding="utf-8") as file:
        file.write(f"alternatives:\n  prompt_hosted: {named}\n")


ASKED = (
    Step(("audit",), _served, (0, 1)),
    Step(
        ("pilot", "--trainer", "probe", "--workers", "1", "--candidates", "none", "--hosted", "gpt-6-luna", "--yes"),
        answers=(0, 1),
    ),
)
SHORT = (
    Step(("spend", "add", "12.50", "USD", "--line", "gpu", "--json")),
    Step(("spend", "import", "timesheet", "hours.csv"), hours),
    Step(("ledger", "rechain"), _two_histories),
    Step(("label", "--trial", "20")),
    Step(("prices", "--update", "vms.csv", "--date", "2026-11-20"), lambda folder: _catalog(folder)),
)
LONG = (
    Step(("define",), answers=(0, 1)),
    Step(("audit",), answers=(0, 1)),
    Step(("audit", "--fix", "cleaned"), answers=(0, 1)),
    Step(("audit", "--fix", "cleaned", "--force"), answers=(0, 1)),
    Step(("audit", "--next", "10", "--pool", "pool.jsonl"), lambda folder: _pool(folder), (0, 1)),
    Step(("pilot", "--trainer", "probe", "--workers", "1", "--candidates", "none"), answers=(0, 1)),
    Step(("forecast",), answers=(0, 1)),
    Step(("estimate",), answers=(0, 1)),
    Step(("decide",), answers=(0, 1)),
    Step(("approve", "100 USD", "--by", "Ines", "--beyond"), answers=(0, 1)),
    *SHORT,
    Step(("books",), answers=(0, 1)),
    Step(("report",), answers=(0, 1)),
    Step(("run",), answers=(0, 1)),
)


def _catalog(folder: Path) -> None:
    head = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice"
    (folder / "vms.csv").write_text(f"{head}\ngpu_1x_h100,H100,1,26,200,2.49,us-west-1,,\n", encoding="utf-8")


def _pool(folder: Path) -> None:
    lines = (folder / "train.jsonl").read_text(encoding="utf-8").splitlines()[:40]
    rows = [{"text": json.loads(line)["text"] + f" pooled {number}"} for number, line in enumerate(lines)]
    (folder / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a forked command ended: its code, None where it was still running, what it printed, and its seam's counts."""

    code: int | None
    out: str
    err: str
    calls: Counter[str]
    hit: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Point:
    """One fault: at which step, of which kind, at which call, and whether it lasts."""

    step: int
    kind: str
    nth: int
    lasting: bool = False


@dataclass(slots=True)
class Road:
    """The steps, the case as it was before each of them, and how each ends without a fault."""

    folder: Path
    steps: Sequence[Step]
    before: list[Path] = field(default_factory=list)
    clean: list[Ran] = field(default_factory=list)
    made: list[frozenset[str]] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)

    def walk(self) -> None:
        """Makes every step without a fault, and keeps the case before each."""
        import_all()
        case = self.folder / "case"
        for room in ("case", "tmp", "cache"):
            (case / room).mkdir(parents=True)
        case_folder(case / "case", train_rows=60, test_rows=48)
        for number, step in enumerate(self.steps):
            if step.prepare:
                step.prepare(case / "case")
            self.before.append(self.folder / f"before-{number}")
            shutil.copytree(case, self.before[-1])
            ran = self.ran(case, step.words, Seam(self._roots(case)))
            assert ran.code in step.answers, (step.words, ran)
            self.clean.append(ran)
            self.made.append(files_of(case))
            self.entries.append(len(lines_of(case)))

    def _roots(self, case: Path) -> tuple[str, ...]:
        return tuple(str(case / room) for room in ("case", "tmp", "cache"))

    def points(
        self, kinds: Sequence[str] = tuple(KINDS), most_calls: int = 0, most_reads: int = 10**9
    ) -> Iterator[Point]:
        """The faults of every step: each call that writes or names a file, evenly spread ones of the others.

        Args:
            most_calls: of the calls of tunecase's functions, in each step and of each kind.
            most_reads: of the points of kinds that count reads, in each step and of each kind.
        """
        for number in range(len(self.steps)):
            for kind in kinds:
                total = sum(self.clean[number].calls[what] for what in KINDS[kind][0])
                most = most_reads if "read" in KINDS[kind][0] else total
                first = 1
                if kind.endswith("at a call"):
                    total, most, first = self.calls_of(number) - FIRST_CALL + 1, most_calls, FIRST_CALL
                count = min(total, most)
                yield from (Point(number, kind, first + n * total // count) for n in range(count))
                if kind in ("full disk", "not permitted"):
                    yield from (Point(number, kind, nth, True) for nth in range(1, total + 1))

    def calls_of(self, number: int) -> int:
        """How many calls of tunecase's functions a step makes."""
        case = self._fresh(number)
        ran = self.ran(case, self.steps[number].words, Seam(self._roots(case), "memory at a call", 0))
        return ran.calls["call"]

    def _fresh(self, number: int) -> Path:
        case = self.folder / "case"
        shutil.rmtree(case)
        shutil.copytree(self.before[number], case)
        return case

    def faults_of(self, point: Point, again: bool = True) -> list[str]:
        """What is wrong after one fault; empty where all is as it should be, or the fault was never reached."""
        step, case = self.steps[point.step], self._fresh(point.step)
        known = lines_of(case)
        seam = Seam(self._roots(case), point.kind, point.nth, point.lasting)
        most_s = max(LEAST_S, SLOWER * self.clean[point.step].seconds)
        ran = self.ran(case, step.words, seam, most_s)
        if not ran.hit and ran.code is not None:
            return []
        entries = 0 if point.kind == "connection lost" else self.entries[point.step]  # what was not asked is not kept
        wrong = [*_ending(ran, point, step), *_kept(case, ran, known, entries)]
        expected = self.made[point.step] | files_of(self.before[point.step])
        if point.kind != "not permitted" or not point.lasting:
            wrong += stray(case, expected)
        after = self.ran(case, ("ledger", "verify"), Seam(()))
        if after.code not in (0, 2) or (after.code == 2 and step.words[1] != "rechain"):
            wrong.append(f"the case does not open: {after.code} {after.err[-300:]}")
        if again:
            for name in files_of(case) - expected:
                os.utime(case / name, (time.time() - LATER_S,) * 2)
            once_more = self.ran(case, step.words, Seam(()))
            codes = (*step.answers, 2) if ran.code in (0, 1) or step.words[0] == "audit" else step.answers
            if once_more.code not in codes:
                wrong.append(
                    f"the case does not open: the same again ends with {once_more.code} {once_more.err[-300:]}"
                )
            # A trial that failed in a folder is given out in another one: nothing writes there again.
            wrong += [f"again: {word}" for word in stray(case, expected) if "/label-trial/" not in word]
        return wrong

    def ran(self, case: Path, words: Sequence[str], seam: Seam, most_s: float = LIMIT_S) -> Ran:
        """A command in a forked process whose working folder is the case."""
        out, err, told = (self.folder / name for name in ("out", "err", "told"))
        began = time.monotonic()
        child = forked(case, words, seam, out, err, told)
        status = _status(child, began + most_s)
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in (out, err)]
        known = json.loads(told.read_text(encoding="utf-8") or "{}") if told.exists() else {}
        told.unlink(missing_ok=True)
        seconds = time.monotonic() - began
        return Ran(status, texts[0], texts[1], Counter(known.get("calls", {})), known.get("hit", True), seconds)


def forked(case: Path, words: Sequence[str], seam: Seam, out: Path, err: Path, told: Path) -> int:
    """Begins a command in a forked process, in a process group of its own, and gives its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads, which the parent has not
        child = os.fork()
    if child == 0:
        os.setpgrp()
        _child(case, words, seam, out, err, told)
    return child


def _child(case: Path, words: Sequence[str], seam: Seam, out: Path, err: Path, told: Path) -> None:
    code: Any = 70
    try:
        os.environ.update(TMPDIR=str(case / "tmp"), TUNECASE_CACHE=str(case / "cache"), HF_HUB_OFFLINE="1")
        os.environ["XDG_STATE_HOME"] = str(case / "state")
        import tempfile

        tempfile.tempdir = str(case / "tmp")
        os.chdir(case / "case")
        for number, path in ((1, out), (2, err)):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(handle, number)
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(n, "w", closefd=False)) for n in (1, 2))
        sys.argv = ["tunecase", *words]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from tunecase import cli
        from tunecase.flow import Flow

        Flow.DRAWS = DRAWS
        try:
            with injected(seam):
                cli.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1 if end.code else 0
        except BaseException:  # noqa: BLE001  as an interpreter would end
            import traceback

            traceback.print_exc(file=sys.stderr)
            code = 70
        sys.stdout.flush()
        sys.stderr.flush()
        told.write_text(json.dumps({"calls": seam.calls, "hit": seam.hit}), encoding="utf-8")
    finally:
        os._exit(code)


def _status(child: int, until: float) -> int | None:
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.002)


def _ending(ran: Ran, point: Point, step: Step) -> Iterator[str]:
    said = ran.out + ran.err
    if ran.code is None:
        yield f"it hangs: ended after {ran.seconds:.0f} s"
        return
    allowed = {*step.answers, 2, 3} | ({130} if point.kind.startswith("Ctrl-C") else set())
    if ran.code not in allowed:
        yield f"exit code {ran.code}"
    if "Traceback (most recent call last)" in said:
        yield f"a traceback: {said[-400:]}"
    if "tunecase failed:" in said:
        yield f"unforeseen: {said[:300]}"
    if ran.code not in step.answers and not said.strip():
        yield "not a word"


def _kept(case: Path, ran: Ran, known: Sequence[bytes], entries: int) -> Iterator[str]:
    """Entries that were there are there, in any order; of a step that says it is done, its own too."""
    lines = lines_of(case)
    if lost := Counter(map(id_of, known)) - Counter(map(id_of, lines)):
        lost_ids = set(map(id_of, lines))
        if any(each not in lost_ids for each in lost):
            yield f"lost: {len(lost)} entries that were there"
    if ran.code in (0, 1) and len(lines) < entries:
        yield f"lost: {entries - len(lines)} entries of a step that ended with {ran.code}"
    if (
        ran.code not in (0, 1)
        and len(lines) > len(known)
        and b'"verb":"spend"' in lines[-1]
        and "booked" not in ran.out + ran.err
    ):
        yield f"unsaid: booked, and the exit code is {ran.code}: {(ran.out + ran.err)[-300:]}"


def id_of(line: bytes) -> bytes:
    """The beginning of an entry's id; the line itself where it has none."""
    return line.partition(b'"id":"')[2][:12] or line


def lines_of(case: Path) -> list[bytes]:
    """The lines of a case's ledger."""
    path = case / "case" / "ledger.jsonl"
    return [line for line in path.read_bytes().split(b"\n") if line] if path.exists() else []


def files_of(case: Path) -> frozenset[str]:
    """Every file and folder under a case."""
    return frozenset(path.relative_to(case).as_posix() for path in case.rglob("*"))


def stray(case: Path, expected: frozenset[str]) -> Iterator[str]:
    """Scratch that lies about, besides the files that are expected."""
    for name in sorted(files_of(case) - expected):
        if any(mark in Path(name).name for mark in SCRATCH) or (
            name.startswith("tmp/") and "tunecase-crash" not in name
        ):
            yield f"stray: {name}"


def import_all() -> None:
    """Loads what commands load, so that a forked process begins at once."""
    import gc
    import importlib
    import pkgutil

    import tunecase

    for module in pkgutil.walk_packages(tunecase.__path__, "tunecase."):
        if not module.name.startswith(("tunecase.pilot.trainers", "tunecase.__main__", "tunecase.callback")):
            importlib.import_module(module.name)
    for name in ("sklearn.linear_model", "sklearn.feature_extraction.text", "sklearn.model_selection", "scipy.stats",
                 "scipy.optimize", "scipy.sparse", "scipy.special", "rensa", "jinja2", "rich.console", "rich.table",
                 "rich.live", "yaml", "filelock", "xxhash", "threadpoolctl", "tokenizers"):  # fmt: skip
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or a forked process would copy it all as it looks for garbage


def sampled(points: Sequence[Point], count: int, seed: int) -> list[Point]:
    """Some of the points, the same for the same seed."""
    return random.Random(seed).sample(list(points), min(count, len(points)))
