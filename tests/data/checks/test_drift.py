"""Drift of form: rows that break a schema are named, a change of habit is told, chance is not."""

import json

from tests.data.checks.made_files import pairs
from tunecase.data.checks.drift import format_drift, json_schema


def evidence(tmp_path, outputs):
    """A file of these answers."""
    return pairs(tmp_path, [(f"p {k}", output) for k, output in enumerate(outputs)])


def test_rows_that_break_the_schema_are_named(tmp_path):
    """A missing key, another type; a habit that changes in the middle, not one that is evenly mixed."""
    answers = [json.dumps({"name": f"n{k}", "age": k}) for k in range(100)]
    assert None is json_schema(evidence(tmp_path, answers))
    answers[3], answers[7] = '{"name": "x"}', '{"name": "y", "age": "seven"}'
    assert [3, 7] == json_schema(evidence(tmp_path, answers)).rows.tolist()
    changed = [f"answer {k} is right" + "." * (k < 100) for k in range(200)]
    assert "full stop" in format_drift(evidence(tmp_path, changed)).why
    mixed = [f"answer {k} is right" + "." * (k % 2) for k in range(200)]
    assert None is format_drift(evidence(tmp_path, mixed))
