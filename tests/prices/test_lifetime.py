"""A model is of use for the horizon, or until it retires or its answers no longer hold."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.projects import TODAY, basis, written
from tunecase import catalog
from tunecase.prices.lifetime import (
    DAYS_PER_MONTH,
    ending_of,
    hosted_ends,
    retirement_of,
    served_answers,
    served_months,
    start_of,
)

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
        ("compute: {hosted: 'openai ft:gpt-4o-mini-2024-07-18'}", "2027-01-14", "ends with its base model (openai)"),
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


def test_a_hosted_model_ends_on_its_day_by_either_of_its_names() -> None:
    """Alone or after the provider's name, in any case; none where no end is known."""
    for name in ("ft:gpt-4o-mini-2024-07-18", "OpenAI FT:gpt-4o-mini-2024-07-18"):
        assert [date(2027, 1, 14)] == [last for _, last in hosted_ends(name)]
    assert [("openai", date(2026, 10, 23))] == [(row.provider, last) for row, last in hosted_ends("gpt-3.5-turbo")]
    for name in ("", "nobody nothing", "fireworks models up to 16B, LoRA"):
        assert not list(hosted_ends(name))


def test_a_model_that_only_a_contract_names_ends_with_its_providers_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row of the service itself says when that is."""
    rows = [replace(row, retires_on="2027-06-30") if row.model == "mistral" else row for row in catalog.hosted()]
    monkeypatch.setattr(catalog, "hosted", lambda: tuple(rows))
    assert [date(2027, 6, 30)] == [last for _, last in hosted_ends("mistral our own 7B")]


VOLUME = "problem: {volume: 1000 per month, horizon: 12 months}\n"


def test_answers_are_those_of_the_months_served(tmp_path: Path) -> None:
    """1,000 a month for 12 months; none are counted where no volume is stated."""
    plain = served_answers(basis(written(VOLUME, tmp_path), 5))
    assert [12_000] * 5 == pytest.approx(plain.tolist())
    assert served_answers(basis(written("rounds: 1", tmp_path), 5)) is None
    assert served_answers(basis(None, 5)) is None


def test_growth_adds_answers_month_by_month(tmp_path: Path) -> None:
    """The integral of 1,000 x 1.05^t over a year: 16,311; without growth it is the plain product."""

    def answers(growth: str) -> float:
        found = served_answers(basis(written(f"{VOLUME}serving: {{traffic: {{growth: {growth}}}}}", tmp_path), 5))
        return float(found[0])

    assert pytest.approx(1000 * (1.05**12 - 1) / np.log(1.05)) == answers("5% per month")
    assert pytest.approx(12_000, rel=1e-6) == answers("0% per month")
    assert answers("1% per month") < answers("2% per month")
