"""What a verb costs when nothing has changed: CPU seconds of the road and of its verbs, and how many plans are solved.

Usage: python benchmarks/repeating.py [--sets example banking77] [--no-counts]
Every command is a process of its own, as a user starts it; its seconds are those of user and system, with its children.
Plans are counted in a second copy of the case. banking77 is read from ../shared and left out where it is absent. Last
line: JSON.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BANKING = ROOT.parent / "shared" / "data" / "text" / "banking77"
PROJECT = """\
name: banking77
problem: {task: classification, metric: accuracy, target: 97%, value: 0.40 USD per correct, volume: 30k per month}
data:
  train: train.csv
  test: test.csv
  sources: [{kind: label, pool: 30k, effort: 1 to 2 min per label}]
budget: 15k USD
"""
COMMANDS = {
    "first run": "run", "unchanged run": "run", "audit": "audit", "estimate": "estimate", "decide": "decide",
    "report": "report", "fit": "fit",
}  # fmt: skip
COUNTED = """
import sys
import tunecase.plan.levers as levers
calls, board = [], levers.board
levers.board = lambda *words, **named: (calls.append(1), board(*words, **named))[1]
from tunecase.cli.entry import main
try:
    main()
finally:
    print("plans", len(calls), file=sys.stderr)
"""


def started(case: Path, begin: tuple[str, ...], verb: str) -> tuple[float, str]:
    """CPU seconds of one command on a case, and what it wrote on standard error."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    words = (sys.executable, *begin, verb, "--json", "--project", str(case / "tunecase.yaml"))
    ended = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    if ended.returncode not in (0, 1):
        raise SystemExit(ended.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended.stderr


def made(name: str, folder: Path) -> Path:
    """A new case: the shipped example, or banking77."""
    if name == "example":
        return Path(shutil.copytree(ROOT / "examples" / "support-tickets", folder))
    folder.mkdir()
    for part in ("train", "test"):
        shutil.copy(BANKING / f"{part}.csv", folder)
    (folder / "tunecase.yaml").write_text(PROJECT, encoding="utf-8")
    return folder


def main() -> None:
    """Prints each command with its CPU seconds and plans, and the JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", nargs="+", default=["example"], choices=["example", "banking77"])
    parser.add_argument("--no-counts", action="store_true")
    asked = parser.parse_args()
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for name in asked.sets:
        if name == "banking77" and not BANKING.exists():
            print(f"{name}: left out, {BANKING} is not there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            timed = made(name, Path(folder) / "timed")
            counted = None if asked.no_counts else made(name, Path(folder) / "counted")
            figures[name] = {}
            for words, verb in COMMANDS.items():
                figures[name][words] = {"cpu_s": round(started(timed, ("-m", "tunecase"), verb)[0], 2)}
                if counted is not None:
                    told = started(counted, ("-c", COUNTED), verb)[1]
                    figures[name][words]["plans"] = int(told.rpartition("plans ")[2])
                print(f"{name}: {words}: {figures[name][words]}", flush=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
