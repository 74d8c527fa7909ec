"""Rows of one file that say in other words what a row of another says: a shortlist by rare words, then a judge."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.likeness import Side

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

CANDIDATES = 6
CHUNK = 512
COMMON_SHARE, COMMON_ROWS = 0.05, 1000  # terms of more of the rows than this are no help in a search
LEAST_COSINE = 0.05


@dataclass(slots=True)
class Found:
    """Candidate pairs (row, row of the index) with the cosine and the lead over the row's best other candidate."""

    pairs: "Rows"
    cosine: "Floats"
    lead: "Floats"


def search(one: Side, index: Side, *, own: "Rows | None" = None) -> Found:
    """The best few candidates in the index for each row.

    Args:
        own: for each row the row of the index that is itself and no candidate, -1 where there is none.
    """
    import numpy as np

    wide = index.search.tocsc()
    if len(index) >= COMMON_ROWS:
        often = np.diff(wide.indptr) > COMMON_SHARE * len(index)
        keep = np.flatnonzero(~often)
        wide, mine = wide[:, keep], one.search.tocsc()[:, keep].tocsr()
    else:
        mine = one.search
    turned = wide.T.tocsr()
    parts = []
    for first in range(0, len(one), CHUNK):
        cosines = (mine[first : first + CHUNK] @ turned).toarray()
        if own is not None:
            has = np.flatnonzero(own[first : first + CHUNK] >= 0)
            cosines[has, own[first : first + CHUNK][has]] = -1.0
        parts.append(_best(cosines, first))
    pairs, cosine, lead = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Found(pairs, cosine, lead)


def _best(cosines: "Floats", first: int) -> "tuple[Rows, Floats, Floats]":
    import numpy as np

    rows, width = cosines.shape
    most = min(CANDIDATES, width)
    top = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
    values = np.take_along_axis(cosines, top, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    top, values = np.take_along_axis(top, order, axis=1), np.take_along_axis(values, order, axis=1)
    second = values[:, 1] if most > 1 else np.zeros(rows)
    lead = values - values[:, :1]
    lead[:, 0] = values[:, 0] - second.clip(0)
    kept = values > LEAST_COSINE
    at = np.repeat(np.arange(first, first + rows), most).reshape(rows, most)
    return np.stack([at[kept], top[kept]], axis=1), values[kept], lead[kept]
