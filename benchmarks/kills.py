"""What is lost, half-written or left behind when commands are killed: spend, import, pilot, fix, serve, audit, approve.

    python benchmarks/kills.py [--kills N] [--seconds N] [--seed N]

Commands of one case run at the same time, and each is killed with SIGKILL at a random moment of its life. The last line
is one JSON object of figures; all but `kills`, `ended`, `known` and `left` should be 0. `left` counts scratch files
that killed commands left; `stays` those of them that the next commands, ten minutes later, did not remove.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parents[1])]

from tests.faults.kills import killed  # noqa: E402


def main() -> None:
    """Kills, and prints the figures; what is wrong comes first, in words."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kills", type=int, default=500)
    asked.add_argument("--seconds", type=float, default=7200, help="after which no further command is begun")
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tunecase-kills-") as folder:
        found = killed(Path(folder), given.kills, given.seed, given.seconds)
    for words in found.wrong:
        print(words)
    figures = {
        "benchmark": "kills",
        "kills": found.kills.total(),
        "by_command": dict(sorted(found.kills.items())),
        "ended": found.ended,
        "known": found.known,
        "lost": len(found.lost),
        "unopened": len(found.unopened),
        "halves": len(found.halves),
        "left": found.left,
        "stays": len(found.stays),
        "orphans": found.orphans,
        "seconds": round(time.perf_counter() - began),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
