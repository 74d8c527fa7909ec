"""The command `estimate`: the bill, what drives it, and what would have to be true to stay within the budget."""

from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, ProjectFile, Seed, Today, finish, open_project
from tunecase.errors import InputError, Problem


def estimate(
    what_if: Annotated[
        bool, typer.Option("--what-if", help="Also what would have to be true to stay within the budget.")
    ] = False,
    sure: Annotated[
        str | None, typer.Option(help="With --what-if: how sure, between 0 and 100%; 80% when left out.")
    ] = None,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """What will it cost? How much to set aside, where it goes, and what moves it.

    The chance to pass the budget is told with it; `--full` prints every line with its doubt.
    Example: `tunecase estimate --full`.

    Without data yet, write `rows: 50k` and `tokens_per_row: 300 to 600` under `data` in place of `train`.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import redraw_progress

    if sure is not None and not what_if:
        raise InputError(Problem("--sure", "no --what-if", "--what-if beside it", "add --what-if"))
    with redraw_progress() as done:
        opened = open_project(project, seed, today)
        wanted = (sure or "80%") if what_if else None
        record = flow.estimate(opened, what_if=wanted, progress=done)
    finish("estimate", record, json, case=opened)
