"""The command `decide`: what the next dollar should buy."""

from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, ProjectFile, Seed, Today, finish, open_project


def decide(
    what_if: Annotated[
        bool, typer.Option("--what-if", help="Also what would have to be true for another step.")
    ] = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """What should the next dollar buy? Every lever with its worth, its chance and its price.

    A lever's worth is that of its first step with the best policy after it: after each test, what is worth most next.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import redraw_progress

    with redraw_progress(quiet=json) as done:
        opened = open_project(project, seed, today)
        record = flow.decide(opened, what_if, done)
    finish("decide", record, json, case=opened)
