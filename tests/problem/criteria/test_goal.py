"""Rules on how the problem is stated: each passes, fails and stays unknown where it should."""

import pytest

from tests.problem_cases import facts, letters, project, table
from tunecase.problem.criteria.goal import (
    goal_is_measurable,
    knowledge_comes_from_the_input,
    one_person_decides,
    output_has_criteria,
    score_stands_for_the_business,
)


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
    """Only the missing part is asked for; what nobody has said is unknown, what contradicts the metric fails."""
    rule = goal_is_measurable(facts(project=project(**problem)))
    status = "fail" if "direction" in problem else "unknown"
    assert (status, severity, f"missing: {missing}") == (rule.status, rule.severity, rule.reason)


def test_nothing_to_measure_on_is_a_warning():
    """A stated goal without a test set asks for one, short of a stop."""
    rule = goal_is_measurable(facts(project=project(measured_on=None), test=None))
    assert (rule.status, rule.severity, rule.reason) == ("unknown", "warn", "missing: what it is measured on")


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


@pytest.mark.parametrize(("given", "status"), [("hours of the post room", "pass"), (None, "unknown"), (" ", "unknown")])
def test_score_is_linked_to_the_business(given, status):
    """Somebody wrote which business figure the score stands for; a blank says nothing, and that is unknown."""
    assert status == score_stands_for_the_business(facts(project=project(business_metric=given))).status


def test_further_targets_need_a_direction():
    """A further target of a metric that the tables do not know asks for its direction."""
    more = ({"metric": "home_made", "target": "70%"},)
    rule = goal_is_measurable(facts(project=project(further_targets=more)))
    assert (rule.status, rule.severity) == ("unknown", "stop")
    assert "the direction of home_made" in rule.reason
    known = ({"metric": "macro_f1", "target": "70%"},)
    assert goal_is_measurable(facts(project=project(further_targets=known))).status == "pass"
