"""What the next dollar could buy: each lever is a function of the State that returns one Offer."""

from tunecase.plan.levers.looks import LOOKS
from tunecase.plan.levers.offers import DONE, LEVERS, board, offers_of, with_a_run, without_value
from tunecase.plan.levers.standing import belief_of, standing, test_rows, test_rows_to_buy
from tunecase.plan.levers.state import FREE, TOO_DEAR, Offer, State

__all__ = [
    "DONE", "FREE", "LEVERS", "LOOKS", "TOO_DEAR", "Offer", "State", "belief_of", "board", "offers_of", "standing",
    "test_rows", "test_rows_to_buy", "with_a_run", "without_value",
]  # fmt: skip
