"""Makes the case for a fine-tune, or against it, before the money is spent, and keeps the case honest after."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tunecase.case import Case

__version__ = "0.1.0"
__all__ = ["Case", "__version__"]


def __getattr__(name: str) -> Any:
    # Case pulls in numpy and pydantic; a bare `import tunecase` must not pay for them.
    if name == "Case":
        from tunecase.case import Case

        return Case
    raise AttributeError(f"module 'tunecase' has no attribute {name!r}")
