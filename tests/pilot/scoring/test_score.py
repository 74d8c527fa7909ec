"""Scores are the field's, per row and over a test set, with doubt that holds the truth as often as it says."""

import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from tests.laws import IS_WHOLE, law
from tests.machine import allowed
from tunecase import catalog
from tunecase.errors import MissingExtraError
from tunecase.pilot.scoring.metrics import METRIC_SUMS
from tunecase.pilot.scoring.score import (
    METRICS,
    check_metric,
    count_correct,
    mean_interval,
    paired,
    row_scores,
    score_interval,
    score_of,
)
from tunecase.quantities.statistics import wilson

LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=30)
SENTENCES = st.lists(
    st.tuples(st.text("abc d.é", max_size=12), st.text("abc d.é", max_size=12)), min_size=1, max_size=8
)
Pairs = tuple[list[str], list[str]]


def classes(rng: random.Random, n: int) -> Pairs:
    """Labels of ten classes, one in five easy, with answers right about 70% of the time."""
    labels = [str(rng.randrange(10)) for _ in range(n)]
    return labels, [y if rng.random() < 0.5 + int(y) / 25 else str(rng.randrange(10)) for y in labels]


def fields(rng: random.Random, n: int) -> Pairs:
    """Objects of one to seven fields; rows differ in how many are right, and some answers are not JSON."""
    labels, answers = [], []
    for _ in range(n):
        wanted = {f"f{i}": i for i in range(rng.randint(1, 7))}
        skill = rng.betavariate(4, 1)
        given_fields = {name: value if rng.random() < skill else 99 for name, value in wanted.items()}
        labels.append(json.dumps(wanted))
        answers.append(json.dumps(given_fields) if rng.random() < 0.95 else "none")
    return labels, answers


def sentences(rng: random.Random, n: int) -> Pairs:
    """Sentences of three to twelve words, some of them replaced."""
    bag = "alpha beta gamma delta epsilon zeta eta theta".split()
    labels, answers = [], []
    for _ in range(n):
        words = rng.choices(bag, k=rng.randint(3, 12))
        skill = rng.betavariate(3, 1)
        labels.append(" ".join(words))
        answers.append(" ".join(word if rng.random() < skill else rng.choice(bag) for word in words))
    return labels, answers


MADE: tuple[Any, ...] = (
    ("accuracy", classes), ("macro_f1", classes), ("exact_match", fields), ("field_f1", fields), ("chrf", sentences),
    pytest.param("rouge_l", sentences, marks=pytest.mark.slow),
)  # fmt: skip


@law(40)
@given(LABELS)
def test_scores_are_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    """Accuracy and macro F1 agree with scikit-learn's definitions."""
    labels, guesses = [label for label, _ in pairs], [guess for _, guess in pairs]
    assert pytest.approx(accuracy_score(labels, guesses)) == score_of("accuracy", labels, guesses)
    expected = f1_score(labels, guesses, average="macro", zero_division=0)
    assert pytest.approx(expected) == score_of("macro_f1", labels, guesses)
    assert pytest.approx(count_correct(labels, guesses) / len(labels)) == score_of("accuracy", labels, guesses)


@law(40)
@given(SENTENCES)
def test_chrf_is_sacrebleus(pairs: list[tuple[str, str]]) -> None:
    """chrF over the set and per row is what sacrebleu's public corpus and sentence scores say."""
    from sacrebleu.metrics.chrf import CHRF

    labels, guesses = [label for label, _ in pairs], [guess for _, guess in pairs]
    assert pytest.approx(CHRF().corpus_score(guesses, [labels]).score / 100) == score_of("chrf", labels, guesses)
    each = [CHRF().sentence_score(guess, [label]).score / 100 for label, guess in pairs]
    assert pytest.approx(each) == row_scores("chrf", labels, guesses)


@pytest.mark.slow
@law(40)
@given(st.lists(st.tuples(st.text("abc D.", max_size=12), st.text("abc D.", max_size=12)), min_size=1, max_size=8))
def test_rouge_l_is_rouge_scores(pairs: list[tuple[str, str]]) -> None:
    """ROUGE-L is the mean of rouge-score's F, on the letters it knows."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"])
    each = [scorer.score(label, guess)["rougeL"].fmeasure for label, guess in pairs]
    labels, guesses = [label for label, _ in pairs], [guess for _, guess in pairs]
    assert pytest.approx(each) == row_scores("rouge_l", labels, guesses)
    assert pytest.approx(sum(each) / len(each)) == score_of("rouge_l", labels, guesses)


@pytest.mark.slow
def test_rouge_l_reads_every_script() -> None:
    """Letters beyond a to z count, which rouge-score alone drops."""
    assert 1.0 == score_of("rouge_l", ["Größe élève", "你好 世界"], ["größe, ÉLÈVE", "你好 世界"])
    assert pytest.approx(0.5) == score_of("rouge_l", ["добрый день"], ["добрый вечер"])


def test_exact_match_and_field_f1_by_hand() -> None:
    """Objects count as equal by their fields, texts by what they mean; field F1 is a ratio of sums."""
    labels = ['{"a": 1, "b": 2}', '{"a": 1}', "forty-two", "12.0"]
    answers = ['{"b": 2.0, "a": 1}', '{"a": 1, "c": 3}', "Forty-two.", "12"]
    assert (1.0, 0.0, 1.0, 1.0) == row_scores("exact_match", labels, answers)
    assert pytest.approx(2 * 3 / (4 + 3)) == score_of("field_f1", labels[:2], answers[:2])
    assert pytest.approx((1.0, 2 / 3)) == row_scores("field_f1", labels[:2], answers[:2])
    assert (0.0, 1.0) == row_scores("field_f1", ['{"a": 1}', "{}"], ["a is 1", "{}"])


@pytest.mark.parametrize(("metric", "made"), MADE)
def test_the_laws_of_scores(metric: str, made: Callable[[random.Random, int], Pairs]) -> None:
    """Scores lie in 0 to 1, means are means, order does not matter, and equal answers do not differ."""
    labels, answers = made(random.Random(3), 60)
    _, others = made(random.Random(4), 60)
    each = row_scores(metric, labels, answers)
    assert len(labels) == len(each)
    assert all(0 <= one <= 1 for one in each)
    if METRIC_SUMS[metric].is_mean:
        assert pytest.approx(sum(each) / len(each)) == score_of(metric, labels, answers)
    order = random.Random(5).sample(range(60), 60)
    turned = [[values[i] for i in order] for values in (labels, answers, others)]
    assert score_of(metric, labels, answers) == score_of(metric, turned[0], turned[1])
    interval = score_interval(metric, labels, answers)
    assert interval == score_interval(metric, turned[0], turned[1])
    assert interval.low < interval.mid < interval.high
    assert score_of(metric, labels, answers) == interval.mid
    difference = paired(metric, labels, answers, others)
    assert difference == paired(metric, *turned)
    expected = score_of(metric, labels, answers) - score_of(metric, labels, others)
    assert pytest.approx(expected) == difference.difference.mid
    back = paired(metric, labels, others, answers)
    assert pytest.approx(1 - difference.first_better, abs=0.03) == back.first_better
    assert pytest.approx(-expected) == back.difference.mid
    same = paired(metric, labels, answers, answers)
    assert (0.0, 0.0, 0.0, 0.5) == (same.difference.low, same.difference.mid, same.difference.high, same.first_better)
    assert (1.0, 1.0) == (score_of(metric, labels, labels), score_interval(metric, labels, labels).high)


@pytest.mark.parametrize(("metric", "made"), MADE)
def test_intervals_hold_the_truth(metric: str, made: Callable[[random.Random, int], Pairs]) -> None:
    """Of many test sets of 60 rows, about 80% of the intervals hold the score of a very large one."""
    sets = 20 if metric == "chrf" and not IS_WHOLE else 60
    rng = random.Random(7)
    labels, answers = made(rng, 20_000 if metric in {"accuracy", "macro_f1"} else 1_500)
    truth = score_of(metric, labels, answers)
    held = 0
    for _ in range(sets):
        labels, answers = made(rng, 60)
        interval = score_interval(metric, labels, answers)
        held += interval.low <= truth <= interval.high
    assert 0.70 <= held / sets <= 0.92


def test_pairs_hold_the_truth_and_find_the_better() -> None:
    """The interval of a true difference of .08 holds it about 80% of the time; more rows make it surer."""
    rng, held = random.Random(8), 0

    def two(n: int) -> tuple[list[str], list[str], list[str]]:
        hard = [rng.random() for _ in range(n)]
        sides = [["a" if rng.gauss(skill, 0.1) > x else "b" for x in hard] for skill in (0.78, 0.70)]
        return ["a"] * n, sides[0], sides[1]

    labels, first, second = two(50_000)
    truth = score_of("accuracy", labels, first) - score_of("accuracy", labels, second)
    for _ in range(100):
        one = paired("accuracy", *two(200))
        held += one.difference.low <= truth <= one.difference.high
    assert 0.72 <= held / 100 <= 0.90
    assert paired("accuracy", *two(2_000)).first_better > 0.99


def test_all_right_is_not_certain() -> None:
    """Where no row differs, the interval is Wilson's, not a point."""
    for metric, labels in (("accuracy", ["a"] * 20), ("field_f1", ['{"a": 1}'] * 20), ("chrf", ["alpha beta"] * 20)):
        interval = score_interval(metric, labels, labels)
        assert pytest.approx(wilson(20, 20)[0]) == interval.low
        assert 1.0 == interval.high


@law(40)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_the_interval_of_a_mean_holds_it(scores: list[float]) -> None:
    """The interval of a mean lies in 0 to 1 around it, and widens with confidence."""
    low, high = mean_interval(scores)
    mean = sum(scores) / len(scores)
    assert 0 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1
    wider = mean_interval(scores, 0.95)
    assert wider[0] <= low + 1e-9
    assert high <= wider[1] + 1e-9


def test_right_and_wrong_have_wilsons_interval() -> None:
    """For scores of 0 and 1 the interval of the mean is Wilson's; without rows nothing is known."""
    assert pytest.approx(wilson(7, 20)) == mean_interval([1.0] * 7 + [0.0] * 13)
    assert (0.0, 1.0) == mean_interval([])


def test_resampling_is_quick() -> None:
    """2,000 resamples of 300 rows take milliseconds; a tenth of a second would be a fault."""
    labels, answers = fields(random.Random(1), 300)
    paired("field_f1", labels, answers, answers)
    started = time.process_time()
    paired("macro_f1", labels, labels, answers)
    assert time.process_time() - started < allowed(0.5)


def test_metrics_are_in_the_catalog() -> None:
    """Every metric is a bounded row of the table with the same direction; shares of right rows are binomial."""
    rows = {metric: catalog.metric(metric) for metric in METRIC_SUMS}
    assert dict(METRICS) == {metric: row.direction for metric, row in rows.items() if row.bounded}
    assert {"accuracy", "exact_match", "pass_at_1", "tool_calls"} == {
        metric for metric, row in rows.items() if row.binomial
    }


def test_a_missing_library_is_said_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without rouge-score ROUGE says the install line, and the others go on."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pip install rouge-score"):
        check_metric("rouge_l")
    check_metric("chrf")


def test_what_cannot_be_scored_is_refused() -> None:
    """Another metric, no rows, or unequal lengths raise with what was got."""
    with pytest.raises(ValueError, match="metric 'bleu'"):
        score_of("bleu", ["a"], ["a"])
    with pytest.raises(ValueError, match="0 labels"):
        score_of("accuracy", [], [])
    with pytest.raises(ValueError, match="2 labels and 1 predictions"):
        score_of("accuracy", ["a", "b"], ["a"])
