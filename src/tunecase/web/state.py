"""The pilot of a case as it stands: its runs from the ledger, and what the process that makes them tells."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path, PurePath

from tunecase import catalog
from tunecase.errors import InputError, TunecaseError
from tunecase.flow import pilot_is_under_way
from tunecase.ledger import Entry, Ledger
from tunecase.project import Project, read_project, read_score
from tunecase.quantities import counted, one_line
from tunecase.records import Pilot, Run, from_json
from tunecase.web.pilots import PilotProcess
from tunecase.web.views import LiveRun, PilotState

# What learners are called that no model's name says more of, by the names that runs and candidates bear.
LEARNERS = {
    "probe": "word counts", "n-grams": "word counts", "nearest": "the nearest example", "command": "your own trainer",
    "simulated": "simulated",
}  # fmt: skip
MOST_FAILED = 200  # characters of why a run failed


@dataclass(frozen=True, slots=True)
class _Held:
    """What the ledger holds of a pilot: the runs on the data of the last one, when each was booked, the last record."""

    runs: Sequence[Run] = ()
    moments: Sequence[datetime] = ()
    last_run: datetime | None = None
    record: Pilot | None = None
    recorded: datetime | None = None


def pilot_state(project: Path, process: PilotProcess | None, today: date) -> PilotState:
    """The pilot of the case at a project file.

    Runs are those of the data and settings that the last run in the ledger was made for. Of several processes only the
    one that was started here tells how much is left; of a pilot in a terminal the runs alone are seen.

    Args:
        project: the project file.
        process: the pilot that was started here last, running or not.
        today: as of which day the project file is checked.
    """
    fault = process.fault if process is not None else ""
    read: Project | None = None
    held, elsewhere = _Held(), False
    try:
        ledger = Ledger(project.with_name("ledger.jsonl"))
        read = read_project(project, catalog.names(), None, today)
        held = _held(ledger)
        elsewhere = (process is None or not process.is_running) and pilot_is_under_way(ledger)
    except (TunecaseError, OSError) as error:
        fault = _fault_of(project, error)
    return _with_id(_state(read, held, process, elsewhere, fault))


def _fault_of(project: Path, error: Exception) -> str:
    return gone_words(project) if not project.parent.is_dir() else str(error)


def gone_words(project: Path) -> str:
    """That the folder of a case is no longer there, and what to do."""
    return (
        f"{project.parent}: no such folder any more; wanted the case that was served from it.\n"
        "Put the folder back, or serve the one that it was moved to."
    )


def _held(ledger: Ledger) -> _Held:
    entries = list(ledger.entries_of("run", "pilot"))
    latest = ledger.latest("record", "pilot")
    kept = [entry for entry in entries if _key(entry) == _key(entries[-1])]
    runs: Sequence[Run] = [from_json(Run, entry.body) for entry in kept]
    first = {run.key: entry.recorded_at for run, entry in zip(reversed(runs), reversed(kept), strict=True)}
    record = _record(latest)
    if not runs and record is not None:
        runs = record.runs
    return _Held(
        list({run.key: run for run in runs}.values()), list(first.values()),
        entries[-1].recorded_at if entries else None, record, None if latest is None else latest.recorded_at,
    )  # fmt: skip


def _key(entry: Entry) -> str:
    return str(entry.meta.get("key", ""))


def _record(entry: Entry | None) -> Pilot | None:
    try:
        return None if entry is None else entry.record()
    except InputError:  # of another version
        return None


def _state(
    project: Project | None, held: _Held, process: PilotProcess | None, elsewhere: bool, fault: str
) -> PilotState:
    runs = tuple(map(_live, held.runs))
    can_stop = process is not None and process.is_running
    return PilotState(
        id="", is_running=can_stop or elsewhere, can_stop=can_stop, runs=runs, planned=_planned(held, process),
        left_s=_left_s(process), spent_usd=sum((run.usd for run in runs), 0.0),
        cap_usd=None if process is None else process.asked.max_usd,
        metric=_metric(project, held.record), target=_target(project), said=_said(held, process, elsewhere),
        fault=fault,
    )  # fmt: skip


def _live(run: Run) -> LiveRun:
    score = None if run.failed else run.score
    return LiveRun(
        run.key, run.n, score, run.seconds, run.usd or 0.0, _learner(run), run.draw, one_line(run.failed, MOST_FAILED)
    )


def _learner(run: Run) -> str:
    if run.trainer in LEARNERS or not run.model:
        return LEARNERS.get(run.trainer, run.trainer)
    name = one_line(PurePath(run.model).name, 60)
    return f"{name}, tuned" if run.trainer == "encoder-tuned" else name


def _planned(held: _Held, process: PilotProcess | None) -> int | None:
    """The runs that are there once all are made: those in the ledger may be more than those of this pilot.

    A run that was booked after the process told how many are left is one of those.
    """
    if process is None or "total" not in process.told:
        return None
    told_at = process.told.get("at")
    later = 0 if told_at is None else sum(at > datetime.fromisoformat(told_at) for at in held.moments)
    made = len(held.runs) - (0 if process.returned == 0 else later)
    return made + (0 if process.returned == 0 else max(0, int(process.told["total"]) - int(process.told["done"])))


def _left_s(process: PilotProcess | None) -> float | None:
    """What is left, where the process has timed a run already."""
    if process is None or not process.is_running or not process.told.get("done"):
        return None
    left = process.told.get("left_s")
    return None if left is None else float(left)


def _metric(project: Project | None, record: Pilot | None) -> str:
    if record is not None:
        return record.metric
    stated = project.problem.metric if project is not None else None
    return catalog.metric(stated).name if stated else ""


def _target(project: Project | None) -> float | None:
    stated = project.problem.target if project is not None else None
    return None if stated is None else read_score(stated)


def _said(held: _Held, process: PilotProcess | None, elsewhere: bool) -> str:
    if process is not None and process.is_running:
        return _doing(process)
    if elsewhere:
        return "A pilot of this case runs in a terminal; it is stopped there, with Ctrl-C."
    made = counted(len(held.runs), "run")
    if process is not None and process.is_stopping:
        return f"Stopped. {made} are kept; a new start takes them over." if held.runs else "Stopped before a run."
    if not held.runs:
        return ""
    whole = held.recorded is not None and (held.last_run is None or held.recorded >= held.last_run)
    if not whole:
        return f"The pilot did not come to its end. {made} are kept; a start takes them over."
    stopped = held.record.stopped if held.record is not None else ""
    return f"The pilot is at its end.{f' It {one_line(stopped, 300)}.' if stopped else ''}"


def _doing(process: PilotProcess) -> str:
    told = process.told
    if process.is_stopping:
        return "It stops; what is finished is kept."
    if "total" not in told:
        return one_line(str(told["fetching"]), 300) if "fetching" in told else "It reads the data and gets ready."
    candidate = str(told.get("candidate") or "")
    what = f" of {one_line(LEARNERS.get(candidate, candidate), 60)}" if candidate else ""
    now = f", {one_line(str(told['now']), 60)}" if told.get("now") else ""
    return f"Run {min(int(told['done']) + 1, int(told['total']))} of {told['total']}{what}{now}."


def _with_id(state: PilotState) -> PilotState:
    return replace(state, id=hashlib.sha256(repr(state).encode()).hexdigest()[:16])
