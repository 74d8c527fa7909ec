"""The command `books`: plan against actual, what is to come, and the page and the table for finance."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, Force, ProjectFile, Seed, Today, finish, open_project, panel
from tunecase.cli.piped import is_piped, print_alone, refuse_beside

finance_option = panel("Files for finance")


def books(
    plan: Annotated[
        str, typer.Option(help="Hold against another estimate from now on: latest, first, or its entry's id.")
    ] = "",
    close: Annotated[
        str, typer.Option(help="Lines that are finished, as in gpu,labour, or all: their bands are then judged.")
    ] = "",
    page: Annotated[
        Path | None, finance_option(help="Write the books as one HTML page into this file; - prints it.")
    ] = None,
    csv: Annotated[
        Path | None, finance_option(help="Write every charge in FOCUS columns into this file; - prints it.")
    ] = None,
    csv_plan: Annotated[
        Path | None,
        finance_option("--csv-plan", help="Write the plan and what was spent, each line once; - prints it."),
    ] = None,
    force: Force = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Plan against actual, line by line: why they differ, what is still to come, and whether the bands held.

    The plan is the last estimate before the first charge; `--plan latest` makes another one the plan and records it.
    What the project will have cost is drawn anew from what is known now. When gpu and labour are paid in full,
    `tunecase books --close gpu,labour` judges their bands; a later charge opens a line again. For the accountants:
    `tunecase books --csv books.csv --page books.html`.
    """
    from tempfile import TemporaryDirectory

    from tunecase import flow
    from tunecase.report import render

    places = {"--page": page, "--csv": csv, "--csv-plan": csv_plan}
    printed = next((name for name, place in places.items() if is_piped(place)), None)
    if printed:
        refuse_beside(
            printed, {"--json": json, **{name: is_piped(place) for name, place in places.items() if name != printed}}
        )
    opened = open_project(project, seed, today, only_shows=True)
    with TemporaryDirectory(prefix="tunecase-") as scratch:
        alone = Path(scratch) / "books"
        files = flow.BooksFiles(*(alone if name == printed else place for name, place in places.items()))
        flow.check_books_files(opened, files, force=force)
        record = flow.books(opened, flow.BooksAsked(plan, close))
        notes = flow.write_books(opened, record, render, files, force=force)
        if printed:
            print_alone(alone.read_text(encoding="utf-8"))
            raise typer.Exit(0 if record.ok else 1)
    finish("books", record, json, note="" if json else "\n".join(notes), case=opened)
