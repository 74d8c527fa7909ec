"""Rules on how success will be seen: the ceiling and the power of the test set."""

import pytest

from tests.problem_cases import DESKS, doubly_labelled, facts, letters, project, table
from tunecase.criteria.evaluation import gain_can_be_seen, target_is_below_the_ceiling
from tunecase.criteria.facts import SECOND_LABEL_COLUMNS


@pytest.mark.parametrize(
    ("agreed", "target", "status"), [(190, "90%", "pass"), (160, "95%", "fail"), (160, "80%", "pass")]
)
def test_target_against_ceiling(agreed, target, status):
    """A target above the upper end of the ceiling fails, one below passes."""
    given = facts(project=project(target=target), test=doubly_labelled(letters(200, 1), agreed))
    assert (status, "stop") == (target_is_below_the_ceiling(given).status, target_is_below_the_ceiling(given).severity)


def test_target_within_the_ceilings_doubt_passes_with_a_word():
    """A target inside the interval is let through, and the doubt is said."""
    given = facts(project=project(target="92%"), test=doubly_labelled(letters(20, 1), 16))
    assert given.ceiling.mid < 0.92 < given.ceiling.high
    rule = target_is_below_the_ceiling(given)
    assert rule.status == "pass"
    assert "within the ceiling's doubt" in rule.reason


@pytest.mark.parametrize("column", SECOND_LABEL_COLUMNS)
def test_usual_columns_of_second_labels_are_found(column):
    """The usual names of a second label's column are recognised."""
    assert facts(test=doubly_labelled(letters(50, 1), 45, column)).agreement == 0.9


def test_named_column_of_second_labels():
    """The column named in the project file is used, and only that one."""
    test = doubly_labelled(letters(50, 1), 45, "clerk two")
    assert facts(project=project(data={"second_label": "clerk two"}), test=test).agreement == 0.9
    other = facts(project=project(data={"second_label": "clerk three"}), test=test)
    rule = target_is_below_the_ceiling(other)
    assert (rule.status, rule.reason) == ("unknown", "no test row holds 'clerk three'")


def test_rows_without_a_second_label_are_left_out():
    """Agreement is taken over the rows that have both labels."""
    pairs = [("one", DESKS[0]), ("two", DESKS[1]), ("three", DESKS[1]), ("four", DESKS[2])]
    others = [{"label_2": DESKS[0]}, {"label_2": ""}, {"label_2": None}, {"label_2": DESKS[0]}]
    given = facts(test=table(pairs, others))
    assert (len(given.doubles), given.agreement) == (2, 0.5)


def test_no_second_labels_are_priced():
    """Without second labels the ceiling is unknown, and a hundred are priced."""
    rule = target_is_below_the_ceiling(facts(test=table(letters(200, 1))))
    assert (rule.status, rule.severity, rule.price.p50) == ("unknown", "stop", 50.0)
    assert "100 test rows" in rule.fix
    assert target_is_below_the_ceiling(facts(test=None)).status == "unknown"


def test_ceiling_is_unknown_without_target_or_items():
    """Without a target, or with a score that counts no items, the rule stays open."""
    assert target_is_below_the_ceiling(facts(project=project(target=None))).status == "unknown"
    rule = target_is_below_the_ceiling(facts(project=project(metric="chrf")))
    assert (rule.status, rule.severity) == ("unknown", "note")


def test_power_in_the_words_of_the_page():
    """Forty items for five points: what is seen, asked, needed, missing, and its price."""
    given = facts(project=project(target="70%"), test=table(letters(40, 1)))
    rule = gain_can_be_seen(given)
    words = (
        "you have 40 test items; you can see >= 26 points; you asked for 5; you need 469; 429 more cost "
        f"{given.money(rule.price)}"
    )
    assert ("fail", "stop", words) == (rule.status, rule.severity, rule.reason)
    assert rule.price.p50 == 429 * 0.50


@pytest.mark.parametrize(("rows", "status"), [(84, "fail"), (85, "pass"), (500, "pass"), (4, "fail")])
def test_power_by_rows(rows, status):
    """Fifteen points need 85 items."""
    assert status == gain_can_be_seen(facts(test=table(letters(rows, 1)))).status


def test_power_is_unknown_where_it_cannot_be_told():
    """Without a gain, or with a score that counts no items, the power is unknown."""
    outcomes = [
        gain_can_be_seen(facts(**changes))
        for changes in (
            {"project": project(target=None)},
            {"project": project(target="50%")},
            {"project": project(metric="chrf")},
        )
    ]
    assert [(r.status, r.severity) for r in outcomes] == [("unknown", "stop"), ("unknown", "note"), ("unknown", "warn")]


def test_no_test_set_yet():
    """Rows enough to hold out leave the rule open; too few fail it."""
    enough = gain_can_be_seen(facts(test=None, train=table(letters(200))))
    assert (enough.status, enough.fix) == ("unknown", "hold out 85 of the 200 rows")
    assert gain_can_be_seen(facts(test=None, train=table(letters(100)))).status == "fail"
