"""The steps of an optimiser: which rows each one sees, and how far it goes."""

from collections.abc import Iterator
from typing import Any

WARM_UP = 0.1
LAST_RATE = 0.1  # share of the learning rate at the end


def rate_at(step: int, steps: int) -> float:
    """The share of the learning rate: up over a tenth of the steps, then down in a straight line to a tenth.

    Example:
        >>> [round(rate_at(step, 20), 2) for step in (0, 1, 2, 11, 19)]
        [0.5, 1.0, 1.0, 0.55, 0.15]
    """
    warm = max(1, round(WARM_UP * steps))
    return (step + 1) / warm if step < warm else 1 - (1 - LAST_RATE) * (step - warm) / max(1, steps - warm)


def batches_of(rows: int, size: int, generator: Any) -> Iterator[list[int]]:
    """Positions of rows, each once per pass, every pass in a new order; without end.

    Args:
        generator: of torch.
    """
    import torch

    waiting: list[int] = []
    while True:
        while len(waiting) < size:
            waiting += torch.randperm(rows, generator=generator).tolist()
        yield waiting[:size]
        waiting = waiting[size:]
