"""Several languages in one file, shares that differ between training and test, answers in another language."""

import re
from collections import Counter
from typing import TYPE_CHECKING

from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.sample import Sample, sample_of, shares_p
from tunecase.data.detectors import languages
from tunecase.data.detectors.languages import NAMES
from tunecase.data.detectors.programs import is_formal
from tunecase.quantities import np

if TYPE_CHECKING:
    from tunecase.data.checks.columns import Split, Texts
    from tunecase.data.checks.evidence import Evidence

MOST_READ = 5000  # rows of each file
LEAST_TOLD = 50
SHARE = 0.01  # from which a language belongs to a file
LEAST_OF_ONE = 5
SHIFT, SHIFT_P = 0.05, 0.001
RULE = 0.3  # answers in another language beyond which it is what is asked for
HEAD = 400  # characters of an input, which must not be in another language than the whole of it
LEAST_ANSWER = 20  # characters, 8 where the script is not Latin
_TOGETHER = {"no": "da"}  # too alike to be told apart in short texts
_ASKED = re.compile(  # in small letters; a row that speaks of a language may well ask for it
    r"translat|übersetz|tradu|vertaal|przetłumacz|перевед|翻译|翻訳|ترجم|अनुवाद|language|sprache|langue|lengua|"
    r"english|german|french|spanish|portugu|italian|dutch|polish|russian|chinese|japanese|arabic|hindi|korean|latin\b|"
    r"deutsch|englisch|französ|anglais|allemand|inglés|español|inglese|angielsk|mandarin|英语|中文|英語|日本語"
)


def language_mix(evidence: "Evidence") -> Defect | NotChecked | None:
    """Several languages in the inputs, noted; a warning where the test or production has other shares of them.

    distance = sum over languages of |training share - other share| / 2,   warned from .05 where chi-square p < .001
    Leaves out texts whose language cannot be told: short ones, codes, languages without a list of words.
    """
    train = _counted(evidence.train)
    if train.total() < LEAST_TOLD:
        return NotChecked("languages of the inputs: of fewer than 50 texts the language can be told")
    sides = (("the test", evidence.test), ("production", evidence.production))
    apart = [line for what, split in sides if split is not None and (line := _apart(train, what, _counted(split)))]
    mixed = [name for name, count in train.most_common() if count >= max(LEAST_OF_ONE, SHARE * train.total())]
    if not apart and len(mixed) < 2:
        return None
    shares = ", ".join(_share(train, name) for name in mixed[:6])
    fewer = train.total() - max(train.values())
    defect = Defect(
        check="language_mix",
        severity="note",
        why="; ".join([f"languages of the inputs, where they can be told: {shares}", *apart])
        + _drawn(evidence.train).told(),
        fix="see that production has them in these shares",
        count=fewer,
        share=fewer / train.total(),
        examples=tuple(apart[:2]),
        unpriced=bool(apart),
    )
    if apart:
        defect.severity, defect.fix = "warn", "bring the shares to those of production"
    return defect


def language_mismatch(evidence: "Evidence") -> Defect | NotChecked | None:
    """Answers in another language than their input, where that is not the rule.

    Where more than three in ten answers are so, it is what is asked for, and nothing is said. Rows that speak of a
    language or of translating are left out, as are labels, short answers, code, and inputs that mix languages.
    """
    if not evidence.train.labelled or evidence.classes or evidence.request.task == "classification":
        return None
    pairs = _pairs(evidence.train.texts)
    wrong = [pair for pair in pairs if pair[1] != pair[2]]
    if len(pairs) < LEAST_TOLD:
        return NotChecked("the language of the answers against that of the inputs: fewer than 50 pairs can be told")
    if not 0 < len(wrong) <= RULE * len(pairs):
        return None
    kinds = Counter((given, asked) for _, asked, given in wrong).most_common(3)
    commonest = ", ".join(f"{NAMES[given]} to {NAMES[asked]} ({count})" for (given, asked), count in kinds)
    rows = np.array([row for row, _, _ in wrong], np.int64)
    return Defect(
        check="language_mismatch",
        severity="warn" if len(wrong) >= 0.005 * len(pairs) else "note",
        why=f"these answers are in another language than their input: {commonest}; {len(pairs):,} pairs could be told"
        f"{_drawn(evidence.train).told(len(wrong))}",
        fix="translate or delete them, or say in the input which language is wanted",
        rows=rows,
        examples=tuple(map(evidence.train.example, rows[:2].tolist())),
        review_rows=float(len(rows)),
    )


def _pairs(texts: "Texts") -> list[tuple[int, str, str]]:
    """(row, language of its input, of its answer) where both can be told and no other language is spoken of."""
    pairs = []
    for at in _read(len(texts.outputs)):
        input, answer = texts.inputs[at], texts.outputs[at]
        if len(answer) < (LEAST_ANSWER if answer.isascii() else LEAST_ANSWER // 2) or _ASKED.search(input.lower()):
            continue
        if (asked := _language_of(input)) and (given := _language_of(answer)):
            if asked != given and (is_formal(answer) or _language_of(input[:HEAD]) not in (asked, None)):
                continue
            pairs.append((int(texts.rows[at]), asked, given))
    return pairs


def _read(rows: int) -> range:
    """Places spread over the file, MOST_READ at most."""
    return range(0, rows, max(1, -(-rows // MOST_READ)))


def _drawn(split: "Split") -> Sample:
    """The rows of which the language was looked for."""
    kept = len(split.texts.rows)
    return sample_of(split, len(_read(kept)), kept)


def _language_of(text: str) -> str | None:
    language = languages.detect(text)
    return _TOGETHER.get(language, language) if language else None


def _counted(split: "Split") -> Counter[str]:
    inputs = split.texts.inputs
    return Counter(language for at in _read(len(inputs)) if (language := _language_of(inputs[at])))


def _share(counts: Counter[str], name: str) -> str:
    return f"{NAMES[name]} {counts[name] / counts.total():.0%}"


def _apart(train: Counter[str], what: str, other: Counter[str]) -> str | None:
    """What differs between the languages of two files, None where it is little or may be chance."""
    names = sorted({*train, *other})
    if other.total() < LEAST_TOLD or len(names) < 2:
        return None
    counts = np.array([[side[name] for name in names] for side in (train, other)], float)
    shares = counts / counts.sum(axis=1, keepdims=True)
    distance = float(np.abs(shares[0] - shares[1]).sum()) / 2
    if distance < SHIFT or shares_p(counts) >= SHIFT_P:
        return None
    widest = names[int(np.abs(shares[0] - shares[1]).argmax())]
    there = other[widest] / other.total()
    return f"{what} differs in them by {distance:.0%}: {_share(train, widest)} of training, {there:.0%} of {what}"
