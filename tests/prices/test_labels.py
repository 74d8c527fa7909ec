"""A label costs minutes at a rate, by the project, the reviewers' clock or the documented defaults."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.projects import basis, written
from tunecase import catalog
from tunecase.prices.basis import Basis
from tunecase.prices.labels import clock_words, label_minutes, label_price, low_pay, review_price
from tunecase.quantities.spread import Interval, band


def with_sources(folder: Path, *sources: str, head: str = "") -> Basis:
    """A basis whose project has these sources of data."""
    lines = "".join(f"    - {source}\n" for source in sources)
    return basis(written(f"{head}\ndata:\n  train: data/train.jsonl\n  sources:\n{lines}", folder))


SURE = (
    "kind: label, effort: 2.1 min per label, rate: 25 USD per hour, rework: 0%, fee: 0%, usable: 100%, management: 0%, "
    "set_up: 0 USD"
)


def test_a_label_of_two_minutes_at_25_dollars_costs_the_golden_price(tmp_path: Path) -> None:
    """2.1 min x 25 USD/h = .875 USD; the study behind it implies .874."""
    price = label_price(with_sources(tmp_path, f"{{{SURE}}}"))
    assert price.tolist() == pytest.approx([0.875] * len(price))


def test_votes_rework_fee_and_waste_multiply_the_price(tmp_path: Path) -> None:
    """.875 x 3 votes x 1.1 x 1.2 / .8."""
    source = SURE.replace("rework: 0%, fee: 0%, usable: 100%", "rework: 10%, fee: 20%, usable: 80%")
    price = label_price(with_sources(tmp_path, f"{{{source}, labels_per_example: 3}}"))
    assert price[0] == pytest.approx(0.875 * 3 * 1.1 * 1.2 / 0.8)


def test_without_a_source_the_defaults_are_used_and_noted() -> None:
    """Six defaults, each with its source."""
    at = basis(None)
    price = label_price(at)
    fields = {"source.effort", "source.rate", "source.rework", "source.fee", "source.usable", "source.management"}
    assert fields == set(at.used)
    assert all(used.source for used in at.used.values())
    assert 0.3 < band(price).p10 < band(price).p90 < 3


def test_reviewing_rows_costs_minutes_at_the_labelling_rate(tmp_path: Path) -> None:
    """In proportion to the rows."""
    at = with_sources(tmp_path, f"{{{SURE}}}")
    price = review_price(100, at)
    assert np.allclose(price, 10 * review_price(10, at))
    assert 100 * 0.5 / 60 * 25 * 0.5 < np.median(price) < 100 * 2 / 60 * 25


def test_pay_below_the_fair_minimum_brings_a_note(tmp_path: Path) -> None:
    """8 USD per hour is fair enough; 5 to 12 is not, and dollars are meant whatever the currency."""
    fair = "{kind: label, rate: 8 to 12 USD per hour}"
    assert low_pay(with_sources(tmp_path, fair)) == ""
    assert "below the 8 USD" in low_pay(with_sources(tmp_path, "{kind: label, rate: 5 to 12 USD per hour}"))
    euro = "currency: EUR\nrates: [{currency: USD, value: 0.5, date: 2026-11-20}]"
    assert low_pay(with_sources(tmp_path, "{kind: label, rate: 5 EUR per hour}", head=euro)) == ""
    assert low_pay(basis(None)) == ""


def test_minutes_follow_the_reviewers_clock_where_the_project_says_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once to twice a review's minutes; the project's own minutes come first, and both are told."""
    at = with_sources(tmp_path, "{kind: label}")
    assert clock_words(at) == ""
    at.review_minutes = Interval(2, 2.0001)
    minutes = label_minutes(at)
    assert band(minutes).p10 > 2
    assert band(minutes).p90 < 4
    assert "1 to 2 times as long" in clock_words(at)
    wider = catalog.default("source.label_over_review")
    with monkeypatch.context() as patched:
        patched.setattr(catalog, "default", lambda field: replace(wider, value="2 to 3"))
        assert "2 to 3 times as long" in clock_words(at)
    own = with_sources(tmp_path, "{kind: label, effort: 5 min per label}")
    own.review_minutes = Interval(2, 2.0001)
    assert (label_minutes(own) == 5).all()
    assert "the project file says 5 min per label; a review took 2 to 2 min" in clock_words(own)
