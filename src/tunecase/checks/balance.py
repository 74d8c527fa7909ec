"""Classes and sizes: rare classes, shares that differ between the files, labels written in two ways, too few rows."""

from tunecase.checks.columns import NO_TEXT
from tunecase.checks.defect import Defect
from tunecase.checks.evidence import Evidence, first_alike

LEAST_ROWS = 10
PILOT_ROWS = 50
LEAST_TEST_ROWS = 100
ROWS_A_CLASS = 10
SHIFT = 0.1
SHIFT_P = 0.001


def label_shift(evidence: Evidence) -> Defect | None:
    """Class shares of the training file against the test file.

    distance = sum over classes of |train share - test share| / 2,   flagged from .1 where chi-square p < .001
    """
    import numpy as np
    from scipy.stats import chi2_contingency

    if evidence.test is None or not evidence.classes or not evidence.test.labels:
        return None
    train, test = evidence.classes, evidence.test.labels
    names = sorted({*train, *test})
    counts = np.array([[train.get(name, 0) for name in names], [test.get(name, 0) for name in names]], float)
    if len(names) < 2 or not counts.sum(axis=1).all():
        return None
    shares = counts / counts.sum(axis=1, keepdims=True)
    gaps = shares[0] - shares[1]
    distance = float(np.abs(gaps).sum()) / 2
    if distance < SHIFT or chi2_contingency(counts).pvalue >= SHIFT_P:
        return None
    widest = sorted(range(len(names)), key=lambda i: -abs(gaps[i]))[:3]
    return Defect(
        check="label_shift",
        severity="warn",
        why=f"training and test differ in their class shares by {distance:.0%}: which of them is like production?",
        fix="weight or collect by the shares of production; which those are is not in the data",
        count=len(names),
        share=distance,
        examples=tuple(f"{names[i]}: {shares[0][i]:.1%} of training, {shares[1][i]:.1%} of test" for i in widest),
        unpriced=True,
    )


def unseen_label(evidence: Evidence) -> Defect | None:
    """Labels of the test file that no training row carries."""
    import numpy as np

    test = evidence.test
    if test is None or not evidence.classes or not test.labels:
        return None
    unseen = [name for name in test.labels if name not in evidence.classes and name.strip()]
    if not unseen:
        return None
    return Defect(
        check="unseen_label",
        severity="warn",
        why="labels of the test that no training row carries: they can only be answered wrong",
        fix=f"correct the spelling, or label {ROWS_A_CLASS} training rows of each",
        rows=np.flatnonzero(~np.isin(test.answer, evidence.train.answer)),
        where="test",
        count=len(unseen),
        share=sum(test.labels[name] for name in unseen) / test.rows,
        examples=tuple(unseen[:3]),
        new_rows=float(ROWS_A_CLASS * len(unseen)),
    )


def label_variant(evidence: Evidence) -> Defect | None:
    """Labels that differ in nothing but case or blanks: one class counted as two."""
    folded: dict[str, list[str]] = {}
    for name in evidence.classes:
        folded.setdefault(" ".join(name.split()).casefold(), []).append(name)
    variants = [names for names in folded.values() if len(names) > 1]
    if not variants:
        return None
    rows = sum(evidence.classes[name] for names in variants for name in names[1:])
    return Defect(
        check="label_variant",
        severity="warn",
        why="labels that differ in case or blanks alone: one class counts as two",
        fix="write each in one way",
        count=len(variants),
        share=rows / evidence.train.rows,
        examples=tuple(" / ".join(repr(name) for name in names[:3]) for names in variants[:3]),
    )


def rare_class(evidence: Evidence) -> Defect | None:
    """Classes with fewer than ten training rows."""
    import numpy as np

    rare = {name: count for name, count in evidence.classes.items() if count < ROWS_A_CLASS and name.strip()}
    if not rare:
        return None
    missing = sum(ROWS_A_CLASS - count for count in rare.values())
    keys = [key for key, name in evidence.train.label_of.items() if name in rare]
    return Defect(
        check="rare_class",
        severity="warn",
        why=f"{len(rare)} of {len(evidence.classes)} classes have fewer than {ROWS_A_CLASS} rows: too few to learn",
        fix=f"label {missing} more rows, or merge these classes",
        rows=np.flatnonzero(np.isin(evidence.train.answer, np.array(keys, np.uint64))),
        count=len(rare),
        share=len(rare) / len(evidence.classes),
        examples=tuple(f"{name}: {count}" for name, count in list(rare.items())[:3]),
        new_rows=float(missing),
    )


def too_few_rows(evidence: Evidence) -> Defect | None:
    """Fewer rows with something to say than a first pilot takes."""
    rows = int((evidence.train.raw != NO_TEXT).sum())
    if rows >= PILOT_ROWS:
        return None
    return Defect(
        check="too_few_rows",
        severity="stop" if rows < LEAST_ROWS else "warn",
        why=f"{rows} rows: {LEAST_ROWS} is the least that services take, a first pilot wants {PILOT_ROWS} to 100",
        fix=f"label {PILOT_ROWS - rows} more rows",
        count=rows,
        share=1.0,
        new_rows=float(PILOT_ROWS - rows),
    )


def test_too_small(evidence: Evidence) -> Defect | None:
    """Fewer distinct test rows than show a gain of 13 points."""
    if evidence.test is None:
        return None
    rows = distinct_test_rows(evidence)
    if rows >= LEAST_TEST_ROWS:
        return None
    return Defect(
        check="test_too_small",
        severity="warn",
        why=f"{rows} distinct test rows: with {LEAST_TEST_ROWS} a gain of about 13 points can just be seen",
        fix=f"label {LEAST_TEST_ROWS - rows} more test rows; define says how many your gain needs",
        where="test",
        count=rows,
        share=1.0,
        new_rows=float(LEAST_TEST_ROWS - rows),
    )


def distinct_test_rows(evidence: Evidence) -> int:
    """Readable test rows with input and answer, repeats (after normalising) counted once."""
    import numpy as np

    test = evidence.test
    if test is None:
        return 0
    own = np.arange(len(test.raw))
    alone = (first_alike(test.raw) == own) & (first_alike(test.normal) == own) & (test.raw != NO_TEXT)
    return int((alone & (test.answer != NO_TEXT)).sum() if test.labelled else alone.sum())
