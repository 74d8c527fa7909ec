"""The training benchmark: reads runs of any file, ends with one JSON line, skips when there is nothing to read."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import training
import training_scores
from training_scores import Taught

from tunecase.compute.doubt import shipped
from tunecase.compute.speed import rates

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "training.py"
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


def write(path: Path, *rows: dict[str, str]) -> str:
    """A table of made-up runs."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        writer.writeheader()
        writer.writerows({**RUN, "id": f"x{index}", **row} for index, row in enumerate(rows))
    return str(path)


@pytest.fixture
def figures(monkeypatch, capsys):
    """What the benchmark ends with, the shipped tables standing for what is learnt."""
    taught = Taught(shipped()["memory"], shipped()["time"], rates.shipped())
    monkeypatch.setattr(
        training_scores, "taught_by", lambda runs: known.append({run.publisher for run in runs}) or taught
    )
    monkeypatch.setattr(training_scores, "taught_without", lambda name: taught)
    known: list[set[str]] = []

    def asked(*options: str) -> dict:
        training.main(options)
        return {"known": known, **json.loads(capsys.readouterr().out.splitlines()[-1])}

    return asked


def test_a_missing_file_is_skipped_with_its_path(tmp_path, capsys):
    """Without the runs the benchmark says what is missing and ends well."""
    training.main(["--runs", str(tmp_path / "none.csv")])
    assert f"skipped: {tmp_path / 'none.csv'} not found\n" == capsys.readouterr().out


def test_any_file_of_runs_is_scored(tmp_path, figures):
    """Runs of two made-up publishers are scored; repeats count once; unknown models are listed as refused."""
    path = write(
        tmp_path / "runs.csv",
        {"source": "first/x"},
        {"source": "first/x"},
        {"source": "first/x", "seq_len": "4096", "peak_mem_gb_per_gpu": "17"},
        {"source": "second/y", "method": "qlora", "peak_mem_gb_per_gpu": "7", "tokens_per_s_per_gpu": "2500"},
        {"source": "second/y", "model": "unheard-of", "params_b": ""},
        {
            "source": "second/y",
            "notes": "OOM",
            "micro_batch": "64",
            "tokens_per_s_per_gpu": "",
            "peak_mem_gb_per_gpu": "",
        },
        {"source": "second/y", "gpu": "Quadro 1", "peak_mem_gb_per_gpu": ""},
    )
    found = figures("--runs", path)
    assert (3, 2) == (found["memory"]["n"], found["memory"]["publishers"])
    assert (6, 2, 0.333) == (found["complete_rows"], found["refused"], found["refused_share"])
    assert {"Quadro 1": 1} == found["cards_not_in_the_tables"]
    assert (1, 0) == (found["verdicts"]["failures"], found["verdicts"]["called_fits_but_failed"])
    assert 0 == found["memory_multi_gpu"]["n"]


def test_publishers_of_a_file_teach_nothing(tmp_path, figures):
    """Whoever stands in the file is left out of all that is learnt, whatever the case of its letters."""
    found = figures("--runs", write(tmp_path / "runs.csv", {"source": "qwenlm/Qwen page"}))
    assert found["known"]
    assert not any("QwenLM" in names for names in found["known"])


def test_the_statistic_of_a_row_does_not_change_its_line(tmp_path, figures):
    """Rows that do not name the kind of peak count in the one line, and stand apart beside it."""
    path = write(
        tmp_path / "runs.csv",
        {"source": "first/x", "mem_stat": "peak reserved"},
        {"source": "second/y", "mem_stat": "not stated"},
        {"source": "third/z"},
    )
    found = figures("--runs", path)
    assert (3, 2, 1) == tuple(found[name]["n"] for name in ("memory", "memory_stated", "memory_not_stated"))


def test_unseen_rows_have_a_headline_of_their_own(tmp_path, figures):
    """`--unseen` scores another file in the same run, and changes nothing of the main figures."""
    first = write(tmp_path / "runs.csv", {"source": "first/x"})
    other = write(tmp_path / "other.csv", {"source": "second/y"}, {"source": "third/z"})
    found = figures("--runs", first, "--unseen", other)
    assert (1, 2) == (found["memory"]["n"], found["unseen"]["memory"]["n"])


def test_publishers_can_be_chosen(figures):
    """`--publishers` scores those alone."""
    assert 1 == figures("--publishers", "jzhang38")["time"]["publishers"]


@pytest.mark.slow
def test_the_published_figures_hold():
    """Without a publisher's own rows: memory, time, bands and verdicts stay within what benchmarks/README.md says."""
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    for part, median, p90 in (("memory", 36, 50), ("memory_multi_gpu", 42, 92), ("time", 30, 55)):
        assert found[part]["median_ape"] <= median
        assert found[part]["p90_ape"] <= p90
        assert 0.70 <= found[part]["coverage80"] <= 0.92
    assert found["verdicts"]["false_fit_rate"] <= 0.02
