"""Bills follow the tokens and the hours that are paid, and obey what every bill obeys."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inference.making import OFFICE, WORLDS, traffic
from tests.laws import law
from tunecase.inference.bills import Answers, Bill, Cheapest, Payer, Replicas, Tokens, mean_growth, scaled, some_worlds
from tunecase.inference.fleet import Rules, fleet
from tunecase.inference.traffic import Traffic, Week

ONE = np.ones(WORLDS)
RULES = Rules(spare=1, scales=True)
FLEET = Replicas(2.0 * ONE, 3.0 * ONE, RULES, input_share=0.25)
PAYERS = {
    "on demand": FLEET, "reserved": replace(FLEET, rules=Rules(spare=1)),
    "to zero": replace(FLEET, rules=Rules(spare=0, scales=True, scale_to_zero=True)),
    "by night": replace(FLEET, nightly=True), "shared": replace(FLEET, sharing=7),
    "by the machine": replace(FLEET, lot=8), "tokens": Tokens(0.4 * ONE, 1.6 * ONE, 0.1 * ONE, prompted=True),
    "stated": Answers(2.0 * ONE), "cheapest": Cheapest((FLEET, replace(FLEET, capacity=9 * ONE, hour=8 * ONE))),
}  # fmt: skip


def month(payer: Payer, arrives: Traffic) -> float:
    """The bill of a month in the first world."""
    return float(payer.bill(arrives).per_month[0])


def test_tokens_are_paid_by_their_kind() -> None:
    """By hand: 1M answers of 1,500 tokens in, 40% of them cached, and 200 out, at 0.40, 0.10 and 1.60 a million."""
    arrives = traffic(
        1e6, input_tokens=800 * ONE, instructions_tokens=700 * ONE, output_tokens=200 * ONE, cached_share=0.4 * ONE
    )
    bill = Tokens(0.4 * ONE, 1.6 * ONE, 0.1 * ONE, prompted=True).bill(arrives)
    assert 360 + 60 + 320 == pytest.approx(bill.per_month[0])
    assert 0.74 == pytest.approx(bill.per_1k[0])


def test_held_instructions_cost_the_price_of_cached_input() -> None:
    """700 of 1,500 tokens at 0.10 instead of 0.40 are 210 of 920 less; nothing without a price of cached input."""
    arrives = traffic(1e6, input_tokens=800 * ONE, instructions_tokens=700 * ONE, output_tokens=200 * ONE)
    payer = Tokens(0.4 * ONE, 1.6 * ONE, 0.1 * ONE, prompted=True)
    assert 920 == pytest.approx(month(payer, arrives))
    assert 920 - 210 == pytest.approx(payer.with_held_instructions(arrives)[0])
    assert 920 == pytest.approx(replace(payer, cached=None).with_held_instructions(arrives)[0])


def test_a_tuned_model_reads_no_instructions() -> None:
    """The same tokens without the 700 of instructions: 800 in and 200 out."""
    arrives = traffic(1e6, input_tokens=800 * ONE, instructions_tokens=700 * ONE, output_tokens=200 * ONE)
    assert 320 + 320 == pytest.approx(month(Tokens(0.4 * ONE, 1.6 * ONE), arrives))


def test_cached_input_without_a_price_is_paid_like_any() -> None:
    """Half of the input cached changes nothing."""
    plain, half = traffic(), traffic(cached_share=0.5 * ONE)
    assert month(Tokens(ONE, ONE), plain) == pytest.approx(month(Tokens(ONE, ONE), half))


def test_growth_is_counted_as_a_fleet_counts_it() -> None:
    """The answers of a month are the mean over the months of service, of tokens and of replicas alike."""
    grows = traffic(1e5, months=18.0, growth=0.07)
    assert fleet(grows, ONE, RULES).answers_per_month == pytest.approx(grows.answers_per_month * mean_growth(grows))
    assert mean_growth(traffic(months=0.0, growth=0.1)) == pytest.approx(ONE)


def test_prices_of_tokens_add_up_to_the_bill() -> None:
    """Input that is read and output, each at its price of a million, are the month."""
    arrives = traffic(1e6, input_tokens=800 * ONE, output_tokens=200 * ONE, cached_share=0.25 * ONE)
    bill = FLEET.bill(arrives)
    read, written = 1e6 * 800 * 0.75, 1e6 * 200
    assert bill.per_month[0] == pytest.approx((bill.per_mtok_in * read + bill.per_mtok_out * written)[0] / 1e6)  # type: ignore[operator]
    assert 0 == bill.per_mtok_cached[0]  # type: ignore[index]


def test_an_idle_replica_is_paid() -> None:
    """Half of the answers on the same replicas cost the same a month, and twice as much each."""
    busy, quiet = FLEET.bill(traffic(2e6)), FLEET.bill(traffic(1e6))
    assert busy.per_month[0] == pytest.approx(quiet.per_month[0])
    assert 2 * busy.per_1k[0] == pytest.approx(quiet.per_1k[0])


def test_cards_of_a_machine_are_rented_together() -> None:
    """One replica and one spare on machines of eight are two machines, sixteen replicas."""
    bill = replace(FLEET, lot=8).bill(traffic(1e5))
    assert 16 == bill.replicas[0]  # type: ignore[index]
    assert 16 * 3 * 730.5 == pytest.approx(bill.per_month[0], rel=0.05)


def test_a_shared_base_is_paid_by_its_adapters() -> None:
    """Ten quiet adapters of equal traffic pay a tenth of two replicas each."""
    alone, shared = (replace(FLEET, sharing=n).bill(traffic(1e5)) for n in (1, 10))
    assert alone.per_month[0] == pytest.approx(10 * shared.per_month[0])
    assert alone.answers_per_month[0] == pytest.approx(shared.answers_per_month[0])


@law(60)
@given(
    st.sampled_from(sorted(PAYERS)), st.floats(10, 1e8), st.floats(1.0, 50.0), st.floats(1, 20), st.floats(-0.05, 0.2)
)
def test_more_traffic_never_costs_less(name: str, volume: float, more: float, burst: float, growth: float) -> None:
    """In any way, at any burst and growth."""
    arrives = traffic(volume, burst=burst, growth=growth, week=Week(OFFICE))
    assert month(PAYERS[name], arrives) <= month(PAYERS[name], scaled(arrives, more)) * (1 + 1e-9)


@law(60)
@given(st.floats(0.01, 20), st.floats(0, 30), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_cached_share_never_raises_a_bill_of_tokens(
    into: float, cached: float, share: float, larger: float
) -> None:
    """Even where a table's price of cached input exceeds that of input."""
    payer = Tokens(into * ONE, ONE, cached * ONE, prompted=True)
    low, high = sorted((share, larger))
    bills = [month(payer, traffic(cached_share=at * ONE)) for at in (low, high)]
    assert bills[1] <= bills[0] * (1 + 1e-12)


def test_the_cheapest_is_taken_in_each_world() -> None:
    """A card that is cheap in one world and dear in another serves the one only."""
    first = replace(FLEET, hour=np.array([1.0, 5.0, 1.0]))
    other = replace(FLEET, hour=np.array([3.0, 2.0, 3.0]))
    bill: Bill = Cheapest((first, other)).bill(traffic())
    assert bill.per_month == pytest.approx(bill.per_month[0] * np.array([1.0, 2.0, 1.0]))


def test_some_worlds_are_spread_over_all() -> None:
    """Every draw is taken from the same worlds, and what is no draw is kept."""
    arrives = replace(traffic(np.arange(1.0, 4.0)), week=Week(OFFICE, np.array([0.1, 0.2, 0.3])))
    some = some_worlds(arrives, 2)
    assert [1.0, 2.0] == some.answers_per_month.tolist()
    assert [0.1, 0.2] == np.asarray(some.week.weekend).tolist()
    assert 101 == len(some.input_lengths)
