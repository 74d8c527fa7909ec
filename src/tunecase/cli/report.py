"""The command `report`: the page for the business."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, Force, ProjectFile, Seed, Today, finish, open_project


def report(
    to: Annotated[Path | None, typer.Option(help="Folder for the files; the project's own by default.")] = None,
    force: Force = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Write the page for the business: report.html, report.md, report.json."""
    from tunecase import flow
    from tunecase.report import render

    opened = open_project(project, seed, today)
    finish("report", flow.report(opened, to, page=render, force=force), json, case=opened)
