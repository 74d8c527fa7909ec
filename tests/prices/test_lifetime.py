"""A model is of use for the horizon, or until it retires or its answers no longer hold."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.projects import TODAY, basis, written
from tunecase.prices.lifetime import DAYS_PER_MONTH, ending_of, retirement_of, served_months, start_of

MINI = "compute: {hosted: ft:gpt-4o-mini-2024-07-18}\n"
STALE = "problem: {stale_after: 2027-03-31}\n"


def test_work_begins_today_or_on_a_later_day(tmp_path: Path) -> None:
    """A day that is past means today."""
    for stated, begins in (("", TODAY), ("start: 2027-02-01", date(2027, 2, 1)), ("start: 2026-01-01", TODAY)):
        assert begins == start_of(basis(written(stated or "rounds: 1", tmp_path)))
    assert TODAY == start_of(basis(None))


@pytest.mark.parametrize(
    ("text", "on", "why"),
    [
        ("rounds: 1", None, ""),
        (MINI, "2027-01-14", "ends with its base model (openai)"),
        (MINI + "serving: {retires_on: 2027-06-30}", "2027-06-30", "serving.retires_on"),
        ("compute: {hosted: mistral}", None, ""),
        (STALE, "2027-03-31", "no longer hold"),
        (STALE + MINI, "2027-01-14", "base model"),
        (STALE + "after_launch: {retrain: every 3 months}", None, ""),
        (STALE + "after_launch: {retrain: never}", "2027-03-31", "no longer hold"),
    ],
)
def test_the_first_of_retirement_and_staleness_ends_it(text: str, on: str | None, why: str, tmp_path: Path) -> None:
    """As stated, else from the tables where the model is hosted and known; training again keeps answers fresh."""
    ending = ending_of(basis(written(text, tmp_path)))
    assert on == (None if ending is None else ending.on.isoformat())
    assert ending is None or why in ending.why


def test_the_horizon_is_cut_to_the_months_that_it_lives(tmp_path: Path) -> None:
    """From the launch to the ending, never below none; what ends after the horizon cuts nothing."""
    at = basis(written(MINI + "problem: {horizon: 12 months}", tmp_path), 20)
    left = (date(2027, 1, 14) - TODAY).days / DAYS_PER_MONTH
    assert [left] * 20 == pytest.approx(served_months(at).tolist())
    at.build_months = np.linspace(0.5, 3.0, 20)
    assert served_months(at).tolist() == pytest.approx(np.maximum(left - at.build_months, 0.0).tolist())
    late = basis(written("serving: {retires_on: 2029-01-01}\nproblem: {horizon: 12 months}", tmp_path), 20)
    assert [12.0] * 20 == served_months(late).tolist()


def test_a_retirement_is_no_staleness(tmp_path: Path) -> None:
    """The rule on retirement asks for the one alone."""
    assert retirement_of(basis(written(STALE, tmp_path))) is None
    assert date(2027, 1, 14) == retirement_of(basis(written(STALE + MINI, tmp_path)))
    assert retirement_of(basis(None)) is None
