"""What a run gets wrong is counted, and luck among many parts is not called a finding."""

import json
import random
from typing import Any

import pytest

from tunecase.pilot.answers import Answers
from tunecase.pilot.examples import Examples
from tunecase.pilot.scoring.mistakes import Answered, find_mistakes, review_rows
from tunecase.pilot.scoring.score import Kind
from tunecase.records.pilot import Confusion, Mistakes


def found(labels: list[str], answers: list[str], **more: Any) -> Mistakes:
    """The mistakes of a classification whose texts are as long as their number says."""
    more.setdefault("texts", [f"text {i} " + "x" * i for i in range(len(labels))])
    return find_mistakes("key", 40, answered(labels, answers, **more))


def answered(labels: list[str], answers: list[str], kind: Kind = "classification", **more: Any) -> Answered:
    """Answers beside their test rows; scores are of equal labels unless given."""
    scores = more.get("row_scores", [float(a == b) for a, b in zip(labels, answers, strict=True)])
    tests = Examples(tuple(more["texts"]), tuple(labels), tuple(more.get("rows", ())), tuple(more.get("sources", ())))
    return Answered(kind, tests, Answers(tuple(answers), tuple(scores), more.get("confidences")))


def test_confusions_are_counted_and_sorted() -> None:
    """Pairs of label and answer come with rows and share of the label, most rows first."""
    mistakes = found(["a"] * 6 + ["b"] * 4, ["b", "b", "b", "c", "a", "a", "a", "b", "b", "b"])
    expected = (Confusion("a", "b", 3, 0.5), Confusion("b", "a", 1, 0.25), Confusion("a", "c", 1, 1 / 6))
    assert expected == mistakes.confusions
    assert 5 == mistakes.wrong_rows
    assert (40, "key") == (mistakes.n, mistakes.run)


def test_lengths_are_thirds_and_a_bad_third_is_worse() -> None:
    """A third that is mostly wrong is called worse than the rest; the others are not."""
    rng = random.Random(0)
    labels = ["a"] * 300
    answers = ["b" if i >= 200 and rng.random() < 0.5 else "a" for i in range(300)]
    lengths = [part for part in found(labels, answers).slices if part.by == "length"]
    assert ["long", "short", "middle"] == [part.name.split()[0] for part in lengths]
    assert [100, 100, 100] == [part.rows for part in lengths]
    assert [True, False, False] == [part.worse for part in lengths]
    assert all(part.interval and part.interval.low <= part.score <= part.interval.high for part in lengths)


def test_luck_among_many_parts_is_not_a_finding() -> None:
    """With 30 labels of equal difficulty, some part is called worse in few of many pilots."""
    rng = random.Random(1)
    labels = [f"c{i % 30}" for i in range(600)]
    called = 0
    for _ in range(40):
        answers = [label if rng.random() < 0.8 else "other" for label in labels]
        called += any(part.worse for part in found(labels, answers).slices)
    assert called <= 8  # at most LUCK of 40


def test_a_bad_source_is_found_and_rows_without_one_are_left_out() -> None:
    """Slices by source name the source; blank names make no slice."""
    labels = ["a"] * 120
    answers = ["a"] * 60 + ["b"] * 30 + ["a"] * 30
    mistakes = found(labels, answers, sources=["web"] * 60 + ["mail"] * 30 + [""] * 30)
    sources = [(part.name, part.rows, part.worse) for part in mistakes.slices if part.by == "source"]
    assert [("mail", 30, True), ("web", 60, False)] == sources


def test_the_worst_rows_are_wrong_with_the_highest_confidence() -> None:
    """At most 20 rows, most confident first, with their numbers in the file and texts on one cut line."""
    labels, answers = ["a"] * 50, ["b"] * 40 + ["a"] * 10
    confidences = [i / 100 for i in range(50)]
    texts = ["one\ntwo\x1b[31m" + "y" * 1000] * 50
    mistakes = found(labels, answers, confidences=confidences, texts=texts, rows=list(range(1000, 1050)))
    assert 20 == len(mistakes.worst)
    assert (1039, 0.39) == (mistakes.worst[0].row, mistakes.worst[0].confidence)
    assert all(len(row.text) <= 300 and "\n" not in row.text and "\x1b" not in row.text for row in mistakes.worst)


def test_other_kinds_have_their_lowest_scores() -> None:
    """Free text and extraction have no confusions; the lowest row score is the worst, whatever its length."""
    scores = [1.0, 0.7, 0.2, 0.4, 0.9]
    free = found(["a"] * 5, ["x"] * 5, kind="generation", row_scores=scores)
    assert ((), [2, 3], 2) == (free.confusions, [row.row for row in free.worst], free.wrong_rows)
    fields = found(["a"] * 5, ["x"] * 5, kind="extraction", row_scores=scores)
    assert [2, 3, 1, 4] == [row.row for row in fields.worst]


def test_fields_are_parts_of_extractions() -> None:
    """The field that is mostly wrong is called worse than the others; fields that hold nothing are no part."""
    labels = [json.dumps({"to": "Ann", "sum": i, "date": "2024-03-05", "note": None}) for i in range(60)]
    answers = [json.dumps({"to": "ann", "sum": i, "date": "2024-03-05" if i < 20 else "?"}) for i in range(60)]
    mistakes = found(labels, answers, kind="extraction", row_scores=[1.0] * 20 + [2 / 3] * 40)
    fields = [(part.name, part.rows, part.worse) for part in mistakes.slices if part.by == "field"]
    assert [("date", 60, True), ("sum", 60, False), ("to", 60, False)] == fields
    assert pytest.approx(1 / 3) == next(part.score for part in mistakes.slices if part.name == "date")


def test_review_rows_say_why() -> None:
    """Neighbours that carry the answer hint at a wrong label; pairs that recur are confused classes."""
    refund = [f"please refund my order number {i}" for i in range(6)]
    card = [f"the card reader at gate {i} is broken" for i in range(6)]
    odd = ["zebra quilt", "violet sphinx", "jumping quartz"]
    texts, labels = refund + card + odd, ["refund"] * 5 + ["card"] + ["card"] * 6 + ["card"] * 3
    answers = ["refund"] * 6 + ["card"] * 6 + ["refund"] * 3
    confidences = [0.95] * 12 + [0.4] * 3
    listed = review_rows(answered(labels, answers, texts=texts, confidences=confidences))
    assert [5, 12, 13, 14] == [row["row"] for row in listed]
    assert ["likely wrong label"] + ["confused classes"] * 3 == [row["why"] for row in listed]
    assert ["refund"] * 5 == listed[0]["neighbours"]


def test_review_rows_count_training_rows_as_neighbours() -> None:
    """One test row alone finds its neighbours among the training rows; blank texts find none."""
    train = Examples(tuple(f"where is my parcel {i}" for i in range(5)), ("parcel",) * 5)
    listed = review_rows(answered(["x"], ["parcel"], texts=["where is my parcel"]), train)
    assert "likely wrong label" == listed[0]["why"]
    assert "hard" == review_rows(answered(["x"], ["parcel"], texts=["  "]))[0]["why"]


def test_calls_are_told_by_name_arguments_and_tool() -> None:
    """Where answers call tools, the parts say whether names or arguments fail, and of which tool."""
    wanted = ['{"name": "find", "arguments": {"x": 1}}', '{"name": "send", "arguments": {"to": "Ann"}}', "Hello."]
    given = ['{"name": "find", "arguments": {"x": 2}}', '{"name": "send", "arguments": {"to": "Ann"}}', "Good day."]
    tests, scores = Examples(("a", "b", "c"), tuple(wanted)), (0.0, 1.0, 1.0)
    found = find_mistakes("run", 3, Answered("generation", tests, Answers(tuple(given), scores)))
    told = {part.name: part.score for part in found.slices if part.by == "call"}
    assert {
        "right names": 1.0, "right arguments, where the names are right": 0.5, "find": 0.0, "send": 1.0,
        "no call wanted": 1.0,
    } == told  # fmt: skip
