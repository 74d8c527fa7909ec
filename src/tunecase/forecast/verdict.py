"""What a forecast concludes: the verdict in its fixed order, the next pilot, and one sentence with the numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tunecase.forecast.curves import FARTHEST, LEAST_SIZES, Belief
from tunecase.forecast.noise import SIGNAL_CUT, Fault, Gate, Reading, as_tested, spreads
from tunecase.forecast.points import to_error, to_score
from tunecase.forecast.scale import Scale
from tunecase.records import Needed, NextRun, Point

NOT_ACHIEVABLE = 0.05
OPEN, LIKELY = 0.5, 0.8
MOST_DRAWS = 10
FAULTS = {
    "one answer": "Such scores are the share of that answer and say nothing of training",
    "falls": "That is a sign of test rows from elsewhere than training rows, of wrong labels, or of a broken recipe",
}

Verdict = Literal[
    "above the ceiling", "reached", "not a pilot yet", "pilot uninformative",
    "not achievable within n_max", "unlikely", "open", "likely", "no target",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a verdict is drawn from.

    `model` is what the points were measured with, empty when unknown; `left_out` names runs that became no point, in
    words; `of_pilot` is False for points that were measured elsewhere.
    """

    points: tuple[Point, ...]
    scale: Scale
    target: float | None
    ceiling: float | None
    n_max: int
    n_max_why: str
    model: str
    belief: Belief | None = None
    p_target: float | None = None
    needed: Needed | None = None
    left_out: tuple[str, ...] = ()
    of_pilot: bool = True
    copies: bool = False
    next_run: NextRun | None = None

    def words(self, score: float) -> str:
        """The score in words."""
        return f"{score:.1%}" if self.scale.bounded else f"{score:.3g}"

    def error(self, score: float) -> float:
        """The error of a score."""
        return to_error(score, self.scale.direction)

    @property
    def tested(self) -> Reading:
        """What the test of the largest size says of the model that it tested."""
        seen = spreads(self.points, self.scale)
        return as_tested(self.points[-1], self.scale, None if seen is None else float(seen[-1]))

    @property
    def cautious(self) -> float:
        """The worse end of the 80% interval of that model's score."""
        return to_score(self.tested.highest, self.scale.direction)

    @property
    def above_ceiling(self) -> bool:
        """True when the target is better than the labels allow."""
        if self.target is None or self.ceiling is None:
            return False
        return self.error(self.target) < self.error(self.ceiling) - 1e-12


def verdict(facts: Facts) -> Verdict:
    """The verdict, rules in the order of the module `forecast`.

    Nothing is called likely farther from the largest size than any curve was ever followed.
    "Not achievable" needs a clear signal and a chance below 5%; it is never read off a fitted floor.
    """
    if facts.above_ceiling:
        return "above the ceiling"
    if facts.points and facts.target is not None and facts.error(facts.cautious) <= facts.error(facts.target):
        return "reached"
    if facts.belief is None:
        return "not a pilot yet"
    if not facts.belief.gate.passed:
        return "pilot uninformative"
    if facts.p_target is None:
        return "no target"
    if facts.p_target < NOT_ACHIEVABLE:
        return "not achievable within n_max"
    checked = facts.n_max <= FARTHEST * facts.points[-1].n
    return "likely" if facts.p_target >= LIKELY and checked else "open" if facts.p_target >= OPEN else "unlikely"


def cautious_score(point: Point, scale: Scale) -> float:
    """The worse end of the 80% interval of a measured model's score: Wilson's of its test items, where they are known.

    The model that was tested is the one that would be shipped, so other runs' luck is no doubt of it; see `as_tested`.
    """
    return to_score(as_tested(point, scale).highest, scale.direction)


def next_pilot(conclusion: Verdict, facts: Facts) -> str:
    """What to measure next when the points say too little; empty otherwise."""
    if conclusion == "not a pilot yet":
        return "tune a small language model, or ask a prompted one" if facts.copies else _first_sizes(facts.points)
    if conclusion != "pilot uninformative" or facts.belief is None:
        return ""
    gate, last = facts.belief.gate, facts.points[-1]
    if gate.fault:
        return _mended(gate.fault, last)
    if not gate.noise_dominates or gate.standard_error is None:
        n = facts.next_run.n if facts.next_run else 4 * last.n
        return f"one more size, {n:,} examples, {n / last.n:.3g} times the largest"
    return _quieter(gate, gate.standard_error, last)


def _first_sizes(points: Sequence[Point]) -> str:
    start, first = (points[-1].n, 1) if points else (50, 0)
    words = [f"{start * 2 ** (first + i):,}" for i in range(LEAST_SIZES - len(points))]
    listed = " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
    return f"train on {listed} examples, scored on the same test set"


def _mended(fault: Fault, last: Point) -> str:
    if fault == "one answer":
        return f"train on more rows ({4 * last.n:,}), for more epochs, or train another learner, until answers differ"
    return (
        f"train {last.n:,} other examples once more, after `tunecase audit` has told whether test rows differ from "
        "training rows, and after a look at labels of rows added last"
    )


def _quieter(gate: Gate, standard_error: float, last: Point) -> str:
    gain = max(-math.log(1 - gate.cut) if gate.cut > 0 else 0.0, -math.log(1 - SIGNAL_CUT))
    wanted = (gain / 2 / standard_error) ** 2  # of the variance, this share may stay
    if gate.test_share >= 0.5 and last.test_rows:
        factor = gate.test_share / max(wanted - (1 - gate.test_share), wanted / 4)
        rows = _round_up(last.test_rows * factor)
        now = f"{last.test_rows:,}, as noise hides the curve"
        return f"score the same models on about {rows:,} test items instead of {now}"
    runs = min(math.ceil(last.draws / wanted), MOST_DRAWS)
    return (
        f"train {max(runs, last.draws + 1)} draws of each size instead of {last.draws}, as runs differ more than sizes"
    )


def _round_up(number: float) -> int:
    step = int(10 ** max(math.floor(math.log10(number)) - 1, 0))
    return math.ceil(number / step) * step


def reason(conclusion: Verdict, facts: Facts, following: str) -> str:
    """The verdict in one plain sentence with its numbers; `following` is the next pilot."""
    wanted = facts.words(facts.target) if facts.target is not None else ""
    if conclusion == "above the ceiling" and facts.ceiling is not None:
        most = facts.words(facts.ceiling)
        return f"The target of {wanted} lies beyond {most}, the best that the labels allow: relabel or redefine it."
    if conclusion == "not a pilot yet" and facts.copies and facts.points:
        return (
            f"The pilot only copied answers of similar rows, which tells nothing of what a model writes: {following}."
        )
    if conclusion == "not a pilot yet":
        without = f" (left out: {'; '.join(facts.left_out)})" if facts.left_out else ""
        return f"A curve needs {LEAST_SIZES} sizes and there {_sizes(facts.points)}{without}: {following}."
    last, subject = facts.points[-1], "The pilot" if facts.of_pilot else "What was measured"
    now = f"{facts.words(last.score)} at {last.n:,} examples"
    if conclusion == "reached":
        bound = facts.words(facts.cautious)
        best = f" (the mean of {last.draws} runs: ship the one that tested best)" if last.draws > 1 else ""
        cautious = f"even its cautious reading, {bound}, meets the target of {wanted}"
        return f"{subject} already scores {now}{best}, and {cautious}."
    if conclusion == "pilot uninformative" and facts.belief:
        why = facts.belief.gate.why
        if facts.belief.gate.fault:
            sign = FAULTS[facts.belief.gate.fault]
            return f"{subject} is uninformative: {why}. {sign}, so nothing is promised or ruled out; next: {following}."
        return f"{subject} shows no clear signal ({why}), so nothing is promised or ruled out; next: {following}."
    if conclusion == "no target":
        return f"{subject} scores {now}; without a target there is a curve and no verdict."
    return _chance(conclusion, facts, now, wanted)


def _chance(conclusion: Verdict, facts: Facts, now: str, wanted: str) -> str:
    within = f"{facts.n_max:,} examples" + (f" ({facts.n_max_why})" if facts.n_max_why else "")
    model = f"With {facts.model}: from" if facts.model else "From"
    chance = f"{model} {now}, the chance of {wanted} within {within}"
    if conclusion == "not achievable within n_max":
        return f"{chance} is below 5% ({math.floor(1_000 * (facts.p_target or 0)) / 10}%)."
    half = facts.needed.p50 if facts.needed else None
    usual = f"; in half of the cases {half:,} are enough" if half else ""
    return f"{chance} is {facts.p_target:.0%}: {conclusion}{usual}."


def _sizes(points: Sequence[Point]) -> str:
    if not points:
        return "is none"
    return "is 1" if len(points) == 1 else f"are {len(points)}"
