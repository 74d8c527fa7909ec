"""The command `run`: all of the road, in order, and the report."""

from typing import Annotated, Any

import typer

from tunecase.cli.options import (
    HERE,
    AsJson,
    Every,
    Force,
    MaxMinutes,
    ModelOf,
    ProjectFile,
    Seed,
    Today,
    Yes,
    finish,
    open_project,
)

# Verbs whose print is short, or always new.
MOVING = ("pilot", "books", "changed")


def run(
    anyway: Annotated[
        bool, typer.Option(help="Run the pilot even when the problem or the data are not sound.")
    ] = False,
    trainer: Annotated[
        str, typer.Option(help="Run a pilot of this trainer now; else the one that holds, or the cheap ones.")
    ] = "",
    model: ModelOf = "",
    every: Every = False,
    max_minutes: MaxMinutes = None,
    yes: Yes = False,
    force: Force = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Walk the whole road in order and write the report; a step whose answer has not changed takes one line."""
    from tunecase import flow
    from tunecase.cli.show.progress import ask_before, pilot_progress, tell_fetching
    from tunecase.cli.show.record import show, show_unchanged
    from tunecase.report import render

    opened = open_project(project, seed, today)
    flow.check_report(opened, force=force)
    adaptive = False if every else None
    settings = None
    if trainer:
        settings = flow.PilotSettings(
            trainer, model, adaptive=adaptive, race=("auto",), keep_all=every, max_minutes=max_minutes
        )  # fmt: skip
    before: dict[str, Any] = opened.last_records()
    records: dict[str, Any] = {}

    def tell(verb: str, record: Any) -> None:
        name = verb.removesuffix(" again")
        records[name] = record
        if json:
            return
        same = verb == name and verb not in MOVING and before.get(verb) == record
        (show_unchanged if same else show)(verb, record)

    with pilot_progress(quiet=json) as progress:
        watch = flow.Watch(progress, ask_before(yes, quiet=json), tell_fetching)
        fine = flow.road(opened, tell, anyway=anyway, settings=settings, watch=watch)
    records["report"] = flow.report(opened, render, force=force)
    finish("run" if json else "report", records if json else records["report"], json, ok=fine, case=opened)
