"""Rows to look at: as many as a finding prices, of the training file, and none where it prices none."""

from dataclasses import replace

import numpy as np
import pytest

from tests.data.clean.made import evidence_of, written
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.clean import waiting
from tunecase.data.clean.suspects import reasons_for, wanted_rows, worst_first
from tunecase.data.clean.waiting import plan_review
from tunecase.data.rowsets import union


@pytest.fixture
def evidence(tmp_path) -> Evidence:
    """Two files of 60 rows each."""
    files = [
        written(tmp_path / f"{name}.jsonl", [{"text": f"{name} {at}", "label": "ab"[at % 2]} for at in range(60)])
        for name in ("train", "test")
    ]
    return evidence_of(*files)


def ranked(depth: float, rows: int = 40) -> Defect:
    """So many ranked rows, of which some are to be looked at."""
    scores = np.linspace(1, 0, rows)
    return Defect("label_error", "warn", "", "", rows=np.arange(rows), review_rows=depth, scores=scores)


def test_ranked_findings_queue_their_rows(evidence):
    """As many as are priced; of a test file the training row of each pair, with the test row's name."""
    for depth in (0, 25, 40):
        rows, suspicion = worst_first(wanted_rows([ranked(depth)], union()), "")
        assert list(range(depth)) == rows.tolist()
        assert np.linspace(1, 0, 40)[:depth].tolist() == suspicion.tolist()
    leak = Defect(
        "leak_rephrased", "warn", "", "", rows=np.array([5]), pairs=np.array([[5, 9]]), where="test", review_rows=1.0,
        scores=np.array([0.9]),
    )  # fmt: skip
    found = reasons_for(evidence, wanted_rows([leak], union()), np.array([9]))
    assert [9] == list(found)
    assert (5,) == found[9][0].others
    assert "test row 5" in found[9][0].text


def test_the_queue_holds_the_worst_and_says_how_many_it_leaves_out(evidence, monkeypatch):
    """Beyond the bound rows wait for the next queue; rows drawn at random speak for them too."""
    monkeypatch.setattr(waiting, "MOST_SUSPECTS", 18)
    queue = plan_review(evidence, [ranked(40)], {})
    suspects = [row for row, each in queue.rows.items() if not each.control]
    controls = {row for row, each in queue.rows.items() if each.control}
    assert (list(range(18)), 2, 22) == (suspects, len(controls), queue.left_out)
    assert not controls & set(suspects)
    assert [1, 20] == [rank for each in queue.rows.values() if (rank := each.rank) in (1, 20)]
    drawn = {row for seed in range(12) for row in _controls_of(evidence, seed)}
    assert any(row < 40 for row in drawn)


def _controls_of(evidence: Evidence, seed: int) -> list[int]:
    seeded = replace(evidence, request=replace(evidence.request, seed=seed))
    return [row for row, each in plan_review(seeded, [ranked(40)], {}).rows.items() if each.control]
