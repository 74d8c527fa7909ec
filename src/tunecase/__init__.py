"""Makes the case for a fine-tune, or against it, before the money is spent, and keeps the case honest after.

The public names are those of `__all__`, the records and their rows in `tunecase.records`, and `SpendCallback` with its
`Settings` in `tunecase.callback`. docs/api.md lists them all, each with an example.
"""

from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    # They pull in numpy and pydantic; a bare `import tunecase` must not pay for them.
    if name == "Case":
        from tunecase.case import Case

        return Case
    if name in __all__ and (name.endswith("Error") or name == "Problem"):
        from tunecase import errors

        return getattr(errors, name)
    if name in __all__:
        from tunecase import quick

        return getattr(quick, name)
    raise AttributeError(f"module 'tunecase' has no attribute {name!r}")
