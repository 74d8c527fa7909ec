"""Prints which rows to label next."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_table, say
from tunecase.quantities import count, counted, duration, money_band, one_line, sentence, share
from tunecase.records import Labelling

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 5


def print_labelling(console: "Console", record: Labelling) -> None:
    """The first rows, what the batch costs and where it lies."""
    few = f" (of {count(record.asked)} asked)" if len(record.rows) < record.asked else ""
    heading(console, "label next", f"{counted(len(record.rows), 'row')} of {record.pool}{few}", record.ok)
    left = f"{count(record.known)} are in training or test already, {count(record.copies)} are copies or blank"
    say(console, f"{count(record.pool_rows)} rows read; {left}; {count(record.weighed)} weighed.")
    rows = [
        (one_line(row.text, 44), str(row.row), _suggestion(row.suggested, row.chance)) for row in record.rows[:SHOWN]
    ]
    if rows:
        notes = [sentence(row.why) for row in record.rows[:SHOWN]]
        print_table(console, ("label first", "row", "the probe says"), rows, (1,), notes)
        low, high = record.minutes.p10 * 60, record.minutes.p90 * 60
        say(
            console,
            f"Price: {money_band(record.price, record.currency)}; {duration(low)} to {duration(high)} of reading.",
        )
        say(console, f"Written to {' and '.join(record.files)}.")
    say(console, sentence(record.expects))


def _suggestion(suggested: str | None, chance: float | None) -> str:
    return "-" if suggested is None else f"{one_line(suggested, 20)} {share(chance)}"
