"""What a pilot is about to do and what it may cost, told before anything is spent."""

from dataclasses import dataclass

from tunecase.engine import most_workers
from tunecase.pilot.conduct import HOSTED, Conductor
from tunecase.pilot.steps import School, Step


@dataclass(frozen=True, slots=True)
class PilotPlan:
    """What a pilot is about to do, for whoever pays: runs to make, and minutes and money as (low, likely, high).

    Both are told from earlier runs of the same trainer and model; `minutes` and `usd` are None where there are none,
    `usd` also where an hour has no price.
    `hosted` is what hosted baselines will be sent, `test_rows` rows each: name, tokens in and out, and their price in
    USD, None where it is not known; `usd` leaves it out.
    """

    trainer: str
    model: str
    runs: int
    reused: int
    sizes: tuple[int, ...]
    draws: int
    baselines: tuple[str, ...]
    tries: int
    minutes: tuple[float, float, float] | None
    usd: tuple[float, float, float] | None
    hosted: tuple[tuple[str, int, float | None], ...] = ()
    test_rows: int = 0


def plan_of(
    conductor: Conductor, school: School, rungs: tuple[int, ...], draws: int, tries: int, workers: int | None
) -> PilotPlan:
    """The plan of a pilot that has not begun."""
    todo = [step for step in (*conductor.ladder, *conductor.rivals) if step.key not in conductor.runs]
    at_once = workers or (most_workers(conductor.terms.gpus_per_task) if school.module.HEAVY else 1)
    seconds = [conductor.seconds_of(step, from_earlier=True) for step in todo]
    rate, minutes = conductor.terms.usd_per_hour, None
    usd = (0.0, 0.0, 0.0) if rate == 0 else None
    if todo and None not in seconds:
        likely = sum(one or 0.0 for one in seconds) * (1 + tries / len(todo)) / 60 / min(at_once, len(todo))
        # An adaptive pilot may stop after half of its runs; a busy machine takes twice as long.
        minutes = (likely / 2 if conductor.terms.adaptive else 0.8 * likely, likely, 2 * likely)
        usd = None if rate is None else (rate * minutes[0] / 60, rate * minutes[1] / 60, rate * minutes[2] / 60)
    rungs_left = sum(step.purpose == "ladder" for step in todo)
    return PilotPlan(
        school.name, school.model, rungs_left, conductor.reused, rungs, draws,
        tuple(step.name for step in conductor.rivals), tries, minutes, usd,
        hosted=tuple(_foreseen(step) for step in todo if step.task.trainer == HOSTED and step.purpose == "baseline"),
        test_rows=len(conductor.ladder[0].task.test_labels) if conductor.ladder else 0,
    )  # fmt: skip


def _foreseen(step: Step) -> tuple[str, int, float | None]:
    from tunecase.pilot.trainers.hosted import foreseen

    return (step.name, *foreseen(step.task))
