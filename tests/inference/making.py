"""Traffic for tests of inference: what a test does not ask about is plain."""

from collections.abc import Sequence

import numpy as np

from tests.projects import basis
from tunecase import catalog
from tunecase.inference.candidates import Asked, candidates
from tunecase.inference.ground import Ground
from tunecase.inference.model import served
from tunecase.inference.traffic import Traffic, Week
from tunecase.project import Project

WORLDS = 3
OFFICE = np.tile(np.r_[np.full(8, 0.1), np.ones(10), np.full(6, 0.2)], 7)


def traffic(
    answers_per_month: float | Sequence[float] = 1e6,
    months: float = 12.0,
    growth: float = 0.0,
    week: Week | None = None,
    burst: float = 1.0,
    **further: object,
) -> Traffic:
    """Traffic in three worlds; even, without growth or burst unless stated."""

    def draws(value: float | Sequence[float]) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, dtype=float), (WORLDS,)).copy()

    fields: dict[str, object] = {
        "input_tokens": draws(500.0), "output_tokens": draws(100.0), "instructions_tokens": draws(0.0),
        "cached_share": draws(0.0), "input_lengths": np.ones(101), "output_lengths": np.ones(101),
    }  # fmt: skip
    week = week or Week(np.ones(168))
    return Traffic(
        draws(answers_per_month),
        draws(months),
        draws(growth),
        week,
        draws(burst),
        **(fields | further),  # type: ignore[arg-type]
    )


def ground(
    arrives: Traffic | None = None,
    project: Project | None = None,
    *,
    cards: Sequence[str] = ("L4", "H100"),
    model: str = "qwen3-8b",
    adapters: int = 0,
    **further: object,
) -> Ground:
    """The ground of a model on some cards, with the worlds of the traffic; merged, and beside a base with adapters."""
    arrives = arrives or traffic()
    kinds = [catalog.gpu(name) for name in cards]
    merged, refused = candidates(served(model), kinds, arrives, Asked())
    shared = candidates(served(model), kinds, arrives, Asked(adapters=adapters))[0] if adapters else ()
    names = tuple(kind.name for kind in kinds)
    on = basis(project, draws=len(arrives.answers_per_month))
    return Ground(on, arrives, served(model), names, merged, shared, adapters, refused, **further)  # type: ignore[arg-type]
