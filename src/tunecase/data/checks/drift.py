"""The form of the answers: JSON keys that some rows lack, and habits of writing that change within or between files."""

import contextlib
from collections import Counter
from collections.abc import Callable
from itertools import chain

from tunecase.data.checks.columns import Texts
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.checks.sample import sample_of
from tunecase.quantities import counted, np

LEAST_ROWS = 50
RULE = 0.95  # of the rows with a key, or with one type of its value, for the others to deviate
JSON_SHARE = 0.8
DRIFT, DRIFT_P = 0.3, 1e-6
HABITS: "tuple[tuple[str, Callable[[str], bool]], ...]" = (
    ("end with a full stop", lambda text: text.rstrip().endswith((".", "。"))),
    ("end with a line break", lambda text: text.endswith("\n")),
    ("begin with a capital", lambda text: text[:1].isupper()),
    ("begin with a name and a colon", lambda text: ":" in text[:20] and text.split(":")[0].isalpha()),
    ("are JSON", lambda text: text.lstrip()[:1] in ("{", "[")),
    ("carry Markdown", lambda text: "**" in text or "\n- " in text or "\n#" in text or "```" in text),
)


def json_schema(evidence: Evidence) -> Defect | NotChecked | None:
    """JSON answers that lack a key, or hold another type, where more than 95% of the answers agree."""
    texts = evidence.train.texts
    answers = _json_objects(texts)
    if not answers or len(answers) < JSON_SHARE * len(_given(texts)):
        return None
    if len(answers) < LEAST_ROWS:
        return NotChecked("keys of the JSON answers: fewer than 50")
    keys, types = _usual_form(list(answers.values()))
    deviating = {row: lines for row, answer in answers.items() if (lines := _deviations(answer, keys, types))}
    if not deviating:
        return None
    rows, wrong = list(deviating), Counter(chain.from_iterable(deviating.values()))
    why = "these JSON answers differ from the others: " + "; ".join(f"{w} ({n})" for w, n in wrong.most_common(3))
    why += sample_of(evidence.train, len(answers), len(answers), "JSON answers").told(len(rows))
    fix = "bring them to one form; a script can do most of it"
    return Defect("json_schema", "warn", why, fix, rows=np.array(rows, np.int64), review_rows=float(len(rows)))


def _given(texts: Texts) -> list[str]:
    """The answers, without rows that have none: of those that were judged bad, none is taught."""
    return [output for output in texts.outputs if output.strip()]


def _json_objects(texts: Texts) -> dict[int, dict[str, object]]:
    import orjson

    objects = {}
    for row, text in zip(texts.rows.tolist(), texts.outputs, strict=True):
        if text.lstrip()[:1] == "{":
            with contextlib.suppress(orjson.JSONDecodeError):
                objects[row] = orjson.loads(text.encode("utf-8", "replace"))
    return objects


def _usual_form(answers: list[dict[str, object]]) -> tuple[list[str], dict[str, str]]:
    """The keys that nearly all answers have, and the type of each where nearly all agree in it."""
    keys = Counter(key for answer in answers for key in answer)
    types = Counter((key, type(value).__name__) for answer in answers for key, value in answer.items())
    usual = [key for key, count in keys.items() if count > RULE * len(answers)]
    return usual, {key: kind for (key, kind), count in types.items() if key in usual and count > RULE * keys[key]}


def _deviations(answer: dict[str, object], keys: list[str], types: dict[str, str]) -> list[str]:
    other = [key for key, kind in types.items() if key in answer and type(answer[key]).__name__ != kind]
    return [f"{key} missing" for key in keys if key not in answer] + [f"{key} of another type" for key in other]


def format_drift(evidence: Evidence) -> Defect | NotChecked | None:
    """Habits of writing whose share differs by .3 or more between the halves of the file, or from training to test.

    Fisher's exact test must leave less than one in a million to chance.
    """
    train = _given(evidence.train.texts)
    if not evidence.train.labelled or evidence.classes:
        return None
    if len(train) < 2 * LEAST_ROWS:
        return NotChecked("whether the form of the answers drifts: fewer than 100 answers")
    half = len(train) // 2
    pairs = [("first and second half of the file", train[:half], train[half:])]
    if evidence.test is not None and evidence.test.labelled and len(test := _given(evidence.test.texts)) >= LEAST_ROWS:
        pairs.append(("training and test", train, test))
    differences = [line for where, first, second in pairs for line in _differences(where, first, second)]
    if not differences:
        return None
    why = "the form of the answers is not one: " + "; ".join(differences[:3])
    why += sample_of(evidence.train, len(train), len(train), "answers").told()
    fix = "choose one form and write it into the guideline; mixed, it is taught as chance"
    figure = counted(len(differences), "habit")
    return Defect("format_drift", "warn", why, fix, count=len(differences), share=1.0, unpriced=True, figure=figure)


def _differences(where: str, first: list[str], second: list[str]) -> list[str]:
    """The habits whose share differs between two lists of answers, in words."""
    lines = []
    for name, habit in HABITS:
        a, b = sum(map(habit, first)), sum(map(habit, second))
        gap = abs(a / len(first) - b / len(second))
        if gap < DRIFT:
            continue
        from scipy.stats import fisher_exact

        if fisher_exact([[a, len(first) - a], [b, len(second) - b]]).pvalue < DRIFT_P:
            lines.append(f"{a / len(first):.0%} and {b / len(second):.0%} {name} ({where})")
    return lines
