"""The command `scorecard`: how a team's own cases ended, against what they were told."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, Force, finish, named, nearest_project, variable_project


def scorecard(
    folders: Annotated[
        list[str] | None,
        typer.Argument(help="Folders of cases, folders that hold some, or exports.", show_default=False),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write every case into this file, in numbers without texts.")
    ] = None,
    force: Force = False,
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            "-p",
            show_default=False,
            help=f"Score what `past:` names; $TUNECASE_PROJECT, else {HERE}, where no folder is named.",
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """How right were your own cases? Bands, chances, rows, rounds and hours, told against what came.

    A case counts as finished when `tunecase books --close all` closed its lines;
    closed lines of open ones count too. Fewer bands or cases than say anything
    are counted and not judged. Name the same folders under `past:` of the next
    case: its reserve and its hours then lean on them. `--export` writes numbers
    alone, which another team can name as a folder here.

    Examples: tunecase scorecard cases/ · tunecase scorecard team-a.json cases/mail
    """
    from tunecase import flow

    nearest = variable_project() or nearest_project() if not folders and project is None else project
    path = (
        named(nearest)
        if nearest is not None and (nearest.is_file() or nearest in (project, variable_project()))
        else None
    )
    request = flow.ScorecardAsked(tuple(folders or ()), path)
    record = flow.scorecard(request)
    note = flow.write_scorecard(request, record, export, force=force) if export is not None else ""
    finish("scorecard", record, json, note="" if json else note)
