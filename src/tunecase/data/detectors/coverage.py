"""How one set of texts covers another: rows without a near neighbour in it, and regions it hardly fills."""

from collections.abc import Sequence
from dataclasses import dataclass

from tunecase.data.detectors.grams import runs_in_words, tfidf
from tunecase.data.detectors.two_sample import holders, some_texts
from tunecase.quantities import Flags, Floats, Rows, np

MOST_ROWS = 4_000
MOST_ASKED = 2_000
MOST_CHARACTERS = 1_000
MOST_FEATURES = 60_000
NEIGHBOURS = 3
QUANTILE = 0.05
ROWS_A_REGION, MOST_REGIONS = 40, 50
PLACES, MOST_ROUNDS = 64, 50
THIN_TIMES, REGION_P = 3.0, 0.001


@dataclass(frozen=True, slots=True)
class Cover:
    """Texts further from the base than all but 5% of the base's own: their places, and how far, 0 to 1.

    `judged` is how many were judged, `p` the chance of so many if they came from the base.
    """

    far: "Rows"
    distance: "Floats"
    judged: int
    p: float


@dataclass(frozen=True, slots=True)
class Region:
    """A group of alike texts, common in the other set and rare in the base; `rows` are places of the others."""

    base: int
    others: int
    times: float
    missing: float
    words: tuple[str, ...]
    rows: "Rows"


def measure_cover(base: Sequence[str], others: Sequence[str], seed: int = 0) -> Cover:
    """The texts that are near to no text of the base.

        nearness = mean cosine (TF-IDF of runs of 3 to 5 characters within words) to the 3 nearest texts of the base,
        far below the 5% point of the base's own nearness, each text left out of its own neighbours

    Args:
        base, others: texts; 4,000 and 2,000 of them at most are drawn.
    Returns: the Cover. Where both come from one source 5% of the others are far.
    Example:
        >>> base = ["open a card today"] * 3 + ["close the account"] * 4
        >>> measure_cover(base, ["order a pizza", "open a card"]).far.tolist()
        [0]

    Source: distance to the k-th neighbour as a score of novelty (Ramaswamy et al. 2000; Sun et al. 2022), with a
    threshold from leave-one-out. Leaves out texts in known words with a new meaning.
    """
    from scipy.special import bdtrc

    rng = np.random.default_rng(seed)
    mine, theirs = some_texts(base, MOST_ROWS, rng), some_texts(others, MOST_ASKED, rng)
    if len(mine) < 2 or not len(theirs):
        return Cover(np.zeros(0, np.int64), np.zeros(0), 0, 1.0)
    texts = [*(base[i] for i in mine.tolist()), *(others[i] for i in theirs.tolist())]
    counts = runs_in_words([text[:MOST_CHARACTERS] for text in texts], 3, 5)
    weights = tfidf(counts, 1, MOST_FEATURES, len(mine))
    if not weights.shape[1]:  # no text has characters to compare
        return Cover(np.zeros(0, np.int64), np.zeros(0), 0, 1.0)
    terms, wanted = weights[: len(mine)], weights[len(mine) :]
    some = np.sort(rng.permutation(len(mine))[:MOST_ASKED])
    own, near = _nearness(terms, terms[some], some), _nearness(terms, wanted, None)
    far = near < np.quantile(own, QUANTILE)
    p = float(bdtrc(int(far.sum()) - 1, len(far), QUANTILE)) if far.any() else 1.0
    order = np.argsort(near[far], kind="stable")
    return Cover(theirs[far][order], (1 - near[far])[order], len(far), p)


def _nearness(base: "Floats", others: "Floats", own: "Rows | None") -> "Floats":
    """Mean cosine to the nearest of the base; `own` are the places of the others in the base, left out there."""
    k = min(NEIGHBOURS, base.shape[0] - (own is not None))
    nearness = np.empty(others.shape[0])
    for first in range(0, len(nearness), 500):
        cosine = (others[first : first + 500] @ base.T).toarray()  # type: ignore[attr-defined]
        if own is not None:
            cosine[np.arange(len(cosine)), own[first : first + 500]] = -1
        nearness[first : first + 500] = np.partition(cosine, -k, axis=1)[:, -k:].mean(axis=1)
    return nearness


def thin_regions(base: Sequence[str], others: Sequence[str], seed: int = 0) -> tuple[Region, ...]:
    """Groups of alike texts with at least three times as many of the others as the base predicts.

    Groups are k-means clusters of both sets together, one for each 40 texts and at most 50; a group counts where chance
    gives so many with p < .001 over all groups together.
    """
    from scipy.special import bdtrc

    from tunecase.data.label import embed

    rng = np.random.default_rng(seed)
    mine, theirs = some_texts(base, MOST_ROWS, rng), some_texts(others, MOST_ROWS, rng)
    texts = [base[i] for i in mine.tolist()] + [others[i] for i in theirs.tolist()]
    regions = min(MOST_REGIONS, len(texts) // ROWS_A_REGION)
    if regions < 2 or not len(mine) or not len(theirs):
        return ()
    group = _grouped(embed(texts, seed, PLACES), regions, seed)
    first, second = (np.bincount(part, minlength=regions) for part in (group[: len(mine)], group[len(mine) :]))
    chance = np.where(second, bdtrc(second - 1, first + second, len(theirs) / len(texts)), 1.0)
    times = (second / len(theirs)) / (np.maximum(first, 0.5) / len(mine))
    thin = np.flatnonzero((chance < REGION_P / regions) & (times >= THIN_TIMES))
    listed = []
    for number in thin[np.argsort(-second[thin])].tolist():
        missing = second[number] / len(theirs) * len(base) - first[number] / len(mine) * len(base)
        rows = theirs[group[len(mine) :] == number]
        words = _typical_words(group == number, texts)
        listed.append(
            Region(int(first[number]), int(second[number]), float(times[number]), float(missing), words, rows)
        )
    return tuple(listed)


def _typical_words(inside: "Flags", texts: Sequence[str], most: int = 3) -> tuple[str, ...]:
    held, names = holders(texts, 3)
    here, every = (np.asarray(part.sum(axis=0)).ravel() for part in (held[inside], held))
    lift = here / inside.sum() - every / len(texts)
    return tuple(names[i] for i in np.argsort(-lift, kind="stable")[:most] if lift[i] > 0)


def _grouped(places: "Floats", groups: int, seed: int) -> "Rows":
    """The group of each row by k-means: Lloyd's rounds from greedy k-means++ (Arthur and Vassilvitskii, 2007)."""
    rng = np.random.RandomState(seed)
    tries = 2 + int(np.log(groups))
    chosen = [int(rng.choice(len(places), p=np.full(len(places), 1 / len(places))))]
    apart = _apart(places, places[chosen])[:, 0]
    for _ in range(1, groups):
        drawn = np.searchsorted(np.cumsum(apart), rng.uniform(size=tries) * apart.sum()).clip(max=len(places) - 1)
        closer = np.minimum(apart[:, np.newaxis], _apart(places, places[drawn]))
        best = int(closer.sum(axis=0).argmin())
        chosen.append(int(drawn[best]))
        apart = closer[:, best]
    middles, group = places[chosen], np.full(len(places), -1)
    for _ in range(MOST_ROUNDS):
        before, group = group, _apart(places, middles).argmin(axis=1)
        if (before == group).all():
            break
        held = np.eye(groups)[group]
        middles = np.where(
            held.any(axis=0)[:, np.newaxis], held.T @ places / held.sum(axis=0)[:, np.newaxis].clip(1), middles
        )
    return group


def _apart(places: "Floats", middles: "Floats") -> "Floats":
    """Squared distances, shape (rows, middles)."""
    squares = (places**2).sum(axis=1)[:, np.newaxis] + (middles**2).sum(axis=1) - 2 * places @ middles.T
    return np.asarray(squares.clip(0))
