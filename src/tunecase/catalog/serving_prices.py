"""Prices of answers: endpoints of vendors, hours of a core, tokens in batches, each row with its source."""

import datetime
from dataclasses import dataclass
from functools import cache

from tunecase.catalog.prices import is_stale
from tunecase.catalog.reading import table


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The price of one card's hour in a vendor's endpoint, where it serves one customer's model.

    `to_zero` where the vendor gives the last replica back when nothing arrives; it is billed for `idle_minutes` more
    (None where not stated), and for at least `minimum_minutes`.
    """

    provider: str
    gpu: str
    usd_per_gpu_hour: float
    to_zero: bool
    idle_minutes: float | None
    minimum_minutes: float | None
    note: str
    source: str
    date: str

    def is_stale(self, today: datetime.date) -> bool:
        """True when the price is older than 180 days."""
        return is_stale(self.date, today)


@dataclass(frozen=True, slots=True)
class CoreHour:
    """The price of one virtual core's hour on demand: that of an instance over its cores."""

    provider: str
    instance: str
    region: str
    cores: int
    memory_gb: float
    usd_per_core_hour: float
    source: str
    date: str

    def is_stale(self, today: datetime.date) -> bool:
        """True when the price is older than 180 days."""
        return is_stale(self.date, today)


@dataclass(frozen=True, slots=True)
class BatchPrice:
    """What a million tokens of a hosted model cost in a batch that may take a day; None where it is not stated.

    Provider and model are spelled as genai-prices spells them. The prices are those of a short request.
    """

    provider: str
    model: str
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cached_usd_per_mtok: float | None
    source: str
    date: str


def endpoints() -> tuple[Endpoint, ...]:
    """Every vendor's endpoint known, one row for each vendor and card."""
    return table("prices/endpoints", Endpoint)


def core_hours() -> tuple[CoreHour, ...]:
    """Every price of a core's hour known."""
    return table("prices/core_hours", CoreHour)


@cache
def batch_price(provider: str, model: str) -> BatchPrice | None:
    """The batch price of a hosted model; None where none is known, for half of the price is no rule.

    Example:
        >>> batch_price("openai", "gpt-4.1-mini").output_usd_per_mtok
        0.8
    """
    rows = table("prices/batch_tokens", BatchPrice)
    return next((row for row in rows if (row.provider, row.model) == (provider, model)), None)
