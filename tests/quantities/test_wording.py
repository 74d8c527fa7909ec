"""Numbers in words: examples that matter and laws that always hold."""

import math
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from tunecase.quantities import wording
from tunecase.quantities.spread import Band

SCALE = {"k": 1e3, "M": 1e6, "B": 1e9}


def test_numbers_are_worded() -> None:
    """Estimates have two figures, paid money its cents, unknown is never zero, bands show their doubt."""
    words = {12_345: "12k", 999: "1.0k", 99.6: "100", 123_456_789: "120M", 2.5e9: "2.5B", 0.0042: "0.0042"}
    words |= {-1_234: "-1.2k", math.nan: "unknown", math.inf: "unknown", None: "unknown"}
    assert words == {value: wording.figures(value) for value in words}
    assert "3,885.57 USD" == wording.money(Decimal("3885.57"), "USD")
    assert "0.0042 EUR" == wording.money(Decimal("0.0042"), "EUR")
    assert "unknown" == wording.paid(Decimal("NaN"))
    assert "unpriced" == wording.money(None, "USD")
    assert "unpriced" == wording.money_band(None, "USD")
    assert "unknown" == wording.band_words(None)
    assert "unknown" == wording.share(None)
    assert "unknown" == wording.score(None)
    assert "unknown" == wording.count(None)
    assert "unknown" == wording.duration(None)
    assert "unknown" == wording.money(math.nan, "USD")
    assert "12k USD (7.1k to 21k)" == wording.money_band(Band(7_100, 12_345, 17_000, 21_000), "USD")
    assert "55 USD" == wording.money_band(Band(55, 55, 55, 55), "USD")
    assert ("0.90", "0.900") == (wording.score(0.9), wording.score(0.9, even=True))
    assert "0.89 (0.88 to 0.90)" == wording.score_interval(0.88, 0.89, 0.9)
    assert "1,234" == wording.score(1_234.5)
    assert "a b" == wording.one_line("a\n\x1b\tb")
    assert "abc…" == wording.one_line("abcdefgh", 4)
    assert "" == wording.sentence(" ")
    assert "Why?" == wording.sentence("why?")


@given(st.floats(1e-4, 1e12))
def test_two_figures_stay_close(value: float) -> None:
    """What is shown lies within 5% of the number and reads back."""
    text = wording.figures(value)
    shown = float(text[:-1]) * SCALE[text[-1]] if text[-1] in SCALE else float(text)
    assert math.isclose(shown, value, rel_tol=0.0501)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_paid_money_reads_back(amount: Decimal) -> None:
    """Every amount in cents comes back as it was."""
    assert amount == Decimal(wording.paid(amount).replace(",", ""))


@given(st.floats(1e-12, 1, exclude_max=True))
@example(0.005)
@example(0.995)
def test_shares_never_claim_certainty(value: float) -> None:
    """A chance that is neither none nor all reads neither 0% nor 100%."""
    assert wording.share(value) not in ("0%", "100%")
