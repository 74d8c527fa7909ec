"""Prints what the data were judged to be, finding by finding."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, price_words, print_notes, print_table, say
from tunecase.quantities import count, counted, interval_words, money_band, sentence, share
from tunecase.records import Audit, Finding

if TYPE_CHECKING:
    from rich.console import Console


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
    measured = finding.measured
    if finding.check != "label_error" or measured is None:
        return count(finding.count)
    return f"{count(finding.count)} ({count(round(measured.low))} to {count(round(measured.high))})"


def _tokens(record: Audit) -> str:
    tokens, total = record.tokens, record.tokens.total
    parts = [f"{interval_words(total.low, total.mid, total.high)} ({'exact' if tokens.exact else tokens.how})"]
    if tokens.useful_share is not None:
        parts.append(f"{share(tokens.useful_share)} of them in answers")
    if tokens.over_rows and tokens.limit_tokens is not None:
        parts.append(f"{counted(tokens.over_rows, 'row')} cut at {count(tokens.limit_tokens)}")
    return ", ".join(parts)
