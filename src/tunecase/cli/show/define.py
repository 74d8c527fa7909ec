"""Prints what the problem was judged to be, rule by rule."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import COLOURS, MARKS, heading, print_table, safe, say
from tunecase.quantities import figures, money_band, score, sentence
from tunecase.records import Alternative, Definition

if TYPE_CHECKING:
    from rich.console import Console


def print_definition(console: "Console", record: Definition) -> None:
    """The verdict on the problem, rule by rule."""
    heading(console, "define", record.verdict, {"go to pilot": True, "do not start": False}.get(record.verdict))
    say(console, record.reason)
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
    open_notes = [rule for rule in record.criteria if rule.status == "unknown" and rule.severity == "note"]
    for rule in record.criteria:
        if rule in open_notes:
            continue
        # A note is worth reading and changes nothing: it must not look like a failure.
        status = "note" if rule.severity == "note" and rule.status == "fail" else rule.status
        text = Text(f"{safe(rule.name)}: ", style="bold").append(safe(rule.reason), style="not bold")
        if rule.fix and rule.status != "pass":
            price = f" Price: {money_band(rule.price, record.currency)}." if rule.price else ""
            text.append(f"\n  {sentence(rule.fix)}{price}", style="not bold dim")
        table.add_row(Text(f"{MARKS[status]} {status}", style=COLOURS[status]), Text(safe(rule.id), style="dim"), text)
    console.print(table)
    if open_notes:
        listed = ", ".join(f"{rule.name} ({rule.id})" for rule in open_notes)
        say(console, f"Worth knowing, and not known: {listed}. What each needs: --json, --brief or the report.", "dim")
    if record.alternatives:
        _alternatives(console, record)


def print_definition_again(console: "Console", record: Definition) -> None:
    """The verdict that the bill after the pilot has moved, with the rules that fail."""
    good = {"go to pilot": True, "do not start": False}.get(record.verdict)
    heading(console, "define, after the pilot", record.verdict, good)
    for rule in record.criteria:
        if rule.status == "fail" and rule.severity != "note":
            say(console, f"{rule.name} ({rule.id}): {rule.got}; {rule.reason}. {sentence(rule.fix)}")


def _alternatives(console: "Console", record: Definition) -> None:
    """The other ways side by side; what is missing for a number stands below its row."""
    say(console, f"Other ways, over the horizon ({record.currency}; a question mark is not known):", "dim")
    rows = [
        (
            way.action,
            "?" if way.score is None else score(way.score),
            "?" if way.value is None else figures(way.value.p50),
            *("?" if amount is None else figures(amount.p50) for amount in (way.set_up, way.running, way.cost)),
            way.evidence,
        )
        for way in record.alternatives
    ]
    notes = [_missing(way) for way in record.alternatives]
    head = ("way", "score", "brings", "set-up", "answers", "costs", "evidence")
    print_table(console, head, rows, (1, 2, 3, 4, 5), notes)


def _missing(way: Alternative) -> str:
    notes = [way.note] if way.note else []
    missing = [field.removeprefix(f"alternatives.{way.name}.") for field in way.unknown]
    return "; ".join([*notes, f"not known: {', '.join(missing)}"] if missing else notes)
