"""The checks of labels on files."""

import re

import numpy as np

from tests.data.checks import made_files
from tests.data.detectors.test_label_errors import made
from tunecase.data.checks import labels, scan
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.detectors.label_errors import LEAST_ROWS


def evidence(folder, texts, given, second=(), **asked):
    """The Evidence of one file, which is its own test file."""
    rows = [{"text": t, "label": f"class {c}"} for t, c in zip(texts, given, strict=True)]
    return made_files.evidence(folder, rows, second, **asked)


def test_wrong_random_and_differing_labels(tmp_path):
    """The flipped rows come first; shuffled labels are random, sensible ones not; three of forty rows differ."""
    texts, codes = made(200)
    given = codes.copy()
    given[:10] = (given[:10] + 1) % 4
    defect = labels.label_error(evidence(tmp_path, texts, given))
    assert isinstance(defect, Defect)
    assert f"class {codes[defect.rows[0]]}" == defect.suggested[0]
    assert 8 <= len(set(range(10)) & set(defect.rows[:20].tolist()))
    (tmp_path := tmp_path / "second").mkdir()
    texts, codes = made(100)
    shuffled = np.random.default_rng(5).permutation(codes)
    assert "stop" == labels.labels_random(evidence(tmp_path, texts, shuffled)).severity
    assert None is labels.labels_random(evidence(tmp_path, texts, codes))
    assert isinstance(labels.labels_random(evidence(tmp_path, texts[:3], [0, 0, 1])), NotChecked)
    found = evidence(tmp_path, *made(100), fast=True)
    assert isinstance(labels.label_error(found), NotChecked)
    assert isinstance(labels.labels_random(found), NotChecked)
    (tmp_path := tmp_path / "third").mkdir()
    texts, codes = made(100)
    second = [f"class {(c + (i < 3)) % 4}" if i < 40 else "" for i, c in enumerate(codes)]
    defect = labels.annotator_agreement(evidence(tmp_path, texts, codes, second))
    assert [0, 1, 2] == defect.rows.tolist()
    assert 0.925 == defect.measured[2]
    (tmp_path := tmp_path / "fourth").mkdir()
    rows = [{"prompt": f"Open door number {k} please", "completion": f"open door {k % 3}"} for k in range(60)]
    assert 3 == len(made_files.evidence(tmp_path, rows).classes)
    assert {} == made_files.evidence(tmp_path, rows, task="generation").classes


def test_a_sample_says_how_many_rows_it_stands_for(tmp_path, monkeypatch):
    """Where texts of some rows were kept, the count is of those judged, and the range of all rows holds the truth."""
    texts, codes = made(300)
    given = codes.copy()
    given[::12] = (given[::12] + 1) % 4
    monkeypatch.setattr(scan, "MOST_TEXT_CHARACTERS", 0.7 * sum(map(len, texts)))
    found = evidence(tmp_path, texts, given)
    kept = len(found.train.texts.rows)
    assert LEAST_ROWS < kept < len(texts)
    defect = labels.label_error(found)
    assert isinstance(defect, Defect)
    mid, low, high = map(int, re.findall(r"in all about (\d+) \((\d+) to (\d+)\)$", defect.why)[0])
    assert low <= len(texts) / 12 <= high
    assert mid > defect.count
