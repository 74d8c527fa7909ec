"""Drift of form: rows that break a schema are named, a change of habit is told, chance is not."""

import json

from tests.making import write_jsonl
from tunecase.data.checks.drift import format_drift, json_schema
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.scan import read_split
from tunecase.data.reading.detection import detect


def evidence(tmp_path, outputs):
    """A file of these answers."""
    path = write_jsonl(tmp_path / "r.jsonl", [{"prompt": f"p {k}", "response": o} for k, o in enumerate(outputs)])
    return Evidence(read_split(path, detect(path)), None, Asked(2048))


def test_rows_that_break_the_schema_are_named(tmp_path):
    """A missing key and another type."""
    answers = [json.dumps({"name": f"n{k}", "age": k}) for k in range(100)]
    assert None is json_schema(evidence(tmp_path, answers))
    answers[3], answers[7] = '{"name": "x"}', '{"name": "y", "age": "seven"}'
    assert [3, 7] == json_schema(evidence(tmp_path, answers)).rows.tolist()


def test_a_habit_that_changes_in_the_middle_is_told(tmp_path):
    """Full stops in the first half only; evenly mixed they are chance."""
    changed = [f"answer {k} is right" + "." * (k < 100) for k in range(200)]
    assert "full stop" in format_drift(evidence(tmp_path, changed)).why
    mixed = [f"answer {k} is right" + "." * (k % 2) for k in range(200)]
    assert None is format_drift(evidence(tmp_path, mixed))
