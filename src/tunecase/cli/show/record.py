"""Prints any record by the printer of its verb, an error, or a record as HTML."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tunecase.cli.show.audit import print_audit
from tunecase.cli.show.blocks import print_account
from tunecase.cli.show.clean import print_cleaned
from tunecase.cli.show.decide import print_decision
from tunecase.cli.show.define import print_definition, print_definition_again
from tunecase.cli.show.fit import print_fit, print_scored
from tunecase.cli.show.forecast import print_forecast
from tunecase.cli.show.inference import print_inference, print_loads
from tunecase.cli.show.judge import print_judged
from tunecase.cli.show.label import print_label_task, print_label_trial, print_labelling
from tunecase.cli.show.next import print_next
from tunecase.cli.show.paper import console_for, heading, safe, say
from tunecase.cli.show.pilot import print_pilot
from tunecase.cli.show.prices import print_prices, print_prices_updated
from tunecase.cli.show.report import print_changes, print_report
from tunecase.cli.show.review import print_reviews
from tunecase.cli.show.sources import print_source_trial, print_sources
from tunecase.errors import InputError, TunecaseError

if TYPE_CHECKING:
    from rich.console import Console

    from tunecase.accounts import Material
    from tunecase.records import Approvals, NotUsed

PRINTERS: dict[str, Callable[["Console", Any], None]] = {
    "define": print_definition,
    "define again": print_definition_again,
    "audit": print_audit,
    "clean": print_cleaned,
    "review": print_reviews,
    "pilot": print_pilot,
    "sources": print_sources,
    "source trial": print_source_trial,
    "inference": print_inference,
    "loads": print_loads,
    "judge": print_judged,
    "forecast": print_forecast,
    "decide": print_decision,
    "next": print_next,
    "fit": print_fit,
    "scored": print_scored,
    "labelling": print_labelling,
    "label task": print_label_task,
    "label trial": print_label_trial,
    "prices": print_prices,
    "updated": print_prices_updated,
    "report": print_report,
    "changed": print_changes,
}


def show(
    verb: str, record: Any, console: "Console | None" = None, *, full: bool = False, material: "Material | None" = None
) -> None:
    """Prints what a record says, with `full` all of it; a record without an account prints as plain lines.

    `material` holds the case's other records, where there is a case.
    """
    from tunecase.accounts import ACCOUNTS, account

    console = console or console_for()
    if verb in ACCOUNTS:
        print_account(console, account(verb, record, material), full=full)
        return
    printer = PRINTERS.get(verb)
    if printer is None:
        for item in record if isinstance(record, tuple) else (record,):
            say(console, str(item))
    else:
        printer(console, record)


def show_unchanged(verb: str, record: Any, console: "Console | None" = None) -> None:
    """One line for a record that says what it said the last time."""
    verdict = getattr(record, "verdict", "") or getattr(record, "action", "")
    heading(
        console or console_for(), verb, f"unchanged{f': {verdict}' if verdict else ''}", getattr(record, "ok", None)
    )


def show_not_used(records: "Sequence[NotUsed]", console: "Console | None" = None) -> None:
    """One line for each record on file that is not used."""
    for record in records:
        say(console or console_for(), f"Not used: {record}")


def show_approvals(record: "Approvals", console: "Console | None" = None, *, full: bool = False) -> None:
    """One line on where the approvals stand, where there is any; with `full` what is asked for, too."""
    from tunecase.accounts import approval_line, approval_short

    if words := approval_line(record) if full else approval_short(record):
        say(console or console_for(), words, "yellow" if record.warns else "")


def show_error(error: TunecaseError) -> None:
    """Prints an error to standard error: one block per problem, never a traceback."""
    console = console_for(stderr=True)
    from rich.text import Text

    # Not wrapped here: a path cut in two cannot be copied.
    if isinstance(error, InputError):
        for problem in error.problems:
            console.print(Text(safe(problem.where), style="bold red"), soft_wrap=True)
            for name in ("got", "wanted", "fix"):
                console.print(Text(safe(f"  {name:<7} {getattr(problem, name)}")), soft_wrap=True)
        return
    console.print(Text(safe(str(error)), style="red"), soft_wrap=True)


def as_html(record: Any) -> str:
    """A record's printed form as HTML, for notebooks."""
    import io

    from rich.console import Console

    from tunecase.records import RECORDS

    verb = next(verb for verb, kind in RECORDS.items() if isinstance(record, kind))
    console = Console(record=True, width=96, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    show(verb, record, console)
    return console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")
