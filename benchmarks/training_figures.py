"""Figures of the training benchmark: every publisher counts once, with a bootstrap over publishers."""

import collections
import math
import random
import statistics
from collections.abc import Callable, Iterable, Sequence

from training_scores import Score, Scores, Verdict

from tunecase.compute import speed
from tunecase.compute.measured import calibration
from tunecase.compute.measured.runs import Measured

DRAWS, SEED = 2000, 0
Figures = dict[str, object]
Line = tuple[float, float, float, float]  # of one publisher: median and 90% point of the error, share inside, width


def headline(scores: Sequence[Score]) -> Figures:
    """Median and 90% point of |prediction / truth - 1| [%], share inside the 80% band, its width P90 / P10.

    Each figure is the mean over publishers of that publisher's own; the width is their median. `bootstrap` holds the
    5% and 95% points of the same means over publishers drawn with replacement; `pooled` counts every row once.
    """
    lines = [_line(of) for of in by_publisher(scores).values()]
    if not lines:
        return {"n": 0, "publishers": 0, "median_ape": None, "p90_ape": None, "coverage80": None, "width": None}
    return {
        "n": len(scores),
        "publishers": len(lines),
        **_means(lines),
        "signed_median": _percent(statistics.median(score.predicted / score.truth - 1 for score in scores)),
        "pooled": dict(zip(("median_ape", "p90_ape", "coverage80", "width"), _rounded(_line(scores)), strict=True)),
        "bootstrap": _bootstrap(lines),
    }


def by_publisher(scores: Iterable[Score]) -> dict[str, list[Score]]:
    """Scores by publisher."""
    found: dict[str, list[Score]] = collections.defaultdict(list)
    for score in scores:
        found[score.run.publisher].append(score)
    return dict(sorted(found.items()))


def publisher_lines(scores: Iterable[Score]) -> dict[str, str]:
    """Each publisher's own figures in words."""
    found = {}
    for name, of in by_publisher(scores).items():
        median, p90, inside, width = _rounded(_line(of))
        found[name] = f"{len(of):4} rows, {median} / {p90}, inside {inside}, width {width}"
    return found


def _line(scores: Sequence[Score]) -> Line:
    errors = sorted(score.error for score in scores)
    inside = sum(score.inside for score in scores) / len(scores)
    return statistics.median(errors), p90(errors), inside, statistics.median(s.high / s.low for s in scores)


def p90(ordered: Sequence[float]) -> float:
    """The 90% point of values in order."""
    return ordered[min(len(ordered) - 1, math.ceil(0.9 * len(ordered)) - 1)]


def _means(lines: Sequence[Line]) -> Figures:
    columns = list(zip(*lines, strict=True))
    values = (*(statistics.fmean(column) for column in columns[:3]), statistics.median(columns[3]))
    return dict(zip(("median_ape", "p90_ape", "coverage80", "width"), _rounded(values), strict=True))


def _rounded(line: Sequence[float]) -> tuple[float, float, float, float]:
    return _percent(line[0]), _percent(line[1]), round(line[2], 3), round(line[3], 2)


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _bootstrap(lines: Sequence[Line]) -> dict[str, list[object]]:
    """90% interval of each headline figure over publishers drawn with replacement."""
    rng = random.Random(SEED)
    drawn = [_means(rng.choices(lines, k=len(lines))) for _ in range(DRAWS)]
    ends = (math.ceil(0.05 * DRAWS) - 1, math.ceil(0.95 * DRAWS) - 1)
    return {name: [sorted(of[name] for of in drawn)[end] for end in ends] for name in drawn[0]}  # type: ignore[type-var]


def memory_figures(scores: Sequence[Score]) -> dict[str, Figures]:
    """One card and several over all rows, whatever peak they report; rows that name it, and that do not, beside."""
    kinds: dict[str, Callable[[Score], bool]] = {
        "memory_all": lambda _: True,
        "memory": lambda s: s.run.recipe.gpus == 1,
        "memory_multi_gpu": lambda s: s.run.recipe.gpus > 1,
        "memory_stated": lambda s: s.run.statistic != "not stated",
        "memory_not_stated": lambda s: s.run.statistic == "not stated",
    }
    return {name: headline([score for score in scores if holds(score)]) for name, holds in kinds.items()}


def verdict_figures(verdicts: Sequence[Verdict]) -> Figures:
    """What was said of runs that ran and of runs that ran out of memory."""
    counts = collections.Counter((verdict.said, verdict.run.failed) for verdict in verdicts)
    fits = sum(count for (said, _), count in counts.items() if said == "fits")
    tight = sum(count for (said, _), count in counts.items() if said == "tight")
    false_fits = counts["fits", "said"] + counts["fits", "likely"]
    failed = sum(count for (_, how), count in counts.items() if how)
    return {
        "n": len(verdicts),
        "publishers": len({verdict.run.publisher for verdict in verdicts}),
        "failures": failed,
        "called_fits_but_failed": false_fits,
        "false_fit_rate": round(false_fits / fits, 4) if fits else None,
        "failures_called_fits": round(false_fits / failed, 3) if failed else None,
        "tight_share": round(tight / len(verdicts), 3) if verdicts else None,
        "ran_but_called_does_not_fit": counts["does not fit", ""],
    }


def after_one(runs: Sequence[Measured], error: Callable[[Measured, Measured], float]) -> Figures:
    """Errors on the other runs of a set-up once one of them was measured, every run taking its turn."""
    groups: dict[object, list[Measured]] = collections.defaultdict(list)
    for run in runs:
        groups[_set_up(run)].append(run)
    errors = sorted(
        error(run, other) for group in groups.values() for run in group for other in group if other is not run
    )
    if not errors:
        return {"pairs": 0, "median_ape": None, "p90_ape": None}
    return {
        "pairs": len(errors),
        "median_ape": _percent(statistics.median(errors)),
        "p90_ape": _percent(p90(errors)),
    }


def _set_up(run: Measured) -> tuple[object, ...]:
    r = run.recipe
    card = r.gpu and r.gpu.name
    return run.source, r.framework, r.shape.name, r.method, r.gpus, r.loss, r.kernels, r.sharding, card


def peak_after(known: Measured, other: Measured) -> float:
    """Error on a peak once another run of its set-up was measured."""
    told = calibration.learn([known]).peak(other.recipe, other.statistic)[0]
    return float(abs(told / (other.peak_gb or 1) - 1))


def speed_after(known: Measured, other: Measured) -> float:
    """Error on a speed once another run of its set-up was measured."""
    factor = calibration.learn([known]).time_factor_of(other.recipe)[0]
    told = speed.step_time(other.recipe).tokens_per_s_per_gpu / factor
    return float(abs(told / (other.tokens_per_s_per_gpu or 1) - 1))


def all_figures(scores: Scores) -> Figures:
    """Every figure of a set of scores, apart from refusals."""
    peaks = [score.run for score in scores.memory if score.run.statistic != "not stated"]
    timed = [score.run for score in scores.time]
    return {
        **memory_figures(scores.memory),
        "time": headline(scores.time),
        "time_apart": {kind: headline(of) for kind, of in scores.time_apart.items()},
        "verdicts": verdict_figures(scores.verdicts),
        "after_one_run": {"memory": after_one(peaks, peak_after), "time": after_one(timed, speed_after)},
    }
