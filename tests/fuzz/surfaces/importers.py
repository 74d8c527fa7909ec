"""Whatever other tools measured, billed or logged: points, charges, loads, trackers, prices, lengths, reviews."""

import json
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.books.importers import test_timesheet
from tests.books.importers.bills import as_csv, as_parquet, asked, in_version, row
from tests.books.importers.test_serving import READS
from tests.evals import logs as evals
from tests.forecast.importers import test_tables
from tests.fuzz.surface import Surface, Tree
from tests.inference.importers.meters import (
    STATED,
    aiperf_result,
    genai_perf_result,
    guidellm_benchmark,
    guidellm_report,
    older_guidellm_report,
    vllm_result,
)
from tests.io.trackers.stores import Logged, database
from tests.io.trackers.stores import folder as store
from tunecase.books.importers import HourPrice, SpendAsked, focus_bill, meter_table, spent_mlflow, spent_runs, timesheet
from tunecase.books.meter import STATE_FILE
from tunecase.compute.measured.own_table import read_runs
from tunecase.compute.sample_lengths import read_lengths
from tunecase.data.review.corrections import read_corrections
from tunecase.evals import Asked as LogAsked
from tunecase.evals import read_log
from tunecase.forecast.forecast import read_source
from tunecase.forecast.importers import Asked
from tunecase.inference.importers import read_points
from tunecase.inference.importers.traces import read_trace
from tunecase.io.trackers import read_mlflow, read_trackio
from tunecase.prices import read_contracts

TODAY = date(2026, 11, 24)
RUNS = (
    Logged("n100", began=1_000, ended=7_200_000, tags={"gpu": "H100"}, params={"n_train": "100"},
    metrics={"accuracy": (0.5, 0.7)}),
    Logged("n200", "FAILED", 3_000, None, params={"n_train": "200"}, metrics={"accuracy": (0.1,), "loss": (2.0, 1.0)}),
    Logged("n400", began=1_000, ended=9_000_000, params={"n_train": "400"}, metrics={"accuracy": (0.8,)}),
)  # fmt: skip


def tree_of(folder: Path) -> Tree:
    """The files of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _made() -> dict[str, Tree]:
    """What the makers of other tests write."""
    made = {}
    for name, make in {
        "store": lambda at: store(at, RUNS),
        "database": lambda at: database(at / "mlflow.db", RUNS),
        "bill": lambda at: as_csv(at / "bill.csv", [row(), row(BilledCost="-1", ChargeCategory="Credit")]),
        "new bill": lambda at: as_csv(at / "bill.csv", [in_version("1.2"), in_version("1.2", SkuId="S2")]),
        "columnar bill": lambda at: as_parquet(at / "bill.parquet", [row(), row(SkuId="S2")]),
    }.items():
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder))
            made[name] = tree_of(Path(folder))
    return made


def _state(n: int, score: float) -> bytes:
    log = [
        {"epoch": 1.0, "eval_accuracy": score, "eval_loss": 0.3, "eval_runtime": 2.0, "eval_samples_per_second": 150.0,
        "step": 10},
        {"epoch": 3.0, "step": 30, "train_loss": 0.4, "train_runtime": 12.3, "train_samples_per_second": n * 3 / 12.3},
    ]  # fmt: skip
    return json.dumps({"epoch": 3.0, "global_step": 30, "log_history": log, "max_steps": 30}).encode()


MADE = _made()
STATES: Tree = {
    "a/trainer_state.json": _state(50, 0.7), "b/trainer_state.json": _state(100, 0.8),
    "c/trainer_state.json": _state(200, 0.85),
    "c/all_results.json": b'{"train_samples": 200, "eval_accuracy": 0.85}',
}  # fmt: skip
CALLBACK: Tree = {
    f"out/{STATE_FILE}": json.dumps({
        "form": 1, "run": "a", "run_id": "r", "attempts": [{
            "id": "1", "began_at": "2026-11-20T10:00:00+00:00", "seconds": 60.0, "usd_per_gpu_hour": 2.0,
            "gpu_count": 1}]}).encode(),
}  # fmt: skip
TABLES = (
    "n,score\n100,0.5\n200,0.6\n400,0.7\n", test_tables.WANDB_RUNS, test_tables.WANDB_CHART, test_tables.WANDB_HISTORY,
    test_tables.MLFLOW_EXPORT, test_tables.MLFLOW_DOWNLOAD,
)  # fmt: skip
LOADS = (
    vllm_result(), aiperf_result(), genai_perf_result(),
    guidellm_report(guidellm_benchmark({"type_": "concurrent", "streams": 4}, 2.0)),
    older_guidellm_report(guidellm_benchmark({"type_": "concurrent", "streams": 4}, 2.0)),
)  # fmt: skip
METER = "from,to,answers,tokens_in,tokens_out,gpu_hours,cost\n2026-11-01,2026-11-30,41k,12M,400000,730,640 USD\n"
PRICES = (
    "gpu,provider,price,currency,unit,terms,region,date,source\nH100,own,2.10,USD,gpu_hour,on_demand,eu,2026-11-01,contract\n",
    "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region,AvailabilityZone\n"
    "p4d,96,1152,A100,8,32.0,9.6,us-east-1,us-east-1a\np5,192,2048,H100,8,80.0,,eu-1,eu-1a\n",
)  # fmt: skip
MEASURED = (
    "model,method,gpu,n_gpus,seq_len,micro_batch,params_b,peak_mem_gb_per_gpu,tokens_per_s_per_gpu\n"
    "meta-llama/Llama-3.1-8B,lora,H100,1,2048,4,8,40,5000\n"
)
LENGTHS: list[Tree] = [
    {"l.csv": b"tokens,count\n100,5\n2000,2\n"}, {"l.json": b"[100, 200, 3000]"},
    {"l.jsonl": b'{"tokens": 5}\n{"tokens": 7}\n'},
    {"l.jsonl": b'{"input_ids": [1, 2, 3]}\n'},
]  # fmt: skip
TRACE = "arrival,input,output\n0,100,10\n5.5,300,30\n3600,5,5\n"
DATED = "TIMESTAMP,ContextTokens,GeneratedTokens\n2026-03-03T06:00:00+01:00,5,6\n2026-03-04T06:05:00+01:00,5,6\n"
CORRECTION = (
    b'{"row":3,"line":4,"code":"x","verdict":"fix","given":"red","answer":"blue","reviewers":["Ann"],"file":"f"}\n'
)


EVAL_LOGS: list[Tree] = [
    {name: next(evals.FIXTURES.glob(place)).read_bytes()}
    for name, place in (
        ("a.eval", "inspect/errors.eval"), ("a.json", "inspect/limited.json"), ("a.jsonl", "oaieval/a.jsonl"),
        ("s.jsonl", "lm_eval/mock-a/samples_*.jsonl"), ("s.db", "trackio/even.db"),
    )
]  # fmt: skip
STORES: list[Tree] = [{"t.db": (evals.TRACKIO / "training.db").read_bytes()}]


def _hours(**changes: object) -> SpendAsked:
    """What is asked of charges, with a price for every hour."""
    price = HourPrice(Decimal(2), "a price")
    return asked(gpu="H100", gpu_count=1, gpu_hour=lambda _: price, person_hour=lambda _: price, **changes)


def _points(folder: Path) -> object:
    text = (folder / "points.csv").read_bytes()
    return read_source(
        str(folder / "points.csv"), Asked(sizes={"points": 400}) if b"_runtime" in text[:40] else Asked()
    )


def _loads(folder: Path) -> object:
    text = (folder / "r.json").read_bytes()
    return read_points(folder / "r.json", {**STATED, "engine": "tensorrt-llm"} if b"tensorrt" in text else STATED)


def _log(folder: Path) -> object:
    place = _first(folder)
    asked = LogAsked(filter="strict-match", run="mock-a") if place.name.startswith("s") else LogAsked()
    return read_log(place, asked)


def _first(folder: Path) -> Path:
    return min((path for path in folder.iterdir()), default=folder)


SURFACES = (
    Surface("tables of points", [{"points.csv": text.encode()} for text in TABLES], _points, examples=200),
    Surface("trainer states", [STATES], lambda folder: read_source(str(folder), Asked())),
    Surface("tracked points", [MADE["store"]], lambda folder: read_source(str(folder / "mlruns"), Asked())),
    Surface("tracked runs", [MADE["store"]], lambda folder: read_mlflow(str(folder / "mlruns"), "", lambda _: True)),
    Surface("tracked database", [MADE["database"]], lambda folder: read_mlflow(str(folder / "mlflow.db"), "",
    lambda _: True)),
    Surface("hours of tracked runs", [MADE["store"]], lambda folder: spent_mlflow(str(folder / "mlruns"), _hours())),
    Surface("hours of own runs", [STATES, CALLBACK], lambda folder: spent_runs(str(folder), _hours(on=TODAY))),
    Surface("bills", [MADE["bill"], MADE["new bill"]], lambda folder: focus_bill(str(folder / "bill.csv"), asked()),
    examples=200),
    Surface("columnar bills", [MADE["columnar bill"]], lambda folder: focus_bill(str(folder / "bill.parquet"),
    asked()), starts=True, examples=60),
    Surface("time sheets", [{"s.csv": text.encode()} for text in (test_timesheet.TOGGL, test_timesheet.CLOCKIFY,
    test_timesheet.HARVEST)],
            lambda folder: timesheet(str(folder / "s.csv"), _hours()), examples=200),
    Surface("meters of answers", [{"m.csv": METER.encode()}], lambda folder: meter_table(str(folder / "m.csv"), READS,
    date(2027, 1, 5))),
    Surface("measured loads", [{"r.json": json.dumps(body).encode()} for body in LOADS],
            _loads, examples=200),
    Surface("traces of requests", [{"t.csv": TRACE.encode()}, {"t.csv": DATED.encode()}],
    lambda folder: read_trace(folder / "t.csv")),
    Surface("price tables", [{"p.csv": text.encode()} for text in PRICES],
            lambda folder: read_contracts(folder / "p.csv", {"USD": 1.0, "EUR": 1.1}, TODAY), examples=200),
    Surface("measured trainings", [{"m.csv": MEASURED.encode()}], lambda folder: read_runs(folder / "m.csv")),
    Surface("lengths of samples", LENGTHS, lambda folder: read_lengths(_first(folder))),
    Surface("logs of evaluations", EVAL_LOGS, _log),
    Surface("stores of Trackio", STORES, lambda folder: read_trackio(_first(folder))),
    Surface("corrections", [{"c.jsonl": CORRECTION}], lambda folder: read_corrections(folder / "c.jsonl")),
)  # fmt: skip
