"""Costs that the project file names itself add up by the time they are paid at, and grow where they should."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.plan.costs.test_costs import SURE, work
from tunecase.plan.costs.lines import lines_of, total_of
from tunecase.plan.costs.other import other, other_once
from tunecase.plan.costs.people import months, people_paid, person_hours
from tunecase.plan.rounds.walk import Walk
from tunecase.prices import working_months

MONEY = """\
costs:
  - {name: review, amount: 500 USD, when: once, kind: people}
  - {name: red team, amount: 80 USD, when: per round, kind: data}
  - {name: licence, amount: 40 USD, when: per month, kind: compute}
"""
SHARES = "  - {name: tax, amount: 19%, of: all}\n  - {name: overhead, amount: 20%, of: people}\n"


def test_a_project_without_costs_of_its_own_has_no_such_line(tmp_path: Path) -> None:
    """The bill of an older project file keeps its lines."""
    assert other(work(tmp_path)) is None
    assert "other" not in lines_of(work(tmp_path), work(tmp_path).walk)


def test_once_per_round_and_per_month_add_up(tmp_path: Path) -> None:
    """500 once, 80 in each of three rounds, 40 for each month; the parts are the line."""
    made = work(tmp_path, SURE + MONEY)
    cost = other(made)
    assert {part.name: part.amount[0] for part in cost.parts} == pytest.approx(
        {"review": 500.0, "red team": 240.0, "licence": 40 * months(made)[0]}
    )
    assert cost.amount.tolist() == pytest.approx(sum(part.amount for part in cost.parts).tolist())


def test_shares_are_of_people_and_of_every_line_with_the_overhead_in_it(tmp_path: Path) -> None:
    """Overhead is 20% of hours and of the review; tax is 19% of lines, amounts and overhead, not of itself."""
    made = work(tmp_path, SURE + MONEY + SHARES)
    lines = lines_of(made, made.walk)
    parts = {part.name: part.amount for part in lines["other"].parts}
    overhead = 0.2 * (people_paid(made).amount + parts["review"])
    assert parts["overhead"].tolist() == pytest.approx(overhead.tolist())
    rest = total_of(lines, without=("other", "inference", "unknowns")) + sum(
        parts[name] for name in ("review", "red team", "licence", "overhead")
    )
    assert parts["tax"].tolist() == pytest.approx((0.19 * rest).tolist())


def test_what_is_paid_once_is_paid_before_a_measured_round_and_not_where_nothing_is_done(tmp_path: Path) -> None:
    """A project with measured rounds has paid it; one that stops at once pays nothing at all."""
    made = work(tmp_path, SURE + MONEY)
    later = other(dataclasses.replace(made, begun=True))
    nothing = other(dataclasses.replace(made, walk=Walk(*np.zeros((3, 50)))))
    assert 0 == later.parts[0].amount.max() == max(part.amount.max() for part in nothing.parts)
    assert later.parts[1].amount.tolist() == [240.0] * 50


def test_people_data_and_months_overrun_with_the_work_and_metered_prices_do_not(tmp_path: Path) -> None:
    """A factor of 1.5: half of hours and review, of the red team and of the licence again; overhead on its part."""
    fixed = "  - {name: audit, amount: 1k USD, when: once}\n"
    made = work(tmp_path, SURE + "unknowns: 1.5\n" + MONEY + fixed + SHARES)
    lines = lines_of(made, made.walk)
    parts = {part.name: part.amount for part in lines["other"].parts}
    people = (people_paid(made).amount + parts["review"]) * 1.2
    grown = 0.5 * (people + parts["red team"] + parts["licence"]) * 1.19
    assert lines["unknowns"].amount.tolist() == pytest.approx(grown.tolist())
    words = {part.name: part.words for part in lines["other"].parts}
    assert [name for name, said in words.items() if "overruns" in said] == ["review", "red team", "licence"]


def test_a_model_shipped_without_a_round_pays_what_is_paid_once_and_the_months_of_its_release(tmp_path: Path) -> None:
    """500 once and 40 for each month that its release takes; no round, no ramp-up."""
    text = SURE.replace("effort_per_round: 40 h per round\n", "").replace("share: 50%", "share: 50%, ramp_up: 2 weeks")
    made = work(tmp_path, text + MONEY)
    none = np.zeros(50)
    shipped = dataclasses.replace(made, walk=Walk(none, none, none, ships=none == 0))
    cost = other(shipped)
    assert [part.name for part in cost.parts] == ["review", "red team", "licence"]
    assert [500.0] * 50 == cost.parts[0].amount.tolist()
    assert 0 == cost.parts[1].amount.max()
    released = working_months(made.basis, person_hours(shipped), none, ramps_up=False)
    assert cost.parts[2].amount.tolist() == pytest.approx((40 * released).tolist())
    assert released.min() > 0


def test_months_after_a_measured_round_hold_no_ramp_up(tmp_path: Path) -> None:
    """As its hours: whoever has worked on the project is productive; what is paid by the month is paid for less."""
    made = work(tmp_path, SURE.replace("share: 50%", "share: 50%, ramp_up: 2 weeks") + MONEY)
    later = dataclasses.replace(made, begun=True)
    assert (months(made) - months(later)).tolist() == pytest.approx([14 / 30.4375] * 50)
    assert np.asarray(other_once(made)).min() > 500
    assert 0 == np.asarray(other_once(later)).max()
