"""One run as a tracker keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Series = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Tracked:
    """One run as a tracker keeps it.

    `facts` are what it was given (settings, sizes) as text; `scores` maps a name to its (step, value) pairs. `size`
    is the number of training examples where the format itself implies it.
    """

    name: str
    status: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, Series] = field(default_factory=dict)
    size: int | None = None
    test_rows: int | None = None
