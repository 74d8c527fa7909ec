"""The command `approve`: releases money for the plan on file, or shows what was approved."""

from typing import TYPE_CHECKING, Annotated

import typer

from tunecase.cli.options import HERE, AsJson, ProjectFile, Today, open_project, panel, print_record
from tunecase.errors import Problem, refuse_any

if TYPE_CHECKING:
    from tunecase.flow import Flow

approval_option = panel("The approval")


def approve(
    amount: Annotated[
        str | None, typer.Argument(metavar="AMOUNT", help='What is released, e.g. "1500 USD"; none shows approvals.')
    ] = None,
    by: Annotated[str, approval_option(help="Who approves it.")] = "",
    until: Annotated[str | None, approval_option(help="The last day that it covers (YYYY-MM-DD).")] = None,
    note: Annotated[str, approval_option(help="Why, or under which conditions.")] = "",
    plan: Annotated[
        str, approval_option(help="The hash of the plan that was read; refused if it is no longer the plan on file.")
    ] = "",
    replaces: Annotated[str, approval_option(help="The id of the approval that this one corrects.")] = "",
    beyond: Annotated[
        bool, approval_option("--beyond", help="Release more than the plan asks for now, as far as the budget goes.")
    ] = False,
    code: Annotated[
        bool, approval_option("--code", help="Show what an agent asks to write, and the code that permits it.")
    ] = False,
    project: ProjectFile = HERE,
    json: AsJson = False,
    today: Today = None,
) -> None:
    """Release money for the plan on file, on record; without an amount: what was approved, spent, and is left.

    For instance `tunecase approve "1500 USD" --by "Head of Support" --until 2027-01-31`. The ledger keeps the amount,
    who approved it, when, on which plan and under which stop rule. Releases add up, to what the plan asks for now;
    `--beyond` releases more. Once 80% of them is spent, every command that books or shows money warns; where the plan
    has changed since, it says so: approve it anew.
    """
    from tunecase import flow

    opened = open_project(project, 0, today)
    if code:
        _show_codes(opened)
        raise typer.Exit
    if amount is not None:
        record = flow.approve(opened, flow.ApprovalAsked(amount, by, until, note, plan, replaces, beyond))
    else:
        given = {"--by": by, "--until": until, "--note": note, "--plan": plan, "--replaces": replaces}
        given |= {"--beyond": "given" if beyond else ""}
        fix = 'write it first, as in `tunecase approve "1500 USD" --by "Head of Support"`'
        refuse_any(Problem(name, "no amount", "an amount to approve", fix) for name, value in given.items() if value)
        record = flow.approvals(opened)
    print_record("approvals", record, json, case=opened)


def _show_codes(opened: "Flow") -> None:
    """What agents ask to write to the case, each with a code: on the screen of a person alone."""
    from tunecase import flow
    from tunecase.accounts import asked_words
    from tunecase.cli.asking import refuse_without_terminal
    from tunecase.cli.show.paper import console_for, say

    refuse_without_terminal("--code", "run it yourself, in a terminal")
    asked = [(asked_words(request.ledger, request.records), drawn) for request, drawn in flow.draw(opened.ledger.path)]
    for words, drawn in asked or [("No agent asks to write money.", "")]:
        say(console_for(), words)
        say(console_for(), drawn and f"Code: {drawn}, for exactly this, once, within 10 minutes", "bold")
