"""People's hours cost what their roles say, take the time they take, and overrun as often as projects do."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.projects import basis, written
from tunecase.errors import InputError
from tunecase.prices.basis import Basis
from tunecase.prices.people import (
    paid_hours,
    person_hour,
    ramp_up,
    team_share,
    unknown_factor,
    unknown_words,
    working_months,
)

PAIR = "{role: dev, rate: 100 USD per hour, share: 50%}, {role: analyst, rate: 40 USD per hour, share: 50%}"


def team(folder: Path, members: str, more: str = "", draws: int = 50) -> Basis:
    """A basis whose project has this team."""
    return basis(written(f"team: [{members}]\n{more}\n", folder), draws)


def test_two_people_of_one_role_are_paid_apart(tmp_path: Path) -> None:
    """The hour is the mean weighted by their shares."""
    team = "team: [{role: dev, rate: 100 USD per hour, share: 50%}, {role: dev, rate: 50 USD per hour, share: 100%}]"
    at = basis(written(team, tmp_path))
    assert person_hour(at)[0] == pytest.approx((50 + 50) / 1.5)
    assert team_share(at)[0] == pytest.approx(1.5)


def test_without_a_team_one_engineer_works_half_time() -> None:
    """Rate, role and share are noted as defaults."""
    at = basis(None)
    assert 75 < np.median(person_hour(at)) < 150
    assert team_share(at)[0] == 0.5
    assert {"team.role", "team.rate", "team.share"} <= set(at.used)


def test_a_salary_is_an_hour_by_its_load(tmp_path: Path) -> None:
    """145,600 USD x 1.5 / 2,080 h = 105; the benefits of the tables where no load is given."""
    paid = "{role: dev, salary: 145600 USD per year, share: 100%"
    assert person_hour(team(tmp_path, f"{paid}, load: 1.5}}"))[0] == pytest.approx(105)
    at = team(tmp_path, f"{paid}}}")
    assert person_hour(at)[0] == pytest.approx(145_600 * 1.425 / 2_080)
    assert "ECEC" in at.used["team.load"].source


def test_a_load_of_ones_own_takes_the_place_of_the_tables(tmp_path: Path) -> None:
    """The data scientist's hour of the tables holds 1.425 times the wage."""
    usual = person_hour(team(tmp_path, "{role: data scientist}"))
    other = person_hour(team(tmp_path, "{role: data scientist, load: 2.85}"))
    assert np.allclose(other, 2 * usual)


def test_a_manager_adds_hours_on_top_of_the_others(tmp_path: Path) -> None:
    """10% of 100 hours at 200 USD beside 100 hours at 70; the calendar is that of the others."""
    at = team(tmp_path, f"{PAIR}, {{role: manager, rate: 200 USD per hour, on_top: 10%}}")
    assert person_hour(at)[0] == pytest.approx(70 + 20)
    paid = paid_hours(at, np.full(50, 100.0))
    assert paid.hours[0] == pytest.approx(110)
    assert paid.amount[0] == pytest.approx(9_000)
    assert team_share(at)[0] == pytest.approx(1.0)


def test_hours_beyond_a_members_cap_go_to_the_others(tmp_path: Path) -> None:
    """Of 100 hours the dev takes 20 and the analyst 80; with both capped the rest is paid at the mean and counted."""
    at = team(tmp_path, PAIR.replace("share: 50%}, {role: analyst", "share: 50%, hours: 20 h}, {role: analyst"))
    paid = paid_hours(at, np.full(50, 100.0))
    assert paid.amount[0] == pytest.approx(20 * 100 + 80 * 40)
    assert float(np.max(paid.beyond)) == 0
    both = team(tmp_path, PAIR.replace("share: 50%", "share: 50%, hours: 20 h"))
    paid = paid_hours(both, np.full(50, 100.0))
    assert paid.amount[0] == pytest.approx(20 * 100 + 20 * 40 + 60 * 70)
    assert np.asarray(paid.beyond)[0] == pytest.approx(60)


def test_months_cap_a_member_by_his_share(tmp_path: Path) -> None:
    """One month at half time is 76 hours."""
    at = team(tmp_path, PAIR.replace("share: 50%}, {role: analyst", "share: 50%, months: 1 month}, {role: analyst"))
    assert paid_hours(at, np.full(50, 200.0)).amount[0] == pytest.approx(76 * 100 + 124 * 40)


@law(40)
@given(hours=st.floats(0, 2_000), more=st.floats(0, 500), cap=st.floats(1, 500))
def test_more_hours_never_cost_less(
    tmp_path_factory: pytest.TempPathFactory, hours: float, more: float, cap: float
) -> None:
    """Whatever the caps, and no hour is lost."""
    capped = PAIR.replace("share: 50%}, {role: analyst", f"share: 50%, hours: {cap:.6f} h}}, {{role: analyst")
    at = team(tmp_path_factory.mktemp("team"), capped, draws=2)
    less, all_of_it = (paid_hours(at, np.full(2, total)).amount[0] for total in (hours, hours + more))
    assert 40 * hours - 1e-6 <= less <= all_of_it + 1e-6


def test_ramp_up_is_paid_once_and_takes_time(tmp_path: Path) -> None:
    """Two weeks at half time are 38 hours; the calendar waits for the longest."""
    at = team(
        tmp_path,
        "{role: dev, rate: 100 USD per hour, share: 50%, ramp_up: 2 weeks}",
        "waiting_per_round: 0 weeks per round",
    )
    paid = ramp_up(at)
    assert paid.hours[0] == pytest.approx(38)
    assert paid.amount[0] == pytest.approx(3_800)
    months = working_months(at, np.full(50, 76.0), np.full(50, 3.0), ramps_up=True)
    assert months[0] == pytest.approx(1 + 14 / 30.4375)
    later = working_months(at, np.full(50, 76.0), np.full(50, 3.0), ramps_up=False)
    assert later.tolist() == pytest.approx([1.0] * 50)


def test_waiting_lengthens_every_round(tmp_path: Path) -> None:
    """Three rounds with a week each on top of a month of work."""
    at = team(tmp_path, "{role: dev, share: 50%}", "waiting_per_round: 1 week per round")
    assert working_months(at, np.full(50, 76.0), np.full(50, 3.0), ramps_up=True)[0] == pytest.approx(1 + 21 / 30.4375)


def test_overruns_are_those_of_small_projects_unless_said_otherwise() -> None:
    """Three in four overrun, by a third on average of all; none falls below its plan; the words name the source."""
    factor = unknown_factor(basis(None, 200_000))
    assert (factor > 1).mean() == pytest.approx(0.79, abs=0.01)
    assert 1.2 < factor.mean() < 1.4
    assert factor.min() == 1
    assert np.quantile(factor, 0.99) < 3
    words = unknown_words(basis(None))
    assert "small projects of one's own (Simula 2004), x1.3 on average" in words
    assert "abandonment is apart: 46% of proofs of concept" in words


def test_the_outside_view_is_that_of_5392_projects(tmp_path: Path) -> None:
    """18% overrun, those by 447% on average, so that all cost 1.8 times their plan; most cost their plan."""
    at = basis(written("unknowns: outside view", tmp_path), 200_000)
    factor = unknown_factor(at)
    over = factor > 1
    assert over.mean() == pytest.approx(0.18, abs=0.005)
    assert factor[over].mean() == pytest.approx(5.47, rel=0.03)
    assert factor[over].min() >= 1.5
    assert factor.max() <= 52
    assert "large IT projects (Flyvbjerg et al.), x1.8 on average" in unknown_words(at)


def test_ones_own_range_or_none_takes_its_place(tmp_path: Path) -> None:
    """A factor as typed, never below 1; none leaves every hour as foreseen; other words are refused."""
    own = basis(written("unknowns: 1.0 to 1.5", tmp_path))
    assert unknown_factor(own).min() == 1
    assert 1.4 < np.quantile(unknown_factor(own), 0.95) < 1.6
    none = basis(written("unknowns: none", tmp_path))
    assert (unknown_factor(none) == 1).all()
    assert "no allowance" in unknown_words(none)
    with pytest.raises(InputError, match="outside view"):
        written("unknowns: plenty", tmp_path)


def test_past_projects_of_ones_own_are_mixed_with_other_peoples() -> None:
    """Ten of them weigh half; a project below its plan counts as one at it; the others keep their draws."""
    at, usual = basis(None, 20_000), unknown_factor(basis(None, 20_000))
    at.overruns = (1.25,) * 9 + (0.8,)
    mixed = unknown_factor(at)
    assert (mixed == 1.25).mean() == pytest.approx(0.45, abs=0.01)
    assert mixed.min() == 1
    kept = (mixed != 1.25) & (mixed != 1)
    assert (mixed[kept] == usual[kept]).all()
    assert "10 past of your own (actual over plan 0.8, 1.2" in unknown_words(at)
    assert "at a weight of 50%" in unknown_words(at)


def test_one_past_project_moves_little() -> None:
    """One of eleven: k ratios weigh k / (k + 10)."""
    at = basis(None, 20_000)
    at.overruns = (3.0,)
    assert (unknown_factor(at) == 3.0).mean() == pytest.approx(1 / 11, abs=0.01)


def test_two_lines_of_one_case_weigh_as_one() -> None:
    """They move together: the weight is that of cases, not of lines."""
    at = basis(None, 20_000)
    at.overruns, at.past_cases = (3.0, 3.0), 1
    assert (unknown_factor(at) == 3.0).mean() == pytest.approx(1 / 11, abs=0.01)
    assert "1 past of your own (actual over plan 3, 3) at a weight of 9%" in unknown_words(at)


def test_a_rate_beside_a_salary_is_refused(tmp_path: Path) -> None:
    """What is said twice is asked about, each at its place."""
    twice = "{role: dev, rate: 9 USD per hour, salary: 1k USD per year}, {role: boss, on_top: 10%, share: 5%}"
    with pytest.raises(InputError) as error:
        team(tmp_path, twice)
    assert [problem.got for problem in error.value.problems] == ["salary beside rate", "share beside on_top"]
