"""The benchmark of serving scores any table of published runs, and ends with one JSON object."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FURTHER = BENCHMARKS / "serving_further.csv"


def scored(path: Path) -> str:
    """The last line that the benchmark prints for a table."""
    words = [sys.executable, str(BENCHMARKS / "inference.py"), "--runs", str(path)]
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout.splitlines()[-1]


def test_a_table_is_scored_with_the_shipped_constants(tmp_path: Path) -> None:
    """Every row is answered, refused or left out with a reason, and the figures are those of the rows answered."""
    header, *lines = FURTHER.read_text(encoding="utf-8").splitlines()
    taken = lines[::8]
    odd = lines[0].replace("llama-2-7b", "mystery").replace(",6.74,", ",,")
    path = tmp_path / "runs.csv"
    path.write_text("\n".join([header, *taken, odd]), encoding="utf-8")
    found = json.loads(scored(path))
    throughput = found["throughput"]
    assert found["constants"] == "shipped"
    counted = throughput["answered"] + sum(throughput["refused"].values()) + sum(throughput["not_comparable"].values())
    assert counted == len(taken) + 1
    assert [why for why in throughput["not_comparable"] if "mystery" in why]
    assert throughput["n"] == throughput["answered"] > 40
    assert 0 < throughput["median_of_publishers"] < 0.5
    assert throughput["coverage80"]["pooled"] > 0.75
    assert throughput["width"]["median"] <= 4
    assert found["gpu_choice"].keys() >= {"within15", "p90_regret", "groups"}


def test_a_table_without_a_usable_row_is_no_crash(tmp_path: Path) -> None:
    """An empty table has no figures."""
    path = tmp_path / "runs.csv"
    path.write_text(FURTHER.read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    assert json.loads(scored(path))["throughput"]["answered"] == 0


def test_an_absent_table_is_skipped_with_its_path(tmp_path: Path) -> None:
    """The figures need data that not everybody has."""
    assert scored(tmp_path / "absent.csv") == f"skipped: {tmp_path / 'absent.csv'} not found"
