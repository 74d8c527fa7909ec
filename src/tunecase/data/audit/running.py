"""Where an audit runs, in how much memory, and where its shards lie while it does."""

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase.data.reading.blocks import fingerprint, text_bytes, total_bytes
from tunecase.data.shards import MemoryStore, Shard, Stages
from tunecase.data.shards.places import shown
from tunecase.data.shards.probe import check_nodes_see
from tunecase.data.shards.room import size_words
from tunecase.data.shards.scratch import Scratch
from tunecase.data.shards.stages import Means
from tunecase.data.shards.trust import Plan
from tunecase.engine import Engine, memory_plan, workers_held
from tunecase.errors import InputError, TunecaseError
from tunecase.version import __version__

LARGE_BYTES = 24_000_000  # of text; from here on an audit is worth processes of its own and shards that outlive it
# Scratch that shards take: for each row, and for each byte of text (shingles, 4 bytes a word, and band keys aside).
ROW_BYTES, TEXT_SHARE = 580, 0.8
# A task that sorts or compares takes no more memory than that, unless there would be very many of them.
TASK_BYTES, MOST_TASKS = 256_000_000, 64
TOLD_BYTES = 1_000_000_000  # of scratch, from which on it is told before it is written
READING = ("test", "production", "train")
STAGES = {
    "test": "Reading the test", "production": "Reading production", "train": "Reading", "same": "Equal texts",
    "meet": "Near copies: candidates", "carry": "Near copies: texts", "compare": "Near copies: comparing",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Running:
    """Where an audit runs and what it may use.

    Args:
        engine: "local" (this machine) or "ray".
        address: of a Ray cluster; see `engine.run_tasks`.
        scratch: a folder, or the URI of an object store, for what is worked out on the way; None is the cache folder of
            this machine.
        memory_bytes: what all processes may hold together; None is a quarter of what is free.
        workers: how many tasks run at once; None is as many as cores and memory allow, on a cluster as it has cores.
        partitions: see `Means`.
    """

    engine: Engine = "local"
    address: str | None = None
    scratch: str | None = None
    memory_bytes: int | None = None
    workers: int | None = None
    partitions: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an audit is.

    Args:
        stage, place, of: what is done now, in words, and which stage of how many that is.
        done, total: tasks of the stage.
        rows, rows_per_s: read so far, of all files, and how fast; 0 before anything was read.
        bytes_left: of the file that is read; None where nobody knows, and in other stages.
        left_s: about how long the stage still takes; None where nobody knows.
        taken_up: True once, where shards of an earlier audit are taken up.
        room: once, before anything is read: about how much is written where, in words; "" below a gigabyte.
    """

    stage: str
    place: int
    of: int
    done: int
    total: int
    rows: int = 0
    rows_per_s: float = 0.0
    bytes_left: int | None = None
    left_s: float | None = None
    taken_up: bool = False
    room: str = ""


Watcher = Callable[[Progress], None]


@contextlib.contextmanager
def begun(
    running: Running, files: Mapping[str, Path], what: Sequence[Any], row_bytes: float, watch: Watcher | None
) -> Iterator[Stages]:
    """The stages of an audit: in this process and its memory for small files, else over shards in a scratch folder.

    Args:
        files: that are read, by the name of the stage that does, in its order.
        what: all that the shards depend on besides the files; two audits with equal ones share shards.
        row_bytes: about how long a row of the training file is [bytes].
        watch: follows the work.
    Raises: InputError for too little memory or a scratch that cannot be used; TunecaseError where its disk has no room,
        where nodes of a cluster do not see it, and for whatever else the world refuses while the audit works.
    """
    paths = list(files.values())
    texts = sum(map(text_bytes, paths))
    pace = Pace(watch, {stage: total_bytes(path) for stage, path in files.items()})
    if running == Running() and texts < LARGE_BYTES:
        try:
            yield Stages(MemoryStore(), tell=pace.tell)
        except KeyboardInterrupt as stop:
            stop.add_note("Stopped. Nothing is kept of the audit of a small file: run it again.")
            raise
        return
    memory_plan(running.memory_bytes)  # refuses too little before anything is opened
    need = int(texts * TEXT_SHARE + texts / max(row_bytes, 1.0) * ROW_BYTES)
    scratch = Scratch.open(running.scratch, _key(files, what), paths, need, pace.waits)
    if need >= TOLD_BYTES:
        pace.begins(f"about {size_words(need)} in {shown(scratch.store.place.rpartition('/')[0])}")
    if running.engine == "ray":
        pace.waits("Starting Ray" if running.address is None else "Reaching the cluster")
    with _ended(scratch, pace), workers_held(running.engine, running.address):
        if running.engine == "ray" and running.address is not None:
            check_nodes_see(scratch.store, paths, running.address)
        yield Stages(scratch.store, _means(running, need, scratch), pace.tell, scratch.touch)


def _means(running: Running, need_bytes: int, scratch: Scratch) -> Means:
    """What tasks may use: as the audit that began in a scratch settled it, where that still fits."""
    settled = scratch.plan
    plan = memory_plan(running.memory_bytes, running.workers, settled.task_bytes)
    task_bytes = min(plan.task_bytes, max(settled.task_bytes or TASK_BYTES, need_bytes // MOST_TASKS))
    partitions = running.partitions or settled.partitions
    scratch.settle(Plan(task_bytes, partitions))
    workers = running.workers if running.engine == "ray" else plan.workers
    return Means(workers, task_bytes, running.engine, running.address, partitions)


@contextlib.contextmanager
def _ended(scratch: Scratch, pace: "Pace") -> Iterator[None]:
    """Ends a scratch with the work: what is finished is kept where the same command could go on with it.

    That is after interrupts and failures of the world, which are told with where and how much is kept; after mistakes
    of the user's and bugs of ours everything goes.
    """
    keep = True
    try:
        yield
        keep = False
    except InputError:
        keep = False
        raise
    except TunecaseError as error:
        kept = scratch.kept
        keep = bool(kept)
        error.args = (f"{error}\n{kept}".rstrip(), *error.args[1:])
        raise
    except (MemoryError, OSError) as error:
        raise TunecaseError(f"{_of_the_world(error)}\n{scratch.kept}".rstrip()) from error
    except Exception:
        keep = False
        raise
    except KeyboardInterrupt as stop:
        if pace.rows:
            stop.add_note(f"interrupted; the same command goes on from row {pace.rows:,}")
            stop.add_note(scratch.kept)
        raise
    finally:
        scratch.close(keep=keep)


def _of_the_world(error: MemoryError | OSError) -> str:
    if isinstance(error, MemoryError):
        fix = "give each task less with --memory, or run fewer at once with --workers"
        return f"Memory ran out while the audit worked.\nFix: {fix}; the same command goes on from there"
    where = f"{error.filename}: " if error.filename else ""
    fix = "see that it is there and may be read and written; the same command goes on from there"
    return f"{where}this machine refused it while the audit worked ({error.strerror or error}).\nFix: {fix}"


def _key(files: Mapping[str, Path], what: Sequence[Any]) -> str:
    """Names all that shards depend on; which file is the training and which the test is part of that."""
    body = repr(([(stage, fingerprint(path)) for stage, path in files.items()], list(what), __version__))
    return hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()


class Pace:
    """Tells how far the stages are, how fast rows are read and what is left.

    Args:
        watch: is told.
        sizes: of the file that each reading stage reads [bytes], None where it is empty, in the order of the stages.
    """

    def __init__(self, watch: Watcher | None, sizes: Mapping[str, int | None]) -> None:
        self.watch, self.sizes = watch, sizes
        self.order = [*sizes, *(stage for stage in STAGES if stage not in READING)]
        self.rows = self.new_rows = 0
        self.stage, self.bytes_done = "", 0
        # When the first new shard of the stage came, and the tasks and rows then: starting processes is no work.
        self.first: tuple[float, int, int] | None = None

    def begins(self, room: str) -> None:
        """Scratch is open, and so much will be written there."""
        if self.watch is not None:
            self.watch(Progress("Opening the scratch", 1, len(self.order), 0, 0, room=room))

    def waits(self, words: str) -> None:
        """Nothing is done before something else has ended."""
        if self.watch is not None:
            self.watch(Progress(words, 1, len(self.order), 0, 0))

    def tell(self, stage: str, done: int, total: int, shards: Sequence[Shard], taken_up: bool) -> None:
        """So many tasks of a stage are done, with these shards as the last; see `Stages`."""
        now_s = time.perf_counter()
        if stage != self.stage:
            self.stage, self.bytes_done, self.new_rows, self.first = stage, 0, 0, None
        reads = stage in self.sizes
        for shard in shards if reads else ():
            facts = shard.facts
            self.rows += facts["records"]
            self.new_rows += 0 if taken_up else facts["records"]
            self.bytes_done = max(self.bytes_done, facts["bytes_done"])
        if not taken_up and self.first is None:
            self.first = now_s, done, self.new_rows
        if self.watch is None:
            return
        begun_s, first_done, first_rows = self.first or (now_s, done, self.new_rows)
        took_s, new = now_s - begun_s, done - first_done
        left_s = took_s / new * (total - done) if new > 0 and took_s > 0 else None
        place = self.order.index(stage) + 1 if stage in self.order else len(self.order)
        size = self.sizes.get(stage)
        left_bytes = max(size - self.bytes_done, 0) if size else None
        speed = (self.new_rows - first_rows) / took_s if reads and took_s > 0 else 0.0
        words = STAGES.get(stage, stage)
        self.watch(Progress(words, place, len(self.order), done, total, self.rows, speed, left_bytes, left_s, taken_up))
