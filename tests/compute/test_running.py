"""What a run takes beside its steps: hours and dollars move as they must, spot pays for its interruptions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.projects import basis
from tunecase import catalog
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe
from tunecase.compute.running import Job, Terms, outcome, terms_of

RUN = Recipe(read_shape("llama-2-7b"), catalog.gpu("H100"))
AMOUNTS = st.floats(1e4, 1e10)


@given(AMOUNTS, st.floats(1.01, 10), st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 2))
def test_more_tokens_take_longer_and_interruptions_never_help(
    tokens: float, more: float, share: float, interruptions: float, lost: float
) -> None:
    """Hours rise with tokens, evaluation and interruptions, and price with hours."""
    plain = Terms(tokens, 0.2, 0.0, 0.0, 0.0, 0.0)
    larger = Terms(tokens * more, 0.2, 0.0, 0.0, 0.0, 0.0)
    troubled = Terms(tokens, 0.2, share, 0.1, interruptions, lost)
    hours = [terms.hours(RUN, 1000.0) for terms in (plain, larger, troubled)]
    assert hours[0] < hours[1]
    assert hours[0] <= hours[2]
    assert plain.usd(RUN, hours[0], 2.0) < troubled.usd(RUN, hours[2], 2.0)


def test_start_up_is_most_of_a_tiny_run_and_nothing_of_a_price_per_million() -> None:
    """A run of ten thousand tokens takes minutes; a million tokens are priced without start-up."""
    at = basis(None, 500)
    tiny, known = outcome(RUN, Job(1e4), at), terms_of(at, Job(1e4), RUN.shape)
    assert np.median(tiny.hours) == pytest.approx(known.start_hours, rel=0.3)
    assert terms_of(at, Job(), RUN.shape).start_hours == 0


def test_more_machines_are_interrupted_more_often() -> None:
    """Two machines of eight cards lose twice as much to interruptions as one."""
    terms = Terms(1e9, 0.0, 0.0, 0.0, 0.1, 0.5)
    lost = [
        terms.hours(RUN.but(gpus=n), 1000.0) / Terms(1e9, 0.0, 0.0, 0.0, 0.0, 0.0).hours(RUN.but(gpus=n), 1000.0) - 1
        for n in (8, 16)
    ]
    assert lost[1] == pytest.approx(2 * lost[0])


def test_a_card_without_a_spot_price_has_no_spot_figure() -> None:
    """No spot price, no dollars; hours all the same."""
    at = basis(None, 500)
    bare = next(
        card for card in catalog.gpus()
        if not any(row.gpu == card.name for row in catalog.lowest_prices("spot"))
    )  # fmt: skip
    found = outcome(RUN.but(gpu=bare), Job(1e7, spot=True), at)
    assert found.usd is None
    assert (found.hours > 0).all()
