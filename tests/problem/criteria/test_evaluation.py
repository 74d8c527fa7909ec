"""Rules on how success will be seen: the ceiling and the power of the test set."""

from dataclasses import replace

import pytest

from tests.problem_cases import DESKS, doubly_labelled, facts, letters, project, table
from tunecase.problem.criteria.evaluation import (
    errors_are_read,
    gain_can_be_seen,
    power_needed,
    rows_to_label,
    smallest_gain,
    target_is_below_the_ceiling,
)
from tunecase.problem.criteria.facts import SECOND_LABEL_COLUMNS
from tunecase.quantities import Interval80
from tunecase.quantities.statistics import paired_rows_needed, unpaired_rows_needed
from tunecase.records import EvalLog, Promise


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
    """Without a target, or with a score of answers that nobody wrote twice, the rule stays open."""
    assert target_is_below_the_ceiling(facts(project=project(target=None))).status == "unknown"
    rule = target_is_below_the_ceiling(facts(project=project(metric="chrf"), test=table(letters(200, 1))))
    assert (rule.status, rule.severity) == ("unknown", "note")


def test_two_written_answers_are_a_ceiling_where_no_items_are_counted():
    """What one person's answers score against another's: five hundred pairs, of which 485 are the same."""
    found = facts(project=project(metric="chrf")).ceiling
    assert 0.9 < found.low < found.mid < found.high < 1


def test_power_in_the_words_of_the_page():
    """Forty items for five points: what is seen, asked, needed, missing, and its price."""
    given = facts(project=project(target="70%"), test=table(letters(40, 1)))
    rule = gain_can_be_seen(given)
    words = (
        "you have 40 test items; you can see >= 27 points; you asked for 5; you need 498; 458 more cost "
        f"{given.money(rule.price)}"
    )
    assert ("fail", "stop", words) == (rule.status, rule.severity, rule.reason)
    assert rule.price.p50 == 458 * 0.50


@pytest.mark.parametrize(("rows", "status"), [(91, "fail"), (92, "pass"), (500, "pass"), (4, "fail")])
def test_power_by_rows(rows, status):
    """Fifteen points need 92 items."""
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
    assert (enough.status, enough.fix) == ("unknown", "hold out 92 of the 200 rows")
    assert gain_can_be_seen(facts(test=None, train=table(letters(100)))).status == "fail"


def grouped(groups, size, right=None):
    """A test table of groups of `size` rows, with today's answer where `right` says which are right."""
    pairs = letters(groups * size, 1)
    other = [{"customer": f"c{row // size}"} for row in range(len(pairs))]
    if right is not None:
        for row, (_, desk) in enumerate(pairs):
            other[row]["today"] = desk if right(row) else "nowhere"
    return table(pairs, other)


@pytest.mark.parametrize(
    ("groups", "size", "data", "status", "severity", "words"),
    [
        (92, 2, {"group": "customer"}, "pass", "stop", "count as 92 (ICC 1, assumed, the hard case)"),
        (40, 5, {"group": "customer"}, "fail", "warn", "count as 40 (ICC 1, assumed"),
        (40, 5, {"group": "customer", "group_icc": "10%"}, "pass", "stop", "count as 142 (ICC 0.1, stated)"),
        (40, 5, {"group": "customer", "group_icc": "90%"}, "fail", "stop", "you need 424"),
        (40, 2, {"group": "customer"}, "fail", "stop", "you need 92"),
        (40, 5, {"group": "author"}, "unknown", "warn", "not every test row has the column 'author'"),
    ],
)
def test_rows_of_a_group_count_for_less(groups, size, data, status, severity, words):
    """Fifteen points need 92 rows on their own: rows of a group count as n / D, a warning where D is only assumed."""
    rule = gain_can_be_seen(facts(project=project(data=data), test=grouped(groups, size)))
    assert (status, severity) == (rule.status, rule.severity), rule.reason
    assert words in rule.reason


def test_the_smallest_gain_counts_groups_and_arms():
    """What can be seen shrinks with groups of known likeness, and with a baseline from other rows."""
    test = grouped(40, 10)
    alone = smallest_gain(facts(test=test))
    known = smallest_gain(facts(project=project(data={"group": "customer", "group_icc": "20%"}), test=test))
    guessed = smallest_gain(facts(project=project(data={"group": "customer"}), test=test))
    assert alone == guessed < known == smallest_gain(facts(test=table(letters(142, 1))))
    apart = facts(project=project(baseline="70%", baseline_on="elsewhere"), probe=0.5, test=test)
    assert smallest_gain(apart) > alone
    assert "you can see >= 8.6 points" in gain_can_be_seen(apart).reason


def test_likeness_is_measured_on_todays_answers():
    """With today's answers in the test file the likeness of a group's rows is measured, and so is the baseline."""
    data = {"group": "customer", "answer_today": "today"}
    asked = project(data=data, baseline=None, target="85%")
    alike = facts(project=asked, test=grouped(40, 10, lambda row: row // 10 % 2))
    assert alike.in_use == 0.5
    assert "count as 40 (ICC 1, measured on today's answers)" in gain_can_be_seen(alike).reason
    strangers = facts(project=asked, test=grouped(40, 10, lambda row: row % 2))
    rule = gain_can_be_seen(strangers)
    assert "ICC 0, measured" in rule.reason
    assert rule.status == "pass"


def test_a_baseline_scored_elsewhere_needs_more_rows():
    """Where the baseline in use was scored on other rows the comparison is unpaired: 76 to 92 at 15 points differ."""
    asked = {"baseline": "70%", "target": "80%", "measured_on": None}
    paired = facts(project=project(**asked), probe=0.5)
    apart = facts(project=project(**asked, baseline_on="elsewhere"), probe=0.5)
    assert (paired_rows_needed(0.1), unpaired_rows_needed(0.7, 0.1)) == (168, 294)
    assert [power_needed(one).needed for one in (paired, apart)] == [168, 294]
    small = gain_can_be_seen(facts(project=apart.project, probe=0.5, test=table(letters(200, 1))))
    assert (small.status, small.severity) == ("fail", "stop")
    assert "problem.baseline_on: test" in small.fix
    beaten = facts(project=project(**asked, baseline_on="elsewhere"), probe=0.75)
    assert power_needed(beaten).paired


def test_a_case_by_cost_is_not_stopped_by_a_small_gain():
    """Where answers get cheaper, a gain too small to be seen warns: it need not be seen."""
    cheap = {"price_per_1k_today": "40 USD", "price_per_1k_answers": "1 USD"}
    outcomes = [
        gain_can_be_seen(facts(project=project(target="67%", serving=serving), test=table(letters(200, 1))))
        for serving in ({}, cheap)
    ]
    assert [("fail", "stop"), ("fail", "warn")] == [(rule.status, rule.severity) for rule in outcomes]
    assert "no worse: this test can rule out a loss of 5.6 points" in outcomes[1].reason


@pytest.mark.parametrize(
    ("read", "rows", "status", "severity"),
    [(None, 500, "unknown", "warn"), (99, 500, "fail", "warn"), (100, 500, "pass", "warn"), (100, 199, "fail", "note")],
)
def test_error_analysis(read, rows, status, severity):
    """A hundred answers read pass; fewer warn; a small test set is a note."""
    rule = errors_are_read(facts(project=project(errors_read=read), test=table(letters(rows, 1))))
    assert (status, severity) == (rule.status, rule.severity)


def test_error_analysis_wants_failing_rows():
    """A test set on which nearly everything is right cannot count mistakes; unread answers are priced."""
    rule = errors_are_read(facts(project=project(target="99%"), probe=0.95))
    assert (rule.status, rule.severity, rule.got) == ("fail", "note", "120 read; 500 test rows, about 25 failing")
    assert errors_are_read(facts(project=project(errors_read=0))).price.p50 > 0


SERVED = {"price_per_1k_today": "20 USD", "price_per_1k_answers": "5 USD"}


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({"project": project(target="70%"), "test": table(letters(40, 1))}, 458),
        ({}, 0),
        ({"test": None, "train": table(letters(200))}, 0),
        ({"test": None, "train": table(letters(100))}, 92),
        ({"project": project(target="70%", serving=SERVED), "test": table(letters(40, 1))}, 0),
        ({"project": project(target=None)}, 0),
    ],
    ids=["too few", "enough", "held out", "none", "case by cost", "no target"],
)
def test_rows_are_bought_only_where_the_rule_stops(changes, rows):
    """What is passed, held out or only warned of buys no test rows."""
    assert rows == rows_to_label(facts(**changes))


def test_a_coverage_moves_the_ceiling_to_what_is_answered() -> None:
    """Where people take three tenths, all disputed rows may be among them; at full coverage the ceiling stands."""
    test = doubly_labelled(letters(200, 1), 150)
    whole = target_is_below_the_ceiling(facts(project=project(target="95%"), test=test))
    part = target_is_below_the_ceiling(facts(project=project(target="95% at 70% coverage"), test=test))
    assert (whole.status, part.status) == ("fail", "pass")
    assert "of the 70% answered" in part.got


@pytest.mark.parametrize(
    ("rows", "status", "words"),
    [
        (990, "pass", "at most 5% of the 70% answered are wrong, you need 990 test items"),
        (500, "fail", "490 more cost 245 USD"),
    ],
)
def test_a_coverage_asks_for_rows_that_can_promise_it(rows: int, status: str, words: str) -> None:
    """P7 judges the promise, not the gain; the rows are those of a model that is half as wrong as allowed."""
    given = facts(project=project(target="95% at 70% coverage"), test=table(letters(rows, 1)))
    rule = gain_can_be_seen(given)
    assert status == rule.status
    assert words in rule.reason
    assert "assumed until the pilot measures it" in rule.reason


def test_too_few_rows_for_a_coverage_only_warn_until_a_pilot_has_measured() -> None:
    """An assumed error stops no pilot and buys no rows; what a pilot promises on these rows settles the rule."""
    posed = facts(project=project(target="95% at 70% coverage"), test=table(letters(500, 1)))
    short, kept = (Promise(0.05, coverage, 0.9, 0.04, 500, 5) for coverage in (0.4, 0.71))
    other = Promise(0.2, 0.9, 0.9, 0.04, 500, 5)
    judged = [
        gain_can_be_seen(replace(posed, promises=promises)) for promises in ((), (other,), (short,), (short, kept))
    ]
    assert [("fail", "warn"), ("fail", "warn"), ("fail", "stop"), ("pass", "stop")] == [
        (one.status, one.severity) for one in judged
    ]
    assert "the pilot promises 40% of the answers at most" in judged[2].reason
    assert "the pilot promises 71% of the answers with at most 5% wrong" == judged[3].reason
    assert [0, 490] == [rows_to_label(replace(posed, promises=promises)) for promises in ((), (short,))]


def test_no_coverage_can_be_promised_without_right_answers_to_count() -> None:
    """Another metric, or a target that allows no mistake, is unknown with a fix."""
    other = gain_can_be_seen(facts(project=project(metric="macro_f1", target="95% at 70% coverage")))
    assert (other.status, other.severity) == ("unknown", "warn")
    assert "no coverage can be promised for macro_f1" in other.reason
    perfect = gain_can_be_seen(facts(project=project(target="100% at 70% coverage")))
    assert perfect.status == "unknown"
    assert "below 100%" in perfect.fix


def test_two_logs_take_the_place_of_the_assumed_loss():
    """The share of items lost that two evaluation logs measured is what paired power rests on, and is told."""
    asked = {"target": "80%", "baseline": "70%", "measured_on": None}
    measured = facts(
        project=project(**asked), probe=0.5, lost=Interval80(0.01, 0.02, 0.03), lost_on="400 items of a and b"
    )
    assert paired_rows_needed(0.1, 0.02) == power_needed(measured).needed < paired_rows_needed(0.1)
    assert "2% of items lost, measured on 400 items of a and b" in gain_can_be_seen(measured).reason


def test_a_log_of_other_items_makes_the_comparison_unpaired():
    """As where the project file says elsewhere; what it says comes first."""
    log = EvalLog("a.eval", "Inspect", "", "m", "t", "2026-11-20", "match", "", 400, 400, 0.7, on="elsewhere")
    asked = {"target": "80%", "baseline": "70%", "measured_on": None}
    apart = facts(project=project(**asked), probe=0.5, logs={"problem.baseline": log})
    assert unpaired_rows_needed(0.7, 0.1) == power_needed(apart).needed
    stated = facts(project=project(**asked, baseline_on="test"), probe=0.5, logs={"problem.baseline": log})
    assert power_needed(stated).paired
