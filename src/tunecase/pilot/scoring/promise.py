"""Answering only when sure: how many answers may be given so that few of them are wrong, with a bound.

An answer is given where its confidence reaches a threshold; people give the others. The best of many thresholds looks
better on the rows that chose it than it is, so every threshold is tested, from the most confident rows on, and the
first that fails ends the walk: Learn-then-Test with exact binomial p-values.

Of the ways to pay for the many thresholds, measured in benchmarks/promising.py, Bonferroni over a grid gives up
coverage, mostly on small test sets; a walk from one start is ended by a single wrong label among the most confident
rows. Three walks, each at a third of the chance of being wrong, keep the coverage and survive that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.pilot.answers import Answers
from tunecase.pilot.variants import SHARES
from tunecase.records import Promise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SURE = 0.9
# The walks begin with the fewest rows that pass without a mistake, with two mistakes, and with half of all rows.
STARTS = ((0, 0.0), (2, 0.0), (0, 0.5))
STEPS = 20  # thresholds of one walk
POWER = 0.95  # at the last threshold alone; with the walk before it about three quarters remain


@dataclass(frozen=True, slots=True)
class Costs:
    """What a wrong answer and an answer by a person cost, expected [base currency]."""

    error: float
    person: float


@dataclass(frozen=True, slots=True)
class _Levels:
    """Every threshold at which the answered rows change, the highest first: rows answered and wrong ones of them."""

    confidences: "NDArray[np.float64]"
    answered: "NDArray[np.float64]"
    wrong: "NDArray[np.float64]"


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

    Thresholds lie at ranks of the confidences, whatever the labels. Three walks go from few or half of the rows to
    all, and end at the first p above (1 - sure) / 3; with the chance `sure` all thresholds passed keep the error.

    Args:
        error: the most that may be wrong of the answers given, a share of 1.
        right: of each test row, whether its answer is right.
        confidences: of each answer; only their order counts, and rows of equal confidence are answered together.
        costs: with them the promise tells its `net_per_answer`, as in cheapest; they choose nothing here.
        sure: the chance that the promise holds.
        design: design effect of rows that hang together; n rows count as n / design.
    Returns: the Promise, with the one-sided Clopper-Pearson bound at (1 - sure) / 3 of its threshold; coverage None
        where no threshold passes.
    Raises: ValueError for lengths that differ, an error or chance outside 0 to 1, or a design effect below 1.
    Example:
        >>> found = promise(0.05, [True] * 95 + [False] * 5, [1 - i / 200 for i in range(100)])
        >>> found.coverage, promise(0.05, [True] * 40, [0.9] * 40).coverage
        (0.95, None)

    Source: Angelopoulos, Bates, Candes, Jordan and Lei, Learn then Test (2021), fixed-sequence testing with several
    starts; Clopper and Pearson, Biometrika 26 (1934).
    Leaves out that inputs change after the test: the promise is about rows drawn as the test rows were, and the share
    answered has a noise of its own. It leaves out as well that the model may have been chosen on the same rows.
    """
    levels, passed, tried = _passed(error, right, confidences, sure, design)
    return _promise(error, levels, max(passed, default=None), (len(right), tried, sure, design), costs)


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
        (0.95, 1.9)

    Source: as promise; the rule of Chow, IEEE Transactions on Information Theory 16 (1970), for the cost of a refusal.
    Leaves out the mistakes of people, and that the net gain was the best of some: it is a little high.
    """
    if costs.error < 0 or costs.person < 0:
        raise ValueError(f"costs are {costs.error:g} and {costs.person:g}; wanted 0 or more")
    error = 1.0 if costs.person >= costs.error else costs.person / costs.error
    levels, passed, tried = _passed(error, right, confidences, sure, design)
    gain = costs.person * levels.answered - costs.error * levels.wrong
    chosen = max(passed, key=lambda level: (gain[level], level), default=None)
    return _promise(error, levels, chosen, (len(right), tried, sure, design), costs)


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


def rows_needed(error: float, coverage: float, error_seen: float, sure: float = SURE) -> int | None:
    """Test rows with which a model is likely to be promised a coverage that it has, to within a step of the walk.

        m rows answered pass with at most k(m) wrong;   P(Bin(m, error_seen) <= k(m)) >= 0.95,   n = m / coverage

    Args:
        error: the most that may be wrong of the answers given, a share of 1.
        coverage: the share of answers to be given, 0 < coverage <= 1.
        error_seen: the share of them that the model really gets wrong.
        sure: as in promise.
    Returns: the test rows, rounded up; None where no number is enough, since error_seen is not below error.
    Raises: ValueError for shares outside 0 to 1.
    Example:
        >>> rows_needed(0.05, 0.70, 0.025), rows_needed(0.05, 0.70, 0.05)
        (990, None)

    Source: the power of the test in `promise`, exact at its last threshold. A walk may end earlier: of simulated test
    sets of this size .74 to .96 were promised the coverage less three points, .28 to .76 all of it.
    """
    if not (0 <= error <= 1 and 0 < coverage <= 1 and 0 <= error_seen <= 1):
        raise ValueError(f"error {error}, coverage {coverage}, error seen {error_seen}; wanted shares of 1")
    if error_seen >= error:
        return None
    from scipy.special import bdtr

    level = (1 - sure) / len(STARTS)
    wrong = 0
    while True:  # The rows that allow so many wrong ones: with each more of them the power rises.
        answered = _least_rows(error, wrong, level)
        if bdtr(wrong, answered, error_seen) >= POWER:
            return math.ceil(answered / coverage - 1e-9)
        wrong += 1


def _passed(
    error: float, right: Sequence[bool], confidences: Sequence[float], sure: float, design: float
) -> tuple[_Levels, set[int], int]:
    """All thresholds, those that passed the test by their place, and how many were tried."""
    if len(right) != len(confidences):
        raise ValueError(f"{len(right)} answers and {len(confidences)} confidences; wanted one of each a row")
    if not 0 <= error <= 1 or not 0 < sure < 1 or not design >= 1:
        raise ValueError(f"error {error}, sure {sure}, design {design}; wanted shares of 1 and a design of 1 or more")
    levels, level = _levels(right, confidences), (1 - sure) / len(STARTS)
    passed: set[int] = set()
    tried = 0
    for wrong, share in STARTS if error > 0 else ():
        for place in _walk(levels, max(_least_rows(error, wrong, level) * design, share * len(right))):
            tried += 1
            if _chance(levels.answered[place] / design, levels.wrong[place] / design, error) > level:
                break
            passed.add(place)
    return levels, passed, tried


def _levels(right: Sequence[bool], confidences: Sequence[float]) -> _Levels:
    import numpy as np

    sure = np.asarray(confidences, dtype=np.float64)
    order = np.argsort(-sure, kind="stable")
    ranked = sure[order]
    wrong = np.cumsum(~np.asarray(right, dtype=bool)[order])
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else np.empty(0, dtype=int)
    return _Levels(ranked[last], (last + 1).astype(np.float64), wrong[last].astype(np.float64))


def _walk(levels: _Levels, least: float) -> list[int]:
    """Places of the thresholds to try, evenly over the ranks of the confidences from `least` rows to all."""
    import numpy as np

    if not len(levels.answered) or levels.answered[-1] < least:
        return []
    wanted = np.linspace(least, levels.answered[-1], STEPS)
    return [int(place) for place in np.unique(np.searchsorted(levels.answered, wanted - 1e-9))]


def _chance(answered: float, wrong: float, error: float) -> float:
    """P(at most so many wrong of the rows answered) at an error; rows may be fractions."""
    from scipy.special import betainc

    return 1.0 if wrong >= answered else float(betainc(answered - wrong, wrong + 1, 1 - error))


def _least_rows(error: float, wrong: int, level: float) -> int:
    """The fewest rows that pass with so many wrong."""
    few, enough = wrong, wrong + 1
    while _chance(enough, wrong, error) > level:
        few, enough = enough, 2 * enough
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if _chance(middle, wrong, error) <= level else (middle, enough)
    return enough


def _promise(
    error: float, levels: _Levels, chosen: int | None, tested: tuple[int, int, float, float], costs: Costs | None = None
) -> Promise:
    from scipy.special import betaincinv

    rows, tried, sure, design = tested
    if chosen is None:
        return Promise(error, None, None, None, rows, tried, sure, None if costs is None else 0.0)
    answered, wrong = float(levels.answered[chosen]), float(levels.wrong[chosen])
    bound, net = 1.0, None
    if wrong < answered:
        level = (1 - sure) / len(STARTS)
        bound = float(betaincinv(wrong / design + 1, (answered - wrong) / design, 1 - level))
    if costs is not None:
        net = (answered * costs.person - wrong * costs.error) / rows
    return Promise(error, answered / rows, float(levels.confidences[chosen]), bound, rows, tried, sure, net)
