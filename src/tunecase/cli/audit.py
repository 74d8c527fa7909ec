"""The command `audit`: are these the right data? It also mends them, takes reviews in and chooses rows to label."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import (
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
from tunecase.errors import InputError, Problem

MENDING, LABELLING = "Mending", "What to label next"


def audit(
    train: Annotated[
        Path | None, typer.Argument(help="Rows to audit without a project: file, archive, folder.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="The held-out test file.")] = None,
    input: InputColumn = None,
    output: OutputColumn = None,
    tokenizer: Annotated[Path | None, typer.Option(help="A tokenizer.json, to count tokens exactly.")] = None,
    production: Annotated[
        Path | None, typer.Option(help="A sample of real inputs, to compare with; the project's data.production.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Only what one pass tells; what is left out is listed.")] = False,
    strict: Annotated[bool, typer.Option(help="Exit with 1 when any row was quarantined.")] = False,
    next_: Annotated[
        int | None,
        typer.Option("--next", rich_help_panel=LABELLING, help="Instead of judging, choose rows to label next."),
    ] = None,
    pool: Annotated[
        Path | None, typer.Option(rich_help_panel=LABELLING, help="Unlabelled rows; the project's data.pool.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(rich_help_panel=LABELLING, help="The file to write; next-labels.csv beside the data.")
    ] = None,
    fix: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=MENDING,
            help="Write a cleaned copy, what was taken out, and the rows to review into this new folder.",
        ),
    ] = None,
    mask: Annotated[
        bool, typer.Option("--mask", rich_help_panel=MENDING, help="With --fix: mask personal data in the copy.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", rich_help_panel=MENDING, help="With --fix: replace the folder that is there.")
    ] = False,
    reviewed: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=MENDING,
            help="Take in reviews: review.csv or review.jsonl filled in, an export of Label Studio or Argilla.",
        ),
    ] = None,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Are these the right data, and good enough? Every finding with its fix and price.

    To mend: `--fix cleaned` writes a copy and a queue of rows to look at; fill it in; `--reviewed` takes it back;
    `--fix` once more puts the corrections into a copy. The files you give are never changed.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import audit_progress

    if next_ is not None:
        if train is None:
            planned = flow.next_labels(open_project(project, seed, today), next_, pool, to)
        else:
            asked = flow.LabelAsked(next_, train, pool, test, input, output, to)
            planned = flow.next_labels_file(asked, seed, day_of(today))
        finish("labelling", planned, json)
        return
    _refuse_mending(fix, mask, force, reviewed, fast)
    if reviewed is not None:
        if train is None:
            said = flow.review(open_project(project, seed, today), reviewed)
        else:
            said = flow.review_file(reviewed, train, input, output)
        finish("review", said, json)
        return
    if fix is not None:
        with audit_progress(quiet=json) as told:
            copy = flow.FixAsked(fix, mask, force, tokenizer)
            if train is None:
                found, cleaned = flow.fix(open_project(project, seed, today), copy, **told)
            else:
                files = flow.DataFiles(train, test, input, output)
                found, cleaned = flow.fix_file(files, copy, seed=seed, today=day_of(today), **told)
        if not json:
            print_record("audit", found, json)
        finish("clean", cleaned, json, ok=found.ok and not (strict and found.quarantined))
        return
    with audit_progress(quiet=json) as told:
        if train is None:
            record = flow.audit(open_project(project, seed, today), tokenizer=tokenizer, fast=fast, **told)
        else:
            record = flow.audit_file(
                train, test, input, output, seed, day_of(today), tokenizer=tokenizer, production=production, fast=fast,
                **told,
            )  # fmt: skip
    finish("audit", record, json, ok=record.ok and not (strict and record.quarantined))


def _refuse_mending(fix: Path | None, mask: bool, force: bool, reviewed: Path | None, fast: bool) -> None:
    problems = []
    if fast and (fix is not None or reviewed is not None):
        wanted = "a whole audit behind a cleaned copy"
        problems.append(Problem("--fast", "beside --fix or --reviewed", wanted, "leave --fast out"))
    if fix is not None and reviewed is not None:
        problems.append(
            Problem("--reviewed", "--fix beside it", "one of them", "take the reviews in first, then --fix")
        )
    for name, given in (("--mask", mask), ("--force", force)):
        if given and fix is None:
            problems.append(Problem(name, "no --fix", "--fix DIR", "name the folder for the cleaned copy"))
    if problems:
        raise InputError(problems)
