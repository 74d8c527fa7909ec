"""Examples: bought over the rounds, test rows that are missing, and repairs of those at hand."""

from typing import TYPE_CHECKING

from tunecase.plan.costs.work import Cost, Work
from tunecase.prices import Basis, formatting, label_price
from tunecase.quantities import Band, Beta, band, figures

if TYPE_CHECKING:
    from tunecase.quantities import Draws


def data(work: Work) -> Cost:
    """Examples bought over the rounds, test rows that the definition misses, and the audit's repairs.

    A source's set-up is paid once. In a plan without a training file the rows at hand must be formatted and cleaned: by
    a script, in the hours of the first source of kind `have`, else the default's. Leaves out the team's other hours,
    which are labour.
    """
    import numpy as np

    bought = work.walk.bought
    amount = np.zeros(work.basis.worlds.n)
    parts, unpriced = [], tuple(f"data: {name}" for name in work.supply.unpriced)
    if work.repair is not None and work.repair.p90 > 0:
        amount = amount + _draws_of(work.repair, work.basis)
        parts.append("repairs found by the audit")
    if work.project.data.train is None and work.project.data.rows is not None:
        amount = amount + formatting(work.basis)
        parts.append("formatting and cleaning of the rows at hand")
    if work.test_rows_missing:
        amount = amount + work.test_rows_missing * label_price(work.basis)
        parts.append(f"{work.test_rows_missing:,} test rows")
    if work.walk.data_paid is not None:
        amount = amount + work.walk.data_paid
        parts.append(_bought_words(work))
    elif not bought.any():
        parts.append("no new examples")
    elif work.supply.price is None:
        why = "new examples have no price: give data.sources"
        unpriced = unpriced or (f"data: {why}",)
        if not parts:
            return Cost(None, why, unpriced=unpriced)
        parts.append(why)
    else:
        amount = amount + work.supply.cost(bought)
        parts.append(_bought_words(work))
    if np.any(work.walk.reviewed):
        amount = amount + work.walk.reviewed
        parts.append("reviews of suspicious labels")
    some = bool(np.any(bought > 0))
    return Cost(
        amount, ", ".join(parts), unpriced=unpriced, quantity=bought if some else None, unit="example" if some else ""
    )


def _bought_words(work: Work) -> str:
    bought = band(work.walk.bought)
    words = f"{figures(bought.p50)} new examples at P50, {figures(bought.p90)} at P90" if bought.p90 else ""
    reviewed = work.walk.data_paid is not None
    return words + (", reviews and test rows on the way" if reviewed and words else "") or "no new examples"


def _draws_of(known: Band, basis: Basis) -> "Draws":
    """Draws that have the four points of a band, straight between them, flat beyond; shape (draws,)."""
    import numpy as np

    luck = basis.worlds.draw("repairs", Beta(1, 1))
    return np.interp(luck, (0.1, 0.5, 0.8, 0.9), (known.p10, known.p50, known.p80, known.p90))
