"""What can be had and bought, and the run worth making next."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.laws import law
from tests.projects import basis, written
from tunecase.forecast.curves import Belief, believe
from tunecase.forecast.scale import Scale
from tunecase.forecast.stakes import Prospect, Stakes, best_run, n_budget_of, n_max_of, stakes
from tunecase.prices.examples import Supply
from tunecase.records import NextRun, Point

WORLDS = 400
FREE = Stakes(None, None, lambda n: 0.0)
HELD = 160


def supply(price: float = 1.0, limit: float | None = None) -> Supply:
    """One source at one price."""
    prices = np.full(WORLDS, price)
    return Supply(((limit or np.inf, prices, np.zeros(WORLDS)),), limit, prices, ())


def belief(scores: tuple[float, ...] = (0.5, 0.6, 0.69, 0.76), rows: int | None = 2_000) -> Belief:
    """A clear curve from 20 examples on."""
    points = [Point(20 * 2**i, score, 3, rows, 0.01) for i, score in enumerate(scores)]
    return believe(points, Scale("higher", bounded=True, binomial=True))


def run(seen: Belief | None = None, **changes: object) -> NextRun | None:
    """The run to make next of a plain case."""
    usual = Prospect(target=0.9, n_max=10_240, rows=HELD, supply=supply(), stakes=FREE)
    factor = changes.pop("stand_in_factor", None)
    needed = changes.pop("needed", None)
    return best_run(seen or belief(), replace(usual, **changes), needed, factor)  # type: ignore[arg-type]


def priced(value: float = 20_000.0) -> Stakes:
    """A target worth so much; 1 for each further row and 200 for each doubling, and a run at a cent a row."""

    def to_rows(n: int) -> np.ndarray:
        return np.full(WORLDS, n - HELD + 200 * np.log2(n / HELD))

    return Stakes(np.full(WORLDS, value), to_rows, lambda n: 0.01 * n)


def budget(tmp_path: Path, words: str):
    """A basis with that budget."""
    return basis(written(f"budget: {words}\nmodels: [meta-llama/Llama-3.1-8B]", tmp_path), WORLDS)


@law(20)
@given(price=st.floats(0.01, 100), held=st.integers(1, 10_000))
def test_the_budget_buys_what_it_pays_for(tmp_path_factory, price, held):
    """What the budget buys costs no more than the budget, and one example more would."""
    asked = budget(tmp_path_factory.mktemp("b"), "1000 USD")
    bought = n_budget_of(held, supply(price), asked)
    assert price * (bought - held) <= 1000 < price * (bought - held + 1) + 1e-6


def test_a_budget_that_ends_nothing(tmp_path):
    """Without a budget or a price nothing is known; free examples end with their pool, or never."""
    asked = budget(tmp_path, "1000 USD")
    assert n_budget_of(10, supply(), None) is None
    assert n_budget_of(10, Supply((), None, None, ("buy",)), asked) is None
    assert 60 == n_budget_of(10, supply(0.0, limit=50), asked)
    assert n_budget_of(10, supply(0.0), asked) is None


def test_n_max_says_what_ends_it(tmp_path):
    """Evidence, sources or the budget, whichever ends first."""
    assert (6400, True) == (n_max_of(100, None, None)[0], "nothing was ever checked" in n_max_of(100, None, None)[1])
    assert (150, "what the named sources can give") == n_max_of(100, supply(limit=50), None)
    assert (600, "what the budget of 1,000 USD can buy") == n_max_of(100, supply(2.0), budget(tmp_path, "1000 USD"))


def test_rows_at_hand_come_before_rows_to_buy():
    """Where the value is not stated a run that costs nothing wins over one that has to be bought."""
    found = run(rows=640)
    assert (640, 0.0, None) == (found.n, found.price, found.worth)
    assert 0 < found.narrows <= 1


def test_without_prices_the_most_telling_run_is_named():
    """Points from anywhere have no prices: the run is chosen by what it tells, and its price is unknown."""
    found = run(supply=None, stakes=Stakes())
    assert (640, None, None) == (found.n, found.price, found.worth)


def test_a_stated_value_gives_a_worth():
    """With V, more rows and runs priced, the run's worth is known and above its price where one is worth making."""
    found = run(stakes=priced())
    assert found.worth > found.price > 0
    nothing = run(stakes=priced(0.0))
    assert 0.0 == nothing.worth


def test_a_stand_in_is_read_at_its_median_factor():
    """A stand-in need not reach the model's own error: the worth moves with the factor."""
    own, other = (run(stakes=priced(), stand_in_factor=name) for name in (None, "stand_in.factor"))
    assert own.worth != other.worth


def test_nothing_more_can_be_had():
    """A pool that ends at the rows at hand leaves more draws of the largest size only."""
    found = run(n_max=160, supply=supply(limit=0.0))
    assert 160 == found.n


def test_without_a_signal_only_larger_sizes_compete():
    """A pilot without a signal asks for a larger size, not for the same one again."""
    flat = believe(
        [Point(n, 3 - i / 50, 3, None, 0.001) for i, n in enumerate((100, 200, 400))],
        Scale("lower", bounded=False, binomial=False),
    )
    found = best_run(flat, Prospect(target=1.0, n_max=25_600, rows=400))
    assert found.n > 400


@pytest.mark.parametrize(("usd", "price"), [(0.5, 0.0025), (None, None), (0.0, 0.0)])
def test_a_run_costs_what_the_pilots_largest_cost(tmp_path, usd, price):
    """Per row, from the runs of the largest size; free where they were free; else the bill's price of a run."""
    asked = written("models: [meta-llama/Llama-3.1-8B]", tmp_path)
    pilot = samples.pilot()
    runs = tuple(replace(one, n=200 if one.n == max(pilot.sizes) else 100, usd=usd) for one in pilot.runs)
    found = stakes(asked, basis(asked, 10), samples.definition(), pilot=replace(pilot, runs=runs), rows=200)
    assert (found.run_cost is None) == (price is None)
    assert found.value is None
    if found.run_cost is not None:
        assert pytest.approx(price * 100) == found.run_cost(100)


def test_the_bill_prices_a_run_where_the_pilot_did_not(tmp_path):
    """The bill's run at the rows at hand, in proportion to the rows."""
    asked = written("models: [meta-llama/Llama-3.1-8B]", tmp_path)
    found = stakes(asked, basis(asked, 10), samples.definition(), bill_run=40.0, rows=1_000)
    assert found.run_cost is not None
    assert pytest.approx(20.0) == found.run_cost(500)
    assert found.to_rows is None
    assert stakes(asked, basis(asked, 10), samples.definition(), rows=1_000).run_cost is None


def test_a_budget_pays_for_the_rounds_too(tmp_path):
    """Where the cost of going to more rows is known it decides how many can be bought, and is named."""
    asked = budget(tmp_path, "1000 USD")
    alone = n_budget_of(HELD, supply(), asked)
    together = n_budget_of(HELD, supply(), asked, lambda n: np.full(WORLDS, 2.0 * (n - HELD)))
    assert (HELD + 1_000, HELD + 500) == (alone, together)
    most = n_max_of(HELD, supply(), asked, to_rows=lambda n: np.full(WORLDS, 2.0 * (n - HELD)))
    assert (HELD + 500, "what the budget of 1,000 USD can buy, the rounds on them included") == most
