"""Classes and sizes: rare classes, shares that differ between the files, labels written in two ways, too few rows."""

from collections.abc import Iterable, Mapping

from tunecase.data.checks.columns import NO_TEXT, Split
from tunecase.data.checks.defect import Defect
from tunecase.data.checks.evidence import Evidence, Where
from tunecase.data.checks.sample import shares_p
from tunecase.data.detectors.private import masked
from tunecase.data.rowsets import within
from tunecase.errors import Problem, nearest
from tunecase.quantities import LEAST_TEST_ROWS, Array, Flags, Floats, Hashes, counted, np, smallest_paired_gain
from tunecase.records import Severity

LEAST_ROWS = 10
PILOT_ROWS = 50
ROWS_A_CLASS = 10
SHIFT = 0.1
SHIFT_P = 0.001
DRAWS, SHIFT_P_DRAWN = 1999, 0.001
SHARES_OFF = 0.02


def label_shift(evidence: Evidence) -> Defect | None:
    """Class shares of the training file against the test file.

    distance = sum over classes of |train share - test share| / 2,   flagged from .1 where chi-square p < .001
    """
    if evidence.test is None or not evidence.classes or not evidence.test.labels:
        return None
    sides = (evidence.classes, evidence.test.labels)
    names = sorted(set().union(*sides))
    train, test = (np.array([side.get(name, 0) for name in names], float) for side in sides)
    if len(names) < 2 or not train.sum() or not test.sum():
        return None
    train_shares, test_shares = train / train.sum(), test / test.sum()
    distance = _distance(train_shares, test_shares)
    if distance < SHIFT or shares_p(np.stack([train, test])) >= SHIFT_P:
        return None
    equal = f"{effective_classes(train):.0f} of training, {effective_classes(test):.0f} of test"
    return Defect(
        check="label_shift",
        severity="warn",
        why=(
            f"training and test differ in their class shares by {distance:.0%}: which of them is like production? "
            f"Classes of equal weight: {equal}"
        ),
        fix="weight or collect by the shares of production; which those are is not in the data",
        count=len(names),
        share=distance,
        figure=f"{distance:.0%} apart",
        examples=_widest(names, train_shares, test_shares, "training", "test"),
        unpriced=True,
        measured=("distance of class shares", *_distance_range(train, test, evidence.request.seed)),
    )


def label_shift_train(evidence: Evidence) -> Defect | None:
    """Class shares of the training file against those declared for production."""
    return _against_declared(evidence, evidence.classes, "train")


def label_shift_test(evidence: Evidence) -> Defect | None:
    """Class shares of the test file against those declared for production."""
    labels = evidence.test.labels if evidence.test and evidence.classes else {}
    return _against_declared(evidence, labels, "test")


def _against_declared(evidence: Evidence, labels: Mapping[str, int], where: Where) -> Defect | None:
    """A file against the declared shares; p is the share of samples drawn from those that lie as far away."""
    declared = evidence.request.production_shares
    if not declared or not labels:
        return None
    names = sorted({*labels, *declared})
    wanted = np.array([declared.get(name, 0.0) for name in names])
    wanted, counts = wanted / wanted.sum(), np.array([labels.get(name, 0) for name in names], float)
    if not counts.sum():
        return None
    drawn = np.random.default_rng(evidence.request.seed).multinomial(int(counts.sum()), wanted, DRAWS) / counts.sum()
    distance = _distance(counts / counts.sum(), wanted)
    p = (1 + int((np.abs(drawn - wanted).sum(axis=1) / 2 >= distance).sum())) / (DRAWS + 1)
    if distance < SHIFT or p >= SHIFT_P_DRAWN:
        return None
    what = "training" if where == "train" else "test"
    weigh = "rows by class when training" if where == "train" else "the score by class"
    return Defect(
        check=f"label_shift_{where}",
        severity="warn",
        why=f"the class shares of {what} differ from those declared for production by {distance:.0%}",
        fix=f"weight {weigh} by the declared shares; what that changes in the score is not measured here",
        where=where,
        count=len(names),
        share=distance,
        figure=f"{distance:.0%} apart",
        examples=_widest(names, counts / counts.sum(), wanted, what, "production"),
        measured=("distance of class shares", *_distance_range(counts, wanted, evidence.request.seed)),
    )


def share_problems(shares: Mapping[str, float], classes: Iterable[str]) -> list[Problem]:
    """Mistakes in declared shares: classes that no row carries, and a sum that is not about 1.

    Example:
        >>> [problem.got for problem in share_problems({"refund": 0.5, "retrun": 0.2}, ["refund", "return"])]
        ["the class 'retrun'", 'shares that sum to 70%']
    """
    where, carried = "data.production_shares", sorted(classes)
    problems = [
        Problem(where, f"the class {name!r}", "a class that the rows carry", nearest(name, carried))
        for name in shares
        if name not in carried
    ]
    total = sum(shares.values())
    if shares and abs(total - 1) > SHARES_OFF:
        problems.append(
            Problem(where, f"shares that sum to {total:.0%}", "a sum of 100%", "give every class its share")
        )
    return problems


def effective_classes(counts: "Floats") -> float:
    """How many classes of equal size have the same entropy: exp(-sum p ln p).

    Example:
        >>> import numpy as np
        >>> round(effective_classes(np.array([10.0, 10.0, 0.0])), 2)
        2.0
    """
    shares = counts[counts > 0] / counts.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _distance(one: "Floats", other: "Floats") -> float:
    return float(np.abs(one - other).sum()) / 2


def _distance_range(counts: "Floats", other: "Floats", seed: int) -> tuple[float, float, float]:
    """The 80% range of the distance by resampling rows, less what sampling adds to it; shares stay as they are."""
    rng = np.random.default_rng(seed)
    sides = []
    for side in (counts, other):
        total = side.sum()
        fixed = abs(total - 1) < 1e-6
        sides.append(side[None] if fixed else rng.multinomial(int(total), side / total, 200) / total)
    drawn = np.abs(sides[0] - sides[1]).sum(axis=1) / 2
    found = _distance(counts / counts.sum(), other / other.sum())
    low, middle, high = (float(max(0.0, 2 * found - point)) for point in np.quantile(drawn, (0.9, 0.5, 0.1)))
    return low, middle, high


def _widest(names: list[str], one: "Floats", other: "Floats", first: str, second: str) -> tuple[str, ...]:
    widest = sorted(range(len(names)), key=lambda i: -abs(one[i] - other[i]))[:3]
    return tuple(f"{masked(names[i])}: {one[i]:.1%} of {first}, {other[i]:.1%} of {second}" for i in widest)


def unseen_label(evidence: Evidence) -> Defect | None:
    """Labels of the test file that no training row carries."""
    test = evidence.test
    if test is None or not evidence.classes:
        return None
    unseen = [name for name in test.labels if name not in evidence.classes and name.strip()]
    if not unseen:
        return None
    why = "labels of the test that no training row carries: they can only be answered wrong"
    fix = f"correct the spelling, or label {ROWS_A_CLASS} training rows of each"
    defect = Defect("unseen_label", "warn", why, fix, where="test", count=len(unseen))
    known = _answers(evidence.train)
    defect.rows = test.where(["answer"], lambda columns: ~within(columns["answer"], known))
    defect.share = sum(test.labels[name] for name in unseen) / test.rows
    defect.examples = tuple(map(masked, unseen[:3]))
    defect.new_rows = float(ROWS_A_CLASS * len(unseen))
    return defect


def label_variant(evidence: Evidence) -> Defect | None:
    """Labels that differ in nothing but case or blanks: one class counted as two."""
    folded: dict[str, list[str]] = {}
    for name in evidence.classes:
        folded.setdefault(" ".join(name.split()).casefold(), []).append(name)
    variants = [names for names in folded.values() if len(names) > 1]
    if not variants:
        return None
    why = "labels that differ in case or blanks alone: one class counts as two"
    defect = Defect("label_variant", "warn", why, "write each in one way", count=len(variants))
    defect.share = sum(evidence.classes[name] for names in variants for name in names[1:]) / evidence.train.rows
    defect.examples = tuple(" / ".join(repr(masked(name)) for name in names[:3]) for names in variants[:3])
    return defect


def rare_class(evidence: Evidence) -> Defect | None:
    """Classes with fewer than ten training rows."""
    classes = evidence.classes
    rare = {name: count for name, count in classes.items() if count < ROWS_A_CLASS and name.strip()}
    if not rare:
        return None
    missing = sum(ROWS_A_CLASS - count for count in rare.values())
    keys = np.array(sorted(key for key, name in evidence.train.label_of.items() if name in rare), np.uint64)
    why = f"{len(rare)} of {len(classes)} classes have fewer than {ROWS_A_CLASS} rows: too few to learn"
    fix = f"label {counted(missing, 'more row')}, or merge these classes"
    figure = f"{len(rare)} of {len(classes)} classes"
    defect = Defect("rare_class", "warn", why, fix, count=len(rare), share=len(rare) / len(classes), figure=figure)
    defect.rows = evidence.train.where(["answer"], lambda columns: within(columns["answer"], keys))
    defect.examples = tuple(f"{masked(name)}: {count}" for name, count in list(rare.items())[:3])
    defect.new_rows = float(missing)
    return defect


def too_few_rows(evidence: Evidence) -> Defect | None:
    """Fewer usable rows than a first pilot takes."""
    rows = int(evidence.train.total(["raw"], lambda columns: int((columns["raw"] != NO_TEXT).sum())))
    missing = PILOT_ROWS - rows
    if missing <= 0:
        return None
    severity: Severity = "stop" if rows < LEAST_ROWS else "warn"
    why = (
        f"{counted(rows, 'row')}: {LEAST_ROWS} is the least that services take, a first pilot wants {PILOT_ROWS} to 100"
    )
    fix = f"label {counted(missing, 'more row')}"
    return Defect("too_few_rows", severity, why, fix, count=rows, share=1.0, new_rows=float(missing))


def test_too_small(evidence: Evidence) -> Defect | None:
    """Fewer distinct test rows than are needed to show a gain of 14 points."""
    rows = distinct_test_rows(evidence)
    missing = LEAST_TEST_ROWS - rows
    if evidence.test is None or missing <= 0:
        return None
    gain, few = 100 * smallest_paired_gain(LEAST_TEST_ROWS), counted(rows, "distinct test row")
    why = f"{few}: with {LEAST_TEST_ROWS} a gain of about {gain:.0f} points can just be seen"
    fix = f"label {counted(missing, 'more test row')}; define says how many your gain needs"
    return Defect("test_too_small", "warn", why, fix, where="test", count=rows, share=1.0, new_rows=float(missing))


def distinct_test_rows(evidence: Evidence) -> int:
    """Readable test rows with input and answer, repeats (after normalising) counted once."""
    test = evidence.test
    if test is None:
        return 0
    names = ("raw", "answer") if test.labelled else ("raw",)

    def count(columns: "dict[str, Array]") -> int:
        return int(_all_given(columns).sum())

    return int(test.total(names, count)) - count({name: test.take(name, evidence.test_same) for name in names})


def _all_given(columns: "dict[str, Array]") -> "Flags":
    given: Flags = np.all([values != NO_TEXT for values in columns.values()], axis=0)
    return given


def _answers(split: Split) -> "Hashes":
    """The answers of a file with classes, which are few, ascending."""
    known: Hashes = np.zeros(0, np.uint64)
    for _, columns in split.chunks("answer"):
        known = np.unique(np.concatenate([known, np.unique(columns["answer"])]))
    return known
