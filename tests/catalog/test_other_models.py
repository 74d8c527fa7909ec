"""Encoders, decision models and endpoints are found by name, and their rows hold together."""

from collections import Counter
from urllib.parse import urlsplit

import pytest

from tunecase import catalog
from tunecase.catalog.other_models import ApiEndpoint
from tunecase.catalog.reading import table
from tunecase.errors import InputError


def test_providers_and_their_addresses() -> None:
    """Each is HTTPS and names a variable, not a key; what differs from customer to customer has none."""
    rows = table("prices/api_endpoints", ApiEndpoint)
    odd = [
        row
        for row in rows
        if urlsplit(row.base_url).scheme != "https" or row.base_url.endswith("/") or "completions" in row.base_url
        or not row.key_variable.endswith("_API_KEY") or row.api not in ("chat", "systemone", "decisions")
    ]  # fmt: skip
    assert [] == odd
    assert {1} == set(Counter((row.provider, row.api) for row in rows).values())
    found = catalog.api_endpoint("anthropic")
    assert ("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY") == (found.base_url, found.key_variable)
    jev = catalog.api_endpoint("typesafe", "systemone")
    assert "TYPESAFE_API_KEY" == jev.key_variable
    assert catalog.api_endpoint("typesafe") is None
    assert catalog.api_endpoint("databricks", "systemone") is None


def test_decision_models_hold_together() -> None:
    """Names are unique and found by any alias; hidden tokens are known whole or not at all."""
    rows = catalog.decision_models()
    names = Counter(name.casefold() for row in rows for name in {row.name, *row.aliases})
    assert [] == [name for name, number in names.items() if number > 1]
    for row in rows:
        assert row.usd_per_mtok is None or row.usd_per_query is None, row.name
        hidden = (row.hidden_per_request, row.hidden_per_question, row.hidden_per_option)
        assert len({value is None for value in hidden}) == 1, row.name
        assert row.api in ("systemone", "decisions", ""), row.name
        assert 2 <= row.most_options <= 255, row.name
        assert row.provider or (row.usd_per_mtok, row.usd_per_query) == (None, None), row.name
    assert "jev-1.14.0" == catalog.decision_model("jev-latest").name
    assert "gpt-6-luna" == catalog.decision_model("gpt-6-luna-decisions").served_as
    assert 208 == catalog.decision_model("accounts/fireworks/models/rune").most_options
    with pytest.raises(InputError, match="did you mean clef"):
        catalog.decision_model("cleff")
