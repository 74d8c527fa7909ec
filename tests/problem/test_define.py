"""Verdicts on whole problems: good ones, the bad ones that others let pass, and what a verdict may not hang on."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.problem_cases import DESKS, TRIED, audit, basis, doubly_labelled, finding, letters, project, table
from tunecase.problem.criteria.facts import Facts
from tunecase.problem.define import CRITERIA, define
from tunecase.quantities.spread import Band
from tunecase.records import Definition

COST = Band(2_000.0, 3_000.0, 4_000.0, 5_000.0)


def judge(asked=None, train=None, test=None, majority=0.35, probe=0.65, audited=None, cost=COST):
    """The Definition of a well-posed problem but for what is given."""
    asked = asked or project(alternatives=TRIED)
    train = train if train is not None else table(letters(200))
    test = test if test is not None else doubly_labelled(letters(500, 1, 1000), 485)
    audited = audited or audit()
    return define(Facts(asked, train, test, basis(asked), majority, probe, audited, cost))


def by_id(definition: Definition):
    """The criteria of a definition by their id."""
    return {rule.id: rule for rule in definition.criteria}


def failed(definition: Definition, severity: str = "stop"):
    """Ids of the failed rules of one severity."""
    return {rule.id for rule in definition.criteria if rule.status == "fail" and rule.severity == severity}


def share_of_commonest(pairs):
    """The majority baseline: share of the commonest answer."""
    return max(Counter(out for _, out in pairs).values()) / len(pairs)


def test_good_problem_goes_to_pilot():
    """A problem with everything stated and measured goes to the pilot."""
    definition = judge()
    assert (definition.verdict, definition.ok) == ("go to pilot", True)
    assert {"pass"} == {rule.status for rule in definition.criteria if rule.severity != "note"}
    assert len(CRITERIA) == len({rule.id for rule in definition.criteria})


def test_record_carries_the_numbers():
    """The record holds target, ceiling, test power and the value of a point."""
    definition = judge()
    assert (definition.task, definition.metric, definition.target) == ("classification", "accuracy", 0.8)
    assert (definition.train_rows, definition.test_rows, definition.test_rows_needed) == (200, 500, 93)
    assert definition.agreement == 0.97
    assert 0.97 < definition.ceiling.low < definition.ceiling.high < 1
    assert 0.04 < definition.smallest_gain < 0.05
    # 2 USD x about 7,071 a month x 12 months x 0.01
    assert definition.value_per_point.p50 == pytest.approx(2 * 7_071 * 12 * 0.01, rel=0.05)


def test_every_rule_says_what_why_and_from_where():
    """Every criterion has words and a source, and every one that does not pass has a fix."""
    for definition in (judge(), judge(project(metric=None, target=None, value=None), audited=audit())):
        for rule in definition.criteria:
            assert all((rule.name, rule.got, rule.wanted, rule.reason, rule.source)), rule
            assert rule.status == "pass" or rule.fix, rule


@pytest.mark.parametrize("goal", ["make it better", "cure cancer", "predict tomorrow's stock price"])
def test_vague_goal_asks_for_metric_and_target(goal):
    """A goal without metric and target is not refused: its verdict stays open, and exactly these are asked for."""
    asked = project(goal=goal, metric=None, target=None)
    definition = define(Facts(asked, table(letters(200)), None, basis(asked)))
    rule = by_id(definition)["P1"]
    assert (rule.status, rule.severity, definition.verdict) == ("unknown", "stop", "fix first")
    assert rule.reason == "missing: a metric and a numeric target"
    assert "problem.metric: accuracy; problem.target: 92%" in rule.fix
    assert by_id(definition)["P3"].status == "unknown"


def test_three_rows_are_refused():
    """Three copies of one pair are refused for their number; copies count once."""
    train = table([("the same letter", "harbour")] * 3)
    definition = judge(train=train, test=table(letters(4)))
    assert {"D1", "P7"} <= failed(definition)
    assert by_id(definition)["D1"].got == "3 rows, 1 different"
    assert by_id(definition)["D1"].price.p50 == pytest.approx(49 * 0.50)


def test_forty_rows_are_refused():
    """Forty rows split 36 to 4 are refused, with the size needed and its price."""
    definition = judge(project(target="68%"), table(letters(36)), table(letters(4, 1, 900)))
    rule = by_id(definition)["P7"]
    assert (rule.status, rule.severity, definition.verdict) == ("fail", "stop", "do not start")
    assert "no gain can ever be shown (the best possible outcome has p = 0.125)" in rule.reason
    assert "you asked for 3; you need 1,185; 1,181 more cost 590 USD" in rule.reason
    assert definition.test_rows_needed == 1_185
    assert definition.smallest_gain is None


def test_forty_rows_without_a_split_are_refused():
    """Forty rows and no test set are refused too: even all of them would not do."""
    asked = project(target="70%")
    definition = define(Facts(asked, table(letters(40)), None, basis(asked), 0.35, 0.65))
    assert "P7" in failed(definition)


@pytest.mark.parametrize("seed", range(3))
def test_random_labels_are_refused(seed):
    """300 random labels on 20 texts contradict each other and beat no majority by more than noise."""
    rng = random.Random(seed)
    pairs = [(f"short text {i % 20}", rng.choice(["yes", "no"])) for i in range(300)]
    test = [(f"short text {i % 20}", rng.choice(["yes", "no"])) for i in range(100)]
    majority = share_of_commonest(test)
    audited = audit(finding("contradiction", 300, 300), rows=300)
    asked = project(baseline=None)
    definition = judge(asked, table(pairs), table(test), majority, 0.5, audited)
    assert "D5" in failed(definition)
    assert ("fail", "warn") == (by_id(definition)["S1"].status, by_id(definition)["S1"].severity)
    assert "no signal in the inputs" in by_id(definition)["S1"].reason
    assert "contradictions (D5)" in definition.reason


def test_few_random_one_word_labels_are_refused():
    """Ten short prompts, each asked twice with a random word, contradict; no rule complains of short labels."""
    rng = random.Random(4)
    pairs = [(f"prompt {i % 10}", rng.choice(["red", "blue"])) for i in range(20)]
    clashing = sum(len({b for c, b in pairs if c == a}) > 1 for a, _ in pairs)
    definition = judge(train=table(pairs), audited=audit(finding("contradiction", clashing, 20), rows=20))
    assert "D5" in failed(definition)
    assert not any("word" in rule.reason or "length" in rule.reason for rule in definition.criteria)


def test_target_above_the_ceiling_is_refused():
    """A target of 95% is refused where two people agree on 80% of the rows."""
    definition = judge(project(target="95%"), test=doubly_labelled(letters(500, 1, 1000), 400))
    rule = by_id(definition)["P6"]
    assert {"P6"} == failed(definition)
    ceiling = "ceiling 90.4%, the upper end of 87.2% to 90.4%"
    assert f"two people agree on 80% of 500 rows, {ceiling}: no model can honestly score 95%" in rule.reason
    assert definition.ceiling.high < 0.95
    assert rule.price is not None


def test_price_list_asks_for_retrieval_first():
    """Answers that hold prices which the input lacks get the advice to try retrieval first."""
    pairs = [
        (f"what does lamp model {chr(65 + i % 26)}{i} cost", f"it costs {17 * i + 10}.50 this week") for i in range(60)
    ]
    definition = judge(project(metric="exact_match"), train=table(pairs), test=table(pairs))
    rule = by_id(definition)["P10"]
    assert (definition.task, rule.status, rule.severity) == ("generation", "fail", "warn")
    assert "retrieval" in rule.fix


SENTENCES = {
    desk: f"Please carry this letter without delay to the people who work at the {desk}, 14 Long Road."
    for desk in DESKS
}


def renamed(of, names):
    """A table with its labels renamed, second labels too."""
    rows = [(row.input, names[row.output]) for row in of.rows]
    return table(rows, [{key: names[value] for key, value in row.other.items()} for row in of.rows])


def shown(definition: Definition):
    """What a verdict says, number by number."""
    rules = [(rule.id, rule.status, rule.severity, rule.got, rule.price) for rule in definition.criteria]
    return definition.verdict, definition.reason, definition.task, definition.ceiling, rules


def problems():
    """A good problem and two bad ones: (train, test)."""
    rng = random.Random(1)
    mixed = [(f"short text {i % 20}", rng.choice(DESKS)) for i in range(300)]
    return [
        (table(letters(200)), doubly_labelled(letters(500, 1, 1000), 485)),
        (table(letters(40)), doubly_labelled(letters(40, 1, 1000), 30)),
        (table(mixed), doubly_labelled(letters(500, 1, 1000), 300)),
    ]


@pytest.mark.parametrize("which", range(3))
def test_labels_as_sentences_change_nothing(which):
    """Labels written as long sentences leave every verdict as it is."""
    train, test = problems()[which]
    audited = audit(finding("contradiction", 30, 200))
    before = judge(train=train, test=test, audited=audited)
    after = judge(train=renamed(train, SENTENCES), test=renamed(test, SENTENCES), audited=audited)
    assert shown(before) == shown(after)


@law(20)
@given(cut=st.integers(0, 500))
def test_fewer_test_rows_never_help_the_test_rule(cut):
    """A smaller test set never turns the rule of test power from failed to passed."""
    full = doubly_labelled(letters(500, 1, 1000), 485)
    small = table([(row.input, row.output) for row in full.rows[:cut]])
    needed = judge().test_rows_needed
    assert ("pass" if cut >= needed else "fail") == by_id(judge(test=small))["P7"].status


def test_unknown_is_never_go():
    """Without double labels and audit the verdict is to fix first, and says what is not known."""
    asked = project()
    test = table(letters(500, 1, 1000))
    definition = define(Facts(asked, table(letters(200)), test, basis(asked), 0.35, 0.65))
    assert definition.verdict == "fix first"
    assert definition.ok
    assert "not known yet: label ceiling (P6), contradictions (D5), test rows in training (D7)" in definition.reason
    assert "worth the cost (P8)" in definition.reason
    assert by_id(definition)["P6"].price.p50 == pytest.approx(100 * 0.50)


def test_a_cheaper_way_that_meets_the_target_is_named_and_is_no_fault():
    """It stands first in the reason of the verdict; what else is to be fixed stands after it."""
    met = judge(project(alternatives={"prompt_hosted": {"score": "85%"}}))
    assert ("fix first", True) == (met.verdict, met.met)
    assert met.reason.startswith("A cheaper way meets the target: nothing is left to tune for (P20, P5).")
    assert "Fix first" not in met.reason
    more = judge(project(alternatives={"prompt_hosted": {"score": "85%"}}, errors_read=3))
    assert "(P20, P5). Fix first: failed error analysis (P11)." in more.reason
    near = judge(project(alternatives={"prompt_hosted": {"score": "75%"}}))
    assert ("fix first", False) == (near.verdict, near.met)
    assert near.reason.startswith("Fix first: failed distance to the target (P5)")
