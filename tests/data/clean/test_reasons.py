"""Rows to look at: as many as a finding prices, of the training file, and none where it prices none."""

import json

import numpy as np
import pytest

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.scan import read_split
from tunecase.data.clean.reasons import rows_to_look_at
from tunecase.data.reading.detection import detect


@pytest.fixture
def evidence(tmp_path):
    """Two files of 60 rows each."""
    splits = []
    for name in ("train", "test"):
        path = tmp_path / f"{name}.jsonl"
        rows = [{"text": f"{name} text {at}", "label": "ab"[at % 2]} for at in range(60)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        splits.append(read_split(path, detect(path)))
    return Evidence(*splits, Asked(2048))


@pytest.mark.parametrize("depth", [0, 25, 40])
def test_a_ranked_finding_queues_its_depth(evidence, depth):
    """Of 40 ranked rows the first are taken, as many as are priced; none where none is."""
    ranked = Defect(
        "label_error", "warn", "", "", rows=np.arange(40), review_rows=float(depth), scores=np.linspace(1, 0, 40)
    )
    assert list(range(depth)) == sorted(rows_to_look_at(evidence, [ranked], np.zeros(60, bool)))


def test_rephrased_leaks_are_looked_at_in_the_training_file(evidence):
    """A ranked finding of the test file queues the training row of each pair and names the test row."""
    leak = Defect(
        "leak_rephrased", "warn", "", "", rows=np.array([5]), pairs=np.array([[5, 9]]), where="test", review_rows=1.0,
        scores=np.array([0.9]),
    )  # fmt: skip
    found = rows_to_look_at(evidence, [leak], np.zeros(60, bool))
    assert [9] == list(found)
    assert (5,) == found[9][0].others
    assert "test row 5" in found[9][0].text
