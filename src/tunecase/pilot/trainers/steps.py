"""The steps of an optimiser: which rows and labels each one sees, and how far it goes."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

WARM_UP = 0.1
LAST_RATE = 0.1  # share of the learning rate at the end
# A label below this is sure, and is looked at again each so many times that its row is trained.
SURE_NATS, LOOKED_AGAIN = 0.005, 4


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


class Doubtful:
    """Which tokens of the training answers the network is not sure of, from what they cost when last looked at.

    Args:
        labels: wanted tokens of each row.
    """

    def __init__(self, labels: Sequence[int]) -> None:
        self.nats: list[list[float]] = [[math.inf] * count for count in labels]
        self.visits = [0] * len(labels)

    def places(self, row: int) -> list[int]:
        """The labels of a row to look at now: every one each fourth time, else those that cost something."""
        self.visits[row] += 1
        every = self.visits[row] % LOOKED_AGAIN == 1
        return [place for place, nats in enumerate(self.nats[row]) if every or nats >= SURE_NATS]

    def see(self, row: int, places: Sequence[int], nats: Sequence[float]) -> None:
        """Remembers what these labels of a row cost [nats]."""
        for place, cost in zip(places, nats, strict=True):
            self.nats[row][place] = cost
