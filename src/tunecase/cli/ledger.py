"""The commands `ledger ...`: whether the chain is whole, and what brings two ledgers together."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.cli.options import HERE, AsJson, ProjectFile, Today, finish, named, open_project, print_record

ledger_app = typer.Typer(no_args_is_help=True, help="Look after the ledger.")


@ledger_app.command("verify")
def ledger_verify(
    anchor: Annotated[str, typer.Option(help="COUNT:HASH that `ledger anchor` printed, or a file that holds it.")] = "",
    project: ProjectFile = HERE,
    json: AsJson = False,
) -> None:
    """Check that no entry was edited, removed or moved, that it is one history, and that its end is still there.

    Names every line at fault and what became of it, with exit code 2. With exit code 1 the chain is whole, but lacks
    what this machine last wrote, or the anchor that was given: its end was cut, it was written anew, or another branch
    is checked out. For example: `tunecase ledger verify --json`
    """
    from tunecase import flow

    finish("ledger", flow.verify(named(project), anchor), json)


@ledger_app.command("anchor")
def ledger_anchor(
    accept: Annotated[
        bool, typer.Option("--accept", help="Also take the ledger as it is for what this machine last wrote.")
    ] = False,
    project: ProjectFile = HERE,
    json: AsJson = False,
) -> None:
    """Print how far the ledger goes, as one line to keep elsewhere: in a ticket, in a mail, signed.

    The hash covers every entry. For example: `tunecase ledger anchor > anchor.txt`, and a month later
    `tunecase ledger verify --anchor anchor.txt`

    Where the ledger lacks what this machine last wrote it says so on standard error and ends with exit code 1.
    """
    from tunecase import flow
    from tunecase.cli.show.progress import LINE

    record = flow.anchor(named(project), accept=accept)
    if json:
        print_record("anchor", record, json)
    else:
        typer.echo(f"{record.entries}:{record.head}")  # one line, however narrow the terminal
    if record.changed:
        LINE.remark(f"The ledger: {record.changed}; see `tunecase ledger verify`.")
        raise typer.Exit(1)


@ledger_app.command("rechain")
def ledger_rechain(project: ProjectFile = HERE, json: AsJson = False) -> None:
    """Make one chain of two histories that version control merged into one file.

    Conflict markers go, the common beginning stays, the entries of both come in the order of their moments, and what
    stands in both comes once. Entries keep their ids. A line that was edited, or follows one that is gone, is named and
    nothing is done. The file as it was is kept beside it, and the ledger books that it was chained again.

    For example, after a merge: `git merge books-of-anna; tunecase ledger rechain; git add ledger.jsonl`

    With a line `ledger.jsonl merge=union` in .gitattributes git keeps the lines of both without a conflict.
    """
    from tunecase import flow

    print_record("ledger", flow.rechain(named(project)), json)


@ledger_app.command("merge")
def ledger_merge(
    other: Annotated[Path, typer.Argument(help="A ledger.jsonl brought home from another machine.")],
    project: ProjectFile = HERE,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Take over the pilot's runs that another machine made for this case."""
    from tunecase import flow

    print_record("ledger", flow.merge(open_project(project, 0, today), other), json)


@ledger_app.command("set-aside")
def ledger_set_aside(
    id: Annotated[str, typer.Argument(help="The beginning of the entry's id, as `ledger verify` names it.")],
    why: Annotated[str, typer.Option(help="Why nobody is to read it.")],
    by: Annotated[str, typer.Option(help="Who decided it; the name of this account when left out.")] = "",
    project: ProjectFile = HERE,
    json: AsJson = False,
) -> None:
    """Set aside a line that cannot be read, such as a forged one, so that the case opens again.

    The file is not rewritten: a new entry says which line, who set it aside and why, and the report names it.
    An entry that can be read is never set aside; correct a charge with `tunecase spend add --replaces ID`.
    """
    from tunecase import flow

    print_record("ledger", flow.set_aside(named(project), id, why, by), json)
