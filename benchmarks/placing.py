"""How long a search over every choice takes, on one core: card, count, micro-batch, sharding, checkpointing, method.

Usage: python benchmarks/placing.py [--model llama-3.1-8b] [--repeats 15]
Each search is complete: memory with its band, time, price and verdict of every choice. Last line: JSON.
"""

import argparse
import json
import os
import statistics
import time
from datetime import date

MODELS = ("smollm2-135m", "llama-3.1-8b", "mixtral-8x7b", "llama-3.1-70b")
COUNTS = tuple(range(1, 65))


def main() -> None:
    """Times the usual search and one over every count from 1 to 64, and prints the table and the JSON line."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="")
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"{'model':<16}{'counts':>8}{'choices':>9}{'computed':>10}{'median s':>10}{'worst s':>9}{'us each':>9}")
    found = {}
    for model in (asked.model,) if asked.model else MODELS:
        for name, counts, batch in (("usual", (), None), ("1 to 64", COUNTS, 65_280)):
            line = timed(model, counts, batch, asked.repeats)
            found[f"{model}, {name}"] = line
            print(
                f"{model:<16}{name:>8}{line['choices']:>9,}{line['computed']:>10,}{line['median_s']:>10.3f}"
                f"{line['worst_s']:>9.3f}{1e6 * line['median_s'] / line['computed']:>9.1f}"
            )
    worst = max(line["median_s"] for line in found.values())
    most = max(line["choices"] for line in found.values())
    print(json.dumps({"seconds": worst, "choices": most, "by_search": found}))


def timed(model: str, counts: tuple[int, ...], batch: int | None, repeats: int) -> dict[str, float]:
    """Seconds of one search: the median and the worst of some; choices weighed, and those computed in full."""
    from tunecase.compute.request import Request, settled
    from tunecase.compute.search import search
    from tunecase.prices.basis import Basis
    from tunecase.quantities.spread import Worlds

    ask = settled(Request(model, {}, counts=counts, global_batch=batch, train_tokens="5M"))
    times = []
    for _ in range(repeats + 1):
        basis = Basis(None, date(2026, 11, 24), Worlds(0, 4_000))
        start = time.perf_counter()
        found = search(ask, basis)
        times.append(time.perf_counter() - start)
    rows = len(found.columns["hours"])
    return {
        "choices": found.count, "computed": rows, "median_s": statistics.median(times[1:]), "worst_s": max(times[1:]),
    }  # fmt: skip


if __name__ == "__main__":
    main()
