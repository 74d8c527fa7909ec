"""A small search over settings at one size, and what its winner gains when it is measured afresh.

Settings compete on rows held out of the training rows, never on the test set. The winner of several noisy scores looks
better than it is, so the winner and the default are trained again on fresh draws and compared on the test set.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tunecase import engine
from tunecase.pilot.answers import Answers
from tunecase.pilot.conduct import Conductor
from tunecase.pilot.scoring.score import score_of
from tunecase.pilot.steps import Lesson, School, Step, step_of
from tunecase.pilot.trainers.task import Setting
from tunecase.quantities import Floats, Interval80, Rows, generator, np, score, winners_curse
from tunecase.records import Run, Trial, Tuning

HELD_SHARE = 0.2  # of the rows, for choosing
MOST_HELD = 500
FRESH_DRAWS = 2
# Draws of the ladder are numbered from 0, those of a search from here.
FIRST_FRESH_DRAW = 1_000
RESAMPLES = 400


@dataclass
class Search:
    """K settings at one size; the first is the trainer's default.

    `fresh` holds the default's runs on fresh draws, and the winner's.
    """

    lesson: Lesson
    school: School
    sizes: Sequence[int]
    tries: int
    trials: list[Step] = field(default_factory=list)
    fresh: list[list[Step]] = field(default_factory=list)
    n: int = 0
    held: int = 0
    top: int = 0
    why_not: str = ""

    def steps(self, conductor: Conductor) -> Iterator[Any]:
        """The trials, then, when all are back, the fresh runs of the default and of the winner."""
        options = self._options()
        if len(options) < 2:
            self.why_not = f"{self.school.name} names no settings to search"
            return
        top = self._affordable(conductor, len(options) + 2 * FRESH_DRAWS)
        if top is None:
            self.why_not = "its runs do not fit what is left of the caps"
            return
        self._lay_out(top, options)
        yield from self._begin(conductor, self.trials)
        while len(conductor.made(self.trials)) < len(self.trials) and not conductor.broken:
            yield engine.LATER
        best = self._best(conductor)
        if best is not None and best is not self.trials[0]:
            self.fresh = [self._fresh(options[0]), self._fresh(options[self.trials.index(best)])]
            yield from self._begin(conductor, [step for pair in zip(*self.fresh, strict=True) for step in pair])

    def tuning(self, conductor: Conductor) -> Tuning | None:
        """What the search showed; None, with `why_not`, where it could not be finished."""
        best, trials = self._best(conductor), conductor.made(self.trials)
        self.why_not = self.why_not or self._unfinished(best, len(trials))
        if best is None or self.why_not:
            return None
        measured = self._measured(conductor, best)
        if measured is None:
            self.why_not = f"{best.settings} won the search, but was not measured afresh in runs that all converged"
            return None
        default, winner, gain, factor = measured
        runs = [*trials, *conductor.made([step for steps in self.fresh for step in steps])]
        return Tuning(
            self.n, tuple(Trial(r.settings, r.score, r.test_rows, r.seconds, r.failed) for r in trials), best.settings,
            default, winner, self._luck(conductor.runs[best.key]), gain, factor, sum(run.seconds for run in runs),
            _paid_usd(runs),
        )  # fmt: skip

    def _unfinished(self, best: Step | None, trials: int) -> str:
        """Why the search has no result, in words; empty where all settings were tried."""
        if best is None:
            over = self.trials and trials == len(self.trials)
            return "every setting of the search failed" if over else "the pilot ended before any setting was scored"
        if trials < len(self.trials):
            return f"the pilot ended after {trials} of {len(self.trials)} settings"
        return ""

    def notes(self, tuning: Tuning | None) -> list[str]:
        """What a reader of the ladder should know of the search."""
        if tuning is None:
            return [f"no result of the search: {self.why_not}"]
        ladder = "the ladder's runs all used the trainer's own settings"
        if tuning.gain.low > 0:
            return [f"{tuning.best} is better by {score(tuning.gain.mid)} at {tuning.n:,} rows, beyond luck; {ladder}"]
        if tuning.gain == Interval80(0.0, 0.0, 0.0):
            return [f"of {len(tuning.trials)} settings, the trainer's own did best at {tuning.n:,} rows"]
        return [f"{tuning.best} won the search, but its gain of {score(tuning.gain.mid)} may be luck; {ladder}"]

    def _options(self) -> list[Mapping[str, Setting]]:
        options: list[Mapping[str, Setting]] = [{}]
        options += [own for own in self.school.module.SEARCH if own]
        return options[: max(0, self.tries)]

    def _affordable(self, conductor: Conductor, runs: int) -> int | None:
        """The largest rung at which the whole search fits what is left of the caps."""
        for n in sorted(self.sizes, reverse=True):
            like = next((step for step in conductor.ladder if step.n == n), None)
            if like is None or conductor.fits(runs * (conductor.seconds_of(like) or 0.0)):
                return n
        return None

    def _lay_out(self, top: int, options: Sequence[Mapping[str, Setting]]) -> None:
        """Trials on the first rows of a draw; the rows held out for choosing follow, if need be cut from their end."""
        lesson, order = self.lesson, self.lesson.order(FIRST_FRESH_DRAW)
        self.held = min(MOST_HELD, max(1, round(HELD_SHARE * len(order))))
        self.n = min(top, len(order) - self.held)
        trained, held = order[: self.n], order[self.n : self.n + self.held]
        rows, tests = lesson.rows.only(trained), lesson.rows.only(held)
        for own in options:
            school = self.school.settled(top, own)
            self.trials.append(step_of(replace(lesson, tests=tests), school, rows, FIRST_FRESH_DRAW, "tuning"))
        self.top = top

    def _fresh(self, own: Mapping[str, Setting]) -> list[Step]:
        """The runs of these settings on fresh draws, which the test set scores."""
        school, rows = self.school.settled(self.top, own), self.lesson.rows
        numbers = [FIRST_FRESH_DRAW + 1 + draw for draw in range(FRESH_DRAWS)]
        return [
            step_of(self.lesson, school, rows.only(self.lesson.order(number)[: self.n]), number, "tuning")
            for number in numbers
        ]

    @staticmethod
    def _begin(conductor: Conductor, steps: Sequence[Step]) -> Iterator[Step]:
        for step in steps:
            if not conductor.take_over(step) and not conductor.broken:
                yield step

    def _best(self, conductor: Conductor) -> Step | None:
        better = 1 if self.lesson.direction == "higher" else -1
        runs = [(step, conductor.runs.get(step.key)) for step in self.trials]
        good = [(step, run) for step, run in runs if run is not None and not run.failed and run.converged]
        # The first of equals, which is the default or nearer to it.
        return max(good, key=lambda pair: better * pair[1].score)[0] if good else None

    def _luck(self, best: Run) -> float:
        """How far the best of K scores on the held rows lies above its true score, by luck alone."""
        share = min(max(best.score, 0.0), 1.0)
        return winners_curse(len(self.trials)) * math.sqrt(share * (1 - share) / max(1, best.test_rows))

    def _measured(self, conductor: Conductor, best: Step) -> tuple[float, float, Interval80, Interval80] | None:
        """(default, winner, gain, error factor) on the test set, over fresh draws; the default may be the winner."""
        if best is self.trials[0]:
            score = conductor.runs[best.key].score
            return score, score, Interval80(0.0, 0.0, 0.0), Interval80(1.0, 1.0, 1.0)
        both = [self._fresh_runs(conductor, steps) for steps in self.fresh]
        if not both or any(len(each) < FRESH_DRAWS for each in both):
            return None
        default, winner = both
        return compared(self.lesson, default, winner)

    @staticmethod
    def _fresh_runs(conductor: Conductor, steps: Sequence[Step]) -> "list[tuple[float, Answers]]":
        """Score and answers of each run on a fresh draw that ended well."""
        runs = [run for run in conductor.made(steps) if not run.failed and run.converged]
        answered = [(run.score, conductor.answers(run.key)) for run in runs]
        return [(score, answers) for score, answers in answered if answers is not None]


def _paid_usd(runs: Sequence[Run]) -> float | None:
    usd = [run.usd for run in runs]
    return None if None in usd else sum(price or 0.0 for price in usd)


def compared(
    lesson: Lesson, default: Sequence[tuple[float, Answers]], winner: Sequence[tuple[float, Answers]]
) -> tuple[float, float, Interval80, Interval80]:
    """Two settings on the same test rows, several draws each: mean scores, their difference, the ratio of errors.

        gain = mean(winner) - mean(default);   factor = error(winner) / error(default)

    The 80% intervals resample test rows, the same for both, and add the luck of few draws as a normal number with
    the spread that the draws showed.

    Args:
        default, winner: score and answers of each draw.
    """
    rng, both = generator(lesson.seed, "search"), (default, winner)
    rows = rng.integers(len(lesson.tests), size=(RESAMPLES, len(lesson.tests)))
    drawn = [_resampled(lesson, [answers for _, answers in each], rows) for each in both]
    scores = [[score for score, _ in each] for each in both]
    variance = sum(float(np.var(each, ddof=1)) if len(each) > 1 else 0.0 for each in scores) / 2
    for part, each in enumerate(scores):
        drawn[part] = drawn[part] + math.sqrt(variance / len(each)) * rng.standard_normal(RESAMPLES)
    means = float(np.mean(scores[0])), float(np.mean(scores[1]))
    # The signed score rises as a model gets better; errors are never zero, so that their ratio exists.
    sign, best = (1, 1.0) if lesson.direction == "higher" else (-1, 0.0)
    errors, middle = ([np.maximum(best - sign * part, 1e-3) for part in parts] for parts in (drawn, means))
    gain = _around(sign * (drawn[1] - drawn[0]), sign * (means[1] - means[0]))
    return *means, gain, _around(errors[1] / errors[0], float(middle[1] / middle[0]))


def _resampled(lesson: Lesson, answers: Sequence[Answers], rows: "Rows") -> "Floats":
    """The mean score over draws in each resample of the test rows."""
    if lesson.metric != "macro_f1":
        scores = np.mean([each.row_scores for each in answers], axis=0)
        return np.asarray(scores[rows].mean(axis=1))
    labels = lesson.tests.labels
    return np.array(
        [
            np.mean(
                [score_of("macro_f1", [labels[i] for i in pick], [each.predictions[i] for i in pick])
                 for each in answers]
            )
            for pick in rows.tolist()
        ]
    )  # fmt: skip


def _around(drawn: "Floats", middle: float) -> Interval80:
    low, high = (float(end) for end in np.quantile(drawn, (0.1, 0.9)))
    return Interval80(min(low, middle), middle, max(high, middle))
