"""The scorecard of a team's own cases, and its export without texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.errors import InputError, Problem
from tunecase.flow.opened import PAST_WEIGHT, Flow, open_case
from tunecase.records import Scorecard

if TYPE_CHECKING:
    from tunecase.books import Place


@dataclass(frozen=True, slots=True)
class ScorecardAsked:
    """What is to be scored: folders, ledgers and exports as typed, and with `project` those that it names."""

    places: Sequence[str | Path] = ()
    project: Path | Flow | None = None


def scorecard(request: ScorecardAsked) -> Scorecard:
    """How a team's own cases ended, against what they were told; nothing is kept.

    Raises: InputError with everything that is wrong with any of the places.
    """
    from tunecase.books import read_cases
    from tunecase.books import scorecard as score
    from tunecase.prices import assumed

    places, problems = _places(request)
    cases, wrong = read_cases(places)
    if problems or wrong:
        raise InputError([*problems, *wrong])
    return score(cases, assumed(PAST_WEIGHT).median)


def _places(request: ScorecardAsked) -> "tuple[list[Place], list[Problem]]":
    from tunecase.books import places_of

    places, problems = places_of(request.places)
    if request.project is not None:
        opened = request.project if isinstance(request.project, Flow) else open_case(request.project)
        named, missing = places_of(opened.project.past, opened.folder)
        places, problems = [*places, *named], [*problems, *missing]
        if not opened.project.past:
            where = opened.where("past")
            fix = "write `past: [../first-case]`, or name the folders: `tunecase scorecard ../first-case`"
            problems.append(Problem(where, "no earlier case", "folders of earlier cases, or their exports", fix))
    if not request.places and request.project is None:
        fix = "name them: `tunecase scorecard ../first-case ../second-case`"
        problems.append(Problem("scorecard", "no folder and no project file", "folders of cases", fix))
    return places, problems


def write_scorecard(request: ScorecardAsked, record: Scorecard, to: Path, *, force: bool = False) -> str:
    """Writes the numbers of every case into one JSON file; returns a sentence.

    Raises: InputError for a file in the way; TunecaseError when the disk does not take it.
    """
    from tunecase.books import EXPORT_MARK, exported
    from tunecase.io import Output, write_outputs
    from tunecase.quantities import counted

    needed = [place.path for place in _places(request)[0]]
    write_outputs([Output(to, exported(record.scored), EXPORT_MARK)], needed, force=force)
    return f"{to}: {counted(record.cases, 'case')} in numbers alone, without names, texts and amounts."
