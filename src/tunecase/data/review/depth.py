"""How far to read a ranked queue: what the plan expects, and what reviewed labels say about those not yet read.

The chance that a label is wrong rises with its score: logit p = shift + slope logit score. The plan sets the shift so
that all chances sum to the wrong labels estimated; reviews correct shift and slope. Controls are drawn at random from
rows outside the queue and speak for those alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tunecase.quantities import Interval80, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.floating[Any]]

BATCH = 50
CONTROL_SHARE = 0.1
LEAST_YIELD = 0.1  # errors a row below which reading stops, where the value of an error is not known
LEAST_TIMED = 20
DRAWS = 400
SLOPE, SLOPE_SD, SHIFT_SD = 1.0, 0.5, 1.0
SCORE_EDGE = 1e-4
STILL = 1e-6


@dataclass(frozen=True, slots=True)
class Review:
    """One label looked at: `row` is a place in the ranking, None for a control row that was never ranked.

    `corrected` equals `given` where the label was right.
    """

    row: int | None
    given: str
    corrected: str
    seconds: float | None = None
    control: bool = False

    @property
    def wrong(self) -> bool:
        """True when the reviewer changed the label."""
        return self.given != self.corrected


@dataclass(frozen=True, slots=True)
class Queue:
    """What to read, in order.

    `order` are places in the ranking, `control` which of them stand there by chance; `found` are errors expected
    within the first `depth` ranked rows; `yields` the expected errors a row of each batch.
    """

    order: tuple[int, ...]
    control: tuple[bool, ...]
    depth: int
    found: Interval80
    yields: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What the reviews say.

    `errors` were found in `read` ranked rows; `remaining` are in rows not read; `rate` is the error rate of rows
    outside the queue, from the controls alone; `minutes` is for one label, None under 20 timed reviews; `next_yield`
    is errors a row in the next batch, and `worth_it` whether to read it.
    """

    read: int
    errors: int
    precision: float
    remaining: Interval80
    rate: Interval80
    minutes: Interval80 | None
    next_yield: float
    worth_it: bool


def plan_queue(
    scores: "Numbers", n_rows: int, seed: int = 0, wrong: Interval80 | None = None, least_yield: float = LEAST_YIELD
) -> Queue:
    """The order to read in, and how deep, before anything is read.

    Args:
        scores: suspicion, 0 to 1, the worst first, shape (ranked,).
        n_rows: rows of the set that were ranked; controls are drawn from those beyond the depth.
        wrong: labels estimated wrong; the sum of the scores where it is left out.
        least_yield: expected errors a row at which a batch is no longer read.
    Returns: the Queue; with one control after every nine ranked rows.
    Example:
        >>> import numpy as np
        >>> plan_queue(np.array([0.99] * 60 + [0.01] * 140), 200, wrong=Interval80(40, 60, 80)).depth
        100
    """
    import numpy as np

    rows = min(len(scores), n_rows)
    if not rows:
        return Queue((), (), 0, Interval80(0, 0, 0), ())
    mid = float(np.sum(scores)) if wrong is None else wrong.mid
    totals = (mid / 2, mid, mid * 2) if wrong is None else (wrong.low, wrong.mid, wrong.high)
    chances = [_shifted(scores[:rows], total) for total in totals]
    edges = range(0, rows, BATCH)
    yields = tuple(float(chances[1][start : start + BATCH].mean()) for start in edges)
    batches = next((i for i, share in enumerate(yields) if share < least_yield), len(yields))
    depth = min(batches * BATCH, rows)
    ends = [float(chance[:depth].sum()) for chance in chances]
    counting = 1.2816 * float(np.sqrt((chances[1][:depth] * (1 - chances[1][:depth])).sum()))
    order, control = _with_controls(depth, rows, seed)
    found = Interval80(max(0.0, ends[0] - counting), ends[1], min(float(depth), ends[2] + counting))
    return Queue(order, control, depth, found, yields)


def read_reviews(
    reviews: Sequence[Review],
    scores: "Numbers",
    *,
    outside: int = 0,
    wrong: Interval80 | None = None,
    seed: int = 0,
    value_per_error: float | None = None,
    price_per_review: float | None = None,
    least_yield: float = LEAST_YIELD,
) -> Reviewed:
    """What reviewed labels say about those not read, and whether the next batch is worth its price.

    Args:
        reviews: in any order; `row` is a place in `scores`.
        scores: as in plan_queue, for all ranked rows.
        outside: rows that no score was given to, controls among them; they count by the controls' rate, and not at all
            where no control was read.
        wrong: labels estimated wrong before the review: where shift starts from.
        value_per_error, price_per_review: in one currency; without both, `least_yield` decides.
    Returns: Reviewed; ranges are 80%.
    Raises: ValueError for a row outside the ranking.

    Source: logistic regression with normal priors (Laplace's approximation), unread labels drawn from it; outside the
    ranking, Jeffreys' beta of the controls.
    Leaves out mistakes of the reviewer.
    """
    import numpy as np

    if any(review.row is not None and not 0 <= review.row < len(scores) for review in reviews):
        raise ValueError(f"a reviewed row lies outside the ranking of {len(scores)} rows")
    once = {review.row: review for review in reviews if review.row is not None}
    never_ranked = [review for review in reviews if review.row is None]
    said = [*once.values(), *never_ranked]
    ranked = [review for review in said if not review.control]
    errors = sum(review.wrong for review in ranked)
    unread = np.setdiff1d(np.arange(len(scores)), np.array(list(once), np.int64))
    drawn = _drawn_chances(once, scores, unread, wrong, seed)
    rng = np.random.default_rng(seed + 1)
    sums = (rng.random(drawn.shape) < drawn).sum(axis=1) if len(unread) else np.zeros(DRAWS)
    if never_ranked and (rest := outside - len(never_ranked)) > 0:
        wrong_there = sum(review.wrong for review in never_ranked)
        rates = rng.beta(wrong_there + 0.5, len(never_ranked) - wrong_there + 0.5, DRAWS)
        sums = sums + rng.binomial(rest, rates)
    low, mid, high = (float(x) for x in np.quantile(sums, [0.1, 0.5, 0.9]))
    controls = [review.wrong for review in said if review.control]
    ends = wilson(sum(controls), len(controls))
    rate = Interval80(ends[0], sum(controls) / len(controls) if controls else sum(ends) / 2, ends[1])
    following = float(drawn[:, :BATCH].mean()) if len(unread) else 0.0
    worth = following >= least_yield
    if value_per_error is not None and price_per_review is not None:
        worth = following * value_per_error > price_per_review
    return Reviewed(
        len(ranked), errors, errors / max(len(ranked), 1), Interval80(low, mid, high), rate,
        _minutes([review.seconds for review in said if review.seconds is not None], seed), following,
        worth and len(unread) > 0,
    )  # fmt: skip


def _logits(scores: "Numbers") -> "Numbers":
    import numpy as np

    inside = np.clip(np.asarray(scores, np.float64), SCORE_EDGE, 1 - SCORE_EDGE)
    found: Numbers = np.log(inside / (1 - inside))
    return found


def _shift(scores: "Numbers", total: float) -> float:
    """The shift at which the chances sum to `total`."""
    import numpy as np

    logits, low, high = _logits(scores), -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + np.exp(-(logits + middle)))).sum() < total else (low, middle)
    return (low + high) / 2


def _shifted(scores: "Numbers", total: float) -> "Numbers":
    import numpy as np

    found: Numbers = 1 / (1 + np.exp(-(_logits(scores) + _shift(scores, total))))
    return found


def _with_controls(depth: int, rows: int, seed: int) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """Ranked rows with a row from beyond the depth, drawn at random, after every nine."""
    import numpy as np

    wanted = min(round(depth * CONTROL_SHARE / (1 - CONTROL_SHARE)), rows - depth)
    beyond = iter((depth + np.random.default_rng(seed).permutation(rows - depth)[:wanted]).tolist())
    order: list[int] = []
    for place in range(depth):
        order.append(place)
        if place % 9 == 8 and (row := next(beyond, None)) is not None:
            order.append(row)
    order.extend(beyond)
    return tuple(order), tuple(row >= depth for row in order)


def _drawn_chances(
    once: dict[int, Review], scores: "Numbers", unread: "NDArray[np.int64]", wrong: Interval80 | None, seed: int
) -> "Numbers":
    """Chances of the unread labels under DRAWS shifts and slopes, shape (draws, unread)."""
    import numpy as np

    logits = _logits(scores)
    start = np.array([_shift(scores, max(float(np.sum(scores)) if wrong is None else wrong.mid, 0.5)), SLOPE])
    x = np.stack([np.ones(len(once)), logits[list(once)]], axis=1)
    y = np.array([review.wrong for review in once.values()], np.float64)
    prior = np.diag([1 / SHIFT_SD**2, 1 / SLOPE_SD**2])

    def loss(at: "Numbers") -> float:
        line = x @ at
        return float((np.logaddexp(0, line) - y * line).sum() + (at - start) @ prior @ (at - start) / 2)

    point, bend = start.copy(), prior
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ point, -30, 30)))
        bend = prior + (x * (p * (1 - p))[:, np.newaxis]).T @ x
        step = np.linalg.solve(bend, x.T @ (y - p) - prior @ (point - start))
        # A whole Newton step from far away flies past the answer and never returns.
        while loss(point + step) > loss(point) and np.abs(step).max() > STILL:
            step = step / 2
        point = point + step
        if np.abs(step).max() <= STILL:
            break
    drawn = np.random.default_rng(seed).multivariate_normal(point, np.linalg.inv(bend), DRAWS)
    lines = drawn[:, :1] + drawn[:, 1:] * logits[unread]
    found: Numbers = 1 / (1 + np.exp(-np.clip(lines, -30, 30)))
    return found


def _minutes(seconds: Sequence[float], seed: int) -> Interval80 | None:
    """Minutes a label in the mean, with the range of resampled means."""
    import numpy as np

    if len(seconds) < LEAST_TIMED:
        return None
    taken = np.array(seconds) / 60
    means = np.random.default_rng(seed).choice(taken, (1000, len(taken))).mean(axis=1)
    low, high = (float(x) for x in np.quantile(means, [0.1, 0.9]))
    return Interval80(min(low, float(taken.mean())), float(taken.mean()), max(high, float(taken.mean())))
