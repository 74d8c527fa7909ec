"""The most that one replica gives within an objective."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase import catalog
from tunecase.inference import Load, Rate, Refusal, Setup, capacity, rate, served
from tunecase.inference.capacity import per_token_s

SETUP = Setup(served("llama-3.1-8b"), catalog.gpu("H100"))
LOAD = Load(1000, 300)


@law(60)
@given(st.floats(0.001, 0.2), st.floats(0.01, 2), st.floats(10, 4000), st.floats(2, 800))
def test_a_capacity_lies_within_the_objective(each_s: float, first_s: float, inputs: float, outputs: float) -> None:
    """Both times hold at the concurrency found, or one request alone breaks one of them."""
    load = Load(inputs, outputs)
    found = capacity(SETUP, load, first_s, each_s)
    if isinstance(found, Rate):
        assert per_token_s(found, load) <= each_s
        assert found.prefill_s + found.step_s <= first_s
    else:
        alone = rate(SETUP, replace(load, concurrency=1))
        assert isinstance(alone, Rate)
        assert per_token_s(alone, load) > each_s or alone.prefill_s + alone.step_s > first_s


@law(30)
@given(st.floats(0.008, 0.1), st.floats(1, 3))
def test_a_longer_objective_never_lowers_the_capacity(each_s: float, times: float) -> None:
    """Who may wait longer is served by fewer cards."""
    strict, loose = capacity(SETUP, LOAD, None, each_s), capacity(SETUP, LOAD, None, each_s * times)
    assert isinstance(strict, Rate)
    assert isinstance(loose, Rate)
    assert loose.requests_per_s >= strict.requests_per_s


def test_a_capacity_is_the_highest_within_the_objective() -> None:
    """One percent more requests in flight break it."""
    found = capacity(SETUP, LOAD, None, 0.02)
    assert isinstance(found, Rate)
    more = rate(SETUP, replace(LOAD, concurrency=found.in_flight * 1.01))
    assert isinstance(more, Rate)
    assert per_token_s(found, LOAD) <= 0.02 < per_token_s(more, LOAD)


def test_without_an_objective_the_capacity_is_all_that_fits() -> None:
    """Memory and the engine's batch are the only bounds."""
    assert capacity(SETUP, LOAD) == rate(SETUP, LOAD)


def test_a_stated_concurrency_is_the_most_that_is_looked_at() -> None:
    """A client with eight connections sends no ninth request."""
    found = capacity(SETUP, replace(LOAD, concurrency=8), None, 10)
    assert isinstance(found, Rate)
    assert found.in_flight == 8


@pytest.mark.parametrize(("first", "each", "word"), [(1e-4, None, "first token"), (None, 1e-4, "a token takes")])
def test_an_objective_below_one_request_alone_is_refused(first: float | None, each: float | None, word: str) -> None:
    """No number of replicas makes a single answer faster."""
    found = capacity(SETUP, LOAD, first, each)
    assert isinstance(found, Refusal)
    assert word in found.reason


def test_what_cannot_be_predicted_has_no_capacity() -> None:
    """The refusal of the rate is passed on."""
    assert capacity(replace(SETUP, engine="my-server"), LOAD) == rate(replace(SETUP, engine="my-server"), LOAD)
