"""The report says which of its prices are old."""

from datetime import date

from tunecase.accounts.basis import stale


def test_old_prices_are_told() -> None:
    """Prices older than the catalog allows are counted; bad dates are passed over."""
    told = stale(("H100 2025-01", "2026-11-01", "2026-99-99", "no date"), date(2026, 11, 24))
    assert "1 price date is older than 180 days (the oldest 2025-01-01): check the prices." == told
    assert "" == stale(("2026-11-01",), date(2026, 11, 24))
