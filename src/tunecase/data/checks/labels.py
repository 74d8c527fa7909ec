"""Wrong labels: the ranked queue, labels that look random, answers beside the wrong input, two annotators."""

from collections.abc import Sequence

from tunecase.data.checks.columns import NO_TEXT, Split
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.checks.sample import Sample, sample_of
from tunecase.data.detectors.label_errors import (
    LEAST_A_CLASS,
    LEAST_FOR_SIGNAL,
    LEAST_ROWS,
    MOST_ROWS,
    SIGNAL_ROWS,
    Ranking,
    random_label_p,
    rank_labels,
    rank_mismatches,
)
from tunecase.data.review.depth import plan_depth
from tunecase.quantities import Flags, Interval80, Rows, np, wilson

LEFT_OUT = "left out, as only what one pass can tell was asked for"
CHANCE = 0.05
# Of 20 to 50 tweets with real labels 10 of 24 parts lay above .2; of 100 and 150 texts none of 160 parts of four sets.
SURELY_RANDOM, LEAST_SURE = 0.2, 100
# Of so few texts more is wanted before labels count as told from random ones: at .05 1 to 3 of 20 random sets passed.
FEW_CHANCE = 0.01
MOST_CHARACTERS, LONG_TEXT = 2_000_000, 2_000  # of all texts that are learnt from; of one of them
SHOWN = 1000
FITTING = 0.01  # an answer that fits its input stands among so large a share of all answers
LEAST_FITTING = 0.94
QUEUE_FROM = 0.1
LEAST_DOUBLES = 20
SO_FEW = "real labels of so few rows can look so as well"
LEAST_WRONG, CERTAIN = 0.5, 0.9
LEAST_MISMATCHES, ODD_ANSWERS = 5, 0.002  # 3 of 7,473 answers of GSM8K, where all fit, stood out
FINE_KAPPA = 0.6


def label_error(evidence: Evidence) -> Defect | NotChecked | None:
    """Labels that the texts do not support, worst first; `count` is how many are estimated wrong, not the queue."""
    if not evidence.classes:
        return None
    if evidence.request.fast:
        return NotChecked(f"wrong labels: {LEFT_OUT}")
    rows, texts, codes, names = _labelled(evidence)
    ranking = rank_labels(texts, codes, evidence.request.seed, evidence.same_text.of(rows))
    if ranking is None:
        return NotChecked(
            f"wrong labels: fewer than {LEAST_ROWS} rows, or than two classes with {LEAST_A_CLASS} different texts"
        )
    if ranking.accuracy <= np.bincount(codes).max() / len(codes):
        return NotChecked("wrong labels: no cheap model foretells these labels better than the commonest one")
    wrong = _wrong(ranking)
    if wrong is None:
        return None
    planned = plan_depth(ranking.scores, wrong)
    depth = min(max(planned.rows, 1), SHOWN)
    train = evidence.train
    queue = rows[ranking.rows[:SHOWN]]
    suggested = tuple(names[int(code)] for code in ranking.suggested[:SHOWN])
    judged, left = len(ranking.rows), train.count - len(ranking.rows)
    seen = _sample(evidence, len(rows), judged)
    return Defect(
        check="label_error",
        severity="warn" if wrong.low > 0 else "note",
        why=(
            f"about {wrong.mid:.0f} labels look wrong (80% sure: {wrong.low:.0f} to {wrong.high:.0f}) of "
            f"{judged:,} judged{f', {left:,} were not' if left else ''}: a wrong label teaches the wrong answer"
            f"{seen.told(wrong)}"
        ),
        fix=f"read the first {depth} of the queue, worst first, with some random rows among them; stop as they run dry",
        rows=queue,
        count=round(wrong.mid),
        share=wrong.mid / judged,
        judged=None if seen.whole else judged,
        examples=tuple(
            f"{train.example(row)} → {train.label(row)}, or {name}?"
            for row, name in zip(queue[:3].tolist(), suggested, strict=False)
        ),
        review_rows=float(planned.rows),
        scores=ranking.scores[:SHOWN].astype(np.float64),
        suggested=suggested,
        measured=("wrong labels estimated", wrong.low, wrong.mid, wrong.high),
    )


def _wrong(ranking: Ranking) -> Interval80 | None:
    """How many labels are wrong, None where there is none; the fit of the noise can miss single rows that are sure."""
    wrong = ranking.wrong
    if wrong.mid >= LEAST_WRONG:
        return wrong
    certain = float((ranking.scores >= CERTAIN).sum())
    return Interval80(wrong.low, certain, max(wrong.high, certain)) if certain else None


def labels_random(evidence: Evidence) -> Defect | NotChecked | None:
    """Labels that cannot be told from random ones; a stop from p = .2 on at least 100 texts.

    Of random sets 5% escape by construction, and another 15% do no more than warn, as fewer than 100 texts always do;
    of these 1% escape.
    """
    if not evidence.classes:
        return None
    if evidence.request.fast:
        return NotChecked(f"whether the labels are random: {LEFT_OUT}")
    rows, texts, codes, _ = _labelled(evidence)
    first = np.unique(evidence.same_text.of(rows), return_index=True)[1]
    p = random_label_p([texts[i] for i in first], codes[first], evidence.request.seed)
    if p is None:
        return NotChecked(
            f"whether the labels are random: fewer than {LEAST_FOR_SIGNAL} different texts, one class, or no two alike"
        )
    few = len(first) < LEAST_SURE
    drawn = sample_of(evidence.train, min(len(first), SIGNAL_ROWS), len(first), "texts")
    if p <= (FEW_CHANCE if few else CHANCE):
        return None
    return Defect(
        check="labels_random",
        severity="stop" if p > SURELY_RANDOM and not few else "warn",
        why=(
            f"the labels of {len(first):,} texts cannot be told from labels handed out at random (p = {p:.2f}): "
            f"{SO_FEW if few else 'nothing in the words speaks for them'}"
            f"{drawn.told()}"
        ),
        fix="read 20 rows: could a person name the label from the text, and do the columns belong together?",
        count=len(first),
        share=1.0,
        unpriced=True,
    )


def answer_mismatch(evidence: Evidence) -> Defect | NotChecked | None:
    """Free answers that share fewer words with their input than other rows' answers do."""
    train, what = evidence.train, "answers beside the wrong input"
    if evidence.classes or not train.labelled:
        return None
    if evidence.request.fast:
        return NotChecked(f"{what}: {LEFT_OUT}")
    texts = train.texts
    kept = _some(train.take("answer", texts.rows) != NO_TEXT, texts.inputs, evidence.request.seed)
    if len(kept) < LEAST_ROWS:
        return NotChecked(f"{what}: fewer than {LEAST_ROWS} rows with an answer")
    scores = rank_mismatches([texts.inputs[i] for i in kept], [texts.outputs[i] for i in kept])
    if scores is None or (scores <= FITTING).mean() < LEAST_FITTING:
        return NotChecked(f"{what}: too few answers take up words of their input to tell")
    beyond = int((scores > QUEUE_FROM).sum())
    if beyond < max(LEAST_MISMATCHES, ODD_ANSWERS * len(kept)):
        return None
    order = np.argsort(-scores, kind="stable")[:beyond]
    share = min(beyond / (1 - QUEUE_FROM) / len(kept), 1.0)
    low, high = wilson(share * len(kept), len(kept))
    rows = texts.rows[kept[order]]
    answered = int(train.total(["answer"], lambda columns: int((columns["answer"] != NO_TEXT).sum())))
    sample = Sample(len(kept), answered, "answers").told(beyond)
    return Defect(
        check="answer_mismatch",
        severity="warn" if low > FITTING else "note",
        why=f"{beyond} answers share fewer words with their input than a tenth of all other answers do{sample}",
        fix="look whether each answer belongs to its input: rows may have slipped against each other",
        rows=rows,
        examples=tuple(map(train.example, rows[:2].tolist())),
        review_rows=float(beyond),
        scores=scores[order].astype(np.float64),
        measured=("mismatched answers at most", 0.0, beyond / 2, high * len(kept)),
    )


def annotator_agreement(evidence: Evidence) -> Defect | NotChecked | None:
    """How often a second annotator gives the test row the same label; what a model may score stands with `define`."""

    from tunecase.quantities import agreement_of_two

    test = evidence.test
    if test is None or not evidence.classes:
        return None
    what = "agreement of two annotators"
    if not evidence.second:
        return NotChecked(f"{what}: no test row has a second label")
    pairs = _labelled_twice(test, evidence.second)
    if len(pairs) < LEAST_DOUBLES:
        return NotChecked(f"{what}: {len(pairs)} test rows have two labels, {LEAST_DOUBLES} are the least")
    agreement = agreement_of_two([labels for _, labels in pairs])
    share, kappa = agreement.share, agreement.kappa
    differ = np.array([at for at, (first, second) in pairs if first != second], np.int64)
    beyond = "" if kappa is None else f", kappa {kappa.mid:.2f} ({kappa.low:.2f} to {kappa.high:.2f})"
    agree = f"two annotators agree on {share.mid:.0%} of {len(pairs)} test rows"
    return Defect(
        check="annotator_agreement",
        severity="warn" if kappa is not None and kappa.high < FINE_KAPPA else "note",
        why=f"{agree} (80% sure: {share.low:.0%} to {share.high:.0%}){beyond}",
        fix="settle the rows on which they differ, and write the rule into the guideline",
        rows=differ,
        where="test",
        count=len(differ),
        share=len(differ) / len(pairs),
        review_rows=float(len(differ)),
        measured=(what, share.low, share.mid, share.high),
    )


def _labelled_twice(test: Split, seconds: Sequence[str]) -> list[tuple[int, tuple[str, str]]]:
    """Test rows with two labels, and both of them but for case and blanks; `seconds` are by row number."""
    pairs = []
    for first_row, columns in test.chunks("number", "answer"):
        rows = zip(columns["number"].tolist(), columns["answer"].tolist(), strict=True)
        for at, (number, answer) in enumerate(rows, first_row):
            second = seconds[number] if number < len(seconds) else ""
            if second.strip() and answer != NO_TEXT:
                first = test.label_named(answer)
                pairs.append((at, (" ".join(first.split()).casefold(), " ".join(second.split()).casefold())))
    return pairs


def _some(wanted: "Flags", texts: Sequence[str], seed: int) -> "Rows":
    """Places that are wanted, at random so many that they can be learnt from in about a minute."""
    places = np.flatnonzero(wanted)
    length = sum(min(len(texts[at]), LONG_TEXT) for at in places.tolist()) / max(len(places), 1)
    most = min(MOST_ROWS, max(LEAST_ROWS, int(MOST_CHARACTERS / max(length, 1))))
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(seed).permutation(places)[:most])


def _labelled(evidence: Evidence) -> tuple["Rows", list[str], "Rows", list[str]]:
    """Rows with text and label, at most MOST_ROWS: index, text, code of the label; and the label of each code."""
    train = evidence.train
    at = train.texts.rows
    answer, raw = train.take("answer", at), train.take("raw", at)
    kept = _some((answer != NO_TEXT) & (raw != NO_TEXT), train.texts.inputs, evidence.request.seed)
    answers, codes = np.unique(answer[kept], return_inverse=True)
    names = [train.label_named(int(each)) for each in answers.tolist()]
    return at[kept], [train.texts.inputs[i] for i in kept], codes.astype(np.int64), names


def _sample(evidence: Evidence, drawn: int, judged: int) -> Sample:
    """The rows that were judged, of those that would have been if all had been drawn."""
    train = evidence.train
    names = ["raw", "answer"]
    labelled = train.total(names, lambda c: int(((c["raw"] != NO_TEXT) & (c["answer"] != NO_TEXT)).sum()))
    return Sample(judged, round(labelled * judged / max(drawn, 1)), "labels")
