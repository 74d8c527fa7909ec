"""Prints what the problem was judged to be, rule by rule."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import COLOURS, MARKS, heading, print_table, safe, say
from tunecase.quantities import figures, money_band, score, score_interval, sentence
from tunecase.records import Alternative, Definition

if TYPE_CHECKING:
    from rich.console import Console


def print_definition(console: "Console", record: Definition) -> None:
    """The verdict on the problem, rule by rule."""
    heading(console, "define", record.verdict_words, {"go to pilot": True, "do not start": False}.get(record.verdict))
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
    heading(console, "define, after the pilot", record.verdict_words, good)
    for rule in record.criteria:
        if rule.status == "fail" and rule.severity != "note":
            say(console, f"{rule.name} ({rule.id}): {rule.got}; {rule.reason}. {sentence(rule.fix)}")


def _alternatives(console: "Console", record: Definition) -> None:
    """The ways side by side, the best measured first; then what to try, and what the constraints rule out."""
    from tunecase.problem import per_1k_words, steps_to_try

    kept = [way for way in record.alternatives if not way.struck]
    title = f"Ways to give the answers ({record.currency}; hours of set-up are assumed where none are stated):"
    say(console, title, "dim")
    rows = [
        (
            way.action,
            _score(way),
            "?" if way.per_1k is None else per_1k_words(way.per_1k.p50),
            "?" if way.set_up is None else figures(way.set_up.p50),
            way.evidence,
        )
        for way in kept
    ]
    head = ("way", "score, 80% sure", "per 1,000", "set-up", "evidence")
    print_table(console, head, rows, (1, 2, 3), [_remarks(way, record.currency) for way in kept])
    if steps := steps_to_try(record):
        say(console, "To try, cheapest to know first:", "dim")
        for number, step in enumerate(steps, 1):
            say(console, f"{number}. {step}.", indent=2)
    for way in record.alternatives:
        if way.struck:
            say(console, f"Ruled out: {way.action}; {way.struck}.")
    say(console, "What each is missing, and what others published: --json or the report.", "dim")


def _score(way: Alternative) -> str:
    if way.score is None:
        return "at target" if way.evidence == "assumed" else "not measured"
    if way.interval is None:
        return score(way.score)
    return score_interval(way.interval.low, way.score, way.interval.high)


def _remarks(way: Alternative, currency: str) -> str:
    """What a way with a score brings and costs, and what was taken for it; on what else its figures rest."""
    brings = way.value is not None and way.value.p50 and way.score is not None and way.name != "today"
    from tunecase.problem import when_sure

    remarks = [
        f"brings {money_band(way.value, currency)} over the horizon" if brings else "",
        f"costs {money_band(way.cost, currency)}" if brings and way.cost is not None else "",
        when_sure(way, currency),
        way.note,
    ]
    return "; ".join(filter(None, remarks))
