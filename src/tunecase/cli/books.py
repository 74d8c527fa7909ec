"""The command `books`: plan against actual, what is to come, and the page and the table for finance."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, Force, ProjectFile, Seed, Today, finish, open_project, panel

finance_option = panel("Files for finance")


def books(
    plan: Annotated[
        str, typer.Option(help="Hold against another estimate from now on: latest, first, or its entry's id.")
    ] = "",
    close: Annotated[
        str, typer.Option(help="Lines that are finished, as in gpu,labour, or all: their bands are then judged.")
    ] = "",
    page: Annotated[Path | None, finance_option(help="Write the books as one HTML page into this file.")] = None,
    csv: Annotated[Path | None, finance_option(help="Write every charge in FOCUS columns into this file.")] = None,
    csv_plan: Annotated[
        Path | None, finance_option("--csv-plan", help="Write the plan and what was spent, each line once.")
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
    from tunecase import flow
    from tunecase.report import render

    opened = open_project(project, seed, today, only_shows=True)
    files = flow.BooksFiles(page, csv, csv_plan)
    flow.check_books_files(opened, files, force=force)
    record = flow.books(opened, flow.BooksAsked(plan, close))
    notes = flow.write_books(opened, record, render, files, force=force)
    finish("books", record, json, note="" if json else "\n".join(notes), case=opened)
