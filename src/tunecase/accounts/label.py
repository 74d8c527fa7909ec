"""What labelling says: which rows to label next, a trial given out to two readers, and how far they agree."""

import shlex
from collections.abc import Callable

from tunecase.accounts.material import Material
from tunecase.accounts.words import ceiling_words, private_pairs
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Tone, Words
from tunecase.quantities import (
    Band,
    Interval80,
    about_money,
    count,
    counted,
    duration,
    figures,
    money_band,
    one_line,
    plain_score,
    plain_share,
    score,
    sentence,
    share,
)
from tunecase.records import Labelling, LabelTask, LabelTrial

SHOWN = 5  # rows of a batch
MOST_NAMED = 2  # labels of the short account


def labelling(record: Labelling, material: Material) -> Account:
    """How many rows to label next, for how much; in full the first of them, as whoever asked will read them."""
    price = about_money(record.price.p50, record.currency)
    few = f", of {count(record.asked)} asked for" if len(record.rows) < record.asked else ""
    answer = f"{counted(len(record.rows), 'row')} of {record.pool} to label next{few}: {price}."
    if not record.rows:
        answer = f"No row of {record.pool} is left to label."
    left = [f"{count(record.known)} that training or test hold"] if record.known else []
    left += [f"{count(record.copies)} copies or blank"] if record.copies else []
    pairs = [
        ("read", f"{count(record.pool_rows)} rows; {count(record.weighed)} weighed"),
        ("left out", ", ".join(left) or "none"),
    ]
    if record.rows:
        pairs += [("reading", _time(record.minutes)), ("written", " and ".join(record.files))]
    pairs += private_pairs(record.disclosed)
    short = (Facts("The batch", tuple(pairs)), Words((sentence(record.expects),)))
    full = (_first_rows(record), Facts("", (("Price", money_band(record.price, record.currency)),)))
    return Account("labelling", answer, "good" if record.ok else "bad", short, full if record.rows else ())


def _time(minutes: Band) -> str:
    """From the tenth to the ninetieth of a hundred guesses, of all readers together."""
    low, high = duration(minutes.p10 * 60), duration(minutes.p90 * 60)
    return low if low == high else f"{low} to {high}"


def _first_rows(record: Labelling) -> Table:
    rows = tuple(
        (
            Cell(one_line(row.text, 44)),
            Cell(str(row.row)),
            Cell("-" if row.suggested is None else f"{one_line(row.suggested, 20)} {share(row.chance)}"),
            Cell(sentence(row.why)),
        )
        for row in record.rows[:SHOWN]
    )
    return Table("The first rows", ("Label first", "Row", "The model says", "Why"), rows, (1,))


def label_task(record: LabelTask, material: Material) -> Account:
    """What the two readers fill in, and what their time costs."""
    price = about_money(record.price.p50, record.currency)
    answer = f"{counted(len(record.rows), 'row')} of {record.pool} for two readers: {price}."
    choice = f"one of {counted(len(record.labels), 'label')}, see labels.txt" if record.labels else "the answer"
    pairs = (
        ("each alone", f"fills in label ({choice}), and seconds, or started and finished"),
        ("reading", f"{_time(record.minutes)}, both together"),
        ("written", ", ".join(record.files)),
        *private_pairs(record.disclosed),
    )
    full = (Facts("", (("Price", money_band(record.price, record.currency)), ("Trial", record.id))),)
    following = f"tunecase label --read {' '.join(map(shlex.quote, record.files[:2]))}"
    return Account("label task", answer, "good", (Facts("What to do", pairs),), full, following)


def label_trial(record: LabelTrial, material: Material) -> Account:
    """How far two readers agree and how long a label takes; in full where they differ."""
    following = "tunecase estimate" if record.minutes is not None and record.ok else ""
    answer = _agreed(record)
    if not record.ok:
        answer = f"The target lies above what people agree on: settle the label guide first. {answer}"
    tone: Tone = "plain" if record.ok else "bad"
    short = (Facts("What the two readers said", tuple(_trial_pairs(record))),)
    return Account("label trial", answer, tone, short, _trial_in_full(record), following)


def _agreed(record: LabelTrial) -> str:
    parts = []
    if record.share is not None:
        parts.append(f"two readers agree on {plain_share(record.share.mid)} of {counted(record.rows, 'row')}")
    if record.minutes is not None:
        parts.append(f"a label takes {figures(record.minutes.mid)} minutes")
    return sentence("; ".join(parts) or f"{counted(record.rows, 'row')} read, and nothing can be told from them")


def _trial_pairs(record: LabelTrial) -> list[tuple[str, str]]:
    pairs = []
    if record.ceiling is not None:
        told = f"no score above {plain_score(record.ceiling.high)} can be shown against one of them"
        pairs.append(("ceiling", told))
    if record.minutes is not None:
        pairs.append(("price", "prices of labels rest on these minutes from now on"))
    pairs += [("confused", line) for line in _confused(record)[:MOST_NAMED]]
    pairs += [("unclear", line) for line in _unclear(record)[:MOST_NAMED]]
    return pairs or [("answers", f"{counted(record.rows, 'row')}, {count(record.agreed)} alike")]


def _confused(record: LabelTrial) -> list[str]:
    return [
        f"{one_line(one.label, 30)} with {one_line(one.other, 30)}: {counted(one.rows, 'row')}"
        for one in record.disagreements
    ]


def _unclear(record: LabelTrial) -> list[str]:
    return [
        f"{one_line(one.label, 30)}: both say it on {share(one.share)} of {counted(one.rows, 'row')}"
        for one in record.by_class
        if one.share < 1
    ]


def _trial_in_full(record: LabelTrial) -> tuple[Block, ...]:
    pairs = []
    if record.single_minutes is not None:
        single = record.single_minutes
        told = f"median {figures(single.mid)} (80% of labels {figures(single.low)} to {figures(single.high)})"
        pairs.append(("Minutes of a label", told))
        each = ("untimed" if one is None else f"{figures(one)} min" for one in record.reader_minutes)
        pairs.append(("By reader", ", ".join(each)))
    if record.minutes is not None:
        mean = record.minutes
        told = f"{figures(mean.mid)} min ({figures(mean.low)} to {figures(mean.high)}), of {count(record.timed)} timed"
        pairs.append(("Mean", told))
    agreement = (
        ("Same label", _range(record.share, share)), ("Cohen's kappa", _range(record.kappa, score)),
        ("Krippendorff's alpha", _range(record.alpha, score)),
        ("Ceiling of any score", ceiling_words(record.ceiling, share)),
    )  # fmt: skip
    pairs += agreement if record.share is not None else ()
    listings = (
        ("Also taken for one another", _confused(record)[MOST_NAMED:]), ("Also unclear", _unclear(record)[MOST_NAMED:]),
        ("Notes", [sentence(note) for note in record.notes]),
    )  # fmt: skip
    facts = (Facts("Two readers, with the 80% band", tuple(pairs)),) if pairs else ()
    return *facts, *(Listing(title, tuple(items)) for title, items in listings if items)


def _range(interval: Interval80 | None, words: Callable[[float], str]) -> str:
    return "unknown" if interval is None else f"{words(interval.mid)} ({words(interval.low)} to {words(interval.high)})"
