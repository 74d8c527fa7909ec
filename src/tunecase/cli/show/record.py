"""Prints any record by the printer of its verb, an error, or a record as HTML."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tunecase.cli.show.approve import print_approval, print_approval_line, print_approvals
from tunecase.cli.show.audit import print_audit
from tunecase.cli.show.blocks import print_account
from tunecase.cli.show.books import print_books
from tunecase.cli.show.check import print_check
from tunecase.cli.show.clean import print_cleaned
from tunecase.cli.show.compare import print_comparison
from tunecase.cli.show.decide import print_decision
from tunecase.cli.show.define import print_definition, print_definition_again
from tunecase.cli.show.estimate import print_estimate, print_estimate_again
from tunecase.cli.show.fit import print_fit, print_scored
from tunecase.cli.show.forecast import print_forecast
from tunecase.cli.show.inference import print_inference, print_loads
from tunecase.cli.show.judge import print_judged
from tunecase.cli.show.label import print_label_task, print_label_trial, print_labelling
from tunecase.cli.show.ledger import print_ledger
from tunecase.cli.show.next import print_next
from tunecase.cli.show.paper import console_for, heading, safe, say
from tunecase.cli.show.pilot import print_pilot
from tunecase.cli.show.prices import print_prices, print_prices_updated
from tunecase.cli.show.report import print_changes, print_report
from tunecase.cli.show.review import print_reviews
from tunecase.cli.show.sources import print_source_trial, print_sources
from tunecase.cli.show.spend import print_charges, print_imported, print_mapped, print_metered, print_spend
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
    "estimate": print_estimate,
    "estimate again": print_estimate_again,
    "pilot": print_pilot,
    "sources": print_sources,
    "source trial": print_source_trial,
    "inference": print_inference,
    "loads": print_loads,
    "judge": print_judged,
    "forecast": print_forecast,
    "decide": print_decision,
    "next": print_next,
    "books": print_books,
    "approve": print_approval,
    "rejection": print_approval,
    "approvals": print_approvals,
    "compare": print_comparison,
    "check": print_check,
    "spend": print_spend,
    "imported": print_imported,
    "charges": print_charges,
    "mapped": print_mapped,
    "metered": print_metered,
    "fit": print_fit,
    "scored": print_scored,
    "labelling": print_labelling,
    "label task": print_label_task,
    "label trial": print_label_trial,
    "ledger": print_ledger,
    "rechain": print_ledger,
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


def show_approvals(record: "Approvals", console: "Console | None" = None) -> None:
    """One paragraph on where the approvals stand, where there is a plan or an approval."""
    print_approval_line(console or console_for(), record)


def show_error(error: TunecaseError) -> None:
    """Prints an error to standard error: where, what was given and wanted on one line, what to do on the next."""
    console = console_for(stderr=True)
    from rich.text import Text

    # Not wrapped here: a path cut in two cannot be copied.
    if isinstance(error, InputError):
        for problem in error.problems:
            place = Text(f"{safe(_place(problem.where))}: ", style="bold red")
            console.print(place.append(safe(problem.told), style="default"), soft_wrap=True)
            console.print(Text(safe(problem.remedy)), soft_wrap=True)
        return
    console.print(Text(safe(str(error)), style="red"), soft_wrap=True)


def _place(where: str) -> str:
    """A place as people say it.

    Example:
        >>> _place("tunecase.yaml:12: problem.target"), _place("--to")
        ('tunecase.yaml, line 12: problem.target', '--to')
    """
    return re.sub(r"^([^:]+):(\d+)(?=$|[:,])", r"\1, line \2", where)


def as_html(record: Any) -> str:
    """A record's printed form as HTML, for notebooks."""
    import io

    from rich.console import Console

    from tunecase.records import RECORDS

    verb = next(verb for verb, kind in RECORDS.items() if isinstance(record, kind))
    console = Console(record=True, width=96, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    show(verb, record, console)
    return console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")
