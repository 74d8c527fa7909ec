"""One input with several answers: the same text labelled in two ways, or nearly the same text."""

from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence
from tunecase.data.checks.links import LinkedPairs
from tunecase.data.rowsets import union
from tunecase.quantities import np

BLOCKING_SHARE = 0.1
SHORT_ANSWERS = 0.9
FREE_ANSWERS = ("chats", "tool calls")  # kinds of text
FREE_TASKS = ("generation", "preference")


def contradiction(evidence: Evidence) -> Defect | None:
    """Texts (after normalising) that carry more than one answer; `count` is texts, `rows` are all rows with them.

    One answer is expected of classes, short facts and extraction: there two of them contradict each other, and classes
    may stop a case. Free answers to one prompt may both be right, in chats and generation above all: there the finding
    is a note.
    """
    train = evidence.train
    rows = evidence.disputed
    if not len(rows):
        return None
    same = evidence.same_text
    texts = union(same.of(rows))
    share = len(rows) / train.rows
    judged = train.layout.compares or train.layout.judged is not None
    labels = judged or _expects_one_answer(evidence)
    stops = bool(evidence.classes) and share >= BLOCKING_SHARE
    first = texts[:2]
    return Defect(
        check="contradiction",
        severity="note" if not labels else "stop" if stops else "warn",
        why=(
            f"{len(texts)} prompts have the same answers judged in two ways ({len(rows)} rows): only one can be meant"
            if judged
            else f"{len(texts)} texts carry more than one answer ({len(rows)} rows): no model can learn both, "
            "and often the definition of the labels is what is unclear"
            if labels
            else f"{len(texts)} inputs have several answers ({len(rows)} rows): meant, or a mistake?"
        ),
        fix="look at them, decide for one answer, write the rule into the guideline",
        rows=rows,
        pairs=LinkedPairs(rows[same.again(rows)], same),
        count=len(texts),
        share=share,
        examples=tuple(_labels_of(evidence, int(text)) for text in first),
        review_rows=float(len(rows)) if labels else 0.0,
        unpriced=not labels,
    )


def _expects_one_answer(evidence: Evidence) -> bool:
    """Whether two answers to one text cannot both be right, by the task where it is stated, else by the answers."""
    train, task = evidence.train, evidence.request.task
    if train.layout.rejected is not None or evidence.domain in FREE_ANSWERS or task in FREE_TASKS:
        return False
    return bool(evidence.classes) or task == "extraction" or train.short_answers >= SHORT_ANSWERS * train.count


def near_contradiction(evidence: Evidence) -> Defect | None:
    """Pairs of nearly the same text with different labels: the cheapest suspicion of a wrong label, never deleted."""
    near = evidence.near_train
    if not evidence.classes:
        return None
    pairs = near.rows[~near.same_answer]
    pairs = pairs[np.argsort(-near.similarity[~near.same_answer], kind="stable")]
    if not len(pairs):
        return None
    rows, count = np.unique(pairs), len(pairs) + evidence.near_unlike
    first, second = (int(row) for row in pairs[0])
    return Defect(
        check="near_contradiction",
        severity="note",
        why=(
            f"{count} pairs of nearly the same text carry different labels: "
            "one word may well decide, or a label is wrong"
        ),
        fix="look at each pair, closest first; nothing is deleted",
        rows=rows,
        pairs=pairs,
        count=count,
        share=len(rows) / evidence.train.rows,
        examples=tuple(f"{evidence.train.example(row)} → {evidence.train.label(row)}" for row in (first, second)),
        review_rows=float(min(count, len(rows))),
    )


def _labels_of(evidence: Evidence, text: int) -> str:
    again = evidence.same_text.rows[evidence.same_text.firsts == text]
    labels = list(dict.fromkeys(evidence.train.label(row) for row in [text, *again[:49].tolist()]))
    return f"{evidence.train.example(text)} → {' / '.join(labels[:3])}"
