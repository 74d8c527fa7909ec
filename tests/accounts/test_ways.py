"""The ways side by side: what is unknown says so, what is ruled out stands apart."""

from dataclasses import replace

import pytest

from tests import samples
from tunecase.accounts.ways import best_untuned, ways_blocks, ways_table
from tunecase.blocks import Listing
from tunecase.records import Alternative


def test_ways_stand_side_by_side() -> None:
    """What is unknown says so; what is ruled out stands apart, with its reason."""
    posed = samples.definition()
    rows = [tuple(cell.text for cell in row) for row in ways_table(posed).rows]
    assert ["as today", "prompt a hosted model", "tune a small model"] == [row[0] for row in rows]
    assert ("0.82", "6.0k (4.0k to 9.0k)", "unknown") == rows[1][1:4]
    struck = replace(posed.alternatives[1], struck="it is too slow")
    record = replace(posed, alternatives=(posed.alternatives[0], struck))
    items = [item for block in ways_blocks(record) if isinstance(block, Listing) for item in block.items]
    assert "prompt a hosted model: it is too slow" in items
    assert ["as today"] == [row[0].text for row in ways_table(record).rows]


def test_without_ways_nothing_is_said_of_them() -> None:
    """No empty table stands for ways that nobody weighed."""
    assert () == ways_blocks(replace(samples.definition(), alternatives=()))


@pytest.mark.parametrize(
    ("change", "known"), [({}, True), ({"evidence": "stated"}, False), ({"struck": "slow"}, False)]
)
def test_the_best_way_was_measured_here(change: dict[str, str], known: bool) -> None:
    """What was only stated, or is ruled out, is never called the best; nor is a tuned model."""
    way = replace(Alternative("encoder", "an encoder", 0.9, None, None, None, None, "measured"), **change)  # type: ignore[arg-type]
    tuned = replace(way, name="tune_small", evidence="measured", struck="")
    record = replace(samples.definition(), alternatives=(tuned, way))
    assert (way if known else None) == best_untuned(record)
