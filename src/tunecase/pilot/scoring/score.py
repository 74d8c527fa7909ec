"""How an answer is scored against its reference: per row, over a test set, with its doubt, and against another model.

Every metric is a function of sums over rows (metrics.py): right rows, fields, n-grams, or cells of the confusion
matrix. So its doubt comes from drawing rows anew and adding up, thousands of times, without scoring any answer twice.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from tunecase.pilot.scoring.metrics import metric_sums
from tunecase.quantities import Floats, Interval80, Rng, Rows, generator, np, wilson

Kind = Literal["classification", "extraction", "generation"]

KINDS: tuple[Kind, ...] = ("classification", "extraction", "generation")
# Each metric with its better direction.
METRICS: Mapping[str, str] = dict.fromkeys(
    ("accuracy", "macro_f1", "exact_match", "field_f1", "tool_calls", "pass_at_1", "chrf", "rouge_l"), "higher"
)
RESAMPLES = 2000
MOST_NUMBERS = 8_000_000  # in one block of resampled weights: 64 MB


@dataclass(frozen=True, slots=True)
class Paired:
    """score_of(first) - score_of(second) on the same rows, and the share of resamples in which first is better.

    Resamples that end level count half.
    """

    difference: Interval80
    first_better: float


def check_metric(metric: str) -> None:
    """Raises at once what scoring would raise later, after the training.

    Raises: ValueError for a metric that is not in METRICS; MissingExtraError when its library is not installed.
    """
    metric_sums(metric)


def score_of(metric: str, labels: Sequence[str], predictions: Sequence[str]) -> float:
    """The score of predictions against labels, 0 to 1.

        accuracy    = rows whose answer is the label, sign for sign / rows
        exact_match = rows whose answer means what the label means: the same fields (fields.py), the same final answer
                      where the label marks one, or the same text; any one of several accepted answers (final.py) / rows
        macro_f1    = mean over classes of 2 tp / (2 tp + fp + fn), classes of labels and predictions together
        field_f1    = 2 fields right / (fields given + fields wanted), summed over all rows
        tool_calls  = rows whose calls are the wanted ones, names and arguments, in any order (calls.py) / rows
        pass_at_1   = rows whose answer is a program that passes the row's tests (code.py), run in a sandbox / rows
        chrf        = 5 P R / (4 P + R), P and R means over character 1- to 6-grams, counted over all rows
        rouge_l     = mean over rows of 2 l / (words given + words wanted), l the longest common subsequence of words

    Args:
        metric: a name in METRICS.
        labels, predictions: one each per row; at least one row.
    Raises: ValueError for another metric, or without rows; MissingExtraError when a library is not installed.

    Example:
        >>> score_of("accuracy", ["a", "b", "b", "b"], ["a", "b", "b", "a"])
        0.75
        >>> round(score_of("macro_f1", ["a", "b", "b", "b"], ["a", "b", "b", "a"]), 3)
        0.733
        >>> score_of("field_f1", ['{"to": "Ann", "sum": 3}', '{"to": "Bob"}'], ['{"to": "ann", "sum": 4}', "Bob"])
        0.4

    Source: scikit-learn's accuracy_score and f1_score(average="macro", zero_division=0); Popovic 2015 as sacrebleu's
    corpus_score; Lin 2004 as rouge-score's rougeL without stemming, on words of any script (rouge-score's own keep
    a to z and 0 to 9 only; on such texts the two agree).
    All but accuracy and macro_f1 read an answer behind its reasoning trace.
    Leaves out that rows differ in size: field_f1 and chrf weigh a row by its fields or characters.
    """
    return _whole(_sums(metric, labels, predictions), metric_sums(metric).total)


def row_scores(metric: str, labels: Sequence[str], predictions: Sequence[str]) -> tuple[float, ...]:
    """The score of each row, 0 to 1: the metric of that row alone.

    For accuracy, exact_match and rouge_l the score is their mean; field_f1 and chrf add up rows before dividing. For
    macro_f1, which has none per row, it is 1 where the answer equals the label.

    Raises: ValueError for a metric that is not in METRICS, or without rows; MissingExtraError as for `score_of`.
    """
    if metric == "macro_f1":
        metric = "accuracy"
    return tuple(metric_sums(metric).total(_sums(metric, labels, predictions)).tolist())


def score_interval(metric: str, labels: Sequence[str], predictions: Sequence[str], seed: int = 0) -> Interval80:
    """The score with its 80% interval over test rows.

    A metric that is a mean over rows has the closed form of `mean_interval` (Wilson's for right and wrong). The others
    are resampled: RESAMPLES draws of n rows with replacement.

        low = score - f (P50 - P10),   high = score + f (P90 - P50),   f = t / z * sqrt(n / (n - 1))

    P10, P50, P90 are of the draws' scores: draws miss rare classes, which moves macro F1 but hardly its width. f
    is Student's t over the normal z for n rows, 1.14 at 10 rows and 1.00 at 300.

    Args:
        metric, labels, predictions: as for `score_of`.
        seed: of the draws.
    Returns: Interval80, mid the score itself. The order of rows does not matter.
    Raises: as `score_of`.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    Leaves out that rows may hang together (several from one author), which widens the doubt. In simulation, 10 to 300
    rows cover the truth 75 to 84% of the time; macro F1 with classes of fewer than 5 rows only 60 to 70%. Where all
    rows score alike, resampling sees no doubt, and Wilson's interval stands in.
    """
    sums, total = _sums(metric, labels, predictions), metric_sums(metric).total
    mid = _whole(sums, total)
    if metric_sums(metric).is_mean:
        low, high = mean_interval(total(sums).tolist())
        return Interval80(low, mid, high)
    return _interval(mid, _resampled(sums, seed, total), len(sums))


def mean_interval(scores: Sequence[float], confidence: float = 0.8) -> tuple[float, float]:
    """The interval of the mean of row scores between 0 and 1.

        Wilson's, of n' rows,   n' = n p (1 - p) / v,   v = (n var + p (1 - p)) / (n + 1)

    Scores of 0 and 1 have var = p (1 - p), and this is Wilson's interval. Scores that differ less are worth more rows.
    One imaginary row of the largest variance keeps few or equal scores from looking certain.

    Args:
        scores: one per row, each 0 to 1.
        confidence: two-sided, 0 < confidence < 1.
    Returns: (low, high); (0, 1) without rows.

    Example:
        >>> low, high = mean_interval([1.0] * 85 + [0.0] * 15)
        >>> round(low, 3), round(high, 3)
        (0.799, 0.89)

    Leaves out the skew of few scores: at 10 rows it covers 80 to 94% of the time.
    """
    n = len(scores)
    if not n:
        return 0.0, 1.0
    each = np.sort(np.asarray(scores, np.float64))  # the same sum whatever the order
    p = min(max(float(each.mean()), 0.0), 1.0)
    most = p * (1 - p)
    variance = (n * float(each.var()) + most) / (n + 1)
    worth = round(n * most / variance, 6) if variance > 0 else float(n)
    return wilson(p * worth, worth, confidence)


def paired(metric: str, labels: Sequence[str], first: Sequence[str], second: Sequence[str], seed: int = 0) -> Paired:
    """Two sets of answers to the same rows: by how much, and how surely, does the first score higher?

    RESAMPLES draws of rows with replacement, the same rows for both; the interval is P10 to P90 of the difference.

    Args:
        metric, labels: as for `score_of`.
        first, second: one answer each per row.
    Returns: Paired; equal answers give a difference of 0 and a share of one half.
    Raises: as `score_of`.

    Example:
        >>> paired("accuracy", ["a"] * 50, ["a"] * 45 + ["b"] * 5, ["a"] * 30 + ["b"] * 20).first_better > 0.99
        True

    Source: Koehn, EMNLP 2004 (paired bootstrap). Leaves out the luck of the training draw: it is about these two
    trained models on fresh rows. Fewer than about 10 rows on which they differ make the share too sure.
    """
    classes = {*labels, *first, *second}
    own, other = (_sums(metric, labels, answers, classes) for answers in (first, second))
    total, width = metric_sums(metric).total, own.shape[1]

    def difference(sums: "Floats") -> "Floats":
        return total(sums[:, :width]) - total(sums[:, width:])

    both = np.hstack([own, other])
    drawn, mid = _resampled(both, seed, difference), _whole(both, difference)
    low, high = np.percentile(drawn, [10, 90])
    better = float((drawn > 0).mean() + (drawn == 0).mean() / 2)
    return Paired(Interval80(min(float(low), mid), mid, max(float(high), mid)), better)


def count_correct(labels: Sequence[str], predictions: Sequence[str]) -> int:
    """How many predictions equal their label."""
    return sum(label == guess for label, guess in zip(labels, predictions, strict=True))


def _sums(metric: str, labels: Sequence[str], predictions: Sequence[str], classes: Collection[str] = ()) -> "Floats":
    """What each row adds to the metric's sums, shape (rows, sums)."""
    adds = metric_sums(metric).adds
    if not labels or len(labels) != len(predictions):
        raise ValueError(f"{len(labels)} labels and {len(predictions)} predictions; wanted the same number, at least 1")
    return adds(labels, predictions, sorted(classes or {*labels, *predictions}))


def _whole(sums: "Floats", total: "Callable[[Floats], Floats]") -> float:
    """The total of all rows, added in the same order however they are sorted."""
    cells, rows = np.unique(sums, axis=0, return_counts=True)
    return float(total(rows[np.newaxis].astype(np.float64) @ cells)[0])


def _resampled(sums: "Floats", seed: int, total: "Callable[[Floats], Floats]") -> "Floats":
    """The total of each of RESAMPLES draws of all n rows; rows that add alike are one cell, so order cannot matter."""
    cells, rows = np.unique(sums, axis=0, return_counts=True)
    rng, n, block = generator(seed, "test rows"), len(sums), max(1, MOST_NUMBERS // len(sums))
    parts = []
    for start in range(0, RESAMPLES, block):
        draws = min(block, RESAMPLES - start)
        # One number per cell, or one per row: a cell's costs eleven times as much.
        few = 11 * len(cells) < n
        weights = rng.multinomial(n, rows / n, size=draws) if few else _drawn(rng, rows, draws)
        parts.append(total(weights.astype(np.float64) @ cells))
    return np.concatenate(parts)


def _drawn(rng: "Rng", rows: "Rows", draws: int) -> "Rows":
    """How often each cell comes up when all n rows are drawn with replacement, shape (draws, cells)."""
    cell = np.repeat(np.arange(len(rows)), rows)
    hits = cell[rng.integers(0, len(cell), (draws, len(cell)))] + np.arange(draws)[:, np.newaxis] * len(rows)
    return np.bincount(hits.ravel(), minlength=draws * len(rows)).reshape(draws, len(rows))


def _interval(mid: float, drawn: "Floats", n: int) -> Interval80:
    from scipy.special import stdtrit

    low, middle, high = (float(value) for value in np.percentile(drawn, [10, 50, 90]))
    if n < 2 or high - low < 1e-12:
        low, high = wilson(mid * n, n)
        return Interval80(min(low, mid), mid, max(high, mid))
    few = float(stdtrit(n - 1, 0.9) / NormalDist().inv_cdf(0.9)) * math.sqrt(n / (n - 1))
    return Interval80(max(0.0, mid - few * (middle - low)), mid, min(1.0, mid + few * (high - middle)))
