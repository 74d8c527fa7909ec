"""What a pilot is about to do and what it may cost, before anything is spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tunecase import catalog
from tunecase.engine import most_workers
from tunecase.pilot.conduct import Conductor
from tunecase.pilot.steps import BILLED, School, Step, foreseen, leaving
from tunecase.quantities import Interval, Wanted, read_quantity
from tunecase.records import Disclosure


@dataclass(frozen=True, slots=True)
class PilotPlan:
    """What a pilot is about to do, for whoever pays: runs to make, and minutes and money as (low, likely, high).

    Both rest on earlier runs of the same trainer and model, else on the trainer's usual pace for as many rows, and are
    None without one; `usd` also where an hour has no price. `hosted` holds for each baseline at an endpoint its name
    and host, the tokens in and out for `test_rows` rows added up, their highest price in USD, None where it is unknown,
    and what leaves this machine; `usd` leaves it out. `candidates` names all that are measured where there are several:
    runs, minutes and money are then those of all together. `light` is True where no run takes long by its nature.
    `not_asked` names the baselines at endpoints that the cap in money keeps from being asked, since each may bill more
    than is left or nobody knows its prices; they are no part of `hosted`.
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
    hosted: tuple[tuple[str, int, float | None, Disclosure], ...] = ()
    test_rows: int = 0
    candidates: tuple[str, ...] = ()
    light: bool = False
    not_asked: tuple[str, ...] = ()


def plan_of(conductor: Conductor, school: School, rungs: tuple[int, ...]) -> PilotPlan:
    """The plan of a pilot that has not begun."""
    todo = [step for step in (*conductor.ladder, *conductor.rivals) if step.key not in conductor.runs]
    minutes, settings = _minutes(conductor, school, todo), conductor.settings
    ladder, rivals = conductor.ladder, [step for step in todo if step.purpose == "baseline"]
    too_dear = [step for step in rivals if step.task.trainer in BILLED and conductor.too_dear(step)]
    return PilotPlan(
        school.name, school.model, len(todo) - len(rivals), conductor.reused, rungs, settings.draws or 0,
        tuple(step.name for step in conductor.rivals), settings.tune, minutes, _usd(settings.usd_per_hour, minutes),
        hosted=tuple(_foreseen(step) for step in rivals if step.task.trainer in BILLED and step not in too_dear),
        test_rows=len(ladder[0].task.test_labels) if ladder else 0,
        not_asked=tuple(step.name for step in too_dear),
    )  # fmt: skip


def _usd(rate: float | None, minutes: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
    if minutes is None or rate is None:
        return (0.0, 0.0, 0.0) if rate == 0 else None
    return (rate * minutes[0] / 60, rate * minutes[1] / 60, rate * minutes[2] / 60)


def _minutes(conductor: Conductor, school: School, todo: Sequence[Step]) -> tuple[float, float, float] | None:
    """Low, likely and high; None where there are neither earlier runs nor a pace to go by, or nothing to do."""
    settings = conductor.settings
    each_s = [conductor.seconds_of(step, from_earlier=True) for step in todo]
    if not todo:
        return None
    if None in each_s:
        return _usual_minutes(conductor, school, todo)
    at_once = settings.workers or (most_workers(settings.gpus_per_task) if school.module.HEAVY else 1)
    whole_s = sum(seconds or 0.0 for seconds in each_s) * (1 + settings.tune / len(todo))
    likely = whole_s / 60 / min(at_once, len(todo))
    # An adaptive pilot may stop after half of its runs; a busy machine takes twice as long.
    return (likely / 2 if settings.adaptive else 0.8 * likely, likely, 2 * likely)


def _usual_minutes(conductor: Conductor, school: School, todo: Sequence[Step]) -> tuple[float, float, float] | None:
    """What these runs take at the usual pace of their trainer, which a larger model slows in proportion.

    By rows; by tokens trained and written where answers are no classes and the trainer foretells them (`work_tokens`).
    """
    module, top = school.module, conductor.ladder[-1].task
    work_of = None if top.kind == "classification" else getattr(module, "work_tokens", None)
    pace = getattr(module, "TOKENS_PACE" if work_of else "PACE", "")
    if not pace:
        return None
    each_s = read_quantity(catalog.default(pace).value, Wanted("second", "Mtok" if work_of else "row")).spread
    assert isinstance(each_s, Interval)
    known = {model.name: model.params for model in catalog.models()}
    own, usual = known.get(school.model), known.get(school.module.MODEL)
    if school.model != school.module.MODEL and (own is None or usual is None):
        return None
    larger = own / usual if own and usual else 1.0
    if work_of:
        at_once = conductor.settings.workers or most_workers(conductor.settings.gpus_per_task)
        own_tasks = [step.task for step in todo if step.task.trainer == school.name]
        part = sum(map(work_of, own_tasks)) / 1e6 * larger / min(at_once, max(1, len(own_tasks)))
    else:
        part = (len(top.labels) + len(top.test_labels)) * larger * len(todo)
        part /= max(1, len(conductor.ladder) + len(conductor.rivals))
    return each_s.low * part / 60, each_s.median * part / 60, each_s.high * part / 60


def _foreseen(step: Step) -> tuple[str, int, float | None, Disclosure]:
    host = urlsplit(str(step.task.settings["base_url"])).netloc
    return (f"{step.name} at {host}", *foreseen(step), leaving(step))
