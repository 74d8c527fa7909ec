"""What the next dollar could buy, by subject: each lever is a function of the State that returns one Offer.

A lever maps the same possible worlds to value and cost: more examples, other sources, cleaning, tuning, a bigger
model, a larger test set, an easier target, shipping, stopping. The board of `plan/rounds/board.py` says what
each is worth. Looks are runs that only tell.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tunecase.plan.levers.data import clean, label, other_sources
from tunecase.plan.levers.ending import redefine, ship, stop, when_sure
from tunecase.plan.levers.method import bigger_model, fine_tune, test_set, tune
from tunecase.plan.levers.state import Offer, State
from tunecase.plan.rounds.board import Actions, Board, Rules, lay_out

__all__ = ["LEVERS", "Offer", "State", "board", "offers_of", "rules_of"]

LEVERS: tuple[Callable[[State], Offer], ...] = (
    ship,
    fine_tune,
    label,
    other_sources,
    clean,
    tune,
    bigger_model,
    test_set,
    redefine,
    stop,
)

ENDING = (ship, redefine, stop)
DONE = "a measured round has done it already"
WEIGHED = ("bigger_model", "test_set")
UNWEIGHED = "without a value of the target nothing says whether it is worth its price"


def offers_of(state: State) -> tuple[Offer, ...]:
    """What every lever says of a state; what a measured round has used already is blocked.

    Where nobody said what the target is worth, a bigger model and a larger test need a reason in money. What was
    measured as it is, without a curve, has the levers alone that end the project; answering only when sure is one where
    the pilot says how sure it is.
    """
    flat = state.way is not None and state.way.flat
    ready, *further = ENDING if flat else LEVERS
    sure = () if state.promise is None else (when_sure,)
    return tuple(_allowed(lever(state), state) for lever in (ready, *sure, *further))


def _allowed(offer: Offer, state: State) -> Offer:
    why = DONE if offer.move is not None and offer.lever in state.done else ""
    if state.value is None and offer.lever in WEIGHED:
        why = why or UNWEIGHED
    return replace(offer, move=None, blocked=offer.blocked or why) if why else offer


def rules_of(state: State, offers: Sequence[Offer]) -> Rules:
    """The rules of a project's board."""
    return state.rules(_actions(offers).rows(state.sizes))


def _actions(offers: Sequence[Offer]) -> Actions:
    """What offers that are not blocked let be done."""
    return Actions(
        [offer.purchase for offer in offers if offer.purchase is not None],
        [offer.move for offer in offers if offer.move is not None],
        next((offer.lever for offer in offers if offer.trains), None),
    )


def board(state: State, offers: Sequence[Offer]) -> Board:
    """The board of a project with what its offers allow.

    Args:
        state: where the project stands.
        offers: what the levers say of it.
    Returns: the Board; a lever that is blocked has no step on it. Where nobody said what the target is worth, the best
        step is the one that would pay from the least worth on.
    """
    rules, actions = rules_of(state, offers), _actions(offers)
    laid = lay_out(state.paths, state.sizes, rules=rules, prices=state.prices, actions=actions)
    return laid.at_the_least_worth() if state.value is None else laid
