"""The command `report`: the page for the business."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, Force, ProjectFile, Seed, Today, finish, open_project
from tunecase.cli.piped import is_piped, print_alone, refuse_beside


def report(
    to: Annotated[
        Path | None,
        typer.Option(help="Folder for the files; the project's own by default. - prints the HTML page alone."),
    ] = None,
    pdf: Annotated[Path | None, typer.Option(help="Print the page into this PDF too; needs Chromium.")] = None,
    with_rows: Annotated[bool, typer.Option("--with-rows", help="Show rows of your data in the appendix.")] = False,
    force: Force = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Write the page for the business: report.html, report.md, report.json.

    The first screen is the answer, on one sheet of paper. To mail it: `tunecase report --pdf report.pdf`.
    """
    from tunecase import flow
    from tunecase.report import render

    opened = open_project(project, seed, today, only_shows=True)
    if is_piped(to):
        refuse_beside("--to", {"--json": json, "--pdf": pdf is not None})
        print_alone(render(flow.contents(opened, with_rows=with_rows)))
        return
    asked = flow.ReportAsked(to, pdf, with_rows)
    finish("report", flow.report(opened, render, asked, force=force), json, case=opened)
