"""The best policy of one board at many worths of the target at once: tests and costs are the same, worth is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.plan.rounds.board import Board
from tunecase.plan.rounds.policy import END, Halves, Node, smooth, sort_worlds

if TYPE_CHECKING:
    from tunecase.plan.rounds.policy import Flags, Indices
    from tunecase.quantities import Draws


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
    there, all of shape (worths, worlds). `taken` is what each world does after the first test, END for nothing.
    """

    first: "Indices"
    worths: "Draws"
    last: "Indices"
    paid: "Draws"
    ships: "Flags"
    taken: "Indices"


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
    ends, ships = _ends(tested, np.asarray(worths), np.asarray(shipped))
    value, taken = _policies(nodes, sort_worlds(nodes), ends)
    after = np.array([_after(value, ends[0], step.to, step.cost) for step in nodes[0].steps])
    brought = after.mean(axis=2)
    first = brought.argmax(axis=0)
    last, paid = _walked(nodes, taken, first)
    leads = np.array([step.to for step in nodes[0].steps])[first]
    rows, worlds = np.arange(len(first))[:, None], np.arange(last.shape[1])
    return Walks(first, brought.max(axis=0), last, paid, ships[last, rows, worlds], taken[leads, rows[:, 0]])


def _ends(tested: Tested, worths: "Draws", shipped: "Draws") -> "tuple[Draws, Flags]":
    """What ending at each node is worth, and whether something is put to use there; (nodes, worths, worlds) both."""
    import numpy as np

    brings = worths[None, :, None] * tested.credit[:, None] + tested.besides[:, None, None]
    ships = np.zeros(brings.shape, dtype=bool)
    for alike in (tested.passed, tested.settled & ~tested.passed):
        count = alike.sum(axis=1)
        means = np.einsum("nsw,nw->ns", brings, alike.astype(float)) / np.maximum(count, 1)[:, None]
        ships |= alike[:, None] & ((means > 0) & (count > 0)[:, None])[:, :, None]
    ends = np.where(ships, brings, 0.0)
    ends[0] = shipped[:, None]
    return ends, ships


def _policies(
    nodes: Sequence[Node], groups: "Sequence[Sequence[Halves]]", ends: "Draws"
) -> "tuple[Draws, Indices]":
    """What each world gets from each node on, and the step that it takes there; (nodes, worths, worlds) both."""
    import numpy as np

    value, taken = np.empty_like(ends), np.full(ends.shape, END, dtype=np.int8)
    for index, node in reversed(list(enumerate(nodes))):
        if not node.steps:
            value[index] = ends[index]
            continue
        after = np.array([ends[index], *(_after(value, ends[index], step.to, step.cost) for step in node.steps)])
        for mine, other in (pair[::way] for pair in groups[index] for way in (1, -1)):
            if len(mine.order) and len(other.order):
                means = smooth(mine.means(after).reshape(-1, len(mine.starts))).reshape(*after.shape[:2], -1)
                # Rounding must not make a step that is worth nothing look worth something.
                means[0] += 1e-9 * np.abs(means).max(axis=(0, 2), initial=0.0)[:, None]
                best = (means.argmax(axis=0) - 1).astype(np.int8)
                taken[index][:, other.order] = best[:, mine.group_of(node.shown, other.order)]
        value[index] = np.take_along_axis(after, taken[index][None] - END, axis=0)[0]
    return value, taken


def _after(value: "Draws", ends: "Draws", to: int, cost: "Draws | float") -> "Draws":
    import numpy as np

    return np.asarray(np.where(np.isfinite(cost), value[to] - cost, ends))


def _walked(nodes: Sequence[Node], taken: "Indices", first: "Indices") -> "tuple[Indices, Draws]":
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
