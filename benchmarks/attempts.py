"""Attempts the whole command line with bad input of all kinds, over all verbs, and counts what must not be.

    python benchmarks/attempts.py --attempts 3000

Each attempt runs one command in this process, in a folder of its own with a case whose files were changed: project
files, data, ledgers that were edited or forged, bills, configurations, and words and options that fit or do not. Counts
exit codes, tracebacks, reports of bugs, other codes than 0 to 3, refusals without what is wanted and how to mend it,
characters that steer a terminal, and attempts over 20 s of CPU time. Bills are drawn in 200 worlds.
Leaves out what starts a browser, a cluster or a training of minutes. The last line is one JSON object.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ["HF_HUB_OFFLINE"] = "1"

from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from tests.fuzz.command_line import VERBS, Attempted, attempt_command, cases, command_lines  # noqa: E402

MOST_TOLD = 40


def attempts(many: int, first_seed: int, seconds: float) -> list[Attempted]:
    """Attempts spread evenly over the verbs, fewer where the time is over."""
    until = time.monotonic() + seconds
    done: list[Attempted] = []
    how = settings(max_examples=10, deadline=None, database=None, phases=[Phase.generate],
                   suppress_health_check=list(HealthCheck))  # fmt: skip
    turn = 0
    while len(done) < many and time.monotonic() < until:
        verb = VERBS[turn % len(VERBS)]

        @seed(first_seed + turn)
        @how
        @given(command_lines((verb,)), cases())
        def once(words: tuple[str, ...], tree: Any) -> None:
            attempted = attempt_command(words, tree)
            done.append(attempted)
            for fault in attempted.faults:
                print(f"{attempted.words}\n    {fault}", flush=True)

        once()
        turn += 1
        if turn % len(VERBS) == 0:
            print(f"{len(done):,} attempts", flush=True)
    return done


def main() -> int:
    """Exit 1 where anything is that must not be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--attempts", type=int, default=3_000)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after this time, with fewer attempts")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    done = attempts(asked.attempts, asked.seed, asked.minutes * 60)
    faults = Counter(fault[:160] for each in done for fault in each.faults)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "attempts": len(done), "verbs": len(VERBS), "faulty": sum(bool(each.faults) for each in done),
        "codes": dict(sorted(Counter(str(each.code) for each in done).items())),
        "faults": dict(faults.most_common(MOST_TOLD)), "kinds_of_fault": len(faults),
        "cpu_hours": round((used.ru_utime + used.ru_stime) / 3600, 3),
    }))  # fmt: skip
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
