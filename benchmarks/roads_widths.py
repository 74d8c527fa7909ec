"""How wide bands of pilots with known test items must be: what a width holds, and what one chosen elsewhere holds.

At four times a pilot's rows and beyond a band lies around its middle in ln e as the models' own, so many times as wide
(`forecast.curves.Belief`); a band told at one width is here drawn at others. The width that stands was chosen on tasks
of this record; chosen on all sources but one, and held against that one, it says what is to be expected elsewhere.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from roads_score import Pair, Table, by_source

WIDTHS = (0.85, 1.0, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.75, 2.0)
HELD = 0.8
LEAST_ERROR = 1e-9


def inside(pair: Pair, width: float) -> bool:
    """Whether the score at all rows lies within the band of a forecast, were it so wide."""
    one, curve = pair
    scores = (one.low or 0.0, one.mid or 0.0, one.high or 0.0, curve.final)
    worst, middle, best, true = (math.log(max(1 - score, LEAST_ERROR)) for score in scores)
    times = width / (one.width or 1.0)
    return (best - middle) * times - 1e-9 <= true - middle <= (worst - middle) * times + 1e-9


def narrowest(held: Sequence[dict[float, float]]) -> float:
    """The least width at which the mean share held of these sources is 80%; the widest tried where none is."""
    return min((w for w in WIDTHS if sum(one[w] for one in held) / len(held) >= HELD), default=WIDTHS[-1])


def widths(found: Sequence[Pair]) -> tuple[Table, dict[str, Any]]:
    """Share held of what learns, by source: at the models' own width, at the chosen one, at one chosen elsewhere."""
    once = {curve.key: (one, curve) for one, curve in found if one.width and one.low is not None}
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in once.values():
        if pair[1].learner != "floor":
            groups[pair[1].publisher].append(pair)
    if len(groups) < 2:
        return Table((), ()), {}
    shown = (1.0, *sorted({one.width or 1.0 for one, _ in once.values()} - {1.0}))  # the models' own, the one told
    shares = {
        s: {w: sum(inside(pair, w) for pair in own) / len(own) for w in (*WIDTHS, *shown)} for s, own in groups.items()
    }
    rows, elsewhere = [], []
    for source in sorted(groups):
        chosen = narrowest([shares[other] for other in groups if other != source])
        elsewhere.append((source, shares[source][chosen]))
        cells = (f"{shares[source][w]:.2f}" for w in shown)
        rows.append([source, str(len(groups[source])), *cells, f"{chosen:g}", f"{shares[source][chosen]:.2f}"])
    means = {w: by_source((source, shares[source][w]) for source in groups) for w in shown}
    left_out, all_of_them = by_source(elsewhere), narrowest(list(shares.values()))
    rows.append([
        "all, each source once", str(sum(map(len, groups.values()))), *(means[w].words() for w in shown),
        f"{all_of_them:g} on all", left_out.words(),
    ])  # fmt: skip
    figures = {f"{w:g}": mean.figures() for w, mean in means.items()}
    header = (
        "source",
        "curves",
        *(f"held at width {w:g}" for w in shown),
        "chosen on the other sources",
        "held at that",
    )
    return Table(header, rows), figures | {"left out": left_out.figures(), "chosen": all_of_them}
