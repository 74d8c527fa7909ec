"""Whether a judge judges as people do: shared verdicts, kappa, leniency, length; and when its score may be a metric.

A judge whose agreement with people is unknown or poor is not a metric unless somebody accepts it as it is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tunecase.errors import InputError, Problem, refuse_any
from tunecase.pilot.scoring.judge import Judgement
from tunecase.pilot.scoring.score import mean_interval
from tunecase.quantities import Floats, Interval80, counted, generator, np, wilson

LEAST_ROWS = 30  # with fewer verdicts of people, agreement counts as unknown
FINE_KAPPA, POOR_KAPPA = 0.7, 0.6  # the convention of problem/criteria
MOST_UNREAD = 0.1
DRAWS = 2000
VERDICTS: Mapping[str, bool] = {
    **dict.fromkeys(("pass", "passed", "yes", "true", "good", "right", "correct", "1"), True),
    **dict.fromkeys(("fail", "failed", "no", "false", "bad", "wrong", "incorrect", "0"), False),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a judge agrees with people on whole rows, pass or fail.

    `share` is the share of rows with the same verdict, `kappa` the same beyond chance (None where all verdicts are
    equal). `leniency` is the judge's share of passes less the people's. `length_bias` is the leniency on the longer
    half of answers less that on the shorter half; None without answers.
    """

    judge: str
    criteria: tuple[str, ...]
    rows: int
    share: Interval80
    kappa: Interval80 | None
    leniency: Interval80
    length_bias: Interval80 | None = None

    @property
    def verdict(self) -> Literal["fine", "weak", "poor", "unknown"]:
        """fine from kappa .7, weak from .6, poor below; unknown below 30 rows or without kappa."""
        if self.kappa is None or self.rows < LEAST_ROWS:
            return "unknown"
        return "fine" if self.kappa.mid >= FINE_KAPPA else "weak" if self.kappa.mid >= POOR_KAPPA else "poor"


def agreement(judgement: Judgement, people: Sequence[object], answers: Sequence[str] | None = None) -> Agreement:
    """A judge's verdicts against people's on the same rows.

        kappa = (a - c) / (1 - c),   a the share of equal verdicts, c = p q + (1 - p)(1 - q) by chance

    The interval of kappa is P10 to P90 of 2,000 draws of the four counts, with half a row added to each (Jeffreys), so
    that few rows of full agreement do not look certain.

    Args:
        judgement: on these rows; unread rows are left out.
        people: a verdict per row: pass or fail in the usual words, true or false, or a score from 0 to 1, which passes
            from .5; blank where nobody judged.
        answers: the answers judged, to see whether length sways the judge.
    Returns: Agreement, with 80% intervals.
    Raises: InputError for a verdict that cannot be read, or unequal lengths; when no row has both verdicts.

    Source: Cohen, Educational and Psychological Measurement 20 (1960). Leaves out that people err too, so that
    a perfect judge would not reach 1: two people's kappa on the same rows says what can be reached.
    """
    if len(people) != len(judgement.verdicts) or (answers is not None and len(answers) != len(people)):
        got = f"{len(people)} verdicts for {counted(len(judgement.verdicts), 'row')}"
        raise InputError(Problem("judge: people's verdicts", got, "one per row", "give all columns the same rows"))
    both = _rows_with_both(judgement, people)
    if not both:
        fix = "have people judge some of these rows"
        raise InputError(Problem("judge: people's verdicts", "no row judged by both", "30 rows or more", fix))
    pairs = list(both.values())
    gaps = [float(judged) - float(human) for judged, human in pairs]
    return Agreement(
        judgement.judge,
        judgement.criteria,
        len(pairs),
        _share(gaps.count(0.0), len(pairs)),
        _kappa(pairs),
        _mean(gaps),
        _length_bias(gaps, [len(answers[row]) for row in both]) if answers is not None else None,
    )


def _rows_with_both(judgement: Judgement, people: Sequence[object]) -> dict[int, tuple[bool, bool]]:
    humans = [None if value is None or value == "" else read_human(value) for value in people]
    verdicts = enumerate(zip(judgement.passes, humans, strict=True))
    return {row: (judged, human) for row, (judged, human) in verdicts if judged is not None and human is not None}


def judged_score(judgement: Judgement, measured: Agreement | None, *, unknown_ok: bool = False) -> Interval80:
    """The judge's score as a metric: the mean share of criteria passed, with its 80% interval over rows.

    Args:
        measured: this judge's agreement with people, on these criteria.
        unknown_ok: True accepts unknown or poor agreement; say so wherever the score is shown.
    Raises: InputError where agreement is unknown, poor or another judge's, or more than 10% of rows are unread.

    Leaves out the judge's own error: a lenient judge scores every model higher. Compare models, not levels.
    """
    problems = [] if unknown_ok else _agreement_problems(judgement, measured)
    scores = [score for score in judgement.row_scores if score is not None]
    if not scores or judgement.unread > MOST_UNREAD * len(judgement.verdicts):
        got = f"{judgement.unread} of {counted(len(judgement.verdicts), 'row')} without a verdict that can be read"
        problems.append(Problem("judge: verdicts", got, "at most 10%", "choose a larger model as the judge"))
    refuse_any(problems)
    low, high = mean_interval(scores)
    return Interval80(low, sum(scores) / len(scores), high)


def _agreement_problems(judgement: Judgement, measured: Agreement | None) -> list[Problem]:
    if measured is None:
        return [_unfit("not known")]
    if (measured.judge, measured.criteria) != (judgement.judge, judgement.criteria):
        return [_unfit("measured for another judge or other criteria")]
    if measured.verdict == "unknown":
        return [_unfit(f"not known from {counted(measured.rows, 'row')}")]
    return [_unfit(f"kappa {measured.kappa.mid:.2f}")] if measured.verdict == "poor" and measured.kappa else []


def read_human(value: object) -> bool:
    """A person's verdict: pass or fail in the usual words, true or false, or a score, which passes from .5.

    Raises: InputError for anything else.

    Example:
        >>> read_human("Pass"), read_human(0), read_human("0.8")
        (True, False, True)
    """
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in VERDICTS:
        return VERDICTS[word]
    try:
        number = float(word)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise InputError(
            Problem("judge: people's verdicts", repr(word[:40]), "pass or fail, or a score from 0 to 1", "correct it")
        )
    return number >= 0.5


def _unfit(got: str) -> Problem:
    wanted = f"kappa {POOR_KAPPA} or more on {LEAST_ROWS} rows or more that people judged too"
    fix = "add a column with people's verdicts, or accept the judge as it is (unknown_ok)"
    return Problem("judge: agreement with people", got, wanted, fix)


def _share(some: int, rows: int) -> Interval80:
    low, high = wilson(some, rows)
    return Interval80(low, some / rows, high)


def _mean(gaps: Sequence[float]) -> Interval80:
    low, high = mean_interval([(gap + 1) / 2 for gap in gaps])
    mid = sum(gaps) / len(gaps)
    return Interval80(min(2 * low - 1, mid), mid, max(2 * high - 1, mid))


def _kappa(pairs: Sequence[tuple[bool, bool]]) -> Interval80 | None:
    counts = np.array([pairs.count((j, h)) for j in (True, False) for h in (True, False)], np.float64)
    (mid,) = _kappas(counts[np.newaxis])
    if not np.isfinite(mid):
        return None
    drawn = _kappas(generator(0, "kappa").dirichlet(counts + 0.5, DRAWS))
    low, high = np.percentile(drawn, [10, 90])
    return Interval80(float(min(low, mid)), float(mid), float(max(high, mid)))


def _kappas(cells: "Floats") -> "Floats":
    """Cohen's kappa of each line of counts: both pass, judge only, people only, both fail."""
    shares = cells / cells.sum(axis=1, keepdims=True)
    agreed = shares[:, 0] + shares[:, 3]
    judges, people = shares[:, 0] + shares[:, 1], shares[:, 0] + shares[:, 2]
    chance = judges * people + (1 - judges) * (1 - people)
    kappas: Floats = np.divide(agreed - chance, 1 - chance, out=np.full(len(cells), np.nan), where=chance < 1)
    return kappas


def _length_bias(gaps: Sequence[float], lengths: Sequence[int]) -> Interval80 | None:
    """Mean gap on the longer half less that on the shorter half; the halves' doubts add in squares."""
    order = sorted(range(len(gaps)), key=lambda i: (lengths[i], i))
    half = len(order) // 2
    if half < 2 or lengths[order[0]] == lengths[order[-1]]:
        return None
    short, long = (_mean([gaps[i] for i in part]) for part in (order[:half], order[-half:]))
    mid = long.mid - short.mid
    down = math.hypot(long.mid - long.low, short.high - short.mid)
    up = math.hypot(long.high - long.mid, short.mid - short.low)
    return Interval80(mid - down, mid, mid + up)
