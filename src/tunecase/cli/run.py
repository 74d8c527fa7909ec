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
    is_full,
    not_found,
    open_project,
)


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
    """Walk the whole road, from the problem to what to do next, and write the page.

    The answer comes last, in a dozen lines; `--full` prints what every step found. Nothing is bought, and a hosted
    model is asked only where you name one. Example:
    `tunecase init --example support-tickets && tunecase run`.
    """
    from tunecase import flow
    from tunecase.cli.show.depth import DEPTH
    from tunecase.cli.show.extras import tell_extras
    from tunecase.cli.show.progress import LINE, ask_before, pilot_progress, tell_fetching
    from tunecase.cli.show.record import show, show_not_used, show_run
    from tunecase.report import render

    opened = open_project(project, seed, today)
    elsewhere = not_found(opened)
    flow.check_report(opened, force=force)
    settings = None if not trainer else flow.PilotSettings(
        trainer, model, adaptive=False if every else None, race=("auto",), keep_all=every, max_minutes=max_minutes
    )  # fmt: skip
    before = flow.last_walk(opened)
    records: dict[str, Any] = {}

    def tell(verb: str, record: Any) -> None:
        records[verb.removesuffix(" again")] = record
        if is_full() and not json:
            with LINE.aside():
                known = flow.material(opened)
                show(verb.removesuffix(" again"), record, full=True, material=known, project=elsewhere)

    with pilot_progress() as progress:
        watch = flow.Watch(progress, ask_before(yes or json), tell_fetching)
        fine = flow.road(opened, tell, anyway=anyway, settings=settings, watch=watch)
    same_since = before.at if before.holds({verb: records[verb] for verb in records if verb != "changed"}) else None
    opened.on_step("report")
    records["report"] = flow.report(opened, render, force=force)
    if json:
        finish("run", records, json, ok=fine, case=opened)
        return
    LINE.end()
    show_run(flow.material(opened), records["report"], same_since, full=is_full(), project=elsewhere)
    if not DEPTH.quiet:
        show_not_used(flow.not_used(opened, "run"))
        defined = records.get("define")
        tell_extras(None if defined is None else defined.task)
    if not fine:
        raise typer.Exit(1)
