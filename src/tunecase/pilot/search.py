"""A small search over settings at one size, and what its winner gains when it is measured afresh.

Settings compete on rows held out of the training rows, never on the test set. The winner of several noisy scores looks
better than it is, so the winner and the default are trained again on fresh draws and compared on the test set.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tunecase import engine
from tunecase.pilot.answers import Answers
from tunecase.pilot.conduct import Conductor
from tunecase.pilot.scoring.score import score_of
from tunecase.pilot.steps import Lesson, School, Step, step_of
from tunecase.pilot.trainers.task import Setting
from tunecase.quantities import Interval80, generator, score, winners_curse
from tunecase.records import Run, Trial, Tuning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

HELD_SHARE = 0.2  # of the rows, for choosing
MOST_HELD = 500
FRESH_DRAWS = 2
# Draws of the ladder count from 0; those of a search are its own.
FIRST_FRESH_DRAW = 1_000
RESAMPLES = 400


@dataclass
class Search:
    """K settings at one size; the first is the trainer's default."""

    lesson: Lesson
    school: School
    sizes: Sequence[int]
    tries: int
    trials: list[Step] = field(default_factory=list)
    fresh: list[list[Step]] = field(default_factory=list)
    """The default's runs on fresh draws, and the winner's."""
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
            self.why_not = "no search over settings fits what is left"
            return
        self._lay_out(top, options)
        yield from self._begin(conductor, self.trials)
        while any(step.key not in conductor.runs for step in self.trials) and not conductor.broken:
            yield engine.LATER
        best = self._best(conductor)
        if best is None or best is self.trials[0]:
            return
        default, winner = (options[self.trials.index(step)] for step in (self.trials[0], best))
        self.fresh = [[self._fresh(draw, made) for draw in range(FRESH_DRAWS)] for made in (default, winner)]
        yield from self._begin(conductor, [step for pair in zip(*self.fresh, strict=True) for step in pair])

    def found(self, conductor: Conductor) -> Tuning | None:
        """What the search found; None, with `why_not`, where it could not be finished."""
        best = self._best(conductor)
        if not self.trials or best is None:
            over = self.trials and all(step.key in conductor.runs for step in self.trials)
            why = "every setting of the search failed" if over else "the pilot ended before any setting was scored"
            self.why_not = self.why_not or why
            return None
        runs = [conductor.runs[step.key] for step in self.trials if step.key in conductor.runs]
        if len(runs) < len(self.trials):
            self.why_not = f"the pilot ended after {len(runs)} of {len(self.trials)} settings"
            return None
        trials = tuple(Trial(r.settings, r.score, r.test_rows, r.seconds, r.failed) for r in runs)
        extra = [conductor.runs[step.key] for steps in self.fresh for step in steps if step.key in conductor.runs]
        seconds, usd = sum(run.seconds for run in (*runs, *extra)), [run.usd for run in (*runs, *extra)]
        paid = None if any(one is None for one in usd) else sum(one or 0.0 for one in usd)
        luck = self._luck(conductor.runs[best.key])
        if best is self.trials[0]:
            at = conductor.runs[best.key].score
            even, one = Interval80(0.0, 0.0, 0.0), Interval80(1.0, 1.0, 1.0)
            return Tuning(self.n, trials, best.settings, at, at, luck, even, one, seconds, paid)
        measured = self._compared(conductor)
        if measured is None:
            self.why_not = f"{best.settings} won the search, but was not measured afresh in runs that all converged"
            return None
        default, winner, gain, factor = measured
        return Tuning(self.n, trials, best.settings, default, winner, luck, gain, factor, seconds, paid)

    def notes(self, found: Tuning | None) -> list[str]:
        """What a reader of the ladder should know of the search."""
        if found is None:
            return [f"no search: {self.why_not}"]
        ladder = "the ladder's runs all used the trainer's own settings"
        if found.gain.low > 0:
            return [f"{found.best} is better by {score(found.gain.mid)} beyond luck at {found.n:,} rows; {ladder}"]
        if found.gain == Interval80(0.0, 0.0, 0.0):
            return [f"of {len(found.trials)} settings the trainer's own did best at {found.n:,} rows"]
        return [f"{found.best} won the search, but its gain may be luck ({score(found.gain.mid)}); {ladder}"]

    def _options(self) -> list[Mapping[str, Setting]]:
        """The settings to try, the default first, each once."""
        options: list[Mapping[str, Setting]] = [{}]
        options += [own for own in self.school.module.SEARCH if own]
        return options[: max(0, self.tries)]

    def _affordable(self, conductor: Conductor, runs: int) -> int | None:
        """The largest rung at which the whole search fits what is left."""
        for n in sorted(self.sizes, reverse=True):
            like = next((step for step in conductor.ladder if step.n == n), None)
            if like is None or conductor.fits(runs * (conductor.seconds_of(like) or 0.0)):
                return n
        return None

    def _lay_out(self, top: int, options: Sequence[Mapping[str, Setting]]) -> None:
        """Trials on the first rows of a draw; the rows held for choosing come after them, or are cut from their end."""
        lesson, order = self.lesson, self.lesson.order(FIRST_FRESH_DRAW)
        self.held = min(MOST_HELD, max(1, round(HELD_SHARE * len(order))))
        self.n = min(top, len(order) - self.held)
        trained, held = order[: self.n], order[self.n : self.n + self.held]
        for own in options:
            made = self.school.module.settings(top, {**self.school.chosen, **own})
            rows, tests = lesson.rows.only(trained), lesson.rows.only(held)
            self.trials.append(
                step_of(lesson, self.school, rows, FIRST_FRESH_DRAW, made, "tuning", "trial", tests=tests)
            )
        self.top = top

    def _fresh(self, draw: int, own: Mapping[str, Setting]) -> Step:
        number = FIRST_FRESH_DRAW + 1 + draw
        rows = self.lesson.rows.only(self.lesson.order(number)[: self.n])
        made = self.school.module.settings(self.top, {**self.school.chosen, **own})
        return step_of(self.lesson, self.school, rows, number, made, "tuning", "fresh")

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
        """How much better than it is the best of K scores on the held rows looks."""
        share = min(max(best.score, 0.0), 1.0)
        return winners_curse(len(self.trials)) * math.sqrt(share * (1 - share) / max(1, best.test_rows))

    def _compared(self, conductor: Conductor) -> tuple[float, float, Interval80, Interval80] | None:
        """(default, winner, gain, error factor) on the test set, over fresh draws."""
        runs = [[conductor.runs.get(step.key) for step in steps] for steps in self.fresh]
        made = [[run for run in each if run and not run.failed and run.converged] for each in runs]
        if not made or any(len(each) < FRESH_DRAWS for each in made):
            return None
        answers = [[conductor.answers(step.key) for step in steps] for steps in self.fresh]
        kept = [[one for one in each if one is not None] for each in answers]
        if not kept or any(len(each) < FRESH_DRAWS for each in kept):
            return None
        first, best = ([run.score for run in each] for each in made)
        return compared(self.lesson, kept[0], kept[1], first, best)


def compared(
    lesson: Lesson, default: Sequence[Answers], winner: Sequence[Answers], first: Sequence[float], best: Sequence[float]
) -> tuple[float, float, Interval80, Interval80]:
    """Two settings on the same test rows, several draws each: mean scores, their difference, the ratio of errors.

        gain = mean(winner) - mean(default);   factor = error(winner) / error(default)

    The 80% intervals resample test rows, the same for both, and add the luck of few draws as a normal number whose
    spread is what the draws showed.

    Args:
        default, winner: answers of each draw.
        first, best: their scores.
    """
    import numpy as np

    rng = generator(lesson.seed, "search")
    rows = rng.integers(len(lesson.tests), size=(RESAMPLES, len(lesson.tests)))
    drawn = [_resampled(lesson, each, rows) for each in (default, winner)]
    deviations = [float(np.var(scores, ddof=1)) if len(scores) > 1 else 0.0 for scores in (first, best)]
    for scores, part in zip((first, best), range(2), strict=True):
        spread = math.sqrt(sum(deviations) / 2 / len(scores))
        drawn[part] = drawn[part] + spread * rng.standard_normal(RESAMPLES)
    means = float(np.mean(first)), float(np.mean(best))
    higher = lesson.direction == "higher"
    errors = [np.maximum(1 - part if higher else part, 1e-3) for part in drawn]
    middle = [max(1 - mean if higher else mean, 1e-3) for mean in means]
    gain = _around(drawn[1] - drawn[0], means[1] - means[0])
    return *means, gain if higher else _flipped(gain), _around(errors[1] / errors[0], middle[1] / middle[0])


def _resampled(lesson: Lesson, answers: Sequence[Answers], rows: "NDArray[np.int64]") -> "Array":
    """The mean score over draws in each resample of the test rows."""
    import numpy as np

    if lesson.metric != "macro_f1":
        each = np.mean([one.row_scores for one in answers], axis=0)
        return np.asarray(each[rows].mean(axis=1))
    labels = lesson.tests.labels
    return np.array(
        [
            np.mean(
                [score_of("macro_f1", [labels[i] for i in pick], [one.predictions[i] for i in pick])
                 for one in answers]
            )
            for pick in rows.tolist()
        ]
    )  # fmt: skip


def _around(drawn: "Array", middle: float) -> Interval80:
    import numpy as np

    low, high = (float(end) for end in np.quantile(drawn, (0.1, 0.9)))
    return Interval80(min(low, middle), middle, max(high, middle))


def _flipped(one: Interval80) -> Interval80:
    return Interval80(-one.high, -one.mid, -one.low)
