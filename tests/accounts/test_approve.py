"""What was approved is told in sums and, below them, only what the reader does not see in them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests import samples
from tunecase.accounts import approval_short
from tunecase.quantities import Sampled
from tunecase.records import Approvals

ASKED = Approvals("USD", "5f0c2d77ab01", "label 500 rows", Sampled(4_500.0))


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (Approvals("USD"), ""),
        (ASKED, ""),
        (samples.approvals(), "Approved: 4,500 USD; 3,885.57 spent, 614.43 left (86% spent)."),
        (replace(samples.approvals(), rejection=samples.rejection()), "Rejected by A. Person on 24 November 2026."),
        (replace(samples.approvals(), uncovered=Decimal(5)), "3,885.57 spent, 5 not covered: `tunecase approve`."),
    ],
)  # fmt: skip
def test_approvals_take_one_line_beside_other_verbs(record: Approvals, line: str) -> None:
    """None where nothing was approved or rejected: what is only asked for is no news."""
    told = approval_short(record)
    assert told.endswith(line) if line else not told
    assert len(told) <= 80


def test_a_long_name_keeps_the_line_short() -> None:
    """It is cut."""
    record = replace(samples.approvals(), rejection=replace(samples.rejection(), by="A" * 80))
    assert len(approval_short(record)) < 74
