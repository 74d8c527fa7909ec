"""The command `pilot`: real runs on nested subsets, or a task file for rented GPUs."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import (
    CAPS,
    HERE,
    LADDER,
    WHAT,
    AsJson,
    Every,
    MaxMinutes,
    ModelOf,
    ProjectFile,
    Seed,
    Today,
    Yes,
    finish,
    open_project,
    print_record,
)

WHERE, RENTED = "Where runs are made", "On rented GPUs"

TrainerName = Annotated[
    str,
    typer.Option(
        rich_help_panel=WHAT, help="What is trained: probe, lora, trl, command or simulated (docs/method/trainers.md)."
    ),
]


def pilot(
    trainer: TrainerName = "probe",
    model: ModelOf = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", rich_help_panel=WHAT, help="A setting, NAME=VALUE; hosted.NAME=VALUE for --hosted."),
    ] = None,
    sizes: Annotated[
        str,
        typer.Option(rich_help_panel=LADDER, help="Training rows of each rung, e.g. 50,100,200; chosen when left out."),
    ] = "",
    draws: Annotated[
        int | None, typer.Option(min=1, max=50, rich_help_panel=LADDER, help="Random draws of each size.")
    ] = None,
    every: Every = False,
    tune: Annotated[
        int, typer.Option(min=0, max=64, rich_help_panel=LADDER, help="Search this many settings at one size.")
    ] = 0,
    hosted: Annotated[
        list[str] | None, typer.Option(rich_help_panel=WHAT, help="A hosted model to compare with (repeatable).")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, rich_help_panel=WHERE, help="Processes; chosen when left out.")
    ] = None,
    engine: Annotated[str, typer.Option(rich_help_panel=WHERE, help="Where runs are made: local or ray.")] = "local",
    address: Annotated[
        str | None, typer.Option(rich_help_panel=WHERE, help="Address of the Ray cluster; one of its own if left out.")
    ] = None,
    gpus: Annotated[float, typer.Option(min=0, rich_help_panel=WHERE, help="GPUs for each run.")] = 0,
    max_minutes: MaxMinutes = None,
    max_usd: Annotated[
        float | None, typer.Option(rich_help_panel=CAPS, help="Begin no run that would pass this cost.")
    ] = None,
    usd_per_hour: Annotated[
        float | None,
        typer.Option(min=0, rich_help_panel=CAPS, help="Price of an hour of what it runs on; 0 for this machine."),
    ] = None,
    yes: Yes = False,
    export: Annotated[
        str, typer.Option(rich_help_panel=RENTED, help="Write a task file for rented GPUs instead: skypilot.")
    ] = "",
    accelerators: Annotated[
        str, typer.Option(rich_help_panel=RENTED, help="With --export: the GPUs to rent, e.g. L40S:1.")
    ] = "",
    to: Annotated[Path, typer.Option(rich_help_panel=RENTED, help="With --export: the file to write.")] = Path(
        "pilot.sky.yaml"
    ),
    force: Annotated[
        bool, typer.Option("--force", rich_help_panel=RENTED, help="With --export: replace the file that is there.")
    ] = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Try it small: real runs on nested subsets, resumable, never run twice.

    The probe takes seconds and no model; `--trainer lora` tunes a real language model of 135M parameters in minutes.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import ask_before, pilot_progress, tell_fetching

    opened = open_project(project, seed, today)
    asked = flow.pilot_asked(
        trainer=trainer, model=model, settings=set_ or (), sizes=sizes, draws=draws, every=every, tune=tune,
        hosted=hosted or (), workers=workers, engine=engine, address=address, gpus=gpus, max_minutes=max_minutes,
        max_usd=max_usd, usd_per_hour=usd_per_hour,
    )  # fmt: skip
    if export:
        print_record("exported", flow.export(opened, export, asked, accelerators, to, force=force), json)
        return
    with pilot_progress(quiet=json) as progress:
        record = flow.pilot(opened, asked, progress, ask_before(yes, quiet=json), tell_fetching)
    finish("pilot", record, json)
