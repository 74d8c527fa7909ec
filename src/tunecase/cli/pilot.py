"""The command `pilot`: real runs on nested subsets, or a task file for rented GPUs."""

from pathlib import Path
from typing import Annotated

from tunecase.cli.options import (
    HERE,
    AsJson,
    Every,
    MaxMinutes,
    ModelOf,
    ProjectFile,
    Seed,
    SendFlagged,
    Today,
    Yes,
    cap_option,
    finish,
    ladder_option,
    open_project,
    panel,
    print_record,
    trained_option,
)
from tunecase.errors import Problem, refuse_any
from tunecase.records import Pilot, PilotSettings

place_option = panel("Where runs are made")
source_option = panel("What a row of a source is worth")
rented_option = panel("On rented GPUs")

TrainerName = Annotated[
    str,
    trained_option(
        help="What is trained: encoder, probe (word counts), nearest (copied answers), lora, trl, command or simulated "
        "(docs/method/trainers.md); if left out, the encoder where its weights are here, else what needs no model.",
        show_default=False,
    ),
]
Candidates = Annotated[
    str,
    trained_option(
        help="What is measured beside it on the same test rows, cheapest first: names of models or trainers with "
        "commas; auto for what costs neither money nor a download; none."
    ),
]


def pilot(
    trainer: TrainerName = "",
    model: ModelOf = "",
    candidates: Candidates = "auto",
    set_: Annotated[
        list[str] | None, trained_option("--set", help="A setting, NAME=VALUE; hosted.NAME=VALUE for --hosted.")
    ] = None,
    sizes: Annotated[
        str, ladder_option(help="Training rows of each rung, e.g. 50,100,200; chosen when left out.")
    ] = "",
    draws: Annotated[int | None, ladder_option(min=1, max=50, help="Random draws of each size.")] = None,
    every: Every = False,
    tune: Annotated[int, ladder_option(min=0, max=64, help="Search this many settings at one size.")] = 0,
    hosted: Annotated[
        list[str] | None, trained_option(help="A hosted or decision model to compare with, by name (repeatable).")
    ] = None,
    source: Annotated[
        str, source_option(help="Instead of a ladder, try rows of this source beside the rows at hand.")
    ] = "",
    rows: Annotated[Path | None, source_option(help="With --source: a file of its rows, with labels.")] = None,
    workers: Annotated[int | None, place_option(min=1, help="Processes; chosen when left out.")] = None,
    engine: Annotated[
        str | None, place_option(help="Where runs are made: local or ray; the project's engine, else this machine.")
    ] = None,
    address: Annotated[str | None, place_option(help="Address of the Ray cluster; one of its own if left out.")] = None,
    gpus: Annotated[float, place_option(min=0, help="GPUs for each run.")] = 0,
    max_minutes: MaxMinutes = None,
    max_usd: Annotated[float | None, cap_option(help="Begin no run that would pass this cost.")] = None,
    usd_per_hour: Annotated[
        float | None, cap_option(min=0, help="Price of an hour of what it runs on; 0 for this machine.")
    ] = None,
    yes: Yes = False,
    send_flagged: SendFlagged = False,
    export: Annotated[str, rented_option(help="Write a task file for rented GPUs instead: skypilot.")] = "",
    accelerators: Annotated[str, rented_option(help="With --export: the GPUs to rent, e.g. L40S:1.")] = "",
    to: Annotated[Path, rented_option(help="With --export: the file to write.")] = Path("pilot.sky.yaml"),
    force: Annotated[bool, rented_option("--force", help="With --export: replace the file that is there.")] = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Try it small: real runs on nested subsets, resumable, never run twice. Example: `tunecase pilot`.

    A small word-count model takes seconds, a small encoder a minute; `--trainer lora` tunes a real language model of
    135M parameters in minutes. `--candidates` names what else is measured; what cannot win any more is dropped.

    Exit code 1: hosted models were named, and none of them could be asked.

    `--source NAME --rows FILE` measures what a row of another source is worth, in labelled rows; a few hundred will do.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import ask_before, pilot_progress, tell_fetching

    opened = open_project(project, seed, today)
    plain = flow.PilotSettings(
        trainer, model, draws=draws, adaptive=False if every else None, keep_all=every, tune=tune, workers=workers,
        address=address, gpus_per_task=gpus, max_minutes=max_minutes, max_usd=max_usd, usd_per_hour=usd_per_hour,
        send_flagged=send_flagged,
    )  # fmt: skip
    words = flow.PilotWords(set_ or (), sizes, hosted or (), engine, candidates)
    settings = flow.pilot_settings(words, plain, opened.project)
    if export:
        print_record("exported", flow.export(opened, export, settings, accelerators, to, force=force), json)
        return
    if source or rows is not None:
        _refuse_with_source(source, rows, settings)
        with pilot_progress() as progress:
            assert rows is not None
            trial = flow.try_source(opened, source, rows, settings, progress, ask_before(yes or json))
        finish("source trial", trial, json, ok=True)
        return
    with pilot_progress() as progress:
        record = flow.pilot(opened, settings, progress, ask_before(yes or json), tell_fetching)
    # A script that named models must not go on as if one of them had been measured.
    finish("pilot", record, json, ok=not _none_asked(settings, record), case=opened)


def _none_asked(settings: PilotSettings, record: Pilot) -> bool:
    """Whether hosted models were named and not one of them could be asked."""
    return bool(settings.hosted) and set(settings.hosted) <= set(record.not_asked)


def _refuse_with_source(source: str, rows: Path | None, settings: PilotSettings) -> None:
    """Refuses half of the pair --source and --rows, and what a trial of a source has no use for.

    Raises: InputError with every such option.
    """
    problems = []
    if not source:
        problems.append(Problem("--rows", "no --source", "--source NAME beside it", "see `tunecase sources`"))
    if rows is None:
        problems.append(Problem("--source", "no --rows", "--rows FILE beside it", "name a file of its labelled rows"))
    given = {"--sizes": settings.sizes, "--tune": settings.tune, "--hosted": settings.hosted}
    problems += [
        Problem(name, "beside --source", "a trial of a source without it", f"leave {name} out")
        for name, value in given.items()
        if value
    ]
    refuse_any(problems)
