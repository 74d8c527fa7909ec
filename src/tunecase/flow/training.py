"""A training that runs outside of tunecase: what its hour costs by the price book, what is left, and its charge."""

import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.case import Flow
from tunecase.flow.verbs import spend
from tunecase.ledger import Entry
from tunecase.meter import Meter
from tunecase.records import Spending
from tunecase.spread import Band, band

if TYPE_CHECKING:
    from tunecase.gpu_prices import GpuHour

SOURCE = "callback"


@dataclass(frozen=True, slots=True)
class HourPrice:
    """An hour of one GPU in US dollars: P10 to P90, and where the price comes from, in words."""

    gpu: str
    usd: Band
    words: str


def hour_price(flow: Flow, gpu: str) -> HourPrice:
    """The price of an hour of a GPU, by the name its driver tells, by the project's contract, tier and terms, else the
    nearest tier that has one.

    Raises: InputError when the GPU is not in the tables or nobody has a price for it.
    """
    from tunecase.gpu_prices import any_gpu_hour, hour_words

    basis, spot = flow.basis(4_000), flow.project.compute.terms == catalog.SPOT
    name = catalog.gpu(gpu).name
    hour: GpuHour | None = (any_gpu_hour(name, basis, spot=True) if spot else None) or any_gpu_hour(name, basis)
    if hour is None:
        fix = "give usd_per_gpu_hour: what you pay for one GPU and hour"
        raise InputError(Problem("gpu", f"{name}, which has no price", "a GPU with a price in the tables", fix))
    return HourPrice(name, band(hour.draws / basis.base_per_usd), hour_words(hour))


def usd_left(flow: Flow, meter: Meter) -> float | None:
    """What the budget holds beside all charges but the run's own [USD]; None without a budget."""
    if flow.project.budget is None:
        return None
    from tunecase.held_charges import held

    others = held([(name, charge) for name, charge in flow.spendings() if charge.row_id != row_id(meter)]).charges
    paid = sum(charge.amount_base for _, charge in others)
    return (flow.project.budget.spread.median - float(paid)) / flow.project.base_per_usd


def row_id(meter: Meter) -> str:
    """By what all charges of one run are known as the same row."""
    return hashlib.sha256(f"{SOURCE} {meter.run_id}".encode()).hexdigest()


def charge_of(flow: Flow, meter: Meter, supersedes: str = "") -> Spending:
    """The charge of a run: all its attempts, in US dollars, as an estimate that a bill takes the place of.

    Raises: InputError where the project's currency is another one and has no dated rate for the dollar.
    """
    from tunecase.charges import GPU_HOUR, spending

    amount = Decimal(str(round(meter.usd, 6)))
    began, ended = meter.attempts[0].began, max(one.ended_at for one in meter.attempts)
    charge = spending(
        f"{amount:f} USD", category="gpu", on=began.date(), description=f"training run {meter.run}",
        quantity=f"{Decimal(str(round(meter.gpu_hours, 9))):f}", unit=GPU_HOUR, project_currency=flow.project.currency,
        rates=flow.project.rates, today=max(flow.today, began.date()), source=SOURCE, supersedes=supersedes,
    )  # fmt: skip
    return replace(
        charge, basis="estimated", run=meter.run, row_id=row_id(meter), began_at=began, ended_at=ended,
        gpu=meter.now.gpu, gpu_count=meter.now.gpu_count, unit_price=_unit_price(meter),
        fx_rate=charge.amount_base / charge.amount,
    )  # fmt: skip


def _unit_price(meter: Meter) -> Decimal | None:
    prices = {one.usd_per_gpu_hour for one in meter.attempts}
    return Decimal(str(prices.pop())) if len(prices) == 1 else None


def book_run(flow: Flow, meter: Meter) -> Entry | None:
    """Books what a run took so far; a later total replaces the earlier one, the same total is booked once.

    Returns: the entry, None where there is nothing new to book.
    """
    if round(meter.usd, 6) <= 0 or round(meter.gpu_hours, 9) <= 0:
        return None
    own = [(name, charge) for name, charge in flow.spendings() if charge.row_id == row_id(meter)]
    charge = charge_of(flow, meter, own[-1][0] if own else "")
    if own and own[-1][1].amount == charge.amount:
        return None
    return spend(flow, charge)
