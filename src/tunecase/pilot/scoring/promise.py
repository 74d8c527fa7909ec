"""Answering only when sure: how many answers may be given so that few of them are wrong, with a bound.

An answer is given where its confidence reaches a threshold; people give the others. The best of many thresholds looks
better on the rows that chose it than it is, so every threshold is tested: Learn-then-Test with exact binomial p-values.

A walk from the most confident rows on is ended by one or two wrong labels among them, for there a test has no power;
Bonferroni over a grid gives up coverage, since thresholds that share most of their rows are hardly many tests. Here a
walk may begin at any threshold, and what that costs is worked out from how the thresholds share their rows.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tunecase.pilot.answers import Answers
from tunecase.pilot.variants import SHARES
from tunecase.quantities import Floats, np
from tunecase.records import Promise

SURE = 0.9
STEPS = 30  # thresholds
PART = 3  # the part of the chance of being wrong that a threshold alone gets, for a bound and the rows needed
POWER = 0.95  # at the last threshold alone
MOST_ROWS = 1 << 31  # as far as scipy counts
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Costs:
    """What a wrong answer and an answer by a person cost, expected [base currency]."""

    error: float
    person: float


@dataclass(frozen=True, slots=True)
class _Tested:
    """The thresholds that were tested, the highest first: rows answered and wrong ones of them, and which passed."""

    error: float
    sure: float
    design: float
    rows: int
    confidences: "Floats"
    answered: "Floats"
    wrong: "Floats"
    passed: list[int]

    def promise(self, chosen: int | None, costs: Costs | None) -> Promise:
        """What the chosen threshold promises."""
        from scipy.special import betaincinv

        tried, following = len(self.answered), self._following(-1 if chosen is None else chosen)
        if chosen is None:
            net = None if costs is None else 0.0
            return Promise(self.error, None, None, None, self.rows, tried, self.sure, net, *following)
        answered, wrong = float(self.answered[chosen]), float(self.wrong[chosen])
        bound, net = self.error, None
        if wrong < answered:
            high = betaincinv(wrong / self.design + 1, (answered - wrong) / self.design, 1 - (1 - self.sure) / PART)
            bound = min(bound, float(high))
        if costs is not None:
            net = (answered * costs.person - wrong * costs.error) / self.rows
        coverage, threshold = answered / self.rows, float(self.confidences[chosen])
        return Promise(self.error, coverage, threshold, bound, self.rows, tried, self.sure, net, *following)

    def _following(self, chosen: int) -> tuple[float | None, int | None]:
        """The larger coverage that needs the fewest rows, if the errors seen are the true ones, and these rows."""
        found: list[tuple[int, float]] = []
        for answered, wrong in zip(self.answered[chosen + 1 :], self.wrong[chosen + 1 :], strict=True):
            needed = rows_needed(self.error, answered / self.rows, wrong / answered, self.sure, self.design)
            if needed is not None and needed > self.rows:
                found.append((needed, float(answered / self.rows)))
        rows, coverage = min(found, default=(None, None))
        return coverage, rows


def promise(
    error: float,
    right: Sequence[bool],
    confidences: Sequence[float],
    *,
    costs: Costs | None = None,
    sure: float = SURE,
    design: float = 1.0,
) -> Promise:
    """The largest share of answers that may be given so that at most `error` of them are wrong.

        p(t) = P(Bin(m, error) <= k),   m rows with a confidence of t or more, k of them wrong

    Thirty thresholds lie at ranks of the confidences, whatever the labels, from the fewest rows that can pass without a
    mistake to all. A walk goes from a threshold that passes to the next, more rows answered, and ends where one fails;
    a later threshold may begin another. The last that passes is promised. Where the error lies just above `error` from
    a threshold on, the chance is at most 1 - sure that a walk comes in over it or that a later one begins; each of the
    later ones has had an even part of that chance, what they share through common rows counted but once.

    Args:
        error: the most that may be wrong of the answers given, a share of 1.
        right: of each test row, whether its answer is right.
        confidences: of each answer; only their order counts, and rows of equal confidence are answered together.
        costs: with them the promise tells its `net_per_answer`, as in cheapest; they choose nothing here.
        sure: the chance that the promise holds.
        design: design effect of rows that hang together; n rows count as n / design.
    Returns: the Promise, with the one-sided Clopper-Pearson bound at (1 - sure) / 3 of its threshold, at most `error`:
        of simulated test sets at most .063 had a true error above; coverage None where no threshold passes.
    Raises: ValueError for lengths that differ, an error or chance outside 0 to 1, or a design effect below 1.
    Example:
        >>> found = promise(0.05, [True] * 95 + [False] * 5, [1 - i / 200 for i in range(100)])
        >>> found.coverage, promise(0.05, [True] * 40, [0.9] * 40).coverage
        (0.96, None)

    Source: Angelopoulos, Bates, Candes, Jordan and Lei, Learn then Test (2021), for the test of each threshold; Wiens,
    Pharmaceutical Statistics 2 (2003), the fallback procedure, for walks that begin anywhere and carry their level on;
    Lan and DeMets, Biometrika 70 (1983), for spending it over looks at growing data; Clopper and Pearson, Biometrika 26
    (1934). That the chance is kept is exact where the error does not fall as less sure answers are given too; where it
    does, the worst of 1,862 simulated shapes broke .103 of the promises of 20,000 test sets (standard error .002).
    Leaves out that inputs change after the test: the promise is about rows drawn as the test rows were, and the share
    answered has a noise of its own. It leaves out as well that the model may have been chosen on the same rows. The
    chance is over all test sets: where few of them promise anything, most of the promises that are made may be broken.
    """
    tested = _tested(error, right, confidences, sure, design)
    return tested.promise(max(tested.passed, default=None), costs)


def cheapest(
    right: Sequence[bool], confidences: Sequence[float], costs: Costs, *, sure: float = SURE, design: float = 1.0
) -> Promise:
    """The threshold with the largest net gain over people giving all answers, among those that surely do not lose.

        net per answer = (m person - k error) / n,   m of n rows answered, k of them wrong

    A threshold does not lose as long as at most person / error of its answers are wrong; it must pass the test of
    `promise` at that share.

    Args:
        right, confidences, sure, design: as in promise.
        costs: of a wrong answer and of a person's.
    Returns: the Promise at the error person / error (at most 1) with its `net_per_answer`, 0 where people give all
        answers.
    Raises: ValueError as promise does, and for costs below zero.
    Example:
        >>> found = cheapest([True] * 95 + [False] * 5, [1 - i / 200 for i in range(100)], Costs(error=20, person=2))
        >>> found.coverage, found.net_per_answer
        (0.93, 1.86)

    Source: as promise; the rule of Chow, IEEE Transactions on Information Theory 16 (1970), for the cost of a refusal.
    Leaves out the mistakes of people, and that the net gain was the best of some: it is a little high.
    """
    if costs.error < 0 or costs.person < 0:
        raise ValueError(f"costs are {costs.error:g} and {costs.person:g}; wanted 0 or more")
    error = 1.0 if costs.person >= costs.error else costs.person / costs.error
    tested = _tested(error, right, confidences, sure, design)
    gain = costs.person * tested.answered - costs.error * tested.wrong
    return tested.promise(max(tested.passed, key=lambda place: (gain[place], place), default=None), costs)


def promise_of(
    answers: Answers | None,
    labels: Sequence[str],
    metric: str,
    error: float | None,
    costs: Costs | None = None,
    *,
    design: float = 1.0,
) -> Promise | None:
    """What answers to the test rows promise: at the error of the target, or at costs where there is no target.

    Args:
        answers: of a candidate or baseline; None where they were not kept.
        labels: of the test rows.
        metric: how answers are scored.
        error: 1 - target; None without a target.
        costs: None where an error or a person's answer has no price; with an error they only value the promise.
        design: as in promise.
    Returns: None without confidences, without a target and costs, for answers to other rows, or for a metric that is
        no share of rows right.
    """
    if answers is None or answers.confidences is None or metric not in SHARES or len(answers.row_scores) != len(labels):
        return None
    right = [row_score >= 1 for row_score in answers.row_scores]
    if error is not None:
        return promise(error, right, answers.confidences, costs=costs, design=design)
    return None if costs is None else cheapest(right, answers.confidences, costs, design=design)


def meets(promised: Promise | None, coverage: float) -> bool:
    """Whether a promise reaches the share of answers that the project file asks for (problem.coverage).

    Example:
        >>> meets(Promise(0.05, 0.71, 0.8, 0.049, 400, 20), 0.7), meets(None, 0.7)
        (True, False)
    """
    return promised is not None and promised.coverage is not None and promised.coverage >= coverage - 1e-9


def keeps(promised: Promise, error: float) -> bool:
    """Whether what is promised has no more wrong than `error`; a target may have risen since the pilot.

    Example:
        >>> keeps(Promise(0.05, 0.71, 0.8, 0.049, 400, 20), 0.05), keeps(Promise(0.1, 0.9, 0.6, 0.09, 400, 20), 0.05)
        (True, False)
    """
    return promised.error <= error + 1e-9


def rows_needed(
    error: float, coverage: float, error_seen: float, sure: float = SURE, design: float = 1.0
) -> int | None:
    """Test rows with which a model is likely to be promised a coverage that it has, to within a step of the walk.

        m rows answered pass with at most k(m) wrong;   P(Bin(m, error_seen) <= k(m)) >= 0.95,   n = m / coverage

    Args:
        error: the most that may be wrong of the answers given, a share of 1.
        coverage: the share of answers to be given, 0 < coverage <= 1.
        error_seen: the share of them that the model really gets wrong.
        sure, design: as in promise.
    Returns: the test rows, rounded up; None where no number is enough, since error_seen is not below error, or so near
        to it that two thousand million are not.
    Raises: ValueError for shares outside 0 to 1.
    Example:
        >>> rows_needed(0.05, 0.70, 0.025), rows_needed(0.05, 0.70, 0.05)
        (990, None)

    Source: the power of the test in `promise` at its last threshold, at a third of the chance of being wrong. Of
    simulated test sets of this size .83 to .99 were promised the coverage less three points, .68 to .94 all of it.
    """
    if not (0 <= error <= 1 and 0 < coverage <= 1 and 0 <= error_seen <= 1):
        raise ValueError(f"error {error}, coverage {coverage}, error seen {error_seen}; wanted shares of 1")
    if error_seen >= error:
        return None
    from scipy.special import bdtr

    # The rows that allow so many wrong ones: with each more of them the power rises.
    level = (1 - sure) / PART
    allowed = range(MOST_ROWS)
    wrong = bisect_left(allowed, POWER, key=lambda wrong: bdtr(wrong, _least_rows(error, wrong, level), error_seen))
    answered = _least_rows(error, wrong, level)
    return None if answered >= MOST_ROWS else math.ceil(answered * design / coverage - ROUNDING)


def _tested(error: float, right: Sequence[bool], confidences: Sequence[float], sure: float, design: float) -> _Tested:
    """Every threshold with its test, from the most confident rows on."""
    if len(right) != len(confidences):
        raise ValueError(f"{len(right)} answers and {len(confidences)} confidences; wanted one of each a row")
    if not 0 <= error <= 1 or not 0 < sure < 1 or not design >= 1:
        raise ValueError(f"error {error}, sure {sure}, design {design}; wanted shares of 1 and a design of 1 or more")
    values = np.asarray(confidences, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    ranked, mistakes = values[order], np.cumsum(~np.asarray(right, dtype=bool)[order])
    rows = len(ranked)
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))[:rows]  # equal confidences stay together
    # Roots of the ranks are evenly spaced: nearer together where few answers are sure.
    least = min(rows, _least_rows(error, 0, 1 - sure) * design) if error > 0 else rows
    ranks = np.linspace(math.sqrt(least), math.sqrt(rows), STEPS) ** 2 if rows else np.empty(0)
    last = last[np.unique(np.searchsorted(last + 1, ranks - ROUNDING))]
    answered, wrong = (last + 1).astype(np.float64), mistakes[last].astype(np.float64)
    levels = _levels(tuple((answered / design + ROUNDING).astype(int).tolist()), error, 1 - sure)
    passed: list[int] = []
    for place, (start, carried) in enumerate(levels):
        level = carried if passed[-1:] == [place - 1] else start
        if _chance(answered[place] / design, wrong[place] / design, error) <= level + ROUNDING:
            passed.append(place)
    return _Tested(error, sure, design, rows, ranked[last], answered, wrong, passed)


@lru_cache(maxsize=64)
def _levels(sizes: tuple[int, ...], error: float, chance: float) -> list[tuple[float, float]]:
    """Of each threshold, by its rows: the level with which a walk begins there, and the one with which it comes in.

    From the last threshold back: that it passes or that a later one begins a walk has at most its part of the chance,
    where each row is wrong with the chance `error`.
    """
    from scipy.special import bdtr

    levels: list[tuple[float, float]] = []
    quiet = np.ones(sizes[-1] + 1 if sizes else 1)  # by rows wrong: the chance that no later threshold begins a walk
    for later, rows in enumerate(reversed(sizes)):
        if later:
            between = sizes[-later] - rows
            quiet = np.correlate(quiet, np.diff(bdtr(np.arange(between + 1), between, error), prepend=0), "valid")
        below = np.append(0, bdtr(np.arange(rows + 1), rows, error))
        none = np.cumsum((np.diff(below) * quiet)[::-1])[::-1]  # pass, from so many wrong on
        parts = (chance * (later + 1) / len(sizes), chance)
        start, carried = (max(int(np.count_nonzero(none >= 1 - part - ROUNDING)) - 1, 0) for part in parts)
        levels.insert(0, (float(below[start]), float(below[carried])))
        quiet[:start] = 0
    return levels


def _chance(answered: float, wrong: float, error: float) -> float:
    """P(at most so many wrong of the rows answered) at an error; rows may be fractions."""
    from scipy.special import betainc

    return 1.0 if wrong >= answered else float(betainc(answered - wrong, wrong + 1, 1 - error))


def _least_rows(error: float, wrong: int, level: float) -> int:
    """The fewest rows that pass with so many wrong."""
    from scipy.special import bdtrin

    return int(max(wrong + 1, math.ceil(bdtrin(wrong, level, error) - ROUNDING)))
