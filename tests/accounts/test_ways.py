"""The ways side by side: what is unknown says so, what is ruled out stands apart."""

from dataclasses import replace

import pytest

from tests import samples
from tunecase.accounts.ways import best_untuned, ways_blocks
from tunecase.blocks import Listing
from tunecase.quantities import Band
from tunecase.records import Alternative, Promise


@pytest.mark.parametrize(
    ("change", "known"), [({}, True), ({"evidence": "stated"}, False), ({"struck": "slow"}, False)]
)
def test_the_best_way_was_measured_here(change: dict[str, str], known: bool) -> None:
    """What was only stated, or is ruled out, is never called the best; nor is a tuned model."""
    way = replace(Alternative("encoder", "an encoder", 0.9, None, None, None, None, "measured"), **change)  # type: ignore[arg-type]
    tuned = replace(way, name="tune_small", evidence="measured", struck="")
    record = replace(samples.definition(), alternatives=(tuned, way))
    assert (way if known else None) == best_untuned(record)


def test_a_promise_is_told_in_words() -> None:
    """What share of the answers may be given, how many are wrong, what more needs and what that brings; or none."""
    way = Alternative("encoder", "an encoder", 0.9, None, None, None, None, "measured")
    more = Promise(0.05, 0.71, 0.8, 0.049, 400, 20, next_coverage=0.8, next_rows=950)
    told = replace(way, promise=more, value_when_sure=Band(900.0, 900.0, 900.0, 900.0))
    none = replace(way, promise=Promise(0.05, None, None, None, 40, 20))
    listing = ways_blocks(replace(samples.definition(), alternatives=(told, none, way), currency="USD"))[0]
    assert isinstance(listing, Listing)
    assert (
        "an encoder: answers 71% at no more than 5% wrong (bound 4.9%); 80% needs about 950 test rows; "
        "this brings 900 USD",
        "an encoder: no coverage can be promised with 40 rows at no more than 5% wrong",
    ) == listing.items
