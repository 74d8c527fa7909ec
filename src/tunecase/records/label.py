"""Which rows to label next, what that costs, and how far two readers agree."""

from dataclasses import dataclass

from tunecase.quantities import Band, Interval80
from tunecase.records.checked import Minutes
from tunecase.records.disclosure import Disclosure
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class NextLabel:
    """One row to label: its number in the pool from 0, its line from 1, the suggested label and why it was chosen."""

    row: int
    line: int
    text: str
    suggested: str | None
    chance: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Labelling(Tabular):
    """A batch of rows to label next, the most informative first.

    `known` pool rows were left out as copies of training or test rows, `copies` as blank or copies of one another;
    `weighed` rows were compared. `minutes` are of all annotators together; `expects` says what such a choice saved
    where it was measured. `disclosed` counts the rows that hold private data, for whoever reads the files.
    """

    pool: str
    pool_rows: int
    asked: int
    rows: tuple[NextLabel, ...]
    known: int
    copies: int
    weighed: int
    probed: bool
    price: Band
    minutes: Band
    currency: str
    files: tuple[str, ...]
    expects: str
    disclosed: Disclosure | None = None

    @property
    def ok(self) -> bool:
        """True when there is a row to label.

        Example:
            >>> case.next_labels(20).ok
            True
        """
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class LabelTask(Tabular):
    """A labelling trial given out: the same rows for two readers, answers not shown.

    `id` stands in both files. `rows` are row numbers of `pool`, from 0; `labels` are those to choose from, empty where
    answers are free. `minutes` are of both readers together, `price` what they cost. `disclosed`
    counts the rows that hold private data.
    """

    id: str
    pool: str
    rows: tuple[int, ...]
    labels: tuple[str, ...]
    files: tuple[str, ...]
    price: Band
    minutes: Band
    currency: str
    disclosed: Disclosure | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two labels that the readers took for one another, and on how many rows."""

    label: str
    other: str
    rows: int


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """Of `rows` to which either reader gave a label, the share on which both gave it."""

    label: str
    rows: int
    share: float


@dataclass(frozen=True, slots=True)
class LabelTrial(Tabular):
    """What two readers said of the same rows: how long a label takes, how far they agree, and the ceiling that sets.

    `agreed` of `rows` have the same label from both; `share` is that part, `kappa` and `alpha` (Krippendorff's, for
    names) the same beyond chance. `ceiling` is the highest honest score against one reader's labels. Each is None where
    the labels are no classes, or too few to say. `minutes` is the mean of one label, which a price needs, None below 20
    timed labels; `single_minutes` is the median of single labels with P10 and P90. `reader_minutes` are the medians of
    the readers.
    """

    id: str
    files: tuple[str, ...]
    rows: int
    classes: int
    agreed: int
    share: Interval80 | None
    kappa: Interval80 | None
    alpha: Interval80 | None
    ceiling: Interval80 | None
    disagreements: tuple[Disagreement, ...]
    by_class: tuple[ClassAgreement, ...]
    timed: int
    minutes: Minutes | None
    single_minutes: Interval80 | None
    reader_minutes: tuple[float | None, ...]
    target: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """False when the target lies above the ceiling.

        Example:
            >>> ceiling = Interval80(0.90, 0.93, 0.95)
            >>> of_readers = 100, 4, 93, None, None, None, ceiling
            >>> LabelTrial("a", (), *of_readers, (), (), 0, None, None, (), target=0.97).ok
            False
        """
        return self.target is None or self.ceiling is None or self.target <= self.ceiling.high
