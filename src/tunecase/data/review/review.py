"""What reviewers said, taken in: decisions matched with rows, what they tell of the others, and corrections."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.kinds import LONGEST_LABEL, are_classes
from tunecase.data.reading.rows import BadRow, Layout
from tunecase.data.review.corrections import Correction
from tunecase.data.review.depth import Review, read_reviews
from tunecase.data.review.queue.item import VERDICTS, Decision, code_of, read_verdict
from tunecase.data.review.queue.reading import read_decisions
from tunecase.errors import InputError, Problem, nearest
from tunecase.quantities import Z80, Interval80, wilson
from tunecase.records import DepthReviewed, Reviews

LEAST_TIMED = 20  # reviews, from which on the reviewers' own clock replaces the default
IDLE = 10.0  # times the median: longer and the reviewer was away
DEPTHS = (20, 50, 100, 200, 500)
MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class _Judged:
    """One decision matched with its row."""

    decision: Decision
    verdict: str
    answer: str
    line: int
    given: str
    code: str
    control: bool

    @property
    def said(self) -> tuple[str, str]:
        return self.verdict, self.answer


@dataclass(frozen=True, slots=True)
class _Settled:
    """What all reviewers of a row said together; None where they do not agree."""

    row: int
    first: _Judged
    said: tuple[str, str] | None
    reviewers: tuple[str, ...]
    rank: int

    @property
    def wrong(self) -> bool:
        return self.said is not None and self.said[0] in ("wrong", "delete")


@dataclass(frozen=True, slots=True)
class _Left:
    """What nobody has looked at: the usable rows, and the ranking of those in the queue."""

    usable: int
    ranking: Mapping[int, float] | None
    expected: float | None

    def wrong(self, told: "Sequence[_Settled]", settled: int, rate: Interval80 | None) -> Interval80 | None:
        """Wrong answers that nobody has seen; None where neither a ranking nor a control row tells."""
        if self.ranking is None:
            others = max(self.usable - settled, 0)
            return Interval80(*(others * end for end in (rate.low, rate.mid, rate.high))) if rate else None
        import numpy as np

        rows = sorted(self.ranking, key=lambda row: -self.ranking[row] if self.ranking else 0.0)
        place = {row: at for at, row in enumerate(rows)}
        reviews = [
            Review(place.get(each.row), "", "wrong" if each.wrong else "", control=each.first.control)
            for each in told
            if each.first.control or each.row in place
        ]
        scores = np.array([self.ranking[row] for row in rows], np.float64)
        wrong = None if self.expected is None else Interval80(self.expected, self.expected, self.expected)
        return read_reviews(reviews, scores, outside=max(self.usable - len(rows), 0), wrong=wrong).remaining


def review(
    source: Path,
    train: Path,
    layout: Layout,
    sha256: str,
    corrections_file: Path,
    usable: int | None = None,
    ranking: Mapping[int, float] | None = None,
    expected: float | None = None,
) -> tuple[Reviews, tuple[Correction, ...]]:
    """Reads decisions back and says what follows from them; writes nothing.

    A row with several reviewers is settled by more than half of them. The error rate is that of the random control
    rows (Wilson), which were drawn outside the queue. Answers still wrong: those of the unread queue, by its ranking
    and what was read of it, and those outside, by the controls. Without a ranking the controls' rate stands for both.

    Args:
        source: what the reviewers filled in, or a tool's export.
        train, layout, sha256: the training file that the queue was drawn from.
        corrections_file: where the corrections will be kept.
        usable: rows that will be used [rows]; all readable ones of the file when left out.
        ranking: suspicion by row number of every row of the queue but the controls, as it was given out.
        expected: rows of the ranking expected to be wrong before anybody looked; the sum of suspicions when left out.
    Returns: Reviews, and one Correction for each settled row.
    Raises: InputError with every decision that fits no row, no verdict or no label.

    Leaves out that reviewers err.
    """
    form, decisions, problems = read_decisions(source)
    wanted: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        wanted[decision.row].append(decision)
    judged, labels, rows, more = _matched(train, layout, wanted)
    problems = [*problems, *more, *_unknown_labels(judged, labels), *_said_twice(judged)]
    if problems:
        shown = problems[:MOST_PROBLEMS]
        if len(problems) > MOST_PROBLEMS:
            rest = f"{len(problems) - MOST_PROBLEMS} more mistakes"
            shown.append(Problem(str(source), rest, "none", "correct those above first"))
        raise InputError(shown)
    if not judged:
        fix = "fill in decision (right, wrong, delete or unsure), or answer"
        raise InputError(Problem(str(source), "no decision in it", "rows that somebody judged", fix))
    settled = _settle(judged)
    corrections = tuple(_correction(each, sha256) for each in settled if each.said and each.said[0] != "unsure")
    left = _Left(rows if usable is None else usable, ranking, expected)
    return _reviews(source, form, train, judged, settled, corrections, corrections_file, left), corrections


def _matched(
    train: Path, layout: Layout, wanted: Mapping[int, Sequence[Decision]]
) -> tuple[list[_Judged], tuple[str, ...], int, list[Problem]]:
    """Decisions with their rows; the labels where answers are classes; the readable rows; what fits nothing."""
    judged: list[_Judged] = []
    problems: list[Problem] = []
    outputs: dict[str, int] = {}
    seen: set[int] = set()
    count = 0
    for row in read_rows(train, layout):
        if isinstance(row, BadRow):
            continue
        count += 1
        if len(row.output) <= LONGEST_LABEL:
            outputs[row.output] = outputs.get(row.output, 0) + 1
        for decision in wanted.get(row.number, ()):
            seen.add(row.number)
            code = code_of(row.number, row.input, row.output)
            control = decision.code == code_of(row.number, row.input, row.output, control=True)
            if not control and decision.code != code:
                got = f"row {row.number} has changed since"
                fix = "write the queue anew (--fix) and review that row again"
                problems.append(Problem(decision.where, got, "the row as it was given out", fix))
                continue
            said = _said(decision, row.output)
            if isinstance(said, Problem):
                problems.append(said)
            else:
                judged.append(_Judged(decision, *said, row.line, row.output, code, control))
    for number in wanted.keys() - seen:
        fix = "give the file that the queue was drawn from"
        got, right = f"row {number}", f"a readable row of {train.name}"
        problems.extend(Problem(decision.where, got, right, fix) for decision in wanted[number])
    short = sum(outputs.values())
    classes = layout.output is not None and are_classes(len(outputs) + (count > short), short, count)
    return judged, tuple(outputs) if classes else (), count, problems


def _said(decision: Decision, given: str) -> tuple[str, str] | Problem:
    """(verdict, answer) of one decision; an answer without a verdict says by itself whether the given one is right."""
    answer = decision.answer.strip() if decision.answer.strip() != given.strip() else given
    verdict = read_verdict(decision.verdict) if decision.verdict else "right" if answer == given else "wrong"
    wanted = ", ".join(VERDICTS)
    if verdict is None:
        got = f"the decision {decision.verdict[:40]!r}"
        return Problem(decision.where, got, wanted, nearest(decision.verdict, VERDICTS))
    if verdict == "right" and answer and answer != given:
        got = f"right, and another answer ({answer[:40]!r})"
        return Problem(decision.where, got, "one of them", "write wrong, or empty the answer")
    if verdict == "wrong" and answer == given:
        fix = "write the right answer, or leave it empty where you do not know it"
        return Problem(decision.where, "wrong, and the given answer again", "another answer", fix)
    return verdict, answer if verdict == "wrong" else ""


def _unknown_labels(judged: Sequence[_Judged], labels: tuple[str, ...]) -> list[Problem]:
    if not labels:
        return []
    bad = [each for each in judged if each.answer and each.answer not in labels]
    wanted = "a label of the training file"
    return [
        Problem(each.decision.where, f"the label {each.answer[:60]!r}", wanted, nearest(each.answer, labels))
        for each in bad
    ]


def _said_twice(judged: Sequence[_Judged]) -> list[Problem]:
    """Rows of which one reviewer says two things."""
    first: dict[tuple[int, str], _Judged] = {}
    problems = []
    for each in judged:
        before = first.setdefault((each.decision.row, each.decision.reviewer), each)
        if before.said != each.said:
            got = f"row {each.decision.row} decided otherwise than in {before.decision.where}"
            problems.append(Problem(each.decision.where, got, "one decision of one reviewer", "keep one, or name both"))
    return problems


def _settle(judged: Sequence[_Judged]) -> list[_Settled]:
    rows: dict[int, dict[str, _Judged]] = defaultdict(dict)
    for each in judged:
        rows[each.decision.row][each.decision.reviewer] = each
    settled: list[_Settled] = []
    for row, by in rows.items():
        votes: dict[tuple[str, str], int] = {}
        for each in by.values():
            votes[each.said] = votes.get(each.said, 0) + 1
        most = max(votes, key=lambda said: votes[said])
        agreed = most if 2 * votes[most] > len(by) else None
        one = next(iter(by.values()))
        rank = one.decision.rank if one.decision.rank is not None else len(settled) + 1
        settled.append(_Settled(row, one, agreed, tuple(name for name in by if name), rank))
    return settled


def _correction(each: _Settled, sha256: str) -> Correction:
    assert each.said is not None
    first = each.first
    verdict, answer = each.said
    return Correction(each.row, first.line, first.code, verdict, first.given, answer, each.reviewers, sha256)


def _reviews(
    source: Path,
    form: str,
    train: Path,
    judged: Sequence[_Judged],
    settled: Sequence[_Settled],
    corrections: Sequence[Correction],
    corrections_file: Path,
    left: _Left,
) -> Reviews:
    told = [each for each in settled if each.said and each.said[0] != "unsure"]
    controls = [each for each in told if each.first.control]
    rate = _rate(sum(each.wrong for each in controls), len(controls))
    remaining = left.wrong(told, len(settled), rate)
    times = [seconds for each in judged if (seconds := each.decision.seconds) and seconds > 0]
    pairs = _pairs(judged)
    notes = []
    if not controls:
        notes.append("wrong answers outside the queue: no random control row was reviewed")
    if left.ranking is None:
        notes.append("the unread queue: its ranking was not found, so the control rows stand for it too")
    if len(times) < LEAST_TIMED:
        notes.append(f"minutes per review: {len(times)} reviews with a time, {LEAST_TIMED} are needed")
    return Reviews(
        source=str(source),
        format=form,
        train=str(train),
        rows=len(told),
        wrong=sum(each.wrong for each in told),
        corrected=sum(bool(each.answer) for each in corrections),
        deleted=sum(each.verdict == "delete" for each in corrections),
        unsure=sum(each.said is not None and each.said[0] == "unsure" for each in settled),
        disputed=tuple(sorted(each.row for each in settled if each.said is None)),
        depths=_depths([each for each in told if not each.first.control]),
        controls=len(controls),
        controls_wrong=sum(each.wrong for each in controls),
        error_rate=rate,
        remaining=remaining,
        timed=len(times),
        minutes=_minutes(times),
        reviewers=len({each.decision.reviewer for each in judged}),
        twice=len(pairs),
        agreement=_rate(sum(one == other for one, other in pairs), len(pairs)),
        corrections_file=str(corrections_file),
        corrections=len(corrections),
        notes=tuple(notes),
    )


def _rate(some: int, of: int) -> Interval80 | None:
    if not of:
        return None
    low, high = wilson(some, of)
    return Interval80(min(low, some / of), some / of, max(high, some / of))


def _pairs(judged: Sequence[_Judged]) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """What the first two reviewers of a row said."""
    rows: dict[int, dict[str, tuple[str, str]]] = defaultdict(dict)
    for each in judged:
        rows[each.decision.row].setdefault(each.decision.reviewer, each.said)
    both = [list(by.values())[:2] for by in rows.values() if len(by) > 1]
    return [(one, other) for one, other in both]


def _depths(told: Sequence[_Settled]) -> tuple[DepthReviewed, ...]:
    """How many were wrong among the first so many reviewed rows of the queue, in the order of their rank."""
    order = sorted(told, key=lambda each: each.rank)
    steps = [*(depth for depth in DEPTHS if depth < len(order)), len(order)] if order else []
    return tuple(DepthReviewed(step, step, sum(each.wrong for each in order[:step])) for step in steps)


def _minutes(seconds: Sequence[float]) -> Interval80 | None:
    """One review: the mean of the times, with its 80% interval; None below 20 of them.

    A time above ten times the median counts as ten times the median: the reviewer was away.
    """
    if len(seconds) < LEAST_TIMED:
        return None
    order = sorted(seconds)
    most = IDLE * order[len(order) // 2]
    capped = [min(each, most) / 60 for each in seconds]
    mean = sum(capped) / len(capped)
    spread = (sum((each - mean) ** 2 for each in capped) / (len(capped) - 1)) ** 0.5
    error = Z80 * spread / len(capped) ** 0.5
    return Interval80(max(mean - error, mean / 3), mean, mean + error)
