"""What is known of the data checks: whether each may be wrong, and its accuracy by kind of text."""

import pytest

from tunecase import catalog
from tunecase.data.domains import DOMAINS

ROWS = catalog.table("check_accuracy", catalog.CheckAccuracy)


def measured(flags: int | None, true: int | None) -> catalog.CheckAccuracy:
    """A measurement of so many flags."""
    return catalog.CheckAccuracy("leak_near", "prose", flags, true, None, None, "", "", "")


def test_checks_and_their_figures() -> None:
    """Every row is of a known check and kind of text, figures agree, a guess stops from a hundred flags."""
    assert {row.check for row in ROWS} <= {row.check for row in catalog.checks()}
    assert {row.domain for row in ROWS} <= set(DOMAINS)
    assert len({(row.check, row.domain) for row in ROWS}) == len(ROWS)
    shares = [share for row in ROWS for share in (row.precision, row.recall) if share is not None]
    counted = [row for row in ROWS if row.flags is not None]
    assert all(0 <= share <= 1 for share in shares)
    assert all(row.true is not None and 0 <= row.true <= row.flags for row in counted)  # type: ignore[operator]
    assert all(row.flags is not None or row.true is None for row in ROWS)
    wrong = [row for row in counted if row.flags and row.precision != pytest.approx(row.true / row.flags, abs=0.006)]  # type: ignore[operator]
    assert [] == wrong
    cases = {(100, 97): True, (100, 94): False, (99, 99): False, (400, 372): True, (None, None): False, (0, 0): False}
    assert cases == {counted: measured(*counted).may_stop for counted in cases}
    assert {"fact", "guess"} == {row.kind for row in catalog.checks()}
