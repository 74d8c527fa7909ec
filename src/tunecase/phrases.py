"""What spoilt answers say: refusals, models that name themselves and stand-ins, by language, from a table."""

import re
from functools import cache

from tunecase import catalog

REFUSAL_WITHIN = 300  # characters: a refusal comes first


@cache
def listed(kind: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(stem, pattern) of every phrase of a kind; a text without the stem is not searched for the pattern."""
    rows = [row for row in catalog.read_table("answer_phrases") if row["kind"] == kind]
    return tuple((row["stem"], re.compile(row["pattern"], re.DOTALL)) for row in rows)


def says(kind: str, text: str) -> bool:
    """True when a lower-case text holds a phrase of a kind: refusal, signature or placeholder.

    Example:
        >>> says("refusal", "i'm sorry, but i cannot help with that."), says("refusal", "sorry to hear that!")
        (True, False)
    """
    for stem, pattern in listed(kind):  # noqa: SIM110 - a plain loop takes half the time of any()
        if stem in text and pattern.search(text):
            return True
    return False


def is_refusal(text: str) -> bool:
    """True when a text begins with a refusal or an apology in place of an answer, in one of eight languages."""
    return says("refusal", text.lstrip(" \n\"'*")[:REFUSAL_WITHIN].replace("’", "'"))
