"""What is known of the data checks: whether each may be wrong, and its accuracy by kind of text."""

import pytest

from tunecase import catalog
from tunecase.data.domains import DOMAINS

ROWS = catalog.table("check_accuracy", catalog.CheckAccuracy)


def measured(flags: int | None, true: int | None) -> catalog.CheckAccuracy:
    """A measurement of so many flags."""
    return catalog.CheckAccuracy("leak_near", "prose", flags, true, None, None, "", "", "")


def test_every_row_is_of_a_known_check_and_kind_of_text() -> None:
    """One row for each check and kind of text, both of them known."""
    assert {row.check for row in ROWS} <= {row.check for row in catalog.checks()}
    assert {row.domain for row in ROWS} <= set(DOMAINS)
    assert len({(row.check, row.domain) for row in ROWS}) == len(ROWS)


def test_the_figures_agree() -> None:
    """Shares lie from 0 to 1, no more flags are true than there are, and precision is true of flags."""
    shares = [share for row in ROWS for share in (row.precision, row.recall) if share is not None]
    counted = [row for row in ROWS if row.flags is not None]
    assert all(0 <= share <= 1 for share in shares)
    assert all(row.true is not None and 0 <= row.true <= row.flags for row in counted)  # type: ignore[operator]
    assert all(row.flags is not None or row.true is None for row in ROWS)
    wrong = [row for row in counted if row.flags and row.precision != pytest.approx(row.true / row.flags, abs=0.006)]  # type: ignore[operator]
    assert [] == wrong


def test_a_guess_stops_from_a_hundred_flags_nearly_all_true() -> None:
    """The lower end of the 90% interval must reach .90, on at least 100 flags; planted defects do not count."""
    cases = {(100, 97): True, (100, 94): False, (99, 99): False, (400, 372): True, (None, None): False, (0, 0): False}
    assert cases == {counted: measured(*counted).may_stop for counted in cases}
    assert {"fact", "guess"} == {row.kind for row in catalog.checks()}
