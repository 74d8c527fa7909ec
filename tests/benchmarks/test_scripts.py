"""Each benchmark runs on a small input and ends with one JSON object."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import growth
import inference_points
import piloting
import pytest
import rollouts
import training
import training_scores
from audit_peers import Peer
from peers import training_peers
from training_scores import Taught

import inference
from tunecase import catalog
from tunecase.compute.doubt import shipped
from tunecase.compute.speed import rates

pytestmark = pytest.mark.slow
SCRIPTS = Path(__file__).parents[2] / "benchmarks"


def last_line(name: str, *words: str | Path) -> dict[str, Any]:
    """What a script ends with."""
    ran = subprocess.run([sys.executable, SCRIPTS / name, *words], capture_output=True, check=True, text=True)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A CSV file with the columns of all its rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_bands_of_the_books_hold() -> None:
    """Bands drawn midway hold about what they promise, and are narrower for their height than the plan's."""
    looks = [line for line in last_line("booking.py", "--draws", "4000", "--projects", "1000").values()
             if isinstance(line, dict)]  # fmt: skip
    assert 10 == len(looks)
    assert [] == [line for line in looks if not (0.70 <= line["holds"] <= 1.0 and line["ratio"] < 1)]


def test_the_sensitivity_of_a_bill_has_thirty_inputs() -> None:
    """Both bills are timed; what is asked besides is left to the script itself, where it takes half a minute."""
    found = last_line("sensitivity.py", "--draws", "100", "--repeats", "1", "--cold-starts", "1", "--no-salib")
    for name in ("rounds of the file", "along a curve"):
        assert found[name]["inputs"] >= 30
        assert {"best_s", "median_s"} < set(found[name])
    assert found["cold_s"] > 0


def test_the_default_drift_of_prices_is_what_the_benchmark_gives() -> None:
    """Its two ends, and the counts that its source states; without the history there is nothing to compare."""
    found = last_line("price_drift.py")
    if "skipped" in found:
        pytest.skip(found["skipped"])
    row = catalog.default("prices.drift")
    assert f"{found['low']} to {found['high']}" == row.value
    assert f"{found['rose']} rose, {found['stayed']} stayed, {found['fell']} fell" in row.source
    assert f"{found['pairs']} prices on demand of {found['providers']} providers" in row.source


def test_the_needs_of_an_audit_follow_their_formulas(tmp_path: Path) -> None:
    """Runs on a straight line give its start and its slope back; a billion rows need what lies on that line."""
    runs = [
        {
            "rows": rows, "engine": "local", "full": False, "cgroup_mb": None, "ended": True, "date": "2026-11-28",
            "cpu_seconds": 2 + 60e-6 * rows, "driver_peak_mb": 200 + 2e-6 * rows, "peak_mb": 500.0, "cores": 2,
            "disk_peak_mb": rows / 1e3, "row_bytes": 600,
            "stages": [{"name": "read", "cpu_seconds": 50e-6 * rows, "peak_mb": 150.0},
                       {"name": "meet", "cpu_seconds": 4e-6 * rows, "peak_mb": 90.0}],
        }
        for rows in (10_000_000, 100_000, 1_000_000)
    ]  # fmt: skip
    (tmp_path / "figures.json").write_text(json.dumps(runs), encoding="utf-8")
    found = last_line("sizing.py", "--rows", "1G", "--figures", tmp_path / "figures.json", "--usd-per-core-hour", "0.1")
    assert pytest.approx(2.0) == found["constants"]["start_cpu_s"]
    assert pytest.approx([4, 6, 50]) == sorted(found["constants"]["us_per_row"].values())
    (need,) = found["needs"]
    assert pytest.approx((2 + 60_000) / 3600) == need["core_hours"]
    assert pytest.approx((2 + 6_000 + 54_000 / 16) / 3600) == need["hours"]
    assert pytest.approx((600, 1000, 0.2 + 2 + 16 * 0.15)) == (need["text_gb"], need["scratch_gb"], need["memory_gb"])
    assert pytest.approx(need["hours"] * 1.6) == need["usd_low"] == need["usd_high"]


def test_an_audit_is_measured_whole(tmp_path: Path) -> None:
    """A real audit of a small file ends, has a record, time and memory, and the same record once more."""
    found = growth.grown([1000], [growth.Way(), growth.Way()], tmp_path, tmp_path / "figures.json")
    assert [True, True] == [audit["ended"] for audit in found]
    assert [] == found[1]["differs_at"]
    assert all(audit["cpu_seconds"] > 0 for audit in found)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The last line that a script prints in this process."""

    def asked(script: ModuleType, *words: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", [script.__name__, *map(str, words)])
        script.main()
        return capsys.readouterr().out.splitlines()[-1]

    return asked


def test_published_serving_runs_are_scored(tmp_path: Path, printed: Any) -> None:
    """Every row is answered, refused or left out with a reason, and the figures are those of the rows answered."""
    made_up = (("h100-sxm", 1, 120), ("h100-sxm", 64, 4_000), ("a100-sxm-80gb", 16, 900), ("L40S", 64, 1_300))
    rows: list[dict[str, Any]] = [
        {
            "id": f"r{number}", "source": f"publisher-{number % 2}", "date": "2026-03", "engine": "vllm",
            "model": "llama-3.1-8b", "params_b": 8.03, "precision": "bf16", "gpu": gpu, "n_gpus": 1.0, "tp": 1.0,
            "concurrency_or_rate": float(concurrency), "input_len": 1_000.0, "output_len": 300.0,
            "output_tokens_per_s_per_gpu": rate, "load_kind": "closed-loop", "engine_version": "0.15.1",
            "tokens_per_s_total": "", "ttft_ms": "", "tpot_ms": "", "notes": "", "parallel": "", "repo_path": "",
            "derived_output_tps_per_gpu": "",
        }
        for number, (gpu, concurrency, rate) in enumerate(made_up)
    ]  # fmt: skip
    odd = {**rows[0], "id": "odd", "model": "mystery", "params_b": ""}
    found = json.loads(printed(inference, "--runs", table(tmp_path / "runs.csv", [*rows, odd])))
    throughput = found["throughput"]
    assert [why for why in throughput["not_comparable"] if "mystery" in why]
    assert throughput["n"] == throughput["answered"] == len(rows)
    assert 0 < throughput["median_of_publishers"] < 1
    absent = tmp_path / "absent.csv"
    assert printed(inference, "--runs", absent) == f"skipped: {absent} not found"
    assert json.loads(printed(inference_points, "--runs", absent)) == {"skipped": f"{absent} not found"}


def test_published_runs_of_sampled_answers_are_scored(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Open and sealed publishers stand apart; a row that states too little is left out with its reason."""
    known = catalog.read_table("rollout_runs")
    picked = [
        next(row for row in known if row["publisher"] == name and row["completion_tokens_limit"])
        for name in ("unslothai", "hkust-nlp")
    ]
    bare = next(row for row in known if not row["prompts_per_step"])
    rollouts.main(["--table", str(table(tmp_path / "rows.csv", [*picked, bare]))])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["rows"] == 3
    assert found["open"]["step"]["publishers"] == found["sealed"]["step"]["publishers"] == 1
    assert "prompts_per_step" in found["left_out"][bare["id"]]


def test_published_training_runs_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Repeats count once, unknown models are refused, and publishers of the file teach nothing."""
    taught, known = Taught(shipped()["memory"], shipped()["time"], rates.shipped()), []
    monkeypatch.setattr(training_scores, "taught_by", lambda runs: known.extend(runs) or taught)
    monkeypatch.setattr(training_scores, "taught_without", lambda name: taught)
    plain = {
        "source": "first/x", "model": "llama-2-7b", "params_b": "6.74", "method": "lora", "seq_len": "2048",
        "micro_batch": "1", "grad_ckpt": "True", "sharding": "none", "gpu": "A100-80GB", "n_gpus": "1",
        "peak_mem_gb_per_gpu": "15.5", "tokens_per_s_per_gpu": "3000", "mem_unit": "GB (10^9 B)",
        "mem_stat": "torch peak allocated", "date": "2026-01-01", "notes": "",
        **dict.fromkeys(
            ("url_or_repo_path,framework,precision,quant,lora_rank,lora_targets,global_batch,flash_attn,optimizer,"
             "dataset,tokens_trained,mfu,wall_minutes,cost_usd,derived").split(","), ""
        ),
    }  # fmt: skip
    second = {"source": "second/y"}
    changes: list[dict[str, str]] = [
        {}, {}, {"seq_len": "4096", "peak_mem_gb_per_gpu": "17"},
        second | {"method": "qlora", "peak_mem_gb_per_gpu": "7", "tokens_per_s_per_gpu": "2500"},
        second | {"model": "unheard-of", "params_b": ""},
        second | {"notes": "OOM", "micro_batch": "64", "tokens_per_s_per_gpu": "", "peak_mem_gb_per_gpu": ""},
        second | {"gpu": "Quadro 1", "peak_mem_gb_per_gpu": ""}, {"source": "qwenlm/Qwen page"},
    ]  # fmt: skip
    rows = [{"id": f"x{at}", **plain, **change} for at, change in enumerate(changes)]
    training.main(["--runs", str(table(tmp_path / "runs.csv", rows))])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (4, 3) == (found["memory"]["n"], found["memory"]["publishers"])
    assert (7, 2) == (found["complete_rows"], found["refused"])
    assert {"Quadro 1": 1} == found["cards_not_in_the_tables"]
    assert (1, 0) == (found["verdicts"]["failures"], found["verdicts"]["called_fits_but_failed"])
    assert known
    assert "QwenLM" not in {run.publisher for run in known}
    training.main(["--runs", "nowhere.csv"])
    assert "skipped: nowhere.csv not found\n" == capsys.readouterr().out


def test_other_tools_answer_by_run(tmp_path: Path) -> None:
    """Each run has a tool's figure under its id, a refusal its reason; a tool that fails is left out with its own."""
    text = (
        f"import sys\nsys.path.insert(0, {str(Path(training_peers.__file__).parent)!r})\n"
        "from training_row import serve, whole_on_each\n"
        "def answer(row):\n    whole_on_each(row)\n    return {'memory_gb': row['params'] * 2e-9}\nserve(answer)\n"
    )
    peers = []
    for name, script in (("stand-in", text), ("broken", "raise OSError('no such card')")):
        (tmp_path / f"{name}.py").write_text(script, encoding="utf-8")
        peers.append(Peer(name, (), str(tmp_path / f"{name}.py")))
    row = {"id": "a", "params": 7e9, "gpus": 1, "sharding": "none"}
    skipped: dict[str, str] = {}
    found = training_peers.predictions(
        [row, {**row, "id": "b", "gpus": 2, "sharding": "fsdp"}], tmp_path, peers, skipped
    )
    assert {"stand-in"} == found.keys()
    assert pytest.approx(14) == found["stand-in"]["a"]["memory_gb"]
    assert found["stand-in"]["b"]["memory_gb"] is None
    assert "one GPU" in str(found["stand-in"]["b"]["reason"])
    assert {"broken": "ends with 1: OSError: no such card"} == skipped


def test_a_pilot_foretells_the_top_of_its_ladder(tmp_path: Path) -> None:
    """The forecast of a ladder of n-grams on the shipped example, with its measured top; runs kept are not repeated."""
    data = piloting.replace(piloting.example(), trainers=("probe",))
    cache = piloting.Cache(tmp_path / "runs.jsonl")
    found = piloting.foretold(data, "probe", cache, 1, 1, 100)
    assert {"from", "left_out", "at 320", "at 640"} == set(found)
    assert abs(found["at 640"]["error"]) < 0.5
    assert piloting.Cache(tmp_path / "runs.jsonl").done == cache.done
    assert found == piloting.foretold(data, "probe", cache, 1, 1, 100)
