"""The cases of a folder: where they lie, and what the ledger of each says of it, nothing worked out anew."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tunecase import catalog
from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.flow.keys import hash_of
from tunecase.flow.opened import Flow, readable, spent
from tunecase.flow.report import MATERIAL
from tunecase.ledger import Entry, Ledger
from tunecase.project import PROJECT_FILE
from tunecase.quantities import counted, money, one_line, plain_money, plain_share

if TYPE_CHECKING:
    from tunecase.accounts import Material
    from tunecase.blocks import Tone
    from tunecase.records import Plan

MOST_DEPTH = 3  # folders between the folder that is looked through and a case
MOST_CASES = 200
MOST_FOLDERS = 20_000  # looked into; a home folder is no shelf
PASSED_BY = ("node_modules", "__pycache__")  # beside hidden folders, such as .venv
SHOWN = ("define", "audit", "estimate", "pilot", "forecast", "decide")  # verbs whose records an answer is told from
Stamp = tuple[tuple[int, int] | None, ...]


class Found(NamedTuple):
    """The project files below a folder, in the order of their paths, and what was not looked at, in words."""

    projects: tuple[Path, ...]
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Glance:
    """A case as its ledger tells it, in words; an empty text is what is not known.

    `tone` is that of its answer, `spent_share` what is spent of the budget, None without one. `fault` says why the case
    cannot be read: then nothing else is known but its name.
    """

    name: str
    answer: str = ""
    tone: "Tone" = "unknown"
    release: str = ""
    chance: str = ""
    spent: str = ""
    spent_share: float | None = None
    waits_for: str = ""
    fault: str = ""


def find_cases(folder: Path) -> Found:
    """The cases below a folder: folders that hold a project file, at most three folders down.

    Hidden folders, links to folders and those of PASSED_BY are passed by.

    Raises: InputError where there is no such folder.
    """
    if not folder.is_dir():
        fix = "correct the path, or leave it out for the nearest project's folder"
        raise InputError(Problem(str(folder), "no such folder", "a folder with cases", fix))
    found: list[Path] = []
    looked_into = 0
    for place, inside, files in os.walk(folder):
        looked_into += 1
        depth = len(Path(place).relative_to(folder).parts)
        inside[:] = [] if depth >= MOST_DEPTH else sorted(name for name in inside if not _is_passed_by(name))
        if PROJECT_FILE in files:
            found.append(Path(place) / PROJECT_FILE)
        if len(found) > MOST_CASES or looked_into >= MOST_FOLDERS:
            break
    return Found(tuple(found[:MOST_CASES]), _left_out(found, looked_into))


def _is_passed_by(name: str) -> bool:
    return name.startswith(".") or name in PASSED_BY


def _left_out(found: list[Path], looked_into: int) -> str:
    if len(found) > MOST_CASES:
        return f"The first {MOST_CASES} cases are shown; name a folder below this one to see others."
    if looked_into >= MOST_FOLDERS:
        return f"{looked_into:,} folders were looked into; what lies in others is not shown."
    return ""


def stamp_of(project: Path) -> Stamp:
    """What changes whenever a case's project file or ledger does: size and moment of each; None where it is missing."""
    return tuple(size_and_moment(path) for path in (project, project.with_name("ledger.jsonl")))


def size_and_moment(path: Path) -> tuple[int, int] | None:
    """What changes whenever a file does: its size [bytes], and when it was written [ns]; None where it is missing."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns


def glance(project: Path, today: date) -> Glance:
    """What the latest records of a case say, whether they still hold or not; what cannot be read is told, not raised.

    Args:
        project: its project file.
        today: as of which day a project file is checked.
    """
    name = project.parent.resolve().name
    try:
        return _glance(project, today)
    except InputError as error:
        first, more = one_line(str(error.problems[0]), 300), len(error.problems) - 1
        return Glance(name, fault=f"{first} And {counted(more, 'more mistake')}." if more else first)
    except (TunecaseError, OSError) as error:
        return Glance(name, fault=one_line(str(error), 300))


def _glance(path: Path, today: date) -> Glance:
    from tunecase.accounts import Material
    from tunecase.project import read_project

    project = read_project(path, catalog.names(), None, today)
    flow = Flow(path, project, Ledger(path.with_name("ledger.jsonl")), today=today, writes=False)
    last = flow.ledger.fold()
    held = readable({verb: last["record", verb] for verb in SHOWN if ("record", verb) in last})
    material = Material(today=today, project=project, **{MATERIAL[verb]: record for verb, record in held.items()})
    plain = Glance(project.name, **_spent(flow, any(kind == "spend" for kind, _ in last)))
    return replace(plain, **_answer(material, last)) if held else replace(plain, answer="Nothing was worked out yet.")


def _answer(material: "Material", last: Mapping[tuple[str, str], Entry]) -> Mapping[str, Any]:
    from tunecase.accounts import answer

    first = answer(material)
    said = first.verdict
    records = (material.decision, material.estimate)
    plan = next((one.plan for one in records if one is not None and one.plan is not None), None)
    words = " ".join(part for part in (said.lead, said.emphasis, said.rest) if part)
    shown: dict[str, Any] = {"answer": words, "tone": said.tone}
    if plan is not None:
        now = next((tile.value for tile in first.tiles if tile.key == "release"), "0")
        shown["release"] = f"{now} {plan.currency}"
        shown["chance"] = "" if plan.chance is None else plain_share(plan.chance.shown)
    shown["waits_for"] = "nothing" if _is_settled(last, plan) else first.choices[0]
    return shown


def _is_settled(last: Mapping[tuple[str, str], Entry], plan: "Plan | None") -> bool:
    """Whether somebody approved or rejected the very plan that was decided on last."""
    decided = last.get(("record", "decide")) or last.get(("record", "estimate"))
    noted = None if decided is None else decided.meta.get("plan")
    if plan is None or not isinstance(noted, dict):
        return False
    said = (last.get(("record", verb)) for verb in ("approve", "rejection"))
    return any(one is not None and one.body.get("plan") == hash_of(noted) for one in said)


def _spent(flow: Flow, has_charges: bool) -> Mapping[str, Any]:
    budget = flow.project.budget
    paid = spent(flow) if has_charges else 0.0
    if not has_charges and budget is None:
        return {}
    known = budget.spread.median if budget is not None else 0.0
    if known <= 0:
        return {"spent": money(paid, flow.project.currency), "spent_share": None}
    words = f"{plain_money(paid, '')} of {plain_money(known, flow.project.currency)}"
    return {"spent": words, "spent_share": paid / known}
