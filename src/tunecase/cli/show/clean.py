"""Prints what was mended: the cleaned copy and its review queue."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_table, say
from tunecase.quantities import band_words, count, counted, money_band
from tunecase.records import Cleaned

if TYPE_CHECKING:
    from rich.console import Console


def print_cleaned(console: "Console", record: Cleaned) -> None:
    """What was written and where, what was taken out, and what reading the queue costs."""
    heading(console, "clean", f"{counted(record.kept, 'row')} of {count(record.rows)} in {record.folder}", record.ok)
    say(console, f"{count(record.dropped)} dropped, {count(record.quarantined)} unreadable; your file is unchanged.")
    rows = [(name.replace("_", " "), count(number)) for name, number in record.removed.items()]
    if record.deleted:
        rows.append(("deleted by reviewers", count(record.deleted)))
    if rows:
        print_table(console, ("dropped for", "rows"), rows, (1,))
    for number, words in (
        (record.corrected, "with the answer that reviewers gave"),
        (record.masked, "with personal data masked"),
        (record.unapplied, "corrected, but of a shape that has no one answer: correct them by hand"),
        (record.stale, "reviewed, but changed since: the review was not applied"),
    ):
        if number:
            say(console, f"{counted(number, 'row')} {words} (listed in changes.json).")
    for file in record.files:
        rows_told = "" if file.rows is None else f" ({counted(file.rows, 'row')})"
        say(console, f"{file.name}: {file.what}{rows_told}", "dim", 2)
    if record.aside:
        say(console, f"The earlier folder held changes by hand: it is now {record.aside}.", "yellow")
    if record.review_rows:
        drawn = f", {count(record.controls)} of them drawn at random as a control" if record.controls else ""
        say(console, f"To look at: {counted(record.review_rows, 'row')}{drawn}.")
        prices = [
            (f"the first {count(d.rows)}" if d.rows < record.review_rows else f"all {count(d.rows)}",
             band_words(d.hours, "h"), money_band(d.price, record.currency))
            for d in record.depths
        ]  # fmt: skip
        print_table(console, ("reviewed", "hours", "price"), prices, (1, 2))
        say(console, "Fill in decision and answer in review.csv, then the same command with --reviewed FILE.")
