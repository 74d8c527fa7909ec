"""Makes the case for a fine-tune, or against it, before the money is spent, and keeps the case honest after."""

from typing import TYPE_CHECKING, Any

from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.case import Case, answer_costs, training_run

__all__ = ["Case", "__version__", "answer_costs", "training_run"]


def __getattr__(name: str) -> Any:
    # They pull in numpy and pydantic; a bare `import tunecase` must not pay for them.
    if name in ("Case", "answer_costs", "training_run"):
        from tunecase import case

        return getattr(case, name)
    raise AttributeError(f"module 'tunecase' has no attribute {name!r}")
