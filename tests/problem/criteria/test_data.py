"""Rules on the data that bear on the verdict."""

from dataclasses import replace

import pytest

from tests.problem_cases import audit, facts, finding, letters, project, table
from tunecase.problem.criteria.data import (
    classes_are_as_in_production,
    labels_agree_with_themselves,
    no_test_row_is_trained_on,
    rows_are_enough,
)
from tunecase.quantities.spread import Band


@pytest.mark.parametrize(
    ("rows", "outcome"), [(0, ("fail", "stop")), (9, ("fail", "stop")), (10, ("fail", "note")), (50, ("pass", "stop"))]
)
def test_rows_minimum(rows, outcome):
    """Under 10 rows stop, under 50 are noted and priced."""
    rule = rows_are_enough(facts(train=table(letters(rows))))
    assert outcome == (rule.status, rule.severity)
    assert (rule.price is None) == (rule.status == "pass")


def test_copies_count_once():
    """Sixty copies of one row are one row."""
    rule = rows_are_enough(facts(train=table([("The same letter!", "harbour"), ("the same LETTER", "harbour")] * 30)))
    assert (rule.status, rule.severity, rule.got) == ("fail", "stop", "60 rows, 1 different")


def test_data_rules_are_unknown_without_audit():
    """Without an audit contradictions and leaks are unknown, which is no pass."""
    for rule in (labels_agree_with_themselves, no_test_row_is_trained_on):
        assert (rule(facts(audit=None)).status, rule(facts(audit=None)).severity) == ("unknown", "stop")


def repeated(clashing, size=100):
    """`size` texts, each twice, of which `clashing` have two answers; classes are balanced."""
    pairs = []
    for i in range(size):
        first = "yes" if i % 2 else "no"
        second = ("no" if i % 2 else "yes") if i < clashing else first
        pairs += [(f"text {i}", first), (f"text {i}", second)]
    return table(pairs)


@pytest.mark.parametrize(
    ("clashing", "outcome"),
    [(0, ("pass", "stop")), (14, ("pass", "stop")), (16, ("fail", "warn")), (21, ("fail", "stop"))],
)
def test_kappa_decides(clashing, outcome):
    """With two balanced classes kappa is 1 - 2 x disagreement: .7 at 15%, .6 at 20%."""
    found = [finding("contradiction", 2 * clashing, 200)] if clashing else []
    rule = labels_agree_with_themselves(facts(train=repeated(clashing), audit=audit(*found)))
    assert outcome == (rule.status, rule.severity)


def test_one_dissenter_among_many_twins_is_no_chaos():
    """One wrong label among fifteen copies touches every row, but little agreement is lost."""
    pairs = [(f"text {i % 20}", "yes" if i % 2 else "no") for i in range(300)]
    pairs[:20] = [(text, "no" if out == "yes" else "yes") for text, out in pairs[:20]]
    given = facts(train=table(pairs), audit=audit(finding("contradiction", 300, 300)))
    assert labels_agree_with_themselves(given).status == "pass"


def test_audits_stop_is_at_least_a_warning():
    """What the audit calls a stop never passes here; nearly equal inputs alone conclude nothing."""
    given = facts(train=repeated(12), audit=audit(finding("contradiction", 12, 200, "stop")))
    rule = labels_agree_with_themselves(given)
    assert (rule.status, rule.severity) == ("fail", "warn")
    near = facts(audit=audit(finding("near_contradiction", 160, 200, "note")))
    assert labels_agree_with_themselves(near).status == "pass"


def test_one_answer_for_everything_agrees():
    """Where every row has the same answer nothing contradicts."""
    given = facts(train=table([("text", "yes")] * 20), audit=audit(finding("contradiction", 1, 20)))
    assert labels_agree_with_themselves(given).status == "pass"


def test_different_texts_for_one_prompt_are_no_stop():
    """Free text may differ; contradictions there are at most a warning."""
    given = facts(
        train=table([(f"text {i % 20}", f"answer {i}") for i in range(60)]),
        audit=audit(finding("contradiction", 60, 60)),
        project=project(task="generation"),
    )
    rule = labels_agree_with_themselves(given)
    assert (rule.status, rule.severity) == ("fail", "warn")


def test_leaks_stop_until_removed():
    """Leaks left in training stop; leaks that deleting mends pass with a word; duplicates are another matter."""
    left = no_test_row_is_trained_on(facts(audit=audit(finding("leak_exact", 6, 200))))
    assert (left.status, left.severity, left.fix) == ("fail", "stop", "mend it")
    assert left.got == "6 test rows found in training"
    gone = no_test_row_is_trained_on(facts(audit=audit(finding("leak_exact", 6, 200, removed=7))))
    assert (gone.status, gone.got) == ("pass", "6 test rows found in training, 1.2% of 500")
    assert gone.reason == (
        "the 7 training rows that match a test row are left out; trained on as it is, the file could lift the score by "
        "up to 1.2 points, within its standard error of 2.1"
    )
    assert no_test_row_is_trained_on(facts(audit=audit(finding("duplicate_exact", 8, 200)))).status == "pass"


@pytest.mark.parametrize(("leaked", "status"), [(10, "pass"), (11, "fail"), (60, "fail")])
def test_leaks_left_out_are_noted_where_the_file_could_move_the_score(leaked, status):
    """Of 500 test rows at a baseline of 65% eleven leaked ones move the score by more than its standard error."""
    rule = no_test_row_is_trained_on(facts(audit=audit(finding("leak_exact", leaked, 500, removed=leaked))))
    assert (status, "stop" if status == "pass" else "note") == (rule.status, rule.severity)
    assert f"{leaked} test rows found in training" in rule.got
    assert ("more than its standard error of 2.1" in rule.reason) == (status == "fail")
    assert ("audit --fix" in rule.fix) == (status == "fail")


def test_without_a_share_of_right_answers_the_largest_standard_error_counts():
    """A score that counts no right answers is taken at one half: 11 of 500 leaked rows pass, 12 do not."""
    free = project(metric="chrf", task="generation")
    judged = [
        no_test_row_is_trained_on(facts(project=free, audit=audit(finding("leak_exact", n, 500, removed=n)))).status
        for n in (11, 12)
    ]
    assert judged == ["pass", "fail"]


def test_leaks_that_need_a_new_test_set_stop():
    """Deleting does not mend a test set of which too much is known: its new rows are priced."""
    known = finding("leak_exact", 300, 500, "stop", removed=300, price=Band(1.0, 2.0, 3.0, 4.0))
    rule = no_test_row_is_trained_on(facts(audit=audit(known)))
    assert (rule.status, rule.severity, rule.price.p50) == ("fail", "stop", 2.0)


def test_leaks_without_a_test_set_are_unknown():
    """Without a test set there is nothing to look for."""
    assert (
        no_test_row_is_trained_on(facts(test=None)).status,
        no_test_row_is_trained_on(facts(audit=audit(test=None))).severity,
    ) == ("unknown", "note")


def test_two_near_leaks_that_wait_for_a_look_do_not_stop():
    """Near copies with another answer ask for a look, and two of them are no reason to stop."""
    near = replace(finding("leak_near", 2, 200), severity="warn", removed=0, price=Band(1.0, 2.0, 3.0, 4.0))
    rule = no_test_row_is_trained_on(facts(audit=audit(near)))
    assert ("fail", "warn") == (rule.status, rule.severity)


def test_a_leak_in_other_words_warns_and_a_plain_one_stops():
    """What may be a leak asks for a look; only what surely is one withholds the advice to train."""
    maybe = replace(finding("leak_rephrased", 14, 200), severity="warn", removed=0)
    sure = replace(finding("leak_near", 3, 200), severity="stop", removed=0)
    for found, severity in (((maybe,), "warn"), ((maybe, sure), "stop")):
        rule = no_test_row_is_trained_on(facts(audit=replace(audit(), findings=found)))
        assert ("fail", severity) == (rule.status, rule.severity)


@pytest.mark.parametrize(
    ("declared", "check", "status", "severity"),
    [
        (False, None, "pass", "note"),
        (False, "label_shift", "fail", "note"),
        (True, "label_shift_train", "fail", "warn"),
        (True, "label_shift", "pass", "warn"),
    ],
)
def test_class_balance(declared, check, status, severity):
    """Shares apart from production's warn; apart from the test's they are a note, since the test may be odd itself."""
    shares = {"production_shares": {"harbour": "50%", "orchard": "50%"}} if declared else {}
    found = audit(finding(check, 60, 200)) if check else audit()
    rule = classes_are_as_in_production(facts(project=project(data=shares), audit=found))
    assert (status, severity) == (rule.status, rule.severity)


def test_class_balance_needs_classes_an_audit_and_a_test():
    """Free answers have no classes; without an audit, or anything to compare with, the balance is unknown."""
    assert classes_are_as_in_production(facts(project=project(task="generation"))).status == "pass"
    assert classes_are_as_in_production(facts(audit=None)).status == "unknown"
    assert classes_are_as_in_production(facts(test=None)).status == "unknown"
