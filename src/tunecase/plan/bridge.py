"""What moved the expected total between two bills: reasons whose amounts add up."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from tunecase.plan.costs import lines_of, total_of
from tunecase.plan.drawn import Drawn
from tunecase.plan.rounds import Walk
from tunecase.quantities import Draws, Flags, Sampled, np, sampled
from tunecase.records import Bridge, Moved

ROUND_FIELDS = ("rounds", "short_rounds", "rows_trained", "search_rows", "search_runs")
OTHERWISE = "the project file, the data or prices since"


def bridge(before: Drawn, after: Drawn, *, since: str, filed: Sampled | None = None) -> Bridge:
    """From one bill to another in the same worlds, one thing after another put in the place of what was there.

        rounds where the target is shown -> rounds where it is not -> rows, reviews and test rows -> prices

    Args:
        before: the bill without what has been measured since.
        after: the bill as it stands.
        since: when the earlier bill was made, in words.
        filed: the expected total on file for it; what it differs from `before` by is told as a reason of its own.
    Returns: the Bridge; its amounts sum to the difference of the expected totals exactly.
    Leaves out that the order decides where joint effects are told: they go with the later reason.
    """
    steps = [(reason, float(total.mean())) for reason, total in _steps(before, after)]
    moved = [Moved(reason, now - was) for (_, was), (reason, now) in pairwise(steps)]
    (_, start), (_, end) = steps[0], steps[-1]
    first = sampled(before.total, np.mean) if filed is None else filed
    if first.value != start:
        moved.insert(0, Moved(OTHERWISE, start - first.value))
    return Bridge(since, first.value, tuple(moved), end, first.error)


def _steps(before: Drawn, after: Drawn) -> "Iterator[tuple[str, Draws]]":
    """(reason, total in every world) after each substitution; the first is the bill as it was."""
    old, new = before.walk, after.walk
    yield "", before.total
    if after.facts.way is not None:
        yield f"{after.facts.way.words} in place of the fine-tune", after.total
        return
    shown = new.reached if new.reached is not None else np.zeros(len(new.rounds), dtype=bool)
    walk = _mixed(old, new, shown)
    yield "rounds where the target is shown", total_of(lines_of(before.work, walk))
    walk = _mixed(old, new, np.ones(len(new.rounds), dtype=bool))
    yield "stopping where it is not", total_of(lines_of(before.work, walk))
    yield "rows and reviews", total_of(lines_of(before.work, new))
    yield "prices and speeds", after.total


def _mixed(old: Walk, new: Walk, where: "Flags") -> Walk:
    """The old walk with the new one's rounds in some worlds."""
    mixed = {name: np.where(where, getattr(new, name), getattr(old, name)) for name in ROUND_FIELDS}
    return replace(old, **mixed)
