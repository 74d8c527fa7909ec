"""Prints the headline figures of a plan."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import print_table, say
from tunecase.records import Plan

if TYPE_CHECKING:
    from rich.console import Console


def print_plan(console: "Console", plan: Plan) -> None:
    """The headline figures of the plan, a line for each."""
    from tunecase.accounts import headline

    if not plan.advised:
        say(console, f"Not advised. To {plan.action} all the same would come to this:")
    rows = [(figure.name, figure.value, figure.evidence) for figure in headline(plan)]
    print_table(console, ("the plan", "", "rests on"), rows, (), [figure.beside for figure in headline(plan)])
