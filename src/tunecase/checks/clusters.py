"""Groups of training rows that repeat one another, by union-find over raw, normalised and near copies."""

from typing import TYPE_CHECKING, Literal

from tunecase.checks.evidence import Evidence
from tunecase.records import Cluster

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["raw", "normalised", "near"]

MOST_CLUSTERS = 8
MOST_ROWS = 12


def clusters(evidence: Evidence, most: int = MOST_CLUSTERS) -> tuple[int, tuple[Cluster, ...]]:
    """How many training rows repeat another one, and the largest groups of them.

    A group's kind is that of its least alike rows: raw where all are equal, near where some are only nearly so.
    Args:
        most: groups shown, the largest first.
    Returns: rows beyond the first of each group, and the groups.
    """
    import numpy as np

    own = np.arange(len(evidence.first_raw))
    near = evidence.near_train.rows[evidence.near_train.copy]
    root = joined(len(own), [np.stack([own, evidence.first_raw], 1), np.stack([own, evidence.text], 1), near])
    groups, sizes = np.unique(root, return_counts=True)
    order = np.argsort(-sizes, kind="stable")[:most]
    shown = tuple(_cluster(evidence, root, int(groups[at])) for at in order if sizes[at] > 1)
    return int(len(own) - len(groups)), shown


def joined(count: int, pairs: "list[NDArray[np.int64]]") -> "NDArray[np.int64]":
    """For each of `count` rows the first row of its group, where pairs join groups.

    Example:
        >>> import numpy as np
        >>> joined(5, [np.array([[1, 0], [3, 1]])]).tolist()
        [0, 0, 2, 0, 4]
    """
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    links = np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int64)
    matrix = coo_matrix((np.ones(len(links), bool), (links[:, 0], links[:, 1])), shape=(count, count))
    _, group = connected_components(matrix, directed=False)
    _, first = np.unique(group, return_index=True)
    roots: NDArray[np.int64] = first[group].astype(np.int64)
    return roots


def _cluster(evidence: Evidence, root: "NDArray[np.int64]", first: int) -> Cluster:
    import numpy as np

    rows = np.flatnonzero(root == first)
    kind: Kind = "near"
    if len(np.unique(evidence.first_raw[rows])) == 1:
        kind = "raw"
    elif len(np.unique(evidence.text[rows])) == 1:
        kind = "normalised"
    numbers = tuple(evidence.train.number[rows[:MOST_ROWS]].tolist())
    return Cluster(len(rows), kind, numbers, evidence.train.example(first))
