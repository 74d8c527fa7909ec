"""Which labels look wrong: out-of-fold probabilities of two plain views, the rows ranked by them, how many are wrong.

Texts become TF-IDF weights of words and character runs, and directions of these. One view is softmax regression and
likeness to the middle of each class, learnt without the rows it judges; the other is the labels of the nearest texts.
Their product, weighted so that it foretells the given labels best, says how much the text speaks for the label it
carries. No pretrained knowledge enters and nothing is fetched.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tunecase.data.detectors.grams import WORDS_AND_SIGNS, bags, directions, runs_in_words, tfidf, words_and_pairs
from tunecase.quantities import Z80, Interval80, Numbers, Rows, np

if TYPE_CHECKING:
    Codes = Rows

LEAST_ROWS = 50
LEAST_A_CLASS = 5  # distinct texts: fewer cannot be both learnt from and judged
MOST_ROWS = 30_000
FOLDS = 5
LONG_TEXT = 400  # characters, in the mean, from which words alone are used
MOST_CHARACTERS = 2000  # of one text that are read
PENALTY, STEPS, REGRESSION_SHARE = 0.2, 20, 0.75
SCALES = tuple(2 ** (power / 2) for power in range(13))  # of likeness to a class, 1 to 64
MOST_WORK = 1_000_000_000  # rows x directions x classes that the regression may take; above, likeness stands alone
DIMENSIONS, NEIGHBOURS, LIKENESS_POWER = 400, 20, 4
NEIGHBOUR_FLOOR = 0.1  # so that no class without a neighbour is ruled out
CONFUSABLE = 3
LIKENESS_CELLS = 4_000_000  # rows x rows compared at once: 50 MB
FIT_CELLS = 400_000  # rows x classes on which weights and noise are fitted
BASE_DOUBT, OPEN_DOUBT = 0.01, 0.3
LEAST_FOR_SIGNAL, SIGNAL_ROWS, SHUFFLES = 10, 600, 199


@dataclass(frozen=True, slots=True)
class Ranking:
    """How suspicious each label is.

    Args:
        rows: indices of the rows that could be judged, the most suspicious first, shape (judged,).
        scores: 1 less the probability of the given label, 0 to 1, in the same order.
        suggested: code of the likeliest other class, in the same order.
        wrong: how many of the judged labels are estimated to be wrong, 80% range [rows].
        accuracy: share of judged rows whose likeliest class is the given one.
    """

    rows: "Codes"
    scores: "Numbers"
    suggested: "Codes"
    wrong: Interval80
    accuracy: float


@dataclass(frozen=True, slots=True)
class Noise:
    """Wrong labels as shares of all: spread evenly over classes, and between classes that resemble each other."""

    even: float
    confusable: float

    @property
    def total(self) -> float:
        """Both."""
        return self.even + self.confusable


def rank_labels(texts: Sequence[str], given: "Codes", seed: int = 0, group: "Codes | None" = None) -> Ranking | None:
    """The rows ranked by how little their texts support the labels they carry.

        p(k | text) ~ regression(k | text)^a (neighbours(k | text) + .1)^b,   score = 1 - p(given | text)

    Both views are blind to the row itself and to its copies. a and b, and the shares of wrong labels, make the given
    labels likeliest (`fit_noise`).

    Args:
        texts: inputs, at most MOST_ROWS are wise: time grows with their square.
        given: code of each label from 0, shape (rows,).
        seed: of the folds.
        group: the same number for rows that say the same, shape (rows,); without it every row stands for itself.
    Returns: the Ranking; None with fewer than LEAST_ROWS rows or two classes that have LEAST_A_CLASS distinct texts.
    Raises: ValueError when texts and labels differ in number.
    Example:
        >>> import numpy as np
        >>> texts = [f"{'my card was stolen' if i % 2 else 'where is my transfer'} {i}" for i in range(80)]
        >>> given = np.arange(80) % 2
        >>> given[7] = 0
        >>> int(rank_labels(texts, given).rows[0])
        7

    Source: self-confidence as in Northcutt, Jiang and Chuang, JAIR 70 (2021), on two views combined as experts.
    Leaves out word order, meaning beyond shared words, and classes of fewer than five texts.
    """
    given = np.asarray(given, np.int64)
    group = np.arange(len(given)) if group is None else np.unique(group, return_inverse=True)[1]
    if not len(texts) == len(given) == len(group):
        raise ValueError(f"{len(texts)} texts, {len(given)} labels and {len(group)} groups; wanted one each")
    kept = judgeable(given, group)
    names, codes = np.unique(given[kept], return_inverse=True)
    if len(kept) < LEAST_ROWS or len(names) < 2:
        return None
    weights = features([texts[row] for row in kept])
    if weights is None:
        return None
    places = _places(weights, seed)
    first = _out_of_fold(weights, places, codes, group[kept], len(names), seed)
    near = _neighbours(places, codes, group[kept], len(names))
    ranking = rank_probabilities(first, codes, near, seed)
    return Ranking(kept[ranking.rows], ranking.scores, names[ranking.suggested], ranking.wrong, ranking.accuracy)


def rank_probabilities(
    probabilities: "Numbers", given: "Codes", near: "Numbers | None" = None, seed: int = 0
) -> Ranking:
    """The same from given probabilities: out of fold, of any model.

    Args:
        probabilities: shape (rows, classes), each row summing to about 1; `near` a second view of the same shape.
        given: code of each label, shape (rows,).
    Returns: the Ranking; rows with no probability at all for their label are judged like all others.
    Example:
        >>> import numpy as np
        >>> p = np.array([[0.9, 0.1], [0.2, 0.8], [0.95, 0.05]])
        >>> rank_probabilities(p, np.array([0, 1, 1])).rows.tolist()
        [2, 1, 0]
    """
    powers, noise = fit_noise(probabilities, given, near, seed)
    combined = _combined(probabilities, near, powers)
    at = np.arange(len(given))
    own = combined[at, given].copy()
    combined[at, given] = -1.0
    order = np.argsort(own, kind="stable")
    accuracy = float((own >= combined.max(axis=1)).mean())
    return Ranking(
        order, np.clip(1 - own[order], 0, 1).astype(np.float64), combined.argmax(axis=1)[order],
        wrong_labels(noise, accuracy, len(given)), accuracy,
    )  # fmt: skip


def judgeable(given: "Codes", group: "Codes") -> "Codes":
    """Indices of the rows whose class has LEAST_A_CLASS distinct texts."""
    pairs = np.unique(np.stack([given, group], axis=1), axis=0)
    names, counts = np.unique(pairs[:, 0], return_counts=True)
    return np.flatnonzero(np.isin(given, names[counts >= LEAST_A_CLASS]))


def features(texts: Sequence[str]) -> Any:
    """TF-IDF weights, sparse, shape (rows, n-grams): words and pairs, and runs of 3 to 5 characters in short texts.

    N-grams of one text alone are left out: they tell no row about another. None where nothing is left.
    """
    from scipy.sparse import hstack

    short = [text[:MOST_CHARACTERS] for text in texts]
    parts = [tfidf(words_and_pairs(short), 2)]
    if sum(map(len, short)) < LONG_TEXT * len(short):
        parts.append(tfidf(runs_in_words(short, 3, 5), 2))
    joined = hstack(parts, format="csr")
    return joined if joined.shape[1] else None


def _folds(codes: "Codes", group: "Codes", seed: int) -> "Codes":
    """A fold for each row; classes are spread evenly, rows that say the same stay together."""
    _, first, back = np.unique(group, return_index=True, return_inverse=True)
    mixed = np.random.default_rng(seed).permutation(len(first))
    order = mixed[np.argsort(codes[first][mixed], kind="stable")]
    fold = np.zeros(len(first), np.int64)
    fold[order] = np.arange(len(first)) % FOLDS
    return fold[back]


def _out_of_fold(weights: Any, places: "Numbers", codes: "Codes", group: "Codes", classes: int, seed: int) -> "Numbers":
    """Chances of a softmax regression on directions and of the likeness to each class, of rows neither has seen.

    The regression climbs by Boehning's bound of its curvature, which is the same for every step, with momentum.
    """
    from scipy.sparse import csr_matrix

    rows = np.arange(len(codes))
    fold = _folds(codes, group, seed)
    member = csr_matrix((np.ones(len(codes), np.float32), (rows, codes)), (len(codes), classes))
    likeness, regressed = np.zeros((2, len(codes), classes), np.float32)
    table = np.hstack([places, np.full((len(codes), 1), 0.5, np.float32)])
    light, gram = table.size * classes <= MOST_WORK, table.T @ table
    for turn in range(FOLDS):
        inside, outside = np.flatnonzero(fold != turn), np.flatnonzero(fold == turn)
        middles = (weights[inside].T @ member[inside]).toarray()
        likeness[outside] = weights[outside] @ (middles / (np.linalg.norm(middles, axis=0) + 1e-9))
        if light:
            left = gram - table[outside].T @ table[outside]
            slopes = _regressed(table[inside], left, member[inside].toarray())
            regressed[outside] = table[outside] @ slopes
    alike = _softmax(max(SCALES, key=lambda scale: _fit(_softmax(scale * likeness), codes)) * likeness)
    both = alike ** (1 - REGRESSION_SHARE) * _softmax(regressed) ** REGRESSION_SHARE if light else alike
    return np.asarray(both / both.sum(axis=1, keepdims=True))


def _regressed(table: "Numbers", gram: "Numbers", given: "Numbers") -> "Numbers":
    """Slopes of a softmax regression, shape (directions, classes); a rough fit ranks as well."""
    bound = np.linalg.inv(0.5 * gram + PENALTY * np.eye(len(gram))).astype(np.float32)
    slopes = ahead = np.zeros((table.shape[1], given.shape[1]), np.float32)
    pace = 1.0
    for _ in range(STEPS):
        last, slopes = slopes, ahead - bound @ (table.T @ (_softmax(table @ ahead) - given) + PENALTY * ahead)
        pace, before = (1 + math.sqrt(1 + 4 * pace**2)) / 2, pace
        ahead = slopes + np.float32((before - 1) / pace) * (slopes - last)
    return slopes


def _softmax(scores: "Numbers") -> "Numbers":
    found = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Numbers = found / found.sum(axis=1, keepdims=True)
    return shares


def _fit(chances: "Numbers", codes: "Codes") -> float:
    """How well chances foretell labels of which a twentieth may be wrong: mean log likelihood."""
    own = chances[np.arange(len(codes)), codes]
    return float(np.log(0.95 * own + 0.05 / chances.shape[1]).mean())


def _places(weights: Any, seed: int) -> "Numbers":
    """Texts as directions, or as they are where there are hardly more n-grams, shape (rows, directions)."""
    size = min(DIMENSIONS, weights.shape[1] - 1, weights.shape[0] - 1)
    if size < 2 or size >= weights.shape[1] // 2:
        return np.asarray(weights.toarray())
    return np.asarray(directions(weights, size, 1, seed), np.float32)


def _neighbours(places: "Numbers", codes: "Codes", group: "Codes", classes: int) -> "Numbers":
    """Labels of the nearest other texts, weighted by likeness to the fourth, shape (rows, classes)."""
    rows = len(codes)
    places = places / (np.linalg.norm(places, axis=1, keepdims=True) + 1e-9)
    most = min(NEIGHBOURS, rows - 1)
    totals = np.zeros((rows, classes), np.float32)
    step = max(1, LIKENESS_CELLS // rows)
    for start in range(0, rows, step):
        some = np.arange(start, min(start + step, rows))
        likeness = places[some] @ places.T
        likeness[group[some][:, np.newaxis] == group] = 0.0
        nearest = np.argpartition(likeness, rows - most, axis=1)[:, rows - most :]
        votes = np.clip(np.take_along_axis(likeness, nearest, 1), 0, 1) ** LIKENESS_POWER
        np.add.at(totals, (np.repeat(some, most), codes[nearest].ravel()), votes.ravel())
    shares: Numbers = totals / (totals.sum(axis=1, keepdims=True) + 1e-9)
    return shares


def _combined(first: "Numbers", near: "Numbers | None", powers: tuple[float, float]) -> "Numbers":
    logs = powers[0] * np.log(first + 1e-9)
    if near is not None:
        logs = logs + powers[1] * np.log(near + NEIGHBOUR_FLOOR)
    found = np.exp(logs - logs.max(axis=1, keepdims=True))
    both: Numbers = found / found.sum(axis=1, keepdims=True)
    return both


def fit_noise(
    probabilities: "Numbers", given: "Codes", near: "Numbers | None" = None, seed: int = 0
) -> tuple[tuple[float, float], Noise]:
    """The powers of the two views, and the shares of wrong labels, under which the given labels are likeliest.

        P(given = g | text) = (1 - u - c) p(g) + u / K + c sum_k p(k) [g is one of the 3 classes most like k] / 3

    Without noise a model that is unsure says so and its doubt is borne out; wrong labels are those that come too often
    where the model is sure of another class.

    Args:
        probabilities, near: as in rank_probabilities.
    Returns: (a, b) and the Noise.

    Source: maximum likelihood by Nelder and Mead (Computer Journal 7, 1965), on FIT_CELLS / classes rows.
    Leaves out that a model may be sure and mistaken for reasons of its own; `wrong_labels` widens the range for it.
    """
    from scipy.optimize import minimize

    rows, classes = probabilities.shape
    some = np.random.default_rng(seed).permutation(rows)[: max(FIT_CELLS // classes, 2000)]
    first, second, own = probabilities[some], None if near is None else near[some], given[some]
    alike = _alike(_combined(first, second, (1.0, 1.0)), own)
    at = np.arange(len(own))
    into = np.argsort(own, kind="stable")
    starts = np.searchsorted(own[into], np.arange(classes + 1))

    def read(point: "Numbers") -> tuple[tuple[float, float], float, float]:
        a, b = np.exp(np.clip(point[:2], -2, 2))
        even, confusable = 0.5 / (1 + np.exp(-np.clip(point[2:], -12, 12)))
        return (float(a), float(b)), float(even), float(confusable)

    def loss(point: "Numbers") -> float:
        powers, even, confusable = read(point)
        p = _combined(first, second, powers)
        swapped = np.empty(len(own))
        for k in range(classes):
            mine = into[starts[k] : starts[k + 1]]
            swapped[mine] = p[mine] @ alike[:, k]
        chance = max(1 - even - confusable, 0.01) * p[at, own] + even / classes + confusable * swapped
        return float(-np.log(chance + 1e-9).mean() + 1e-4 * (point[:2] ** 2).sum())

    best = minimize(loss, np.array([0.2, -0.2, -4.0, -4.0]), method="Nelder-Mead", options={"maxiter": 250})
    powers, even, confusable = read(best.x)
    return powers, Noise(even * (classes - 1) / classes, confusable)


def _alike(p: "Numbers", own: "Codes") -> "Numbers":
    """From each class evenly to the CONFUSABLE classes that are most often mixed up with it, shape (K, K)."""
    classes = p.shape[1]
    mixed = np.zeros((classes, classes))
    np.add.at(mixed, own, p)
    mixed /= mixed.sum(axis=1, keepdims=True) + 1e-12
    mixed += mixed.T
    np.fill_diagonal(mixed, -1.0)
    most = min(CONFUSABLE, classes - 1)
    found = np.zeros((classes, classes))
    np.put_along_axis(found, np.argsort(-mixed, axis=1, kind="stable")[:, :most], 1 / most, axis=1)
    return found


def wrong_labels(noise: Noise, accuracy: float, rows: int) -> Interval80:
    """How many labels are wrong, from the fitted noise and from what it leaves unexplained.

        open = max(0, 1 - accuracy - noise),   middle = even + max(0, confusable - open^2 / 2)
        half of the range = 1.28 sqrt(middle / rows) + .01 + .3 open

    Texts that even a good model confuses look the same as labels swapped between classes that resemble each other:
    the more rows stay unexplained, the wider the range. The constants were chosen on subsets of three real sets.

    Returns: the 80% range [rows].
    Example:
        >>> round(wrong_labels(Noise(0.04, 0.01), 0.9, 1000).mid)
        49
    """
    unexplained = max(0.0, 1 - accuracy - noise.total)
    middle = noise.even + max(0.0, noise.confusable - unexplained**2 / 2)
    half = Z80 * math.sqrt(max(middle, 1 / rows) / rows) + BASE_DOUBT + OPEN_DOUBT * unexplained
    return Interval80(rows * max(0.0, middle - half), rows * middle, rows * min(1.0, middle + half))


def random_label_p(texts: Sequence[str], given: "Codes", seed: int = 0) -> float | None:
    """The chance that labels handed out at random would hang together with their texts as much as these do.

        S = K (K + I)^-1 with each row's own part taken out,   p = share of shuffled labels with sum S_ij [y_i = y_j]
        at least as large

    Args:
        texts: distinct inputs; at most SIGNAL_ROWS of them are used, drawn by `seed`.
        given: code of each label, shape (rows,).
    Returns: p, from 1 / (SHUFFLES + 1) to 1; None with fewer than LEAST_FOR_SIGNAL rows, one class, no class twice, or
        texts that share no words.

    Source: permutation test of leave-one-out kernel ridge regression. Leaves out word order: labels that hang on it
    look random.
    """
    rng = np.random.default_rng(seed)
    some = rng.permutation(len(texts))[:SIGNAL_ROWS]
    codes = np.unique(np.asarray(given)[some], return_inverse=True)[1]
    counts = np.bincount(codes)
    if len(some) < LEAST_FOR_SIGNAL or len(counts) < 2 or counts.max() < 2:
        return None
    weights = features([texts[row] for row in some])
    if weights is None:
        return None
    kernel = (weights @ weights.T).toarray().astype(np.float64)
    kernel -= kernel.mean(axis=0) + kernel.mean(axis=1)[:, np.newaxis] - kernel.mean()
    smooth = kernel @ np.linalg.inv(kernel + np.eye(len(some)))
    smooth /= np.maximum(1 - np.diag(smooth), 1e-6)[:, np.newaxis]
    np.fill_diagonal(smooth, 0.0)
    shares = counts / len(some)

    def fit(labels: "Codes") -> float:
        signs = np.eye(len(counts))[labels] - shares
        return float((signs * (smooth @ signs)).sum())

    own = fit(codes)
    beaten = sum(fit(rng.permutation(codes)) >= own for _ in range(SHUFFLES))
    return (beaten + 1) / (SHUFFLES + 1)


def rank_mismatches(inputs: Sequence[str], outputs: Sequence[str]) -> "Numbers | None":
    """How many of the other answers share more words with a row's input than its own answer does, shape (rows,).

    An answer put beside the wrong input lands anywhere between 0 and 1; a fitting one near 0.

    Returns: shares of 1; None where answers and inputs share no words.
    Leaves out answers in other words than the question's: code, one number, another language.
    """
    counts, _ = bags(WORDS_AND_SIGNS.findall(text[:MOST_CHARACTERS].lower()) for text in (*inputs, *outputs))
    weights = tfidf(counts, 2)
    if not weights.shape[1]:
        return None
    asked, said = weights[: len(inputs)], weights[len(inputs) :]
    ranks = np.zeros(len(inputs))
    for start in range(0, len(inputs), 1000):
        likeness = (asked[start : start + 1000] @ said.T).toarray()
        own = likeness[np.arange(len(likeness)), np.arange(start, start + len(likeness))]
        ranks[start : start + len(likeness)] = (likeness > own[:, np.newaxis]).mean(axis=1)
        ranks[start : start + len(likeness)][own == 0] = 0.5
    return ranks
