"""How alike two texts are in what survives rewording: features of a pair of rows, and one score for them."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tunecase.data.detectors.content_words import Terms, is_code, number, terms
from tunecase.data.detectors.grams import runs_in_words
from tunecase.data.detectors.synonyms import group
from tunecase.quantities import Flags, Floats, Rows, np

LONGEST_ANSWER = 60
NAME_TIMES = 3  # a word is a name where it is written with a capital this many times as often as without
MOST_BITS_A_LITERAL = 12.0
MOST_ANSWER_BITS = 5.0
GRAM = 4
CHANNELS = ("words", "groups", "numerals", "names", "shapes")
# What is weighed of a pair, and how much in prose and in code: logistic regressions (L2, C = .01) of 2026-11-24.
# Prose: half of GSM8K's rewrites and clean questions, with and without answers, banking77, CLINC and Self-Instruct as
# further clean rows. Code: half of HumanEval's Python rewrites, clean functions of Python's library.
INTERCEPTS = (-12.672, 2.256)
WEIGHTS: dict[str, tuple[float, float]] = {
    "words_overlap": (-0.886, 7.402),
    "words_shared": (-0.077, 0.794),
    "words_bits": (0.934, 0.054),
    "words_none": (0.000, 0.000),
    "groups_overlap": (1.027, 9.846),
    "groups_shared": (0.865, 1.657),
    "groups_bits": (1.068, 0.168),
    "groups_none": (0.000, 0.000),
    "numerals_overlap": (2.012, 0.928),
    "numerals_shared": (1.886, -0.192),
    "numerals_bits": (0.981, 0.044),
    "numerals_none": (-0.323, -0.056),
    "names_overlap": (1.128, -0.389),
    "names_shared": (0.618, -0.495),
    "names_bits": (0.438, 0.159),
    "names_none": (0.215, -0.173),
    "shapes_overlap": (-0.287, 0.257),
    "shapes_shared": (-0.287, 0.159),
    "shapes_bits": (0.000, 0.045),
    "shapes_none": (-0.143, -0.039),
    "cosine": (0.478, 0.097),
    "lead": (2.796, 3.051),
    "grams": (0.761, 7.421),
    "length": (-0.474, -0.191),
    "order": (2.740, 0.935),
    "same_answer": (0.663, 0.000),
    "other_answer": (-0.526, 0.000),
}


@dataclass(frozen=True, slots=True)
class Example:
    """One row: what goes in and what should come out ("" where there is no answer)."""

    input: str
    output: str = ""


@dataclass(slots=True)
class Side:
    """One file as sparse rows of terms: `channels` hold weights of terms present, `search` unit rows of all of them."""

    texts: list[str]
    numerals: list[tuple[str, ...]]
    code: "Flags"
    words: "Floats"
    channels: dict[str, Any]
    search: Any
    answers: list[str]
    answer_bits: "Floats"

    def __len__(self) -> int:
        return len(self.texts)


def final_answer(output: str) -> str:
    """The short answer in an output: a label or a value as it stands, else the number a derivation ends with.

    Example:
        >>> final_answer("16 - 7 = 9 eggs. 9 * 2 = 18\\n#### 18"), final_answer("Card_arrival")
        ('18', 'card arrival')
    """
    answer = output.rsplit("####", 1)[-1].strip()
    if len(answer) > LONGEST_ANSWER:
        last = answer.splitlines()[-1]
        numerals = terms(last).numerals if len(last) <= 4 * LONGEST_ANSWER else ()
        return numerals[-1] if numerals else ""
    bare = answer.strip("$€£%. ").replace(",", "")
    return number(bare) if bare[:1].isdecimal() else " ".join(answer.casefold().replace("_", " ").split())


def read(example: Example) -> Terms:
    """The terms of an example: of its input, and for code also of its answer, since either may hold the task."""
    if example.output and (is_code(example.input) or is_code(example.output)):
        return terms(f"{example.input}\n{example.output}")
    return terms(example.input)


def sides(*files: Sequence[Example]) -> list[Side]:
    """Files as rows over one vocabulary; a term weighs ln((rows + 1) / (rows with it + 1)) over all files together."""
    files_terms = [[read(example) for example in file] for file in files]
    names = _names(chain.from_iterable(files_terms))
    matrices = {channel: _matrices(channel, files_terms, names) for channel in CHANNELS}
    answers = [[final_answer(example.output) for example in file] for file in files]
    often = Counter(filter(None, chain.from_iterable(answers)))
    return [
        _side(file, file_terms, file_answers, {channel: of_files[at] for channel, of_files in matrices.items()}, often)
        for at, (file, file_terms, file_answers) in enumerate(zip(files, files_terms, answers, strict=True))
    ]


def _side(
    file: Sequence[Example], file_terms: list[Terms], answers: list[str], channels: dict[str, Any], often: Counter[str]
) -> Side:
    return Side(
        texts=[example.input for example in file],
        numerals=[each.numerals for each in file_terms],
        code=np.array([each.code for each in file_terms], bool),
        words=np.array([each.words.total() + each.capital.total() for each in file_terms], float),
        channels=channels,
        search=_unit(list(channels.values())),
        answers=answers,
        answer_bits=_bits(answers, often),
    )


def _names(rows: Iterable[Terms]) -> set[str]:
    """Words that are written with a capital in far more rows than without."""
    capital, low = Counter[str](), Counter[str]()
    for each in rows:
        capital.update(each.capital.keys())
        low.update(each.words.keys())
    return {word for word, times in capital.items() if times >= NAME_TIMES * low[word]}


def _bits(answers: Sequence[str], often: Counter[str]) -> "Floats":
    """How much it says that two rows have the same answer, 0 where there is none."""
    total = often.total()
    bits = [min(math.log((1 + total) / often[answer]), MOST_ANSWER_BITS) if answer else 0.0 for answer in answers]
    return np.array(bits)


def _terms_of(channel: str, each: Terms, names: set[str]) -> Counter[str]:
    """The terms of one channel, with how often they occur."""
    if channel == "words":
        return each.words + each.capital
    if channel == "groups":
        grouped: Counter[str] = Counter()
        for word, times in (each.words + each.capital).items():
            grouped[group(word)] += times
        return grouped
    if channel == "numerals":
        return Counter(each.numerals)
    if channel == "names":
        return each.literals if each.code else Counter(word for word in each.capital if word in names)
    return each.shapes


def _matrices(channel: str, files: list[list[Terms]], names: set[str]) -> list[Any]:
    """One sparse matrix a file, shape (rows, terms): ln-damped counts times the weight of the term."""
    from scipy import sparse

    place: dict[str, int] = {}
    parts = []
    for file in files:
        ends, at, times = [0], list[int](), list[int]()
        for each in file:
            spoken = _terms_of(channel, each, names)
            at.extend(place.setdefault(term, len(place)) for term in spoken)
            times.extend(spoken.values())
            ends.append(len(at))
        parts.append((np.array(times, float), np.array(at, np.int64), np.array(ends, np.int64)))
    rows = sum(len(file) for file in files)
    within = sum((np.bincount(at, minlength=len(place)) for _, at, _ in parts), np.zeros(len(place)))
    weight = np.minimum(np.log((1 + rows) / (1 + within)), MOST_BITS_A_LITERAL).clip(0)
    damped = channel != "numerals"
    return [
        sparse.csr_matrix(
            ((1 + np.log(times) if damped else times) * weight[at], at, ends), (len(ends) - 1, len(place))
        )
        for times, at, ends in parts
    ]


def _unit(matrices: list[Any]) -> Any:
    """Matrices side by side, rows of length one."""
    from scipy import sparse

    joined = sparse.hstack(matrices, format="csr")
    length = np.sqrt(np.asarray(joined.multiply(joined).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(length, 1e-9)) @ joined).tocsr()


def features(test: Side, train: Side, pairs: "Rows", cosine: "Floats", lead: "Floats") -> "Floats":
    """What the judge weighs, for each pair of rows, shape (pairs, len(WEIGHTS)).

    Args:
        pairs: (row of one, row of other), shape (pairs, 2).
        cosine: of the search; lead: by which the pair leads the best other candidate of its row, negative otherwise.
    """
    left, right = pairs[:, 0], pairs[:, 1]
    columns: list[Floats] = []
    for channel in CHANNELS:
        columns += _overlap(test.channels[channel][left], train.channels[channel][right])
    same = np.array([test.answers[i] == train.answers[j] for i, j in pairs.tolist()], bool)
    both = np.array([bool(test.answers[i] and train.answers[j]) for i, j in pairs.tolist()], bool)
    order = [len(test.numerals[i]) > 1 and test.numerals[i] == train.numerals[j] for i, j in pairs.tolist()]
    columns += [
        cosine,
        lead,
        _grams(test, train, pairs),
        np.abs(np.log((test.words[left] + 1) / (train.words[right] + 1))),
        np.array(order, float),
        np.where(both & same, train.answer_bits[right], 0.0),
        (both & ~same).astype(float),
    ]
    return np.stack(columns, axis=1) if len(pairs) else np.zeros((0, len(WEIGHTS)))


def _overlap(a: Any, b: Any) -> "list[Floats]":
    """Shared weight of all, and of the shorter row, less a half; its logarithm; 1 where a row has no such term."""
    mine, yours = (np.asarray(each.sum(axis=1)).ravel() for each in (a, b))
    shared = np.asarray(a.minimum(b).sum(axis=1)).ravel()
    none = (mine <= 0) | (yours <= 0)
    overlap = shared / np.maximum(mine + yours - shared, 1e-9) - 0.5
    of_shorter = shared / np.maximum(np.minimum(mine, yours), 1e-9) - 0.5
    return [np.where(none, 0.0, overlap), np.where(none, 0.0, of_shorter), np.log1p(shared), none.astype(float)]


def _grams(test: Side, train: Side, pairs: "Rows") -> "Floats":
    """Cosine of runs of four characters: kin words that the stems part."""
    if not len(pairs):
        return np.zeros(0)
    mine, left = np.unique(pairs[:, 0], return_inverse=True)
    yours, right = np.unique(pairs[:, 1], return_inverse=True)
    texts = [test.texts[i] for i in mine] + [train.texts[j] for j in yours]
    counts = runs_in_words(texts, GRAM, GRAM).astype(np.float64)
    within = np.bincount(counts.indices, minlength=counts.shape[1])
    counts.data = (1 + np.log(counts.data)) * np.log((1 + len(texts)) / (1 + within))[counts.indices].clip(0)
    unit = _unit([counts])
    return np.asarray(unit[left].multiply(unit[len(mine) + right]).sum(axis=1)).ravel()


def score(test: Side, train: Side, pairs: "Rows", cosine: "Floats", lead: "Floats") -> "Floats":
    """How sure the judge is that the pairs say the same, as log odds, shape (pairs,).

    Log odds are comparable within one kind of data, not across: paraphrases.match sets the level that suits the data.
    """
    weighed = features(test, train, pairs, cosine, lead)
    weights = np.array(list(WEIGHTS.values()))
    prose, code = (weighed @ weights[:, kind].copy() + INTERCEPTS[kind] for kind in (0, 1))
    both = test.code[pairs[:, 0]] & train.code[pairs[:, 1]] if len(pairs) else np.zeros(0, bool)
    odds: Floats = np.where(both, code, prose)
    return odds


def take(side: Side, rows: "Rows") -> Side:
    """Some rows of a side, over the same vocabulary."""
    kept = rows.tolist()
    return Side(
        texts=[side.texts[i] for i in kept],
        numerals=[side.numerals[i] for i in kept],
        code=side.code[rows],
        words=side.words[rows],
        channels={name: matrix[rows] for name, matrix in side.channels.items()},
        search=side.search[rows],
        answers=[side.answers[i] for i in kept],
        answer_bits=side.answer_bits[rows],
    )
