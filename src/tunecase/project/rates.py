"""Dated exchange rates into the base currency: the latest holds."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from tunecase.project.kinds import Day, Section


class Rate(Section):
    """A dated exchange rate into the base currency."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    value: Annotated[
        float,
        Field(gt=0, le=1e9, allow_inf_nan=False, description="Units of the base currency for one unit of this one."),
    ]
    date: Day


def latest_rate(rates: Sequence[Rate], currency: str) -> float:
    """The latest rate of a currency, which must have one: plans are made at today's prices."""
    return max((rate for rate in rates if rate.currency == currency), key=lambda rate: rate.date).value
