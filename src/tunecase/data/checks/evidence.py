"""What all checks are given: both files as columns, and what compares row with row: groups, repeats, near pairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from tunecase import catalog
from tunecase.data.checks.columns import NO_TEXT, Split
from tunecase.data.detectors.licences import Origin
from tunecase.data.detectors.near_copies import NEAR, REACH, least_jaccard, near_pairs, pair_jaccard
from tunecase.data.domains import Domain, domain_of

if TYPE_CHECKING:
    from tunecase.data.arrays import Flags, Floats, Hashes, Rows

SURELY_NEAR = 0.9
Where = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Near pairs of a file with training rows: (row, training row), similarity, same answer, counted as a copy.

    A pair is a copy when J >= .7, or where a text has fewer than 20 words of its own J >= .8 and the labels agree:
    there one word may change the meaning. Where labels disagree it is no copy at any length, but a suspicion of a
    wrong label. A copy is sure when the answer is the same as well, or J >= .9.
    """

    rows: "Rows"
    similarity: "Floats"
    same_answer: "Flags"
    copy: "Flags"

    @property
    def sure(self) -> "Flags":
        """Copies that can go without a second look."""
        return self.copy & (self.same_answer | (self.similarity >= SURELY_NEAR))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the checks need to know besides the files.

    Args:
        limit_tokens: the longest row that training takes; `limit_from` says where that number stands.
        task: the kind of problem, where it is stated.
        production_shares: class to its share in production, 0 to 1, where it is declared.
        licence, origin: of the training rows, as the project states them.
        named: what files beside the data and columns of the rows name.
        seed: of everything drawn at random.
        fast: only what one pass over the files can tell; checks that train or compare texts are left out.
    """

    limit_tokens: int
    task: str | None = None
    production_shares: Mapping[str, float] = field(default_factory=dict)
    licence: str | None = None
    origin: str | None = None
    named: Origin = field(default_factory=Origin)
    seed: int = 0
    fast: bool = False
    limit_from: str = "the default"


@dataclass(frozen=True)
class Evidence:
    """The files, what was asked and the comparisons, each worked out once.

    `production` is a sample of what the model will be asked, without answers; `second` are a second annotator's answers
    to the test rows, one for each row of the test file ("" where there is none).
    """

    train: Split
    test: Split | None
    request: Asked
    production: Split | None = None
    second: tuple[str, ...] = ()

    def split(self, where: Where) -> Split:
        """The training or the test file; a test file must have been given."""
        split = self.test if where == "test" else self.train
        assert split is not None
        return split

    @cached_property
    def domain(self) -> Domain | Literal[""]:
        """The kind of text of the training file, which says how far a guess can be trusted; "" without texts."""
        texts = self.train.texts
        return domain_of(texts.inputs, texts.outputs, texts.turns, texts.with_tools) if texts.inputs else ""

    @cached_property
    def classes(self) -> dict[str, int]:
        """Training rows of each class; empty for free answers, and where another kind of task is stated."""
        return self.train.classes if self.request.task in (None, "classification") else {}

    @cached_property
    def first_raw(self) -> "Rows":
        """For each training row the first row with the same raw input; itself if there is none or no text."""
        return first_alike(self.train.raw)

    @cached_property
    def first_normal(self) -> "Rows":
        """The same after normalising."""
        return first_alike(self.train.normal)

    @cached_property
    def text(self) -> "Rows":
        """For each training row the first row it says the same as, raw or normalised."""
        import numpy as np

        return np.where(self.train.normal != NO_TEXT, self.first_normal, self.first_raw)

    @cached_property
    def disputed(self) -> "Flags":
        """Training rows whose text also occurs with another answer."""
        import numpy as np

        if not self.train.labelled:
            return np.zeros(len(self.text), bool)
        differs = self.train.answer != self.train.answer[self.text]
        groups = np.zeros(len(self.text), bool)
        groups[self.text[differs]] = True
        disputed: Flags = groups[self.text] & (self.train.raw != NO_TEXT)
        return disputed

    @cached_property
    def near_train(self) -> Pairs:
        """Near pairs within the training file: (later, earlier)."""
        return self._near[0]

    @cached_property
    def near_test(self) -> Pairs:
        """Near pairs across the files: (test row, training row)."""
        return self._near[1]

    @cached_property
    def _near(self) -> tuple[Pairs, Pairs]:
        import numpy as np

        train, test = self.train, self.test or self.train
        mine = _marked(train)
        theirs = _marked(test) if self.test else mine[:0]
        keys = [np.concatenate([a[mine], b[theirs]]) for a, b in zip(train.keys, test.keys, strict=True)]
        side = np.arange(len(mine) + len(theirs)) >= len(mine)
        pairs = near_pairs(keys, REACH, side if self.test else None)
        across = side[pairs[:, 1]] if len(pairs) else np.zeros(0, bool)
        within = mine[pairs[~across][:, ::-1]]
        between = np.stack([theirs[pairs[across, 1] - len(mine)], mine[pairs[across, 0]]], axis=1)
        return self._judged(train, within), self._judged(test, between)

    def _judged(self, other: Split, pairs: "Rows") -> Pairs:
        """The pairs (row of the other file, training row) that are truly near."""
        import numpy as np

        mine, theirs = (self.train.flat, self.train.ends), (other.flat, other.ends)
        similarity = pair_jaccard(pairs, theirs, mine)
        # Another set of tools makes another task of the same words.
        kept = (similarity >= NEAR) & (other.tools[pairs[:, 0]] == self.train.tools[pairs[:, 1]])
        pairs, similarity = pairs[kept], similarity[kept]
        smaller = np.minimum(other.set_sizes[pairs[:, 0]], self.train.set_sizes[pairs[:, 1]])
        same = other.answer[pairs[:, 0]] == self.train.answer[pairs[:, 1]]
        agree = same if self.classes else np.ones(len(pairs), bool)
        return Pairs(pairs, similarity, same, agree & (similarity >= least_jaccard(smaller)))

    @cached_property
    def leaked_raw(self) -> "Flags":
        """Test rows whose raw input is in the training file."""
        return self._leaked("raw")

    @cached_property
    def leaked_normal(self) -> "Flags":
        """Test rows whose normalised input is in the training file."""
        return self._leaked("normal")

    def _leaked(self, column: str) -> "Flags":
        import numpy as np

        assert self.test is not None
        theirs, mine = getattr(self.test, column), getattr(self.train, column)
        leaked: Flags = np.isin(theirs, mine) & (theirs != NO_TEXT)
        return leaked

    @cached_property
    def leaked_near(self) -> "Flags":
        """Test rows that are a near copy of a training row and neither a raw nor a normalised one."""
        import numpy as np

        assert self.test is not None
        near = np.zeros(len(self.test.raw), bool)
        near[self.near_test.rows[self.near_test.copy][:, 0]] = True
        return near & ~self.leaked_raw & ~self.leaked_normal

    @cached_property
    def leaked_share(self) -> float:
        """Share of the test rows that are surely in the training file; 0 without a test.

        Near copies with the same answer count only where they are measured well enough on this kind of text.
        """
        if self.test is None or not self.test.rows:
            return 0.0
        leaked = self.leaked_raw | self.leaked_normal
        if catalog.may_stop("leak_near", self.domain):
            leaked[self.near_test.rows[self.near_test.sure][:, 0]] = True
        return float(leaked.sum()) / self.test.rows

    def copies_of(self, column: str, leaked: "Flags") -> tuple["Rows", "Rows"]:
        """(test row, first training row) of each leaked test row, and all training rows with a leaked text."""
        import numpy as np

        assert self.test is not None
        theirs, mine = getattr(self.test, column), getattr(self.train, column)
        values, first = np.unique(mine, return_index=True)
        rows = np.flatnonzero(leaked)
        pairs = np.stack([rows, first[np.searchsorted(values, theirs[rows])]], axis=1)
        return pairs, np.flatnonzero(np.isin(mine, theirs[rows]))


def first_alike(hashes: "Hashes") -> "Rows":
    """For each row the first row with the same hash; a row without text is its own.

    Example:
        >>> import numpy as np
        >>> first_alike(np.array([7, 0, 7, 0], np.uint64)).tolist()
        [0, 1, 0, 3]
    """
    import numpy as np

    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    return np.where(hashes == NO_TEXT, np.arange(len(hashes)), first[group]) if len(hashes) else first


def _marked(split: Split) -> "Rows":
    """The first row of each distinct text that has shingles of its own."""
    import numpy as np

    alone = first_alike(split.normal) == np.arange(len(split.normal))
    return np.flatnonzero(alone & (split.normal != NO_TEXT) & (split.set_sizes > 0))
