"""What reviewers decided, matched with the rows: what it says about the unread rows, and the corrections."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tunecase.data.detectors.private import Mask
from tunecase.data.reading.blocks import read_rows
from tunecase.data.reading.kinds import LONGEST_LABEL, are_classes
from tunecase.data.reading.rows import BadRow, Layout, Row
from tunecase.data.review.corrections import Correction
from tunecase.data.review.depth import Review, wrong_unread
from tunecase.data.review.queue.item import VERDICTS, Decision, code_of, read_verdict
from tunecase.data.review.queue.reading import read_decisions
from tunecase.errors import Problem, nearest, refuse_any
from tunecase.quantities import Z80, Interval80, np, wilson
from tunecase.records import DepthReviewed, Reviews

LEAST_TIMED = 20  # timed reviews from which the reviewers' own times replace the default
IDLE = 10.0  # times the median: in a longer review the reviewer was away
MOST_LABELS = 20_000  # answers beyond these are free text, as in the audit
DEPTHS = (20, 50, 100, 200, 500)
Vote = tuple[str, str]  # a verdict, and the right answer where that verdict is "wrong"


@dataclass(frozen=True, slots=True)
class GivenOut:
    """The queue as it was given out.

    Args:
        usable: rows of the training file that will be used [rows]; all readable ones when left out.
        ranking: suspicion, 0 to 1, by row number, of all rows of the queue but the controls; None where not found.
        expected: wrong rows expected in the ranking before anybody looked [rows]; the sum of suspicions when left out.
    """

    usable: int | None = None
    ranking: Mapping[int, float] | None = None
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    """One decision matched with its row."""

    decision: Decision
    vote: Vote
    line: int
    given: str
    code: str
    control: bool


@dataclass(frozen=True, slots=True)
class _Settled:
    """What all reviewers of a row decided together; the vote is None where they do not agree."""

    row: int
    first: _Judged
    vote: Vote | None
    reviewers: tuple[str, ...]
    rank: int

    @property
    def verdict(self) -> str:
        return self.vote[0] if self.vote else ""

    @property
    def sure(self) -> bool:
        return self.verdict not in ("", "unsure")

    @property
    def wrong(self) -> bool:
        return self.verdict in ("wrong", "delete")


@dataclass(frozen=True, slots=True)
class _TrainingRows:
    """The decisions matched with the training file; its labels (none where answers are free text), readable rows."""

    judged: list[_Judged]
    labels: tuple[str, ...]
    count: int
    problems: list[Problem]


def review(
    source: Path, train: Path, layout: Layout, sha256: str, corrections_file: Path, queue: GivenOut | None = None
) -> tuple[Reviews, tuple[Correction, ...]]:
    """Reads decisions back and says what follows from them; writes nothing.

    A row with several reviewers is settled where more than half of them agree. The error rate is that of the random
    control rows (Wilson), which were drawn outside the queue. Answers still wrong are estimated in the unread queue
    from its ranking and the rows read of it, outside it from the controls; without a ranking, from the controls alone.

    Args:
        source: what the reviewers filled in, or a tool's export.
        train, layout, sha256: the training file that the queue was drawn from, how it is read, and its digest [hex].
        corrections_file: where the corrections will be kept.
        queue: what is known about the queue; nothing when left out.
    Returns: Reviews, and one Correction for each settled row.
    Raises: InputError with every decision that fits no row, no verdict or no label.

    Leaves out that reviewers make mistakes.
    """
    queue = queue or GivenOut()
    form, rows = _read_back(source, train, layout)
    judged, settled = rows.judged, _settle(rows.judged)
    ranked, controls = _sure(settled)
    corrections = tuple(_correction(each, sha256) for each in settled if each.sure)
    rate = _rate(_wrong(controls), len(controls))
    times, pairs = _times(judged), _pairs(judged)
    verdicts = Counter(each.verdict for each in settled)
    record = Reviews(
        source=str(source),
        format=form,
        train=str(train),
        rows=len(ranked) + len(controls),
        wrong=_wrong(ranked) + _wrong(controls),
        corrected=sum(bool(each.answer) for each in corrections),
        deleted=verdicts["delete"],
        unsure=verdicts["unsure"],
        disputed=tuple(sorted(each.row for each in settled if each.vote is None)),
        depths=_depths(ranked),
        controls=len(controls),
        controls_wrong=_wrong(controls),
        error_rate=rate,
        remaining=_remaining(settled, rate, queue, rows.count),
        timed=len(times),
        minutes=mean_minutes(times),
        reviewers=len({each.decision.reviewer for each in judged}),
        twice=len(pairs),
        agreement=_rate(sum(first == second for first, second in pairs), len(pairs)),
        corrections_file=str(corrections_file),
        corrections=len(corrections),
        notes=_notes(len(controls), queue, len(times)),
    )
    return record, corrections


def _read_back(source: Path, train: Path, layout: Layout) -> tuple[str, _TrainingRows]:
    """The form of a file, and its decisions matched with their rows.

    Raises: InputError with all problems, or where there is no decision.
    """
    form, decisions, problems = read_decisions(source)
    rows = _matched(train, layout, decisions)
    problems = [*problems, *rows.problems, *_unknown_labels(rows), *_decided_twice(rows.judged)]
    if not problems and not rows.judged:
        fix = "fill in decision (right, wrong, delete or unsure), or answer"
        problems = [Problem(str(source), "no decision in it", "rows that somebody judged", fix)]
    refuse_any(problems)
    return form, rows


def _matched(train: Path, layout: Layout, decisions: Sequence[Decision]) -> _TrainingRows:
    """Decisions with their rows, and what fits no row."""
    wanted: dict[int, list[Decision]] = defaultdict(list)
    for decision in decisions:
        wanted[decision.row].append(decision)
    judged: list[_Judged] = []
    problems: list[Problem] = []
    outputs: dict[str, None] = {}
    count = short = 0
    for row in read_rows(train, layout):
        if isinstance(row, BadRow):
            continue
        count += 1
        if len(row.output) <= LONGEST_LABEL:
            short += 1
            if len(outputs) <= MOST_LABELS:
                outputs[row.output] = None
        for decision in wanted.pop(row.number, ()):
            match = _match(decision, row)
            if isinstance(match, Problem):
                problems.append(match)
            else:
                judged.append(match)
    right, fix = f"a readable row of {train.name}", "give the file that the queue was drawn from"
    unmatched = itertools.chain.from_iterable(wanted.values())
    problems += (Problem(decision.where, f"row {decision.row}", right, fix) for decision in unmatched)
    few = layout.output is not None and len(outputs) <= MOST_LABELS
    classes = few and are_classes(len(outputs) + (count > short), short, count)
    return _TrainingRows(judged, tuple(outputs) if classes else (), count, problems)


def _match(decision: Decision, row: Row) -> _Judged | Problem:
    """A decision with its row, or why they do not fit."""
    code = code_of(row.number, row.input, row.output)
    control = decision.code == code_of(row.number, row.input, row.output, control=True)
    if not control and decision.code != code:
        got, fix = f"row {row.number} has changed since", "write the queue again (--fix) and review that row"
        return Problem(decision.where, got, "the row as it was given out", fix)
    answer = Mask([row.input, row.output]).restored(decision.answer, row.output)
    if answer is None:
        got, fix = "an answer with private data hidden in it", "write them out, as they stand in the training file"
        return Problem(decision.where, got, "the answer as it is to be learnt", fix)
    vote = _vote(replace(decision, answer=answer), row.output)
    if isinstance(vote, Problem):
        return vote
    return _Judged(decision, vote, row.line, row.output, code, control)


def _vote(decision: Decision, given: str) -> Vote | Problem:
    """What one decision says; an answer without a verdict says by itself whether the given one is right."""
    answer = decision.answer.strip()
    same = answer == given.strip()
    if not decision.verdict:
        return ("right", "") if same else ("wrong", answer)
    verdict = read_verdict(decision.verdict)
    if verdict is None:
        got = f"the decision {decision.verdict[:40]!r}"
        return Problem(decision.where, got, ", ".join(VERDICTS), nearest(decision.verdict, VERDICTS))
    if verdict == "right" and answer and not same:
        got = f"right, but with another answer ({answer[:40]!r})"
        return Problem(decision.where, got, "one or the other", "decide wrong, or clear the answer")
    if verdict == "wrong" and same:
        fix = "write the right answer, or leave it empty where you do not know it"
        return Problem(decision.where, "wrong, but with the given answer", "another answer", fix)
    return verdict, answer if verdict == "wrong" else ""


def _unknown_labels(rows: _TrainingRows) -> list[Problem]:
    wanted = "a label of the training file"
    return [
        Problem(each.decision.where, f"the label {answer[:60]!r}", wanted, nearest(answer, rows.labels))
        for each in rows.judged
        if rows.labels and (answer := each.vote[1]) and answer not in rows.labels
    ]


def _decided_twice(judged: Sequence[_Judged]) -> list[Problem]:
    first: dict[tuple[int, str], _Judged] = {}
    problems = []
    for each in judged:
        before = first.setdefault((each.decision.row, each.decision.reviewer), each)
        if before.vote != each.vote:
            got = f"row {each.decision.row} decided differently in {before.decision.where}"
            fix = "keep one, or fill in two reviewers"
            problems.append(Problem(each.decision.where, got, "one decision per reviewer", fix))
    return problems


def _by_row(judged: Sequence[_Judged]) -> dict[int, dict[str, _Judged]]:
    rows: dict[int, dict[str, _Judged]] = defaultdict(dict)
    for each in judged:
        rows[each.decision.row][each.decision.reviewer] = each
    return rows


def _settle(judged: Sequence[_Judged]) -> list[_Settled]:
    settled: list[_Settled] = []
    for row, by in _by_row(judged).items():
        ((most, votes),) = Counter(each.vote for each in by.values()).most_common(1)
        first = next(iter(by.values()))
        rank = first.decision.rank if first.decision.rank is not None else len(settled) + 1
        agreed = most if 2 * votes > len(by) else None
        settled.append(_Settled(row, first, agreed, tuple(name for name in by if name), rank))
    return settled


def _sure(settled: Sequence[_Settled]) -> tuple[list[_Settled], list[_Settled]]:
    """The rows that reviewers are sure of: those of the ranked queue, and the controls."""
    sure = [each for each in settled if each.sure]
    return [each for each in sure if not each.first.control], [each for each in sure if each.first.control]


def _wrong(rows: Sequence[_Settled]) -> int:
    return sum(each.wrong for each in rows)


def _times(judged: Sequence[_Judged]) -> list[float]:
    return [seconds for each in judged if (seconds := each.decision.seconds) and seconds > 0]


def _correction(each: _Settled, sha256: str) -> Correction:
    first = each.first
    verdict, answer = each.vote or ("", "")
    return Correction(each.row, first.line, first.code, verdict, first.given, answer, each.reviewers, sha256)


def _remaining(
    settled: Sequence[_Settled], rate: Interval80 | None, queue: GivenOut, readable: int
) -> Interval80 | None:
    """Wrong answers that nobody has seen; None where there is neither a ranking nor a control row to tell."""
    usable = readable if queue.usable is None else queue.usable
    if queue.ranking is not None:
        return _by_ranking([each for each in settled if each.sure], queue.ranking, queue.expected, usable)
    others = max(usable - len(settled), 0)
    return Interval80(*(others * end for end in (rate.low, rate.mid, rate.high))) if rate else None


def _by_ranking(
    sure: Sequence[_Settled], ranking: Mapping[int, float], expected: float | None, usable: int
) -> Interval80:
    rows = sorted(ranking, key=lambda row: -ranking[row])
    place = {row: at for at, row in enumerate(rows)}
    reviews = [Review(place.get(each.row), each.wrong) for each in sure if each.first.control or each.row in place]
    scores = np.array([ranking[row] for row in rows], np.float64)
    wrong = None if expected is None else Interval80(expected, expected, expected)
    return wrong_unread(reviews, scores, outside=max(usable - len(rows), 0), wrong=wrong)


def _notes(controls: int, queue: GivenOut, timed: int) -> tuple[str, ...]:
    notes = []
    if not controls:
        notes.append("wrong answers outside the queue: no random control row was reviewed")
    if queue.ranking is None:
        notes.append("wrong answers in the unread queue: its ranking was not found; the control rows' rate is used")
    if timed < LEAST_TIMED:
        notes.append(f"minutes per review: {timed} reviews have a time, {LEAST_TIMED} are needed")
    return tuple(notes)


def _rate(some: int, of: int) -> Interval80 | None:
    if not of:
        return None
    low, high = wilson(some, of)
    return Interval80(min(low, some / of), some / of, max(high, some / of))


def _pairs(judged: Sequence[_Judged]) -> list[tuple[Vote, Vote]]:
    several = [list(by.values()) for by in _by_row(judged).values() if len(by) > 1]
    return [(first.vote, second.vote) for first, second, *_ in several]


def _depths(read: Sequence[_Settled]) -> tuple[DepthReviewed, ...]:
    """How many reviewed rows of the queue were wrong down to each depth, in the order of their rank."""
    order = sorted(read, key=lambda each: each.rank)
    steps = [*(depth for depth in DEPTHS if depth < len(order)), len(order)] if order else []
    return tuple(DepthReviewed(step, step, _wrong(order[:step])) for step in steps)


def mean_minutes(seconds: Sequence[float]) -> Interval80 | None:
    """The minutes of one review or label: the mean of the times, with its 80% interval; None for fewer than 20 times
    or a clock that never ran.

    A time above ten times the median counts as ten times the median, since the reviewer was away.
    """
    if len(seconds) < LEAST_TIMED:
        return None
    order = sorted(seconds)
    most = IDLE * order[len(order) // 2]
    capped = [min(each, most) / 60 for each in seconds]
    mean = sum(capped) / len(capped)
    if mean <= 0:
        return None
    spread = (sum((each - mean) ** 2 for each in capped) / (len(capped) - 1)) ** 0.5
    error = Z80 * spread / len(capped) ** 0.5
    return Interval80(max(mean - error, mean / 3), mean, mean + error)
