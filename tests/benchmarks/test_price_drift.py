"""The drift of prices in the tables is what its benchmark gives."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tunecase import catalog

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "price_drift.py"


def test_the_default_is_what_the_benchmark_gives() -> None:
    """Its two ends, and the counts that its source states; without the history there is nothing to compare."""
    ran = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout.splitlines()[-1])
    if "skipped" in found:
        pytest.skip(found["skipped"])
    row = catalog.default("prices.drift")
    assert f"{found['low']} to {found['high']}" == row.value
    counts = f"{found['rose']} rose, {found['stayed']} stayed, {found['fell']} fell"
    assert counts in row.source
    assert f"{found['pairs']} prices on demand of {found['providers']} providers" in row.source
