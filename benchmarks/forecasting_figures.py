"""The figures of the forecast's benchmark: by group, by source, by publisher (each counting once), and verdicts."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from forecasting import Task

RATIOS = (4, 8, 16, 64)
GROUPS = {"loss": "llm_loss", "metric": "llm_metric", "other": "other"}
KEYS = {"crps": "crps", "coverage80": "covered", "width": "width", "brier": "brier"}
RESAMPLED = 2_000
PUBLISHED = {  # the design's own figures for the same protocol, per cent, by group and ratio
    "last value": ((17, 25, 34, 49), (33, 42, 50), (23, 32, 41, 46)),
    "local power law": ((3.0, 4.2, 6.0, 12.2), (25.7, 24.4, 40.5), (17.3, 25.3, 34.4, 53.4)),
    "power law": ((3.9, 5.3, 8.0, 18.8), (27.8, 29.3, 44.5), (14.3, 20.7, 27.6, 34.6)),
    "shape atoms, plain": ((3.4, 4.0, 6.7, 12.6), (29.9, 26.7, 35.7), (16.2, 21.4, 32.0, 47.3)),
}


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return float(np.mean(found)) if found else math.nan


def print_groups(some: Sequence["Task"], scores: dict, needed: dict) -> None:
    """One table per group, and how close the known forecasts come to the published figures."""
    for index, (group, title) in enumerate(GROUPS.items()):
        chosen = [i for i, task in enumerate(some) if task.curve.group == group]
        print(f"\n{title}: {len(chosen)} tasks; mean |ln error| x 100 at 4/8/16/64 times the data")
        for name, rows in scores.items():
            cells = [100 * _mean(rows[i]["error"] for i in chosen if some[i].ratio == ratio) for ratio in RATIOS]
            rest = [_mean(rows[i][key] for i in chosen) for key in ("covered", "width", "crps", "brier")]
            within = _mean(needed[name][i] <= math.log(2) for i in chosen if needed[name][i] is not None)
            line = "/".join(f"{cell:5.1f}" for cell in cells)
            print(
                f"  {name:20}{line}  cover {rest[0]:.2f}  width {rest[1]:.2f}  crps {rest[2]:.3f}"
                f"  brier {rest[3]:.3f}  within 2x {within:.2f}"
            )
            if name in PUBLISHED:
                off = max(abs(a - b) for a, b in zip(cells, PUBLISHED[name][index], strict=False))
                print(f"  {'':20}largest distance from the published cells {off:.1f}")


def print_units(some: Sequence["Task"], rows: Sequence[dict]) -> None:
    """Coverage of each source alone."""
    print("\n80% band of POOL by source")
    for unit, (covered, count) in by_source(some, rows).items():
        print(f"  {unit:20}{covered:.2f} of {count}")


def by_source(some: Sequence["Task"], rows: Sequence[dict]) -> dict[str, tuple[float, int]]:
    """Coverage and tasks of each source."""
    found: dict[str, list[float]] = defaultdict(list)
    for task, row in zip(some, rows, strict=True):
        found[task.source].append(row["covered"])
    return {unit: (_mean(covered), len(covered)) for unit, covered in found.items()}


def judge_verdicts(some: Sequence["Task"], rows: Sequence[dict]) -> dict[str, tuple[int, int, int]]:
    """(wrong, issued, events that did not happen) of "not achievable" by group."""
    found = {}
    for group in GROUPS:
        wrong = issued = absent = 0
        for task, row in zip(some, rows, strict=True):
            if task.curve.group != group:
                continue
            for chance, happened in zip(row["chances"], row["happened"], strict=True):
                said = task.belief.gate.passed and chance < 0.05
                issued, wrong, absent = issued + said, wrong + (said and happened), absent + (not happened)
        found[group] = int(wrong), int(issued), int(absent)
    return found


def print_verdicts(verdicts: dict[str, tuple[int, int, int]]) -> None:
    """How often "not achievable" was wrong, and how many unreached targets it named."""
    print('\n"not achievable within n_max" (gate passed and chance < 5%)')
    for group, (wrong, issued, absent) in verdicts.items():
        recall = f"{(issued - wrong) / absent:.2f}" if absent else "-"
        print(f"  {group:8}wrong {wrong} of {issued}, recall {recall}")


def figures(some: Sequence["Task"], rows: Sequence[dict], needed: Sequence[float | None], verdicts: dict) -> dict:
    """The figures of the last line; null where a group has nothing to say."""
    found: dict = {}
    for group, title in GROUPS.items():
        chosen = [i for i, task in enumerate(some) if task.curve.group == group]
        known = [needed[i] for i in chosen if needed[i] is not None]
        found[title] = {
            "mean_abs_log_error": {
                str(r): rounded(_mean(rows[i]["error"] for i in chosen if some[i].ratio == r)) for r in RATIOS
            },
            "crps": rounded(_mean(rows[i]["crps"] for i in chosen)),
            "coverage80": rounded(_mean(rows[i]["covered"] for i in chosen), 3),
            "width": rounded(_mean(rows[i]["width"] for i in chosen), 3),
            "brier": rounded(_mean(rows[i]["brier"] for i in chosen)),
            "within2x": rounded(_mean(gap <= math.log(2) for gap in known), 3),
            "n": len(chosen),
        }
    wrong, issued, absent = (sum(v[i] for v in verdicts.values()) for i in range(3))
    recall = {GROUPS[g]: rounded((i - w) / a if a else math.nan, 3) for g, (w, i, a) in verdicts.items()}
    found["not_achievable"] = {
        "wrong": rounded(wrong / issued if issued else math.nan),
        "recall": rounded((issued - wrong) / absent if absent else math.nan, 3),
        "verdicts": issued,
        "recall_by_group": recall,
    }
    found["by_source"] = {unit: round(cover, 3) for unit, (cover, _) in by_source(some, rows).items()}
    found["by_publisher"] = by_publisher(some, rows, needed)
    return found


def rounded(value: float, places: int = 4) -> float | None:
    """For the last line; None where there is nothing to say."""
    return None if math.isnan(value) else round(value, places)


def by_publisher(some: Sequence["Task"], rows: Sequence[dict], needed: Sequence[float | None]) -> dict[str, dict]:
    """The scores of each group with every publisher counting once, and their 80% interval over publishers.

    The interval is a bootstrap of publishers; of one publisher there is none.
    """
    near = [math.nan if gap is None else float(gap <= math.log(2)) for gap in needed]
    found = {}
    for group, title in GROUPS.items():
        chosen = [i for i, task in enumerate(some) if task.curve.group == group]
        means: dict[str, dict[str, float]] = {}
        for name in sorted({some[i].curve.publisher for i in chosen}):
            mine = [i for i in chosen if some[i].curve.publisher == name]
            means[name] = {title: _mean(rows[i][key] for i in mine) for title, key in KEYS.items()}
            means[name]["within2x"] = _mean(near[i] for i in mine if not math.isnan(near[i]))
        found[title] = {key: _once(means, key) for key in (*KEYS, "within2x")} | {"publishers": len(means)}
    return found


def _once(means: dict[str, dict[str, float]], key: str) -> dict[str, float | None]:
    each = np.array([value[key] for value in means.values() if not math.isnan(value[key])])
    if len(each) < 2:
        return {"mean": rounded(_mean(each), 3), "low": None, "high": None}
    drawn = np.random.default_rng(0).choice(each, (RESAMPLED, len(each))).mean(axis=1)
    low, high = np.quantile(drawn, (0.1, 0.9))
    return {"mean": rounded(float(each.mean()), 3), "low": rounded(float(low), 3), "high": rounded(float(high), 3)}


def print_publishers(found: dict[str, dict]) -> None:
    """Each publisher counting once, with the 80% interval over publishers."""
    print("\neach publisher counting once (80% interval over publishers)")
    for title, cells in found.items():
        words = [
            f"{key} {cell['mean']}" + ("" if cell["low"] is None else f" ({cell['low']} to {cell['high']})")
            for key, cell in cells.items()
            if key != "publishers"
        ]
        print(f"  {title:11}{cells['publishers']:3} publishers: {', '.join(words)}")
