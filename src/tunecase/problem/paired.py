"""What scores of items say: of one model, of two models on the same items, and how many items a gain would take."""

from collections.abc import Sequence
from statistics import NormalDist

from tunecase.errors import Problem, refuse_any
from tunecase.evals import Log
from tunecase.pilot.scoring import mean_interval
from tunecase.quantities import (
    LOST_SHARE,
    Z80,
    Interval80,
    counted,
    mcnemar_p,
    paired_change,
    paired_rows_needed,
    smallest_paired_gain,
    unpaired_rows_needed,
    wilson,
)
from tunecase.records import EvalLog, EvalPair, GainItems

GAINS = (0.02, 0.05, 0.1)


def scored(log: Log) -> EvalLog:
    """What a log says of its model.

    The interval is that of the mean over items (`mean_interval`), the epochs of an item averaged first: answers to one
    item hang together, and count as the one item that they are.

    Leaves out that items may hang together among themselves, as for `wilson`. Scores beyond 0 to 1 are brought between
    the least and the greatest that were seen, so that their interval is a little too narrow for few items.
    """
    means = list(log.means.values())
    return EvalLog(
        log.place, log.tool, log.version, log.model, log.task, log.date, log.metric, log.filter, log.items,
        sum(map(len, log.scores.values())), log.score, _mean(means) if means else None, log.unscored, log.errors,
        log.repeated, log.paired_by, log.per_item, log.is_share, notes=log.notes,
        direction=log.direction,
    )  # fmt: skip


def _mean(values: "Sequence[float]", low: float = 0.0, high: float = 1.0) -> Interval80:
    """The mean with its 80% interval; values beyond the bounds are bounded by themselves."""
    low, high = min(low, *values), max(high, *values)
    ends = mean_interval([(one - low) / (high - low) for one in values])
    mid = sum(values) / len(values)
    return Interval80(low + ends[0] * (high - low), mid, low + ends[1] * (high - low))


def compared(first: Log, second: Log) -> EvalPair:
    """The second log against the first, on the items that both have scored.

    Of right and wrong the interval is that of `paired_change`; of other scores that of the mean difference. The chance
    that the second is better is that of a normal with this interval; where either log says that lower is better, less
    is better.

    Raises: InputError where a metric is one of the whole corpus, where the metrics differ, or no item is in both.
    """
    _refuse(first, second)
    one, other = first.means, second.means
    pairs = [(one[key], other[key]) for key in one.keys() & other.keys()]
    more = sum(max(after - before, 0.0) for before, after in pairs)
    less = sum(max(before - after, 0.0) for before, after in pairs)
    is_plain = all(value in (0.0, 1.0) for pair in pairs for value in pair)
    difference = _difference(pairs, more, less, is_plain=is_plain)
    is_lower = "lower" in (first.direction, second.direction)
    won, lost = (less, more) if is_lower else (more, less)
    above = _chance_above(difference)
    is_share = first.is_share and second.is_share
    n, least = len(pairs), min(won, lost)
    lost_share = Interval80(*_around(least, n)) if is_share else None
    smallest = smallest_paired_gain(n, lost_share.mid) if lost_share else 1.0
    return EvalPair(
        n, len(one) - n, len(other) - n, difference, sum(before != after for before, after in pairs) / n, won, lost,
        1 - above if is_lower else above, mcnemar_p(round(won), round(lost)) if is_plain else None, lost_share,
        smallest if lost_share and smallest <= 1 else None,
        sum(before for before, _ in pairs) / n, sum(after for _, after in pairs) / n,
    )  # fmt: skip


def _refuse(first: Log, second: Log) -> None:
    wanted, problems = "a metric with a score of each item", []
    for log in (first, second):
        if not log.per_item:
            fix = f"choose another --metric, or name this log alone for its {log.metric}"
            problems.append(Problem(log.place, f"{log.metric}, which only the whole corpus has", wanted, fix))
    if not problems and (first.metric, first.filter) != (second.metric, second.filter):
        got = f"{_named(second)}, and {_named(first)} in {first.place}"
        problems.append(
            Problem(second.place, got, "one metric for both", "say which: `--metric NAME`, `--filter NAME`")
        )
    if not problems and not first.means.keys() & second.means.keys():
        got = f"none of the {counted(first.items, 'item')} of {first.place}"
        got += f" (tasks {first.task} and {second.task})" if first.task != second.task else ""
        fix = f"name two logs of the same items, written by one tool (they are paired by {first.paired_by})"
        problems.append(Problem(second.place, got, "a log of the same items", fix))
    refuse_any(problems)


def _named(log: Log) -> str:
    return f"{log.metric} ({log.filter})" if log.filter else log.metric


def _difference(pairs: "Sequence[tuple[float, float]]", won: float, lost: float, *, is_plain: bool) -> Interval80:
    mid = (won - lost) / len(pairs)
    if not is_plain:
        return _mean([after - before for before, after in pairs], -1.0, 1.0)
    low, high = paired_change(won, lost, len(pairs), 0.8)
    return Interval80(min(low, mid), mid, max(high, mid))


def _around(least: float, n: int) -> tuple[float, float, float]:
    low, high = wilson(least, n)
    return low, least / n, high


def _chance_above(difference: Interval80) -> float:
    """P(N(m, s) > 0),   m the middle of the interval, s its half width / 1.28."""
    middle, half = (difference.high + difference.low) / 2, (difference.high - difference.low) / 2
    return NormalDist().cdf(middle * Z80 / half) if half > 0 else 0.5


def items_for(gain: float, base: float | None, lost: Interval80 | None = None) -> GainItems:
    """The test items that show a gain: paired with the share of items lost, and unpaired from a base.

    Args:
        gain: a share of 1.
        base: the score to gain over; None without one.
        lost: the measured share of items that the better model loses; assumed when left out.
    """
    at = (LOST_SHARE,) * 3 if lost is None else (lost.low, lost.mid, lost.high)
    low, middle, high = (paired_rows_needed(gain, share) for share in at)
    unpaired = None if base is None or not 0 <= base <= 1 - gain else unpaired_rows_needed(base, gain)
    return GainItems(gain, middle, low, high, unpaired)
