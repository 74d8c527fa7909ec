"""The command `define`: is the problem well posed, what else would do, and a brief to sign."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, ProjectFile, Seed, Today, finish, open_project, panel
from tunecase.errors import Problem, refuse_any

brief_option = panel("A brief to sign")
DEFAULT_BRIEF = "brief.md"


def define(
    brief: Annotated[
        bool, brief_option("--brief", help=f"Also write a brief as Markdown: FILE, else {DEFAULT_BRIEF} here.")
    ] = False,
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="With --brief: the file to write; - prints it alone.")
    ] = None,
    force: Annotated[bool, brief_option("--force", help="With --brief: replace the file that is there.")] = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Is the problem well posed, and achievable with today's technology? What else would do?

    Data that were not audited yet are audited first: half a minute, more for a large file.

    `--brief` writes what a manager needs to decide and sign: question, verdict, the plan as it stands with what to
    release and when to stop, costs, fixes, what is unknown. Example: `tunecase define --brief`.
    """
    from tunecase import flow
    from tunecase.cli.show.brief import brief_markdown
    from tunecase.cli.show.progress import LINE
    from tunecase.io import Output, write_outputs

    _refuse(brief, file, force, json)
    opened = open_project(project, seed, today)
    place = Path(file or DEFAULT_BRIEF)
    if brief and file != "-":
        opened.check_outputs([Output(place)], force=force)
    if not brief:
        finish("define", flow.define(opened), json, case=opened)
        return
    standing = flow.as_it_stands(opened)
    record, text = standing.definition, brief_markdown(*standing, project=opened.project, today=opened.today)
    if file == "-":
        LINE.end()
        sys.stdout.write(text)
        if not record.ok:
            raise typer.Exit(1)
        return
    write_outputs([Output(place, text.encode())], opened.needed_files(), force=force)
    finish("define", record, json, note="" if json else f"The brief is in {place}.", case=opened)


def _refuse(brief: bool, file: str | None, force: bool, json: bool) -> None:
    problems = [
        Problem(name, "no --brief", "--brief before it", "add --brief")
        for name, given in (("--force", force), (file or "FILE", file is not None))
        if given and not brief
    ]
    if brief and file == "-" and json:
        problems.append(Problem("--brief", "- beside --json", "one of them on standard output", "name a file"))
    refuse_any(problems)
