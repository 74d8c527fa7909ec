"""What a reader of a page has at hand: the shipped example, walked or not, and files of other tools."""

import csv
import gzip
import json
import shutil
from pathlib import Path

from tests.command import tunecase
from tests.compute.model.test_reading import config
from tests.evals.logs import INSPECT
from tests.flow.test_fit import AXOLOTL
from tests.inference.importers.meters import vllm_result
from tests.making import write_jsonl

ROOT = Path(__file__).parents[2]
# A cloud's bill in FOCUS, with a service that lands on no line of the plan.
DAY = {
    "BillingPeriodStart": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-11-28T00:00:00Z",
    "ChargePeriodEnd": "2026-11-29T00:00:00Z",
    "ChargeCategory": "Usage",
    "BillingCurrency": "USD",
    "ProviderName": "Example Cloud",
    "ResourceId": "pod-17",
    "Tags": json.dumps({"team": "nlp", "application": "tickets"}),
}
COLUMNS = ("ServiceName", "ServiceCategory", "SkuId", "ConsumedQuantity", "ConsumedUnit", "ChargeDescription")
CHARGES = (
    ("3.41", "GPU Cloud", "Compute", "l40s", "7.75", "Hours", "L40S on demand"),
    ("0.62", "Amazon S3", "Other", "s3", "100", "GB", "rows"),
)
FILES = {
    "points.csv": "n,score\n100,0.60\n200,0.68\n400,0.74\n800,0.79\n",
    "lengths.csv": "tokens,count\n100,500\n900,500\n",
    "axolotl.yaml": AXOLOTL,
    "accelerate.yaml": "distributed_type: FSDP\nnum_processes: 4\nmixed_precision: bf16\n",
    "trainer_state.json": json.dumps(
        {"global_step": 50, "log_history": [{"train_runtime": 300.0}], "num_input_tokens_seen": 900_000}
    ),
    "runs.csv": "id,model,method,n_gpus,gpu,framework,seq_len,micro_batch,tokens_per_s_per_gpu,precision\n"
    "a,meta-llama/Llama-3.1-8B,lora,1,H100,transformers,2048,1,3000,bfloat16\n",
    "vms.csv": "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region\ng,H100,1,3.29,,us\n",
    "load.json": json.dumps(vllm_result()),
}


def logs(folder: Path) -> None:
    """Logs of two models, and of one after two sizes of data."""
    for name, log in {"today": "a", "tuned": "b", "n400": "a", "n1600": "b"}.items():
        shutil.copy(INSPECT / f"{log}.eval", folder / f"{name}.eval")


def tools(folder: Path) -> None:
    """Files of other tools, configurations of models, and logs."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    _write_bill(folder / "bill.csv")
    (folder / "path" / "to").mkdir(parents=True)
    for place in (folder, folder / "path" / "to"):
        config(place)
    logs(folder)
    block = (ROOT / "examples" / "trainers" / "README.md").read_text(encoding="utf-8").split("```python\n")[1]
    (folder / "most_common.py").write_text(block.split("```")[0], encoding="utf-8")


def _write_bill(path: Path) -> None:
    costs = ("BilledCost", "EffectiveCost", "ListCost")
    rows = [{**DAY, **dict.fromkeys(costs, cost), **dict(zip(COLUMNS, more, strict=True))} for cost, *more in CHARGES]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def desk(folder: Path) -> None:
    """Beside a case that was walked: other cases, other forms of its rows, and all of `tools`."""
    tools(folder)
    text = (folder / "tunecase.yaml").read_text(encoding="utf-8")
    # Whoever comes to this desk has no time for looks, so that the plan asks for money.
    text += "\nlevers: {look_hours: 40 to 60 h}\n"
    (folder / "tunecase.yaml").write_text(text, encoding="utf-8")
    decides(folder)
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    (folder / "b.yaml").write_text(f"{text}\nrounds: 1\n", encoding="utf-8")
    _rows(folder)
    _other_cases(folder)


def _rows(folder: Path) -> None:
    """The rows of the case packed, in one JSON file, in folders of their own, and rows of another source."""
    text = (folder / "data" / "train.jsonl").read_text(encoding="utf-8")
    with gzip.open(folder / "rows.jsonl.gz", "wt", encoding="utf-8") as packed:
        packed.write(text)
    for place in ("folder", "fresh", "asked", "split"):
        (folder / place).mkdir()
        (folder / place / "train.jsonl").write_text(text, encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()[:150] if line.startswith("{") and line.endswith("}")]
    (folder / "file.json").write_text(json.dumps({"train": rows}), encoding="utf-8")
    other = [{**row, "text": " ".join(sorted(row["text"].split()))} for row in rows if isinstance(row.get("text"), str)]
    write_jsonl(folder / "source.jsonl", other)


def _other_cases(folder: Path) -> None:
    """A finished case in cases/weekend, its plan with a budget as small.yaml, a colleague's ledger in other."""
    weekend = folder / "cases" / "weekend"
    project = ("--project", weekend / "tunecase.yaml")
    for words in (
        ("init", "--example", "one-weekend", "--to", weekend),
        ("estimate", *project),
        ("spend", "add", "940", "USD", "--line", "labour", *project),
        ("books", "--close", "all", *project),
    ):
        assert 0 == tunecase(*words).code, words
    text = (weekend / "tunecase.yaml").read_text(encoding="utf-8")
    (folder / "small.yaml").write_text(f"{text}\nbudget: 5k USD\n", encoding="utf-8")
    other = folder / "other"
    shutil.copytree(folder / "data", other / "data")
    for name in ("tunecase.yaml", "ledger.jsonl"):
        shutil.copy(folder / name, other / name)
    assert 0 == tunecase("spend", "add", "20", "USD", "--project", other / "tunecase.yaml").code


def judged(folder: Path) -> None:
    """The reader looked at each row of the review queue, and finds all of them right."""
    sheet = folder / "cleaned" / "review.csv"
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "decision": "right"} for row in rows)


def decides(folder: Path) -> None:
    """The reader reads the plan of the case as it is now, which earlier commands of the page have changed."""
    assert 0 == tunecase("decide", cwd=folder).code


def rests_on_past_cases(folder: Path) -> None:
    """The reader names finished cases in the project file."""
    with (folder / "tunecase.yaml").open("a", encoding="utf-8") as project:
        project.write("\npast: [cases]\n")
