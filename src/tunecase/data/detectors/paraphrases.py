"""Rows of one file that say in other words what a row of another says: a shortlist by rare words, then a judge.

Every training row is looked up among the test rows, and its best candidates are judged by what survives another
wording. How high neighbours score that are no rewrites is measured on the data themselves: training rows among other
training rows, or test rows among the other test rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tunecase.data.detectors.likeness import Example, Side, score, sides, take
from tunecase.quantities import Floats, Rng, Rows, np

CANDIDATES = 6
CHUNK = 512
COMMON_SHARE, COMMON_ROWS = 0.05, 1000  # a term of more of the rows than this is no help in a search
LEAST_COSINE = 0.05
PAIRS_A_TEST_ROW = 8
LOWEST_LEVEL = -4.0  # log odds below which no pair is looked at
CLEAR = 0.0  # log odds above which a pair asks for an explanation
MOST_FALSE_A_ROW, MOST_FALSE_IN_TEST = 0.005, 0.05  # the second where test rows alone can be measured on
MOST_FALSE_OF_FOUND = 0.1
HIGH_LEVEL = 5.0
MOST_DOUBTFUL = 0.05  # of the test rows may have an unexplained candidate before nothing is said
# Programs, half of HumanEval's rewrites held out: at this level .80 / .86 / .82 are found (Python, JavaScript, C), none
# of 750 clean library functions; 13 / 1 / 6% of rewrites find another problem where their own source is taken out.
CODE_LEVEL, CODE_FALSE, MOST_FALSE_CODE = -0.5, 0.005, 0.34
MOST_AMONG_THEMSELVES = 0.5  # of the rows found in the test: programs of one file that find one another
NULL_ROWS = 3000
TAIL_ROWS = 30
LEAST_NULL_ROWS, ENOUGH_NULL_ROWS = 30, 300
NOBODY = -99.0


@dataclass(slots=True)
class Candidates:
    """Candidate pairs (row, row of the index) with the cosine and the lead over the row's best other candidate."""

    pairs: "Rows"
    cosine: "Floats"
    lead: "Floats"


@dataclass(frozen=True, slots=True)
class Matches:
    """What was found.

    `pairs` are (test row, training row), the surest first, `odds` their log odds; `expected` is how many test rows
    would be found by chance. `separable` is False where ordinary neighbours lie as near as rewrites do: then nothing
    can be told.
    """

    pairs: "Rows"
    odds: "Floats"
    expected: float
    separable: bool


def match(test: Sequence[Example], train: Sequence[Example], *, seed: int = 0) -> Matches:
    """Training rows that say what a test row says in other words.

    level = the lowest at which E <= F / 10 and r <= 0.5%, where r is the share of rows with a neighbour at that level
    among rows of their own file (beyond the last observed ones an exponential tail), E = r x training rows, and F the
    test rows found.

    Args:
        test, train: rows, with answers where there are any; rows found by plainer checks are better left out.
        seed: of the rows that ordinary neighbours are measured on.
    Returns: the pairs at or above the level.
    Example:
        >>> test = [Example(f"Ann has {n} red pens and buys {3 * n} more. How many now?") for n in range(40, 99)]
        >>> match(test, [Example("Nothing of the kind.")] * 60).pairs.tolist()
        []

    Source: arXiv 2311.04850 for the defect; the judge's weights: likeness.WEIGHTS.
    Leaves out translations, and rewrites in data whose rows are all built on one template.
    """
    theirs, mine = sides(test, train)
    candidates = _thinned(search(mine, theirs))
    odds = score(mine, theirs, candidates.pairs, candidates.cosine, candidates.lead)
    null, most = _ordinary(theirs, mine, np.random.default_rng(seed))
    separable = len(null) > 0 and tail(null, HIGH_LEVEL) <= most
    level, expected = _level(candidates.pairs[:, 1], odds, null, most, len(mine)) if separable else (np.inf, 0.0)
    if not np.isfinite(level) and theirs.code.mean() > 0.5:
        level, expected = _code_level(candidates.pairs[:, 1], odds, null, len(mine))
        separable = bool(np.isfinite(level))
    if not np.isfinite(level):
        # Many candidates and no level that parts them from ordinary neighbours: unknown, not clean.
        doubtful = len(np.unique(candidates.pairs[odds >= CLEAR, 1]))
        separable = separable and doubtful <= MOST_DOUBTFUL * len(theirs)
    kept = np.flatnonzero(odds >= level)
    kept = kept[np.argsort(-odds[kept], kind="stable")]
    return Matches(candidates.pairs[kept][:, ::-1], odds[kept], expected, separable)


def _level(test_rows: "Rows", odds: "Floats", null: "Floats", most: float, queries: int) -> tuple[float, float]:
    """The lowest level with few enough false ones, and how many test rows are found by chance there."""
    order = np.argsort(-odds, kind="stable")
    seen: set[int] = set()
    level, expected = np.inf, 0.0
    for at in order.tolist():
        rate = tail(null, float(odds[at]))
        if odds[at] < LOWEST_LEVEL or rate > most:
            break
        seen.add(int(test_rows[at]))
        if rate * queries <= MOST_FALSE_OF_FOUND * len(seen):
            level, expected = float(odds[at]), rate * queries
    return level, expected


def _code_level(test_rows: "Rows", odds: "Floats", null: "Floats", queries: int) -> tuple[float, float]:
    """A fixed level for programs whose own file holds variants of one problem; none where chance explains a third.

    Programs that call one library share most of their words, so their file is asked how often its own rows find one
    another; where that could explain half of what is found, nothing is said.
    """
    rows = len(np.unique(test_rows[odds >= CODE_LEVEL]))
    among_themselves = float((null >= CODE_LEVEL).mean()) if len(null) else 1.0
    if not rows or among_themselves * queries > MOST_AMONG_THEMSELVES * rows:
        return np.inf, 0.0
    expected = CODE_FALSE * queries
    return (CODE_LEVEL, expected) if expected <= MOST_FALSE_CODE * rows else (np.inf, 0.0)


def tail(null: "Floats", level: float) -> float:
    """Share of ordinary rows with a neighbour at this level or above.

    Counted while at least TAIL_ROWS lie above, beyond that an exponential fall with the mean excess of those.
    """
    above = int((null >= level).sum())
    count = min(TAIL_ROWS, max(len(null) // 10, 3))
    if above >= count:
        return above / len(null)
    top = np.sort(null)[-count:]
    excess = max(float((top - top[0]).mean()), 1e-3)
    return count / len(null) * float(np.exp(-max(level - top[0], 0.0) / excess))


def _ordinary(test: Side, train: Side, rng: "Rng") -> "tuple[Floats, float]":
    """Best log odds of rows among the others of their own file, and the share that may pass the level.

    Training rows where there are enough of them, else test rows; those like a test row too, as in a file whose rows
    are near to one another these are the ones with neighbours.
    """
    side, rows, most = train, np.arange(len(train)), MOST_FALSE_A_ROW
    if len(rows) < ENOUGH_NULL_ROWS:
        side, rows, most = test, np.arange(len(test)), MOST_FALSE_IN_TEST
    if len(rows) < LEAST_NULL_ROWS:
        return np.zeros(0), most
    index = rng.permutation(rows)[: len(test)]
    sample = rng.permutation(rows)[:NULL_ROWS]
    place = np.full(len(side), -1)
    place[index] = np.arange(len(index))
    queries, pool = take(side, sample), take(side, index)
    near = search(queries, pool, own=place[sample])
    return _best_of(near.pairs[:, 0], score(queries, pool, near.pairs, near.cosine, near.lead), len(queries)), most


def _best_of(rows: "Rows", odds: "Floats", count: int) -> "Floats":
    best = np.full(count, NOBODY)
    np.maximum.at(best, rows, odds)
    return best


def _thinned(candidates: Candidates) -> Candidates:
    """The best training rows of each test row alone: what bounds the work of the judge."""
    order = np.lexsort((-candidates.cosine, candidates.pairs[:, 1]))
    rows = candidates.pairs[order, 1]
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]]) if len(rows) else np.zeros(0, np.int64)
    rank = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
    kept = np.sort(order[rank < PAIRS_A_TEST_ROW])
    return Candidates(candidates.pairs[kept], candidates.cosine[kept], candidates.lead[kept])


def search(queries: Side, index: Side, *, own: "Rows | None" = None) -> Candidates:
    """The best few candidates in the index for each row.

    Args:
        own: for each row the row of the index that is itself and no candidate, -1 where there is none.
    """
    mine, turned = _without_common(queries.search, index.search)
    parts = [(np.zeros((0, 2), np.int64), np.zeros(0), np.zeros(0))]
    for first in range(0, len(queries), CHUNK):
        cosines = (mine[first : first + CHUNK] @ turned).toarray()
        if own is not None:
            has = np.flatnonzero(own[first : first + CHUNK] >= 0)
            cosines[has, own[first : first + CHUNK][has]] = -1.0
        parts.append(_best(cosines, first))
    pairs, cosine, lead = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Candidates(pairs, cosine, lead)


def _without_common(mine: Any, index: Any) -> tuple[Any, Any]:
    """Both without the terms of many rows of a large index, the index turned."""
    if index.shape[0] < COMMON_ROWS:
        return mine, index.T.tocsr()
    often = np.bincount(index.indices, minlength=index.shape[1]) > COMMON_SHARE * index.shape[0]
    kept = np.flatnonzero(~often)
    return mine.tocsc()[:, kept].tocsr(), index.tocsc()[:, kept].T.tocsr()


def _best(cosines: "Floats", first: int) -> "tuple[Rows, Floats, Floats]":
    rows, width = cosines.shape
    most = min(CANDIDATES, width)
    top = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
    values = np.take_along_axis(cosines, top, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    top, values = np.take_along_axis(top, order, axis=1), np.take_along_axis(values, order, axis=1)
    lead = values - values[:, :1]
    lead[:, 0] = values[:, 0] - (values[:, 1].clip(0) if most > 1 else 0.0)
    kept = values > LEAST_COSINE
    at = np.repeat(np.arange(first, first + rows), most).reshape(rows, most)
    return np.stack([at[kept], top[kept]], axis=1), values[kept], lead[kept]
