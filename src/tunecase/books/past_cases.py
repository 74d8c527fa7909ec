"""Finds and reads a team's own cases: ledgers, folders of them, and what scorecards exported without texts."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tunecase.books.case_scores import case_scores, roots_of
from tunecase.books.scorecard import Past, merged
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import no_file
from tunecase.ledger import Ledger
from tunecase.records import CaseScored, from_json, reading_fault, to_json

MARK = "tunecase_scorecard"
FORM = 1  # of an export; raise it where a field comes to mean something else
EXPORT_MARK = b'{"tunecase_scorecard":'
LEDGER = "ledger.jsonl"
WANTED = "a folder with a ledger, a ledger.jsonl, or a scorecard's export (.json)"
MOST_EXPORT = 64 * 2**20  # bytes; a case takes some two thousand
MOST_CASES = 10_000
DIGITS = 4  # of a ratio in an export; from more of them plan and bill could be worked out as a fraction


@dataclass(frozen=True, slots=True)
class Place:
    """A ledger or an export to be read, and how it was named."""

    name: str
    path: Path

    @property
    def is_export(self) -> bool:
        """Whether it is to be read as what a scorecard exported."""
        return self.path.suffix == ".json"


def places_of(names: Iterable[str | Path], folder: Path = Path()) -> tuple[list[Place], list[Problem]]:
    """The ledgers and exports behind what was typed; a folder without a ledger stands for those of its folders."""
    places, problems = [], []
    for name in map(str, names):
        path = folder / name
        inside = [path / LEDGER] if (path / LEDGER).exists() or not path.is_dir() else sorted(path.glob(f"*/{LEDGER}"))
        found = inside if path.is_dir() else [path]
        if not found:
            fix = "run `tunecase run` there first, or name the folder of a case"
            problems.append(Problem(name, "no ledger in this folder, nor in the folders in it", WANTED, fix))
        elif path.is_dir() and inside[0].parent != path:
            places += [Place(f"{name.rstrip('/')}/{one.parent.name}", one) for one in found]
        else:
            places.append(Place(name, found[0]))
    return places, problems


def read_cases(places: Iterable[Place]) -> tuple[list[CaseScored], list[Problem]]:
    """What each ledger and each export says, copies included, and everything that is wrong with any of them."""
    cases: list[CaseScored] = []
    problems: list[Problem] = []
    for place in places:
        try:
            cases += _read_export(place) if place.is_export else [_read_ledger(place)]
        except InputError as error:
            problems += error.problems
    return cases, problems


def _read_ledger(place: Place) -> CaseScored:
    """One case, its ledger checked whole before it is used."""
    refuse_any(_missing(place))
    ledger = Ledger(place.path)
    refuse_any(ledger.verify())
    entries = list(ledger.entries())
    if not entries:
        raise InputError(Problem(place.name, "an empty ledger", WANTED, "leave it out"))
    return _sound(place, case_scores(entries))


def _sound(place: Place, scored: CaseScored) -> CaseScored:
    """The same case as an export would tell it. Raises InputError where no other team could read it."""
    try:
        return from_json(CaseScored, _told(scored))
    except ValueError as error:
        got, wanted = reading_fault("case", error)
        fix = "leave it out: its bill holds figures that tunecase does not write"
        raise InputError(Problem(place.name, got, wanted, fix)) from None


def _told(scored: CaseScored) -> Any:
    """A case in plain JSON values, its numbers cut to the digits of an export."""
    import orjson

    return _cut(orjson.loads(to_json(scored)))


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_cut(one) for one in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _missing(place: Place) -> Problem | None:
    problem = no_file(place.path, WANTED, "correct the path", place.name)
    if problem is None or problem.got != "no such file":
        return problem
    return Problem(place.name, "no such ledger", WANTED, "name its ledger.jsonl, its folder, or an export")


def _read_export(place: Place) -> Sequence[CaseScored]:
    refuse_any(_missing(place))
    size = place.path.stat().st_size
    if size > MOST_EXPORT:
        got = f"a file of {size / 2**20:,.0f} MiB"
        raise InputError(Problem(place.name, got, f"at most {MOST_EXPORT // 2**20} MiB", "export fewer cases at once"))
    return _cases_of(place.name, _parsed(place.name, place.path.read_bytes()))


def _parsed(name: str, content: bytes) -> dict[str, Any]:
    """The outermost fields of an export of this version."""
    import orjson

    fix = "write it again with `tunecase scorecard --export`"
    try:
        body = orjson.loads(content)
    except ValueError:
        raise InputError(Problem(name, "text that is no JSON", WANTED, fix)) from None
    if not isinstance(body, dict) or MARK not in body:
        raise InputError(Problem(name, "JSON that no scorecard exported", WANTED, fix))
    form = body[MARK]
    if type(form) is int and form > FORM:
        mend = "upgrade tunecase, or export it with this version"
        raise InputError(Problem(name, f"an export of a later version, form {form}", f"form {FORM}", mend))
    if form != FORM or not isinstance(body.get("cases"), list) or len(body["cases"]) > MOST_CASES:
        wanted = f"form {FORM} with a list of at most {MOST_CASES:,} cases"
        raise InputError(Problem(name, "an export of another form", wanted, fix))
    return body


def _cases_of(name: str, body: dict[str, Any]) -> list[CaseScored]:
    """The cases of an export; every field that is not one of a CaseScored is left out."""
    cases, problems = list[CaseScored](), []
    for number, one in enumerate(body["cases"], 1):
        where, fix = f"{name}: case {number}", "write it again with this version"
        try:
            case = from_json(CaseScored, one)
        except ValueError as error:
            problems.append(Problem(where, *reading_fault("case", error), fix))
            continue
        cases.append(case)
        if case.followed > case.advised:
            got = f"case: followed is {case.followed:,} of {case.advised:,} advised"
            problems.append(Problem(where, got, "no more steps followed than advised", fix))
    refuse_any(problems)
    return cases


def exported(cases: Iterable[CaseScored]) -> bytes:
    """The cases as one JSON file that holds numbers alone: no names, no paths, no models, no texts, no amounts.

    Numbers have four digits: of a ratio with sixteen, plan and bill can be worked out where both are round. What tells
    two copies of a case from two cases are hashes of its first charge and of its first entry, which say nothing else.
    """
    every, _ = merged(cases)
    return to_json({MARK: FORM, "cases": [_told(case) for case in every]}) + b"\n"


def read_past(names: Sequence[str], folder: Path, own: Path | None = None) -> Past:
    """The earlier cases that a project file names, each ledger checked whole before it is used.

    Args:
        names: ledger files, folders that hold a ledger.jsonl or such folders, and exports, from `folder` on.
        own: this project's ledger, which is no past one.
    Raises: InputError with everything that is wrong: no such file, an edited ledger, an export that cannot be read, one
        case in two places, or this one. Ledgers with the same first charge are of one case. One that stands twice in an
        export counts once, as it does in a scorecard.
    """
    places, problems = places_of(names, folder)
    met = {root: _Met("this project's own ledger", b"") for root in [_root_of_file(own)] if root}
    digests, cases = [], list[CaseScored]()
    for place in places:
        found, wrong = read_cases([place])
        digest = b"" if wrong else hashlib.sha256(place.path.read_bytes()).digest()
        wrong = [_of_past(problem, place) for problem in wrong] or _met_before(place, found, digest, met, own)
        problems += wrong
        if not wrong:
            cases += found
            digests.append(digest.hex())
    refuse_any(problems)
    return Past(merged(cases)[0], hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()[:16])


class _Met(NamedTuple):
    """Where a case was met first, the digest of that file, and whether it is an export."""

    name: str
    digest: bytes
    is_export: bool = False


def _of_past(problem: Problem, place: Place) -> Problem:
    """The problem under the field that names the place."""
    if problem.where != place.name:
        return problem
    return Problem(f"past: {place.name}", problem.got, problem.wanted, problem.fix)


def _root_of_file(ledger: Path | None) -> str:
    """The root of a project's own ledger; empty while it has none."""
    return "" if ledger is None or not ledger.is_file() else roots_of(Ledger(ledger).entries())[0]


def _met_before(
    place: Place, found: Sequence[CaseScored], digest: bytes, met: dict[str, _Met], own: Path | None
) -> list[Problem]:
    """Why a place holds a case that was met before: itself, the same file, or a copy that went on."""
    again = next((met[case.root] for case in found if case.root in met), None)
    met.update((case.root, _Met(place.name, digest, place.is_export)) for case in found if case.root not in met)
    if again is None:
        return []
    where, fix = f"past: {place.name}", "leave one of them out"
    if own is not None and place.path.resolve() == own.resolve():
        fix = "leave it out: its closed lines count anyway"
        return [Problem(where, "this project's own ledger", "an earlier case", fix)]
    if again.digest == digest:
        what = "export" if place.is_export else "ledger"
        return [Problem(where, f"the same {what} as {again.name}", "each project once", fix)]
    if place.is_export or again.is_export:
        export = place.name if place.is_export else again.name
        holds = "a case that is this project's own, too" if not again.digest else f"a case that {again.name} holds, too"
        fix = f"leave one of them out, or write {export} again without that case"
        return [Problem(where, holds, "each project once", fix)]
    got = f"a copy of {again.name}, with other entries at the end"
    return [Problem(where, got, "each project once", "leave the shorter one out")]
