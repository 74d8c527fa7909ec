"""The same long answer under many different inputs."""

from typing import TYPE_CHECKING

from tunecase.data.checks.answers import BIT, COLUMN, count_sentences, quality
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.sample import Sample
from tunecase.data.detectors.programs import is_formal
from tunecase.data.reading.kinds import LONGEST_LABEL
from tunecase.data.rowsets import within
from tunecase.quantities import Array, Flags, Hashes, np

if TYPE_CHECKING:
    from tunecase.data.checks.columns import Split
    from tunecase.data.checks.evidence import Evidence

CANNED_ROWS, CANNED_SHARE = 3, 0.3
MOST_PAIRS_WAITING = 1 << 18
NAMES = ("answer", "normal", "output_characters", COLUMN)


def boilerplate_answer(evidence: "Evidence") -> Defect | NotChecked | None:
    """The same long answer to three or more different inputs; not where canned answers are the rule.

    Only sentences are judged: a query, JSON or a call may well answer several questions. Chats are left alone, since
    thanks and farewells are answered alike. Judged are the answers of the rows whose texts were kept, over all rows.
    """
    if not count_sentences(evidence) or evidence.domain in ("chats", "tool calls"):
        return None
    train, texts = evidence.train, evidence.train.texts
    if not texts.outputs:
        return NotChecked("canned answers: no texts were kept")
    known = {name: train.take(name, texts.rows) for name in NAMES}
    canned = find_canned(train, known["answer"][_is_long(known)])
    places = (_is_long(known) & within(known["answer"], canned)).nonzero()[0]
    if len(places) > CANNED_SHARE * len(texts.rows):
        return NotChecked("canned answers: so many repeat that they look meant")
    sentences = _sentences(known["answer"][places], [texts.outputs[at] for at in places.tolist()])
    rows = train.where(NAMES, lambda columns: _is_long(columns) & within(columns["answer"], sentences))
    said = within(known["answer"][places], sentences)
    sample = Sample(len(texts.rows), train.count, "answers").told(int(said.sum()))
    why = f"{len(sentences)} long answers stand word for word under different inputs{sample}"
    return quality(evidence, "boilerplate_answer", rows, why, "write answers of their own, or keep one of each")


def _is_long(columns: "dict[str, Array]") -> "Flags":
    """Which rows have a long answer in sentences."""
    marks = columns[COLUMN]
    long: Flags = columns["output_characters"] > LONGEST_LABEL
    long &= (marks & BIT["prose"] > 0) & (marks & BIT["json"] == 0)
    return long


def find_canned(split: "Split", answers: "Hashes") -> "Hashes":
    """Those of some answers that stand, where they are long, under CANNED_ROWS or more different inputs, ascending."""
    wanted, found = np.unique(answers), np.zeros((0, 2), np.uint64)
    waiting: list[Array] = []
    for _, columns in split.chunks(*NAMES):
        kept = _is_long(columns) & within(columns["answer"], wanted)
        waiting.append(np.stack([columns["answer"][kept], columns["normal"][kept]], axis=1))
        if sum(map(len, waiting)) > MOST_PAIRS_WAITING:
            found, waiting = _first_inputs(np.concatenate([found, *waiting])), []
    found = _first_inputs(np.concatenate([found, *waiting]))
    several, counts = np.unique(found[:, 0], return_counts=True)
    canned: Hashes = several[counts >= CANNED_ROWS]
    return canned


def _first_inputs(pairs: "Array") -> "Array":
    """The different pairs of answer and input, no more of an answer than make it canned."""
    if not len(pairs):
        return pairs
    pairs = np.unique(pairs, axis=0)
    begins = np.flatnonzero(np.append(True, pairs[1:, 0] != pairs[:-1, 0]))
    place = np.arange(len(pairs)) - np.repeat(begins, np.diff(np.append(begins, len(pairs))))
    return pairs[place < CANNED_ROWS]


def _sentences(answers: "Hashes", outputs: list[str]) -> "Hashes":
    """The different answers that are sentences, ascending; code may repeat by right."""
    different, first = np.unique(answers, return_index=True)
    said: Hashes = different[np.array([not is_formal(outputs[at]) for at in first.tolist()], bool)]
    return said
