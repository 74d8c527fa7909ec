"""Variants of the problem are scored on the pilot's own answers, without the luck of having been chosen there."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pilot.test_trial import ROOT, climb, example, planted, table
from tunecase.data.reading.load import load
from tunecase.pilot.answers import Answers
from tunecase.pilot.examples import Examples
from tunecase.pilot.ladder import usable
from tunecase.pilot.trainers import probe
from tunecase.pilot.trainers.task import Task
from tunecase.pilot.variants import Change, Row, confident, dropped, merged, variants
from tunecase.quantities import LEAST_TEST_ROWS
from tunecase.records import Pilot, Variant, from_json, to_json

BANKING = ROOT / ".." / "shared" / "data" / "text" / "banking77"
KINDS = ("merge", "drop", "confident")
# A label, the answer of each of two draws, and how sure each was.
ROW = st.tuples(*[st.sampled_from("abcde")] * 3, *[st.floats(0, 1)] * 2)
ROWS = st.lists(ROW, min_size=LEAST_TEST_ROWS, max_size=LEAST_TEST_ROWS + 20)


def asked(labels: Sequence[str], *draws: Sequence[str], sure: Sequence[Sequence[float]] = (), **more: Any) -> Any:
    """The test rows and the answers of each draw to them; a row's text is its number unless given."""
    tests = Examples(tuple(more.get("texts", map(str, range(len(labels))))), tuple(labels))
    answers = [
        Answers(
            tuple(draw),
            tuple(float(label == answer) for label, answer in zip(labels, draw, strict=True)),
            tuple(sure[number]) if sure else None,
        )
        for number, draw in enumerate(draws)
    ]
    return tests, answers


def columns(rows: Sequence[tuple[Any, ...]]) -> Any:
    """The generated rows as test rows and answers, each row's text telling it apart."""
    labels, first, second, *sure = zip(*rows, strict=True)
    return asked(labels, first, second, sure=sure, texts=[repr(row) for row in rows])


def of_kind(found: Sequence[Variant], kind: str) -> list[Variant]:
    """The variants of one kind, in order."""
    return [variant for variant in found if variant.kind == kind]


def mostly(label: str, other: str, share: float, rng: random.Random) -> str:
    """The label, or with this chance the other."""
    return other if rng.random() < share else label


def gain(change: Change, rows: Sequence[Row]) -> float:
    """The score of the changed problem less that of the unchanged one, on the same rows."""
    changed, unchanged = ([right for row in rows for right in each.outcomes(row)] for each in (change, Change()))
    return fmean(changed) - fmean(unchanged)


@settings(max_examples=10)
@given(ROWS, st.randoms(use_true_random=False))
def test_counts_hang_together(rows: list[tuple[Any, ...]], rng: random.Random) -> None:
    """Rows in scope are the covered share of all, no more are right than are in scope, at most three of a kind.

    Merging lowers no score and leaves every row in scope; a shuffled test file gives the same, to the last digit.
    """
    tests, answers = columns(rows)
    found = variants(tests, answers)
    assert max(Counter(variant.kind for variant in found).values(), default=0) <= 3
    assert sorted(found, key=lambda variant: KINDS.index(variant.kind)) == list(found)
    unchanged = fmean(fmean(each.row_scores) for each in answers)
    for variant in found:
        assert 0 < variant.covered <= 1
        assert pytest.approx(variant.covered * len(rows)) == variant.rows
        assert pytest.approx(variant.correct) == variant.interval.mid * variant.rows
        assert 0 <= variant.interval.low <= variant.interval.mid <= variant.interval.high <= 1
        assert pytest.approx(unchanged) == variant.unchanged_score
    for variant in of_kind(found, "merge"):
        assert variant.interval.mid >= variant.unchanged_score
        assert 1 == variant.covered
    assert found == variants(*columns(rng.sample(rows, len(rows))))


def test_a_guesser_gains_nothing_by_choosing() -> None:
    """Where no class is harder and no confidence means anything, the score does not rise, though the choice seems to.

    On the rows that chose, the same changes look better: that luck is what must not come through.
    """
    gains: dict[str, list[float]] = {"drop": [], "confident": []}
    flattered = []
    for seed in range(50):
        rng = random.Random(seed)
        labels = [f"c{i % 10}" for i in range(200)]
        answers = [mostly(label, "other", 0.4, rng) for label in labels]
        tests, given_answers = asked(labels, answers, sure=[[rng.random() for _ in labels]])
        found = variants(tests, given_answers)
        for kind, each in gains.items():
            each.append(of_kind(found, kind)[-1].interval.mid - of_kind(found, kind)[-1].unchanged_score)
        rows = [Row(label, (answer,)) for label, answer in zip(labels, answers, strict=True)]
        flattered.append(gain(dropped(rows)[-1], rows))
    for each in gains.values():
        assert abs(fmean(each)) < 3 * stdev(each) / len(each) ** 0.5
    assert fmean(flattered) > 0.05


def test_what_is_confused_is_merged_and_what_is_hard_is_left_out() -> None:
    """A pair taken for each other counts as one, a class that is mostly wrong goes to people, and both help."""
    rng = random.Random(3)
    share = {"how_to": ("feature", 0.5), "feature": ("how_to", 0.5), "login": ("refund", 0.7)}
    labels = ["how_to", "feature", "login", "refund", "charge"] * 60
    answers = [mostly(label, *share.get(label, ("refund", 0.0)), rng) for label in labels]
    found = variants(*asked(labels, answers))
    merge, drop = of_kind(found, "merge")[0], of_kind(found, "drop")[0]
    assert ("count feature and how_to as one", ("feature", "how_to")) == (merge.name, merge.classes)
    assert ("leave login to people", ("login",)) == (drop.name, drop.classes)
    assert (300, 240) == (merge.rows, drop.rows)
    assert all(variant.interval.low > variant.unchanged_score for variant in (merge, drop))


def test_a_merged_group_grows_or_another_begins() -> None:
    """The second merge takes the group of the first as a class, and no merge leaves a single class."""
    rows = [Row("a", ("b",))] * 5 + [Row("c", ("b",))] * 4 + [Row("d", ("d",))]
    assert [("a", "b"), ("a", "b", "c")] == [change.classes for change in merged([*rows, Row("b", ("b",))])]
    rows = [Row("a", ("b",))] * 5 + [Row("c", ("d",))] * 4 + [Row(name, (name,)) for name in "bde"]
    assert "count a and b as one, c and d as one" == merged(rows)[1].name
    assert "count a, b and c as one" == Change("merge", dict.fromkeys("abc", "a")).name


def test_a_dropped_class_leaves_the_score_by_its_label_only() -> None:
    """Rows of a dropped label are gone, right or wrong; an answer that names it to another row stays wrong."""
    change = Change("drop", dropped=("a",))
    outcomes = [change.outcomes(Row(*row)) for row in (("a", ("a",)), ("a", ("b",)), ("b", ("a",)), ("b", ("b",)))]
    assert [[], [], [False], [True]] == outcomes


def test_classes_that_do_no_harm_are_not_dropped() -> None:
    """Where all classes are right alike nothing is dropped, and two classes are always left."""
    rows = [Row(label, (label,)) for label in "abc"]
    assert [] == dropped(rows)
    assert [("a",)] == [change.dropped for change in dropped([Row("a", ("b",)), *rows])]


def test_confident_answers_score_higher_where_confidence_tells() -> None:
    """Thresholds keep about nine tenths, three quarters and half; the surer the answers, the more are right."""
    rng = random.Random(5)
    labels = ["abcd"[i % 4] for i in range(400)]
    sure = [rng.random() for _ in labels]
    answers = [mostly(label, "?", 1 - confidence, rng) for label, confidence in zip(labels, sure, strict=True)]
    found = of_kind(variants(*asked(labels, answers, sure=[sure])), "confident")
    assert pytest.approx([0.9, 0.75, 0.5], abs=0.03) == [variant.covered for variant in found]
    scores = [found[0].unchanged_score, *(variant.interval.mid for variant in found)]
    assert sorted(scores) == scores
    assert scores[-1] > scores[0] + 0.15
    assert all(variant.name.startswith("answer only where confidence is at least 0.") for variant in found)


def test_equal_confidences_make_no_threshold() -> None:
    """A threshold that all answers pass, or that an earlier one has, is no variant; nor is one of draws without any."""
    labels = ["abcd"[i % 4] for i in range(200)]
    sure = [0.4 if i % 5 else 0.9 for i in range(200)]
    answers = ["a"] * 200
    assert [] == of_kind(variants(*asked(labels, answers, sure=[[0.7] * 200])), "confident")
    assert [] == of_kind(variants(*asked(labels, answers, sure=[sure])), "confident")
    assert 1 == len(of_kind(variants(*asked(labels, answers, sure=[[1.3 - each for each in sure]])), "confident"))
    tests, draws = asked(labels, answers, answers, sure=[sure, sure])
    assert [] == of_kind(variants(tests, [draws[0], replace(draws[1], confidences=None)]), "confident")
    assert [] == confident([Row("a", ("a",))])


def test_few_rows_and_no_answers_give_none() -> None:
    """One row below the least, or no draw with answers kept, and nothing is said."""
    labels = ["abc"[i % 3] for i in range(LEAST_TEST_ROWS)]
    answers = [("a", "b", "a", "c")[i % 4] for i in range(LEAST_TEST_ROWS)]
    tests, draws = asked(labels, answers)
    assert variants(tests, draws)
    assert () == variants(tests, [])
    assert () == variants(*asked(labels[1:], answers[1:]))
    assert () == variants(*asked([], []))


def test_odd_names_are_told_safely() -> None:
    """A class without letters, with control characters or without end is named on one short line, and can be stored."""
    cases = ["", "\u202e\x1b[31mred", "réclamation ☂", "x" * 100_000, "\udce9"]
    for odd in cases:
        labels = [(odd, "b", "c")[i % 3] for i in range(150)]
        answers = [("b", "b", "c")[i % 3] if i % 2 else label for i, label in enumerate(labels)]
        found = variants(*asked(labels, answers, texts=[f"{i} {odd[:9]}" for i in range(150)]))
        assert {"merge", "drop"} == {variant.kind for variant in found}
        for variant in found:
            assert len(variant.name) < 200
            assert all(text.isprintable() and len(text) <= 300 for text in (variant.name, *variant.classes))
            assert to_json(variant)
        assert found[0].name.startswith("count ")
        assert odd or "count (blank) and b as one" == found[0].name


def test_rows_of_one_text_do_not_cross_the_halves() -> None:
    """Copies of one text fall into one half: what they choose is not confirmed by themselves."""
    labels = ["a"] * 60 + ["b", "c", "d"] * 20
    answers = ["b"] * 60 + ["b", "c", "d"] * 20
    texts = ["the same"] * 60 + [str(i) for i in range(60)]
    drop = of_kind(variants(*asked(labels, answers, texts=texts)), "drop")[0]
    assert ("a",) == drop.classes
    assert drop.unchanged_score == 0.5 == drop.interval.mid


def test_a_pilot_pools_the_draws_of_its_largest_size() -> None:
    """Its variants stand beside its own mean score at that size, come back from JSON, and can be missing there."""
    rows = table([(f"text {i}", "abcd"[i % 4]) for i in range(160)])
    record = climb(rows, rows, trainer="simulated", sizes=(20, 40, 80), draws=2)
    assert set(KINDS) == {variant.kind for variant in record.variants}
    assert all(pytest.approx(record.mean_scores[-1][1]) == variant.unchanged_score for variant in record.variants)
    body = json.loads(to_json(record))
    assert record == from_json(Pilot, body)
    del body["variants"]
    assert replace(record, variants=()) == from_json(Pilot, body)


@pytest.mark.parametrize("more", [{"metric": "macro_f1"}, {"kind": "generation", "metric": "chrf"}])
def test_only_shares_of_rows_right_are_scored(more: dict[str, Any]) -> None:
    """A mean over classes, or over texts, has no variants."""
    rows = table([(f"text {i}", "abcd"[i % 4]) for i in range(160)])
    record = climb(rows, rows, trainer="simulated", sizes=(20, 40), draws=1, **more)
    assert record.mean_scores
    assert () == record.variants


def test_the_example_yields_sensible_variants() -> None:
    """On support tickets the vaguest intents are merged or left out; merging helps beyond doubt, leaving out does not.

    The fewer answers are used, the more of them are right.
    """
    record = climb(example("train"), example("test"), trainer="probe", drop_rows=planted(), sizes=(663,), draws=1)
    merge, drop = of_kind(record.variants, "merge"), of_kind(record.variants, "drop")
    assert "count bug_report and how_to as one" == merge[0].name
    assert {"bug_report", "feature_request", "how_to", "permissions"} == set(merge[2].classes)
    assert merge[2].interval.low > merge[2].unchanged_score == record.mean_scores[-1][1]
    assert "leave bug_report to people" == drop[0].name
    assert all(each.interval.low < each.unchanged_score < each.interval.high for each in drop)
    assert sorted((each.covered for each in drop), reverse=True) == [each.covered for each in drop]
    confident = of_kind(record.variants, "confident")
    shares = [each.correct / each.rows for each in confident]
    assert len(shares) == 3
    assert record.mean_scores[-1][1] < shares[0] < shares[1] < shares[2]


@pytest.mark.slow
def test_scores_of_variants_come_true_on_fresh_rows() -> None:
    """On banking intents the gains are those that the named changes have on other rows, to half a point.

    On the rows that chose them the same changes seem to gain more than a point beyond that.
    """
    if not BANKING.exists():
        pytest.skip("../shared/data/text/banking77 not found")
    train, tests = usable(load(BANKING / "train.csv")), usable(load(BANKING / "test.csv"))
    learnt = train.only(random.Random(0).sample(range(len(train)), 1_500))
    task = Task("probe", "", learnt.texts, learnt.labels, tests.texts, tests.labels, "accuracy", 0, probe.SETTINGS)
    answers = probe.train(task).predictions or ()
    gains: dict[str, list[tuple[float, float, float]]] = {"merge": [], "drop": []}
    for seed in range(40):
        shuffled = random.Random(seed).sample(range(len(tests)), len(tests))
        own, fresh = shuffled[:250], shuffled[250:]
        found = variants(*asked(tests.only(own).labels, [answers[i] for i in own], texts=tests.only(own).texts))
        seen, unseen = ([Row(tests.labels[i], (answers[i],)) for i in part] for part in (own, fresh))
        for kind, change in (("merge", merged(seen)[-1]), ("drop", dropped(seen)[-1])):
            told = of_kind(found, kind)[-1]
            assert change.name == told.name
            cross_fitted = told.interval.mid - told.unchanged_score
            gains[kind].append((cross_fitted, gain(change, seen), gain(change, unseen)))
    for each in gains.values():
        cross_fitted, flattered, true = (fmean(column) for column in zip(*each, strict=True))
        assert abs(cross_fitted - true) < 0.005
        assert flattered > true + 0.01
