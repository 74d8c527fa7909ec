"""Terminals, the served page and a training on one case at once: the benchmark's script, for less than a minute."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "together.py"


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_no_page_is_torn(tmp_path: Path) -> None:
    """Every charge, approval and run that was acknowledged stands in the ledger once, and all end in time."""
    spec = importlib.util.spec_from_file_location("together", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    found = module.together(tmp_path, 20)
    assert ([], [], []) == (found["wrong"], found["lost"], found["doubled"])
    assert min(found["pages"], found["acknowledged"], found["commands"]["spend"]) > 0
