"""How wide bands must be, by kind of score and by what the pilot shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.forecast.scale import Scale
from tunecase.forecast.widths import NARROWEST, WIDEST, calibration, kind_of, level

KINDS = ("tuned loss", "tuned score", "other share", "other score")


@pytest.mark.parametrize("kind", KINDS)
@given(error=st.floats(0, 2), bounded=st.booleans())
def test_widths_stay_within_what_was_seen(kind, error, bounded):
    """No pilot narrows a band below half of its width or widens it past one and a half."""
    scale = Scale("lower", bounded=bounded, binomial=False)
    assert NARROWEST <= calibration(kind).width(level(error, scale)) <= WIDEST


def test_a_pilot_that_has_come_far_is_believed_more():
    """Of fine-tunes' scores: the lower the last error, the narrower; of all others the width is one number."""
    at = [level(error, Scale("lower", bounded=True, binomial=False)) for error in (0.1, 0.3, 0.6)]
    widths = {kind: [calibration(kind).width(where) for where in at] for kind in KINDS}
    assert widths["tuned score"] == sorted(set(widths["tuned score"]))
    assert all(len(set(widths[kind])) == 1 for kind in KINDS if kind != "tuned score")


def test_other_learners_keep_the_models_width():
    """No width helped other learners whose publisher was left out."""
    assert calibration("other share").width(0.0) == calibration("other score").width(0.0) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_each_width_says_what_it_rests_on(kind):
    """Publishers, tasks, source and date stand beside every number."""
    found = calibration(kind)
    assert found.units >= 2
    assert found.tasks > found.units
    assert found.source == "curve_library.csv"
    assert found.date


def test_kinds_tell_losses_of_fine_tunes_from_all_else():
    """A loss of a fine-tune is smooth; its error in a unit of its own is not; other learners are apart."""
    loss, error = (
        Scale("lower", bounded=False, binomial=False, loss=True),
        Scale("lower", bounded=False, binomial=False),
    )
    share = Scale("higher", bounded=True, binomial=True)
    assert [kind_of(scale, True) for scale in (loss, error, share)] == ["tuned loss", "tuned score", "tuned score"]
    assert [kind_of(scale, False) for scale in (loss, error, share)] == ["other score", "other score", "other share"]
