"""Rules on what is reached without training."""

from dataclasses import replace

import pytest

from tests.problem_cases import audit, facts, finding, letters, project, table
from tunecase.problem.criteria.baselines import (
    baseline_is_below_target,
    baselines_are_measured,
    inputs_carry_signal,
    prompts_were_tried,
    room_after_a_heuristic,
    something_to_gain,
)
from tunecase.records import AtHand, Baseline


def outcome(rule):
    """Status and severity of a criterion."""
    return rule.status, rule.severity


def test_missing_baselines_are_unknown():
    """What is in use is a warning when missing; without any baseline the stop stays open."""
    rule = baselines_are_measured(facts(project=project(baseline=None)))
    assert outcome(rule) == ("unknown", "warn")
    assert rule.reason == "not measured: in use"
    none = baselines_are_measured(facts(project=project(baseline=None), majority=None, probe=None))
    assert outcome(none) == ("unknown", "stop")
    assert "test set" in none.fix


@pytest.mark.parametrize(
    ("majority", "probe", "status", "got"),
    [
        (0.35, 0.50, "fail", "55.6%"),
        (0.35, 0.65, "fail", "66.7%"),
        (0.9, 0.9, "fail", "all of it"),
        (None, 0.5, "unknown", "-"),
    ],
)
def test_room_after_a_heuristic(majority, probe, status, got):
    """The share of the way from majority to target that a cheap method goes is a note."""
    rule = room_after_a_heuristic(facts(majority=majority, probe=probe))
    assert (status, "note", got) == (rule.status, rule.severity, rule.got)


def test_room_is_left():
    """A probe near majority leaves most of the way."""
    rule = room_after_a_heuristic(facts(project=project(baseline=None), majority=0.35, probe=0.40))
    assert (rule.status, rule.got) == ("pass", "11.1%")


@pytest.mark.parametrize(
    ("probe", "status", "got"), [(0.71, "pass", "0.89"), (0.72, "fail", "0.90"), (0.85, "fail", "1.06")]
)
def test_baseline_near_target_warns(probe, status, got):
    """From 90% of the target on, tuning is probably not worth it."""
    rule = baseline_is_below_target(facts(probe=probe))
    assert (status, "warn", got) == (rule.status, rule.severity, rule.got)


@pytest.mark.parametrize(
    ("probe", "words", "fix"),
    [
        (0.72, "a baseline is almost there: tuning is probably not worth it", "better prompts"),
        (0.799, "a baseline is almost there: tuning is probably not worth it", "better prompts"),
        (0.8, "a baseline meets the target already: there is nothing left to tune for", "raise the target"),
        (0.9, "a baseline meets the target already: there is nothing left to tune for", "raise the target"),
    ],
)
def test_a_baseline_that_meets_the_target_is_not_called_near_it(probe, words, fix):
    """Short of the target and at it are two things, with what follows from each."""
    rule = baseline_is_below_target(facts(probe=probe))
    assert (words, True) == (rule.reason, fix in rule.fix)


def test_a_lower_error_than_the_target_meets_it():
    """With an error, and in a case by cost, a baseline below the target is said to meet it."""
    asked = {"metric": "mae", "target": 2, "baseline": "1.5"}
    served = {"price_per_1k_today": "20 USD", "price_per_1k_answers": "5 USD"}
    alone, cheaper = (
        baseline_is_below_target(facts(project=project(**asked, serving=serving), majority=None, probe=None))
        for serving in ({}, served)
    )
    assert alone.reason.startswith("a baseline meets the target already")
    assert (cheaper.severity, cheaper.reason) == (
        "note", "a baseline meets the target already: only a cheaper answer (P9) makes the case"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("baseline", "status", "got"), [("4", "pass", "0.50"), ("2.1", "fail", "0.95"), ("1.5", "fail", "1.33")]
)
def test_ratio_flips_when_lower_is_better(baseline, status, got):
    """For an error the ratio is target over baseline."""
    asked = project(metric="mae", target=2, baseline=baseline)
    rule = baseline_is_below_target(facts(project=asked, majority=None, probe=None))
    assert (status, got) == (rule.status, rule.got)


def test_zero_error_is_near_any_target():
    """An error of zero leaves nothing to tune."""
    asked = project(metric="mae", target=2, baseline="0")
    assert baseline_is_below_target(facts(project=asked, majority=None, probe=None)).status == "fail"


def test_lower_is_better_throughout():
    """With an error the smallest baseline is the best, and the way and the gain point down."""
    asked = project(metric="mae", target=2, baseline="4")
    lower = facts(project=asked, majority=10.0, probe=5.0)
    assert (lower.best, lower.gain) == (4.0, 2.0)
    assert room_after_a_heuristic(lower).got == "75%"
    assert something_to_gain(lower).got == "2"
    assert room_after_a_heuristic(facts(project=asked, majority=1.0, probe=5.0)).status == "fail"
    assert baselines_are_measured(lower).got == "majority 10, probe 5, in use 4"


@pytest.mark.parametrize(("target", "status"), [("80%", "pass"), ("65%", "fail"), ("50%", "fail"), (None, "unknown")])
def test_something_to_gain(target, status):
    """A target that a baseline already meets leaves nothing to gain, as a note."""
    rule = something_to_gain(facts(project=project(target=target)))
    assert (status, "note") == outcome(rule)
    assert status != "fail" or "nothing to gain" in rule.reason
    assert (status == "unknown") == (
        baseline_is_below_target(facts(project=project(target=target))).status == "unknown"
    )


@pytest.mark.parametrize(
    ("train", "test", "majority", "probe", "baseline", "status"),
    [
        (200, 100, 0.35, 0.65, None, "pass"),
        (200, 100, 0.50, 0.52, None, "fail"),
        (200, 100, 0.50, 0.40, None, "fail"),
        (99, 100, 0.50, 0.52, None, "unknown"),
        (200, 49, 0.50, 0.52, None, "unknown"),
        (200, 100, 0.92, 0.92, None, "unknown"),
        (200, 100, 0.50, 0.52, "70%", "unknown"),
    ],
)
def test_signal(train, test, majority, probe, baseline, status):
    """A probe that learns nothing warns, with rows enough, no dominant answer and no better score in use."""
    asked = project(baseline=baseline)
    given = facts(
        project=asked, train=table(letters(train)), test=table(letters(test, 1)), majority=majority, probe=probe
    )
    assert (status, "warn" if status == "fail" else "stop") == outcome(inputs_carry_signal(given))


@pytest.mark.parametrize(("severity", "wanted"), [("stop", ("fail", "stop")), ("warn", ("pass", "stop"))])
def test_random_labels_stop_only_where_the_audit_is_sure(severity, wanted):
    """What the audit stops for fails whatever the probe scores; a doubt leaves the word to the probe."""
    found = replace(finding("labels_random", 200, 200), severity=severity)
    given = facts(train=table(letters(200)), test=table(letters(100, 1)), majority=0.3, probe=0.7, audit=audit(found))
    assert wanted == outcome(inputs_carry_signal(given))


def test_signal_is_unknown_without_scores():
    """Without scores the signal is unknown: a stop for classes, a note for scores that count no items."""
    assert outcome(inputs_carry_signal(facts(probe=None))) == ("unknown", "stop")
    assert outcome(inputs_carry_signal(facts(project=project(metric="chrf")))) == ("unknown", "note")


@pytest.mark.parametrize(
    ("alternatives", "target", "status"),
    [
        ({}, "80%", "unknown"),
        ({"prompt_open": {"score": "66%"}}, "80%", "pass"),
        ({"prompt_open": {"score": "62%"}}, "80%", "unknown"),
        ({"retrieval": {"score": "80%"}}, "80%", "fail"),
        ({"tune_small": {"score": "99%"}}, "80%", "unknown"),
        ({"prompt_hosted": {"score": "62%"}}, None, "unknown"),
    ],
)
def test_prompts_are_tried_first(alternatives, target, status):
    """Short of the target a prompt passes, at it it warns; none, or one below the probe's 65%, leaves it open."""
    rule = prompts_were_tried(facts(project=project(alternatives=alternatives, target=target)))
    assert (status, "warn") == (rule.status, rule.severity)


def test_prompts_for_a_metric_that_falls():
    """For an error a prompt reaches the target from above."""
    asked = {"metric": "mae", "target": 2, "baseline": 4}
    outcomes = [
        prompts_were_tried(
            facts(project=project(alternatives={"prompt_open": {"score": score}}, **asked), probe=5.0)
        ).status
        for score in (3, 2)
    ]
    assert outcomes == ["pass", "fail"]


def test_a_pilots_prompts_count():
    """What a pilot scored without training counts as tried, and as a baseline; majority and probe are no prompts."""
    found = (Baseline("majority", 0.3, 100), Baseline("gpt few-shot", 0.7, 100))
    given = facts(piloted=found, measured=(AtHand("prompt_hosted", "gpt", 0.7),))
    assert prompts_were_tried(given).got == "gpt few-shot 70%"
    assert given.best == 0.7


def test_a_search_is_no_prompt():
    """The nearest examples ask no model: whether a prompt would do is open, and nobody would put copies to use."""
    near = Baseline("nearest examples", 0.66, 100, kind="search")
    alone = facts(piloted=(near,))
    assert (prompts_were_tried(alone).status, alone.best) == ("unknown", 0.65)
    both = facts(piloted=(near, Baseline("gpt few-shot", 0.7, 100)))
    assert prompts_were_tried(both).got == "gpt few-shot 70%"


def test_todays_answers_must_be_whole():
    """A column of today's answers is the score in use; with a gap in it the column is asked for."""
    test = table(letters(4, 1), [{"today": out} if k else {} for k, (_, out) in enumerate(letters(4, 1))])
    asked = project(baseline=None, data={"answer_today": "today"})
    rule = baselines_are_measured(facts(project=asked, test=test))
    assert (rule.status, "fill the column 'today' in every test row, or add today.score") == ("unknown", rule.fix)
    whole = table(letters(4, 1), [{"today": out} for _, out in letters(4, 1)])
    assert "in use 100%" in baselines_are_measured(facts(project=asked, test=whole)).got
