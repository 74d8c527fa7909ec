"""What becomes of a case when the n-th call to the disk fails, the memory runs out, or the user presses Ctrl-C.

    python benchmarks/faults.py [--seconds N] [--reads N] [--seed N]

A road of eighteen commands is walked once; then each command is made again from the case as it was before it, with one
fault in it: a full disk, a write cut short, a failed sync, a refused name, an unreadable file, no memory, Ctrl-C. Every
call that writes or names a file is such a point, of reads, parses and calls of functions `--reads` evenly spread ones.
The last line is one JSON object of figures: `points` by kind of fault are those that were tried of `points_of_all`
within `--seconds`; all the other counts should be 0.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parents[1])]

from tests.faults.road import LONG, Road, sampled  # noqa: E402

# The first word of what is wrong, and the name of its count.
COUNTS = {
    "lost": "lost", "a traceback": "tracebacks", "stray": "stray_files", "again": "stray_files_later",
    "the case does not open": "not_opened", "unforeseen": "unforeseen", "unsaid": "unsaid", "it hangs": "hangs",
}  # fmt: skip


def main() -> None:
    """Tries the points in an order drawn at random, and prints what is wrong as it shows."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=3600)
    asked.add_argument("--reads", type=int, default=20)
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tunecase-faults-") as folder:
        road = Road(Path(folder), LONG)
        road.walk()
        points = list(road.points(most_calls=given.reads, most_reads=given.reads))
        tried: Counter[str] = Counter()
        wrong: Counter[str] = Counter()
        for point in sampled(points, len(points), given.seed):
            if time.monotonic() - began > given.seconds:
                break
            tried[point.kind] += 1
            for words in road.faults_of(point):
                wrong[COUNTS.get(words.partition(":")[0], "other")] += 1
                print(" ".join(LONG[point.step].words), point, words, flush=True)
    figures = {
        "benchmark": "faults",
        "points": dict(sorted(tried.items())),
        "points_in_all": tried.total(),
        "points_of_all": len(points),
        **{name: wrong[name] for name in (*COUNTS.values(), "other")},
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
