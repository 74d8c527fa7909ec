"""The command `serve`: the report live in the browser, on this machine only."""

from typing import Annotated

import typer

from tunecase.cli.options import HERE, ProjectFile, Seed, Today, day_of, named


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 8117,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    today: Today = None,
) -> None:
    """Show the report live in the browser, on this machine only, to those who have its token.

    Example: `tunecase serve`, then open the address that it prints, such as http://127.0.0.1:8117/?token=...
    """
    from tunecase import flow
    from tunecase.cli.crash import kept_crash
    from tunecase.report import render
    from tunecase.web import serve as listen

    day = day_of(today)
    flow.open_case(named(project), seed, day)
    listen(
        lambda: render(flow.contents(flow.open_case(project, seed, day))),
        port=port,
        on_ready=lambda address: typer.echo(f"The case is at {address}  (its token is the key; Ctrl-C ends it)"),
        on_failure=lambda error: typer.echo(kept_crash(error), err=True),
    )
