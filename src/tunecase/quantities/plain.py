"""Numbers as a sentence for everybody has them: 1,500 USD, 40%, 40 in 100; never 1.5k, 0.40 or a false exactness."""

import math
from decimal import Decimal

from tunecase.quantities.sampled import Sampled
from tunecase.quantities.wording import UNKNOWN, paid


def plain_figure(value: float | Sampled | None) -> str:
    """A guessed amount in two significant digits, zeros and commas after them; below 1 "under 1".

    A sampled amount keeps the digits that another seed would print too.

    Example:
        >>> plain_figure(1_524.43), plain_figure(Sampled(8_343.0, 5.0)), plain_figure(0.3), plain_figure(0)
        ('1,500', '8,000', 'under 1', '0')
    """
    amount = value.shown if isinstance(value, Sampled) else value
    if amount is None or not math.isfinite(amount):
        return UNKNOWN
    if amount == 0:
        return "0"
    rounded = float(f"{amount:.1e}")
    if abs(rounded) < 1:
        return "under 1" if amount > 0 else "over -1"
    return f"{rounded:,.1f}".removesuffix(".0") if abs(rounded) < 10 else f"{rounded:,.0f}"


def plain_money(value: float | Sampled | None, currency: str) -> str:
    """A guessed amount with its currency, as a sentence has it.

    Example:
        >>> plain_money(12_345, "USD"), plain_money(0.02, "EUR"), plain_money(None, "USD")
        ('12,000 USD', 'under 1 EUR', 'unknown')
    """
    text = plain_figure(value)
    return text if text == UNKNOWN else f"{text} {currency}".strip()


def plain_paid(amount: float | Decimal) -> str:
    """An amount that was stated or paid, exactly: whole ones without cents.

    Example:
        >>> plain_paid(15_000.0), plain_paid(Decimal("3885.57")), plain_paid(Decimal("42.5"))
        ('15,000', '3,885.57', '42.50')
    """
    return paid(Decimal(str(amount))).removesuffix(".00")


def about_money(value: float | Sampled | None, currency: str) -> str:
    """A guessed amount with its currency, called a guess where its own words do not say so.

    Example:
        >>> about_money(177.0, "USD"), about_money(0.4, "USD"), about_money(0, "USD"), about_money(None, "USD")
        ('about 180 USD', 'under 1 USD', '0 USD', 'unknown')
    """
    text = plain_money(value, currency)
    return f"about {text}" if text[0] in "-123456789" else text


def plain_share(value: float | Sampled | None) -> str:
    """A share of 1 in whole percent; what is not quite none or all reads "under 1%" or "over 99%".

    Example:
        >>> plain_share(0.3667), plain_share(Sampled(0.3667)), plain_share(0.002), plain_share(0.999), plain_share(1.0)
        ('37%', '35%', 'under 1%', 'over 99%', '100%')
    """
    if value is None:
        return UNKNOWN
    known, exact = (value.shown_share, value.value) if isinstance(value, Sampled) else (value, value)
    percent = f"{known * 100:.0f}"
    if exact > 0 and percent == "0":
        return "under 1%"
    if exact < 1 and percent == "100":
        return "over 99%"
    return f"{percent}%"


def in_hundred(value: float | Sampled) -> str:
    """A chance as a count of cases.

    Example:
        >>> in_hundred(Sampled(0.3667)), in_hundred(0.002)
        ('35 in 100', 'under 1 in 100')
    """
    return f"{plain_share(value).removesuffix('%')} in 100"


def plain_score(value: float | None, *, of_one: bool = True) -> str:
    """A score in whole percent where it is a share of 1; else in three figures.

    Example:
        >>> plain_score(0.8), plain_score(0.515), plain_score(134.26, of_one=False)
        ('80%', '52%', '134')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return plain_share(value) if of_one and 0 <= value <= 1 else f"{value:.3g}"


def plain_target(value: float | None, *, of_one: bool = True) -> str:
    """A target as it was stated: of a share one decimal of a percent is kept; else three figures.

    Example:
        >>> plain_target(0.8), plain_target(0.975), plain_target(134.26, of_one=False)
        ('80%', '97.5%', '134')
    """
    if value is None or not (of_one and 0 <= value <= 1):
        return plain_score(value, of_one=of_one)
    return f"{round(100 * value, 1):g}%"


def spelled(number: int) -> str:
    """A small whole number as a word, as a sentence has it; from ten on in figures.

    Example:
        >>> spelled(0), spelled(3), spelled(1_200)
        ('no', 'three', '1,200')
    """
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[number] if 0 <= number < len(words) else f"{number:,}"
