"""What of a text is its answer: behind a trace, marked as final, one of several accepted ones."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from tunecase.pilot.scoring.final import Reference, accepted, behind_trace, marked, reference_of
from tunecase.pilot.scoring.score import score_of

SHORT = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=20).filter(str.strip)


def test_the_final_answer_decides() -> None:
    """Marked answers are compared by their marks; short free texts but for case, articles and punctuation."""
    cases = [
        ("3 + 4 = 7\n#### 7", "First I add. #### no\n#### 7", True),
        ("3 + 4 = 7\n#### 7", "So the answer is 7.", True), ("3 + 4 = 7\n#### 7", "7", True),
        ("3 + 4 = 7\n#### 7", "3 + 4 = 8\n#### 8", False), ("#### 1,200", "It is \\boxed{$1200}", True),
        ("Hence \\boxed{\\frac{1}{2}}.", "\\boxed{\\frac{1}{2}}", True),
        ("The answer is: B", "Well, the answer is b.", True), ("the U.S. Senate", "US Senate", True),
        ("The Beatles", "beatles!", True), ("C++", "C", False), ("-5", "5", False), ("1.5", "15", False),
        ("a.*b", "ab", False),
    ]  # fmt: skip
    assert [] == [
        (label, answer, right)
        for label, answer, right in cases
        if float(right) != score_of("exact_match", [label], [answer])
    ]


def test_a_trace_is_no_part_of_the_answer() -> None:
    """What stands between think tags is left out on both sides, by every metric of texts; an endless trace is none."""
    traced = "<think>\n#### 9\nhm</think>\n\nLisbon"
    for metric in ("exact_match", "chrf"):
        assert [1.0, 1.0] == [
            score_of(metric, [one], [other]) for one, other in (("Lisbon", traced), (traced, "Lisbon"))
        ]
    assert 1.0 == score_of("field_f1", ['{"a": 1}'], ['<think>{"a": 2}</think>{"a": 1}'])
    assert "" == behind_trace("<think>on and on")


def test_a_mark_within_a_text_is_none() -> None:
    """A heading, or a sentence on some answer, does not stand for the whole text."""
    assert (None, None) == (marked("#### Steps\nPour and stir."), marked("The answer is on page 4.\nAsk again there."))


def test_any_accepted_answer_is_right() -> None:
    """A row that holds several accepted answers is right with each of them; choices are no answers."""
    row = {"answers": ["Rome", "Roma"], "choices": ["Rome", "Paris"]}
    label = reference_of("Rome", row)
    assert [1.0, 1.0, 0.0] == [score_of("exact_match", [label], [guess]) for guess in ("Rome", "roma", "Paris")]
    assert ("Rome", "Roma") == accepted(reference_of("Rome", {"answers": {"text": ["Rome", "Roma"], "start": [1, 2]}}))
    assert ("Oslo",) == accepted(reference_of("Oslo", row))


def test_accepted_answers_survive_a_process() -> None:
    """A reference that went to another process holds all its answers."""
    assert ("a", "b") == accepted(pickle.loads(pickle.dumps(Reference("a", ("b",)))))


@given(st.lists(SHORT, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_perfect_answers_score_one_in_any_order(labels: list[str], random: object) -> None:
    """Each answer equal to its label scores 1, and turning the rows round changes no score."""
    turned = labels[::-1]
    assert 1.0 == score_of("exact_match", labels, labels)
    assert score_of("exact_match", labels, turned) == score_of("exact_match", turned, labels)
