"""The commands `spend ...`: what was really paid, typed or imported."""

from typing import TYPE_CHECKING, Annotated

import typer

from tunecase.cli.options import HERE, AsJson, ProjectFile, Today, open_project, panel, print_record
from tunecase.cli.piped import piped

if TYPE_CHECKING:
    from tunecase.flow import Flow
    from tunecase.records import Approvals

spend_app = typer.Typer(no_args_is_help=True, help="Record what was really paid.")


# So that an amount below zero is an amount, refused in words, and no option.
@spend_app.command("add", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def spend_add(
    context: typer.Context,
    amount: Annotated[str, typer.Argument(help="What was paid, e.g. 42.50.")],
    currency: Annotated[str | None, typer.Argument(help="USD, EUR, ...; the project's when left out.")] = None,
    category: Annotated[
        str | None,
        typer.Option(
            "--line",
            "--category",
            help="a line of the bill, such as gpu; a word that is none is answered with all of them. "
            "other when left out; a correction keeps its line.",
        ),
    ] = None,
    on: Annotated[str | None, typer.Option(help="The day it was paid (YYYY-MM-DD); today when left out.")] = None,
    note: Annotated[str, typer.Option(help="What for.")] = "",
    quantity: Annotated[
        str | None, typer.Option(help="How much was bought, e.g. 34; `books` then tells quantity from price.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Its unit, e.g. h, GPU hour or example.")] = "",
    credit: Annotated[bool, typer.Option(help="Money that came back.")] = False,
    large_credit: Annotated[
        bool, typer.Option("--large-credit", help="Book money back though it is more than was ever charged.")
    ] = False,
    replaces: Annotated[str, typer.Option(help="The id of the entry that this one corrects.")] = "",
    project: ProjectFile = HERE,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Book one charge in the ledger.

    For instance `tunecase spend add 2900 USD --line labour --quantity 34 --unit h --note "first round"`.
    """
    from tunecase import flow
    from tunecase.cli.show.depth import DEPTH
    from tunecase.cli.show.paper import console_for, say

    _refuse_unknown(context)
    opened = open_project(project, 0, today)
    asked = flow.ChargeAsked(amount, currency, category, on, note, credit, replaces, quantity, unit, large_credit)
    entry = flow.spend_text(opened, asked)
    print_record("spend", entry, json, approvals=_warning(opened))
    if not json and not DEPTH.quiet and (words := flow.rate_words(opened, entry.record())):
        say(console_for(), f"{words}.", "yellow")


def _warning(opened: "Flow") -> "Approvals | None":
    """The approvals, where further spending is or soon will be covered by none; nothing where none was ever made.

    The charges are booked by now, so what the approvals rest on and cannot be read is told and fails nothing.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import LINE
    from tunecase.errors import TunecaseError

    try:
        standing = flow.approvals(opened)
    except (TunecaseError, OSError) as error:
        LINE.remark(f"What is left of the approvals is unknown:\n\n{error}")
        return None
    return standing if standing.warns else None


def _refuse_unknown(context: typer.Context) -> None:
    from tunecase.cli.usage import nearest_word
    from tunecase.errors import Problem, refuse_any

    options = [name for param in context.command.params for name in param.opts if name.startswith("--")]
    shown = "`tunecase spend add --help` shows what it takes"
    problems = [
        Problem(name, "no option of `spend add`", "one that it has", nearest_word(name, options, "", shown))
        for name in context.args
        if name.startswith("-")
    ]
    if context.args and not problems:
        wanted = "an amount and its currency, as in `spend add 42.50 USD`"
        problems = [
            Problem(context.args[0], "a third word", wanted, "leave it out, or quote a note: --note 'two hours'")
        ]
    refuse_any(problems)


which_option = panel("Which charges")
unsaid_option = panel("What the place does not tell")


@spend_app.command("import")
def spend_import(
    kind: Annotated[str, typer.Argument(help="focus, mlflow, runs or timesheet.")],
    place: Annotated[
        str,
        typer.Argument(
            help="A file, a folder, an address; - reads standard input. Nothing after `runs`: the pilot's own runs."
        ),
    ] = "",
    tag: Annotated[list[str] | None, which_option(help="KEY=VALUE that must hold; all of several.")] = None,
    service: Annotated[list[str] | None, which_option(help="Only this service's rows, as the bill names it.")] = None,
    since: Annotated[str | None, which_option("--from", help="The first day (YYYY-MM-DD).")] = None,
    until: Annotated[str | None, which_option("--to", help="The last day.")] = None,
    experiment: Annotated[str, which_option(help="The experiment of MLflow to read.")] = "",
    cost: Annotated[str, which_option(help="billed: what the invoice says; effective: commitments spread.")] = "billed",
    category: Annotated[str, unsaid_option(help="The line of all rows, instead of what each row says.")] = "",
    run_tag: Annotated[list[str] | None, unsaid_option(help="The tag that holds a run's name.")] = None,
    gpu: Annotated[str, unsaid_option(help="The card of runs that do not name one.")] = "",
    gpu_count: Annotated[int, unsaid_option(help="How many cards runs used that do not say.")] = 0,
    on: Annotated[str | None, unsaid_option(help="The day of trainer states.")] = None,
    restated: Annotated[
        bool, typer.Option("--restated", help="Book lines whose amount has changed as corrections.")
    ] = False,
    large_credit: Annotated[
        bool, typer.Option("--large-credit", help="Book money back though it is more than was ever charged.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be booked, and book nothing.")] = False,
    project: ProjectFile = HERE,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Book the charges of a bill (FOCUS 1.0 to 1.4, CSV or Parquet), of MLflow's runs, trainer states, a time sheet.

    All of a place is booked or nothing, and a second import adds nothing. A bill takes the place of the estimate of the
    same run. For instance: `tunecase spend import focus bill.csv --tag application=tickets`.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import import_progress

    opened = open_project(project, 0, today)
    with import_progress() as progress:
        choice = flow.ImportAsked(
            tags=tag or (), services=service or (), since=since, until=until, on=on, category=category,
            run_tags=run_tag or (), cost=cost, gpu=gpu, gpu_count=gpu_count, experiment=experiment, restated=restated,
            dry_run=dry_run, large_credit=large_credit, on_read=progress,
        )  # fmt: skip
        with piped(place) as source:
            record = flow.spend_import(opened, kind, source, choice)
    print_record("imported", record, json, approvals=_warning(opened))


@spend_app.command("serving")
def spend_serving(
    place: Annotated[
        str,
        typer.Argument(
            help="A meter as CSV, a row for each day: date (or from, to), answers, tokens_in, tokens_out, gpu_hours, "
            "busy_hours or per_busy_hour, cost; - reads standard input. Nothing: the options state one period."
        ),
    ] = "",
    since: Annotated[str | None, typer.Option("--from", help="The first day (YYYY-MM-DD).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="The last day.")] = None,
    answers: Annotated[str | None, typer.Option(help="Answers given, e.g. 41k.")] = None,
    tokens_in: Annotated[str | None, typer.Option(help="Input tokens, e.g. 12M.")] = None,
    tokens_out: Annotated[str | None, typer.Option(help="Output tokens.")] = None,
    gpu_hours: Annotated[str | None, typer.Option(help="Hours rented or held, of every card of every replica.")] = None,
    busy_hours: Annotated[
        str | None, typer.Option(help="Of them those in which the card worked; `books` then tells use from speed.")
    ] = None,
    per_busy_hour: Annotated[
        str | None, typer.Option(help="In their place: how many answers one busy GPU hour gave, as measured.")
    ] = None,
    cost: Annotated[
        str | None, typer.Option(help="What it cost, e.g. '640 USD'; left out where its charges are booked already.")
    ] = None,
    restated: Annotated[
        bool, typer.Option("--restated", help="Book other figures for booked days as corrections.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be booked, and book nothing.")] = False,
    project: ProjectFile = HERE,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Book what was served after launch: answers, tokens, GPU hours, and what they cost where that is not booked yet.

    `books` then holds them against the forecast of `inference`. For instance: `tunecase spend serving --from 2026-10-01
    --to 2026-10-31 --answers 41k --tokens-in 12M --tokens-out 400k --gpu-hours 730 --cost "640 USD"`.
    """
    from tunecase import flow

    opened = open_project(project, 0, today)
    with piped(place) as meter:
        asked = flow.ServingAsked(
            meter, since, until, answers, tokens_in, tokens_out, gpu_hours, busy_hours, per_busy_hour, cost,
            restated, dry_run,
        )  # fmt: skip
        record = flow.spend_serving(opened, asked)
    print_record("metered", record, json, approvals=_warning(opened) if record.charges else None)


@spend_app.command("map")
def spend_map(
    match: Annotated[
        str,
        typer.Argument(
            help="A field and its value, * for any letters: service=Amazon S3, description=*backup*, provider, sku, "
            "resource, run, source or tag.KEY. Nothing lists the rules, and what lies in other."
        ),
    ] = "",
    line: Annotated[
        str,
        typer.Argument(help="A line of the bill, such as storage; a word that is none is answered with all of them."),
    ] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the rule back: its charges lie in other again.")] = False,
    project: ProjectFile = HERE,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Count what landed in `other` on a line of the plan, now and whenever more of it is booked.

    No charge is changed: the rule is an entry of its own in the ledger, the last one that fits holds, and --undo takes
    it back. For instance: `tunecase spend map "service=Amazon S3" storage`.
    """
    from tunecase import flow

    opened = open_project(project, 0, today)
    print_record("mapped", flow.spend_map(opened, match, line, undo=undo), json)


@spend_app.command("list")
def spend_list(
    category: Annotated[str, typer.Option(help="Only this line's charges.")] = "",
    run: Annotated[str, typer.Option(help="Only this run's.")] = "",
    source: Annotated[
        str, typer.Option(help="Only of focus, mlflow, runs, timesheet, serving, callback or manual.")
    ] = "",
    since: Annotated[str | None, typer.Option("--from", help="The first day (YYYY-MM-DD).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="The last day.")] = None,
    project: ProjectFile = HERE,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """The charges of the ledger with their ids; what is corrected, or has a bill, counts in no sum and says so.

    For instance: `tunecase spend list --category gpu --from 2026-11-01`.
    """
    from tunecase import flow

    opened = open_project(project, 0, today)
    charges = flow.charges(opened, category=category, run=run, source=source, since=since, until=until)
    print_record("charges", charges, json)
