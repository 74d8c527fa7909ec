"""Rules on how the problem is stated: each passes, fails and stays unknown where it should."""

import pytest

from tests.problem_cases import facts, letters, project, table
from tunecase.criteria.goal import (
    goal_is_measurable,
    knowledge_comes_from_the_input,
    one_person_decides,
    output_has_criteria,
    worth_the_cost,
)
from tunecase.spread import Band


def test_stated_goal_passes():
    """A metric the tables know, a target and a test set are enough."""
    assert goal_is_measurable(facts()).status == "pass"


@pytest.mark.parametrize(
    ("problem", "missing", "severity"),
    [
        ({"metric": None}, "a metric", "stop"),
        ({"target": None}, "a numeric target", "stop"),
        ({"target": "better"}, "a numeric target", "stop"),
        ({"target": "nan"}, "a numeric target", "stop"),
        ({"target": 95}, "a numeric target", "stop"),
        ({"metric": "home_made"}, "the direction of the metric", "stop"),
        ({"direction": "lower"}, "one direction (accuracy is better higher)", "stop"),
    ],
)
def test_goal_asks_for_exactly_what_is_missing(problem, missing, severity):
    """Only the missing part is asked for."""
    rule = goal_is_measurable(facts(project=project(**problem)))
    assert ("fail", severity, f"missing: {missing}") == (rule.status, rule.severity, rule.reason)


def test_nothing_to_measure_on_is_a_warning():
    """A stated goal without a test set asks for one, short of a stop."""
    rule = goal_is_measurable(facts(project=project(measured_on=None), test=None))
    assert (rule.status, rule.severity, rule.reason) == ("fail", "warn", "missing: what it is measured on")


def test_home_made_metric_with_direction_passes():
    """A metric of the user's own is fine once its direction is said."""
    assert goal_is_measurable(facts(project=project(metric="home_made", direction="higher"))).status == "pass"


def test_pass_fail_criteria_are_counted():
    """Three statements pass; fewer are a note for classification and a warning elsewhere."""
    assert output_has_criteria(facts()).status == "pass"
    two = output_has_criteria(facts(project=project(criteria=("a", "b"))))
    assert (two.status, two.severity, two.got) == ("fail", "note", "2")
    free = output_has_criteria(facts(project=project(criteria=(), task="generation")))
    assert (free.status, free.severity) == ("fail", "warn")


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


def test_knowledge_gap():
    """Numbers that the input lacks fail the rule, numbers copied from it pass, labels never hold facts."""
    copied = table([(f"invoice of 4 May, total {n}50 crowns, box {n}", f"total: {n}50") for n in range(20)])
    looked_up = table([(f"what does box {n} cost", f"total: {n}50") for n in range(20)])
    words = [
        knowledge_comes_from_the_input(facts(train=train, project=project(task=task))).status
        for train, task in [(copied, "extraction"), (looked_up, "extraction"), (looked_up, "classification")]
    ]
    assert words == ["pass", "fail", "pass"]
    assert (
        knowledge_comes_from_the_input(facts(train=table([]), project=project(task="generation"))).status == "unknown"
    )


@pytest.mark.parametrize(("owner", "status"), [("A. Person", "pass"), (None, "fail"), ("  ", "fail")])
def test_owner_is_named(owner, status):
    """One named person decides; a blank is nobody."""
    assert status == one_person_decides(facts(project=project(owner=owner), train=table(letters(5)))).status
