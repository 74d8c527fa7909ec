"""No check holds a whole column, nor does the record that is made of them."""

import tracemalloc
from datetime import date

import numpy as np
import pytest

from tests.data.checks.made_columns import full_split
from tunecase.data.audit.audit import CHECKS, _checked
from tunecase.data.audit.recording import record_of
from tunecase.data.checks import canned
from tunecase.data.checks.evidence import Asked, Evidence, NearPairs, Pairs
from tunecase.data.checks.links import Links
from tunecase.data.rowsets import union
from tunecase.prices import Basis
from tunecase.quantities import Worlds

NO_ROWS = np.zeros(0, np.int64)
NO_PAIRS = Pairs(np.zeros((0, 2), np.int64), np.zeros(0), np.zeros(0, bool), np.zeros(0, bool))


def evidence_of(folder, count, *, classes):
    """A file of so many rows of which 150 repeat an earlier one."""
    found = Evidence(full_split(folder, count, classes=classes), None, Asked(2048, fast=True))
    rows = np.arange(1, 301, 2)
    links = Links(rows, rows - 1)
    known = {"same_raw": links, "same_normal": links, "same_text": links, "disputed": NO_ROWS}
    vars(found).update(known, _near=NearPairs(NO_PAIRS, NO_PAIRS, NO_PAIRS.rows, 0))
    return found


def peak_bytes(found):
    """The most that Python held at once while the checks ran and the record was made."""
    basis = Basis(None, date(2026, 11, 24), Worlds(0, 100))
    tracemalloc.start()
    try:
        defects, abstained = _checked(found, None)
        dropped = union(*(defect.removed for defect in defects))
        record_of(found, defects, abstained, basis, None, "answers", dropped)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("classes", [True, False])
def test_memory_does_not_grow_with_the_rows(tmp_path, monkeypatch, classes):
    """Four times as many rows take at most a fifth more memory in all checks together."""
    monkeypatch.setattr(canned, "MOST_PAIRS_WAITING", 1 << 11)
    peak_bytes(evidence_of(tmp_path / "warm", 3000, classes=classes))  # what is imported and kept once
    few, many = (peak_bytes(evidence_of(tmp_path / str(count), count, classes=classes)) for count in (6_000, 24_000))
    assert many <= 1.2 * few
    assert CHECKS
