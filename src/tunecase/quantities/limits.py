"""Limits of what anybody can mean: days, hours and amounts beyond them are slips or forgeries, and are never booked."""

from datetime import date

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
MOST_AHEAD_DAYS = 3_653  # ten years: commitments and approvals end within them
MOST_HOURS = 10**8  # of one charge: 10,000 cards for a year
MOST_AMOUNT = 10**12  # of one charge, in any currency


def too_early(day: date) -> str:
    """What is wanted of a day before the first that can be meant; empty for a later one.

    Example:
        >>> too_early(date(1900, 1, 1)), too_early(date(2026, 11, 2))
        ('a day from 2000-01-01 on', '')
    """
    return f"a day from {FIRST_DAY} on" if day < FIRST_DAY else ""


def too_late(day: date, today: date) -> str:
    """What is wanted of a day of what has happened; empty for one up to today.

    Example:
        >>> too_late(date(2026, 11, 3), date(2026, 11, 2)), too_late(date(2026, 11, 2), date(2026, 11, 2))
        ('a day not after today, 2026-11-02', '')
    """
    return f"a day not after today, {today}" if day > today else ""
