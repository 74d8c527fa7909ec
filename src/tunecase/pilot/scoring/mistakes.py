"""What a run gets wrong: classes it confuses, parts of the test set it is worse on, and the rows to look at.

A part is called worse only when its interval lies below that of all other rows, and the intervals are the wider the
more parts are looked at, so that luck among many parts is not taken for a finding.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tunecase.pilot.scoring.fields import fields_right
from tunecase.pilot.scoring.score import Kind, mean_interval
from tunecase.quantities import Interval80, count, one_line
from tunecase.records import Confusion, Mistakes, Slice, WorstRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Why = Literal["likely wrong label", "confused classes", "hard", "confident and wrong", "low score"]

MOST_CONFUSIONS = 50
MOST_WORST = 20
MOST_SLICES = 30  # of one kind: labels or sources, the largest
TEXT_CHARACTERS = 300
LEAST_ROWS_FOR_LENGTHS = 9
LUCK = 0.2  # chance that some part is called worse though none is
NEIGHBOURS, LEAST_AGREEING, LEAST_LIKE = 5, 2, 0.2
CONFIDENT = 0.8
LEAST_CONFUSED, LEAST_CONFUSED_SHARE = 3, 0.2
MOST_KNOWN = 20_000
WORDS_AND_SIGNS = r"\w+|[^\w\s]"
LOW_SCORE = 0.5


def find_mistakes(
    *,
    run: str,
    n: int,
    kind: Kind,
    texts: Sequence[str],
    labels: Sequence[str],
    predictions: Sequence[str],
    row_scores: Sequence[float],
    confidences: Sequence[float] | None = None,
    rows: Sequence[int] | None = None,
    sources: Sequence[str] | None = None,
) -> Mistakes:
    """What one run gets wrong on its test rows.

        worse = high end of the part < low end of the other rows, both at confidence 1 - LUCK / parts looked at

    Args:
        run, n: the run's key and its training rows.
        kind: confusions and slices by label are for classification, slices by field for extraction.
        texts, labels, predictions, row_scores: one each per test row; scores 0 to 1.
        confidences: 0 to 1 per row, where known.
        rows: each row's number in the test file; 0, 1, ... when left out.
        sources: a name per row of where it comes from; "" for rows without one.
    Returns: Mistakes; confusions by rows, most first, at most 50; slices by kind of part, worst first; at most 20 worst
        rows: wrong with the highest confidence for classes, with the lowest score for other kinds. A slice by field is
        the share of rows that have it wholly right, against all other fields.
        `wrong_rows` counts scores below 1, for free text below .5.
    Raises: ValueError when the lengths differ.

    Leaves out parts that only two properties together describe, and labels or sources beyond the 30 largest.
    """
    rows = range(len(texts)) if rows is None else rows
    given = [texts, labels, predictions, row_scores, rows, *(x for x in (confidences, sources) if x is not None)]
    if len({len(each) for each in given}) > 1:
        raise ValueError(f"{', '.join(str(len(each)) for each in given)} values; wanted one each per test row")
    groups = [*_lengths(texts), *(_named("label", labels) if kind == "classification" else [])]
    groups += _named("source", sources or ())
    parts = [_part(by, name, members, row_scores) for by, name, members in groups]
    if kind == "extraction":
        parts += _by_field(labels, predictions)
    wrong = [i for i, score in enumerate(row_scores) if _is_wrong(score, kind)]
    return Mistakes(
        run=run,
        n=n,
        confusions=_confusions(labels, predictions) if kind == "classification" else (),
        slices=_slices(parts),
        worst=tuple(
            WorstRow(
                rows[i],
                one_line(texts[i], TEXT_CHARACTERS),
                one_line(labels[i], TEXT_CHARACTERS),
                one_line(predictions[i], TEXT_CHARACTERS),
                row_scores[i],
                confidences[i] if confidences is not None else None,
            )
            for i in _worst_first(wrong, row_scores, confidences)[:MOST_WORST]
        ),
        wrong_rows=len(wrong),
    )


def review_rows(
    *,
    kind: Kind,
    texts: Sequence[str],
    labels: Sequence[str],
    predictions: Sequence[str],
    row_scores: Sequence[float],
    confidences: Sequence[float] | None = None,
    rows: Sequence[int] | None = None,
    known_texts: Sequence[str] = (),
    known_labels: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The wrong rows as plain dicts for a file to look at, most worth a look first.

    Why a row is listed, the first that holds: "likely wrong label", the answer is confident (or its confidence is not
    known) and of the 5 most similar other rows at least 2 carry the answer and none the label; "confused classes", its
    pair of label and answer makes up 3 rows and a fifth of the label's; "confident and wrong"; "hard". Rows of other
    kinds are "low score".

    Args:
        kind, texts, labels, predictions, row_scores, confidences, rows: as for `find_mistakes`.
        known_texts, known_labels: training rows, which count as neighbours too.
    Returns: per wrong row: row, text, label, answer, score, confidence, why, and the labels of the neighbours.

    Measured with the probe, 4,000 training rows and 5% wrong labels planted in 1,500 test rows of banking77 and clinc:
    of the rows called likely wrong 67% and 83% were planted, and 69% and 76% of the planted were found; where the
    planted label was that of the most similar class, 48% and 75%, and 32% and 44%.
    Leaves out neighbours that mean the same in other words: likeness is of words and pairs of words (TF-IDF, cosine).
    """
    rows = range(len(texts)) if rows is None else rows
    wrong = [i for i, score in enumerate(row_scores) if _is_wrong(score, kind)]
    classes = kind == "classification"
    near = _neighbours(wrong, texts, labels, known_texts, known_labels) if classes else [()] * len(wrong)
    pairs, of_label = Counter(zip(labels, predictions, strict=True)), Counter(labels)
    found = []
    for i, nearby in zip(wrong, near, strict=True):
        confidence = confidences[i] if confidences is not None else None
        pair = pairs[labels[i], predictions[i]]
        confused = pair >= max(LEAST_CONFUSED, LEAST_CONFUSED_SHARE * of_label[labels[i]])
        why = _why(labels[i], predictions[i], confidence, nearby, confused) if classes else "low score"
        row = {"row": rows[i], "text": texts[i], "label": labels[i], "answer": predictions[i], "score": row_scores[i]}
        found.append(row | {"confidence": confidence, "why": why, "neighbours": list(nearby)})
    order = ("likely wrong label", "confident and wrong", "confused classes", "hard", "low score")
    return sorted(found, key=lambda row: (order.index(row["why"]), row["score"], -(row["confidence"] or 0.0)))


def _is_wrong(score: float, kind: Kind) -> bool:
    return score < (LOW_SCORE if kind == "generation" else 1.0)


def _worst_first(
    wrong: Sequence[int], row_scores: Sequence[float], confidences: Sequence[float] | None
) -> Sequence[int]:
    return sorted(wrong, key=lambda i: (row_scores[i], -(confidences[i] if confidences is not None else 0.0)))


def _confusions(labels: Sequence[str], predictions: Sequence[str]) -> tuple[Confusion, ...]:
    of_label = Counter(labels)
    pairs = Counter((label, guess) for label, guess in zip(labels, predictions, strict=True) if label != guess)
    ranked = sorted(pairs.items(), key=lambda item: (-item[1], -item[1] / of_label[item[0][0]], item[0]))
    return tuple(
        Confusion(label, one_line(guess, TEXT_CHARACTERS), rows, rows / of_label[label])
        for (label, guess), rows in ranked[:MOST_CONFUSIONS]
    )


# --- parts of the test set

Group = tuple[str, str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class _Part:
    by: str
    name: str
    scores: Sequence[float]
    others: Sequence[float]


def _lengths(texts: Sequence[str]) -> list[Group]:
    """Short, middle and long texts, a third each; equal lengths stay together."""
    if len(texts) < LEAST_ROWS_FOR_LENGTHS:
        return []
    sizes = [len(text) for text in texts]
    ranked = sorted(sizes)
    first, second = ranked[(len(sizes) - 1) // 3], ranked[2 * (len(sizes) - 1) // 3]
    groups = (
        (f"short (up to {count(first)} characters)", [i for i, size in enumerate(sizes) if size <= first]),
        (f"middle (up to {count(second)})", [i for i, size in enumerate(sizes) if first < size <= second]),
        (f"long (over {count(second)})", [i for i, size in enumerate(sizes) if size > second]),
    )
    filled: list[Group] = [("length", name, members) for name, members in groups if members]
    return filled if len(filled) > 1 else []


def _named(by: str, names: Sequence[str]) -> list[Group]:
    members: Mapping[str, list[int]] = defaultdict(list)
    for i, name in enumerate(names):
        if name:
            members[name].append(i)
    largest = sorted(members, key=lambda name: (-len(members[name]), name))[:MOST_SLICES]
    return [(by, name, members[name]) for name in largest] if len(members) > 1 else []


def _part(by: str, name: str, members: Sequence[int], row_scores: Sequence[float]) -> _Part:
    inside = set(members)
    others = [score for i, score in enumerate(row_scores) if i not in inside]
    return _Part(by, name, [row_scores[i] for i in members], others)


def _by_field(labels: Sequence[str], predictions: Sequence[str]) -> list[_Part]:
    """Each field with 1 for a row that has it right, against the same of all other fields."""
    right: dict[str, list[float]] = defaultdict(list)
    for label, guess in zip(labels, predictions, strict=True):
        for name, is_right in fields_right(label, guess).items():
            right[name].append(float(is_right))
    commonest = sorted(right, key=lambda name: (-len(right[name]), name))[:MOST_SLICES]
    if len(right) < 2:
        return []
    return [
        _Part("field", name, right[name], [one for other in right if other != name for one in right[other]])
        for name in commonest
    ]


def _slices(parts: Sequence[_Part]) -> tuple[Slice, ...]:
    found = []
    for part in parts:
        mean = sum(part.scores) / len(part.scores)
        low, high = mean_interval(part.scores)
        confidence = 1 - LUCK / len(parts)
        below = mean_interval(part.scores, confidence)[1] < mean_interval(part.others, confidence)[0]
        interval = Interval80(min(low, mean), mean, max(high, mean))
        name = one_line(part.name, TEXT_CHARACTERS)
        found.append(Slice(part.by, name, len(part.scores), mean, interval, bool(part.others) and below))
    order = ("length", "label", "field", "source")
    return tuple(sorted(found, key=lambda part: (order.index(part.by), part.score)))


# --- rows to look at


def _why(label: str, answer: str, confidence: float | None, nearby: tuple[str, ...], confused: bool) -> Why:
    confident = confidence is None or confidence >= CONFIDENT
    if confident and label not in nearby and nearby.count(answer) >= LEAST_AGREEING:
        return "likely wrong label"
    if confused:
        return "confused classes"
    return "confident and wrong" if confidence is not None and confident else "hard"


def _neighbours(
    wrong: Sequence[int],
    texts: Sequence[str],
    labels: Sequence[str],
    known_texts: Sequence[str],
    known_labels: Sequence[str],
) -> list[tuple[str, ...]]:
    """The labels of the rows most like each wrong row, most alike first; fewer where none is alike."""
    if not wrong:
        return []
    from sklearn.feature_extraction.text import TfidfVectorizer

    pool = [*texts, *known_texts[:MOST_KNOWN]]
    names = [*labels, *known_labels[:MOST_KNOWN]]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=WORDS_AND_SIGNS, sublinear_tf=True)
    try:
        weights = vectorizer.fit_transform(pool)
    except ValueError:  # nothing but blanks
        return [()] * len(wrong)
    found = []
    for i in wrong:
        likeness = (weights @ weights[i].T).toarray().ravel()
        likeness[i] = 0.0
        found.append(tuple(names[j] for j in _largest(likeness) if likeness[j] >= LEAST_LIKE))
    return found


def _largest(likeness: "NDArray[np.float64]") -> "NDArray[np.int64]":
    import numpy as np

    return np.argsort(-likeness, kind="stable")[:NEIGHBOURS]
