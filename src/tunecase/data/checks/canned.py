"""The same long answer under many different inputs, found among any number of answers in bounded memory."""

from typing import TYPE_CHECKING

from tunecase.data.checks.answers import BIT, COLUMN, count_sentences, quality
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.sample import Sample
from tunecase.data.detectors.programs import is_formal
from tunecase.data.reading.kinds import LONGEST_LABEL
from tunecase.data.rowsets import within

if TYPE_CHECKING:
    from tunecase.data.arrays import Array, Flags, Hashes, Rows
    from tunecase.data.checks.columns import Split
    from tunecase.data.checks.evidence import Evidence

CANNED_ROWS, CANNED_SHARE = 3, 0.3
ANSWERS_AT_ONCE = 1 << 24  # that one round looks through
CELLS = 1 << 24  # of each of two tables of counts [bytes]
MOST_PAIRS_WAITING = 1 << 20
NAMES = ("answer", "normal", "output_characters", COLUMN)


def boilerplate_answer(evidence: "Evidence") -> Defect | NotChecked | None:
    """The same long answer to three or more different inputs; not where canned answers are the rule.

    Only sentences are judged: a query, JSON or a call may well answer several questions. Chats are left alone, since
    thanks and farewells are answered alike. An answer of which no text was kept is not judged.
    """
    if not count_sentences(evidence) or evidence.domain in ("chats", "tool calls"):
        return None
    train = evidence.train
    if not train.texts.outputs:
        return NotChecked("canned answers: no texts were kept")
    canned = _canned(train)

    def is_canned(columns: "dict[str, Array]") -> "Flags":
        return _is_long(columns) & within(columns["answer"], canned)

    if train.total(NAMES, lambda columns: int(is_canned(columns).sum())) > CANNED_SHARE * train.count:
        return NotChecked("canned answers: so many repeat that they look meant")
    rows = train.where(NAMES, is_canned)
    kept, sentences = _kept(evidence, rows)
    rows = rows[within(train.take("answer", rows), sentences)]
    sample = Sample(kept, len(canned), "such answers").told()
    why = f"{len(sentences)} long answers stand word for word under different inputs{sample}"
    return quality(evidence, "boilerplate_answer", rows, why, "write answers of their own, or keep one of each")


def _is_long(columns: "dict[str, Array]") -> "Flags":
    """Which rows have a long answer in sentences."""
    marks = columns[COLUMN]
    long: Flags = columns["output_characters"] > LONGEST_LABEL
    long &= (marks & BIT["prose"] > 0) & (marks & BIT["json"] == 0)
    return long


def _canned(split: "Split") -> "Hashes":
    """The long answers that stand under CANNED_ROWS or more different inputs, ascending.

    In each round, of the answers whose hash leaves the same remainder: their occurrences are counted in two tables, and
    only answers that both tables hold often enough are compared with their inputs. The tables may count too many, never
    too few, so the outcome is exact.
    """
    import numpy as np

    rounds = max(1, -(-split.count // ANSWERS_AT_ONCE))
    return np.sort(np.concatenate([_canned_of(split, at, rounds) for at in range(rounds)]))


def _canned_of(split: "Split", remainder: int, rounds: int) -> "Hashes":
    import numpy as np

    cells = min(CELLS, 1 << max(split.count, 1).bit_length() + 1)
    tables = [np.zeros(cells, np.uint8) for _ in range(2)]

    def wanted(columns: "dict[str, Array]") -> "tuple[Hashes, Hashes]":
        kept = _is_long(columns)
        if rounds > 1:
            kept &= columns["answer"] % np.uint64(rounds) == remainder
        return columns["answer"][kept], columns["normal"][kept]

    def often(answers: "Hashes") -> "Flags":
        first, second = (table[place] for table, place in zip(tables, _places(answers, cells), strict=True))
        return np.minimum(first, second) >= CANNED_ROWS

    for _, columns in split.chunks(*NAMES):
        answers, counts = np.unique(wanted(columns)[0], return_counts=True)
        added = np.minimum(counts, CANNED_ROWS).astype(np.uint32)
        for table, places in zip(tables, _places(answers, cells), strict=True):
            unique, inverse = np.unique(places, return_inverse=True)
            sums = np.bincount(inverse, weights=added, minlength=len(unique))
            table[unique] = np.minimum(table[unique] + sums, CANNED_ROWS).astype(np.uint8)
    pairs = _Pairs()
    for _, columns in split.chunks(*NAMES):
        answers, inputs = wanted(columns)
        kept = often(answers)
        pairs.add(answers[kept], inputs[kept])
    return pairs.often()


def _places(answers: "Hashes", cells: int) -> "tuple[Array, Array]":
    """Where two tables count each answer: by its low and by its high bits."""
    import numpy as np

    mask = np.uint64(cells - 1)
    return (answers & mask).astype(np.int64), (answers >> np.uint64(32) & mask).astype(np.int64)


class _Pairs:
    """Different pairs of an answer and its input; no more of an answer than make it canned."""

    def __init__(self) -> None:
        self.waiting: list[Array] = []
        self.pairs: Array | None = None
        self.rows = 0

    def add(self, answers: "Hashes", inputs: "Hashes") -> None:
        import numpy as np

        if len(answers):
            self.waiting.append(np.stack([answers, inputs], axis=1))
            self.rows += len(answers)
        if self.rows > max(MOST_PAIRS_WAITING, 0 if self.pairs is None else len(self.pairs)):
            self._settle()

    def _settle(self) -> None:
        import numpy as np

        parts = [*self.waiting, *([] if self.pairs is None else [self.pairs])]
        self.waiting, self.rows = [], 0
        every = np.concatenate([np.zeros((0, 2), np.uint64), *parts])
        every = every[np.lexsort((every[:, 1], every[:, 0]))]
        new = np.ones(len(every), bool)
        new[1:] = (every[1:] != every[:-1]).any(axis=1)
        every = every[new]
        begins = np.ones(len(every), bool)
        begins[1:] = every[1:, 0] != every[:-1, 0]
        starts = np.flatnonzero(begins)
        place = np.arange(len(every)) - np.repeat(starts, np.diff(np.append(starts, len(every))))
        self.pairs = every[place < CANNED_ROWS]

    def often(self) -> "Hashes":
        """The answers with CANNED_ROWS different inputs, ascending."""
        import numpy as np

        self._settle()
        assert self.pairs is not None
        answers, counts = np.unique(self.pairs[:, 0], return_counts=True)
        found: Hashes = answers[counts >= CANNED_ROWS]
        return found


def _kept(evidence: "Evidence", rows: "Rows") -> "tuple[int, Hashes]":
    """How many answers of these rows were kept as texts, and those of them that are sentences, ascending.

    Code may repeat by right.
    """
    import numpy as np

    texts = evidence.train.texts
    kept = np.flatnonzero(within(texts.rows, rows))
    answers, first = np.unique(evidence.train.take("answer", texts.rows[kept]), return_index=True)
    sentences = np.array([not is_formal(texts.outputs[at]) for at in kept[first].tolist()], bool)
    return len(answers), answers[sentences].astype(np.uint64)
