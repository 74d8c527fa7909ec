"""Training that runs outside of tunecase: the price of its hour, what is left of the budget, and its charges.

Each attempt is a charge of its own, so that a bill finds it at its own time and what lay between two attempts is none
of theirs; and so that two trainings that went on from one checkpoint share what stood before it and nothing else.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.approve import approvals
from tunecase.flow.opened import Flow
from tunecase.flow.spend import spend
from tunecase.ledger import Entry
from tunecase.quantities import Band, band
from tunecase.records import Approvals, Spending

if TYPE_CHECKING:
    from tunecase.books import Attempt, Meter
    from tunecase.prices import GpuHour


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
    from tunecase.prices import any_gpu_hour, hour_words

    basis, name = flow.basis(4_000), catalog.gpu(gpu).name
    hour: GpuHour | None = any_gpu_hour(name, basis, terms=basis.terms) or any_gpu_hour(name, basis)
    if hour is None:
        fix = "give usd_per_gpu_hour: what you pay for one GPU and hour"
        raise InputError(Problem("gpu", f"{name}, which has no price", "a GPU with a price in the tables", fix))
    return HourPrice(name, band(hour.draws / basis.base_per_usd), hour_words(hour))


def usd_left(flow: Flow, meter: "Meter") -> float | None:
    """The budget less all charges but the run's own [USD]; None without a budget."""
    if flow.project.budget is None:
        return None
    from tunecase.books import held

    own = {one.row_id for one in meter.attempts}
    others = held([(name, charge) for name, charge in flow.spendings() if charge.row_id not in own]).charges
    paid = sum(charge.amount_base for _, charge in others)
    return (flow.project.budget.spread.median - float(paid)) / flow.project.base_per_usd


def released(flow: Flow, meter: "Meter") -> Approvals:
    """What was approved and spent of it but for the run's own charges, which its meter knows better."""
    return approvals(flow, without={attempt.row_id for attempt in meter.attempts})


def charge_of(flow: Flow, run: str, attempt: "Attempt", supersedes: str = "") -> Spending:
    """The charge of one attempt of a run, in US dollars, as an estimate that a bill takes the place of.

        amount = seconds / 3600 * gpu_count * usd_per_gpu_hour,   from its beginning to when it was last seen alive

    Raises: InputError where the project's currency is another one and has no dated rate for the dollar.
    """
    from tunecase.books import GPU_HOUR, METER_SOURCE, ChargeText, spending

    amount, began = Decimal(str(round(attempt.usd, 6))), attempt.began
    text = ChargeText(
        amount, "gpu", began.date(), "USD", description=f"training run {run}",
        quantity=Decimal(str(round(attempt.gpu_hours, 9))), unit=GPU_HOUR, source=METER_SOURCE,
        supersedes=supersedes,
    )  # fmt: skip
    today = max(flow.today, began.date())
    charge = spending(text, project_currency=flow.project.currency, rates=flow.project.rates, today=today)
    return replace(
        charge, basis="estimated", run=run, row_id=attempt.row_id, began_at=began, ended_at=attempt.ended_at,
        gpu=attempt.gpu, gpu_count=attempt.gpu_count, unit_price=Decimal(str(attempt.usd_per_gpu_hour)),
        fx_rate=charge.amount_base / charge.amount, tags=attempt.tags,
    )  # fmt: skip


def book_run(flow: Flow, meter: "Meter") -> list[Entry]:
    """Books each attempt of a run that is not booked yet.

    An attempt that is booked with less is booked anew in the place of that charge; one booked with more stays: a
    checkpoint saw only the beginning of the attempt that wrote it.

    Returns: the entries, none where there is nothing new to book.
    """
    last = {charge.row_id: (name, charge) for name, charge in flow.spendings() if charge.row_id}
    entries = []
    for attempt in meter.attempts:
        name, booked = last.get(attempt.row_id, ("", None))
        if attempt.is_free:
            continue
        charge = charge_of(flow, meter.run, attempt, name)
        if booked is None or booked.amount < charge.amount:
            entries.append(spend(flow, charge))
    return entries
