"""Prints what reviewers said: what was wrong, how much may still be, and how long a review takes."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import count, counted, figures, interval_words, share
from tunecase.records import Reviews

if TYPE_CHECKING:
    from rich.console import Console

MOST_NAMED = 20


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
