"""The command `audit`: are these the right data? It also fixes them, takes reviews in and chooses rows to label."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunecase.cli.options import (
    HERE,
    AsJson,
    InputColumn,
    OutputColumn,
    ProjectFile,
    Seed,
    SendFlagged,
    Today,
    day_of,
    finish,
    is_full,
    nearest_project,
    open_project,
    panel,
    print_record,
    variable_project,
)
from tunecase.cli.piped import is_piped, piped
from tunecase.errors import Problem, TunecaseError, refuse_any
from tunecase.records import STANDARD_INPUT

if TYPE_CHECKING:
    from tunecase.flow import AuditAsked, DataFiles, FixAsked, Flow
    from tunecase.records import Audit, Cleaned, Labelling, Reviews

fixing_option = panel("Fixing the data")
labelling_option = panel("What to label next")
large_option = panel("Large files")


def audit(
    train: Annotated[
        Path | None,
        typer.Argument(help="Rows to audit without a project: file, archive, folder; - reads standard input."),
    ] = None,
    test: Annotated[Path | None, typer.Option(help="The held-out test file.")] = None,
    input: InputColumn = None,
    output: OutputColumn = None,
    tokenizer: Annotated[Path | None, typer.Option(help="A tokenizer.json, to count tokens exactly.")] = None,
    production: Annotated[
        Path | None, typer.Option(help="A sample of real inputs, to compare with; the project's data.production.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Only what one pass tells; what is left out is listed.")] = False,
    strict: Annotated[bool, typer.Option(help="Exit with 1 when any row could not be read.")] = False,
    next_: Annotated[
        int | None, labelling_option("--next", help="Instead of judging, choose rows to label next.")
    ] = None,
    pool: Annotated[Path | None, labelling_option(help="Unlabelled rows; the project's data.pool.")] = None,
    to: Annotated[Path | None, labelling_option(help="The file to write; next-labels.csv beside the data.")] = None,
    fix: Annotated[
        Path | None,
        fixing_option(help="Write a cleaned copy, what was taken out, and the rows to review into this new folder."),
    ] = None,
    mask: Annotated[bool, fixing_option("--mask", help="With --fix: mask personal data in the copy.")] = False,
    force: Annotated[bool, fixing_option("--force", help="With --fix: replace the folder that is there.")] = False,
    reviewed: Annotated[
        Path | None,
        fixing_option(
            help="Take in reviews: review.csv or review.jsonl filled in, an export of Label Studio or Argilla."
        ),
    ] = None,
    send_flagged: SendFlagged = False,
    engine: Annotated[
        str | None, large_option(help="Where it runs: local or ray; the project's engine, else this machine.")
    ] = None,
    address: Annotated[str | None, large_option(help="Address of the Ray cluster; one of its own if left out.")] = None,
    scratch: Annotated[
        str | None,
        large_option(help="Folder, or object store (s3://…), for work in progress; the cache folder if left out."),
    ] = None,
    memory: Annotated[
        str | None, large_option(help="What it may hold at once, such as 2GB; a quarter of what is free.")
    ] = None,
    workers: Annotated[int | None, large_option(min=1, help="Processes; chosen when left out.")] = None,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Are these the right data, and good enough? Every finding with its fix and price.

    To fix them: `tunecase audit --fix cleaned` writes a copy and a queue of rows to look at; fill it in; `--reviewed`
    takes it back; `--fix` once more puts the corrections into a copy. The files you give are never changed.
    """
    if next_ is None:
        _refuse_fixing(fix, mask, force, reviewed, fast)
    if is_piped(train):
        _refuse_piped({"--fix": fix, "--next": next_, "--reviewed": reviewed})
    with piped(train) as rows:
        case = None if rows is not None else open_project(project, seed, today)
        data = _Data(rows, test, input, output, case, seed, today, is_piped(train))
        if next_ is not None:
            finish("labelling", _labelling(data, next_, pool, to, send_flagged), json, case=case)
        elif reviewed is not None:
            finish("review", _reviews(data, reviewed), json, case=case)
        else:
            from tunecase import flow

            _say_uncounted(tokenizer)
            wanted = flow.AuditAsked(tokenizer, production, fast, engine, address, scratch, memory, workers)
            copy = None if fix is None else flow.FixAsked(fix, mask, force, wanted, send_flagged)
            _judge(data, wanted, copy, strict, json)


def _say_uncounted(tokenizer: Path | None) -> None:
    """Says that exact counts were asked for and cannot be given here, which the short answer has no line for."""
    if tokenizer is None:
        return
    from tunecase.cli.show.progress import LINE
    from tunecase.data.tokens import why_uncounted

    if why := why_uncounted(tokenizer):
        LINE.note(f"Tokens are estimated: {why}.")


@dataclass(frozen=True, slots=True)
class _Data:
    """The data files given on the command line, or the case if none are; and the seed and the day."""

    train: Path | None
    test: Path | None
    input: str | None
    output: str | None
    case: "Flow | None"
    seed: int
    today: str | None
    is_piped: bool = False

    @property
    def file(self) -> Path:
        """The training file that was given in place of a case."""
        assert self.train is not None
        return self.train

    @property
    def files(self) -> "DataFiles":
        """The data files that were given in place of a case."""
        from tunecase import flow

        return flow.DataFiles(self.file, self.test, self.input, self.output)

    @property
    def day(self) -> date:
        """The date as of which prices are judged."""
        return day_of(self.today)


def _judge(data: _Data, wanted: "AuditAsked", copy: "FixAsked | None", strict: bool, json: bool) -> None:
    """Audits the data, writes the cleaned copy where one is asked for, and prints what was found."""
    from tunecase.cli.show.progress import audit_progress

    cleaned = None
    with audit_progress() as progress:
        if copy is None:
            record = _audited(data, wanted, progress)
        else:
            record, cleaned = _fixed(data, copy, progress)
    ok = record.ok and not (strict and record.quarantined)
    beside = None if json or cleaned is not None else _case_of(data)
    if beside is not None:
        print_record("audit", record, json, case=beside)
        if not ok:
            raise typer.Exit(1)
    elif cleaned is None:
        finish("audit", record, json, ok=ok, case=data.case)
    else:
        if not json and (is_full() or not ok):
            print_record("audit", record, json, case=data.case)
        finish("clean", cleaned, json, ok=ok, case=data.case)


def _case_of(data: _Data) -> "Flow | None":
    """The case here or above that names the audited file, so that what follows goes on with it; None without one."""
    from tunecase import flow

    path = variable_project() or nearest_project()
    if data.case is not None or data.is_piped or not path.is_file():
        return None
    try:
        case = flow.open_case(path, data.seed, data.day)
        named = case.project.data.train
        is_it = bool(named) and (case.folder / str(named)).resolve() == data.file.resolve()
        return case if is_it and flow.material(case).project is not None else None
    except TunecaseError:  # a case that cannot be read is no place to go on
        return None


def _labelling(data: _Data, rows: int, pool: Path | None, to: Path | None, send_flagged: bool) -> "Labelling":
    from tunecase import flow

    if data.case is not None:
        return flow.next_labels(data.case, rows, pool, to, send_flagged=send_flagged)
    wanted = flow.LabelAsked(rows, data.file, pool, data.test, data.input, data.output, to, send_flagged)
    return flow.next_labels_file(wanted, data.seed, data.day)


def _reviews(data: _Data, reviewed: Path) -> "Reviews":
    from tunecase import flow

    if data.case is not None:
        return flow.review(data.case, reviewed)
    return flow.review_file(reviewed, data.file, data.input, data.output)


def _audited(data: _Data, wanted: "AuditAsked", progress: dict[str, Any]) -> "Audit":
    from tunecase import flow

    if data.case is not None:
        return flow.audit(data.case, wanted, **progress)
    record = flow.audit_file(data.files, wanted, seed=data.seed, today=data.day, **progress)
    return replace(record, train=STANDARD_INPUT) if data.is_piped else record


def _fixed(data: _Data, copy: "FixAsked", progress: dict[str, Any]) -> "tuple[Audit, Cleaned]":
    from tunecase import flow

    if data.case is not None:
        return flow.fix(data.case, copy, **progress)
    return flow.fix_file(data.files, copy, seed=data.seed, today=data.day, **progress)


def _refuse_piped(given: dict[str, object]) -> None:
    """Refuses what is written beside the rows, or read back against them, where they are piped in."""
    fix = "write the rows into a file and name it"
    refuse_any(
        Problem(name, "beside - for standard input", "a file of rows, which stays", fix)
        for name, value in given.items()
        if value is not None
    )


def _refuse_fixing(fix: Path | None, mask: bool, force: bool, reviewed: Path | None, fast: bool) -> None:
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
    refuse_any(problems)
