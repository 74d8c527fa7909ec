"""How wide bands must be, by kind of score and by what the pilot shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.forecast.scale import Scale
from tunecase.forecast.widths import NARROWEST, WIDEST, calibration, kind_of

KINDS = ("tuned loss", "tuned score", "other share", "other score")


@pytest.mark.parametrize("kind", KINDS)
@given(gain=st.floats(-5, 5), clear=st.booleans())
def test_widths_stay_within_what_was_seen(kind, gain, clear):
    """No pilot narrows a band below half of its width or widens it past one and a half."""
    assert NARROWEST <= calibration(kind).width(gain, clear) <= WIDEST


def test_a_pilot_that_learnt_more_is_believed_more():
    """Of fine-tunes' scores: the further a pilot cut the error, the narrower; without a clear signal it is wider."""
    found = calibration("tuned score")
    assert found.width(0.8, True) < found.width(0.1, True) < found.width(0.1, False)


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
