"""Crowds of texts alike: each row keeps its first partners, and what the others join is known in one link a row."""

from tunecase.data.detectors.near_copies import groups
from tunecase.quantities import Array, np

# Of the near pairs of a training row in a crowd so many stay, of each kind: same answer or not, copy or not.
MOST_PARTNERS, KINDS = 3, 4


class Crowds:
    """Thins out the near pairs of training rows in crowds: of each kind a row keeps those with its first partners.

    Pairs come in the order of their earlier rows. What the others join is kept as one link for each row, and so is how
    many of them carry different answers. Pairs of test rows all stay.

    Args:
        base, rows: the first of the later rows, and how many there may be.
        tests_from: the first test row.
    """

    def __init__(self, base: int, rows: int, tests_from: int) -> None:
        self.base, self.tests_from = base, tests_from
        self.taken = np.zeros(rows * KINDS, np.uint8)
        self.links = {name: np.zeros((0, 2), np.int64) for name in ("alike", "same")}
        self.left_out = self.unlike = 0

    def thinned(self, near: "dict[str, Array]") -> "dict[str, Array]":
        """The pairs that stay."""
        slots = (near["later"] - self.base) * KINDS + near["same_answer"] * 2 + near["alike"]
        order = np.argsort(slots, kind="stable")
        kinds, begins, counts = np.unique(slots[order], return_index=True, return_counts=True)
        rank = np.zeros(len(slots), np.int64)
        rank[order] = np.arange(len(slots)) - np.repeat(begins, counts)
        kept = (rank + self.taken[slots] < MOST_PARTNERS) | (near["later"] >= self.tests_from)
        self.taken[kinds] = np.minimum(self.taken[kinds] + counts, MOST_PARTNERS)
        if not kept.all():
            self._leave_out({name: values[~kept] for name, values in near.items()})
        return {name: values[kept] for name, values in near.items()}

    def _leave_out(self, near: "dict[str, Array]") -> None:
        self.left_out += len(near["later"])
        self.unlike += int((~near["same_answer"]).sum())
        for name, copies in (("alike", near["alike"]), ("same", near["alike"] & near["same_answer"])):
            pairs = np.stack([near["later"], near["earlier"]], axis=1)[copies]
            self.links[name] = np.stack(groups(np.concatenate([self.links[name], pairs])), axis=1)

    @property
    def columns(self) -> "dict[str, Array]":
        """The links: rows that pairs which were left out join, and the first row of each; see `near.Near`."""
        return {
            f"{name} {side}": links[:, at]
            for name, links in self.links.items()
            for at, side in enumerate(("rows", "roots"))
        }
