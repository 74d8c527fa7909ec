"""What a named input of the bill is called and measured in, and what would have to be true of it, in words."""

import math

from tunecase.prices.basis import WANTED
from tunecase.quantities import counted, figures, money, share
from tunecase.records import Flip, WhatIf

ROUNDS = "rounds"
PRICE = "price per example"
SHOWN_WAYS = 4
UNITS = {
    "problem.value": "{currency} per correct",
    "problem.volume": "per month",
    "serving.price_per_1k_answers": "{currency}",
    "today.price_per_1k": "{currency}",
    "serving.price_per_1k_today": "{currency}",
    "one training run": "{currency}",
    "budget": "{currency}",
    ROUNDS: "rounds",
    "tokens per row": "tokens",
}

# How an input's name begins and ends, and its unit.
PATTERNS = (
    ("problem.errors ", "", "{currency} per error"),
    ("price of a ", "", "{currency} per hour"),
    ("own price of a ", "", "{currency} per hour"),
    ("price of training ", "", "{currency} per Mtok"),
    ("price of input ", "", "{currency} per Mtok"),
    ("price of output ", "", "{currency} per Mtok"),
    ("price of cached input ", "", "{currency} per Mtok"),
    ("answers per second of ", "", "answers/s"),
    ("", PRICE, "{currency} per example"),
    ("", "set-up", "{currency}"),
    ("tokens per second", "", "tokens/s"),
)


def unit(name: str, currency: str) -> str:
    """The unit of a named input, empty for a plain number, "%" for a share.

    Example:
        >>> unit("ml engineer team.rate", "EUR"), unit("label price per example", "USD"), unit("training.failed", "USD")
        ('EUR per hour', 'USD per example', '%')
    """
    field = name.split()[-1] if name else ""
    if name in UNITS or field in UNITS:
        return UNITS.get(name, UNITS.get(field, "")).format(currency=currency)
    for start, end, words in PATTERNS:
        if name.startswith(start) and name.endswith(end):
            return words.format(currency=currency)
    wanted = WANTED.get(field)
    if wanted is None:
        return ""
    if wanted.unit == "share":
        return "%"
    per = f" per {wanted.per}" if wanted.per else ""
    long = {"money": currency, "hour": "h", "minute": "min", "month": "months", "week": "weeks"}
    return f"{long.get(wanted.unit, wanted.unit)}{per}".strip()


def amount(name: str, value: float, currency: str) -> str:
    """An amount of a named input in two figures with its unit.

    Example:
        >>> amount("effort_per_round", 33.4, "USD"), amount("evaluation_share", 0.7, "USD"), amount("rounds", 1, "USD")
        ('33 h per round', '70%', '1 round')
    """
    what = unit(name, currency)
    if what == "%":
        return share(value)
    if name == ROUNDS and float(value).is_integer():
        return f"{value:.0f} round" + ("s" if value != 1 else "")
    return f"{figures(value)} {what}".strip()


def highest(name: str) -> float:
    """The largest value that a named input can have: 1 for a share, else infinity."""
    field = name.split()[-1] if name else ""
    wanted = WANTED.get(field)
    return wanted.most if wanted is not None and wanted.unit == "share" else math.inf


def what_if_words(record: WhatIf, currency: str) -> str:
    """What would have to be true, in one sentence."""
    budget, sure = money(record.budget, currency), share(record.wanted)
    stay, staying = ("stay within", "staying within")
    if record.goal == "reach":
        stay, staying = ("reach the target within", "reaching the target within")
    ways = [_way(flip, currency) for flip in record.ways[:SHOWN_WAYS]]
    more = len(record.ways) - len(ways)
    listed = ", or ".join(ways) + (f", or {counted(more, 'way')} more (--json)" if more else "")
    if record.holds:
        already = f"It is {share(record.chance)} sure already to {stay} {budget}, at least the {sure} asked for."
        return f"{already} What would lose that: {listed}." if ways else f"{already} No input alone would lose that."
    now = f"now {share(record.chance)}"
    if not ways:
        return (
            f"To be {sure} sure of {staying} {budget} ({now}), no input alone is enough, up to a thousandth or a "
            "thousandfold: change two at once, or the budget."
        )
    return f"What would have to be true to be {sure} sure of {staying} {budget} ({now}): {listed}."


def _way(flip: Flip, currency: str) -> str:
    assert flip.at is not None
    if flip.name == ROUNDS:
        much = "and no more" if flip.at <= flip.now else "in every case"
        return f"{amount(flip.name, flip.at, currency)} {much} (half of the worlds need {flip.now:.0f})"
    side = "or less" if flip.direction == "down" else "or more"
    if flip.name.endswith(PRICE):
        at, now = (money(value, currency) for value in (flip.at, flip.now))
        return f"an example ({flip.name.removesuffix(PRICE).strip()}) at {at} {side} instead of {now}"
    at, now = (amount(flip.name, value, currency) for value in (flip.at, flip.now))
    return f"{flip.name} at {at} {side} instead of {now}"
