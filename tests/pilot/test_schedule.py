"""Which run of a ladder comes next, what it costs, and when enough is known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.pilot.answers import Answers
from tunecase.pilot.schedule import Question, Rung, enough, most_telling_rung, opening, predicted_s
from tunecase.records import Point

QUESTION = Question("accuracy", "higher", 6_400, 300)


def curve(*scores: float, draws: int = 2) -> list[Point]:
    """Points of sizes that double from 50."""
    return [Point(50 * 2**i, score, 1, 300) for i, score in enumerate(scores) for _ in range(draws)]


@given(st.floats(0, 100), st.floats(0, 1), st.integers(3, 9))
def test_a_straight_cost_is_found(start: float, slope: float, runs: int) -> None:
    """Times that rise in a straight line are predicted by it."""
    timed = [(50 * 2**i, start + slope * 50 * 2**i + 0.01) for i in range(runs)]
    assert pytest.approx(start + slope * 20_000 + 0.01, rel=1e-3, abs=1e-3) == predicted_s(timed, 20_000, 100)


def test_a_cost_never_falls_below_nothing() -> None:
    """Times that fall with the rows are taken as level, and a line through nothing stays above it."""
    assert pytest.approx(15, rel=0.3) == predicted_s([(100, 20.0), (200, 10.0)], 10_000, 50)
    low = predicted_s([(100, 1.0), (200, 4.0)], 10, 50)
    assert low > 0
    assert None is predicted_s([], 100, 50)


def test_an_opening_of_few_sizes_is_all_of_them() -> None:
    """Fewer than three sizes are run in order; with nothing known of costs the third lies above the middle."""
    assert (20, 40) == opening((20, 40), lambda n: None)
    assert (20, 80, 160) == opening((20, 40, 80, 160, 320), lambda n: None)


def test_a_cheap_run_beats_a_dear_one() -> None:
    """At equal prices the farthest size tells most; a price a hundred times as high changes that."""
    points = curve(0.6, 0.7, 0.78)
    candidates = [(Rung(400, 0), 1.0), (Rung(1_600, 0), 1.0)]
    rung, told = most_telling_rung(points, candidates, QUESTION)
    assert 1_600 == rung.n
    assert 0 < told < 1
    assert 400 == most_telling_rung(points, [candidates[0], (Rung(1_600, 0), 100.0)], QUESTION)[0].n
    assert 400 == most_telling_rung(points, candidates, QUESTION, running=[1_600])[0].n


def test_enough_is_known_when_the_chance_is_settled() -> None:
    """Clear curves far from the target settle it; near the target, or with few sizes, more is needed."""
    points = curve(0.6, 0.7, 0.78, 0.83, 0.87)
    asked = lambda target: enough(points, 0.3, Question("accuracy", "higher", 6_400, 300, target))  # noqa: E731
    assert "is reached" in asked(0.5)
    assert "below 2%" in asked(0.9999)
    assert "" == asked(0.93)
    assert "" == enough(points[:4], 0.3, Question("accuracy", "higher", 6_400, 300, 0.5))
    assert "would remove" in enough(points, 0.001, QUESTION)


def test_a_flat_pilot_is_not_hopeless() -> None:
    """Without a signal in the points the ladder goes on, however low the chance."""
    flat = curve(0.5, 0.51, 0.5, 0.51, 0.5)
    assert "below" not in enough(flat, 0.3, Question("accuracy", "higher", 800, 300, 0.999))


def test_a_question_says_who_learns() -> None:
    """The probe's curve is believed as another learner's, flatter than a fine-tune's."""
    points = curve(0.6, 0.7, 0.8, 0.85)
    assert QUESTION.belief(points).language_model
    assert not replace(QUESTION, language_model=False).belief(points).language_model


def test_rows_that_hang_together_promise_less() -> None:
    """400 rows, 4 of the least sure wrong: with a design effect of 4 they count as 100, and fewer may be given."""
    labels = ["a"] * 400
    right = [number < 396 for number in range(400)]
    answers = Answers(
        tuple("a" if each else "b" for each in right), tuple(map(float, right)), tuple(1 - n / 800 for n in range(400))
    )
    asked = replace(QUESTION, target=0.97)
    alone, alike = (replace(asked, design=design).promise(answers, labels) for design in (1.0, 4.0))
    assert alone.coverage == 1.0
    assert (alike.coverage or 0) < 1.0
