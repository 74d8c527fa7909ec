"""Which rows to label next: rows the probe is torn over, typical of many others, and unlike what is labelled already.

Texts become directions of word and character n-grams (TF-IDF, truncated SVD, unit length). Rows are taken one by one,
the best by uncertainty x typicality x novelty, where novelty falls with every row taken near it. Without labels
uncertainty drops out, so that a cold start needs no other method.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tunecase.data.detectors.grams import directions, runs_in_words, tfidf, words_and_pairs
from tunecase.data.detectors.two_sample import copies
from tunecase.quantities import Array, Floats, Rng, Rows, np

DIRECTIONS = 256
NEIGHBOURS = 20
MOST_POOL = 20_000  # rows of the pool that are weighed
MOST_LABELLED = 10_000
MOST_COMPARED = 5_000  # rows that typicality is measured against
MOST_FEATURES = 50_000
MOST_CHARACTERS = 2_000
LEAST_LABELLED = 10
# benchmarks/audit_next.py, against random choice at six times the first batch.
SAVED = (
    "it reached the score of 1,200 random labels with 39 to 45% fewer on two sets of 77 and 150 classes, and was no "
    "different from random choice on 680 rows of ten classes"
)
SAVED_COLD = "that saved 32 to 37% of the labels on two sets of many classes, and 19% on one of ten"


@dataclass(frozen=True, slots=True)
class Pick:
    """One row to label: its place in the pool, the probe's suggestion with its chance, and why it was chosen."""

    row: int
    suggested: str | None
    chance: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows to label next, the most telling first.

    `at_hand` are pool rows left out as copies of rows at hand, `copies` as copies of one another or blank; `weighed`
    is how many were compared; `probed` is True where a probe trained on the labels said what it is torn over.
    """

    picks: tuple[Pick, ...]
    at_hand: int
    copies: int
    weighed: int
    probed: bool


def plan(
    texts: Sequence[str],
    labels: Sequence[str],
    pool: Sequence[str],
    n: int,
    *,
    barred: Sequence[str] = (),
    seed: int = 0,
) -> Plan:
    """The `n` rows of a pool to label next.

        worth(row) = (1 - (p1 - p2)) * mean cosine to the 20 nearest rows * (1 - largest cosine to a row at hand)

    Args:
        texts, labels: rows labelled so far; may be empty. Fewer than 10, or one class, and the probe has no say.
        pool: unlabelled texts.
        n: rows wanted; fewer come back where the pool has no more of its own.
        barred: texts whose copies must not be labelled either, such as the test's.
        seed: of the draws from large pools and of the SVD.
    Returns: the Plan.
    Raises: ValueError when n < 1, or labels and texts differ in number.
    Example:
        >>> made = plan([], [], ["open my card", "open my card!", "close the account now", ""], 3)
        >>> len(made.picks), made.copies
        (2, 2)

    Source: margin sampling (Scheffer et al. 2001) weighted by typicality (Hacohen et al., TypiClust, ICML 2022) and
    spread by the nearest row taken (Sener and Savarese 2018). Leaves out what a language model knows of the texts, and
    rows beyond 20,000 of the pool, of which as many are drawn.
    """
    if n < 1 or len(labels) != len(texts):
        raise ValueError(f"{n} rows wanted, {len(texts)} texts and {len(labels)} labels; wanted 1 or more, and as many")
    rng = np.random.default_rng(seed)
    free, used = _free(pool, [*texts, *barred], rng)
    repeats = len(pool) - len(free) - used
    weighed = free if len(free) <= MOST_POOL else np.sort(rng.choice(free, MOST_POOL, replace=False))
    labelled = np.arange(len(texts))
    if len(labelled) > MOST_LABELLED:
        labelled = np.sort(rng.choice(labelled, MOST_LABELLED, replace=False))
    if not len(weighed):
        return Plan((), used, repeats, 0, False)
    mine = [texts[i] for i in labelled.tolist()]
    places = embed([*mine, *(pool[i] for i in weighed.tolist())], seed)
    chances = _probe(places[: len(mine)], [labels[i] for i in labelled.tolist()], places[len(mine) :])
    order, parts = choose(places[: len(mine)], places[len(mine) :], chances[1] if chances else None, n, rng)
    picks = tuple(_pick(weighed, place, parts, chances) for place in order)
    return Plan(picks, used, repeats, len(weighed), chances is not None)


def expected(made: Plan) -> str:
    """What such a choice has saved where it was measured, for people; see benchmarks/audit_next.py."""
    if not made.picks:
        return "every row of the pool is blank or a copy of a row at hand"
    if not made.probed:
        return f"without enough labels the rows are chosen as typical and new; in simulations {SAVED_COLD}"
    return f"in simulations {SAVED}; on other data it may save nothing, so a random tenth of the labels is a fair check"


def _free(pool: Sequence[str], at_hand: Sequence[str], rng: "Rng") -> tuple["Rows", int]:
    """Places of the pool rows that may be labelled, one of each group of copies; and how many copy rows at hand."""
    group = copies([*pool, *at_hand])
    mine, theirs = group[: len(pool)], group[len(pool) :]
    full = np.array([bool(text.strip()) for text in pool], bool)
    used = np.isin(mine, theirs) & full
    open_rows = np.flatnonzero(full & ~used)
    mixed = rng.permutation(open_rows)
    return np.sort(mixed[np.unique(mine[mixed], return_index=True)[1]]), int(used.sum())


def embed(texts: Sequence[str], seed: int = 0, most: int = DIRECTIONS) -> "Floats":
    """Texts as directions of unit length, shape (texts, up to `most`)."""
    from scipy.sparse import hstack

    cut = [text[:MOST_CHARACTERS] for text in texts]
    least = 2 if len(cut) >= 50 else 1
    counted = ((words_and_pairs(cut), 1), (runs_in_words(cut, 3, 5), least))
    weights = hstack([tfidf(counts, rows, MOST_FEATURES) for counts, rows in counted], format="csr")
    if not weights.shape[1]:
        return np.ones((len(cut), 1))
    size = min(most, len(cut) // 4, weights.shape[1] - 1)
    places = np.asarray(weights.toarray() if size < 2 else directions(weights, size, 3, seed), np.float64)
    length = np.linalg.norm(places, axis=1, keepdims=True)
    return np.asarray(places / np.where(length > 0, length, 1.0))


def _probe(places: "Floats", labels: Sequence[str], others: "Floats") -> "tuple[Array, Floats] | None":
    """The classes and their chances for the other rows, shape (others, classes); None where labels say too little."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(labels) < LEAST_LABELLED or len(set(labels)) < 2:
        return None
    model = LogisticRegression(C=10, max_iter=60, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # an order of rows needs no exact optimum
        model.fit(places, np.array(labels, object).astype(str))
    return model.classes_, model.predict_proba(others)


def choose(
    labelled: "Floats", pool: "Floats", chances: "Floats | None", n: int, rng: "Rng"
) -> tuple[list[int], "Floats"]:
    """Pool rows in the order they are taken, and their uncertainty, typicality and novelty, shape (pool, 3).

    Args:
        labelled, pool: places of unit length, shape (rows, directions).
        chances: the probe's for the pool, shape (pool, classes); None without one.
        n: rows wanted.
    """
    unsure = np.ones(len(pool)) if chances is None else 1 - _margin(chances)
    typical = _typicality(pool, rng)
    near = np.zeros(len(pool))
    for first in range(0, len(pool) if len(labelled) else 0, 1000):
        near[first : first + 1000] = (pool[first : first + 1000] @ labelled.T).max(axis=1)
    near = np.maximum(near, 0.0)
    parts = np.stack([unsure, typical, 1 - near], axis=1)
    worth, taken = np.maximum(unsure * typical, 1e-9), list[int]()
    for _ in range(min(n, len(pool))):
        row = int(np.argmax(worth * np.maximum(1 - near, 1e-6)))
        taken.append(row)
        worth[row] = -1.0
        near = np.maximum(near, pool @ pool[row])
    return taken, parts


def _margin(chances: "Floats") -> "Floats":
    two = -np.partition(-chances, 1, axis=1)[:, :2]
    return np.asarray(two[:, 0] - two[:, 1])


def _typicality(places: "Floats", rng: "Rng") -> "Floats":
    """The mean cosine of each row to its 20 nearest, among at most 5,000 rows."""
    some = places
    if len(places) > MOST_COMPARED:
        some = places[np.sort(rng.choice(len(places), MOST_COMPARED, replace=False))]
    k = min(NEIGHBOURS, len(some) - 1)
    if k < 1:
        return np.ones(len(places))
    sums = np.empty(len(places))
    for first in range(0, len(places), 1000):
        near = places[first : first + 1000] @ some.T
        # The nearest of a row among all rows is the row itself.
        sums[first : first + 1000] = np.partition(near, -k - 1, axis=1)[:, -k - 1 :].sum(axis=1) - near.max(axis=1)
    return np.maximum(sums / k, 1e-6)


def _pick(weighed: "Rows", place: int, parts: "Floats", chances: "tuple[Array, Floats] | None") -> Pick:
    reasons = []
    suggested, chance = None, None
    ranks = (parts[place] >= np.quantile(parts, 2 / 3, axis=0)).tolist()
    if chances is not None:
        names, table = chances
        first, second = np.argsort(-table[place], kind="stable")[:2]
        suggested, chance = str(names[first]), float(table[place][first])
        if ranks[0]:
            reasons.append(f"torn between {names[first]} and {names[second]}")
    if ranks[2]:
        reasons.append("unlike what is labelled")
    if ranks[1] or not reasons:
        reasons.append("typical of many rows")
    return Pick(int(weighed[place]), suggested, chance, "; ".join(reasons))
