"""The command `serve`: the cases of a folder live in the browser, on this machine only."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, ProjectFile, Seed, Today, day_of, named
from tunecase.errors import InputError, Problem


def serve(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="All cases below it are served; the project's own folder when left out.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 8117,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    today: Today = None,
) -> None:
    """Show cases live in the browser, on this machine only, to those who have its token; try, book and approve there.

    Example: `tunecase serve`, then open the address that it prints, such as http://127.0.0.1:8117/?token=...
    """
    from tunecase.cli.crash import kept_crash
    from tunecase.ledger import TALLY
    from tunecase.web import serve as listen

    source = context.get_parameter_source("project")
    if folder is not None and source is not None and source.name == "COMMANDLINE":
        raise InputError(Problem("--project", f"beside the folder {folder}", "one of the two", "leave one of them out"))
    day = None if today is None else day_of(today)
    try:
        listen(
            folder if folder is not None else _folder_of(project),
            port=port,
            seed=seed,
            today=day,
            on_ready=lambda address: typer.echo(f"The cases are at {address}  (its token is the key; Ctrl-C ends it)"),
            on_failure=lambda error: typer.echo(kept_crash(error), err=True),
        )
    finally:
        TALLY.clear()  # the browser told what was booked


def _folder_of(project: Path) -> Path:
    """The folder of a project file that is there."""
    path = named(project)
    if not path.is_file():
        fix = "name a folder with cases, as in `tunecase serve cases`, or begin one with `tunecase init`"
        raise InputError(Problem(str(path), "no such file", "a project file", fix))
    return path.parent
