"""A project solved: its levers on one board, the best policy over them, and what each first step comes to."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase.plan import levers
from tunecase.plan.levers import TOO_DEAR, Offer, State
from tunecase.plan.rounds import Board, Halves, Node, Policy, best_policy, sort_worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tunecase.quantities import Draws, Indices


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A state with its offers, the board they make and the best policy on it.

    `weighed` is False where nobody said what the target is worth: then the board goes on whatever it costs.
    """

    state: State
    offers: tuple[Offer, ...]
    board: Board
    policy: Policy
    groups: "Sequence[Sequence[Halves]]"

    @property
    def weighed(self) -> bool:
        """Whether the worth of the target is stated."""
        return self.state.value is not None

    def offer(self, lever: str) -> Offer:
        """The offer of a lever."""
        return next(offer for offer in self.offers if offer.lever == lever)

    def brings(self, lever: str) -> "Draws | None":
        """What taking that first step brings in each world; None where it cannot be taken."""
        import numpy as np

        offer = self.offer(lever)
        if offer.brings is not None:
            return None if offer.blocked else np.full(len(self.state.paths), offer.ends_with(self.state))
        at = self.board.first(lever)
        if offer.blocked or at is None:
            return None
        return self.policy.after(self.board.nodes[0].steps[at])

    def worth(self, lever: str) -> float:
        """What a first step brings on average, the best policy after it; minus infinity where it cannot be taken."""
        brings = self.brings(lever)
        return float("-inf") if brings is None else float(brings.mean())

    def blocked(self, offer: Offer) -> str:
        """Why a lever cannot be chosen, in words; empty where it can."""
        if offer.blocked or offer.brings is not None:
            return offer.blocked
        return TOO_DEAR if self.board.first(offer.lever) is None else ""

    @property
    def winner(self) -> Offer:
        """The offer of the best expected value."""
        ready = next((offer for offer in self.offers if offer.brings and not offer.blocked), None)
        if ready is not None and not self.weighed:
            return ready
        best = max(self.offers, key=lambda offer: self.worth(offer.lever))
        if self.worth(best.lever) > 0:
            return best
        # What already meets the target costs nothing, so it is shipped even where it adds nothing to what is in use.
        return next(offer for offer in self.offers if offer.brings is not None and not offer.blocked)

    def in_some(self, worlds: int) -> "Solved":
        """The same in fewer worlds, spread evenly over all batches, for questions that are asked many times."""
        import numpy as np

        every = -(-len(self.state.paths) // worlds)
        if every < 2:
            return self
        some = np.arange(0, len(self.state.paths), every)
        nodes = tuple(_node_in(node, some) for node in self.board.nodes)
        value = None if self.state.value is None else self.state.value[some]
        more = np.broadcast_to(self.state.more_today, len(self.state.paths))[some]
        state = replace(self.state, value=value, paths=self.state.paths[some], more_today=more)
        tests = {name: getattr(self.board, name)[:, some] for name in ("errors", "passed", "settled", "ships")}
        luck = tuple(None if one is None else one[some] for one in self.board.luck)
        board = replace(self.board, nodes=nodes, luck=luck, **tests)
        groups = sort_worlds(nodes)
        return replace(self, state=state, board=board, policy=best_policy(nodes, sorted_worlds=groups), groups=groups)

    def scaled(self, factor: float) -> "Solved":
        """The same board when what the target is worth is `factor` times as large; tests, costs and savings stay."""
        assert self.state.value is not None
        state = replace(self.state, value=self.state.value * factor, more_today=self.state.more_today * factor)
        board = self.board.revalued(levers.rules_of(state, self.offers))
        return replace(self, state=state, board=board, policy=best_policy(board.nodes, sorted_worlds=self.groups))


def _node_in(node: Node, some: "Indices") -> Node:
    import numpy as np

    whole = node.ends.shape
    steps = tuple(replace(step, cost=np.broadcast_to(step.cost, whole)[some]) for step in node.steps)
    # Few worlds are not parted by what they have paid as well.
    shown, done = None if node.shown is None else node.shown[some], None if node.done is None else node.done[some]
    return Node(node.ends[some], steps, shown, done)


def solve(state: State, earlier: Board | None = None, *, begin_anyway: bool = False) -> Solved:
    """The board of a state with the best policy on it.

    Args:
        state: where the project stands.
        earlier: a board of the same worlds and moves, whose tests hold.
        begin_anyway: the first step is taken though the budget does not pay for it.
    """
    offers = levers.offers_of(state)
    usable, able = (state, offers) if state.value is not None else levers.without_value(state, offers)
    board = levers.board(usable, able, earlier=earlier, begin_anyway=begin_anyway)
    groups = sort_worlds(board.nodes)
    return Solved(state, able, board, best_policy(board.nodes, sorted_worlds=groups), groups)


def merit_of(solved: Solved) -> tuple[bool, float, bool]:
    """By which solutions of one project are ranked: ready where no value is stated, then worth, then shipping."""
    best = solved.winner
    return not solved.weighed and bool(best.brings), solved.worth(best.lever), bool(best.brings)
