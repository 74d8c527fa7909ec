"""How long a user waits: `import tunecase`, `tunecase --help`, one `fit`, the whole road on the example, and its page
after a charge of 65 USD.

Usage: python benchmarks/starting.py [--repeats 7]
Each command is a process of its own, as a user starts it; minimum, median and maximum in seconds. Of the page the CPU
seconds as well, which other work on the machine moves less. Last line: JSON.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SRC = Path(__file__).parents[1] / "src"


def seconds(*words: str) -> float:
    """Wall time of one Python process with these arguments."""
    start = time.perf_counter()
    env = {**os.environ, "PYTHONPATH": str(SRC)}
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=env)
    return time.perf_counter() - start


def cpu_seconds(*words: str) -> float:
    """CPU time of one Python process with these arguments, and of those that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds(*words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Runs every command `--repeats` times, in turn, and prints the table and the JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        case = f"{folder}/case"
        seconds("-m", "tunecase", "init", "--example", "support-tickets", "--to", case)
        commands = {
            "python alone": ("-c", "pass"),
            "import tunecase": ("-c", "import tunecase"),
            "tunecase --help": ("-m", "tunecase", "--help"),
            "tunecase fit": ("-m", "tunecase", "fit", "llama-3.1-8b", "--tokens", "5M"),
            "tunecase run, example": ("-m", "tunecase", "run", "--project", f"{case}/tunecase.yaml"),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(repeats):
            for name, words in commands.items():
                (Path(case) / "ledger.jsonl").unlink(missing_ok=True)
                times[name].append(seconds(*words))
        at, page = ("--project", f"{case}/tunecase.yaml"), ("-m", "tunecase", "report", "--to", f"{folder}/page")
        (Path(case) / "ledger.jsonl").unlink(missing_ok=True)
        seconds("-m", "tunecase", "run", *at)
        for _ in range(repeats):
            seconds("-m", "tunecase", "spend", "add", "65", "USD", "--line", "labour", *at)
            for name in ("report after a charge, CPU", "report, no change, CPU"):
                times.setdefault(name, []).append(cpu_seconds(*page, *at))
    found = {name: (min(taken), statistics.median(taken), max(taken)) for name, taken in times.items()}
    for name, (low, middle, high) in found.items():
        print(f"{name:<26} {low:6.3f} {middle:6.3f} {high:6.3f} s")
    print(json.dumps({name: round(middle, 3) for name, (_, middle, _) in found.items()}))


if __name__ == "__main__":
    main()
