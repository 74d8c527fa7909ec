"""Prints what was judged: the problem and the data."""

from typing import TYPE_CHECKING

from tunecase.records import Alternative, Audit, Definition, Finding
from tunecase.show.paper import COLOURS, MARKS, heading, price_words, print_notes, print_table, safe, say
from tunecase.wording import count, counted, figures, interval_words, money_band, score, sentence, share

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
    told = [way.note] if way.note else []
    missing = [field.removeprefix(f"alternatives.{way.name}.") for field in way.unknown]
    return "; ".join([*told, f"not known: {', '.join(missing)}"] if missing else told)


def print_audit(console: "Console", record: Audit) -> None:
    """The verdict on the data, finding by finding."""
    heading(console, "audit", record.verdict, record.ok)
    say(console, record.reason)
    kept = f"{count(record.rows)} rows read: {count(record.usable)} usable, {count(record.dropped)} to drop"
    say(console, f"{kept}, {count(record.quarantined)} quarantined; {count(record.test_rows)} test rows.")
    rows = [
        (
            f"{finding.check.replace('_', ' ')} ({finding.severity})",
            f"{_count(finding)}{' test' if finding.where == 'test' else ''}",
            share(finding.share, 1),
            price_words(finding.price, record.currency),
        )
        for finding in record.findings
    ]
    if rows:
        fixes = [sentence(finding.fix) for finding in record.findings]
        print_table(console, ("finding", "count", "share", "price of the fix"), rows, (1, 2, 3), fixes)
    say(console, f"Repairs: {money_band(record.repair_price, record.currency)}. Tokens: {_tokens(record)}.")
    if record.clustered_rows:
        largest = max((group.size for group in record.clusters), default=0)
        say(console, f"Repeats: {counted(record.clustered_rows, 'row')}; the largest group has {count(largest)}.")
    if record.quarantine_file:
        say(console, f"Rows that could not be read are in {record.quarantine_file}.")
    print_notes(console, "Not checked:", record.not_checked, 8)


def _count(finding: Finding) -> str:
    """How many, with the range where the number is an estimate."""
    told = finding.measured
    if finding.check != "label_error" or told is None:
        return count(finding.count)
    return f"{count(finding.count)} ({count(round(told.low))} to {count(round(told.high))})"


def _tokens(record: Audit) -> str:
    tokens, total = record.tokens, record.tokens.total
    said = [f"{interval_words(total.low, total.mid, total.high)} ({'exact' if tokens.exact else tokens.how})"]
    if tokens.useful_share is not None:
        said.append(f"{share(tokens.useful_share)} of them in answers")
    if tokens.over_rows and tokens.limit_tokens is not None:
        said.append(f"{counted(tokens.over_rows, 'row')} cut at {count(tokens.limit_tokens)}")
    return ", ".join(said)
