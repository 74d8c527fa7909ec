"""The benchmark of sensitivity has its thirty inputs, and its last line is JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "sensitivity.py"


@pytest.mark.slow
def test_a_small_pass_ends_with_json() -> None:
    """Thirty inputs or more, both bills timed, with what is asked besides."""
    words = [sys.executable, str(SCRIPT), "--draws", "300", "--repeats", "2", "--no-salib"]
    ran = subprocess.run(words, capture_output=True, check=True, text=True)
    found = json.loads(ran.stdout.splitlines()[-1])
    for name in ("rounds of the file", "along a curve"):
        assert found[name]["inputs"] >= 30
        assert {"best_s", "median_s", "what_if_s"} < set(found[name])
    assert found["cold_s"] > 0
