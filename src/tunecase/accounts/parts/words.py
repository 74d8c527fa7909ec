"""Words and figures as the page's parts have them: everyday terms, and amounts in all their digits."""

import re

from tunecase.accounts.words import plain_words
from tunecase.records import Estimate, Plan

LEARNER = re.compile(r"(the )?probe \(n-gram logistic regression\)")  # what the cheapest pilot is trained with


def plain(text: str) -> str:
    """A text of a record in plain words, the cheapest learner by what it does.

    Example:
        >>> plain("plain cores with the probe (n-gram logistic regression)")
        'plain cores with a small word-count model'
    """
    return plain_words(LEARNER.sub("a small word-count model", text))


def capital(text: str) -> str:
    """Text with a capital first."""
    return text[:1].upper() + text[1:]


def exact(amount: float) -> str:
    """An amount that was rounded before, in all its figures.

    Example:
        >>> exact(5_300.0), exact(0.5)
        ('5,300', '0.5')
    """
    return f"{amount:,.12g}"


def exact_money(amount: float, currency: str) -> str:
    """The same with its currency."""
    return f"{exact(amount)} {currency}"


def budget_name(plan: Plan, estimate: Estimate | None) -> str:
    """What a plan's limit is: the budget, or what is left of it once some was spent."""
    whole = None if estimate is None else estimate.budget
    return "budget" if whole is None or whole == plan.budget_left else "rest of the budget"
