"""The command `label`: a labelling trial of two readers, given out and read back."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, ProjectFile, Seed, SendFlagged, Today, finish, open_project
from tunecase.errors import Problem, refuse_any


def label(
    files: Annotated[list[Path] | None, typer.Argument(help="With --read: the two readers' files, filled in.")] = None,
    trial: Annotated[
        int | None, typer.Option(help="Give out a trial: this many rows, the same to two readers.")
    ] = None,
    read: Annotated[bool, typer.Option("--read", help="Read the two readers' files back.")] = False,
    pool: Annotated[
        Path | None,
        typer.Option(help="With --trial: unlabelled rows; the project's data.pool, else its training file."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="With --trial: the folder to write; label-trial beside the data.")
    ] = None,
    send_flagged: SendFlagged = False,
    project: ProjectFile = HERE,
    seed: Seed = 0,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """How long does a label take, and do two people agree? Asked before the money is spent.

    `tunecase label --trial 100` writes a file for each of two readers, answers not shown. Each fills in `label`, and
    `seconds` or `started` and `finished`. `--read reader-a.csv reader-b.csv` takes them back: minutes of a label,
    agreement, and the ceiling that it sets on any score. Prices and `tunecase define` rest on it from then on.

    Which rows to label next: `tunecase audit --next 100`.
    """
    from tunecase import flow

    _refuse(files or [], trial, read=read, given=pool is not None or to is not None)
    opened = open_project(project, seed, today)
    if trial is not None:
        finish("label task", flow.label_task(opened, trial, pool, to, send_flagged=send_flagged), json)
        return
    finish("label trial", flow.label_trial(opened, files or []), json)


def _refuse(files: list[Path], trial: int | None, *, read: bool, given: bool) -> None:
    """Refuses what does not go together. Raises: InputError with every such option."""
    problems = []
    if read == (trial is not None):
        got, wanted = ("both" if read else "neither --trial nor --read"), "--trial N to give out, or --read A B"
        problems.append(Problem("tunecase label", got, wanted, "write for example --trial 100"))
    if files and not read:
        problems.append(Problem(str(files[0]), "a file without --read", "--read before the files", "add --read"))
    if given and read:
        problems.append(Problem("--pool, --to", "beside --read", "beside --trial only", "leave them out"))
    refuse_any(problems)
