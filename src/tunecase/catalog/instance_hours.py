"""What an hour of a whole GPU machine is listed at, on demand, by region: what a bill's hours are held against."""

from dataclasses import dataclass
from functools import cache

from tunecase.catalog.reading import table


@dataclass(frozen=True, slots=True)
class InstanceHour:
    """The list price of one hour of an instance type in a region, on one date."""

    provider: str
    instance: str
    region: str
    usd_per_instance_hour: float
    source: str
    date: str


@cache
def instance_hours(provider: str, instance: str) -> tuple[InstanceHour, ...]:
    """The list prices of an instance type, by region; empty where none was read.

    Regions of equal price stand under one of them, so that a region that is missing may still have a price.

    Example:
        >>> next(one.usd_per_instance_hour for one in instance_hours("aws", "g5.4xlarge") if one.region == "us-east-1")
        1.624
    """
    rows = table("prices/instance_hours", InstanceHour)
    return tuple(row for row in rows if (row.provider, row.instance) == (provider, instance))
