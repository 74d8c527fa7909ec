"""GPU charges for tests: rows of a bill and estimated runs, by hours from eight o'clock."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tunecase.records import Spending

START = datetime(2026, 11, 2, 8, tzinfo=UTC)


def charge(amount: str, hours: str, begins: float = 0, lasts: float | None = None, **other: Any) -> Spending:
    """A GPU charge of so many hours on an L40S; `begins` and `lasts` in hours from eight o'clock."""
    began = START + timedelta(hours=begins)
    ended = began + timedelta(hours=float(hours) if lasts is None else lasts)
    given = {"gpu": "L40S", "gpu_count": 1, "began_at": began, "ended_at": ended, **other}
    much = Decimal(hours)
    return Spending(date(2026, 11, 2), "gpu", Decimal(amount), "USD", Decimal(amount), "", much, "GPU hour", **given)


def run(amount: str, hours: str, begins: float = 0, name: str = "a", **other: Any) -> Spending:
    """An estimated run."""
    return charge(amount, hours, begins, basis="estimated", run=name, source="mlflow", **other)
