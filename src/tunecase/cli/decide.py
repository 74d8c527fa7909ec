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
    """What should the next money buy? Each step with its price, its chance and what it is worth.

    Worth counts the step and the best that can follow it: after each test, whatever is worth most next. `--what-if`
    also tells what would have to be true for another step. Example: `tunecase decide --what-if`.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import redraw_progress

    with redraw_progress() as done:
        opened = open_project(project, seed, today)
        record = flow.decide(opened, what_if, done)
    finish("decide", record, json, case=opened)
