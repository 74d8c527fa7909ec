"""Prints what was mended: the cleaned copy with its review queue, and what reviewers said."""

from typing import TYPE_CHECKING

from tunecase.records import Cleaned, Reviews
from tunecase.show.paper import heading, print_notes, print_table, say
from tunecase.wording import band_words, count, counted, figures, interval_words, money_band, share

if TYPE_CHECKING:
    from rich.console import Console

MOST_NAMED = 20


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


def print_reviews(console: "Console", record: Reviews) -> None:
    """What was wrong, how much may still be, how long a review takes, and where the corrections are."""
    heading(console, "review", f"{count(record.wrong)} of {counted(record.rows, 'reviewed row')} wrong")
    say(
        console,
        f"Read from {record.format}: {count(record.corrected)} corrected, {count(record.deleted)} to delete, "
        f"{count(record.unsure)} unsure, {count(len(record.disputed))} on which reviewers do not agree.",
    )
    open_wrong = record.wrong - record.corrected - record.deleted
    if open_wrong > 0:
        told = f"{counted(open_wrong, 'row')} wrong without an answer"
        say(console, f"{told}: they stay as they are until you give one, or say delete.")
    if record.disputed:
        named = ", ".join(str(row) for row in record.disputed[:MOST_NAMED])
        say(
            console,
            f"No agreement on rows {named}{' …' if len(record.disputed) > MOST_NAMED else ''}: nothing changed.",
        )
    rows = [(f"the first {count(d.rows)}", count(d.wrong), share(d.wrong / d.rows)) for d in record.depths]
    if rows:
        print_table(console, ("of the queue", "wrong", "share"), rows, (1, 2))
    if record.error_rate is not None:
        rate = record.error_rate
        told = f"{share(rate.mid, 1)} ({share(rate.low, 1)} to {share(rate.high, 1)})"
        say(console, f"Of {counted(record.controls, 'random row')} {told} were wrong.")
    if record.remaining is not None:
        left = record.remaining
        say(console, f"Wrong answers that nobody has seen yet: {interval_words(left.low, left.mid, left.high)}.")
    if record.minutes is not None:
        minutes = record.minutes
        words = f"One review took {figures(minutes.mid)} min ({figures(minutes.low)} to {figures(minutes.high)})"
        say(console, f"{words}; from now on prices use this.")
    if record.agreement is not None:
        agreed = record.agreement
        told = f"{share(agreed.mid)} ({share(agreed.low)} to {share(agreed.high)})"
        say(console, f"Two reviewers say the same on {told} of {counted(record.twice, 'row')}.")
    say(console, f"{counted(record.corrections, 'decision')} in {record.corrections_file}; your data are unchanged.")
    say(console, "To put them into a copy, the same command with --fix DIR in place of --reviewed.")
    print_notes(console, "Not known:", record.notes)
