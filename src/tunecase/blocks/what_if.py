"""The grid that a page's what-if panel moves in: plans worked out at nodes of a few inputs, read between them."""

from dataclasses import dataclass
from typing import Literal

AxisKey = Literal["label", "budget", "target", "value"]

# What a cell of the grid holds, in this order. Money is in the case's currency, shares are of all worlds; those that
# ship what meets the target, at once (`reaches`) or `later`, are the chance. `ship_at` is the least score that ships at
# once, 0 where none does.
FIELDS = ("worth", "now", "release", "lost", "value", "ship", "settle", "reaches", "later", "ship_at")


@dataclass(frozen=True, slots=True)
class Axis:
    """One input of the panel: the nodes at which plans were worked out, rising, and where the filed case stands.

    Budgets are amounts and targets are scores; values and label prices are multiples of the filed ones.
    """

    key: AxisKey
    nodes: tuple[float, ...]
    filed: float


@dataclass(frozen=True, slots=True)
class WayCells:
    """The plans of one way to give the answers, one cell of `FIELDS` for each node, the last axis fastest.

    `words` say what the way is, `least_budgets` are what its cheapest first step needs with a release after it, by
    node of the label axis. `worth` is that of the best first step that is paid for; below the least budget it is that
    of the cheapest one, as if it were paid. `now` is what ending at once brings.
    """

    words: str
    tuned: bool
    least_budgets: tuple[float, ...]
    cells: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Plans worked out at the nodes of the axes, which are those of label, budget, target and value in this order.

    An axis of one node cannot be moved. `solved` counts the plans that were worked out. `steps` are the targets
    that its slider stops at. `label_price` is the filed middle price of one label, None where none is priced.
    """

    axes: tuple[Axis, ...]
    ways: tuple[WayCells, ...]
    solved: int
    steps: tuple[float, ...]
    label_price: float | None = None

    def axis(self, key: AxisKey) -> Axis:
        """The axis of that name."""
        return next(axis for axis in self.axes if axis.key == key)
