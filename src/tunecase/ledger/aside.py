"""What a line that was set aside still says of itself: its kind, its day, and an amount of money.

Nothing here is trusted: the hashes of such a line fit, but its content cannot be read as an entry.
"""

import re
from dataclasses import dataclass
from datetime import date

from tunecase.ledger.bodies import MOST_BYTES
from tunecase.ledger.lines import Entry, group, id_of, stated_moment
from tunecase.quantities import one_line

_AMOUNT, _CURRENCY = re.compile(r"-?\d{1,18}(\.\d{1,6})?"), re.compile("[A-Z]{3}")
MOST_WHAT = 40  # characters of a kind or a verb


@dataclass(frozen=True, slots=True)
class Aside:
    """A line that is set aside, and the entry that did it.

    `what` is the line's kind, and its verb where that is another word; `on` its day, None where it states none.
    `amount` is the money that it states with its currency, empty where it states none that can be read.
    """

    id: str
    act: Entry
    what: str
    on: date | None
    is_charge: bool
    amount: str


def aside_of(act: Entry, line: bytes) -> Aside:
    """The line that an act sets aside, as far as it can be read."""
    stated = stated_moment(line)
    amount = _amount(line)
    is_charge = bool(amount) or b"spend" in (group(line) or ())
    return Aside(id_of(line).decode(), act, what_of(line) or "entry", stated and stated.date(), is_charge, amount)


def what_of(line: bytes) -> str:
    """The kind of a line, and its verb where that is another word; empty where the line does not say."""
    words = b" ".join(dict.fromkeys(group(line) or ())).decode("utf-8", "replace")
    return one_line(words, MOST_WHAT)


def _amount(line: bytes) -> str:
    import orjson

    try:
        fields = orjson.loads(line) if len(line) <= MOST_BYTES else {}
    except ValueError:
        return ""
    body = fields.get("body")
    stated = body if isinstance(body, dict) else {}
    amount, currency = str(stated.get("amount", "")), str(stated.get("currency", ""))
    return f"{amount} {currency}" if _AMOUNT.fullmatch(amount) and _CURRENCY.fullmatch(currency) else ""
