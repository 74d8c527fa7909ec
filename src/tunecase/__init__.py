"""Makes the case for a fine-tune, or against it, before the money is spent, and keeps the case honest after.

The public names are those of `__all__`, the records and their rows in `tunecase.records`, and `SpendCallback` with its
`Settings` in `tunecase.callback`. docs/api.md lists them all, each with an example.
"""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.case import Case
    from tunecase.errors import EndpointError, InputError, LedgerBusyError, MissingExtraError, Problem, TunecaseError
    from tunecase.quick import answer_costs, audit_file, forecast_points, price_book, scorecard, training_run

__all__ = [
    "Case",
    "EndpointError",
    "InputError",
    "LedgerBusyError",
    "MissingExtraError",
    "Problem",
    "TunecaseError",
    "__version__",
    "answer_costs",
    "audit_file",
    "forecast_points",
    "price_book",
    "scorecard",
    "training_run",
]


def __dir__() -> list[str]:
    return __all__


loads_late(__name__)  # they pull in numpy and pydantic; a bare `import tunecase` must not pay for them
