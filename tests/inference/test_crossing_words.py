"""Where two ways cost the same is one sentence, whatever ends are known."""

import pytest

from tunecase.inference.crossing_words import Points, break_even_words, crossing_words


@pytest.mark.parametrize(
    ("points", "always", "never", "words"),
    [
        ((4e5, 9e5, 2.1e6), 0.0, 0.0, "A is cheaper than B from about 900k answers a month on (80%: 400k to 2.1M)"),
        ((None, None, None), 0.0, 1.0, "A is dearer than B at every volume"),
        ((None, None, None), 1.0, 0.0, "A is cheaper than B at every volume"),
        (
            (4e5, 9e5, None), 0.0, 0.2,
            "A is cheaper than B from 400k answers a month on at the earliest (900k in the middle); "
            "never in 20% of the worlds",
        ),
        (
            (None, 9e5, 2e6), 0.3, 0.0,
            "A is cheaper than B from 2.0M answers a month on at the latest (900k in the middle); "
            "at every volume in 30% of the worlds",
        ),
        (
            (None, 9e5, None), 0.3, 0.2,
            "A is cheaper than B at every volume in 30% of the worlds, and dearer at every volume in 20%; "
            "900k answers a month in the middle",
        ),
    ],
)  # fmt: skip
def test_words_of_a_crossing(points: Points, always: float, never: float, words: str) -> None:
    """An open end says in how many of the worlds it is open."""
    assert words == crossing_words("A", "B", points, always, never)


@pytest.mark.parametrize(
    ("points", "always", "never", "words"),
    [
        ((4e5, 9e5, 2.1e6), 0.0, 0.0, "pays for itself from 900k (400k to 2.1M) answers a month on"),
        ((None, None, None), 0.0, 1.0, "does not pay for itself by its answers at any volume"),
        ((None, None, None), 1.0, 0.0, "pays for itself by its answers at every volume"),
        (
            (4e5, 9e5, None), 0.0, 0.2,
            "pays for itself from 900k answers a month on in the middle; in 20% of the worlds never",
        ),
        (
            (4e5, None, None), 0.0, 0.6,
            "pays for itself from 400k answers a month on at the earliest; in 60% of the worlds never",
        ),
        (
            (None, None, None), 0.4, 0.6,
            "pays for itself; in 40% of the worlds at every volume, in 60% of the worlds never",
        ),
    ],
)  # fmt: skip
def test_words_of_a_break_even(points: Points, always: float, never: float, words: str) -> None:
    """An open end says in how many of the worlds it is open."""
    assert f"against B the project {words}" == break_even_words("B", points, always, never)
