"""The cases below a folder, each as its ledger tells it: nothing is worked out anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase import flow
from tunecase.errors import TunecaseError
from tunecase.quantities import one_line

PROJECT_FILE = "tunecase.yaml"
MOST_CASES = 100
MOST_FOLDERS = 5_000  # that are looked into
DEEPEST = 5  # folders below the first
PASSED_BY = {"node_modules", "__pycache__", "site-packages", "venv"}
VERBS = ("define", "audit", "estimate", "pilot", "forecast", "decide", "next", "approve", "books", "report")


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases found, as plain values, and what was not looked at; empty where all was."""

    cases: tuple[dict[str, Any], ...]
    left_out: str = ""


def cases_below(folder: Path) -> Cases:
    """The cases of a folder and of those below it, links not followed, in the order of their paths."""
    found: list[Path] = []
    for looked, place in enumerate(_folders(folder, 0), start=1):
        if (place / PROJECT_FILE).is_file():
            found.append(place / PROJECT_FILE)
        if len(found) > MOST_CASES or looked >= MOST_FOLDERS:
            words = f"only the first {MOST_CASES} cases" if len(found) > MOST_CASES else f"only {looked:,} folders"
            return Cases(_told(found[:MOST_CASES]), f"{words} were looked at.")
    return Cases(_told(found))


def _told(paths: list[Path]) -> tuple[dict[str, Any], ...]:
    return tuple(_case(path) for path in sorted(paths))


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    yield folder
    if depth == DEEPEST:
        return
    try:
        inside = sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())
    except OSError:  # it may not be read, or is gone by now
        return
    for one in inside:
        if not one.name.startswith(".") and one.name not in PASSED_BY:
            yield from _folders(one, depth + 1)


def _case(path: Path) -> dict[str, Any]:
    """A case in plain values: its project file, name, last answer, and the day of each verb's last record."""
    row: dict[str, Any] = {
        "project": path.as_posix(),
        "name": path.parent.name,
        "answer": "",
        "on_file": {},
        "fault": "",
    }
    try:
        case = flow.open_case(path)
        case.writes = False
        entries = {verb: case.ledger.latest("record", verb) for verb in VERBS}
        row["name"] = case.project.name or path.resolve().parent.name
        row["on_file"] = {verb: f"{one.recorded_at:%Y-%m-%d}" for verb, one in entries.items() if one is not None}
        row["answer"] = _answer(case)
    except (TunecaseError, OSError) as error:
        row["fault"] = one_line(str(error), 200)
    return row


def _answer(case: "flow.Flow") -> str:
    """What the last decision advises, whether it still holds or not; empty without one."""
    from tunecase.accounts import account

    decided = case.last_records().get("decide")
    return "" if decided is None else account("decide", decided).answer
