"""What a check says: whether the advice holds, and what moved since, price by price and line by line."""

from collections.abc import Iterator, Sequence

from tunecase.accounts.material import Material, filled
from tunecase.accounts.words import plain_words
from tunecase.blocks import Account, Cell, Facts, Listing, Table, Words
from tunecase.quantities import UNKNOWN, counted, day, figures, money, one_line, plain_money, sentence
from tunecase.records import Check, Shift

MOST_REASONS = 3  # under the answer


def check(record: Check, material: Material) -> Account:
    """Whether the advice of that day still holds, with the reasons where it does not."""
    since = day(record.since)
    answer = f"The advice of {since} still holds." if record.ok else f"The advice of {since} no longer holds."
    short = Words(tuple(_sentences(record)))
    before, now = (money(point, record.currency) for point in (record.total.before, record.total.now))
    book = f"{record.book_before}, now {record.book_now}" if record.book_before != record.book_now else record.book_now
    full = filled(
        _shifts(f"Prices since {since}", record.prices),
        _shifts("Lines, expected", record.lines),
        _shifts("Exchange rates", record.rates),
        Listing("More reasons", tuple(map(_sentence, record.broken[MOST_REASONS:]))),
        Listing("Ends", tuple(words for words in record.ended if words not in record.broken)),
        Listing("To know", record.notes),
        Facts("", (("Total at P80", f"{before}, now {now}"), ("Price book", book))),
    )
    return Account("check", answer, "good" if record.ok else "bad", filled(short), full, _next(record))


def _next(record: Check) -> str:
    return "tunecase next" if record.ok else "tunecase decide"


def _sentences(record: Check) -> Iterator[str]:
    """The reasons or the advice, what four in five cases cost then and now, and how many prices and lines moved."""
    yield from map(_sentence, record.broken[:MOST_REASONS])
    if record.ok:
        yield f"Advice: {plain_words(record.advice_now)}."
    before, now = (plain_money(point, record.currency) for point in (record.total.before, record.total.now))
    yield f"Enough four times in five: {f'{before} then, {now} now' if before != now else f'{now}, as before'}."
    counts = [counted(len(moves), noun) for moves, noun in ((record.prices, "price"), (record.lines, "line")) if moves]
    yield f"Moved since: {' and '.join(counts)}." if counts else "No price and no line of the bill moved."
    soon = [words for words in record.ended if words not in record.broken]
    yield from map(_sentence, soon[:1])


def _sentence(words: str) -> str:
    return sentence(one_line(words))


def _shifts(title: str, shifts: Sequence[Shift]) -> Table:
    rows = tuple(
        tuple(map(Cell, (one.name.replace("_", " "), _figure(one.before), _figure(one.now), one.unit, _times(one))))
        for one in shifts
    )
    return Table(title, ("", "Before", "Now", "", ""), rows, (1, 2, 4))


def _figure(value: float | None) -> str:
    return UNKNOWN if value is None else figures(value, 3)


def _times(shift: Shift) -> str:
    return "" if shift.factor is None else f"x {shift.factor:.2f}"
