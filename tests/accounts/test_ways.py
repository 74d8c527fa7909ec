"""The ways side by side: what is unknown says so, what is ruled out stands apart."""

from dataclasses import replace

import pytest

from tests import samples
from tunecase.accounts.ways import best_untuned
from tunecase.records import Alternative


@pytest.mark.parametrize(
    ("change", "known"), [({}, True), ({"evidence": "stated"}, False), ({"struck": "slow"}, False)]
)
def test_the_best_way_was_measured_here(change: dict[str, str], known: bool) -> None:
    """What was only stated, or is ruled out, is never called the best; nor is a tuned model."""
    way = replace(Alternative("encoder", "an encoder", 0.9, None, None, None, None, "measured"), **change)  # type: ignore[arg-type]
    tuned = replace(way, name="tune_small", evidence="measured", struck="")
    record = replace(samples.definition(), alternatives=(tuned, way))
    assert (way if known else None) == best_untuned(record)
