"""What to do after every test: the best policy over the states a project can come to, worked out from the end.

A node is where a project stands after a test; a step leads from one node to a later one and costs money. In every
world the test at a node shows something. Worlds that show alike and have paid about as much cannot be told apart there:
they take the same step, the one that is worth most on average over them, or end. So the value of a step holds the
freedom to stop, or to do something else, when a later test disappoints or work turns out dear. A rule that fixes its
cap beforehand leaves that out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tunecase.quantities import batch_edges, points_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunecase.quantities import Draws

    Flags = NDArray[np.bool_]
    Indices = NDArray[np.intp]

GROUPS = 64  # of worlds that show alike; more tell finer results apart, and average over fewer worlds
DEGREE = 4  # of the polynomial in the rank of a group that its worth is read off
FEWEST_REGRESSED = 8  # groups; fewer are taken as they are
PAID_APART = (0.5, 0.8, 0.95)  # points of what was paid: who has seen dear work expects more of it
LEAST_WORLDS = 20  # in a group
END = -1


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Something that can be done: its name, the node it leads to, and its cost in each world, shape (worlds,) or one.

    An infinite cost means that the step cannot be taken in that world, where the walk then ends.
    """

    name: str
    to: int
    cost: "Draws | float"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Where a project can stand.

    `ends` is what ending here is worth in each world, shape (worlds,). `shown` is what the test shows, shape
    (worlds,); None where nothing is measured, so that no world can be told from another. `done` marks the
    worlds that end here whatever could still be done (the target is shown to be met); None for none. `paid` is what
    was paid on the way here at most, which tells worlds apart too; None for nothing.
    """

    ends: "Draws"
    steps: tuple[Step, ...] = ()
    shown: "Draws | None" = None
    done: "Flags | None" = None
    paid: "Draws | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """The open worlds of one half of a node that have paid about as much, sorted by what they show.

    `starts` says where each group begins, `sizes` how many worlds it has, `lowest` what its first world shows; None
    where nothing is shown.
    """

    order: "Indices"
    starts: "Indices"
    sizes: "Indices"
    lowest: "Draws | None" = None

    def means(self, values: "Draws") -> "Draws":
        """Mean of each group, shape (..., groups), of values of shape (..., worlds)."""
        import numpy as np

        return np.asarray(np.add.reduceat(values.take(self.order, axis=-1), self.starts, axis=-1) / self.sizes)

    def group_of(self, shown: "Draws | None", worlds: "Indices") -> "Indices":
        """The group to which other worlds belong by what they show, shape (worlds,)."""
        import numpy as np

        if shown is None or self.lowest is None:
            return np.zeros(len(worlds), dtype=np.intp)
        return np.searchsorted(self.lowest[1:], shown[worlds], side="right")


Halves = tuple[Sorted, Sorted]


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """The best policy: what each world takes at each node, and what that is worth.

    `taken` has shape (nodes, worlds): the index of a step, or END. `value` has the same shape: what each world gets
    from there on, under what the other half of the worlds has taught.
    """

    nodes: tuple[Node, ...]
    taken: "NDArray[np.int8]"
    value: "Draws"

    def after(self, step: Step, at: int = 0) -> "Draws":
        """What each world gets if it takes `step` at node `at` and then follows the policy, shape (worlds,)."""
        return _after(self.value, self.nodes[at], step)

    def moves(self, first: int | None = None) -> "Iterator[tuple[int, int, Flags]]":
        """(node, index of the step, worlds that take it), in the order of nodes, for every step that a world takes.

        Args:
            first: index of the step that every world takes at node 0; the policy's own where left out.
        """
        import numpy as np

        visited = np.zeros(self.value.shape, dtype=bool)
        visited[0] = True
        for index, node in enumerate(self.nodes):
            if not visited[index].any():
                continue
            for number, step in enumerate(node.steps):
                chosen = self.taken[index] == number if first is None or index else number == first
                going = visited[index] & chosen & np.isfinite(step.cost)
                if going.any():
                    visited[step.to] |= going
                    yield index, number, going

    def walk(self, first: int | None = None) -> "tuple[Indices, Draws]":
        """Every world walked from node 0 to its end, `first` as for `moves`.

        Returns: (last, paid): the node at which each world ends, and what it has paid; both of shape (worlds,).
        """
        import numpy as np

        count = self.value.shape[1]
        last, paid = np.zeros(count, dtype=np.intp), np.zeros(count)
        for index, number, going in self.moves(first):
            step = self.nodes[index].steps[number]
            last[going] = step.to
            paid[going] += np.broadcast_to(np.asarray(step.cost, dtype=float), (count,))[going]
        return last, paid


def halves_of(worlds: int) -> "NDArray[np.bool_]":
    """Which worlds belong to the first half, by batches in turn, so that both halves are stratified."""
    import numpy as np

    edges = batch_edges(worlds)
    if len(edges) < 3:
        return np.asarray(np.arange(worlds) % 2 == 0)
    return np.asarray(np.repeat(np.arange(len(edges) - 1) % 2 == 0, np.diff(edges)))


def sort_worlds(nodes: Sequence[Node], groups: int = GROUPS) -> tuple[tuple[Halves, ...], ...]:
    """The groups of every node by what its test shows, in both halves of the worlds that have paid about as much.

    None of a node without steps, where nothing is chosen.
    """
    first = halves_of(len(nodes[0].ends))
    return tuple(tuple(_groups_of(node, groups, first)) if node.steps else () for node in nodes)


def _groups_of(node: Node, groups: int, first: "Flags") -> "Iterator[Halves]":
    import numpy as np

    order = np.arange(len(first)) if node.done is None else np.flatnonzero(~node.done)
    if node.shown is not None:
        order = order[np.argsort(node.shown[order], kind="stable")]
    parts, alike = _alike(node)
    # A stable sort by part and half keeps the order of what is shown within each.
    part = np.asarray(2 * parts + ~first, dtype=np.uint8)[order]
    order = order[np.argsort(part, kind="stable")]
    ends = np.bincount(part, minlength=2 * (max(alike) + 1)).cumsum().tolist()
    for number in alike:
        start = ends[2 * number - 1] if number else 0
        halves = order[start : ends[2 * number]], order[ends[2 * number] : ends[2 * number + 1]]
        yield _sorted(node, groups, halves[0]), _sorted(node, groups, halves[1])


def _alike(node: Node) -> "tuple[Indices, list[int]]":
    """The part to which each world of a node belongs by what it has paid, and the parts that have any world."""
    import numpy as np

    able = None if node.paid is None else np.isfinite(node.paid)
    if node.paid is None or able is None or not able.any():
        return np.zeros(len(node.ends), dtype=np.intp), [0]
    parts = np.searchsorted(points_of(node.paid[able], PAID_APART), node.paid)
    return parts, np.flatnonzero(np.bincount(parts)).tolist()


def best_policy(
    nodes: Sequence[Node], groups: int = GROUPS, sorted_worlds: "Sequence[Sequence[Halves]] | None" = None
) -> Policy:
    """The policy with the best expected value, by backward induction over groups of worlds with like results.

        value(node, world) = ends,                                            where done or nothing is worth more
                             value(to, world) - cost(step, world),            step = argmax over steps of group means

    Which step a result calls for is learnt on one half of the worlds and taken by the other half, and the other way
    round, so that no world is valued under a policy that it has taught.

    Args:
        nodes: node 0 is where the project stands; every step leads to a later node. All arrays over the same worlds.
        groups: at most so many groups per node and half; fewer where worlds are few.
        sorted_worlds: the groups from `sort_worlds`, to be reused where only money has changed.
    Returns: the Policy. Of equal values ending wins, then the earlier step: nothing is bought for nothing.
    Raises: ValueError where a step does not lead to a later node.

    Example:
        >>> import numpy as np
        >>> good = np.arange(100) < 50
        >>> end = Node(np.where(good, 10.0, 0.0))
        >>> test = Node(np.zeros(100), (Step("go on", 2, 4.0),), good.astype(float))
        >>> start = Node(np.zeros(100), (Step("look", 1, 1.0), Step("buy unseen", 2, 4.0)))
        >>> policy = best_policy([start, test, end], groups=2)
        >>> [float(policy.after(step).mean()) for step in start.steps]
        [2.0, 1.0]

    Source: Longstaff and Schwartz, Review of Financial Studies 14 (2001), a regression on the rank of what is shown;
    Raiffa and Schlaifer, Applied Statistical Decision Theory (1961).
    Leaves out what earlier tests showed, except where `shown` holds it, and tells what was paid in four parts only.
    """
    import numpy as np

    count = len(nodes[0].ends)
    taken = np.full((len(nodes), count), END, dtype=np.int8)
    value = np.empty((len(nodes), count))
    all_groups = tuple(sorted_worlds or sort_worlds(nodes, groups))
    for index, node in reversed(list(enumerate(nodes))):
        if any(not index < step.to < len(nodes) for step in node.steps):
            raise ValueError(f"a step of node {index} leads to no later node")
        if not node.steps:
            value[index] = node.ends
            continue
        after = np.array([node.ends, *(_after(value, node, step) for step in node.steps)])
        for mine, other in (pair[::way] for pair in all_groups[index] for way in (1, -1)):
            if len(mine.order) and len(other.order):
                taken[index, other.order] = _best(mine, after)[mine.group_of(node.shown, other.order)]
        value[index] = node.ends
        for number, brought in enumerate(after[1:]):
            np.copyto(value[index], brought, where=taken[index] == number)
    return Policy(tuple(nodes), taken, value)


def _best(groups: Sorted, values: "Draws") -> "NDArray[np.int8]":
    """The best step of each group, END where ending is worth as much; `values` begin with that of ending."""
    import numpy as np

    worths = smooth(groups.means(values))
    # Rounding must not make a step that is worth nothing look worth something.
    worths[0] += 1e-9 * np.abs(worths).max(initial=0.0)
    return np.asarray(worths.argmax(axis=0) - 1, dtype=np.int8)


def smooth(worths: "Draws") -> "Draws":
    """The regression of group means on the rank of the group, shape (values, groups); few groups are left as they are.

    What is worth most changes gradually with what is shown, so that every group tells of its neighbours.
    """
    import numpy as np

    if worths.shape[1] < FEWEST_REGRESSED:
        return worths
    return np.asarray(worths @ _regression(worths.shape[1]))


@lru_cache(maxsize=256)
def _regression(groups: int) -> "Draws":
    """The matrix that turns values at evenly spaced ranks into their fit by a polynomial, shape (groups, groups)."""
    import numpy as np

    basis = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, groups), DEGREE)
    return np.asarray(np.linalg.pinv(basis).T @ basis.T)


def _after(value: "Draws", node: Node, step: Step) -> "Draws":
    import numpy as np

    # What cannot be paid is not done: the world stays where it is.
    return np.asarray(np.where(np.isfinite(step.cost), value[step.to] - step.cost, node.ends))


def _sorted(node: Node, groups: int, order: "Indices") -> Sorted:
    """Open worlds of a node, in the order of what they show, in groups."""
    import numpy as np

    if node.shown is None:
        return _together(order)
    number = max(min(groups, len(order) // LEAST_WORLDS), 1)
    seen = node.shown[order]
    if not len(order):
        return Sorted(order, order, order, seen)
    # Worlds that show the same are in one group, which many of them have to themselves.
    starts = np.arange(number) * len(order) // number
    edges, later = seen[starts], seen[np.minimum(starts + LEAST_WORLDS - 1, len(order) - 1)]
    if (seen[starts[1:] - 1] == edges[1:]).any() or (later == edges).any():
        first, after = (np.searchsorted(seen, edges, side=side) for side in ("left", "right"))
        starts = np.unique(np.append(first, after[(after - first >= LEAST_WORLDS) & (after < len(order))]))
    return Sorted(order, starts, np.diff(np.append(starts, len(order))), seen[starts])


def _together(worlds: "Indices") -> Sorted:
    """All worlds in one group, none where there are none."""
    import numpy as np

    one = min(len(worlds), 1)
    return Sorted(worlds, np.zeros(one, dtype=np.intp), np.full(one, len(worlds), dtype=np.intp))
