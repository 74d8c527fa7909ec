"""The books of a case as its page shows them: where they stand, and every charge, the newest first."""

from dataclasses import dataclass

from tunecase.accounts import Material, account, plain_line
from tunecase.blocks import Block
from tunecase.quantities import count, day, money, one_line, paid, sentence
from tunecase.records import Charge, Charges, unread_words
from tunecase.web.views import CaseView

MOST_CHARGES = 200
MOST_TEXT = 200  # characters of what a charge was for


@dataclass(frozen=True, slots=True)
class BooksShown:
    """Where the books stand: a heading, what stands below it, its table, and all else that the books say."""

    heading: str
    beside: str
    tables: tuple[Block, ...]
    more: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One charge as the table prints it; `out` says why it counts in no sum."""

    day: str
    line: str
    words: str
    source: str
    amount: str
    given: str
    out: str


def books_shown(view: CaseView) -> BooksShown:
    """What the account of the books says, its first sentence as the heading."""
    if view.books is None:
        return BooksShown("The books are not drawn up yet", "They begin with the first charge.", (), ())
    told = account("books", view.books, Material(books=view.books, approvals=view.approvals))
    lead, _, rest = told.answer.partition(". ")
    return BooksShown(lead.rstrip("."), rest, told.short, told.full)


def charge_rows(charges: Charges) -> tuple[ChargeRow, ...]:
    """The charges, the newest first, the last 200 of many; the amounts of those that count add up to the total."""
    column = iter(charges.column)
    amounts = [paid(one.charge.amount_base) if one.out else next(column) for one in charges.charges]
    shown = list(zip(charges.charges, amounts, strict=True))[-MOST_CHARGES:]
    return tuple(_row(one, amount) for one, amount in reversed(shown))


def _row(one: Charge, amount: str) -> ChargeRow:
    charge = one.charge
    given = money(charge.amount, charge.currency) if charge.amount != charge.amount_base else ""
    bought = f"{charge.quantity:f} {charge.unit}: " if charge.quantity is not None else ""
    words = one_line(f"{bought}{charge.description or charge.service}", MOST_TEXT)
    line = sentence(plain_line(charge.category)).rstrip(".")
    return ChargeRow(day(charge.on), line, words, charge.source, amount, given, one_line(one.out))


def charges_note(charges: Charges) -> str:
    """What the table of charges leaves out: older ones, and those that cannot be read."""
    more = len(charges.charges) - MOST_CHARGES
    older = f"{count(more)} older ones: `tunecase spend list`. " if more > 0 else ""
    return older + (unread_words(charges.set_aside) if charges.set_aside else "")
