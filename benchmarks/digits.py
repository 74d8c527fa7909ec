"""Do two seeds print the same? Headline figures of five cases over seeds, and worth against worth on fresh worlds.

    python benchmarks/digits.py [--seeds 10] [--cases NAME ...] [--show]

A case is made once; then its curve and its plan are drawn anew under each seed, on the pilot that it has. Two seeds
agree on a figure where both print the same digits; the mean is over pairs of seeds, then over the figures of a case,
then over cases. No figure is printed coarser than in one significant digit. Printed worth is held against the same
policy's rule (learn on one half, value on the other) in worlds of another seed. The last line is one JSON object.
"""

import argparse
import itertools
import json
import math
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "src")]

from plan_cases import CASES, made  # noqa: E402

from tunecase import flow  # noqa: E402
from tunecase.accounts import headline  # noqa: E402
from tunecase.flow.forecast import extrapolate  # noqa: E402
from tunecase.flow.known import drawn_of  # noqa: E402
from tunecase.plan import plan  # noqa: E402
from tunecase.quantities import Sampled  # noqa: E402
from tunecase.records import Plan  # noqa: E402

CONSTANT = re.compile(r"\b\d in \d+\b|\bP\d\d\b")  # words, no figures
NUMBER = re.compile(r"-?\d[\d,.]*[kMB%]?")


def planned(project: Path, seed: int) -> Plan:
    """The plan of a case in the worlds of another seed; nothing is kept."""
    home, opened = flow.open_case(project), flow.open_case(project, seed)
    opened.writes = False
    for verb in ("audit", "pilot", "define"):
        opened.records[verb] = home.current(verb)
    if (curve := home.current("forecast")) is not None:
        if curve.source != "pilot":
            opened.records["forecast"] = curve
        extrapolate(opened)
    return plan(drawn_of(opened))


def printed(record: Plan) -> Iterator[tuple[str, str]]:
    """Every number of the headline as it is printed, and the advice, by name."""
    yield "advice", f"{record.lever} {record.advised} {record.beyond_budget}"
    for figure in headline(record):
        for place, words in (("", figure.value), (" beside", figure.beside)):
            for at, number in enumerate(NUMBER.findall(CONSTANT.sub("", words))):
                yield f"{figure.key}{place} {at}", number


def agreement(plans: list[Plan]) -> dict[str, float]:
    """The share of pairs of seeds that print each figure alike; a figure that one of them lacks is no agreement."""
    told = [dict(printed(each)) for each in plans]
    names = dict.fromkeys(name for each in told for name in each)
    pairs = list(itertools.combinations(told, 2))
    return {name: sum(a.get(name) == b.get(name) for a, b in pairs) / len(pairs) for name in names}


def fresh(plans: list[Plan]) -> list[float]:
    """Worth under one seed less worth under another, in standard errors of the difference."""
    worths = [each.worth.expected for each in plans if each.worth is not None]
    return [_apart(a, b) for a, b in itertools.combinations(worths, 2)]


def _apart(a: Sampled, b: Sampled) -> float:
    error = math.hypot(a.error, b.error)
    return (a.value - b.value) / error if error else 0.0


def main() -> None:
    """Makes the cases, draws their plans under every seed, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--cases", nargs="*", default=list(CASES))
    parser.add_argument("--show", action="store_true", help="print every figure under every seed")
    parser.add_argument("--at", type=Path, help="a folder in which cases are kept and taken up again")
    asked = parser.parse_args()
    begun, result = time.perf_counter(), {}
    with tempfile.TemporaryDirectory() as made_here:
        home = asked.at or Path(made_here)
        for name in asked.cases:
            folder = home / name.replace(" ", "-")
            project = folder / "tunecase.yaml" if folder.exists() else made(name, folder)
            plans = [planned(project, seed) for seed in range(asked.seeds)]
            shares, apart = agreement(plans), fresh(plans)
            result[name] = {
                "agreement": sum(shares.values()) / len(shares),
                "figures": len(shares),
                "worth_apart_in_errors": math.sqrt(sum(x * x for x in apart) / len(apart)) if apart else None,
            }
            print(f"{name}: {result[name]}", file=sys.stderr)
            for figure, part in sorted(shares.items(), key=lambda item: item[1]):
                if asked.show:
                    values = [dict(printed(each)).get(figure, "-") for each in plans]
                    print(f"  {part:5.0%}  {figure:20} {' '.join(values)}", file=sys.stderr)
    mean = sum(case["agreement"] for case in result.values()) / len(result)
    print(json.dumps({"agreement": mean, "cases": result, "seconds": round(time.perf_counter() - begun)}))


if __name__ == "__main__":
    main()
