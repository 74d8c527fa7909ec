"""What a command costs that is run again after many charges: processor seconds, and how much of the ledger it reads.

    python benchmarks/many_charges.py [--charges 50000]

A case of the shipped example is run to its end, and a bill of so many rows is imported into it. Then `decide`, `books`
and `approve` are run twice: once behind the import, and once more with nothing changed. Every command is a process of
its own. `cpu_s` are its processor seconds in user and system mode, `peak_mb` the most memory that it held, `passes` how
often the lines of the ledger were verified, as a share of all of them, and `parses` how many lines were parsed. The
last line is a JSON object.
Flatters: the rows of the bill are alike but for day, machine and amount.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

HERE = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src"), "OMP_NUM_THREADS": "1"}
COUNTING = """
import json, sys
from tunecase.cli.entry import main
from tunecase.ledger import bodies, index, lines
parsed, told = [0], sys.argv.pop()
def counting(line, read=bodies.fields_of):
    parsed[0] += 1
    return read(line)
lines.fields_of = index.fields_of = counting
try:
    main()
finally:
    print(json.dumps({"verified": index.Index.verified, "parses": parsed[0]}), file=open(told, "w"))
"""
COLUMNS = (
    "BilledCost,EffectiveCost,BillingAccountId,BillingCurrency,ChargeCategory,ChargeClass,ChargeDescription,"
    "ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,ListUnitPrice,ProviderName,RegionId,ResourceId,"
    "ResourceType,ServiceCategory,ServiceName,SkuId,Tags"
).split(",")
GPU = ("On Demand Linux g5.4xlarge Instance Hour", "0.001", "Hours", "Compute", "Amazon Elastic Compute Cloud")
STORE = ("per GB - first 50 TB / month of storage used", "1.0", "GB", "Storage", "Amazon Simple Storage Service")
HOURS = 2_000  # of which the rows are, of one resource after another


def write_bill(path: Path, rows: int) -> None:
    """A FOCUS bill of small amounts: one row in five is of a GPU machine."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in range(rows):
            began = datetime(2026, 9, 1) + timedelta(hours=row % HOURS)
            words, much, unit, kind, service = STORE if row % 5 else GPU
            cost, tags = f"{0.001 + (row % 97) / 1e6:.6f}", json.dumps({"team": "tickets", "part": str(row % 10)})
            writer.writerow(
                (cost, cost, "1", "USD", "Usage", "NULL", words, began, began + timedelta(hours=1), much, unit, "1.624",
                 "AWS", "us-east-1", f"i-{row // HOURS}", "instance", kind, service, f"S{row % 7}", tags)
            )  # fmt: skip


def measured(case: Path, *words: str) -> dict[str, Any]:
    """The figures of one command."""
    told = case.parent / "counted.json"
    command = [sys.executable, "-c", COUNTING, *words, "--project", str(case), str(told)]
    with subprocess.Popen(command, env=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(words)}: exit code {process.returncode}")
    counted, lines = json.loads(told.read_text()), case.with_name("ledger.jsonl").read_bytes().count(b"\n")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return {
        "cpu_s": round(used.ru_utime + used.ru_stime, 2), "peak_mb": round(used.ru_maxrss / unit),
        "passes": round(counted["verified"] / max(lines, 1), 2), "parses": counted["parses"],
    }  # fmt: skip


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charges", type=int, default=50_000)
    asked = parser.parse_args()
    figures: dict[str, Any] = {"charges": asked.charges}
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "case" / "tunecase.yaml"
        words = [sys.executable, "-m", "tunecase", "init", "--example", "support-tickets", "--to", str(case.parent)]
        subprocess.run(words, env=HERE, check=True, capture_output=True)
        measured(case, "run")
        write_bill(Path(folder) / "bill.csv", asked.charges)
        figures["import"] = measured(case, "spend", "import", "focus", str(Path(folder) / "bill.csv"))
        for verb in ("decide", "books", "approve"):
            figures[verb], figures[f"{verb} again"] = measured(case, verb), measured(case, verb)
    for name, found in figures.items():
        print(f"{name:14} {found}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
