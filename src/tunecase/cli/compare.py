"""The command `compare`: what a change costs, line by line."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tunecase.cli.options import (
    AsJson,
    Force,
    Seed,
    Today,
    day_of,
    finish,
    in_folder,
    named,
    nearest_project,
    panel,
    unrecorded,
    variable_project,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tunecase.flow import Flow
    from tunecase.records import Comparison

MADE_BY = b"<sub>tunecase compare, seed "
limit_option = panel("A limit, for continuous integration")


def compare(
    first: Annotated[
        Path | None, typer.Argument(help="A project file; --project, else $TUNECASE_PROJECT when left out.")
    ] = None,
    second: Annotated[Path | None, typer.Argument(help="The project file to compare it with.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Or a change of the first: compute.tier=marketplace (repeatable).")
    ] = None,
    markdown: Annotated[
        str | None, typer.Option(help="Write a comment for a pull request into this file; - prints it.")
    ] = None,
    fail_if_over: Annotated[str | None, limit_option(help="Exit with 1 when it may cost more: '15k USD'.")] = None,
    confidence: Annotated[str | None, limit_option(help="How sure that must be; 80% when left out.")] = None,
    allow_unpriced: Annotated[
        bool, limit_option("--allow-unpriced", help="What has no price may be left out.")
    ] = False,
    force: Force = False,
    project: Annotated[
        Path | None, typer.Option("--project", "-p", help="The first project file, as an option.")
    ] = None,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """What does a change cost or save? Two project files, or one with and without a change.

    Example: `tunecase compare tunecase.yaml --set method=full`. Both bills are drawn with the same luck, so the
    difference is the change alone. With --fail-if-over the second one, or the only one, must stay below; one file alone
    can be judged. No project file is changed.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import LINE, audit_progress
    from tunecase.io import Output

    printed = markdown == "-"
    _refuse(beside=first is not None and project is not None, twice=printed and json)
    typed = first or project
    path = in_folder(typed) if typed else named(variable_project() or nearest_project())
    asked = None if printed or markdown is None else Output(Path(markdown), mark=MADE_BY)
    question = flow.CompareAsked(
        second, set_ or (), fail_if_over, confidence, allow_unpriced, asked, force, unrecorded()
    )
    with audit_progress() as progress:
        record = flow.compare(path, question, seed, day_of(today), progress)
    if printed:
        LINE.end()
        typer.echo(_comment(record), nl=False)
        if not record.ok:
            raise typer.Exit(1)
        return
    if markdown is not None:
        _write(
            record,
            Path(markdown),
            [flow.open_case(side, seed, day_of(today)) for side in (path, second) if side],
            force,
        )
    finish("compare", record, json)


def _refuse(*, beside: bool, twice: bool) -> None:
    from tunecase.errors import Problem, refuse_any

    problems = []
    if beside:
        problems.append(Problem("--project", "beside a project file", "one of them", "leave --project out"))
    if twice:
        problems.append(Problem("--markdown", "- beside --json", "one of them on standard output", "name a file"))
    refuse_any(problems)


def _comment(record: "Comparison") -> str:
    """A comment for a pull request: the answer, the lines that moved most, and the rest folded away."""
    from tunecase.accounts import account
    from tunecase.blocks import shown
    from tunecase.report import blocks_markdown

    text = blocks_markdown(account("compare", record), folded="Every line, what differs, and what this rests on")
    return f"{text}\n{MADE_BY.decode()}{record.seed}, price book {shown(record.price_book[:12])}.</sub>\n"


def _write(record: "Comparison", to: Path, sides: "Sequence[Flow]", force: bool) -> None:
    from tunecase.io import Output, write_outputs

    needed = [place for side in sides for place in side.needed_files()]
    write_outputs([Output(to, _comment(record).encode(), MADE_BY)], needed, force=force)
