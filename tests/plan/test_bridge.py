"""What moved a bill adds up to the difference, and nothing moves a bill that is the same."""

from dataclasses import replace

import pytest

from tests.decide.test_decide import known, project
from tests.plan.test_plan import FOLDER, walked
from tunecase.plan import Drawn, bridge, drawn
from tunecase.plan.bridge import OTHERWISE
from tunecase.quantities import Sampled
from tunecase.records import Bridge

SHOWN, STOPPING, ROWS, PRICES = (
    "rounds where the target is shown", "stopping where it is not", "rows and reviews", "prices and speeds",
)  # fmt: skip
# The case before, the case after.
PAIRS = (
    ("without a pilot", "usual"), ("usual", "with a fallback"), ("without a target", "usual"), ("usual", "shipped"),
)  # fmt: skip


def moved(made: Bridge) -> dict[str, float]:
    """Amounts by reason."""
    assert len({part.why for part in made.moved}) == len(made.moved)
    return {part.why: part.amount for part in made.moved}


def test_what_moved_it_adds_up_to_the_difference() -> None:
    """From the expected total of one plan to that of the other, in the order in which reasons are told."""
    for pair in PAIRS:
        before, after = (walked(case) for case in pair)
        made = bridge(before, after, since="a day")
        assert (float(before.total.mean()), float(after.total.mean())) == (made.before, made.after)
        assert pytest.approx(made.after - made.before, abs=1e-6) == sum(moved(made).values())
        assert [SHOWN, STOPPING, ROWS, PRICES] == list(moved(made))
        assert any(moved(made).values())


def test_a_bill_against_itself_moves_nothing() -> None:
    """Every reason is worth nothing at all."""
    for case in ("usual", "without a target", "shipped"):
        made = bridge(walked(case), walked(case), since="a day")
        assert {0.0} == set(moved(made).values())
        assert made.before == made.after


def test_what_differs_from_the_bill_on_file_is_a_reason_of_its_own() -> None:
    """It comes first, and all reasons still add up; a bill on file that is the same needs none."""
    before, after = walked("without a pilot"), walked("usual")
    made = bridge(before, after, since="a day", filed=Sampled(1_000.0, 300.0))
    assert made.before_error == 300.0
    assert OTHERWISE == made.moved[0].why
    assert pytest.approx(before.total.mean() - 1_000.0) == made.moved[0].amount
    assert pytest.approx(made.after) == made.before + sum(moved(made).values())
    assert OTHERWISE not in moved(bridge(before, after, since="a day", filed=Sampled(float(before.total.mean()))))


def assumed_rounds(price: str) -> Drawn:
    """Rounds that nothing of what is bought decides, at a price of an example."""
    return drawn(known(project(FOLDER, target="", value="", price=price), None))


def test_a_dearer_price_alone_is_told_as_a_price() -> None:
    """Without a target no round hangs on a price: all that moves the bill is prices."""
    made = moved(bridge(assumed_rounds("1 USD per example"), assumed_rounds("2 USD per example"), since="a day"))
    assert made.pop(PRICES) > 0
    assert {0.0} == set(made.values())


def test_going_on_longer_is_told_where_it_happens() -> None:
    """More rounds in worlds that show the target, or in those that do not, move their own reason alone."""
    of = walked("usual")
    reached = of.walk.reached
    assert of.offer is not None
    assert 0 < reached.mean() < 1
    for where, why in ((reached, SHOWN), (~reached, STOPPING)):
        longer = replace(of.walk, rounds=of.walk.rounds + where)
        after = of.instead(of.offer, replace(of.walked, walk=longer))
        made = moved(bridge(of, after, since="a day"))
        told = {SHOWN: made[SHOWN], STOPPING: made[STOPPING]}
        assert told.pop(why) > 0
        assert {0.0} == set(told.values())
