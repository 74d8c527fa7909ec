"""What changed is told side by side, and only where it did."""

from dataclasses import replace

from tests import samples
from tunecase.changes import changes
from tunecase.records import Change


def test_what_moved_stands_side_by_side() -> None:
    """Each answer that differs is named once, with its words before and now."""
    before = samples.records()
    now = {**before, "pilot": replace(before["pilot"], model="a small model")}
    assert (Change("piloted", before["pilot"].model, "a small model"),) == changes(before, now)
    forecast = replace(before["forecast"], p_target=0.5, needed=None)
    assert ["chance of the target in the forecast"] == [
        c.name for c in changes(before, {**before, "forecast": forecast})
    ]


def test_nothing_changed_says_nothing() -> None:
    """The same records, or none before, give no change."""
    records = samples.records()
    assert () == changes(records, records)
    assert () == changes({}, records)
