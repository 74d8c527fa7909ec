"""The command `reject`: refuses the release that the plan on file asks for."""

from typing import Annotated

from tunecase.cli.options import HERE, AsJson, ProjectFile, Today, open_project, panel, print_record

rejection_option = panel("The rejection")


def reject(
    by: Annotated[str, rejection_option(help="Who rejects it.")] = "",
    note: Annotated[str, rejection_option(help="Why.")] = "",
    plan: Annotated[
        str, rejection_option(help="The hash of the plan that was read; refused if it is no longer the plan on file.")
    ] = "",
    project: ProjectFile = HERE,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Refuse the release that the plan on file asks for, on record.

    For instance `tunecase reject --by "Head of Support" --note "after the audit"`. An approval of this very plan ends
    with it, and what was spent under it stays covered. Approvals of earlier plans stay. `tunecase approve` asks again.
    """
    from tunecase import flow

    print_record("approvals", flow.reject(open_project(project, 0, today), by, note, plan), json)
