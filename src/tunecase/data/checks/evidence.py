"""What all checks are given: both files as columns, and what compares row with row: groups, repeats, near pairs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from tunecase import catalog
from tunecase.data.checks.alike import SETS, Kind, run_same
from tunecase.data.checks.columns import Split
from tunecase.data.checks.links import Links
from tunecase.data.checks.near import run_near
from tunecase.data.detectors.licences import Origin
from tunecase.data.domains import Domain, domain_of
from tunecase.data.rowsets import union, within, without
from tunecase.data.shards import Stages
from tunecase.data.tokens.rows import NO_FILE
from tunecase.quantities import Array, Flags, Floats, Rows, np

SURELY_NEAR = 0.9
Where = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Near pairs of a file with training rows: (row, training row), similarity, same answer, counted as a copy.

    A pair is a copy when J >= .7, or where a text has fewer than 20 words of its own J >= .8 and the labels agree:
    there one word may change the meaning. Where labels disagree it is no copy at any length, but a suspicion of a
    wrong label. A copy is sure when the answer is the same as well, or J >= .9. Rows are narrow numbers where they are
    small. In a crowd of texts alike a training row stands with its first three of each kind (copy or not, same answer
    or not).
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
class NearPairs:
    """The near pairs of both files, and what is known of those left out."""

    train: Pairs
    test: Pairs
    links: "Rows"
    unlike: int


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
        uncounted: why the tokens of the training rows are not counted, where they are not.
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
    uncounted: str = NO_FILE


@dataclass(frozen=True)
class Evidence:
    """The files, what was asked and the comparisons, each worked out once.

    `production` is a sample of what the model will be asked, without answers; `second` are a second annotator's answers
    to the test rows, one for each row of the test file ("" where there is none). `stages` compare rows with one
    another; None does so here, in memory.
    """

    train: Split
    test: Split | None
    request: Asked
    production: Split | None = None
    second: tuple[str, ...] = ()
    stages: Stages | None = None

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
    def _stages(self) -> Stages:
        return self.stages or Stages(self.train.shelf.store)

    @cached_property
    def _same(self) -> "dict[Kind, dict[str, Array]]":
        return run_same(self._stages, self.train.shelf, self.test.shelf if self.test else None)

    @cached_property
    def same_raw(self) -> Links:
        """Training rows with the raw input of an earlier one."""
        return Links(self._same["raw"]["rows"], self._same["raw"]["firsts"])

    @cached_property
    def same_normal(self) -> Links:
        """The same after normalising."""
        return Links(self._same["normal"]["rows"], self._same["normal"]["firsts"])

    @cached_property
    def same_text(self) -> Links:
        """Training rows that say what an earlier one says: normalised, or raw where nothing is left by that."""
        normal, raw = self.same_normal, self.same_raw
        alone = np.flatnonzero(~normal.again(raw.rows))
        if not len(alone):
            return normal
        rows = np.concatenate([normal.rows, raw.rows[alone]])
        order = np.argsort(rows, kind="stable")
        return Links(rows[order], np.concatenate([normal.firsts, raw.firsts[alone]])[order])

    @cached_property
    def test_same(self) -> "Rows":
        """Test rows that repeat an earlier test row, raw or normalised, ascending."""
        return union(self._same["raw"]["test rows"], self._same["normal"]["test rows"])

    @cached_property
    def disputed(self) -> "Rows":
        """Training rows whose text also occurs with another answer, ascending."""
        raw, normal = (self._same[kind].pop("disputed") for kind in SETS)  # they are many, and asked for only here
        if not self.train.labelled:
            return union()
        alone = without(raw, normal)
        return union(normal, alone) if len(alone) else normal

    @property
    def near_train(self) -> Pairs:
        """Near pairs within the training file: (later, earlier)."""
        return self._near.train

    @property
    def near_test(self) -> Pairs:
        """Near pairs across the files: (test row, training row)."""
        return self._near.test

    @property
    def near_links(self) -> "Rows":
        """What near copies join beside those of `near_train`, of crowds: (row, first row of its group)."""
        return self._near.links

    @property
    def near_unlike(self) -> int:
        """Near pairs with different answers beside those of `near_train`, of crowds."""
        return self._near.unlike

    @cached_property
    def _near(self) -> NearPairs:
        normal, count = self._same["normal"], self.train.count
        repeats = np.concatenate([normal["rows"], count + normal["test rows"]])
        met = run_near(self._stages, self.train.shelf, self.test.shelf if self.test else None, repeats)
        found = met.pairs
        copy = found["alike"] & found["same_answer"] if self.classes else found["alike"]
        across = found["later"] >= count

        def pairs(side: "Flags | slice", numbered_from: int) -> Pairs:
            later = found["later"][side]
            if len(later):  # narrow numbers of no rows might not hold where the test begins
                later = later - numbered_from
            rows = np.stack([later, found["earlier"][side]], axis=1)
            return Pairs(rows, found["similarity"][side], found["same_answer"][side], copy[side])

        within_train = pairs(~across if across.any() else slice(None), 0)
        return NearPairs(within_train, pairs(across, count), met.same if self.classes else met.alike, met.unlike)

    @cached_property
    def leaked_raw(self) -> "Rows":
        """Test rows whose raw input is in the training file, ascending."""
        assert self.test is not None
        return self._same["raw"]["leaked tests"]

    @cached_property
    def leaked_normal(self) -> "Rows":
        """Test rows whose normalised input is in the training file, ascending."""
        assert self.test is not None
        return self._same["normal"]["leaked tests"]

    @cached_property
    def leaked_near(self) -> "Rows":
        """Test rows that are a near copy of a training row and neither a raw nor a normalised one, ascending."""
        near = union(self.near_test.rows[self.near_test.copy][:, 0])
        return without(near, union(self.leaked_raw, self.leaked_normal))

    @cached_property
    def leaked_share(self) -> float:
        """Share of the test rows that are surely in the training file; 0 without a test.

        Near copies with the same answer count only where they are measured well enough on this kind of text.
        """
        if self.test is None or not self.test.rows:
            return 0.0
        leaked = union(self.leaked_raw, self.leaked_normal)
        if catalog.may_stop("leak_near", self.domain):
            leaked = union(leaked, self.near_test.rows[self.near_test.sure][:, 0])
        return len(leaked) / self.test.rows

    def copies_of(self, kind: "Kind", leaked: "Rows") -> tuple["Rows", "Rows"]:
        """(test row, first training row) of some leaked test rows, and all training rows with a text of theirs.

        Args:
            kind: by which the texts are the same.
            leaked: test rows that leak in this way, ascending.
        """
        same = self._same[kind]
        kept = within(same["leaked tests"], leaked)
        pairs = np.stack([same["leaked tests"][kept], same["leaked firsts"][kept]], axis=1)
        links = self.same_raw if kind == "raw" else self.same_normal
        firsts = union(pairs[:, 1])
        return pairs, same["leaking"][within(links.of(same["leaking"]), firsts)]
