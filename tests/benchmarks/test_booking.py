"""The benchmark of the books ends with JSON, and its bands hold."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "booking.py"


@pytest.mark.slow
def test_a_small_pass_ends_with_json() -> None:
    """Bands drawn midway hold about what they promise, and are narrower for their height than the plan's."""
    words = [sys.executable, str(SCRIPT), "--draws", "4000", "--projects", "1000"]
    ran = subprocess.run(words, capture_output=True, check=True, text=True)
    found = json.loads(ran.stdout.splitlines()[-1])
    looks = {name: line for name, line in found.items() if isinstance(line, dict)}
    assert 10 == len(looks)
    for line in looks.values():
        assert 0.70 <= line["holds"] <= 1.0
        assert line["ratio"] < 1
