"""A project solved: its levers as first steps on one board, and what each comes to."""

from dataclasses import dataclass, replace

from tunecase.plan import levers
from tunecase.plan.levers import TOO_DEAR, Offer, State
from tunecase.plan.rounds import Board
from tunecase.quantities import Draws, np


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A state with its offers and the board of first steps that they make.

    `weighed` is False where nobody said what the target is worth: then the best step is the one that would pay
    from the least worth on.
    """

    state: State
    offers: tuple[Offer, ...]
    board: Board

    @property
    def weighed(self) -> bool:
        """Whether the worth of the target is stated."""
        return self.state.value is not None

    def offer(self, lever: str) -> Offer:
        """The offer of a lever."""
        return next(offer for offer in self.offers if offer.lever == lever)

    def brings(self, lever: str) -> "Draws | None":
        """What taking that first step brings in each world; None where it cannot be taken."""
        offer = self.offer(lever)
        if offer.brings is not None:
            return None if offer.blocked else np.full(len(self.state.paths), offer.ends_with(self.state))
        at = self.board.first(lever)
        return None if offer.blocked or at is None else self.board.after(at)

    def worth(self, lever: str) -> float:
        """What a first step brings on average; minus infinity where it cannot be taken."""
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
        """The same in fewer worlds, spread evenly over all batches, for questions that are asked many times.

        Two neighbours at a time: every other world of a curve follows slopes learnt elsewhere (`Belief.paths`).
        """
        every = -(-len(self.state.paths) // worlds)
        if every < 2:
            return self
        some = np.flatnonzero(np.arange(len(self.state.paths)) % (2 * every) < 2)
        value = None if self.state.value is None else self.state.value[some]
        more, release = (
            np.broadcast_to(whole, len(self.state.paths))[some] for whole in (self.state.more_today, self.state.release)
        )
        state = replace(self.state, value=value, paths=self.state.paths[some], more_today=more, release=release)
        offers = tuple(
            offer if offer.errors is None else replace(offer, errors=offer.errors[some]) for offer in self.offers
        )
        return replace(self, state=state, offers=offers, board=self.board.in_some(some))

    def scaled(self, factor: float) -> "Solved":
        """The same board when what the target is worth is `factor` times as large; tests, costs and savings stay."""
        assert self.state.value is not None
        state = self.state.valued(self.state.value * factor)
        return self._again(replace(state, more_today=self.state.more_today * factor))

    def at_miss(self, miss: float) -> "Solved":
        """The same board where putting to use what misses the target costs so many of its worths."""
        return self._again(replace(self.state, miss=miss))

    def _again(self, state: State) -> "Solved":
        """The same tests and costs where what a model brings has changed."""
        offers = tuple(offer if offer.errors is None else levers.rated(state, offer) for offer in self.offers)
        return replace(self, state=state, offers=offers, board=self.board.revalued(levers.rules_of(state, offers)))


def solve(state: State, *, whatever_it_costs: bool = False) -> Solved:
    """The board of a state, on which the budget bounds the steps, or does not."""
    offers = levers.offers_of(state)
    board = levers.board(replace(state, budget_left=float("inf")) if whatever_it_costs else state, offers)
    return Solved(state, tuple(_sized(offer, board) for offer in offers), board)


def _sized(offer: Offer, board: Board) -> Offer:
    """An offer to buy, with what its best step buys; the next size where it has none."""
    if offer.purchase is None:
        return offer
    at = board.first(offer.lever)
    _, examples = offer.purchase.up_to(1 if at is None else board.steps[at].size)
    return offer.of_size(float(np.median(examples)))


def merit_of(solved: Solved) -> tuple[bool, float, bool]:
    """By which solutions of one project are ranked: ready where no value is stated, then worth, then shipping."""
    best = solved.winner
    return not solved.weighed and bool(best.brings), solved.worth(best.lever), bool(best.brings)
