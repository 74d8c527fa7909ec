"""The terminal face: words to verbs, nothing else; records are printed by show.py, or as JSON with --json."""

import io
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from tunecase import __version__
from tunecase.cli_audit import audit
from tunecase.cli_books import books
from tunecase.cli_compare import compare
from tunecase.cli_define import define
from tunecase.cli_fit import fit
from tunecase.cli_ledger import ledger_app
from tunecase.cli_next import next_
from tunecase.cli_prices import prices
from tunecase.cli_spend import spend_app
from tunecase.errors import InputError, TunecaseError
from tunecase.terminal import (
    HERE,
    AsJson,
    InputColumn,
    OutputColumn,
    ProjectFile,
    Seed,
    Today,
    day_of,
    finish,
    open_project,
    print_record,
)

app = typer.Typer(
    name="tunecase",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="The road: init → define → audit → estimate → pilot → forecast → decide → report. "
    "`tunecase run` walks it. Exit codes: 0 fine, 1 the answer is no, 2 the input cannot be read, 3 the world failed.",
)
WHAT, LADDER, CAPS = "What is trained", "How far the ladder goes", "Time and money"
WHERE, RENTED = "Where runs are made", "On rented GPUs"
ROAD, QUICK, AFTER = "The road", "Quick questions", "After the money is spent"

TrainerName = Annotated[
    str,
    typer.Option(
        rich_help_panel=WHAT, help="What is trained: probe, lora, trl, command or simulated (docs/method.md)."
    ),
]
ModelOf = Annotated[
    str, typer.Option(rich_help_panel=WHAT, help="Model to train: a name, or a folder with its weights.")
]
Every = Annotated[
    bool, typer.Option("--all", rich_help_panel=LADDER, help="Make every run, even when enough is known.")
]
MaxMinutes = Annotated[float | None, typer.Option(rich_help_panel=CAPS, help="Begin no run that would pass this time.")]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", rich_help_panel=CAPS, help="Do not ask before a pilot that takes minutes or money."),
]
INTERRUPTED = 130
# Verbs whose print is short, or always new.
MOVING = ("pilot", "books", "changed")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Make the case for a fine-tune, or against it, before the money is spent; then keep the case honest."""


@app.command(rich_help_panel=ROAD)
def init(
    data: Annotated[Path | None, typer.Argument(help="A data file: .jsonl, .csv or .parquet.")] = None,
    example: Annotated[str | None, typer.Option(help="Copy a shipped example instead, e.g. support-tickets.")] = None,
    to: Annotated[
        Path | None, typer.Option(help="Folder for the project file; the data file's own by default.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="The held-out test file.")] = None,
    input: InputColumn = None,
    output: OutputColumn = None,
    force: Annotated[bool, typer.Option(help="Overwrite what is there.")] = False,
    json: AsJson = False,
) -> None:
    """Write a commented project file for a data file, or copy an example."""
    from tunecase.init import init as write

    folder = to or (data.parent if data else Path())
    print_record(
        "init", write(data, example=example, to=folder, input=input, output=output, test=test, force=force), json
    )


app.command(rich_help_panel=ROAD)(define)
app.command(rich_help_panel=ROAD)(audit)


@app.command(rich_help_panel=ROAD)
def estimate(
    total_order: Annotated[
        bool, typer.Option("--total-order", help="Also what each input carries together with others.")
    ] = False,
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
    """What will it cost? The bill by line, P10 to P90, and what drives it.

    A driver's share is the part of the doubt that it carries alone; --total-order adds what it carries with others.
    """
    from tunecase import flow
    from tunecase.show import redraw_progress

    if sure is not None and not what_if:
        from tunecase.errors import Problem

        raise InputError(Problem("--sure", "no --what-if", "--what-if beside it", "add --what-if"))
    with redraw_progress(quiet=json) as done:
        opened = open_project(project, seed, today)
        asked = (sure or "80%") if what_if else None
        record = flow.estimate(opened, total_order=total_order, what_if=asked, told=done)
    finish("estimate", record, json)


@app.command(rich_help_panel=ROAD)
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
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Try it small: real runs on nested subsets, resumable, never run twice.

    The probe takes seconds and no model; `--trainer lora` tunes a real language model of 135M parameters in minutes.
    """
    from tunecase import flow
    from tunecase.show import ask_before, pilot_progress, tell_fetching

    opened = open_project(project, seed, today)
    asked = flow.pilot_asked(
        trainer=trainer, model=model, settings=set_ or (), sizes=sizes, draws=draws, every=every, tune=tune,
        hosted=hosted or (), workers=workers, engine=engine, address=address, gpus=gpus, max_minutes=max_minutes,
        max_usd=max_usd, usd_per_hour=usd_per_hour,
    )  # fmt: skip
    if export:
        print_record("exported", flow.export(opened, export, asked, accelerators, to), json)
        return
    with pilot_progress(quiet=json) as progress:
        record = flow.pilot(opened, asked, progress, ask_before(yes, quiet=json), tell_fetching)
    finish("pilot", record, json)


@app.command(rich_help_panel=ROAD)
def forecast(
    points: Annotated[
        str | None,
        typer.Argument(help="Points measured elsewhere: a CSV of n,score, an export of W&B, MLflow, trainer states."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="The score wanted, e.g. 0.92 or 92%.")] = None,
    metric: Annotated[str | None, typer.Option(help="What the scores are; accuracy, or the project's.")] = None,
    n_max: Annotated[int | None, typer.Option(max=10**12, help="The most examples that could be had.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="The project rests on these points from now on.")] = False,
    from_pilot: Annotated[bool, typer.Option("--from-pilot", help="Back from kept points to the pilot's.")] = False,
    size_column: Annotated[str, typer.Option(help="The column of training examples.")] = "",
    score_column: Annotated[str, typer.Option(help="The column of scores.")] = "",
    n: Annotated[list[str] | None, typer.Option("--n", help="A run's training examples: NAME=400.")] = None,
    step: Annotated[str, typer.Option(help="Which score of a run counts: last or best.")] = "last",
    experiment: Annotated[str, typer.Option(help="The experiment of MLflow to read.")] = "",
    model: Annotated[str, typer.Option(help="What kept points were measured with.")] = "",
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Will more data reach the target, how much of it, at what price?"""
    from tunecase import flow
    from tunecase.errors import Problem

    if points is None and keep:
        fix = "name a file, a folder or an address: tunecase forecast points.csv --keep"
        raise InputError(Problem("--keep", "no points", "points measured elsewhere", fix))
    if points is None:
        record = flow.forecast(open_project(project, seed, today), from_pilot)
    elif keep:
        opened = open_project(project, seed, today)
        asked = flow.asked_of(flow.metric_of(opened, metric), size_column, score_column, n or (), step, experiment)
        record = flow.keep_forecast(opened, points, asked, model, target, n_max)
    else:
        asked = flow.asked_of(metric or "accuracy", size_column, score_column, n or (), step, experiment)
        record = flow.forecast_file(points, asked, target, n_max, seed)
    finish("forecast", record, json, note="" if json or not keep else f"The project rests on {points} from now on.")


@app.command(rich_help_panel=ROAD)
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
    from tunecase.show import redraw_progress

    with redraw_progress(quiet=json) as done:
        record = flow.decide(open_project(project, seed, today), what_if, done)
    finish("decide", record, json)


app.command("next", rich_help_panel=ROAD)(next_)


@app.command(rich_help_panel=ROAD)
def report(
    to: Annotated[Path | None, typer.Option(help="Folder for the files; the project's own by default.")] = None,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Write the page for the business: report.html, report.md, report.json."""
    from tunecase import flow
    from tunecase.page import render

    finish("report", flow.report(open_project(project, seed, today), to, page=render), json)


@app.command(rich_help_panel=ROAD)
def run(
    anyway: Annotated[
        bool, typer.Option(help="Run the pilot even when the problem or the data are not sound.")
    ] = False,
    trainer: Annotated[
        str, typer.Option(help="Run a pilot of this trainer now; else the one that holds, or a probe.")
    ] = "",
    model: ModelOf = "",
    every: Every = False,
    max_minutes: MaxMinutes = None,
    yes: Yes = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """All of the road, in order, and the report; what did not change since the last time is told in one line."""
    from tunecase import flow
    from tunecase.page import render
    from tunecase.show import ask_before, pilot_progress, show, show_unchanged, tell_fetching

    opened = open_project(project, seed, today)
    asked = flow.pilot_asked(trainer=trainer, model=model, every=every, max_minutes=max_minutes) if trainer else None
    before: dict[str, Any] = opened.last_told()
    told: dict[str, Any] = {}

    def tell(verb: str, record: Any) -> None:
        name = verb.removesuffix(" again")
        told[name] = record
        if json:
            return
        same = verb == name and verb not in MOVING and before.get(verb) == record
        (show_unchanged if same else show)(verb, record)

    with pilot_progress(quiet=json) as progress:
        fine = flow.road(opened, tell, progress, anyway, asked, ask_before(yes, quiet=json), tell_fetching)
    told["report"] = flow.report(opened, page=render)
    finish("run" if json else "report", told if json else told["report"], json, ok=fine)


app.command(rich_help_panel=QUICK)(fit)
app.command(rich_help_panel=QUICK)(prices)
app.command(rich_help_panel=QUICK)(compare)


@app.command(rich_help_panel=QUICK)
def judge(
    base_url: Annotated[str, typer.Option(help="Where the judge answers, e.g. https://HOST/v1.")] = "",
    model: Annotated[str, typer.Option(help="The judge's name at its endpoint.")] = "",
    key_variable: Annotated[
        str, typer.Option(help="The environment variable that holds the key; the key itself is never kept.")
    ] = "",
    rows: Annotated[int, typer.Option(help="Test rows to judge; the same seed takes the same rows.")] = 100,
    human: Annotated[
        Path | None, typer.Option(help="People's verdicts on these rows: a file with the columns row and verdict.")
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Answers made elsewhere: a file with the columns row and answer.")
    ] = None,
    unknown_ok: Annotated[
        bool, typer.Option("--unknown-ok", help="Take the score of a judge that is not known to agree with people.")
    ] = False,
    input_price: Annotated[
        float, typer.Option("--usd-per-1m-input-tokens", help="The judge's price; below 0: not known.")
    ] = -1.0,
    output_price: Annotated[
        float, typer.Option("--usd-per-1m-output-tokens", help="The judge's price; below 0: not known.")
    ] = -1.0,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Do free answers meet the criteria? A hosted model judges them, and people say whether it may."""
    from tunecase import flow
    from tunecase.show import tell_fetching

    asked = flow.JudgeAsked(
        base_url, model, key_variable, rows, human, answers, unknown_ok, input_price, output_price
    )  # fmt: skip
    finish("judge", flow.judge(open_project(project, seed, today), asked, tell_fetching), json)


app.add_typer(spend_app, name="spend", rich_help_panel=AFTER)
app.command(rich_help_panel=AFTER)(books)
app.add_typer(ledger_app, name="ledger", rich_help_panel=AFTER)


@app.command(rich_help_panel=AFTER)
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 8117,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    today: Today = None,
) -> None:
    """Show the report live in the browser, on this machine only."""
    from tunecase import flow
    from tunecase.dashboard import serve as listen
    from tunecase.page import render

    day = day_of(today)
    flow.open_case(project, seed, day)
    listen(
        lambda: render(flow.contents(flow.open_case(project, seed, day))),
        port=port,
        on_ready=lambda address: typer.echo(f"The case is at {address}  (Ctrl-C ends it)"),
    )


def main() -> NoReturn:
    """Runs the command line; mistakes end in a message and an exit code, never in a traceback."""
    _widen_streams()
    try:
        app()
    except TunecaseError as error:
        _refuse(error, as_json="--json" in sys.argv)
        raise SystemExit(error.exit_code) from None
    except SystemExit as end:
        # Typer turns Ctrl-C into this code and says nothing.
        if end.code == INTERRUPTED:
            said = _notes(end) or "Stopped. What was finished is in the ledger; the same command goes on from there."
            typer.echo(f"\n{said}", err=True)
        raise
    raise SystemExit(0)


def _notes(end: BaseException) -> str:
    """What was noted on the interrupt that led to an end."""
    before: BaseException | None = end
    while before is not None:
        if isinstance(before, KeyboardInterrupt):
            return "\n".join(getattr(before, "__notes__", ()))
        before = before.__cause__ or before.__context__
    return ""


def _widen_streams() -> None:
    """A pipe on Windows takes few letters: others are replaced there, and JSON is UTF-8 wherever it goes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if "--json" in sys.argv else None, errors="replace")


def _refuse(error: TunecaseError, as_json: bool) -> None:
    if as_json:
        from tunecase.records import to_json

        problems = error.problems if isinstance(error, InputError) else ()
        sys.stdout.write(to_json({"error": str(error), "problems": problems}).decode() + "\n")
    else:
        from tunecase.show import show_error

        show_error(error)
