"""The best policy of one board at many worths of the target at once: tests and costs are the same, worth is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.plan.rounds.board import Board
from tunecase.plan.rounds.policy import END, Node, smooth, sort_worlds

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from tunecase.plan.rounds.policy import Flags, Indices
    from tunecase.quantities import Draws

    Halved = NDArray[Any]  # numbers of half the usual size: a grid has many, and few worlds need no more


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """A board under one target: where its tests meet the target and the fallback, and the part of V that is had there.

    All have shape (nodes, worlds). `besides` is what shipping brings besides V at each node, shape (nodes,).
    """

    passed: "Flags"
    settled: "Flags"
    credit: "Draws"
    besides: "Draws"


@dataclass(frozen=True, slots=True, eq=False)
class Walks:
    """The best first step of each worth with the best policy after it, walked in every world.

    `first` is the index of the step that leads from the present, `worths` what it is worth on average, both of shape
    (worths,). `last` is the node at which a world ends, `paid` what it has paid, `ships` whether a model is put to use
    there, all of shape (worths, worlds).
    """

    first: "Indices"
    worths: "Draws"
    last: "Indices"
    paid: "Draws"
    ships: "Flags"


def walk_many(board: Board, tested: Tested, worths: Sequence[float], shipped: Sequence[float]) -> Walks:
    """The best policy at each worth of the target, learnt and walked as `best_policy` and `Board.walk` do.

    Args:
        board: its steps and costs; a present without any step has no walk.
        tested: what its tests say under the target.
        worths: V on average.
        shipped: what ending at once is worth, for each of them.
    Returns: the Walks. Raises: ValueError where nothing can be done.
    Leaves out what was paid: worlds are told apart by what their test shows alone.
    """
    import numpy as np

    if not board.nodes[0].steps:
        raise ValueError("no step leads from the present")
    nodes = [Node(one.ends, one.steps, one.shown, done) for one, done in zip(board.nodes, tested.passed, strict=True)]
    ending = _Ending(tested, np.asarray(worths, dtype=float), np.asarray(shipped, dtype=float))
    value, taken = _policies(nodes, ending)
    present = ending.at(0)
    after = np.array([_after(value, present, step.to, step.cost) for step in nodes[0].steps])
    brought = after.mean(axis=2, dtype=float)
    first = brought.argmax(axis=0)
    last, paid = _walked(nodes, taken, first)
    return Walks(first, brought.max(axis=0), last, paid, ending.ships(last))


class _Ending:
    """What ending at a node is worth, and whether something is put to use there, at every worth of the target."""

    def __init__(self, tested: Tested, worths: "Draws", shipped: "Draws") -> None:
        import numpy as np

        self.tested, self.shipped = tested, shipped
        self.worths, self.credit = worths.astype(np.float32), tested.credit.astype(np.float32)
        only_settled = tested.settled & ~tested.passed
        self.pays = [self._pays(alike, worths) for alike in (tested.passed, only_settled)]

    def _pays(self, alike: "Flags", worths: "Draws") -> "Flags":
        """Where shipping pays on average over worlds whose tests say alike, shape (nodes, worths)."""
        import numpy as np

        count = alike.sum(axis=1)
        credit = (self.tested.credit * alike).sum(axis=1) / np.maximum(count, 1)
        means = worths * credit[:, None] + self.tested.besides[:, None]
        return np.asarray((means > 0) & (count > 0)[:, None])

    def at(self, node: int) -> "Halved":
        """What ending at a node is worth in each world, shape (worths, worlds)."""
        import numpy as np

        if node == 0:
            whole = np.repeat(self.shipped[:, None], self.credit.shape[1], axis=1)
            return np.asarray(whole.astype(np.float32))
        brings = self.worths[:, None] * self.credit[node] + np.float32(self.tested.besides[node])
        passed, settled = self.tested.passed[node], self.tested.settled[node]
        with_pass, with_less = (pays[node][:, None] for pays in self.pays)
        return np.asarray(np.where((passed & with_pass) | (settled & ~passed & with_less), brings, np.float32(0.0)))

    def ships(self, last: "Indices") -> "Flags":
        """Whether something is put to use at the node where each world ends, shape (worths, worlds)."""
        import numpy as np

        rows, worlds = np.arange(len(last))[:, None], np.arange(last.shape[1])
        passed, settled = self.tested.passed[last, worlds], self.tested.settled[last, worlds]
        with_pass, with_less = (pays[last, rows] for pays in self.pays)
        return np.asarray((passed & with_pass) | (settled & ~passed & with_less))


def _policies(nodes: Sequence[Node], ending: _Ending) -> "tuple[Halved, NDArray[Any]]":
    """What each world gets from each node on, and the step that it takes there; (nodes, worths, worlds) both."""
    import numpy as np

    shape = (len(nodes), len(ending.shipped), len(nodes[0].ends))
    value, taken = np.empty(shape, dtype=np.float32), np.full(shape, END, dtype=np.int8)
    for (index, node), groups in zip(reversed(list(enumerate(nodes))), reversed(sort_worlds(nodes)), strict=True):
        ends = ending.at(index)
        if not node.steps:
            value[index] = ends
            continue
        after = np.array([ends, *(_after(value, ends, step.to, step.cost) for step in node.steps)])
        for mine, other in (pair[::way] for pair in groups for way in (1, -1)):
            if len(mine.order) and len(other.order):
                best = _best_of(mine.means(after))
                taken[index][:, other.order] = best.take(mine.group_of(node.shown, other.order), axis=1)
        value[index] = ends
        for number, brought in enumerate(after[1:]):
            np.copyto(value[index], brought, where=taken[index] == number)
    return value, taken


def _best_of(means: "Halved") -> "NDArray[Any]":
    """The best step of each group at each worth; `means`, shape (values, worths, groups), begin with that of ending."""
    import numpy as np

    worths = smooth(means.reshape(-1, means.shape[2])).reshape(means.shape)
    # Rounding must not make a step that is worth nothing look worth something.
    worths[0] += 1e-6 * np.abs(worths).max(axis=(0, 2), initial=0.0)[:, None]
    return np.asarray((worths.argmax(axis=0) - 1).astype(np.int8))


def _after(value: "Halved", ends: "Halved", to: int, cost: "Draws | float") -> "Halved":
    import numpy as np

    cost = np.asarray(cost, dtype=np.float32)
    return np.asarray(np.where(np.isfinite(cost), value[to] - cost, ends))


def _walked(nodes: Sequence[Node], taken: "NDArray[Any]", first: "Indices") -> "tuple[Indices, Draws]":
    """The node at which each world ends and what it has paid by then, both of shape (worths, worlds)."""
    import numpy as np

    shape = taken.shape[1:]
    visited = np.zeros(taken.shape, dtype=bool)
    visited[0] = True
    last, paid = np.zeros(shape, dtype=np.intp), np.zeros(shape)
    for index, node in enumerate(nodes):
        if not visited[index].any():
            continue
        for number, step in enumerate(node.steps):
            chosen = taken[index] == number if index else np.broadcast_to((first == number)[:, None], shape)
            going = visited[index] & chosen & np.isfinite(step.cost)
            if going.any():
                visited[step.to] |= going
                last[going] = step.to
                paid += np.where(going, np.where(np.isfinite(step.cost), step.cost, 0.0), 0.0)
    return last, paid
