"""Plans: a lever's first step with the best policy after it, on one board for all levers."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase.plan import levers
from tunecase.plan.levers import TOO_DEAR, Offer, State
from tunecase.plan.rounds import Board, Policy, Sorted, best_policy, sort_worlds
from tunecase.quantities import Band, band, share

if TYPE_CHECKING:
    from tunecase.quantities import Draws


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One lever's first step with the policy after it: means over all worlds, and what each world pays.

    `gain`, `cost` and `reach` are expected; `paid` has shape (worlds,). The plan ends at the first test where that
    shows worse than `threshold` (None: it never does), and at `most` examples at the latest, where `most_paid` is paid.
    `then` says what the policy does after the first test.
    """

    gain: float
    cost: float
    reach: float
    paid: "Draws"
    first_cost: Band
    most: int
    most_paid: float
    first_size: int
    threshold: float | None
    then: str

    @property
    def worth(self) -> float:
        """Expected gain less expected cost."""
        return self.gain - self.cost


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A state with its offers, the board they make and the best policy on it."""

    state: State
    offers: tuple[Offer, ...]
    board: Board
    policy: Policy
    groups: tuple[Sorted, ...]

    def brings(self, lever: str) -> "Draws | None":
        """What taking that first step brings in each world; None where it cannot be taken."""
        import numpy as np

        offer = next(offer for offer in self.offers if offer.lever == lever)
        if offer.brings is not None:
            return None if offer.blocked else np.full(len(self.state.paths), self.state.shipping(offer.brings))
        at = self.board.first(lever)
        if offer.blocked or at is None or self._dear(at):
            return None
        return self.policy.after(self.board.nodes[0].steps[at])

    def _dear(self, at: int) -> bool:
        import numpy as np

        return not np.isfinite(np.median(self.board.nodes[0].steps[at].cost))

    def blocked(self, offer: Offer) -> str:
        """Why a lever cannot be chosen, in words; empty where it can."""
        if offer.blocked or offer.brings is not None:
            return offer.blocked
        at = self.board.first(offer.lever)
        return TOO_DEAR if at is None or self._dear(at) else ""


def solve(state: State, earlier: Board | None = None) -> Solved:
    """The board of a state with the best policy on it; without a value, rows are bought whatever they cost.

    `earlier` is a board of the same worlds and moves, whose tests hold.
    """
    offers = levers.offers_of(state)
    usable = state if state.value is not None else levers.without_value(state, offers)[0]
    board = levers.board(usable, offers, earlier=earlier)
    groups = sort_worlds(board.nodes)
    return Solved(state, offers, board, best_policy(board.nodes, sorted_worlds=groups), groups)


def plan_of(solved: Solved, lever: str) -> Plan | None:
    """What a lever is worth with the policy after it; None where its first step cannot be taken."""
    import numpy as np

    at = solved.board.first(lever)
    if solved.brings(lever) is None or at is None:
        return None
    board, policy = solved.board, solved.policy
    last, paid = policy.walk(at)
    got = np.array([node.ends for node in board.nodes])[last, np.arange(len(last))]
    step = board.nodes[0].steps[at]
    cost = np.asarray(board.first_costs[at] + np.zeros(len(last)), dtype=float)
    sizes = np.array([board.sizes[size] for size, _ in board.places])[last]
    first = board.sizes[board.places[step.to][0]]
    return Plan(
        float(got.mean()), float(paid.mean()), float(board.passed[last, np.arange(len(last))].mean()), paid,
        band(cost[np.isfinite(cost)]), int(sizes.max()), float(np.median(paid[sizes == sizes.max()])),
        first, _threshold(solved, step.to), _then(solved, step.to),
    )  # fmt: skip


def _threshold(solved: Solved, node: int) -> float | None:
    """The score of the first test below which (above which, for a loss) the plan ends there; None: it never does."""
    import numpy as np

    best, group = solved.policy.best[node], solved.policy.groups[node]
    shown = solved.board.nodes[node].shown
    if not len(best) or group is None or shown is None:
        return None
    # A loss is turned round, so that more is better in both cases.
    side = -1.0 if solved.state.test_rows is None else 1.0
    lowest = np.array([part.min() for part in np.split(side * shown[group.order], group.starts[1:])])
    on, off = lowest[best >= 0], lowest[best < 0]
    if not len(on) or not len(off) or off.min() >= on.min():
        return None
    edge = side * float(on.min())
    return solved.state.score(edge) if side < 0 else edge


def _then(solved: Solved, node: int) -> str:
    """What the policy does after the first test, and in which share of the worlds, the commonest first."""
    import numpy as np

    taken, steps = solved.policy.taken[node], solved.board.nodes[node].steps
    done = solved.board.passed[node]
    shares = {"ship": float(done.mean()), "stop": float(((taken < 0) & ~done).mean())}
    for number, step in enumerate(steps):
        shares[step.name] = shares.get(step.name, 0.0) + float(((taken == number) & np.isfinite(step.cost)).mean())
    unpaid = 1.0 - sum(shares.values())
    if unpaid >= 0.005:
        shares["no money left"] = unpaid
    common = sorted(((part, name) for name, part in shares.items() if part >= 0.005), reverse=True)
    return ", ".join(f"{name.replace('_', ' ')} {share(part)}" for part, name in common)


def worth_of(solved: Solved, lever: str) -> float:
    """The expected value of a lever's plan; minus infinity if it has none."""
    brings = solved.brings(lever)
    return float("-inf") if brings is None else float(brings.mean())


def winner_of(solved: Solved, scale: float = 1.0) -> Offer:
    """The offer of the best expected value when V is `scale` times as large."""
    again = solved if scale == 1.0 else scaled(solved, scale)
    best = max(again.offers, key=lambda offer: worth_of(again, offer.lever))
    if worth_of(again, best.lever) > 0:
        return best
    # What already meets the target costs nothing, so it is shipped even where it adds nothing to what is in use.
    return next(offer for offer in again.offers if offer.brings is not None and not offer.blocked)


def scaled(solved: Solved, scale: float) -> Solved:
    """The same board when what the target is worth is `scale` times as large; tests, costs and savings stay."""
    assert solved.state.value is not None
    state = replace(solved.state, value=solved.state.value * scale)
    if state.saving:
        return solve(state, solved.board)
    nodes = tuple(replace(node, ends=node.ends * scale) for node in solved.board.nodes)
    board = replace(solved.board, nodes=nodes)
    return replace(solved, state=state, board=board, policy=best_policy(nodes, sorted_worlds=solved.groups))
