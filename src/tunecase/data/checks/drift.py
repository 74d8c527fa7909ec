"""The form of the answers: JSON keys that some rows lack, and habits of writing that change within or between files."""

from collections import Counter
from typing import TYPE_CHECKING

from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

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
    import numpy as np
    import orjson

    texts = evidence.train.texts
    parsed: list[tuple[int, dict[str, object]]] = []
    for index, text in zip(texts.rows.tolist(), texts.outputs, strict=True):
        if text.lstrip()[:1] == "{":
            try:
                value = orjson.loads(text.encode("utf-8", "replace"))
            except orjson.JSONDecodeError:
                continue
            parsed.append((index, value))
    if not parsed or len(parsed) < JSON_SHARE * len(texts.outputs):
        return None
    if len(parsed) < LEAST_ROWS:
        return NotChecked("keys of the JSON answers: fewer than 50")
    types = Counter((key, type(value).__name__) for _, one in parsed for key, value in one.items())
    keys = Counter(key for _, one in parsed for key in one)
    usual = {key for key, count in keys.items() if count > RULE * len(parsed)}
    typed = {key: kind for (key, kind), count in types.items() if key in usual and count > RULE * keys[key]}
    wrong: Counter[str] = Counter()
    rows = []
    for index, one in parsed:
        missing = [key for key in usual if key not in one]
        other = [key for key, kind in typed.items() if key in one and type(one[key]).__name__ != kind]
        wrong.update([f"{key} missing" for key in missing] + [f"{key} of another type" for key in other])
        if missing or other:
            rows.append(index)
    if not rows:
        return None
    why = "these JSON answers differ from the others: " + "; ".join(f"{w} ({n})" for w, n in wrong.most_common(3))
    fix = "bring them to one form; a script can do most of it"
    return Defect("json_schema", "warn", why, fix, rows=np.array(rows, np.int64), review_rows=float(len(rows)))


def format_drift(evidence: Evidence) -> Defect | NotChecked | None:
    """Habits of writing whose share differs by .3 or more between the halves of the file, or from training to test.

    Fisher's exact test must leave less than one in a million to chance.
    """
    train = evidence.train.texts.outputs
    if not evidence.train.labelled or evidence.classes:
        return None
    if len(train) < 2 * LEAST_ROWS:
        return NotChecked("whether the form of the answers drifts: fewer than 100 answers")
    half = len(train) // 2
    pairs = [("first and second half of the file", train[:half], train[half:])]
    if evidence.test is not None and evidence.test.labelled and len(evidence.test.texts.outputs) >= LEAST_ROWS:
        pairs.append(("training and test", train, evidence.test.texts.outputs))
    said = [line for where, one, other in pairs for line in _differences(where, one, other)]
    if not said:
        return None
    why = "the form of the answers is not one: " + "; ".join(said[:3])
    fix = "choose one form and write it into the guideline; mixed, it is taught as chance"
    return Defect("format_drift", "warn", why, fix, count=len(said), share=1.0, unpriced=True)


def _differences(where: str, one: list[str], other: list[str]) -> list[str]:
    from scipy.stats import fisher_exact

    found = []
    for name, habit in HABITS:
        a, b = sum(map(habit, one)), sum(map(habit, other))
        gap = abs(a / len(one) - b / len(other))
        if gap >= DRIFT and fisher_exact([[a, len(one) - a], [b, len(other) - b]]).pvalue < DRIFT_P:
            found.append(f"{a / len(one):.0%} and {b / len(other):.0%} {name} ({where})")
    return found
