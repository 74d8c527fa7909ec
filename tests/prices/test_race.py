"""The race of the sources: ranked by what the next step costs, with the same figures as the plan."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.prices.test_examples import SURE, with_sources
from tunecase.prices import source_names
from tunecase.prices.basis import Basis
from tunecase.prices.race import race
from tunecase.quantities import Interval80
from tunecase.records import SourceRaced, Sources


def raced(at: Basis, name: str, step: int = 100) -> SourceRaced:
    """One source of the race from 100 rows on."""
    return next(one for one in race(at, 100, 100 + step).raced if one.name == name)


def ranks(record: Sources) -> dict[str, int | None]:
    """The ranks by name."""
    return {one.name: one.rank for one in record.raced}


@law(8)
@given(low=st.floats(0.1, 5), more=st.floats(1.05, 4), worth=st.integers(10, 100))
def test_a_dearer_source_never_ranks_better(tmp_path_factory, low: float, more: float, worth: int) -> None:
    """Of two sources that differ in price alone, the dearer comes later, in whichever order they are written."""
    given = [f"{{kind: buy, name: s{at}, price: {low * times:.4f} USD per example, worth: {worth}%, set_up: 0 USD}}"
             for at, times in enumerate((more, 1.0))]  # fmt: skip
    for lines, dear in ((given, "s0"), (given[::-1], "s0")):
        found = ranks(race(with_sources(tmp_path_factory.mktemp("race"), *lines), 100, 200))
        assert found[dear] > found["s1"]


def test_one_price_and_a_worth_of_one_rank_equal(tmp_path: Path) -> None:
    """Bought rows that teach like labelled ones rank with labels at their price."""
    label = "{kind: label, name: ours, price: 2 USD per example, set_up: 0 USD}"
    bought = "{kind: buy, name: theirs, price: 2 USD per example, worth: 100%, set_up: 0 USD}"
    dear = "{kind: buy, name: dear, price: 9 USD per example, worth: 100%, set_up: 0 USD}"
    found = ranks(race(with_sources(tmp_path, label, bought, dear), 100, 200))
    assert found["ours"] == found["theirs"]
    assert found["dear"] >= found["ours"] + 2


def test_rows_that_teach_half_cost_twice(tmp_path: Path) -> None:
    """The step takes 200 rows at a worth of a half, and the set-up is paid once."""
    one = raced(with_sources(tmp_path, "{kind: buy, price: 3 USD per example, worth: 50%, set_up: 70 USD}"), "buy")
    assert one.step_rows.p50 == pytest.approx(200)
    assert one.step_expected == pytest.approx(670)
    assert one.labelled_price.p50 == pytest.approx(6)
    assert (one.worth_by, one.named) == ("stated", True)


def test_a_source_that_falls_short_comes_after_those_that_reach(tmp_path: Path) -> None:
    """However cheap it is; and one without a price has no rank and says what it lacks."""
    short = "{kind: buy, price: 0.01 USD per example, worth: 100%, pool: 20}"
    record = race(with_sources(tmp_path, short, f"{{{SURE}}}", "{kind: scrape}"), 100, 200)
    names = [one.name for one in record.raced]
    assert names.index("buy") > names.index("label")
    short_one, scrape = (next(one for one in record.raced if one.name == name) for name in ("buy", "scrape"))
    assert not short_one.reaches
    assert scrape.rank is None
    assert "credit_price" in scrape.missing
    assert any("lawyer" in risk for risk in scrape.risks)


def test_what_is_not_named_is_priced_and_marked(tmp_path: Path) -> None:
    """Without any source the tables price labels and written rows; licences and the like stay unknown."""
    record = race(with_sources(tmp_path, "{kind: have, pool: 10}"), 100, 200)
    assumed = {one.name: one for one in record.raced if not one.named}
    assert {"label by crowd", "label by expert", "label by own people", "synthetic", "scrape", "buy", "licence"} == set(
        assumed
    )
    assert [name for name, one in assumed.items() if one.step_price is None] == ["scrape", "buy", "licence"]
    assert assumed["synthetic"].worth_by == "assumed"
    assert any("not in the project file" in note for note in record.notes)


def test_who_labels_sets_the_price_of_an_hour(tmp_path: Path) -> None:
    """Experts cost more than the crowd, which labels each row three times; own people cost the team's hour, no fee."""
    head = "team: [{role: clerk, rate: 60 USD per hour}]"
    lines = [f"{{kind: label, by: {by}, name: {by[:3]}}}" for by in ("crowd", "expert", "own people")]
    at = with_sources(tmp_path, *lines, head=head)
    crowd, expert, own = (raced(at, name) for name in ("cro", "exp", "own"))
    minutes = 60 / 60
    assert own.row_price.p50 > minutes
    assert "source.crowd.labels_per_example" in at.used
    assert "source.expert.rate" in at.used
    assert crowd.risks != expert.risks


def test_the_pace_of_labelling_is_people_and_minutes(tmp_path: Path) -> None:
    """More people are sooner done; a stated pace and lead are taken as they are."""
    slow, fast = (raced(with_sources(tmp_path, f"{{{SURE}, people: {people}}}"), "label", 10_000) for people in (1, 10))
    assert slow.step_weeks.p50 > fast.step_weeks.p50
    half = raced(
        with_sources(tmp_path, f"{{{SURE.replace('usable: 100%', 'usable: 50%')}, people: 1}}"), "label", 10_000
    )
    again = raced(
        with_sources(tmp_path, f"{{{SURE.replace('rework: 0%', 'rework: 100%')}, people: 1}}"), "label", 10_000
    )
    assert half.step_weeks.p50 > slow.step_weeks.p50
    assert again.step_weeks.p50 == pytest.approx(half.step_weeks.p50)
    stated = raced(with_sources(tmp_path, f"{{{SURE}, lead: 2 weeks, per_week: 50}}"), "label")
    assert stated.step_weeks.p50 == pytest.approx(4)


def test_a_licence_is_paid_once_for_each_term_of_the_horizon(tmp_path: Path) -> None:
    """A horizon of 24 months takes three terms of ten months; without a term it is paid once."""
    head = "problem: {horizon: 24 months}"
    three, once = (
        raced(with_sources(tmp_path, f"{{kind: licence, once: 500 USD, worth: 100%{term}}}", head=head), "licence")
        for term in (", term: 10 months", "")
    )
    assert (three.step_price.p50, once.step_price.p50) == (1_500, 500)
    assert "once: ... for all its rows" in raced(with_sources(tmp_path, "{kind: licence}"), "licence").missing


def test_a_measured_worth_replaces_the_assumption_but_not_the_user_s_word(tmp_path: Path) -> None:
    """The trial's interval is drawn; `levers.synthetic_worth` and `worth` come before it."""
    source = "{kind: synthetic, price: 1 USD per example}"
    measured = with_sources(tmp_path, source)
    measured.worths = {"synthetic": Interval80(0.2, 0.4, 0.6)}
    one = raced(measured, "synthetic")
    assert (one.worth_by, one.worth.p50) == ("measured", pytest.approx(0.4, abs=0.01))
    assert one.worth.p10 == pytest.approx(0.2, abs=0.02)
    own = with_sources(tmp_path, source, head="levers: {synthetic_worth: 70%}")
    own.worths = measured.worths
    assert raced(own, "synthetic").worth_by == "stated"
    named = with_sources(tmp_path, source.replace("synthetic,", "synthetic, worth: 90%,"))
    named.worths = measured.worths
    assert raced(named, "synthetic").worth.p50 == pytest.approx(0.9)


def test_rows_worth_nothing_stay_finite(tmp_path: Path) -> None:
    """A worth measured at 0 prices a step dearly, not infinitely."""
    at = with_sources(tmp_path, "{kind: synthetic, price: 1 USD per example}")
    at.worths = {"synthetic": Interval80(0.0, 0.0, 0.1)}
    one = raced(at, "synthetic")
    assert np.isfinite(one.step_price.p90)


def test_every_source_of_the_race_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Two of a kind are numbered, a named one is called as the project file calls it."""
    names = source_names(with_sources(tmp_path, "{kind: buy}", "{kind: buy}", "{kind: label, name: clerks}"))
    assert names[:3] == ["buy", "buy 2", "clerks"]
    assert len(set(names)) == len(names)
