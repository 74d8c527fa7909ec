"""The commands `ledger ...`: whether the chain is whole, and what brings two ledgers together."""

from pathlib import Path
from typing import Annotated

import typer

from tunecase.terminal import HERE, AsJson, ProjectFile, Today, open_project, print_record

ledger_app = typer.Typer(no_args_is_help=True, help="Look after the ledger.")


@ledger_app.command("verify")
def ledger_verify(project: ProjectFile = HERE, json: AsJson = False) -> None:
    """Check that no entry was edited, removed or moved."""
    from tunecase import flow

    print_record("ledger", flow.verify(project), json)


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
