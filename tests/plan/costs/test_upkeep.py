"""Upkeep is hours, checks, fees and retrainings over the months that the model serves, where it is shipped."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.plan.costs.test_costs import SURE, work
from tests.plan.test_plan import FOLDER, KEPT_UP, asked, made, project, walked
from tunecase.plan import drawn, plan
from tunecase.plan.costs.upkeep import retrainings, upkeep, upkeep_of
from tunecase.records import Plan

KEPT = """\
problem: {horizon: 12 months}
levers: {first_run_hours: 10 h}
after_launch: {monitoring: 3 h per month, drift_checks: 40 per month, fees: 25 USD per month}
"""
LABELS = "sources: [{kind: label, price: 0.50 USD per example}]"
PRICED = SURE.replace("sources: [{kind: buy, price: 0.50 USD per example, pool: 5k, set_up: 70 USD}]", LABELS)


def test_months_cost_hours_labels_and_fees(tmp_path: Path) -> None:
    """12 months of 3 h at 100 USD, 40 labels at .50 and 25 USD; outside the total unless answers are in it."""
    made = upkeep(work(tmp_path, PRICED + KEPT))
    assert [12 * (300 + 20 + 25.0)] * 50 == pytest.approx(made.amount.tolist())
    assert not made.included
    assert "no retraining" in made.basis
    assert upkeep(work(tmp_path, PRICED + KEPT + "include_inference: true\n")).included


@pytest.mark.parametrize(
    ("every", "times"),
    [
        ("every 6 months", 1),
        ("6 months", 1),
        ("every 5 months", 2),
        ("Every 3 months", 3),
        ("every 2 years", 0),
        ("never", 0),
    ],
)
def test_a_retraining_is_the_hours_and_runs_of_a_round_on_the_rows_held(every: str, times: int, tmp_path: Path) -> None:
    """Within 12 months; 10 h at 100 USD, and 5 runs on 3,000 rows of 500 tokens twice, a fifth more fail."""
    text = (
        (PRICED + KEPT)
        .replace("failed: 20%", "failed: 20%, idle: 0%")
        .replace("{monitoring", f"{{retrain: {every}, monitoring")
    )
    made = work(tmp_path, text, rows=1_000)
    assert [float(times)] * 50 == retrainings(made).tolist()
    whole = upkeep(made).amount
    assert [4_140 + times * (1_000 + 5 * 3.6)] * 50 == pytest.approx(whole.tolist())
    assert whole.tolist() == pytest.approx(upkeep_of(made, 3_000).tolist())


def test_a_retraining_pays_the_least_that_is_billed_and_its_judges(tmp_path: Path) -> None:
    """As any round on the board: 20 hours of a card at 2 USD, and 40 answers labelled at .50."""
    plain = PRICED.replace("failed: 20%", "failed: 20%, idle: 0%") + KEPT
    text = plain.replace("{monitoring", "{retrain: every 6 months, monitoring")
    besides = "compute: {minimum_hours: 20 h}\nevaluation: {labels: 40 per round}\n"
    whole = upkeep(work(tmp_path, text + besides, rows=1_000)).amount
    assert [4_140 + 1_000 + 40 + 20] * 50 == pytest.approx(whole.tolist())


def test_only_worlds_that_ship_keep_anything_up(tmp_path: Path) -> None:
    """Where a curve says which; what is not shipped needs no watching."""
    made, flags = work(tmp_path, PRICED + KEPT), np.arange(50) % 5
    walk = dataclasses.replace(made.walk, reached=flags == 0, ships=flags < 2)
    amount = upkeep(dataclasses.replace(made, walk=walk)).amount
    assert np.where(flags < 2, 4_140.0, 0.0).tolist() == pytest.approx(amount.tolist())


def test_what_nobody_states_is_assumed_and_named(tmp_path: Path) -> None:
    """Monitoring has a default, which the bill names; retraining has none."""
    bare = work(tmp_path, SURE)
    assert upkeep(bare).amount is not None
    assert "after_launch.monitoring" in bare.basis.used
    assert 0 == retrainings(bare).max()


def kept(hours: str) -> Plan:
    """The usual plan with other hours of monitoring."""
    from tests.decide.test_decide import known, pieces

    of = project(FOLDER, monitoring=f"{hours} h per month")
    return plan(drawn(known(of, pieces(asked("usual"))[1])))


def test_more_hours_of_monitoring_never_raise_the_worth() -> None:
    """From none to more than the gain pays for, where nothing is advised any more."""
    plans = [kept(hours) for hours in ("0", "4", "30")]
    worths = [of.worth for of in plans if of.advised]
    values = [worth.expected.value for worth in worths if worth is not None]
    assert values == sorted(values, reverse=True)
    assert [True, False] == [plans[0].advised, plans[-1].advised]


def test_upkeep_is_apart_from_the_cost_and_off_the_worth() -> None:
    """The bill's total leaves it out; the arithmetic of the worth tells it."""
    from tunecase.accounts import headline

    of = walked("kept up")
    assert KEPT_UP.split()[0] in of.work.project.after_launch.monitoring.text  # type: ignore[union-attr]
    assert not of.lines["upkeep"].included
    worth = made("kept up").worth
    assert pytest.approx(of.walked.upkeep.mean()) == worth.upkeep.value
    beside = next(figure.beside for figure in headline(made("kept up")) if figure.key == "worth")
    assert " upkeep - " in beside
