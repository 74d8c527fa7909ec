"""The commands `spend ...`: what was really paid, typed or imported."""

from typing import Annotated

import typer

from tunecase.terminal import HERE, AsJson, ProjectFile, Today, open_project, print_record

spend_app = typer.Typer(no_args_is_help=True, help="Record what was really paid.")


@spend_app.command("add", context_settings={"ignore_unknown_options": True})
def spend_add(
    amount: Annotated[str, typer.Argument(help="What was paid, e.g. 42.50.")],
    currency: Annotated[str | None, typer.Argument(help="USD, EUR, ...; the project's when left out.")] = None,
    category: Annotated[
        str, typer.Option(help="gpu, labour, data, evaluation, inference, storage or other.")
    ] = "other",
    on: Annotated[str | None, typer.Option(help="The day it was paid (YYYY-MM-DD); today when left out.")] = None,
    note: Annotated[str, typer.Option(help="What for.")] = "",
    credit: Annotated[bool, typer.Option(help="Money that came back.")] = False,
    replaces: Annotated[str, typer.Option(help="The id of the entry that this one corrects.")] = "",
    project: ProjectFile = HERE,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Book one charge in the ledger."""
    from tunecase import flow

    opened = open_project(project, 0, today)
    print_record("spend", flow.spend_text(opened, amount, currency, category, on, note, credit, replaces), json)
