"""The schedule of a pilot: which run of its ladder comes next, what it will cost, and when enough is known to stop.

The first runs lay out a curve: the lowest size, one in the middle, one well above it that is not much dearer. From then
on the next run is the one that is expected to remove the most doubt for its price.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from tunecase.forecast import LEAST_SIZES, Belief, believe, narrowings, reach_share, scale_of, to_error
from tunecase.pilot.answers import Answers
from tunecase.pilot.scoring.promise import Costs, promise_of
from tunecase.quantities import count, np, share
from tunecase.records import Point, Promise

NOT_MUCH_DEARER = 3.0  # times the middle run, for the third run of the opening
FAR = 8  # times the largest rung: the size that matters unless another is given
SURE = 0.02  # a chance below this, or above 1 - this, is an answer
LEAST_TOLD = 0.01  # of the doubt; a run that removes less is not worth its seconds


@dataclass(frozen=True, slots=True)
class Rung:
    """One run that could be made: its rows and which draw of them."""

    n: int
    draw: int


@dataclass(frozen=True, slots=True)
class Question:
    """What the curve is asked: the metric's nature, the size that matters, the target if there is one.

    `language_model` is False for another learner, whose curve is flatter. `costs` are those of an error and of a
    person's answer, where both have a price; `design` is the design effect of test rows that hang together.
    """

    metric: str
    direction: str
    far: int
    test_rows: int
    target: float | None = None
    seed: int = 0
    language_model: bool = True
    costs: Costs | None = None
    design: float = 1.0

    def promise(self, answers: Answers | None, labels: Sequence[str]) -> Promise | None:
        """What answers to the test rows promise at the target's error, or at the costs where there is no target."""
        error = None if self.target is None else max(round(1 - self.target, 12), 0.0)
        return promise_of(answers, labels, self.metric, error, self.costs, design=self.design)

    def belief(self, points: Sequence[Point]) -> Belief:
        """The curves that the points so far allow; needs at least two sizes."""
        scale = scale_of(self.metric, self.direction, points)
        return believe(points, scale, seed=self.seed, language_model=self.language_model)


def predicted_s(timed: Sequence[tuple[int, float]], n: int, test_rows: int) -> float | None:
    """How long a run of n rows will take, from those that ended.

        seconds = a + b n,   a, b >= 0, least squares of relative errors; one size alone: in proportion to rows read

    Args:
        timed: (rows, seconds) of runs that ended.
        n: training rows.
        test_rows: rows that each run answers.
    Returns: seconds; None when no run has ended.

    Example:
        >>> predicted_s([(100, 20.0), (200, 30.0)], 400, 50)
        50.0
        >>> predicted_s([(100, 15.0)], 250, 50)
        30.0
    """
    if not timed:
        return None
    sizes, seconds = [size for size, _ in timed], [s for _, s in timed]
    if len(set(sizes)) == 1:
        return sum(seconds) / len(timed) * (n + test_rows) / (sizes[0] + test_rows)
    weights = [1 / max(s, 1e-3) ** 2 for s in seconds]

    def total(*factors: Sequence[float]) -> float:
        return sum(map(math.prod, zip(weights, *factors, strict=True)))

    mean_n, mean_s = total(sizes) / total(), total(seconds) / total()
    off_n, off_s = [size - mean_n for size in sizes], [s - mean_s for s in seconds]
    slope = total(off_n, off_s) / total(off_n, off_n)
    if slope < 0:
        return mean_s
    start = mean_s - slope * mean_n
    return n * total(sizes, seconds) / total(sizes, sizes) if start < 0 else round(start + slope * n, 9)


def opening(sizes: Sequence[int], seconds: Callable[[int], float | None]) -> tuple[int, ...]:
    """The sizes of the first three runs: the lowest, a middle one, the largest that is not much dearer than that.

    Args:
        sizes: rungs, rising.
        seconds: gives the seconds that a run of a size is predicted to take; None while nothing is known.
    Returns: at most three sizes, in the order in which to run them.

    Example:
        >>> opening((20, 40, 80, 160, 320), lambda n: 30.0), opening((20, 40, 80, 160, 320), lambda n: n)
        ((20, 80, 320), (20, 80, 160))
    """
    if len(sizes) < 3:
        return tuple(sizes)
    at = len(sizes) // 2
    middle_s = seconds(sizes[at])
    for size in reversed(sizes[at + 1 :]):
        taken_s = seconds(size)
        if middle_s is not None and taken_s is not None and taken_s <= NOT_MUCH_DEARER * middle_s:
            return sizes[0], sizes[at], size
    return sizes[0], sizes[at], sizes[at + 1]


def most_telling_rung(
    points: Sequence[Point], candidates: Sequence[tuple[Rung, float]], question: Question, running: Collection[int] = ()
) -> tuple[Rung, float]:
    """The rung that removes the most doubt for its price, and the most that any of them would remove.

    Args:
        points: of runs that ended well, at least two sizes.
        candidates: (rung, price), at least one; prices in any one unit.
        question: what the curve is asked.
        running: sizes that are being run now; they come last, because their scores will be there by then.
    Returns: (rung, the largest narrowing of all candidates).
    """
    first = {rung.n: (rung, price) for rung, price in reversed(candidates)}
    idle = [n for n in first if n not in running] or list(first)
    each = narrowings(question.belief(points), list(first), far=question.far, test_rows=question.test_rows)
    narrowing = dict(zip(first, each, strict=True))
    best = max(idle, key=lambda n: (narrowing[n] / max(first[n][1], 1e-9), n))
    return first[best][0], max(narrowing.values())


def enough(points: Sequence[Point], narrowing: float, question: Question) -> str:
    """Why no further run is needed, in words; empty when one is.

    Two rules. The target's chance is settled: below 2%, with a clear signal in the points, or above 98%, and so again
    when any one size is left out. Or the run that tells the most would remove less than 1% of the doubt.

    Args:
        points: of runs that ended well.
        narrowing: the largest share of the doubt that a remaining run is expected to remove.
        question: what the curve is asked.
    """
    if len({point.n for point in points}) < LEAST_SIZES:
        return ""
    settled = _settled(points, question)
    if not settled and narrowing < LEAST_TOLD:
        return f"no remaining run would remove {share(LEAST_TOLD)} of the doubt at {count(question.far)} rows"
    return settled


def _settled(points: Sequence[Point], question: Question) -> str:
    """What the target's chance is, where it is settled; else empty."""
    # Without one of three sizes two would be left, which settle nothing.
    if question.target is None or len({point.n for point in points}) <= LEAST_SIZES:
        return ""
    chances = [_chance(question.belief(part), question) for part in (points, *_without_a_size(points))]
    if min(chances) > 1 - SURE:
        return f"the target is reached by {count(question.far)} rows with more than {share(1 - SURE)} chance"
    if max(chances) < SURE and question.belief(points).gate.passed:
        return f"the chance of reaching the target by {count(question.far)} rows is below {share(SURE)}"
    return ""


def _without_a_size(points: Sequence[Point]) -> list[list[Point]]:
    return [[point for point in points if point.n != n] for n in sorted({point.n for point in points})]


def _chance(belief: Belief, question: Question) -> float:
    assert question.target is not None
    last = belief.points[-1].n
    sizes = np.geomspace(last, max(question.far, last + 1), 12)
    aim = to_error(question.target, question.direction)
    return float(reach_share(belief.paths(sizes, 1_000), aim)[-1])
