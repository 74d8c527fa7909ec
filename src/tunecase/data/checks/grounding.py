"""Answers that state facts which their input does not contain: training on them teaches a model to invent."""

from collections import Counter
from typing import TYPE_CHECKING

from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.detectors.invented_facts import AnswerFacts, answer_facts

if TYPE_CHECKING:
    from tunecase.data.arrays import Floats, Rows

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

    train, texts = evidence.train, evidence.train.texts
    if not train.labelled or evidence.classes:
        return None
    what = "facts that the input lacks: "
    if evidence.request.fast:
        return NotChecked(what + "left out of a fast audit")
    if len(texts.rows) < LEAST_ROWS:
        return NotChecked(f"{what}fewer than {LEAST_ROWS} rows")
    judged = _without_labels(list(map(answer_facts, texts.inputs[:MOST_ROWS], texts.outputs[:MOST_ROWS])))
    if why_not := _not_meant_to_rest_on_input(judged):
        return NotChecked(what + why_not)
    absent, facts = np.array([(len(answer.absent), answer.facts) for answer in judged]).T
    inventing = np.flatnonzero(absent)
    sourced, share = 1 - absent.sum() / facts.sum(), len(inventing) / len(judged)
    long = float(np.median(train.words)) >= LONG_INPUT_WORDS
    if sourced < (SOURCED / 2 if long else SOURCED):
        return _outside(texts.rows[inventing], share)
    if share < NOTE_SHARE:
        return None
    invented = absent[inventing] / facts[inventing]
    order = np.argsort(-invented, kind="stable")
    return _inventing(evidence, texts.rows[inventing[order]], share, invented[order])


def _inventing(evidence: Evidence, rows: "Rows", share: float, scores: "Floats") -> Defect:
    return Defect(
        check="ungrounded_answer",
        severity="warn" if share >= WARN_SHARE else "note",
        why=f"{share:.0%} of the answers state a fact that their input does not hold: a model would learn to invent",
        fix="give the model the source at run time (retrieval), or take the fact out of the answer",
        rows=rows,
        share=share,
        examples=tuple(map(evidence.train.example, rows[:2].tolist())),
        review_rows=float(len(rows)),
        scores=scores,
    )


def _not_meant_to_rest_on_input(judged: list[AnswerFacts]) -> str:
    """Why the facts of these answers need not stand in their input; empty where they should."""
    if sum(answer.facts > 0 for answer in judged) < LEAST_STATING * len(judged):
        return "few answers state numbers, names, dates or codes"
    absent = sum(len(answer.absent) for answer in judged)
    if absent and sum(answer.derived for answer in judged) > ARITHMETIC * absent:
        return "answers work out new numbers, which no input has to hold"
    return ""


def _without_labels(judged: list[AnswerFacts]) -> list[AnswerFacts]:
    """The same without labels: fields of JSON answers whose absent values recur over the rows are no facts."""
    often = Counter(pair for answer in judged for pair in set(answer.fields))
    least = max(LABEL_TIMES, len(judged) // 100)
    total, recurring = Counter[str](), Counter[str]()
    for (key, _), times in often.items():
        total[key] += times
        recurring[key] += times if times >= least else 0
    labels = {key for key in total if recurring[key] > 0.5 * total[key]}
    return [_without_fields(answer, labels) if answer.fields else answer for answer in judged]


def _without_fields(answer: AnswerFacts, left_out: set[str]) -> AnswerFacts:
    fields = tuple((key, value) for key, value in answer.fields if key not in left_out)
    facts = answer.facts - len(answer.fields) + len(fields)
    return AnswerFacts(facts, tuple(value for _, value in fields), answer.derived, fields)


def _outside(rows: "Rows", share: float) -> Defect:
    return Defect(
        check="ungrounded_answer",
        severity="note",
        why=(
            f"{share:.0%} of the answers rest on knowledge outside the input: a fine-tune teaches form, "
            "and facts only where many rows repeat them"
        ),
        fix="give the model the source at run time (retrieval) where the facts are yours, or take them out",
        rows=rows,
        share=share,
        unpriced=True,
    )
