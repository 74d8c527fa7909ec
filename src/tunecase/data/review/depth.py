"""How far to read a ranked queue: what the plan expects, and what reviewed labels say about those not yet read.

The chance that a label is wrong rises with its score: logit p = shift + slope logit score. The plan sets the shift so
that the chances sum to the estimated number of wrong labels; reviews correct shift and slope. Controls are drawn at
random from rows outside the queue and speak for those alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tunecase.quantities import Interval80, Numbers, Rows, np

BATCH = 50
LEAST_YIELD = 0.1  # errors per row, below which reading stops
DRAWS = 400
SLOPE, SLOPE_SD, SHIFT_SD = 1.0, 0.5, 1.0
SCORE_EDGE = 1e-4
STILL = 1e-6


@dataclass(frozen=True, slots=True)
class Review:
    """One label looked at: `row` is its place in the ranking, None for a control row, which was never ranked."""

    row: int | None
    wrong: bool


@dataclass(frozen=True, slots=True)
class Depth:
    """How many of the ranked rows to read, worst first, and the errors expected within them."""

    rows: int
    errors: Interval80


def plan_depth(scores: "Numbers", wrong: Interval80 | None = None) -> Depth:
    """How far to read a ranking, before anything is read.

    Args:
        scores: suspicion, 0 to 1, the worst first, shape (ranked,).
        wrong: how many labels are estimated wrong; half to twice the sum of the scores where it is left out.
    Returns: the Depth, in whole batches of 50, up to the first that should have fewer than LEAST_YIELD errors per row.
    Example:
        >>> import numpy as np
        >>> plan_depth(np.array([0.99] * 60 + [0.01] * 140), Interval80(40, 60, 80)).rows
        100
    """
    if not len(scores):
        return Depth(0, Interval80(0, 0, 0))
    total = float(np.sum(scores))
    totals = (total / 2, total, total * 2) if wrong is None else (wrong.low, wrong.mid, wrong.high)
    low, mid, high = (_shifted(scores, each) for each in totals)
    starts = range(0, len(scores), BATCH)
    rows = next((start for start in starts if mid[start : start + BATCH].mean() < LEAST_YIELD), len(scores))
    ends = [float(chance[:rows].sum()) for chance in (low, mid, high)]
    counting = 1.2816 * float(np.sqrt((mid[:rows] * (1 - mid[:rows])).sum()))
    return Depth(rows, Interval80(max(0.0, ends[0] - counting), ends[1], min(float(rows), ends[2] + counting)))


def wrong_unread(
    reviews: Sequence[Review], scores: "Numbers", *, outside: int = 0, wrong: Interval80 | None = None, seed: int = 0
) -> Interval80:
    """How many of the labels that nobody has read are wrong, estimated from those that were read.

    Args:
        reviews: in any order; the last review of a row counts.
        scores: suspicion, 0 to 1, of all ranked rows, shape (ranked,).
        outside: how many rows have no score, controls included; they count at the controls' rate, and not at all where
            no control was read.
        wrong: how many labels were estimated wrong before the review; the shift starts from it.
    Returns: their number, an 80% range.
    Raises: ValueError for a row outside the ranking.

    Source: logistic regression with normal priors (Laplace's approximation), unread labels drawn from it; outside the
    ranking, Jeffreys' beta of the controls.
    Leaves out the reviewers' mistakes.
    """
    ranked = {review.row: review.wrong for review in reviews if review.row is not None}
    if any(not 0 <= row < len(scores) for row in ranked):
        raise ValueError(f"a reviewed row lies outside the ranking of {len(scores)} rows")
    unread = np.setdiff1d(np.arange(len(scores)), np.array(list(ranked), np.int64))
    chances = _drawn_chances(ranked, scores, unread, wrong, seed)
    rng = np.random.default_rng(seed + 1)
    sums = (rng.random(chances.shape) < chances).sum(axis=1) if len(unread) else np.zeros(DRAWS)
    controls = [review.wrong for review in reviews if review.row is None]
    if controls and outside > len(controls):
        rates = rng.beta(sum(controls) + 0.5, len(controls) - sum(controls) + 0.5, DRAWS)
        sums = sums + rng.binomial(outside - len(controls), rates)
    low, mid, high = (float(x) for x in np.quantile(sums, [0.1, 0.5, 0.9]))
    return Interval80(low, mid, high)


def _logits(scores: "Numbers") -> "Numbers":
    inside = np.clip(np.asarray(scores, np.float64), SCORE_EDGE, 1 - SCORE_EDGE)
    logits: Numbers = np.log(inside / (1 - inside))
    return logits


def _shift(scores: "Numbers", total: float) -> float:
    logits, low, high = _logits(scores), -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + np.exp(-(logits + middle)))).sum() < total else (low, middle)
    return (low + high) / 2


def _shifted(scores: "Numbers", total: float) -> "Numbers":
    chances: Numbers = 1 / (1 + np.exp(-(_logits(scores) + _shift(scores, total))))
    return chances


def _drawn_chances(
    read: dict[int, bool], scores: "Numbers", unread: "Rows", wrong: Interval80 | None, seed: int
) -> "Numbers":
    """Chances of the unread labels under DRAWS shifts and slopes, shape (draws, unread); `read` is row to wrong."""
    logits = _logits(scores)
    start = np.array([_shift(scores, max(float(np.sum(scores)) if wrong is None else wrong.mid, 0.5)), SLOPE])
    x = np.stack([np.ones(len(read)), logits[list(read)]], axis=1)
    y = np.array(list(read.values()), np.float64)
    prior = np.diag([1 / SHIFT_SD**2, 1 / SLOPE_SD**2])

    def loss(at: "Numbers") -> float:
        line = x @ at
        return float((np.logaddexp(0, line) - y * line).sum() + (at - start) @ prior @ (at - start) / 2)

    point, bend = start.copy(), prior
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ point, -30, 30)))
        bend = prior + (x * (p * (1 - p))[:, np.newaxis]).T @ x
        step = np.linalg.solve(bend, x.T @ (y - p) - prior @ (point - start))
        # From far away a whole Newton step overshoots the answer and never comes back.
        while loss(point + step) > loss(point) and np.abs(step).max() > STILL:
            step = step / 2
        point = point + step
        if np.abs(step).max() <= STILL:
            break
    drawn = np.random.default_rng(seed).multivariate_normal(point, np.linalg.inv(bend), DRAWS)
    lines = drawn[:, :1] + drawn[:, 1:] * logits[unread]
    chances: Numbers = 1 / (1 + np.exp(-np.clip(lines, -30, 30)))
    return chances
