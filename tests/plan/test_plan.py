"""The plan's figures keep their laws whatever the project: they add up, and one number answers one question."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from tests.decide.test_decide import fallback, known, pieces, project
from tunecase.accounts import headline
from tunecase.estimate import estimate
from tunecase.plan import Drawn, drawn, plan
from tunecase.plan.costs import total_of
from tunecase.plan.drawn import from_state
from tunecase.plan.known import Known
from tunecase.plan.plan import FEWEST, quantile, weakest
from tunecase.project import Project
from tunecase.quantities import Sampled, Worlds
from tunecase.records import Plan

FOLDER = Path(mkdtemp())
COSTS = """
costs:
  - {name: security review, amount: 500 to 900 USD, when: once, kind: people}
  - {name: licence, amount: 40 USD, when: per month}
  - {name: red team, amount: 80 USD, when: per round, kind: data}
  - {name: overhead, amount: 15%, of: people}
  - {name: tax, amount: 19%, of: all}
unknowns: 1 to 1.6
"""
KEPT_UP = "1 to 4 h per month, retrain: every 5 months, drift_checks: 50 per month, fees: 30 USD per month"
SERVED = "serving: {price_per_1k_answers: 12 USD}\ninclude_inference: true\n"
ENDS_AT_ONCE = {"shipped"}


@pytest.fixture(scope="module", autouse=True)
def walked_once() -> None:
    """Every case is walked before the first test."""
    for case in CASES:
        made(case)


def asked(case: str) -> Project:
    """The project of a case."""
    changes = {
        "poor": {"budget": "50 USD"},
        "tight": {"budget": "4.5k USD"},
        "without a budget": {"budget": ""},
        "worthless": {"value": "0.001 USD per correct"},
        "priceless": {"value": "50 USD per correct"},
        "without a value": {"value": ""},
        "shipped": {"target": "70%"},
        "served": {"extra": SERVED},
        "kept up": {"monitoring": KEPT_UP},
        "miss in money": {"volume": "20k per month, miss_cost: 6k USD"},
        "with other costs": {"extra": COSTS},
        "without a target": {"target": "", "value": ""},
        "harder": {"target": "95%"},
    }
    if case == "with a fallback":
        return fallback(FOLDER, "80%")
    return project(FOLDER, **changes.get(case, {}))


@cache
def walked(case: str, seed: int = 0) -> Drawn:
    """A case in every world; the usual one has a pilot, a value and a budget."""
    of = asked(case)
    seen = None if case in ("without a pilot", "without a target") else pieces(of)[1]
    return drawn(known(of, seen, seed=seed))


@cache
def made(case: str, seed: int = 0) -> Plan:
    """The plan of a case."""
    return plan(walked(case, seed))


CASES = (
    "usual", "poor", "tight", "without a budget", "worthless", "without a value", "shipped", "served",
    "with a fallback", "with other costs", "kept up", "without a pilot", "without a target",
)  # fmt: skip
WALKED = tuple(case for case in CASES if case not in ("shipped", "without a target"))
BOUND = tuple(case for case in CASES if case != "without a budget")


def test_lines_sum_in_expectation() -> None:
    """Expected lines that the bill counts add up to the expected total, and their shares to one."""
    for case in CASES:
        bill = estimate(walked(case))
        assert bill.plan == made(case)
        counted = [line for line in bill.lines if line.included and line.expected is not None]
        assert pytest.approx(made(case).total.expected.value) == sum(line.expected or 0.0 for line in counted)
        assert pytest.approx(1.0 if made(case).total.expected.value else 0.0) == sum(
            line.share or 0.0 for line in counted
        )


def test_expected_months_sum_to_the_expected_total_without_answers() -> None:
    """Each is zero or more, they are told in order, and what comes late is told last."""
    for case in CASES:
        months = made(case).months
        assert pytest.approx(walked(case).walked.tuning.mean()) == sum(month.expected for month in months)
        assert all(month.expected >= 0 for month in months)
        numbers = [month.number for month in months if month.number]
        assert list(range(1, len(numbers) + 1)) == numbers
        assert 0 not in [month.number for month in months[:-1]]
        assert all(month.starts.endswith("-01") for month in months[1:] if month.number)
        highs = [month.high_so_far or 0.0 for month in months]
        assert sorted(highs) == highs
        assert pytest.approx(np.quantile(walked(case).walked.tuning, 0.9), rel=0.02) == highs[-1]


def test_months_are_those_of_the_calendar_from_the_stated_day_on() -> None:
    """A start in the middle of a month cuts the first one short; one that is past means today."""
    later = drawn(known(project(FOLDER, extra="start: 2027-01-16\n"), pieces(asked("usual"))[1]))
    starts = [month.starts for month in plan(later).months if month.number]
    assert ["2027-01-16", "2027-02-01"] == starts[:2]
    past = drawn(known(project(FOLDER, extra="start: 2025-01-16\n"), pieces(asked("usual"))[1]))
    assert [month.starts for month in made("usual").months] == [month.starts for month in plan(past).months]
    assert "2026-11-24" == made("usual").months[0].starts


def test_what_is_authorised_adds_up_to_the_p90() -> None:
    """Base without overruns, contingency to the P80, reserve to the P90, in cents; none is negative."""
    for case in CASES:
        parts, of = made(case).authorise, walked(case)
        assert pytest.approx(total_of(of.lines, without=("unknowns",)).mean(), abs=0.006) == parts.base
        assert min(parts.base, parts.contingency, parts.reserve) >= 0
        assert pytest.approx(max(parts.base, made(case).total.p90.value), abs=0.011) == parts.total
        assert all(pytest.approx(round(part, 2)) == part for part in (parts.base, parts.contingency, parts.reserve))


def test_the_p90_lies_above_the_budget_just_where_a_tenth_does() -> None:
    """The same worlds give both, for any budget left: P90 > left where P(over) >= 10%, P80 where it is 20%."""
    for case in BOUND:
        total, left = walked(case).total, made(case).budget_left
        assert (total > left).mean() == made(case).total.over.value  # type: ignore[union-attr]
        for budget in (left, *np.quantile(total, (0.5, 0.79, 0.8, 0.81, 0.89, 0.9, 0.91, 1.0))):
            over = (total > budget).mean()
            assert (made(case).total.p90.value > budget) == (over >= 0.1 - 1e-12)
            assert (made(case).total.p80.value > budget) == (over >= 0.2 - 1e-12)


def test_the_price_of_the_first_step_multiplies_and_adds_out() -> None:
    """Hours x rate + rest is the expected price; hours are what people work on it, never more than the whole."""
    for case in CASES:
        release, total = made(case).release, made(case).total
        assert pytest.approx(release.expected.value) == release.hours * release.rate + release.rest
        assert release.rest >= -1e-6
        assert release.expected.value <= total.expected.value * (1 + 1e-9) or walked(case).beyond_budget
        if release.hours:
            assert 95 < release.rate < 105  # the only role of the team is paid 100 USD an hour


def test_no_first_step_lies_beyond_the_budget_unless_that_is_said() -> None:
    """The P80 of what a step is chosen on, its rows, runs and hours, is held by what is left; else it is told."""
    for case in CASES:
        of, left = walked(case), made(case).budget_left
        chosen_on = np.quantile(total_of(of.walked.first, without=("inference", "storage", "egress")), 0.8)
        if of.solved is not None and left is not None:
            assert (chosen_on > left) == made(case).beyond_budget
        assert ("poor" == case) == made(case).beyond_budget


def test_what_follows_the_test_sums_to_one_and_gives_the_chance() -> None:
    """Shares of outcomes sum to 1; each one's chance, weighed by its share, is the chance of the plan."""
    for case in WALKED:
        outcomes, chance = made(case).then, made(case).chance
        assert pytest.approx(1) == sum(one.share.value for one in outcomes)
        assert pytest.approx(chance.shown.value) == sum(one.share.value * one.reaches.value for one in outcomes)
        assert {one.name for one in outcomes} <= {"ship", "settle", "ask again"}
        assert (made(case).outcome("settle") is not None) == (case == "with a fallback")


def test_what_is_put_to_use_meets_the_target_the_fallback_or_neither() -> None:
    """One of them in each world; the chance is that of the first within the budget, what is lost is spent elsewhere."""
    for case in (*WALKED, "shipped"):
        chance, of, left = made(case).chance, walked(case), made(case).budget_left
        walk, within = of.walk, of.total <= (np.inf if left is None else left)
        parts = np.array([walk.reached, walk.settled, walk.false_pass], dtype=int)
        assert (parts.sum(axis=0) == walk.ships).all()
        assert (walk.reached & within).mean() == chance.shown.value
        assert walk.false_pass.mean() == chance.false_pass.value
        assert (None if case != "with a fallback" else walk.settled.mean()) == (chance.settled and chance.settled.value)
        lost, failed = made(case).lost, ~walk.ships | walk.false_pass
        assert failed.sum() < FEWEST if lost is None else quantile(0.9)(of.walked.tuning[failed]) == lost.value


def test_where_a_part_of_the_gain_counts_only_what_ends_without_a_model_is_lost() -> None:
    """A model that misses the target is no failure then."""
    of = walked("usual")
    linear = from_state(of, replace(of.solved.state, miss=None))
    assert linear.walk.ships.all()
    assert linear.walk.false_pass.sum() > 20
    assert (None, True) == (plan(linear).lost, made("usual").lost is not None)


@pytest.mark.parametrize(
    ("miss", "besides", "needed"),
    [(1, 0, 0.5), (0, 0, 0), (9, 0, 0.9), (1, -0.5, 0.75), (1, 0.5, 0.25), (3, -0.4, 0.85), (1, 1.5, 0), (1, -2, 1)],
)
def test_the_chance_that_is_needed_follows_from_the_price_of_a_miss(miss: float, besides: float, needed: float) -> None:
    """(M - b) / (1 + M), 0 to 1, where b is what putting a model to use brings besides, in worths of the target."""
    state = walked("usual").solved.state
    posed = plan(from_state(walked("usual"), replace(state, miss=float(miss), saving=besides * state.worth)))
    assert (pytest.approx(needed), miss) == (posed.bar.needed, posed.bar.miss)


def test_the_chance_that_is_met_is_that_of_what_is_put_to_use() -> None:
    """Not below the one that is needed; serving and upkeep raise that; a linear gain and a fallback have none."""
    for case in ("usual", "served", "kept up", "without a pilot"):
        bar, walk = made(case).bar, walked(case).walk
        assert bar.needed <= bar.met.value == walk.reached[walk.ships].mean()
        assert (bar.needed > 0.5) == (case in ("served", "kept up"))
    of = walked("usual")
    assert plan(from_state(of, replace(of.solved.state, miss=None))).bar is None
    assert made("with a fallback").bar is None
    assert plan(from_state(of, replace(of.solved.state, error_target=0.001))).bar.met is None


def test_the_worth_is_the_gain_less_what_the_plan_costs() -> None:
    """Answers after launch stand in the gain already, upkeep apart; V is counted above the stated baseline."""
    for case in [case for case in CASES if case not in ("without a value", "without a target")]:
        worth = made(case).worth
        if case == "without a pilot":
            assert worth is not None
        assert (worth.upkeep.value > 0) == (case == "kept up")
        paid = walked(case).walked.tuning.mean()
        assert pytest.approx(worth.expected.value) == worth.gain.value - worth.upkeep.value - paid
        assert worth.reached_p10.value <= worth.reached_p50.value <= worth.reached_p90.value
        assert 0.6 == worth.baseline


def test_a_horizon_that_outlives_the_model_is_told_and_its_value_cut() -> None:
    """Retired half a year from now, it brings less than half of a year's value; far away it changes nothing."""
    found = {}
    for on in ("2027-05-24", "2035-01-01"):
        of = project(FOLDER, extra=f"serving: {{retires_on: {on}}}\n")
        found[on] = plan(drawn(known(of, pieces(asked("usual"))[1])))
    soon, late = found["2027-05-24"], found["2035-01-01"]
    assert late.ending is None
    assert (late.worth, late.total) == (made("usual").worth, made("usual").total)
    assert ("2027-05-24", 12.0) == (soon.ending.on, soon.ending.horizon)
    assert 3 < soon.ending.months < 6
    assert (
        pytest.approx(soon.ending.months / 12, rel=0.05) == soon.worth.reached_p50.value / late.worth.reached_p50.value
    )
    row = next(figure for figure in headline(soon) if figure.key == "ending")
    assert "2027-05-24" == row.value
    assert "of 12 months of the horizon" in row.beside


def test_what_ships_at_once_is_worth_its_gain_and_costs_nothing() -> None:
    """What the pilot trained is likely to meet the target: nothing is bought, spent or lost, and no test follows."""
    found = made("shipped")
    assert ("ship", True, None, (), None) == (found.lever, found.advised, found.lost, found.then, found.limits)
    assert 0 == found.total.p90.value == found.release.p80.value == found.authorise.total
    assert found.worth.expected == found.worth.gain
    assert found.worth.gain.value > 0


def test_a_stop_has_the_bill_of_the_best_step_all_the_same() -> None:
    """Worth nothing, nothing is advised; the figures say what going on would cost and lose."""
    found = made("worthless")
    assert not found.advised
    assert "stop" != found.lever
    assert found.worth.expected.value < 0 < found.total.p50.value
    assert "no step is worth its price" in walked("worthless").assumptions[-1]


def test_without_a_target_no_chance_is_told() -> None:
    """Rounds are assumed: there is a bill with months and parts to authorise, and neither chance, worth nor limits."""
    found = made("without a target")
    assert (None, None, None, None, ()) == (found.chance, found.worth, found.lost, found.limits, found.then)
    assert ("", "go through the rounds") == (found.lever, found.action)
    assert found.release.expected.value < found.total.expected.value


def test_each_figure_rests_on_the_weakest_of_what_it_is_made_of() -> None:
    """A chance on a curve that nobody has measured is assumed, and so is the worth that rests on it."""
    assert "assumed" == weakest("measured", "assumed", "stated")
    usual, assumed = made("usual").evidence, made("without a pilot").evidence
    # The hours of a round are stated, those of a first run and what nobody foresaw of them are not.
    assert ("assumed", "measured", "stated", "stated") == tuple(
        usual[key] for key in ("total", "chance", "value", "worth")
    )
    known_hours = project(FOLDER, extra="unknowns: none\nlevers: {first_run_hours: 10 h}\n")
    assert "stated" == plan(drawn(known(known_hours, pieces(asked("usual"))[1]))).evidence["total"]
    assert ("assumed", "stated", "assumed") == tuple(assumed[key] for key in ("chance", "value", "worth"))


def test_another_seed_gives_the_same_figures_within_their_errors() -> None:
    """Worth, chance and price of the first step differ by no more than four errors of a difference."""
    for one, other in zip(figures(made("usual")), figures(made("usual", 1)), strict=True):
        assert abs(one.value - other.value) <= 4 * 2**0.5 * max(one.error, other.error)


@pytest.mark.slow
def test_another_seed_gives_the_same_advice() -> None:
    """The first step, whether it is advised, and whether it lies beyond the budget."""
    for case in ["usual", "tight", "worthless", "shipped", "with a fallback", "without a pilot"]:
        found = {
            (made(case, seed).lever, made(case, seed).advised, made(case, seed).beyond_budget) for seed in range(4)
        }
        assert 1 == len(found)


SEEDS = range(10)
MANY = 12_000


def worth(of: Plan) -> Sampled:
    """The expected worth of a plan whose target has a value."""
    return of.worth.expected


@pytest.mark.slow
def test_the_worth_holds_in_worlds_it_was_not_drawn_from() -> None:
    """Under each seed it lies within 2.5 errors of what other seeds say, and their spread is no more than is told."""
    worths = [worth(made("usual", seed)) for seed in SEEDS]
    for at, one in enumerate(worths):
        others = [other for other in worths if other is not one]
        mean, error = np.mean([each.value for each in others]), np.mean([each.error for each in others])
        far = abs(one.value - mean) / np.hypot(one.error, error / np.sqrt(len(others)))
        assert far <= 2.5, at
    assert np.std([one.value for one in worths], ddof=1) < 1.5 * np.mean([one.error for one in worths])


@pytest.mark.slow
def test_few_worlds_flatter_no_plan() -> None:
    """What is chosen in few worlds is worth no more there than in many, beyond two errors and a fiftieth."""
    few = [worth(made("usual", seed)) for seed in SEEDS]
    facts = walked("usual").facts
    many = worth(plan(drawn(facts.in_worlds(Worlds(99, MANY)))))
    error = np.hypot(np.mean([one.error for one in few]) / np.sqrt(len(few)), many.error)
    assert np.mean([one.value for one in few]) <= 1.02 * many.value + 2 * error


def test_a_stated_baseline_above_the_probe_lowers_the_value() -> None:
    """V is what is gained above the stated score in use; a probe that nobody would put to use is none."""
    values = []
    for baseline in ("60%", "0%", "84%"):
        of = asked("usual")
        of = of.model_copy(update={"problem": of.problem.model_copy(update={"baseline": baseline})})
        found = plan(drawn(known(of, pieces(asked("usual"))[1]))).worth
        values.append((found.baseline, found.reached_p50.value))
    assert [0.6, 0.0, 0.84] == [base for base, _ in values]
    gains = [value / (0.85 - base) for base, value in values if base is not None]
    assert pytest.approx([gains[0]] * 3) == gains


def figures(of: Plan) -> list:
    """The sampled headline figures that do not hang on where just a few worlds buy on."""
    return [of.worth.expected, of.worth.gain, of.chance.shown, of.release.p80]


def test_the_same_worlds_are_walked_by_bill_and_plan() -> None:
    """All draws of a bill have one length, and its named inputs are those of its worlds."""
    of = walked("usual")
    assert {of.work.basis.worlds.n} == {len(cost.amount) for cost in of.lines.values() if cost.amount is not None}
    again = drawn(of.facts.in_worlds(Worlds(0, of.work.basis.worlds.n)))
    assert of.total.tolist() == again.total.tolist()


def test_money_spent_is_gone_from_the_budget() -> None:
    """What is left is the budget less what was paid, and the chance is that within it."""
    facts: Known = walked("usual").facts
    spent = plan(drawn(replace(facts, spent=6_000.0)))
    assert 9_000 == spent.budget_left
    assert spent.chance.shown.value <= made("usual").chance.shown.value  # type: ignore[union-attr]
