"""What `audit --reviewed` says: what was wrong, how much may still be, and how long a review takes."""

from tunecase.accounts.material import Material
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Words
from tunecase.quantities import count, counted, figures, interval_words, sentence, share
from tunecase.records import Reviews

MOST_NAMED = 20


def review(record: Reviews, material: Material) -> Account:
    """How many rows were wrong and what becomes of them; in full how wrong the rest may be, and the reviewers' pace."""
    answer = f"{count(record.wrong)} of {counted(record.rows, 'reviewed row')} were wrong. Your data are unchanged."
    short = (Facts("What the reviewers said", tuple(_said(record))),)
    following = "tunecase audit --fix cleaned" if material.project is not None else ""
    return Account("review", answer, "plain", short, _full(record), following)


def _said(record: Reviews) -> list[tuple[str, str]]:
    pairs = [("settled", f"{counted(record.corrected, 'row')} corrected, {count(record.deleted)} to delete")]
    if (unanswered := record.wrong - record.corrected - record.deleted) > 0:
        told = f"{counted(unanswered, 'row')} wrong without an answer: they stay until you give one, or say delete"
        pairs.append(("open", told))
    doubtful = [f"{count(record.unsure)} unsure"] if record.unsure else []
    doubtful += [f"{count(len(record.disputed))} on which reviewers differ"] if record.disputed else []
    if doubtful:
        pairs.append(("in doubt", f"{', '.join(doubtful)}: nothing changed"))
    if record.remaining is not None:
        left = record.remaining
        pairs.append(("still wrong", f"{interval_words(left.low, left.mid, left.high)} that nobody has looked at"))
    pairs.append(("written", f"{counted(record.corrections, 'decision')} in {record.corrections_file}"))
    return pairs


def _full(record: Reviews) -> tuple[Block, ...]:
    depths = tuple(
        (Cell(f"the first {count(one.rows)}"), Cell(count(one.wrong)), Cell(share(one.wrong / one.rows)))
        for one in record.depths
        if one.rows
    )
    pairs = [("Read from", f"{record.source}, {record.format}")]
    if record.error_rate is not None:
        rate = record.error_rate
        told = f"{share(rate.mid, 1)} ({share(rate.low, 1)} to {share(rate.high, 1)})"
        pairs.append(("Wrong at random", f"{told} of {counted(record.controls, 'random row')}"))
    if record.minutes is not None:
        minutes = record.minutes
        told = f"{figures(minutes.mid)} min ({figures(minutes.low)} to {figures(minutes.high)})"
        pairs.append(("One review took", f"{told}; from now on prices use this"))
    if record.agreement is not None:
        agreed = record.agreement
        told = f"{share(agreed.mid)} ({share(agreed.low)} to {share(agreed.high)})"
        pairs.append(("Two reviewers agree on", f"{told} of {counted(record.twice, 'row')}"))
    if record.disputed:
        named = ", ".join(str(row) for row in record.disputed[:MOST_NAMED])
        pairs.append(("No agreement on rows", f"{named}{' …' if len(record.disputed) > MOST_NAMED else ''}"))
    put = "To put the decisions into a copy, give --fix DIR in place of --reviewed."
    by_depth = Table("Wrong rows by depth of the queue", ("Of the queue", "Wrong", "Share"), depths, (1, 2))
    return (
        *((by_depth,) if depths else ()),
        Facts("What follows from it", tuple(pairs)),
        Words((put,)),
        *((Listing("Not known", tuple(map(sentence, record.notes))),) if record.notes else ()),
    )  # fmt: skip
