"""When a project begins, and for how long what it makes is of use."""

from datetime import date
from typing import TYPE_CHECKING

from tunecase.prices.basis import Basis

if TYPE_CHECKING:
    from tunecase.quantities import Draws

DAYS_PER_MONTH = 365.25 / 12


def start_of(basis: Basis) -> date:
    """The day on which the work begins: as stated, today where nothing is, or where that day is past."""
    stated = basis.project.start if basis.project else None
    return basis.today if stated is None else max(stated, basis.today)


def served_months(basis: Basis) -> "Draws":
    """For how many months after launch the result is used, shape (draws,)."""
    return basis.draw("problem.horizon", basis.project.problem.horizon if basis.project else None)
