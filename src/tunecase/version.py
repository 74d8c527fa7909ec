"""The version of this package, and a day that it is younger than."""

from datetime import date

__version__ = "0.2.0"
MADE_AFTER = date(2026, 11, 1)  # raised with the version: a clock that shows an earlier day is wrong
