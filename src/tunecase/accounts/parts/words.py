"""Amounts in all their digits, and the limit they are held against, as the page's parts name them."""

from tunecase.records import Estimate, Plan


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
