"""The race: every learner that was asked for climbs a ladder of its own, cheapest first, until it cannot win any more.

All of them are trained on the same draws and scored on the same test rows, share the caps in time and money, and take
over one another's runs.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from statistics import median

from tunecase import catalog, engine
from tunecase.errors import InputError, TunecaseError
from tunecase.pilot.answers import Answers
from tunecase.pilot.conduct import Conductor, Journal, Progress
from tunecase.pilot.ladder import MOST_HEAVY_ROWS, ladder_sizes
from tunecase.pilot.plan import PilotPlan, plan_of
from tunecase.pilot.rivals import PROBE, Lead, lead, luck_of_draws, top_runs
from tunecase.pilot.settings import Struck, nothing_struck
from tunecase.pilot.steps import KINDS, Lesson, School
from tunecase.pilot.trainers.task import Result
from tunecase.quantities import Z80, Interval80, count, one_line, score
from tunecase.records import Candidate, ModelKind, Run

AUTO = "auto"
# Nobody could ship what these train.
NO_CANDIDATES = frozenset({"simulated"})
ORDER: tuple[ModelKind, ...] = ("n-grams", "search", "encoder", "", "causal")
MOST_WHY = 400  # characters of a reason with its fix
LEAST_LEFT = 3  # rungs of a heavy learner that other learners have too
# Ends the name of what one model becomes by another trainer.
ENDINGS = {"encoder-tuned": ", tuned"}
NEAREST_ROWS = "nearest rows"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a race measures: learners as (trainer, model), models that are asked untrained, and what cannot be, why."""

    learners: tuple[tuple[str, str], ...]
    untrained: tuple[str, ...] = ()
    not_measured: tuple[str, ...] = ()


def asked_for(
    race: Sequence[str], models: Sequence[str], trainers: Collection[str], struck: Struck = nothing_struck,
    floor: str = PROBE,
) -> Asked:  # fmt: skip
    """What the names of a race stand for.

    "auto" stands for the floor, the default encoder, and the project's encoders and causal models; causal ones only
    where this machine has a GPU, since they take minutes to hours without one, encoders only where answers are classes.
    Models that cost money are never part of it, nor is what the project's constraints rule out; such a model is
    measured only where it is named.

    Args:
        race: names of trainers ("n-grams" for the probe), of models, or both as TRAINER:MODEL; "auto".
        models: those that the project lists.
        trainers: names of all trainers.
        struck: why the constraints rule out a model of a kind, by its name; "" where they do not.
        floor: the trainer that needs no model, "probe" where answers are classes.
    """
    learners: list[tuple[str, str]] = []
    untrained, not_measured = [], []
    for name in race:
        trainer, _, model = name.partition(":")
        if trainer in NO_CANDIDATES:
            not_measured.append(f"{trainer}: it trains nothing, so nobody could use it; try it alone with --trainer")
        elif name == AUTO:
            own, left_out = _by_itself(models, struck, floor)
            learners += own
            not_measured += left_out
        elif trainer in trainers:
            learners.append((trainer, model))
        elif name == "n-grams":
            learners.append((PROBE, ""))
        elif catalog.model_kind(name) in ("hosted", "decision"):
            untrained.append(name)
        else:
            learners.append(learner(name))
    return Asked(tuple(dict.fromkeys(learners)), tuple(untrained), tuple(not_measured))


def learner(model: str) -> tuple[str, str]:
    """The trainer of a model, and the model by its full name: a head for an encoder, else LoRA."""
    if catalog.model_kind(model) == "encoder":
        return "encoder", catalog.encoder(model).name
    return "lora", model


def _by_itself(models: Sequence[str], struck: Struck, floor: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The learners of "auto", and what it leaves out though its weights may be here, with the reason."""
    encoders = [("encoder", ""), *(learner(model) for model in models if catalog.model_kind(model) == "encoder")]
    encoders = encoders if floor == PROBE else []
    causal = [model for model in models if catalog.model_kind(model) == "causal"]
    allowed, ruled_out = _held_against([*encoders, *map(learner, causal)], struck)
    causal = [model for trainer, model in allowed if trainer == "lora"]
    if engine.gpus() or not causal:
        return [(floor, ""), *allowed], ruled_out
    known = [(floor, ""), *(one for one in allowed if one[0] != "lora")]
    long = "language models take long to train without a GPU, and this machine has none"
    name = f"`tunecase pilot --candidates auto,{causal[0]}` measures one all the same, where its weights are here"
    return known, [*ruled_out, f"{', '.join(causal)}: {long}; {name}"]


def _held_against(learners: Sequence[tuple[str, str]], struck: Struck) -> tuple[list[tuple[str, str]], list[str]]:
    """The learners that the project's constraints allow, and which they rule out, why."""
    reasons = {one: ruled_out(*one, struck) for one in learners}
    words = [f"{model or default_encoder()}: {why}" for (_, model), why in reasons.items() if why]
    return [one for one in learners if not reasons[one]], list(dict.fromkeys(words))


def ruled_out(trainer: str, model: str, struck: Struck) -> str:
    """Why the project's constraints rule a learner out, in words; empty where they do not.

    Args:
        model: its name; "" for the encoder that is taken where none is named.
    """
    named = model or (default_encoder() if trainer == "encoder" else "")
    why = struck(KINDS.get(trainer, ""), named)
    return f"the project's constraints rule it out: {why}" if why else ""


def default_encoder() -> str:
    """The encoder that is measured where none is named: the first of the tables."""
    return catalog.encoders()[0].name


def rungs_beside(own: Sequence[int], lesson: Lesson, heavy: bool) -> tuple[int, ...]:
    """The sizes of another learner's ladder: those of the pilot's own where they can be compared, and what it adds.

    Args:
        own: sizes of the pilot's own learner.
        heavy: True for a learner whose runs take long; it ends at 2,000 rows.
    """
    usual = ladder_sizes(len(lesson.rows), len(lesson.classes) or 1, heavy)
    if heavy:
        shared = [n for n in own if n <= MOST_HEAVY_ROWS][-len(usual) :]
        return tuple(shared) if len(shared) >= LEAST_LEFT else usual
    return tuple(sorted({*own, *(n for n in usual if n > max(own))}))


def shared(journal: Journal) -> Journal:
    """The journal with the runs of this pilot among the earlier ones, so that one learner's run serves another."""
    done, kept = dict(journal.done), dict[str, Answers]()

    def keep(key: str, result: Result) -> None:
        if result.predictions is not None and result.row_scores is not None:
            kept[key] = Answers(result.predictions, result.row_scores, result.confidences)
        journal.keep_answers(key, result)

    def on_run(run: Run) -> None:
        done[run.key] = run
        journal.on_run(run)

    return Journal(done, lambda key: kept.get(key) or journal.kept_answers(key), keep, on_run, journal.progress)


@dataclass(slots=True)
class Entrant:
    """One learner of the race with its ladder; `own` for the one whose runs are the pilot's.

    `full_name` is for one whose short name another learner has too.
    """

    school: School
    conductor: Conductor
    rungs: tuple[int, ...]
    own: bool = False
    dropped: str = ""
    failed: str = ""
    full_name: bool = False

    @property
    def kind(self) -> ModelKind:
        """What its model is."""
        return KINDS.get(self.school.name, "")

    @property
    def name(self) -> str:
        """The name that people read."""
        if self.kind == "n-grams":
            return self.kind
        if self.kind == "search":
            return NEAREST_ROWS
        if self.full_name:
            return f"{self.school.model} ({self.school.name})"
        known = self.kind or self.school.model != self.school.module.MODEL
        short = PurePath(self.school.model).name if known else self.school.name
        return short + ENDINGS.get(self.school.name, "")

    @property
    def good(self) -> list[Run]:
        """The runs of its ladder that ended well."""
        return self.conductor.good()

    @property
    def top_score(self) -> float:
        """The mean score at the largest size that has one."""
        tops = top_runs(self.conductor)
        return sum(run.score for run in tops) / len(tops)

    def answers(self, n: int) -> list[Answers | None]:
        """What its good runs of one size answered, the draws in order."""
        return [self.conductor.answers(run.key) for run in self.good if run.n == n]


@dataclass(slots=True)
class Race:
    """All learners of a pilot, cheapest first."""

    lesson: Lesson
    entrants: list[Entrant]
    keep_all: bool
    _leads: dict[tuple[str, ...], Lead | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.entrants.sort(key=_cost)
        names = [entrant.name for entrant in self.entrants]
        for entrant, name in zip(self.entrants, names, strict=True):
            entrant.full_name = names.count(name) > 1
        for entrant in self.entrants:
            if entrant.own or self.keep_all:
                continue
            entrant.conductor.hopeless = _bound(self._why_hopeless, entrant)
        if len(self.entrants) > 1:
            for entrant in self.entrants:
                self._tell_all(entrant)

    @property
    def own(self) -> Entrant:
        """The one whose runs are the pilot's."""
        return next(entrant for entrant in self.entrants if entrant.own)

    def plan(self) -> PilotPlan:
        """What all of them are about to do together."""
        plan = plan_of(self.own.conductor, self.own.school, self.own.rungs)
        plans = [plan_of(each.conductor, each.school, each.rungs) for each in self.entrants]
        return replace(
            plan, runs=sum(each.runs for each in plans), reused=sum(each.reused for each in plans),
            minutes=_added([each.minutes for each in plans if each.runs]),
            usd=_added([each.usd for each in plans if each.runs or each.usd is None]),
            candidates=tuple(each.name for each in self.entrants) if len(self.entrants) > 1 else (),
            light=not any(each.school.module.HEAVY for each in self.entrants),
        )  # fmt: skip

    def conduct(self) -> None:
        """Measures one after another; what goes wrong with one of them never ends the race of the others."""
        for entrant in self.entrants:
            conductor = entrant.conductor
            for step in (*conductor.ladder, *conductor.rivals):
                if step.key not in conductor.runs:
                    conductor.take_over(step)
            if entrant.own:
                conductor.conduct()
            elif self._has_room(entrant):
                try:
                    conductor.conduct()
                except TunecaseError as error:
                    entrant.failed = str(error)

    def pass_on(self, trainer: str) -> None:
        """Makes the learner of this trainer the pilot's own, where the one so far has no run that ended well."""
        heir = next((each for each in self.entrants if each.school.name == trainer and each.good), None)
        if heir is not None and not self.own.good:
            self.own.own, heir.own = False, True

    def candidates(self) -> tuple[Candidate, ...]:
        """Everything that was measured and could give the answers, best first."""
        sign = 1 if self.lesson.direction == "higher" else -1
        ran = [each for each in self.entrants if each.good and each.school.name not in NO_CANDIDATES]
        ranked = sorted(ran, key=lambda each: -sign * each.top_score)
        return tuple(self._candidate(each, ranked[0]) for each in ranked)

    def not_measured(self) -> list[str]:
        """What was to be measured and has no score, and why."""
        return [f"{each.name}: {_why_without(each)}" for each in self.entrants if not each.own and not each.good]

    def _has_room(self, entrant: Entrant) -> bool:
        """False, with the reason, where the caps leave no room for one run; what is all made needs none."""
        conductor = entrant.conductor
        left = [step for step in conductor.ladder if step.key not in conductor.runs]
        if left and not conductor.fits(conductor.seconds_of(left[0], from_earlier=True) or 0.0):
            entrant.failed = "no time or money was left for it; allow more with --max-minutes or --max-usd"
        return not entrant.failed

    def _tell_all(self, entrant: Entrant) -> None:
        """Progress counts the runs of all learners, and names the one that is being measured."""
        journal = entrant.conductor.journal
        progress = journal.progress
        if progress is None:
            return

        def tell(state: Progress) -> None:
            others = [each for each in self.entrants if each is not entrant]
            waiting = [each for each in others if self.entrants.index(each) > self.entrants.index(entrant)]
            made = sum(len(each.conductor.runs) for each in others)
            todo = [(each.conductor, step) for each in waiting for step in each.conductor.left()]
            left_s = sum(conductor.seconds_of(step, from_earlier=True) or 0.0 for conductor, step in todo)
            total = state.total + made + len(todo)
            progress(replace(state, done=state.done + made, total=total, left_s=state.left_s + left_s,
                             candidate=entrant.name))  # fmt: skip

        entrant.conductor.journal = replace(journal, progress=tell)

    # Who cannot win any more.

    def _why_hopeless(self, entrant: Entrant) -> str:
        """Why this one cannot win any more, in words; empty while it can."""
        for other in self.entrants:
            if other is entrant or not other.good or entrant.dropped:
                continue
            n, upper = self._most_it_may_gain(entrant, other)
            if n and upper < 0:
                own, theirs = (_mean([run.score for run in each.good if run.n == n]) for each in (entrant, other))
                ahead = self._lead(entrant, other, n)
                assert ahead is not None
                entrant.dropped = (
                    f"cannot win any more: {self.lesson.metric} {score(own)} against {score(theirs)} of {other.name} "
                    f"at {count(n)} rows, a difference of {_signed(ahead.middle)} "
                    f"({_signed(ahead.middle - Z80 * ahead.spread)} to {_signed(ahead.middle + Z80 * ahead.spread)})"
                )
        return entrant.dropped

    def _most_it_may_gain(self, entrant: Entrant, other: Entrant) -> tuple[int, float]:
        """The largest size that both have measured, and the most by which the one may lead at its ladder's end.

            most = d(n) + z s(n) + max(0, slope + z s(slope)) log2(top / n),   slope = (d(n) - d(m)) / log2(n / m)

        d is its lead at a size, s the spread of that over test rows and draws, m the next smaller common size, top its
        own largest rung. Only the upper end of an 80% interval counts, and errors at two sizes count as independent,
        which makes it the harder to be dropped. Without a second common size only the top itself judges; (0, 0) then.
        """
        sizes = sorted({run.n for run in entrant.good} & {run.n for run in other.good}, reverse=True)
        at = [(n, ahead) for n in sizes[:2] if (ahead := self._lead(entrant, other, n)) is not None]
        if not at:
            return 0, 0.0
        (n, ahead), top = at[0], max(entrant.rungs)
        upper = ahead.middle + Z80 * ahead.spread
        if n == top:
            return n, upper
        if len(at) < 2:
            return 0, 0.0
        m, before = at[1]
        doublings = math.log2(n / m)
        slope, doubt = ahead.middle - before.middle, math.hypot(ahead.spread, before.spread)
        return n, upper + max(0.0, slope + Z80 * doubt) / doublings * math.log2(top / n)

    def _lead(self, one: Entrant, other: Entrant, n: int, m: int | None = None) -> Lead | None:
        """The lead of one learner at n rows over another at m, its own draws and the other's among the doubt."""
        runs = [[run.key for run in each.good if run.n == size] for each, size in ((one, n), (other, m or n))]
        key = (*runs[0], "", *runs[1], f"{luck_of_draws(one.conductor)} {luck_of_draws(other.conductor)}")
        if key not in self._leads:
            lucks = [luck_of_draws(each.conductor) for each in (one, other)]
            # Who has no size drawn twice is taken to scatter as the other does.
            lucks = [luck or max(lucks) for luck in lucks]
            variance = sum(luck**2 / max(1, len(keys)) for luck, keys in zip(lucks, runs, strict=True))
            self._leads[key] = lead(self.lesson, one.answers(n), other.answers(m or n), variance)
        return self._leads[key]

    # What it comes to.

    def _candidate(
        self, entrant: Entrant, best: Entrant
    ) -> Candidate:  # fmt: skip
        conductor, tops = entrant.conductor, top_runs(entrant.conductor)
        made, n = conductor.made(conductor.ladder), tops[0].n
        speeds = [run.answers_per_s for run in entrant.good if run.answers_per_s]
        each_s = 1 / median(speeds) if speeds else None
        rate, first = conductor.settings.usd_per_hour, conductor.answers(tops[0].key)
        ahead = None if entrant is best else self._lead(best, entrant, top_runs(best.conductor)[0].n, n)
        return Candidate(
            entrant.name, entrant.kind, entrant.school.name, entrant.school.model,
            tuple(run.point for run in entrant.good), n, entrant.top_score,
            tops[0].test_rows, _mean_interval([run.interval for run in tops]), sum(run.seconds for run in made),
            _sum_usd(made), each_s, None if each_s is None or rate is None else 1000 * each_s / 3600 * rate,
            entrant.conductor.question.promise(first, self.lesson.tests.labels),
            entrant.dropped, None if ahead is None else ahead.chance, "" if entrant.dropped else conductor.stopped,
        )  # fmt: skip


def _cost(entrant: Entrant) -> tuple[bool, int, float, float, str]:
    """Cheapest first: by kind, then by the seconds that earlier runs let one expect, then by parameters."""
    conductor, kind = entrant.conductor, entrant.kind
    seconds = conductor.seconds_of(conductor.ladder[-1], from_earlier=True) if conductor.ladder else None
    place = ORDER.index(kind) if kind in ORDER else len(ORDER)
    return entrant.school.module.HEAVY, place, seconds or math.inf, _params(entrant.school.model), entrant.name


def _params(model: str) -> float:
    try:
        return float(catalog.model(model).params)
    except InputError:
        return math.inf


def _bound(why: Callable[[Entrant], str], entrant: Entrant) -> Callable[[], str]:
    return lambda: why(entrant)


def _why_without(entrant: Entrant) -> str:
    failed = next((run.failed for run in entrant.conductor.runs.values() if run.failed), "")
    every = f"every run failed: {failed}" if failed else entrant.conductor.stopped or "no run ended well"
    return one_line(entrant.failed or every, MOST_WHY)


def _added(bands: Sequence[tuple[float, float, float] | None]) -> tuple[float, float, float] | None:
    """The sum of (low, likely, high), end by end, which is at least as wide as it should be; None if one is unknown."""
    known = [band for band in bands if band is not None]
    if not bands or len(known) < len(bands):
        return None
    low, likely, high = (sum(ends) for ends in zip(*known, strict=True))
    return low, likely, high


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _mean_interval(intervals: Sequence[Interval80 | None]) -> Interval80 | None:
    known = [each for each in intervals if each is not None]
    if not known:
        return None
    return Interval80(*(_mean([getattr(each, end) for each in known]) for end in ("low", "mid", "high")))


def _sum_usd(runs: Sequence[Run]) -> float | None:
    return None if any(run.usd is None for run in runs) else sum(run.usd or 0.0 for run in runs)


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '-'}{score(abs(value))}"
