"""The training benchmark: reads runs of any file, ends with one JSON line, skips when there is nothing to read."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "training.py"
COLUMNS = (
    "id,source,url_or_repo_path,date,framework,model,params_b,method,precision,quant,lora_rank,lora_targets,seq_len,"
    "micro_batch,global_batch,grad_ckpt,flash_attn,optimizer,sharding,gpu,n_gpus,dataset,tokens_trained,"
    "peak_mem_gb_per_gpu,tokens_per_s_per_gpu,mfu,wall_minutes,cost_usd,mem_unit,mem_stat,derived,notes"
).split(",")
RUN = {
    "model": "llama-2-7b",
    "params_b": "6.74",
    "method": "lora",
    "seq_len": "2048",
    "micro_batch": "1",
    "grad_ckpt": "True",
    "sharding": "none",
    "gpu": "A100-80GB",
    "n_gpus": "1",
    "peak_mem_gb_per_gpu": "15.5",
    "tokens_per_s_per_gpu": "3000",
    "mem_unit": "GB (10^9 B)",
    "mem_stat": "torch peak allocated",
    "date": "2026-01-01",
}


def run(*options: str) -> str:
    """What the script prints."""
    done = subprocess.run([sys.executable, str(SCRIPT), *options], capture_output=True, text=True, check=True)
    return done.stdout


def write(path: Path, *rows: dict[str, str]) -> str:
    """A table of made-up runs."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        writer.writeheader()
        writer.writerows({**RUN, "id": f"x{index}", **row} for index, row in enumerate(rows))
    return str(path)


def test_a_missing_file_is_skipped_with_its_path(tmp_path):
    """Without the runs the benchmark says what is missing and ends well."""
    assert f"skipped: {tmp_path / 'none.csv'} not found\n" == run("--runs", str(tmp_path / "none.csv"))


@pytest.mark.slow
def test_any_file_of_runs_is_scored(tmp_path):
    """Runs of two made-up publishers are scored; repeats count once; unknown models are listed as refused."""
    path = write(
        tmp_path / "runs.csv",
        {"source": "first/x"},
        {"source": "first/x"},
        {"source": "first/x", "seq_len": "4096", "peak_mem_gb_per_gpu": "17"},
        {"source": "second/y", "method": "qlora", "peak_mem_gb_per_gpu": "7", "tokens_per_s_per_gpu": "2500"},
        {"source": "second/y", "model": "unheard-of", "params_b": ""},
        {"source": "second/y", "notes": "OOM", "micro_batch": "64", "tokens_per_s_per_gpu": ""},
    )
    found = json.loads(run("--runs", path).splitlines()[-1])
    assert 3 == found["memory"]["n"]
    assert 1 == found["refused"]
    assert ["unheard-of"] == [reason.split("'")[1] for reason in found["refused_reasons"]]
    assert 0 == found["false_fit_rate"]
    assert {"first", "second"} == set(found["by_source"]["time"])
    assert {"n": 0, "median_ape": None, "p90_ape": None, "coverage80": None} == found["memory_multi_gpu"]


@pytest.mark.slow
def test_the_statistic_of_a_row_decides_what_it_is_compared_with(tmp_path):
    """Reserved is compared with reserved; rows that do not say stand apart."""
    path = write(
        tmp_path / "runs.csv",
        {"source": "first/x", "mem_stat": "peak reserved"},
        {"source": "second/y", "mem_stat": "not stated"},
        {"source": "third/z"},
    )
    found = json.loads(run("--runs", path).splitlines()[-1])
    assert (2, 1) == (found["memory"]["n"], found["memory_not_stated"]["n"])
    assert 3 == found["memory_all"]["n"]


@pytest.mark.slow
def test_the_published_figures_hold():
    """Without a publisher's own rows: memory, time, bands and verdicts stay within what benchmarks/README.md says."""
    found = json.loads(run().splitlines()[-1])
    for part, median, p90 in (("memory", 10, 22), ("memory_multi_gpu", 8, 15), ("time", 12, 40)):
        assert found[part]["median_ape"] <= median
        assert found[part]["p90_ape"] <= p90
        assert 0.75 <= found[part]["coverage80"] <= 0.93
    assert found["false_fit_rate"] <= 0.02
    assert found["tight_share"] <= 0.15
    assert found["after_one_run"]["memory"]["median_ape"] <= 5
    assert found["after_one_run"]["time"]["median_ape"] <= 5
    # Pooled coverage hides no publisher: at least six in ten of each one's rows lie inside.
    for part in ("memory", "memory_multi_gpu", "time"):
        for line in found["by_source"][part].values():
            assert line["n"] < 20 or line["coverage80"] >= 0.6
