"""Whether two sets of texts come from one source: a classifier that tries to tell them apart, and a permutation test.

Texts become 100 to 200 numbers each (directions of word and character n-grams, and style: length, capitals, signs,
rare words); a ridge regression, cross-validated, gives every text a score for the second set. Files that are random
halves of one set give AUC .5 whatever the texts; how far a measured AUC lies above chance is settled by shuffling which
text belongs to which file, so no assumption on the texts enters.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from tunecase.data.detectors.grams import WORDS, bags, directions, runs, tfidf, words_and_pairs
from tunecase.data.detectors.near_copies import (
    REACH,
    band_keys,
    common_shingles,
    joined,
    least_jaccard,
    near_pairs,
    pair_jaccard,
    shingle_hashes,
    without_shingles,
    word_hashes,
)
from tunecase.data.text import normalise, split_words
from tunecase.quantities import Z80, Floats, Interval80, Rng, Rows, np

MOST_ROWS = 3_000  # of each set
MOST_CHARACTERS = 1_000  # of each text
LEAST_ROWS = 50
DIRECTIONS = 90  # of words, and as many of characters
FOLDS = 5
DRAWS = 299
RIDGE = 0.3  # of the rows: the penalty in units of a feature's variance
MOST_FEATURES = 30_000


@dataclass(frozen=True, slots=True)
class WordGap:
    """A word that one set has more often: shares of texts that hold it, and z of their difference."""

    word: str
    first: float
    second: float
    z: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """How well two sets of texts can be told apart.

    Args:
        auc: chance that a text of the second set scores above one of the first; .5 is chance.
        p: share of shuffled labels that give as high an AUC.
        within, within_p: the same among texts of one class, None where classes were not given.
        rows: texts judged of each set, after copies are taken out.
        words: words that tell them apart, the clearest first.
    """

    auc: Interval80
    p: float
    within: Interval80 | None
    within_p: float | None
    rows: tuple[int, int]
    words: tuple[WordGap, ...]


def contrast(
    first: Sequence[str],
    second: Sequence[str],
    *,
    classes: tuple[Sequence[str], Sequence[str]] | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> Contrast | None:
    """Can a classifier tell two sets of texts apart, and better than chance would?

        AUC = share of pairs (one text of each set, in one fold) that the score puts in order,
        p = (1 + shuffles with an AUC as high) / (1 + shuffles)

    The 80% interval of the AUC is that of other texts drawn from the same sources, as many of each:

        half = z.9 sqrt(V(AUC) max(1, mean((AUC of a shuffle - .5)^2) / V(.5)))

    where V is Hanley and McNeil's variance for scores that nobody had to learn. Shuffles vary more, by 1.4 standard
    errors and up to twice as much within small classes: folds learn from each other's texts, and only pairs of one fold
    and class count. Between 72% and 88% of such intervals held the mean AUC of repeats, with and without a shift, for
    50 to 1,000 texts; Hanley and McNeil's own 48% to 80%.

    Args:
        first, second: texts; at most 3,000 of each are drawn, and one of each group of copies over both sets stays.
        classes: the class of each text of both sets, for the comparison within classes, where features and labels are
            centred per class and shuffled within it: what is left after class shares.
        seed: of the draws, the folds and the shuffles.
        draws: shuffles; p is at least 1 / (1 + draws).
    Returns: the Contrast, or None when fewer than 50 distinct texts are left of a set.
    Example:
        >>> one = [f"please move my order {i} to monday" + " soon" * (i % 3) for i in range(10)]
        >>> contrast(one, one) is None
        True

    Source: classifier two-sample tests, Lopez-Paz and Oquab, ICLR 2017; variance of Hanley and McNeil, Radiology 143
    (1982); copies by MinHash at Jaccard .7 (near_copies.py). Leaves out how often a text is repeated, what only word
    order or meaning tells apart, and everything after 1,000 characters of a text. The interval leaves out that a
    classifier with more texts to learn from would tell the sets apart better, and texts that hang together (one author
    or customer): it is then too narrow.
    """
    rng = np.random.default_rng(seed)
    parts = [some_texts(texts, MOST_ROWS, rng) for texts in (first, second)]
    texts = [first[i] for i in parts[0].tolist()] + [second[i] for i in parts[1].tolist()]
    side = np.repeat([0, 1], [len(parts[0]), len(parts[1])])
    group: Rows | None = None
    if classes is not None:
        names = [classes[0][i] for i in parts[0].tolist()] + [classes[1][i] for i in parts[1].tolist()]
        group = np.unique(np.array(names, object).astype(str), return_inverse=True)[1]
    kept = distinct(texts, rng)
    texts, side = [texts[i][:MOST_CHARACTERS] for i in kept.tolist()], side[kept]
    rows = (int((side == 0).sum()), int((side == 1).sum()))
    if min(rows) < LEAST_ROWS:
        return None
    table = features(texts, seed)
    auc, p = _told_apart(table, side, None, rng, draws)
    within, within_p = None, None
    if group is not None:
        within, within_p = _told_apart(table, side, group[kept], rng, draws)
    return Contrast(auc, p, within, within_p, rows, word_gaps(texts, side))


def some_texts(texts: Sequence[str], most: int, rng: "Rng") -> "Rows":
    """Places of the texts that are not blank, at most so many of them at random, in order."""
    full = np.array([i for i, text in enumerate(texts) if text.strip()], np.int64)
    return full if len(full) <= most else np.sort(rng.choice(full, most, replace=False))


def distinct(texts: Sequence[str], rng: "Rng") -> "Rows":
    """Places of one text, at random, of each group of copies, in order.

    A copy in two folds would let the classifier remember instead of tell apart.
    """
    group, order = copies(texts), rng.permutation(len(texts))
    return np.sort(order[np.unique(group[order], return_index=True)[1]])


def copies(texts: Sequence[str]) -> "Rows":
    """For each text the first one of its group of copies, shape (texts,).

    Copies are equal after normalising, or near: Jaccard of their runs of three words from .7, from .8 where one has
    fewer than 20 words; runs that a tenth of the texts share do not count. A copy of a copy is one too.
    """
    flat, counts = shingle_hashes(*word_hashes(texts))
    flat, counts = without_shingles(flat, counts, common_shingles(flat, len(texts)))
    own = np.flatnonzero(counts)
    pairs = np.zeros((0, 2), np.int64)
    if len(own):
        pairs = near_pairs([*band_keys(flat, counts[own])], REACH)
        similarity = pair_jaccard(pairs, (flat, np.cumsum(counts[own])))
        pairs = own[pairs[similarity >= least_jaccard(counts[own][pairs].min(axis=1))]]
    # Texts without words are compared as they are.
    keys = [" ".join(split_words(normalise(text))) or f"\0{text}" for text in texts]
    _, first, same = np.unique(np.array(keys, object).astype(str), return_index=True, return_inverse=True)
    return joined(len(texts), [pairs, np.stack([np.arange(len(texts)), first[same]], axis=1)])


def features(texts: Sequence[str], seed: int = 0) -> "Floats":
    """Texts as numbers of mean 0 and variance 1: directions of word and character n-grams, then style.

    Returns: shape (texts, features).
    """
    most = max(2, min(DIRECTIONS, len(texts) // 12))
    blocks = [_places(counts(texts), most, seed) for counts in (words_and_pairs, runs)]
    table = np.hstack([*blocks, style(texts)])
    spread = table.std(axis=0)
    table = (table - table.mean(axis=0))[:, spread > 1e-9] / spread[spread > 1e-9]
    return np.asarray(np.clip(table, -5, 5))


def _places(counts: Any, most: int, seed: int) -> "Floats":
    weights = tfidf(counts, 2, MOST_FEATURES)
    return np.asarray(weights.toarray() if weights.shape[1] <= most else directions(weights, most, 2, seed), float)


def style(texts: Sequence[str]) -> "Floats":
    """How texts are written, whatever they are about, shape (texts, 11).

    Log characters and words, letters a word, shares of capitals, digits, signs, other scripts and line ends, a capital
    at the beginning, a sign at the end, and the share of words that no other text has (typing errors).
    """
    from collections import Counter

    words = [split_words(normalise(text)) for text in texts]
    rows_with = Counter(word for row in words for word in set(row))
    table = []
    for text, row in zip(texts, words, strict=True):
        long, stripped = max(len(text), 1), text.strip() or " "
        signs = [len(kind.findall(text)) / long for kind in _SIGNS]
        lengths = (np.log1p(len(text)), np.log1p(len(row)), sum(map(len, row)) / max(len(row), 1))
        ends = (float(stripped[0].isupper()), float(not stripped[-1].isalnum()))
        rare = sum(rows_with[word] == 1 for word in row) / max(len(row), 1)
        table.append((*lengths, *signs, *ends, rare))
    return np.array(table, float)


_SIGNS = tuple(re.compile(kind) for kind in (r"[A-ZÀ-ÖØ-ÞΑ-ΩА-Я]", r"\d", r"[^\w\s]", r"[^\x00-\x7f]", r"\n"))


def _told_apart(
    table: "Floats", side: "Rows", group: "Rows | None", rng: "Rng", draws: int
) -> tuple[Interval80, float]:
    """The cross-validated AUC and its p; within groups, features and labels are centred per group."""
    n = len(side)
    labels = np.empty((n, draws + 1))
    labels[:, 0] = side
    for draw in range(1, draws + 1):
        labels[:, draw] = rng.permutation(side) if group is None else _shuffled(side, group, rng)
    block = np.zeros(n, np.int64) if group is None else group
    if group is not None:
        table = table - _means(table, group)[group]
    target = labels - _means(labels, block)[block]
    fold = np.arange(n)[rng.permutation(n)] % FOLDS
    scores = _cross_validated(table, target, fold)
    aucs, pairs = _aucs(scores, labels, block * FOLDS + fold)
    auc, p = float(aucs[0]), float((1 + (aucs[1:] >= aucs[0] - 1e-12).sum()) / (draws + 1))
    both = np.bincount(block, side) * np.bincount(block, 1 - side) > 0
    judged = both[block]
    if not pairs:
        return _NOTHING, p
    chance_variance = float(np.mean((aucs[1:] - 0.5) ** 2))
    return _interval(auc, int(side[judged].sum()), int((1 - side)[judged].sum()), chance_variance), p


_NOTHING = Interval80(0.0, 0.5, 1.0)  # no pair to judge


def _means(table: "Floats", block: "Rows") -> "Floats":
    from scipy.sparse import csr_array

    member = csr_array((np.ones(len(block)), (block, np.arange(len(block)))))
    return np.asarray(member @ table) / np.maximum(np.bincount(block), 1)[:, None]


def _shuffled(side: "Rows", group: "Rows", rng: "Rng") -> "Rows":
    ordered = np.argsort(group, kind="stable")
    mixed = np.lexsort((rng.random(len(side)), group))
    shuffled = np.empty_like(side)
    shuffled[ordered] = side[mixed]
    return shuffled


def _cross_validated(table: "Floats", target: "Floats", fold: "Rows") -> "Floats":
    """Ridge predictions of every column of targets, each row predicted without its fold."""
    gram, cross = table.T @ table, table.T @ target
    scores = np.empty_like(target)
    penalty = np.eye(table.shape[1]) * RIDGE * len(table)
    for number in range(FOLDS):
        held = fold == number
        part = table[held]
        weights = np.linalg.solve(gram - part.T @ part + penalty, cross - part.T @ target[held])
        scores[held] = part @ weights
    return scores


def _aucs(scores: "Floats", labels: "Floats", block: "Rows") -> tuple["Floats", float]:
    """The AUC of each column, over pairs of one block; and how many pairs the first column has."""
    right, pairs = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    for rows in np.split(np.argsort(block, kind="stable"), np.flatnonzero(np.diff(np.sort(block))) + 1):
        ones = labels[rows].sum(axis=0)
        if not 0 < ones[0] < len(rows) and not ((ones > 0) & (ones < len(rows))).any():
            continue
        ranks = _ranks(scores[rows])
        right += (ranks * labels[rows]).sum(axis=0) - ones * (ones + 1) / 2
        pairs += ones * (len(rows) - ones)
    return np.where(pairs > 0, right / np.maximum(pairs, 1), 0.5), float(pairs[0])


def _ranks(scores: "Floats") -> "Floats":
    """The rank of each score in its column from 1, the mean of theirs where scores are equal."""
    order = np.argsort(scores, axis=0)
    ranks = np.empty_like(scores)
    np.put_along_axis(ranks, order, np.arange(1.0, len(scores) + 1)[:, np.newaxis], axis=0)
    ordered = np.take_along_axis(scores, order, axis=0)
    for column in np.flatnonzero((ordered[1:] == ordered[:-1]).any(axis=0)).tolist():
        _, same = np.unique(scores[:, column], return_inverse=True)
        ranks[:, column] = (np.bincount(same, ranks[:, column]) / np.bincount(same))[same]
    return ranks


def _interval(auc: float, ones: int, zeros: int, chance_variance: float) -> Interval80:
    """Hanley and McNeil's interval, widened as far as shuffled labels vary more than they would by theirs."""
    wider = max(1.0, chance_variance / _variance(0.5, ones, zeros))
    half = Z80 * (wider * _variance(auc, ones, zeros)) ** 0.5
    return Interval80(max(0.0, auc - half), auc, min(1.0, auc + half))


def _variance(auc: float, ones: int, zeros: int) -> float:
    a, b = auc / (2 - auc) - auc**2, 2 * auc**2 / (1 + auc) - auc**2
    return max(0.0, (auc * (1 - auc) + (ones - 1) * a + (zeros - 1) * b) / (ones * zeros))


def word_gaps(texts: Sequence[str], side: "Rows", most: int = 6) -> tuple[WordGap, ...]:
    """Words that stand in one set more often than in the other, the clearest first; at least 5 texts hold each.

    z = (p2 - p1) / sqrt(p (1 - p) (1 / n1 + 1 / n2)),   flagged from |z| of the Bonferroni 1% point
    """
    held, names = holders(texts, 5)
    if not names:
        return ()
    second = side == 1
    n1, n2 = int((~second).sum()), int(second.sum())
    p1, p2 = (np.asarray(held[rows].sum(axis=0)).ravel() / n for rows, n in ((~second, n1), (second, n2)))
    p = (p1 * n1 + p2 * n2) / (n1 + n2)
    z = (p2 - p1) / np.sqrt(np.maximum(p * (1 - p) * (1 / n1 + 1 / n2), 1e-12))
    least = NormalDist().inv_cdf(1 - 0.005 / held.shape[1])
    clearest = [int(i) for i in np.argsort(-np.abs(z), kind="stable")[:most] if abs(z[i]) >= least]
    return tuple(WordGap(names[i], float(p1[i]), float(p2[i]), float(z[i])) for i in clearest)


def holders(texts: Sequence[str], least: int) -> tuple[Any, list[str]]:
    """Which texts hold each word that at least so many hold, sparse, shape (texts, words); the words in order."""
    held, names = bags(set(WORDS.findall(text.lower())) for text in texts)
    within = np.bincount(held.indices, minlength=len(names))
    kept = sorted((names[at], at) for at in np.flatnonzero(within >= least).tolist())
    return held[:, [at for _, at in kept]], [name for name, _ in kept]
