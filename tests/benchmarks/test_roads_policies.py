"""The sketches of policies, and the rows that they are made of."""

import numpy as np
import pytest
import roads_policies
import roads_texts

pytestmark = pytest.mark.slow


def test_no_text_stands_in_training_and_in_the_test() -> None:
    """No text stands in training and in the test."""
    rows = [(f"text {n % 40}", "a") for n in range(200)] + [(" ", "a")]
    train, test = roads_texts.split((rows,))
    assert len(train) == 160
    assert not {text for text, _ in train} & {text for text, _ in test}


def test_rows_without_a_test_part_keep_a_fifth_for_it() -> None:
    """Rows without a test part keep a fifth for it."""
    train, test = roads_texts.split(([(f"text {n}", "a") for n in range(100)],))
    assert (len(train), len(test)) == (80, 20)


def test_a_test_that_tells_all_is_worth_the_good_worlds_and_one_that_tells_nothing_the_mean() -> None:
    """A test that tells all is worth the good worlds, one that tells nothing the mean."""
    errors = np.array([0.05] * 500 + [0.40] * 500)
    credit = np.where(errors < 0.1, 1.0, -0.5)
    assert roads_policies.shown_worth(errors, credit, 10_000, 0) > 0.49
    assert abs(roads_policies.shown_worth(np.full(1000, 0.2), credit, 1, 0) - 0.25) < 0.2


def test_a_road_is_worth_no_more_than_the_best_in_hindsight() -> None:
    """A road is worth no more than the best in hindsight."""
    curves = [curve for curve in roads_policies.read_curves() if curve.task == "sms_spam"]
    for game in list(roads_policies.games(curves, 1.0))[:6]:
        assert roads_policies.step(game, roads_policies.slopes) <= game.oracle + 1e-6
