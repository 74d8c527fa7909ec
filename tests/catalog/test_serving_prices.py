"""Prices of endpoints, cores and batches name what they are of, once each, from where and when."""

from collections import Counter
from datetime import date

import pytest

from tests.catalog.test_tables import collected
from tunecase import catalog
from tunecase.prices import api, api_price

DAY = date(2026, 11, 27)


def test_prices_of_endpoints_and_cores() -> None:
    """By day, amount and card of one vendor; a core costs between one and ten cents an hour."""
    rows = catalog.endpoints()
    assert 1 == max(Counter((row.provider, row.gpu) for row in rows).values())
    for row in rows:
        assert catalog.gpu(row.gpu).name == row.gpu
        assert row.to_zero or row.idle_minutes is None
        assert row.note
    held = {
        (row["date"], round(float(row["usd_per_gpu_h"]), 4))
        for row in collected("gpu_prices_2026.csv")
        if row["terms"] == "serverless"
    }
    odd = [row for row in catalog.endpoints() if (row.date, round(row.usd_per_gpu_hour, 4)) not in held]
    assert {"together"} == {row.provider for row in odd}
    rows = catalog.core_hours()
    assert {"aws", "azure", "gcp", "oci"} == {row.provider for row in rows}
    assert all(0.01 < row.usd_per_core_hour < 0.1 and not row.is_stale(DAY) for row in rows)


@pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")
def test_a_batch_costs_less_than_the_same_tokens_at_once() -> None:
    """In and out, and cached where a price is stated; of models that the package of token prices knows."""
    rows = [dict(row) for row in catalog.read_table("prices/batch_tokens")]
    assert 1 == max(Counter((row["provider"], row["model"]) for row in rows).values())
    assert catalog.batch_price("openai", "no-such-model") is None  # never half of a price
    for row in rows:
        batch = catalog.batch_price(row["provider"], row["model"])
        online = api_price(f"{row['provider']}/{row['model']}", DAY)
        assert batch.input_usd_per_mtok <= float(online.input_usd_per_mtok)
        assert batch.output_usd_per_mtok <= float(online.output_usd_per_mtok)
        if batch.cached_usd_per_mtok and online.cached_usd_per_mtok:
            assert batch.cached_usd_per_mtok <= float(online.cached_usd_per_mtok)
