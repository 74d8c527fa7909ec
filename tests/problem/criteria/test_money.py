"""Rules on worth: break-even, saving, the cost of errors, retirement."""

import re
from datetime import date

import pytest

from tests.problem_cases import facts, project
from tunecase.problem.criteria.baselines import baseline_is_below_target, prompts_were_tried
from tunecase.problem.criteria.money import (
    each_answer_saves,
    errors_cost_less_than_answers_bring,
    retirement_is_priced,
    worth_the_cost,
)
from tunecase.quantities.spread import Band


def test_worth_above_cost_passes():
    """Fifteen points of 5k to 10k answers at 2 USD pay for 3,000 USD, and the break-even volume is shown."""
    rule = worth_the_cost(facts())
    assert rule.status == "pass"
    # 3,000 / (2 USD x 12 months x 0.15)
    assert "break-even at 833 answers per month" in rule.reason


def test_worth_below_cost_fails():
    """A hundred times the cost is not paid back."""
    rule = worth_the_cost(facts(total_cost=Band(2e5, 3e5, 4e5, 5e5)))
    assert (rule.status, rule.severity) == ("fail", "warn")
    assert rule.fix


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"project": project(value=None)}, "what a correct answer is worth"),
        ({"project": project(volume=None)}, "break-even at 833 answers per month"),
        ({"total_cost": None}, "total cost is not known"),
        ({"project": project(target="50%")}, "gain in correct answers is not known"),
        ({"project": project(metric="chrf")}, "gain in correct answers is not known"),
    ],
)
def test_worth_is_unknown_where_a_number_is_missing(changes, words):
    """Without value, volume, gain or cost the worth is unknown, never zero."""
    rule = worth_the_cost(facts(**changes))
    assert rule.status == "unknown"
    assert words in rule.reason


def test_errors_that_are_avoided_count_as_worth():
    """A right answer in place of a wrong one brings its value and saves what the wrong one costs."""
    plain = facts()
    dear = facts(project=project(errors=({"kind": "lost", "cost": "6 USD per error"},)))
    assert plain.worth.mean() == pytest.approx(2)
    assert dear.worth.mean() == pytest.approx(8)
    # 3,000 / (8 USD x 12 months x 0.15)
    assert "break-even at 208 answers per month" in worth_the_cost(dear).reason


@pytest.mark.parametrize(
    ("serving", "status", "words"),
    [
        ({}, "unknown", "is not known"),
        ({"price_per_1k_today": "5 USD"}, "unknown", "is not known"),
        (
            {"price_per_1k_today": "5 USD", "price_per_1k_answers": "1 USD"},
            "pass",
            "do not pay the project back within 12 months",
        ),
        ({"price_per_1k_today": "0 USD", "price_per_1k_answers": "1 USD"}, "fail", "only a quality case"),
        ({"price_per_1k_today": "1 USD", "price_per_1k_answers": "1 USD"}, "fail", "only a quality case"),
    ],
)
def test_saving_per_request(serving, status, words):
    """A saving of zero or less is a quality case only; it is a note either way, and unknown without both prices."""
    rule = each_answer_saves(facts(project=project(serving=serving)))
    assert (rule.status, rule.severity) == (status, "note")
    assert words in rule.reason


@pytest.mark.parametrize(
    ("cost", "target", "status", "wanted"),
    [("2 USD per error", "80%", "pass", "above 50%"), ("18 USD per error", "80%", "fail", "above 90%")],
)
def test_errors_against_right_answers(cost, target, status, wanted):
    """The target must lie above c / (v + c), v the value of an answer and c the cost of an error."""
    errors = ({"kind": "wrong desk", "cost": cost},)
    rule = errors_cost_less_than_answers_bring(facts(project=project(errors=errors, target=target)))
    assert (rule.status, rule.severity, rule.wanted) == (status, "warn", wanted)


def test_kinds_of_errors_are_weighed_by_their_shares():
    """Two kinds count by their shares; without shares the cost of an error is unknown, and so is the rule."""
    kinds = ({"kind": "a", "cost": "10 USD per error", "share": "20%"}, {"kind": "b", "cost": "0 USD per error"})
    weighed = (kinds[0], {**kinds[1], "share": "80%"})
    # 0.2 x 10 = 2 against a value of 2
    rule = errors_cost_less_than_answers_bring(facts(project=project(errors=weighed)))
    assert rule.wanted == "above 50%"
    bare = ({"kind": "a", "cost": "10 USD per error"}, kinds[1])
    assert errors_cost_less_than_answers_bring(facts(project=project(errors=bare))).status == "unknown"
    assert errors_cost_less_than_answers_bring(facts()).status == "unknown"
    assert errors_cost_less_than_answers_bring(facts(project=project(errors=weighed, value=None))).status == "unknown"


@pytest.mark.parametrize(
    ("retires_on", "cost", "status", "severity"),
    [
        (None, 3_000.0, "unknown", "note"),
        (date(2028, 1, 1), 3_000.0, "pass", "note"),
        (date(2027, 5, 1), 3_000.0, "pass", "note"),
        (date(2027, 5, 1), 2e4, "fail", "warn"),
        (date(2020, 1, 1), 2e4, "fail", "warn"),
    ],
)
def test_retirement_inside_the_horizon_is_priced(retires_on, cost, status, severity):
    """A retirement inside the horizon costs a share of the project; it warns where the worth does not cover both."""
    serving = {"retires_on": retires_on, "retune_share": "50%"}
    rule = retirement_is_priced(facts(project=project(serving=serving), total_cost=Band(cost, cost, cost, cost)))
    assert (rule.status, rule.severity) == (status, severity)
    if retires_on is not None and retires_on.year < 2028:
        assert rule.price.p50 == pytest.approx(cost / 2)


def test_retirement_without_a_total_or_a_worth():
    """Without the total cost the risk has no price; without a worth it is a note."""
    soon = {"retires_on": date(2027, 5, 1)}
    assert retirement_is_priced(facts(project=project(serving=soon), total_cost=None)).status == "unknown"
    rule = retirement_is_priced(facts(project=project(serving=soon, value=None)))
    assert (rule.status, rule.severity) == ("fail", "note")
    assert rule.price is not None


def test_savings_make_a_case_of_their_own():
    """Without any gain a cheaper answer can pay for the project; a dearer one is taken off the gain."""
    cheap = {"price_per_1k_today": "40 USD", "price_per_1k_answers": "1 USD"}
    asked = {"value": None, "baseline": "80%", "volume": "10k per month", "horizon": "12 months"}
    rule = worth_the_cost(facts(project=project(serving=cheap, **asked)))
    # 39 USD x 120 thousand = 4,680 USD against 3,000
    assert (rule.status, rule.got) == ("pass", "cheaper answers are worth 4,680 USD")
    assert "break-even at 6,410 answers per month" in rule.reason
    dear = {"price_per_1k_today": "1 USD", "price_per_1k_answers": "400 USD"}
    rule = worth_the_cost(facts(project=project(serving=dear, volume="10k per month")))
    assert (rule.status, rule.reason[:58]) == ("fail", "the gain does not pay for the project; there is no break-e")
    assert rule.got.startswith("15 points and dearer answers are worth")


def test_a_case_by_cost_softens_what_a_good_baseline_means():
    """Where answers get cheaper, a baseline near the target and a prompt that reaches it are notes, else warnings."""
    asked = {"alternatives": {"prompt_hosted": {"score": "81%"}}}
    cheap = {"price_per_1k_today": "40 USD", "price_per_1k_answers": "1 USD"}
    for serving, severity in (({}, "warn"), (cheap, "note")):
        given = facts(project=project(serving=serving, **asked))
        for rule in (baseline_is_below_target(given), prompts_were_tried(given)):
            assert ("fail", severity) == (rule.status, rule.severity)


ANSWERS = {"price_per_1k_today": "10 USD", "price_per_1k_answers": "5 USD"}
WHOLE, TUNING = Band(9e3, 9e3, 9e3, 9e3), Band(3e3, 3e3, 3e3, 3e3)


def test_answers_are_counted_once():
    """Where the total holds the answers and the saving holds them too, worth and pay-back ask for the rest alone."""
    one = facts(project=project(serving=ANSWERS), total_cost=WHOLE, tuning_cost=TUNING)
    other = facts(project=project(serving=ANSWERS), total_cost=TUNING)
    for rule in (worth_the_cost, each_answer_saves):
        assert rule(one) == rule(other)


def test_answers_of_an_unknown_price_today_are_a_cost_of_the_worth():
    """Where today's price is not stated the tuned model's is taken off the worth, and out of the total."""
    served, free = (project(serving=prices) for prices in ({"price_per_1k_answers": "5 USD"}, {}))
    counted, whole = (
        worth_the_cost(facts(project=one, total_cost=WHOLE, tuning_cost=TUNING)) for one in (served, free)
    )
    assert ("more than 3,000 USD", "more than 9,000 USD") == (counted.wanted, whole.wanted)
    assert "what serving them costs" in counted.got


def test_tuning_again_buys_no_answers():
    """The risk of retirement is a share of the total without the answers."""
    served = project(serving={"retires_on": date(2027, 2, 1), "retune_share": "50%"})
    rule = retirement_is_priced(facts(project=served, total_cost=WHOLE, tuning_cost=TUNING))
    assert 1_500 == pytest.approx(rule.price and rule.price.p50)


def test_a_chance_below_certainty_is_weighed_with_the_mean_cost():
    """A gain that comes in 40% of cases must pay for the cases that give up: worth and break-even move with it."""
    cost = Band(500, 2_000, 9_000, 12_000)
    sure, doubtful = (worth_the_cost(facts(total_cost=cost, chance=chance)) for chance in (None, 0.4))
    assert "reached in 40% of cases" in doubtful.got
    assert "more than 4,550 USD, the mean over all cases" == doubtful.wanted
    volumes = [
        float(re.search(r"break-even at ([\d,]+)", rule.reason)[1].replace(",", "")) for rule in (sure, doubtful)
    ]
    assert volumes[1] == pytest.approx(volumes[0] * cost.mean / cost.p50 / 0.4, rel=0.02)
    never = worth_the_cost(facts(total_cost=cost, chance=0.0))
    assert ("fail", True) == (never.status, "no case reaches the target" in never.reason)
