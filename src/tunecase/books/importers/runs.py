"""Runs of one's own as charges: what the callback kept, trainer states of Hugging Face, and the pilot's own runs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tunecase.books.importers.charge import Brought, SpendAsked, digest_of
from tunecase.books.importers.run_hours import ON_CPU, TimedRun, run_charges
from tunecase.books.meter import METER_SOURCE, STATE_FILE, Attempt, read_state
from tunecase.errors import InputError, Problem
from tunecase.io.trackers import finite, last_states, output_folder, states, tracked_run
from tunecase.records import Run

FREE = "free by the pilot's own price of an hour"
NO_TIME = "without train_runtime: it did not end, or its summary was not saved"
NOTHING = "that took nothing"
ALIVE_S = 600.0
ALIVE = "perhaps still running: seen alive within the last ten minutes"
HOSTED = "hosted"


def spent_runs(place: str, asked: SpendAsked) -> Brought:
    """What the callback and trainer states below a place tell, or the case's own pilot where no place is named.

    Where the callback kept what each attempt of a training took, that is booked, killed attempts too: as the callback
    books it, so that what it booked already is known. The trainer states beside it tell the same hours, and are passed
    over.

    Of a state: hours = train_runtime / 3600, by the state with the most steps; its day is that of the file, or
    `asked.on` (a copied file may have lost it). Of a pilot's run: its own seconds, ended when the ledger took it in;
    what it cost by the pilot's price of an hour comes before the book's.

    Raises: InputError where no run can be read, a run's GPU is not known, or more folders lie below the place than are
        searched: a part is not booked.
    Leaves out: runs on a processor and free ones, counted; the earlier sessions of a run that was taken up again, of
    whose time the state keeps only the last.
    """
    if not place:
        runs = [_piloted(at, run) for at, run in asked.piloted()]
        if not runs:
            fix = "run `tunecase pilot`, or name the folder of the runs"
            raise InputError(Problem("spend import runs", "no pilot in the ledger", "runs that were made", fix))
        return run_charges(runs, asked, "runs", "the pilot")
    path, name = Path(place), Path(place).name or place
    kept, files = _files(path)
    if not files and not kept:
        got = "no trainer_state.json below it" if path.is_dir() else "no such file or folder"
        raise InputError(Problem(place, got, "a trainer_state.json or a folder of runs", "name the output folder"))
    trained = [_state_run(body, file, folder, path, asked) for folder, (file, body) in last_states(files).items()]
    metered = run_charges(_metered(kept), asked, METER_SOURCE, name)
    others = run_charges(trained, asked, "runs", name)
    return Brought(
        (*metered.spendings, *others.spendings), metered.rows + others.rows, metered.filtered + others.filtered,
        (*metered.left_out, *others.left_out), (*metered.notes, *others.notes),
    )  # fmt: skip


def _files(path: Path) -> tuple[list[Path], list[Path]]:
    """What the callback kept at a path, and the trainer states without it beside them.

    Raises: InputError for a folder with more folders below it than are searched.
    """
    if path.is_dir():
        trained, metered = states(path), states(path, STATE_FILE)
        if trained.cut:
            fix = "name the folder that holds the runs of this project alone"
            raise InputError(Problem(path.name, trained.cut, "a folder that is read whole: a part is not booked", fix))
        files, kept = sorted(trained.files), set(metered.files)
    else:
        files = [path] if path.is_file() else []
        kept = {path} if path.name == STATE_FILE else set()
    kept |= {beside for file in files if (beside := output_folder(file) / STATE_FILE).is_file()}
    return sorted(kept), [file for file in files if output_folder(file) / STATE_FILE not in kept]


def _metered(files: Sequence[Path]) -> list[TimedRun]:
    """One run for each attempt that the callback kept; one that several files know as the one says that saw most."""
    longest: dict[str, tuple[str, Attempt]] = {}
    for meter in filter(None, map(read_state, files)):
        for attempt in meter.attempts:
            if attempt.id not in longest or longest[attempt.id][1].seconds < attempt.seconds:
                longest[attempt.id] = (meter.run, attempt)
    return [_attempted(run, attempt) for run, attempt in longest.values()]


def _attempted(run: str, attempt: Attempt) -> TimedRun:
    """An attempt as a run; one that neither ended nor is long gone is not counted while it may still grow."""
    began, ended = attempt.began.astimezone(UTC), attempt.ended_at.astimezone(UTC)
    usd, hours = Decimal(str(round(attempt.usd, 6))), Decimal(str(attempt.seconds)) / 3600
    is_alive = not attempt.ended and (datetime.now(UTC) - ended).total_seconds() < ALIVE_S
    facts = {"gpu": attempt.gpu, "gpu_count": str(attempt.gpu_count)}
    why = ALIVE if is_alive else NOTHING if attempt.is_free else ""
    return TimedRun(
        attempt.id, run, began, ended, hours, facts, usd=usd, why=why, tags=attempt.tags, row_id=attempt.row_id
    )


def _state_run(body: Mapping[str, Any], file: Path, folder: Path, top: Path, asked: SpendAsked) -> TimedRun:
    run = tracked_run(body, folder, top)
    log = [entry for entry in body["log_history"] if isinstance(entry, dict)]
    runtime = next((finite(entry["train_runtime"]) for entry in reversed(log) if "train_runtime" in entry), 0.0)
    runtime = runtime or finite(run.facts.get("train_runtime"))
    if runtime <= 0:
        return TimedRun(run.name, run.name, facts=run.facts, why=NO_TIME)
    ended = None
    with suppress(OverflowError, ValueError, OSError):  # a file from outside the calendar has no day
        ended = None if asked.on else datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(microsecond=0)
    hours = Decimal(str(runtime)) / 3600
    # The content is the run, whatever the folder is called and whenever it was copied.
    key = digest_of({"log": repr(log), "runtime": str(runtime)})
    return TimedRun(key, run.name, ended=ended, hours=hours, facts=run.facts)


def _piloted(at: datetime, run: Run) -> TimedRun:
    """A run of the pilot; what was asked of a hosted model is evaluation."""
    hours = Decimal(str(run.seconds)) / 3600
    name = f"pilot {run.key[:12]}"
    usd = None if run.usd is None or run.usd <= 0 else Decimal(str(run.usd))
    facts = {"gpu": run.hardware, "gpu_count": str(run.gpus)} if run.gpus else {"gpu": "cpu"}
    why = FREE if run.usd == 0 and run.gpus else ON_CPU if usd is None and not run.gpus else ""
    category = "evaluation" if run.trainer == HOSTED else "gpu"
    began = None
    with suppress(OverflowError):  # seconds that no calendar has, which are refused as hours
        began = at - timedelta(seconds=run.seconds)
    return TimedRun(run.key, name, began, at, hours, facts, usd=usd, why=why, category=category)
