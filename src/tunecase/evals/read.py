"""Reads the log of an evaluation, whatever tool wrote it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tunecase.errors import InputError, Problem, TunecaseError, refuse_any
from tunecase.evals.inspect_ai import inspect_log
from tunecase.evals.lighteval import lighteval_log
from tunecase.evals.lm_eval import lm_eval_log
from tunecase.evals.log import Asked, Log
from tunecase.evals.oaieval import oaieval_log
from tunecase.evals.trackio import trackio_log

READERS: tuple[Callable[[Path, Asked], Log | None], ...] = (
    inspect_log, trackio_log, lighteval_log, lm_eval_log, oaieval_log,
)  # fmt: skip
FORMATS = (
    "a samples_*.jsonl of lm-evaluation-harness or its folder, a details_*.parquet of lighteval or its folder, "
    "an .eval or .json of Inspect, the events of oaieval, a PROJECT.db of Trackio"
)
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib")


def read_log(place: Path, asked: Asked, *, shown: str = "") -> Log:
    """The log at a place, by the first of READERS whose format it is.

    Args:
        place: a file or folder; `::RUN` behind it names a run of a store that holds several.
        asked: what the user says of it.
        shown: what messages call it; the place itself when left out.
    Raises: InputError where it is missing or of no known format, and as its reader; TunecaseError where this machine
        refuses to read it.
    """
    path, _ = _parts(place)
    if not path.exists():
        raise InputError(Problem(str(path), "no such file or folder", FORMATS, "correct the path"))
    found = find_log(place, asked)
    if found is None:
        raise InputError(Problem(str(path), _what(path), FORMATS, "name the log itself, or export it as one of these"))
    if asked.task and found.task and asked.task not in (found.task, found.task.partition("|")[0]):
        raise InputError(Problem(f"{path}: --task {asked.task}", f"the task {found.task}", "this task", "leave it out"))
    return replace(found, place=shown or str(place))


def read_logs(places: Sequence[str | Path], asked: Asked) -> list[Log]:
    """The logs at several places. Raises: as `read_log`, with the mistakes of all of them."""
    logs, problems = [], list[Problem]()
    for place in places:
        try:
            logs.append(read_log(Path(place), asked))
        except InputError as error:
            problems += error.problems
    refuse_any(problems)
    return logs


def find_log(place: Path, asked: Asked) -> Log | None:
    """The log at a place; None where it holds none that is known.

    Raises: as `read_log`, for a log that cannot be read.
    """
    path, run = _parts(place)
    asked = replace(asked, run=run) if run else asked
    try:
        return next((log for reader in READERS if (log := reader(path, asked)) is not None), None)
    except OSError as error:
        why = f"{path} could not be read ({error.strerror or error})"
        raise TunecaseError(f"{why}.\nFix: check that the file is there and may be read") from error


def _parts(place: Path) -> tuple[Path, str]:
    if "::" not in place.name or place.exists():
        return place, ""
    name, _, run = place.name.partition("::")
    return place.with_name(name), run


def _what(path: Path) -> str:
    if path.is_dir():
        return "a folder without any log that is known here"
    if path.suffix.lower() in PICKLES:
        return "a pickle, which could run code and is never opened"
    return "a file of no format that is known here"
