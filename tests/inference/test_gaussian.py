"""The Gaussian process over load and lengths."""

from dataclasses import replace
from itertools import permutations
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.inference.gaussian import Place, posterior, sizes

LOGS = st.floats(0, 9)
PLACES = st.builds(Place, st.sampled_from(["one", "other"]), st.sampled_from(["steady", "burst"]), LOGS, LOGS, LOGS)
POINTS = st.lists(st.tuples(PLACES, st.floats(-1.5, 1.5)), max_size=6)
SDS = st.floats(0.1, 1.0)


def told(at: Place, points: list[tuple[Place, float]], sd: float) -> tuple[float, float]:
    """Mean and standard deviation at a place from points with their gaps."""
    found = posterior(at, [place for place, _ in points], [gap for _, gap in points], sd)
    return found.mean, found.sd


@given(PLACES, POINTS, SDS)
def test_points_never_widen(at: Place, points: list[tuple[Place, float]], sd: float) -> None:
    """Whatever is measured wherever, nothing is less sure than before."""
    assert told(at, points, sd)[1] <= told(at, [], sd)[1] + 1e-9


@given(PLACES, st.lists(st.tuples(PLACES, st.floats(-1.5, 1.5)), min_size=2, max_size=3), SDS)
def test_the_order_of_points_does_not_matter(at: Place, points: list[tuple[Place, float]], sd: float) -> None:
    """Points tell the same in any order."""
    answers = [told(at, list(order), sd) for order in permutations(points)]
    assert all(answer == pytest.approx(answers[0], abs=1e-9) for answer in answers)


@given(PLACES, st.floats(-1.5, 1.5), SDS)
def test_many_like_points_are_believed(at: Place, gap: float, sd: float) -> None:
    """The mean goes to what two hundred runs of one load measured, and the noise of a run is left."""
    mean, after = told(at, [(at, gap)] * 200, sd)
    assert mean == pytest.approx(gap, abs=0.02)
    assert after == pytest.approx(sizes().noise, rel=0.02)


@given(PLACES, st.floats(0.05, 1.5), SDS)
def test_another_layout_moves_less(at: Place, gap: float, sd: float) -> None:
    """A point of another layout moves the mean in its direction, less than one of the layout itself."""
    other = replace(at, layout="a third")
    (own, sure), (elsewhere, unsure) = told(at, [(at, gap)], sd), told(at, [(other, gap)], sd)
    assert 0 < elsewhere < own < gap
    assert sure < unsure


@given(PLACES, st.floats(0.05, 1.5), st.floats(0.1, 3), st.floats(0.5, 3))
def test_a_near_load_tells_more(at: Place, gap: float, near: float, further: float) -> None:
    """The farther a load lies from the point, the less the point moves it."""
    places = [
        Place(at.layout, at.kind, at.in_flight + step, at.input_tokens, at.output_tokens)
        for step in (near, near + further)
    ]
    means = [told(place, [(at, gap)], 0.4)[0] for place in places]
    assert means[0] > means[1] > 0


def test_without_points_nothing_is_told() -> None:
    """The mean stays, with the standard deviation of the prediction where that exceeds what layouts differ by."""
    at = Place("one", "steady", 3, 6, 5)
    assert told(at, [], 0.5) == (0.0, pytest.approx(0.5))
    assert told(at, [], 0.01)[1] == pytest.approx(
        (sizes().within ** 2 + sizes().noise ** 2 + sizes().least ** 2) ** 0.5
    )
    assert exp(told(at, [(at, 0.2)], 0.5)[0]) == pytest.approx(exp(0.2), rel=0.02)
