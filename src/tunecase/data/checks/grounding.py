"""Answers that state facts which their input does not hold: training on them teaches a model to invent."""

from collections import Counter
from typing import TYPE_CHECKING

from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.detectors.invented_facts import AnswerFacts, answer_facts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_ROWS = 50
MOST_ROWS = 20_000
LEAST_STATING = 0.2  # of the rows must state facts for a judgement
SOURCED = 0.6  # of all facts come from the input where answers are meant to rest on it
ARITHMETIC = 0.2  # of the absent facts follow from numbers at hand: then the task is to work them out
LONG_INPUT_WORDS = 30
WARN_SHARE, NOTE_SHARE = 0.05, 0.01
LABEL_TIMES = 5  # a value that stands in a field this often is a label, not a fact of one row


def ungrounded_answer(evidence: Evidence) -> Defect | NotChecked | None:
    """Rows whose answer states a fact absent from its input, where answers are meant to rest on the input.

    A warning from 5% of the rows; where most facts come from nowhere and inputs are short, a note on the whole set.
    """
    import numpy as np

    train = evidence.train
    if not train.labelled or evidence.classes:
        return None
    what = "facts that the input lacks: "
    if evidence.asked.fast:
        return NotChecked(what + "left out of a fast audit")
    texts = train.texts
    if len(texts.rows) < LEAST_ROWS:
        return NotChecked(f"{what}fewer than {LEAST_ROWS} rows")
    looked = range(min(len(texts.rows), MOST_ROWS))
    found = _without_labels([answer_facts(texts.inputs[at], texts.outputs[at]) for at in looked])
    facts, absent = sum(each.facts for each in found), sum(len(each.absent) for each in found)
    if sum(each.facts > 0 for each in found) < LEAST_STATING * len(found):
        return NotChecked(what + "few answers state numbers, names, dates or codes")
    if absent and sum(each.derived for each in found) > ARITHMETIC * absent:
        return NotChecked(what + "answers work out new numbers, which no input has to hold")
    rows = np.array([at for at in looked if found[at].absent], np.int64)
    sourced = 1 - absent / facts
    long = float(np.median(train.words)) >= LONG_INPUT_WORDS
    if sourced < SOURCED and not (long and sourced >= SOURCED / 2):
        return _outside(evidence, rows, found)
    share = len(rows) / len(found)
    if share < NOTE_SHARE:
        return None
    order = np.argsort([-len(found[at].absent) / found[at].facts for at in rows.tolist()], kind="stable")
    return _defect(evidence, rows[order], found, share)


def _without_labels(found: list[AnswerFacts]) -> list[AnswerFacts]:
    """Fields of JSON answers whose absent values recur over the rows are labels, and no facts."""
    often = Counter(pair for each in found for pair in set(each.fields))
    if not often:
        return found
    least = max(LABEL_TIMES, len(found) // 100)
    total, recurring = Counter[str](), Counter[str]()
    for (key, _), times in often.items():
        total[key] += times
        recurring[key] += times if times >= least else 0
    labels = {key for key in total if recurring[key] > 0.5 * total[key]}
    kept = []
    for each in found:
        fields = tuple(pair for pair in each.fields if pair[0] not in labels)
        dropped = len(each.fields) - len(fields)
        absent = tuple(value for _, value in fields) if each.fields else each.absent
        kept.append(AnswerFacts(each.facts - dropped, absent, each.derived, fields))
    return kept


def _defect(evidence: Evidence, rows: "NDArray[np.int64]", found: list[AnswerFacts], share: float) -> Defect:
    import numpy as np

    train = evidence.train
    worst = np.array([len(found[at].absent) / max(found[at].facts, 1) for at in rows.tolist()])
    return Defect(
        check="ungrounded_answer",
        severity="warn" if share >= WARN_SHARE else "note",
        why=f"{share:.0%} of the answers state a fact that their input does not hold: a model would learn to invent",
        fix="give the model the source at run time (retrieval), or take the fact out of the answer",
        rows=train.texts.rows[rows],
        share=share,
        examples=tuple(train.example(int(train.texts.rows[at])) for at in rows[:2]),
        review_rows=float(len(rows)),
        scores=worst,
    )


def _outside(evidence: Evidence, rows: "NDArray[np.int64]", found: list[AnswerFacts]) -> Defect:
    share = len(rows) / len(found)
    train = evidence.train
    return Defect(
        check="ungrounded_answer",
        severity="note",
        why=(
            f"{share:.0%} of the answers rest on knowledge outside the input: a fine-tune teaches form, "
            "and facts only where many rows repeat them"
        ),
        fix="give the model the source at run time (retrieval) where the facts are yours, or take them out",
        rows=train.texts.rows[rows],
        share=share,
        unpriced=True,
    )
