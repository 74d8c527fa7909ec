"""The problem put another way, scored on the answers that a pilot already has; nothing is trained for it.

Classes may count as one, classes may be left to people, or only confident answers may be used. What to change is chosen
on one half of the test rows and scored on the other: the best of many changes looks better than it is on the rows that
it was chosen on.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tunecase.pilot.answers import Answers
from tunecase.pilot.examples import Examples
from tunecase.quantities import LEAST_TEST_ROWS, Interval80, one_line, score, wilson
from tunecase.records import Variant

SHARES = ("accuracy", "exact_match")  # metrics that are the share of rows right
MOST_CHANGES = 3  # of one kind
LEAST_CLASSES = 2  # that must still be told apart
# One split alone moves the example's variants by up to .024 (a standard deviation), five by up to .009.
SPLITS = 5
SHARES_ANSWERED = (0.9, 0.75, 0.5)
NAME_CHARACTERS, CLASS_CHARACTERS = 40, 300


@dataclass(frozen=True, slots=True)
class Row:
    """A test row's label, and its answers, one per draw; no confidences where any draw lacks them."""

    label: str
    answers: tuple[str, ...]
    confidences: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from the problem as it stands; by default nothing does.

    `as_one` maps each merged class to the one that its group is called after. Rows with a label in `dropped`, and
    answers with less than `least_confidence`, are out of scope.
    """

    kind: Literal["merge", "drop", "confident"] = "merge"
    as_one: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    least_confidence: float = 0.0

    def outcomes(self, row: Row) -> list[bool]:
        """Of each answer in scope, whether it is right."""
        if row.label in self.dropped:
            return []
        wanted = self.as_one.get(row.label, row.label)
        sure = row.confidences or (1.0,) * len(row.answers)
        return [
            self.as_one.get(answer, answer) == wanted
            for answer, confidence in zip(row.answers, sure, strict=True)
            if confidence >= self.least_confidence
        ]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that are merged or dropped, in order."""
        return tuple(sorted({*self.as_one, *self.dropped}))

    @property
    def name(self) -> str:
        """The change in plain words; long names of classes are cut."""
        if self.kind == "confident":
            return f"answer only where confidence is at least {score(self.least_confidence)}"
        if self.kind == "drop":
            return f"leave {_listed(self.classes)} to people"
        groups = [[name for name in self.classes if self.as_one[name] == lead] for lead in self.classes]
        return "count " + ", ".join(f"{_listed(group)} as one" for group in groups if group)


def variants(tests: Examples, answers: Sequence[Answers]) -> tuple[Variant, ...]:
    """Other ways to put a problem of classes, each with the score that the same answers have under it.

        score = right answers in scope / answers in scope,   covered = answers in scope / all answers

    A variant is named after what all test rows choose, and its score is cross-fitted: the same rule chooses on each
    half of the rows and is scored on the other half, for 5 fixed splits into halves, and all of it is pooled. So no
    luck of the choice is in the score; it is a little low instead, since half the rows choose worse than all. Keeping
    only what both halves choose would leave most small test sets without a variant, and would let the luck of agreeing
    halves back in. Rows are dealt to the halves label by label, in the order of a hash of their text, whatever their
    order in the file.

    Args:
        tests: the test rows.
        answers: of the pilot's largest size, one entry per draw. An answer whose row score is 1 counts as the label.
    Returns: at most 3 variants of each kind, kinds in the order of VARIANTS; none without answers or below 100 test
        rows. `rows` and `correct` are means over draws and splits; intervals are over test rows.
    Raises: ValueError unless each draw has one answer, score and confidence (where known) per test row.

    Measured with the probe on banking77, 1,500 training rows and 250 of the test rows at a time: three merges gain .007
    by this score, .029 on the rows that chose them, .008 on fresh rows; leaving out three classes .013, .033, .013.
    Leaves out metrics that are no share of rows right: merging classes can lower macro F1, and its halves do not add
    up. The intervals leave out that rows may hang together, and that other rows might choose otherwise. Taking the best
    of several variants brings some luck back.
    """
    rows = _rows(tests, answers)
    if len(rows) < LEAST_TEST_ROWS:
        return ()
    splits = [_sides(rows, tests.texts, split) for split in range(SPLITS)]
    found = []
    for find in VARIANTS:
        on_all = find(rows)
        on_halves = [[find(half) for half in _halves(rows, sides)] for sides in splits]
        for place, change in enumerate(on_all):
            # Where a half finds fewer changes, the last it has is scored.
            chosen = [[(Change(), *changes[: place + 1])[-1] for changes in halves] for halves in on_halves]
            outcomes = _cross_fitted(rows, splits, chosen)
            if change not in (Change(), *on_all[:place]) and any(outcomes):
                found.append(_variant(change, rows, outcomes))
    return tuple(found)


def merged(rows: Sequence[Row]) -> list[Change]:
    """Counts the two classes most often taken for each other as one, then the next two; a merged group is a class.

    Leaves out answers that are no label of these rows, and what an answer is worth less that tells fewer classes apart.
    """
    labels = {row.label for row in rows}
    mistaken = Counter((row.label, answer) for row in rows for answer in row.answers if answer in labels)
    lead = {label: label for label in labels}
    changes: list[Change] = []
    while len(changes) < MOST_CHANGES and len(set(lead.values())) > LEAST_CLASSES:
        between: Counter[tuple[str, str]] = Counter()
        for (label, answer), times in mistaken.items():
            if lead[label] != lead[answer]:
                first, second = sorted((lead[label], lead[answer]))
                between[first, second] += times
        if not between:
            break
        first, second = min(between, key=lambda pair: (-between[pair], pair))
        lead = {label: first if group == second else group for label, group in lead.items()}
        sizes = Counter(lead.values())
        changes.append(Change("merge", {label: group for label, group in lead.items() if sizes[group] > 1}))
    return changes


def dropped(rows: Sequence[Row]) -> list[Change]:
    """Leaves to people the class without which the rest scores highest, then the next, as long as the rest gains.

    A row is out of scope by its true label, which only the test file tells: it leaves the score, whatever was answered,
    while a row of another label that was answered with a dropped class stays wrong.

    Leaves out who picks out the rows of dropped classes in use, at what price and with what errors: the model never
    sees a label. Leaves out as well that a model trained without these classes would answer no row with them.
    """
    of_label, right = Counter[str](), Counter[str]()
    for row in rows:
        of_label[row.label] += len(row.answers)
        right[row.label] += row.answers.count(row.label)
    changes: list[Change] = []
    while len(changes) < MOST_CHANGES and len(of_label) > LEAST_CLASSES:
        total, correct = of_label.total(), right.total()
        rest = {label: (correct - right[label]) / (total - of_label[label]) for label in of_label}
        worst = min(rest, key=lambda label: (-rest[label], label))
        if (correct - right.pop(worst, 0)) * total <= correct * (total - of_label.pop(worst)):
            break
        changes.append(Change("drop", dropped=tuple(sorted(set(changes[-1].dropped if changes else ()) | {worst}))))
    return changes


def confident(rows: Sequence[Row]) -> list[Change]:
    """Uses only the most confident nine tenths, three quarters and half of the answers; people give the others.

    Equal confidences stay together, so more answers may be used; a threshold that all of them pass changes nothing.

    Leaves out a threshold that a target asks for. Where any draw kept no confidences there is no change of this kind.
    """
    ranked = sorted(confidence for row in rows for confidence in row.confidences)
    thresholds = [ranked[round((1 - share) * len(ranked))] for share in SHARES_ANSWERED if ranked]
    return [Change("confident", least_confidence=least) if least > ranked[0] else Change() for least in thresholds]


VARIANTS: tuple[Callable[[Sequence[Row]], list[Change]], ...] = (merged, dropped, confident)


def _rows(tests: Examples, answers: Sequence[Answers]) -> list[Row]:
    """The test rows, each with the answers of all draws."""
    read = [_read(tests.labels, each) for each in answers]
    sure = [each.confidences for each in answers if each.confidences is not None]
    confidences = zip(*sure, strict=True) if len(sure) == len(answers) else [()] * len(tests)
    return [Row(*row) for row in zip(tests.labels, zip(*read, strict=True), confidences, strict=True)] if read else []


def _read(labels: Sequence[str], answers: Answers) -> list[str]:
    """What a draw answered; an answer that counts as right reads as the label, though exact_match lets it differ."""
    each = zip(labels, answers.predictions, answers.row_scores, strict=True)
    return [label if row_score >= 1 else answer for label, answer, row_score in each]


def _sides(rows: Sequence[Row], texts: Sequence[str], split: int) -> list[int]:
    """The half of each row, 0 or 1, both with the same mix of labels; equal rows fall into the same one."""
    keys = [
        (row.label, hashlib.sha256(f"{split} {text}".encode("utf-8", "surrogatepass")).digest())
        for row, text in zip(rows, texts, strict=True)
    ]
    places = {key: place for place, key in enumerate(sorted(set(keys)))}
    return [places[key] % 2 for key in keys]


def _halves(rows: Sequence[Row], sides: Sequence[int]) -> tuple[list[Row], list[Row]]:
    halves: tuple[list[Row], list[Row]] = [], []
    for row, side in zip(rows, sides, strict=True):
        halves[side].append(row)
    return halves


def _cross_fitted(
    rows: Sequence[Row], splits: Sequence[Sequence[int]], chosen: Sequence[Sequence[Change]]
) -> list[list[bool]]:
    """The outcomes of each row over all splits, under the change that the other half of the split chose."""
    return [
        [right for sides, each in zip(splits, chosen, strict=True) for right in each[1 - sides[i]].outcomes(row)]
        for i, row in enumerate(rows)
    ]


def _variant(change: Change, rows: Sequence[Row], outcomes: Sequence[Sequence[bool]]) -> Variant:
    draws, in_scope, right = len(rows[0].answers), sum(map(len, outcomes)), sum(map(sum, outcomes))
    return Variant(
        kind=change.kind,
        name=change.name,
        rows=in_scope / (draws * SPLITS),
        correct=right / (draws * SPLITS),
        interval=_interval(outcomes),
        covered=in_scope / (draws * SPLITS * len(rows)),
        unchanged_score=sum(sum(Change().outcomes(row)) for row in rows) / (draws * len(rows)),
        classes=tuple(one_line(name, CLASS_CHARACTERS) for name in change.classes),
    )


def _interval(outcomes: Sequence[Sequence[bool]]) -> Interval80:
    """Wilson's interval of the share right, of as many rows as its variance over test rows is worth.

    Source: Cochran, Sampling Techniques (1977), chapter 6: the variance of a ratio of two sums over rows.
    """
    in_scope = sum(map(len, outcomes))
    mid = sum(map(sum, outcomes)) / in_scope
    squares = math.fsum((sum(each) - mid * len(each)) ** 2 for each in outcomes)  # the same whatever the order
    most = in_scope / SPLITS
    worth = min(most, mid * (1 - mid) * in_scope**2 / squares) if squares > 0 else most
    low, high = wilson(mid * worth, worth)
    return Interval80(min(low, mid), mid, max(high, mid))


def _listed(classes: Sequence[str]) -> str:
    *others, last = [one_line(name, NAME_CHARACTERS) or "(blank)" for name in classes]
    return f"{', '.join(others)} and {last}" if others else last
