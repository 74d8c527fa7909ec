"""Answers that state facts which their input does not contain: training on them teaches a model to invent.

Only where answers are meant to rest on their input: extraction, reading comprehension, summaries. An answer to an open
question, code, a chat or a sum rightly says what nobody told it.
"""

from collections import Counter

from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.checks.sample import Sample, sample_of
from tunecase.data.detectors.content_words import stem
from tunecase.data.detectors.invented_facts import AnswerFacts, answer_facts
from tunecase.data.text import words
from tunecase.quantities import Floats, Rows, np

LEAST_ROWS = 50
MOST_ROWS = 20_000
LEAST_STATING = 0.2  # of the rows must state facts for a judgement
GROUNDED = 0.75  # of the answers that state facts take all of them from the input where they are meant to rest on it
TAKEN, TAKEN_ROWS = 0.5, 0.7  # of an answer's longer words stand in its input, in so many of the rows
ARITHMETIC = 0.2  # of the absent facts follow from numbers at hand: then the task is to work them out
SHORTER = 0.8  # the median answer has fewer characters than this share of its input
JSON_SHARE = 0.9
LONG_WORD = 4  # characters
WARN_SHARE, NOTE_SHARE = 0.05, 0.01
LABEL_TIMES = 5  # a value that stands in a field this often is a label, not a fact of one row
OUTSIDE = "the answers are not meant to rest on their input"
OPEN_KINDS = ("code", "chats", "tool calls")


def ungrounded_answer(evidence: Evidence) -> Defect | NotChecked | None:
    """Rows whose answer states a fact absent from its input, where answers are meant to rest on the input.

    They are where answers are shorter than inputs and three in four that state facts have all of them from there; a
    warning from 5% of the rows. Elsewhere a missing fact says nothing, and the check is silent.
    """
    train, texts = evidence.train, evidence.train.texts
    if not train.labelled or evidence.classes:
        return None
    what = "facts that the input lacks: "
    if evidence.request.fast:
        return NotChecked(what + "left out of a fast audit")
    candidates = np.flatnonzero([bool(output.strip()) for output in texts.outputs])
    answered = candidates
    if len(answered) > MOST_ROWS:
        answered = np.sort(np.random.default_rng(evidence.request.seed).permutation(candidates)[:MOST_ROWS])
    if len(answered) < LEAST_ROWS:
        return NotChecked(f"{what}fewer than {LEAST_ROWS} rows")
    pairs = [(texts.inputs[at], texts.outputs[at]) for at in answered.tolist()]
    if not _are_fields(pairs) and (evidence.domain in OPEN_KINDS or not _rest_on_inputs(pairs)):
        return NotChecked(what + OUTSIDE)
    judged = _without_labels([answer_facts(*pair) for pair in pairs])
    if why_not := _not_meant_to_rest_on_input(judged):
        return NotChecked(what + why_not)
    absent, facts = np.array([(len(answer.absent), answer.facts) for answer in judged]).T
    inventing = np.flatnonzero(absent)
    if len(inventing) > (1 - GROUNDED) * (facts > 0).sum():
        return NotChecked(what + OUTSIDE)
    share = len(inventing) / len(judged)
    if share < NOTE_SHARE:
        return None
    invented = absent[inventing] / facts[inventing]
    order = np.argsort(-invented, kind="stable")
    rows = texts.rows[answered][inventing[order]]
    sample = sample_of(train, len(answered), len(candidates), "answers")
    return _inventing(evidence, rows, sample, invented[order])


def _are_fields(pairs: list[tuple[str, str]]) -> bool:
    """True where nine in ten answers are JSON: fields of their input, if their values stand there."""
    return sum(output.lstrip()[:1] in ("{", "[") for _, output in pairs) >= JSON_SHARE * len(pairs)


def _rest_on_inputs(pairs: list[tuple[str, str]]) -> bool:
    """True where answers are shorter than their inputs and mostly take their words from them."""
    shares = [_taken(*pair) for pair in pairs]
    told = [share for share in shares if share is not None]
    lengths = np.array([(len(input), len(output)) for input, output in pairs])
    shorter = float(np.median(lengths[:, 1])) < SHORTER * float(np.median(lengths[:, 0]))
    return shorter and sum(share >= TAKEN for share in told) >= TAKEN_ROWS * max(len(told), 1)


def _taken(input: str, output: str) -> float | None:
    """The share of an answer's longer words that its input holds; None where it has none."""
    said = {stem(word) for word in words(output) if len(word) >= LONG_WORD}
    held = {stem(word) for word in words(input)}
    return len(said & held) / len(said) if said else None


def _inventing(evidence: Evidence, rows: "Rows", sample: Sample, scores: "Floats") -> Defect:
    share = len(rows) / sample.judged
    return Defect(
        check="ungrounded_answer",
        severity="warn" if share >= WARN_SHARE else "note",
        why=(
            f"{share:.0%} of the answers state a fact that their input does not hold: a model would learn to invent"
            f"{sample.told(len(rows))}"
        ),
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
