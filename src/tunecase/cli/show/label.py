"""Prints which rows to label next, and a labelling trial of two readers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import (
    Interval80,
    count,
    counted,
    duration,
    figures,
    money_band,
    one_line,
    score,
    sentence,
    share,
)
from tunecase.records import Labelling, LabelTask, LabelTrial

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


def print_label_task(console: "Console", record: LabelTask) -> None:
    """Where the two files lie, what they ask, and what both readers' time costs."""
    heading(console, "label trial", f"{counted(len(record.rows), 'row')} of {record.pool}, to two readers", True)
    say(console, f"Written: {', '.join(record.files)}.")
    low, high = record.minutes.p10 * 60, record.minutes.p90 * 60
    price = money_band(record.price, record.currency)
    say(console, f"Price: {price}; {duration(low)} to {duration(high)} of reading, both together.")
    choice = f"one of {counted(len(record.labels), 'label')} (labels.txt)" if record.labels else "the answer"
    say(console, f"Each reader, alone: fill in label ({choice}), and seconds, or started and finished.")
    names = " ".join(record.files[:2])
    say(console, f"Then: tunecase label --read {names}")


def print_label_trial(console: "Console", record: LabelTrial) -> None:
    """Minutes of a label, agreement, the ceiling, and where the readers differ."""
    heading(console, "label trial", _answer(record), record.ok)
    single = record.single_minutes
    if single is not None:
        each = ", ".join("untimed" if one is None else f"{figures(one)} min" for one in record.reader_minutes)
        say(
            console,
            f"Minutes of a label: median {figures(single.mid)} (80% of labels {figures(single.low)} to "
            f"{figures(single.high)}); by reader {each}.",
        )
    if record.minutes is not None:
        mean = record.minutes
        say(
            console,
            f"Mean, which prices rest on: {figures(mean.mid)} min ({figures(mean.low)} to {figures(mean.high)}).",
        )
    if record.share is not None:
        rows = [
            ("same label", _range(record.share, share)),
            ("Cohen's kappa", _range(record.kappa, score)),
            ("Krippendorff's alpha", _range(record.alpha, score)),
            ("ceiling of any score", _range(record.ceiling, share)),
        ]
        print_table(console, ("two readers", "80% band"), rows)
    pairs = [
        f"{one_line(d.label, 30)} / {one_line(d.other, 30)}: {counted(d.rows, 'row')}" for d in record.disagreements
    ]
    print_notes(console, "Taken for one another:", pairs, SHOWN)
    least = [c for c in record.by_class if c.share < 1]
    words = [f"{one_line(c.label, 30)}: {share(c.share)} of {counted(c.rows, 'row')}" for c in least]
    print_notes(console, "Least agreed:", words, SHOWN)
    if not record.ok:
        say(console, "The target lies above the ceiling: settle the label guide before more is labelled.", "red")
    print_notes(console, "Notes:", [sentence(note) for note in record.notes])


def _answer(record: LabelTrial) -> str:
    parts = [] if record.minutes is None else [f"{figures(record.minutes.mid)} min a label"]
    if record.share is not None:
        parts.append(f"two readers agree on {share(record.share.mid)} of {count(record.rows)} rows")
    parts += [] if record.ceiling is None else [f"no score above {share(record.ceiling.high)} can be shown"]
    return "; ".join(parts) or "nothing that can be told"


def _range(interval: Interval80 | None, words: Callable[[float], str]) -> str:
    return "unknown" if interval is None else f"{words(interval.mid)} ({words(interval.low)} to {words(interval.high)})"
