"""Numbers in words for people: one way to write money, shares, counts, scores and doubt, on paper and on screen.

An estimate has two significant figures; paid money (Decimal) keeps its cents; what is not known says so.
"""

import math
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tunecase.quantities.cents import CENT, cents
from tunecase.quantities.sampled import Sampled
from tunecase.quantities.spread import Band

UNKNOWN = "unknown"
UNPRICED = "unpriced"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
MOST_DIGITS = 12  # of a sum that must hold as it is printed
SUFFIXES = ((1e9, "B"), (1e6, "M"), (1e3, "k"))


def figures(value: float | None, digits: int = 2) -> str:
    """A guessed number with `digits` significant figures, thousands as k, M or B.

    Example:
        >>> figures(12_345), figures(999.6), figures(0.4), figures(0), figures(None)
        ('12k', '1.0k', '0.40', '0', 'unknown')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    for size, suffix in SUFFIXES:
        if abs(rounded) >= size:
            return _significant(rounded / size, digits) + suffix
    return _significant(rounded, digits)


def firm(value: Sampled | None) -> str:
    """A sampled figure in the digits that another seed would print too.

    Example:
        >>> firm(Sampled(8_343.0, 5.0)), firm(Sampled(8_343.0, 200.0)), firm(None)
        ('8k', '8k', 'unknown')
    """
    return UNKNOWN if value is None else figures(value.shown, value.digits)


def firm_money(value: Sampled | None, currency: str) -> str:
    """A sampled amount with its currency, in the digits that another seed would print too."""
    return f"{firm(value)} {currency}" if value is not None else UNKNOWN


def firm_difference(worth: Sampled, taken: Sequence[tuple[str, Sampled]], currency: str) -> str:
    """The gain that leaves so much worth after what is taken off, in figures that subtract as they are printed.

    Example:
        >>> firm_difference(Sampled(19_700.0), [("cost", Sampled(5_300.0))], "USD")
        '25k gain - 5k cost = 20k USD'
        >>> firm_difference(Sampled(19_700.0), [("answers", Sampled(-2_000.0)), ("cost", Sampled(5_300.0))], "USD")
        '23k gain + 2k answers - 5k cost = 20k USD'
    """
    gain = written(worth.shown + sum(part.shown for _, part in taken))
    less = "".join(f" {'+' if part.shown < 0 else '-'} {firm(part).lstrip('-')} {name}" for name, part in taken)
    return f"{gain} gain{less} = {firm_money(worth, currency)}"


def written(amount: float) -> str:
    """An amount with just the digits that it has: the sum of parts that were rounded before.

    Example:
        >>> written(25_300.0), written(3_000.0), written(0.0)
        ('25.3k', '3k', '0')
    """
    digits = next((n for n in range(1, MOST_DIGITS) if math.isclose(float(f"{amount:.{n - 1}e}"), amount)), MOST_DIGITS)
    return figures(amount, digits)


def signed_figures(amount: float) -> str:
    """The same of a difference, with its sign.

    Example:
        >>> signed_figures(1_200.0), signed_figures(-60.0)
        ('+1.2k', '-60')
    """
    return f"{'-' if amount < 0 else '+'}{written(abs(amount))}"


def firm_share(value: Sampled | None) -> str:
    """A sampled share in percent, in the digits that another seed would print too."""
    return UNKNOWN if value is None else share(value.shown_share)


def _significant(value: float, digits: int) -> str:
    return f"{value:.{max(0, digits - 1 - _exponent(value))}f}"


def _exponent(value: float) -> int:
    """The power of ten of the first digit; 0 for nothing."""
    return int(f"{value:e}".partition("e")[2])


def money(amount: float | Decimal | None, currency: str) -> str:
    """An amount with its currency: guessed money in two figures, paid money (Decimal) to the cent.

    Example:
        >>> money(12_345, "USD"), money(Decimal("1262.4"), "USD"), money(None, "USD")
        ('12k USD', '1,262.40 USD', 'unpriced')
    """
    if amount is None:
        return UNPRICED
    if isinstance(amount, Decimal):
        return f"{paid(amount)} {currency}".strip()
    text = figures(amount)
    return text if text == UNKNOWN else f"{text} {currency}".strip()


def line_amount(amount: float, currency: str) -> str:
    """One point of a bill's line, in two figures; what is less than one unit of the currency is not told closer.

    The currency may be empty, where a table names it.

    Example:
        >>> line_amount(730.0, "USD"), line_amount(0.12, "USD"), line_amount(0.0, "USD")
        ('730', 'under 1 USD', '0')
    """
    return f"under 1 {currency}".strip() if 0 < amount < 1 else figures(amount)


def paid(amount: Decimal) -> str:
    """Paid money without its currency, to the cent; less than a cent is written out, never rounded to nothing.

    Example:
        >>> paid(Decimal("1262.4")), paid(Decimal("12.345")), paid(Decimal("0.0042"))
        ('1,262.40', '12.35', '0.0042')
    """
    if not amount.is_finite():
        return UNKNOWN
    return f"{amount.normalize():f}" if 0 < abs(amount) < CENT else f"{cents(amount):,f}"


def signed(amount: Decimal) -> str:
    """A difference with its sign, to the cent; nothing is a dash.

    Example:
        >>> signed(Decimal("-1234.5")), signed(Decimal("3.2")), signed(Decimal(0))
        ('-1,234.50', '+3.20', '-')
    """
    return f"{cents(amount):+,f}" if amount else "-"


def money_band(amount: Band | None, currency: str) -> str:
    """A Band of money as "P50 (P10 to P90)".

    Example:
        >>> money_band(Band(7_100, 12_345, 17_000, 21_000), "USD")
        '12k USD (7.1k to 21k)'
    """
    return UNPRICED if amount is None else band_words(amount, currency)


def band_words(amount: Band | None, unit: str = "") -> str:
    """A Band as "P50 unit (P10 to P90)"; a number without doubt stands alone.

    Example:
        >>> band_words(Band(2, 3.4, 5, 7), "months")
        '3.4 months (2.0 to 7.0)'
    """
    if amount is None:
        return UNKNOWN
    return interval_words(amount.p10, amount.p50, amount.p90, unit)


def interval_words(low: float, mid: float, high: float, unit: str = "") -> str:
    """An estimate with its 80% interval as "mid unit (low to high)".

    Example:
        >>> interval_words(11.2, 14, 17.9, "GiB")
        '14 GiB (11 to 18)'
    """
    middle = f"{figures(mid)} {unit}".strip()
    if figures(low) == figures(high):
        return middle
    return f"{middle} ({figures(low)} to {figures(high)})"


def share(value: float | None, decimals: int = 0) -> str:
    """A share of 1 as a percentage; what is not quite none or all never reads 0% or 100%.

    Example:
        >>> share(0.316), share(0.002), share(0.999), share(0.0083, 1), share(None)
        ('32%', '<1%', '>99%', '0.8%', 'unknown')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    step = 10.0**-decimals
    percent = value * 100
    if percent > 0 and float(f"{percent:.{decimals}f}") == 0:
        return f"<{step:.{decimals}f}%"
    if percent < 100 and float(f"{percent:.{decimals}f}") == 100:
        return f">{100 - step:.{decimals}f}%"
    return f"{percent:.{decimals}f}%"


def count(value: float | None) -> str:
    """A counted number in full, with thousands.

    Example:
        >>> count(12_345)
        '12,345'
    """
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:,.0f}"


def counted(value: float, noun: str, plural: str = "") -> str:
    """A count with its noun, in the singular for one.

    Example:
        >>> counted(1, "row"), counted(1_200, "row"), counted(2, "entry", "entries")
        ('1 row', '1,200 rows', '2 entries')
    """
    return f"{count(value)} {noun if value == 1 else plural or noun + 's'}"


def score(value: float | None, *, even: bool = False) -> str:
    """A score: three decimals below 10, the last one dropped when it is zero; three figures above.

    Args:
        value: the score.
        even: keep the last zero, so that a column of scores stands even.

    Example:
        >>> score(0.9), score(0.8734), score(134.26)
        ('0.90', '0.873', '134')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{value:.3f}" if abs(value) < 10 else f"{value:,.{max(0, 3 - len(str(int(abs(value)))))}f}"
    return text[:-1] if not even and re.search(r"\.\d\d0$", text) else text


def score_interval(low: float, mid: float, high: float, *, even: bool = False) -> str:
    """A score with its 80% interval; `even` as for `score`.

    Example:
        >>> score_interval(0.871, 0.89, 0.912)
        '0.89 (0.871 to 0.912)'
    """
    low_text, mid_text, high_text = (score(value, even=even) for value in (low, mid, high))
    return mid_text if low == high else f"{mid_text} ({low_text} to {high_text})"


def duration(seconds: float | None) -> str:
    """A time in the largest unit that keeps it above one.

    Example:
        >>> duration(0.4), duration(90), duration(9_000), duration(200_000)
        ('0.40 s', '1.5 min', '2.5 h', '2.3 days')
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    for size, unit in ((86_400.0, "days"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{figures(seconds / size)} {unit}"
    return f"{figures(seconds)} s"


def day(on: date) -> str:
    """A date without doubt about its order.

    Example:
        >>> day(date(2026, 11, 4))
        '4 November 2026'
    """
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def one_line(text: str, most: int = 0) -> str:
    """Text on one line, control characters gone, cut at `most` characters (0: not cut).

    Example:
        >>> one_line("two\\n lines  here", 10)
        'two lines…'
    """
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if not most or len(flat) <= most else flat[: most - 1].rstrip() + "…"


def sentence(text: str) -> str:
    """Text as a sentence: first letter large, a full stop at the end.

    Example:
        >>> sentence("too few rows")
        'Too few rows.'
    """
    flat = one_line(text)
    if not flat:
        return ""
    flat = flat[0].upper() + flat[1:]
    return flat if flat[-1] in ".!?…:" else flat + "."


def teaches_like(usable: float, low: float, mid: float, high: float) -> str:
    """How many clean rows would teach as much; nothing where that is all of them.

    Example:
        >>> teaches_like(680, 520, 590, 650), teaches_like(680, 680, 680, 680)
        ('680 usable rows teach as much as 590 (520 to 650) clean ones would', '')
    """
    if round(mid) >= usable:
        return ""
    return f"{count(usable)} usable rows teach as much as {count(mid)} ({count(low)} to {count(high)}) clean ones would"
