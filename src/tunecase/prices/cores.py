"""What an hour of a plain core costs, in the worlds of a project."""

from tunecase import catalog
from tunecase.prices.basis import Basis
from tunecase.quantities import Const, Draws, Interval

CORE_HOUR, DRIFT = "price of a core hour", "prices.drift"


def core_hour(basis: Basis) -> "Draws":
    """The price of an hour of one core, from the cheapest provider to the dearest [base currency], shape (draws,).

    Old prices are drawn with the drift. Leaves out memory beyond what the instance of the price has.
    """
    rows = catalog.core_hours()
    low, high = min(row.usd_per_core_hour for row in rows), max(row.usd_per_core_hour for row in rows)
    drift = basis.spread(DRIFT) if any(row.is_stale(basis.today) for row in rows) else Const(1.0)
    usd = Interval(low * drift.low, high * drift.high)
    return basis.worlds.draw(CORE_HOUR, usd.scaled(basis.base_per_usd))
