"""What the next dollar could buy: each lever is a function of the State that returns one Offer."""

from tunecase.plan.levers.ending import rated, reachable, rest_words
from tunecase.plan.levers.offers import DONE, LEVERS, board, offers_of, rules_of
from tunecase.plan.levers.standing import (
    labelled_supply,
    measured_curve,
    planned_supply,
    prices_of,
    standing,
    test_rows,
    test_rows_to_buy,
    with_rows,
)
from tunecase.plan.levers.state import LOSS, TOO_DEAR, Offer, State
