"""Prices of an API's tokens come from a package, with what they are from, and stay unknown without it."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.errors import InputError, MissingExtraError
from tunecase.prices import api
from tunecase.prices.api import ApiPrice, api_price

DAY = date(2026, 11, 24)
installed = pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")


@installed
@pytest.mark.parametrize("name", ["gpt-4o-mini", "openai/gpt-4o-mini"])
def test_a_model_is_found_with_and_without_its_provider(name: str) -> None:
    """Decimals of dollars for a million tokens, in and out, and the package's version as their source."""
    found = api_price(name, DAY)
    assert (Decimal("0.15"), Decimal("0.6")) == (found.input_usd_per_mtok, found.output_usd_per_mtok)
    assert "openai" == found.provider
    assert found.source.startswith("package genai-prices ")


@installed
def test_a_price_that_rises_with_length_is_that_of_a_short_request() -> None:
    """The base of the tiers."""
    found = api_price("claude-sonnet-4-5", DAY)
    assert Decimal(3) == found.input_usd_per_mtok


@installed
def test_the_length_of_a_request_decides_its_tier() -> None:
    """gpt-6-luna costs twice as much in from 272,000 tokens on, cached input too; below, length changes nothing."""
    short, long = api_price("openai/gpt-6-luna", DAY, 272_000), api_price("openai/gpt-6-luna", DAY, 272_001)
    assert (Decimal("0.1"), Decimal("0.01"), False) == (short.input_usd_per_mtok, short.cached_usd_per_mtok, short.long)
    assert (Decimal("0.2"), Decimal("0.02"), True) == (long.input_usd_per_mtok, long.cached_usd_per_mtok, long.long)


@installed
def test_many_requests_are_priced_by_one_and_scaled() -> None:
    """A million tokens in requests of 10,000 cost a hundred such requests, not one in the tier of long requests."""
    of_one, at_once = api_price("gpt-6-luna", DAY, 10_000), api_price("gpt-6-luna", DAY, 1_000_000)
    assert pytest.approx(0.1) == 100 * of_one.usd(10_000, 0) == of_one.usd(1_000_000, 0)
    assert pytest.approx(0.2) == at_once.usd(1_000_000, 0)
    assert (False, True) == (of_one.long, at_once.long)


def test_a_later_price_is_announced() -> None:
    """gemini-3.8-flash doubles on 2027-01-01: until then the old price holds, then the new one, without a further."""
    before, after = api_price("gemini-3.8-flash", DAY), api_price("gemini-3.8-flash", date(2027, 1, 2))
    assert ("2027-01-01", "") == (before.changes_on, after.changes_on)
    assert 2 * before.input_usd_per_mtok == after.input_usd_per_mtok


@installed
@pytest.mark.parametrize("name", ["no-such-model", "text-embedding-3-small", "", "/", "a/b/c"])
def test_what_has_no_price_of_tokens_is_unknown(name: str) -> None:
    """None, and never a zero; asked for by name it is refused with a fix."""
    assert api_price(name, DAY) is None
    with pytest.raises(InputError, match="provider before it"):
        api.needed(name, DAY)


def test_without_the_package_the_price_is_unknown_and_the_message_says_how_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The exact line."""
    monkeypatch.setattr(api, "find_spec", lambda name: None)
    assert api_price("gpt-4o-mini", DAY) is None
    with pytest.raises(MissingExtraError, match="pip install genai-prices"):
        api.needed("gpt-4o-mini", DAY)


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9), st.decimals("0.01", "100", places=3))
def test_more_tokens_never_cost_less(into: float, out: float, more: float, price: Decimal) -> None:
    """In or out."""
    one = ApiPrice("m", "p", price, price * 4, "a test")
    assert one.usd(into, out) <= one.usd(into + more, out) <= one.usd(into + more, out + more)
