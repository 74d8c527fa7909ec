"""Dollars while a model trains: a callback for the Trainer of transformers and every trainer of TRL.

    from tunecase.callback import SpendCallback

    trainer = SFTTrainer(..., callbacks=[SpendCallback(project="tunecase.yaml", max_usd=25)])
    trainer.train(resume_from_checkpoint=True)

It logs `tunecase/usd_spent`, `tunecase/usd_left`, `tunecase/usd_at_end` and `tunecase/gpu_hours` with every line of the
trainer's log, warns once when the run will pass its limit, and when 80% and when all of the money that was released
with `tunecase approve` is spent (it goes on then; only `max_usd` stops it), stops it with a checkpoint before it does,
and books the charge in the project's ledger when it ends, one for each attempt. Attempts that were killed count: what
they took stands in `_tunecase_spend.json` in the output folder, and in every checkpoint; a run that is never taken up
again is booked with `tunecase spend import runs FOLDER`. Into an MLflow run that is active it writes the tags
`tunecase.gpu`, `tunecase.gpu_count` and `tunecase.usd_per_gpu_hour`, the same figures as metrics, what this attempt
took as `tunecase.usd_spent`, and `tunecase.booked` once the charge is in the ledger: `tunecase spend import mlflow`
then leaves the run out.

A training that begins at step 0 in a folder whose last attempt never ended is taken for the same run; name another
output folder for another run.

*Left out:* loading before the first step and whatever follows the last one; of a killed attempt at most half a minute.
The underscore keeps that file from being pushed to a hub; checkpoints that are pushed hold the figures.
Trackers other than MLflow see the figures only where they come after this callback; the trainer's own history has them.
"""

import inspect
import logging
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError, refuse_any

if TYPE_CHECKING:
    from tunecase.books import Meter
    from tunecase.flow import Flow

__all__ = ["Settings", "SpendCallback"]

SpendCallback: Any  # made when it is asked for, below

log = logging.getLogger("tunecase")
NAME = "SpendCallback"
AGREE_S = 10.0  # between two moments at which processes agree whether to stop
BY_HAND = "mend what is said below, then `tunecase spend add AMOUNT USD --category gpu`"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user asks of the callback.

    `usd_per_gpu_hour` is what one GPU and hour is paid; without it the price book of `project` is asked for `gpu`, or
    for the GPU of this machine. `gpu_count` is that of all processes when left out. The run stops before `max_usd` is
    passed, attempts before it included. `run` is the name under which it is booked, the output folder's when left out.

    Example:
        >>> [problem.where for problem in Settings(max_usd=0).problems()]
        ['max_usd', 'price']
    """

    usd_per_gpu_hour: float | None = None
    project: str | os.PathLike[str] | None = None
    max_usd: float | None = None
    gpu: str = ""
    gpu_count: int | None = None
    run: str = ""

    def problems(self) -> list[Problem]:
        """What is wrong with them, before any money is spent."""
        problems = []
        for name in ("usd_per_gpu_hour", "max_usd"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and 0 < value < math.inf):
                problems.append(Problem(name, repr(value), "US dollars, more than 0", f"write for example {name}=2.5"))
        if self.gpu_count is not None and (not isinstance(self.gpu_count, int) or self.gpu_count < 1):
            fix = "leave it out to count the processes"
            problems.append(Problem("gpu_count", repr(self.gpu_count), "a whole number of at least 1", fix))
        if self.usd_per_gpu_hour is None and self.project is None:
            fix = 'give usd_per_gpu_hour=2.5, or project="tunecase.yaml" for the price book'
            problems.append(Problem("price", "no price of a GPU hour", "a price or a project", fix))
        return problems


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class _Price:
    usd_per_gpu_hour: float
    gpu: str
    words: str


def _price(settings: Settings, case: "Flow | None") -> _Price:
    """The price of a GPU hour, and of which GPU. Raises InputError where it cannot be known."""
    from tunecase.pilot.trainers import machine

    here = settings.gpu or machine.gpu_name()
    if settings.usd_per_gpu_hour is not None:
        return _Price(float(settings.usd_per_gpu_hour), here, f"{settings.usd_per_gpu_hour:g} USD (your own price)")
    assert case is not None
    if not here:
        fix = "give usd_per_gpu_hour=..., which then counts one device, or gpu=... to take its price"
        raise InputError(Problem("gpu", "no GPU on this machine", "a GPU whose price is known", fix))
    from tunecase.flow import hour_price

    found = hour_price(case, here)
    words = f"{found.usd.p50:.2f} USD (80% band {found.usd.p10:.2f} to {found.usd.p90:.2f}; {found.words})"
    return _Price(found.usd.p50, found.gpu, words)


class Watch:
    """The meter of one training, fed by the trainer's events; knows nothing of transformers."""

    def __init__(self, settings: Settings) -> None:
        from tunecase.books import Meter

        refuse_any(settings.problems())
        self.settings, self.case = settings, _case(settings)
        self.price = _price(settings, self.case)
        self.meter = Meter(settings.run)
        self.limit, self.budget = settings.max_usd, cast(float | None, None)
        self.released: _Released | None = None
        self.begun_s = self.beaten_s = 0.0
        self.writes = self.warned = False
        self.logged: set[str] = set()
        self.path = Path()
        self.mlflow: _MlflowRun | None = None

    def begin(self, folder: Path, step: int, gpus: int, stored: list[Any], *, writes: bool, name: str = "") -> None:
        """Starts an attempt, after those that the folder and the checkpoint know of.

        Raises: InputError when they have spent the limit; TunecaseError when what they spent cannot be read.
        """
        from tunecase.books import STATE_FILE, Meter, read_state, together

        self.path, self.writes = folder / STATE_FILE, writes
        here = read_state(self.path)
        earlier = together([*([here] if here else []), *_meters(stored if step else [])])
        if earlier is not None and earlier.goes_on(step):
            self.meter = earlier
        else:
            self.meter = Meter(self.settings.run or name or folder.resolve().name)
        if self.case is not None:
            from tunecase.flow import usd_left

            self.budget = usd_left(self.case, self.meter)
            self.released = _released(self.case, self.meter)
        self._refuse_spent()
        self.meter.begin(datetime.now(UTC), step, self.price.usd_per_gpu_hour, gpus, self.price.gpu)
        self.begun_s = time.monotonic()
        self.warned = False
        if writes:
            self.meter.write(self.path)  # what cannot be written is said before anything is paid
            self._say_price(gpus)
            if self.released is not None and self.released.words:
                log.warning("tunecase: %s", self.released.words)
            self.mlflow = _MlflowRun.active(self.meter)

    def _say_price(self, gpus: int) -> None:
        earlier = len(self.meter.attempts) - 1
        before = f"; {earlier} attempts before it took {self.meter.usd:.2f} USD" if earlier else ""
        device, words = self.price.gpu or "one device", self.price.words
        log.warning("tunecase: %d x %s at %s a GPU hour%s", gpus, device, words, before)

    def _refuse_spent(self) -> None:
        if self.limit is not None and self.meter.usd >= self.limit:
            got = f"{self.limit:g}, of which earlier attempts have spent {self.meter.usd:.2f}"
            fix = f"raise it above {self.meter.usd:.2f} to go on; nothing was trained"
            raise InputError(Problem("max_usd", got, "more than was spent", fix))

    def tick(self, step: int) -> None:
        """Takes the time at a step, and writes it down where the last time is long ago."""
        from tunecase.books import BEAT_S

        self._take_time(step)
        if time.monotonic() - self.beaten_s > BEAT_S:
            self.beat(step)

    def _take_time(self, step: int) -> None:
        self.meter.now.seconds = time.monotonic() - self.begun_s
        self.meter.now.last_step = max(step, self.meter.now.last_step)
        if self.released is not None and self.writes:
            self.released.warn(self.meter.usd)

    def beat(self, step: int) -> None:
        """Writes the state down: a kill after this costs the books nothing before it."""
        self._take_time(step)
        self.beaten_s = time.monotonic()
        if self.writes:
            self._spared(lambda: self.meter.write(self.path))

    def _spared(self, act: Callable[[], None]) -> None:
        """Does what may fail without ending a training that costs more than its books; each failure is logged once."""
        try:
            act()
        except TunecaseError as error:
            if str(error) not in self.logged:
                self.logged.add(str(error))
                log.error("tunecase: %s", error)

    @property
    def is_at_limit(self) -> bool:
        """Whether one more step would pass the limit."""
        return self.limit is not None and self.meter.usd + (self.meter.usd_per_step() or 0.0) > self.limit

    def steps_to_look(self) -> int:
        """After how many steps to look at the limit again, where looking makes processes wait; 0 to stop now.

            min(steps of AGREE_S, half of the steps that the rest of the limit pays), at least 1

        Half, so that steps that become slower, up to twice as slow, cannot pass the limit in between.
        """
        pace, now = self.meter.usd_per_step(), self.meter.now
        if self.limit is None or not pace:
            return 1
        if self.is_at_limit:
            return 0
        steps_of_wait = AGREE_S * (now.last_step - now.first_step) / now.seconds
        return max(1, int(min(steps_of_wait, (self.limit - self.meter.usd) / pace / 2)))

    def figures(self, steps: int) -> dict[str, float]:
        """What is logged: dollars spent, left and at the end, and GPU hours; left only where there is a limit."""
        spent, at_end = self.meter.usd, self.meter.usd_at_end(steps)
        figures = {"tunecase/usd_spent": spent, "tunecase/gpu_hours": self.meter.gpu_hours}
        least = min((limit for limit in (self.limit, self.budget) if limit is not None), default=math.inf)
        if least < math.inf:
            figures["tunecase/usd_left"] = least - spent
        if at_end is not None:
            figures["tunecase/usd_at_end"] = at_end
            self._warn_once(at_end, least)
        return {name: round(value, 9) for name, value in figures.items()}

    def _warn_once(self, at_end_usd: float, least_usd: float) -> None:
        if at_end_usd > least_usd and not self.warned and self.writes:
            self.warned = True
            what = "max_usd" if self.limit == least_usd else "the rest of the budget"
            log.warning("tunecase: at this pace %.2f USD at the end, above %s, %.2f", at_end_usd, what, least_usd)

    def end(self, step: int, steps: int) -> None:
        """Closes the attempt and books it, and those before it that were killed, in the project's ledger."""
        self.meter.now.ended = True
        self.beat(step)
        if self.mlflow is not None:
            self.mlflow.figures(self.figures(steps), self.meter)
        if self.case is not None and self.writes:
            self._spared(self._book)

    def _book(self) -> None:
        from tunecase.flow import book_run

        assert self.case is not None
        try:
            entries = book_run(self.case, self.meter)
        except TunecaseError:
            log.error("tunecase: %.6f USD of run %s are not booked: %s", self.meter.usd, self.meter.run, BY_HAND)
            raise
        if entries:
            names = ", ".join(entry.id[:12] for entry in entries)
            log.warning("tunecase: %.2f USD booked in all, new: %s", self.meter.usd, names)
        if self.mlflow is not None:
            self.mlflow.tags(booked="true")


@dataclass(slots=True)
class _Released:
    """The money that was approved [USD], what of it others have spent, and from which share on was warned already.

    `words` say where the approvals stand, where that is not well before the run begins.
    """

    usd: float
    spent_usd: float
    words: str
    warned: float

    def warn(self, run_usd: float) -> None:
        """Warns once at 80% and once at the whole of what was approved, this run's own dollars counted."""
        spent = self.spent_usd + run_usd
        share = _passed(spent, self.usd)
        if share <= self.warned:
            return
        self.warned = share
        words = "it goes on; `tunecase approve` releases more" if share == 1.0 else "a fifth of it or less is left"
        log.warning("tunecase: %.2f of the %.2f USD approved are spent with this run; %s", spent, self.usd, words)


def _passed(spent_usd: float, usd: float) -> float:
    """The share of what was approved from which on the log warns and which is spent: all, four fifths, or none."""
    from tunecase.records import NEARLY

    return next((part for part in (1.0, float(NEARLY)) if spent_usd >= part * usd), 0.0)


def _released(case: "Flow", meter: "Meter") -> "_Released | None":
    """What was released for the project; None where nothing ever was."""
    from tunecase.accounts import approval_line
    from tunecase.flow import released

    found = released(case, meter)
    if not found.approved:
        return None
    usd, spent = (float(amount) / case.project.base_per_usd for amount in (found.spendable, found.spent))
    # What was passed before the run is said in the words, and not once more.
    return _Released(usd, spent, approval_line(found) if found.warns else "", _passed(spent, usd))


def _case(settings: Settings) -> "Flow | None":
    from tunecase.books import Meter

    if settings.project is None:
        return None
    from tunecase.flow import charge_of, open_case

    case = open_case(Path(settings.project))
    probe = Meter("probe")
    probe.begin(datetime.now(UTC), 0, 1.0, 1, "")
    probe.now.seconds = 3600.0
    charge_of(case, probe.run, probe.now)  # a missing rate is said now, and not when the money is spent
    return case


def _meters(stored: list[Any]) -> "list[Meter]":
    from tunecase.books import meter_of

    meters = []
    for state in stored:
        with suppress(ValueError, KeyError, TypeError):
            meters.append(meter_of(state["attributes"]["stored"]))
    return meters


class _MlflowRun:
    """The MLflow run that is active, so that tags and figures reach it also after its own callback ended it."""

    def __init__(self, module: Any, run_id: str) -> None:
        self.client, self.run_id = module.MlflowClient(), run_id

    @classmethod
    def active(cls, meter: "Meter") -> "_MlflowRun | None":
        """The active run with its tags set; None without one, or where its server does not answer."""
        module = sys.modules.get("mlflow")
        with suppress(Exception):  # a tracker that fails must not end a training
            if module is not None and (active := module.active_run()) is not None:
                run, now = cls(module, active.info.run_id), meter.now
                now.mlflow_run = run.run_id
                run.tags(
                    gpu=now.gpu, gpu_count=now.gpu_count, usd_per_gpu_hour=now.usd_per_gpu_hour, run=meter.run,
                    run_id=meter.run_id,
                )  # fmt: skip
                return run
        return None

    def tags(self, **tags: Any) -> None:
        """Sets tags of tunecase; a server that does not answer is passed over."""
        with suppress(Exception):
            for name, value in tags.items():
                self.client.set_tag(self.run_id, f"tunecase.{name}", str(value))

    def figures(self, figures: dict[str, float], meter: "Meter") -> None:
        """Logs figures at a step, and as a tag what this attempt alone took: other attempts are other MLflow runs."""
        with suppress(Exception):
            for name, value in figures.items():
                self.client.log_metric(self.run_id, name, value, step=meter.now.last_step)
        self.tags(usd_spent=f"{meter.now.usd:.6f}")


def __getattr__(name: str) -> Any:
    # The class needs its base from transformers, which takes seconds to import and may not be installed.
    if name == NAME:
        return _class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _class() -> type:
    if any(find_spec(name) is None for name in ("transformers", "torch")):
        raise MissingExtraError("tunecase.callback, a callback of transformers,", "train")
    from transformers import TrainerCallback
    from transformers.trainer_callback import ExportableState

    class SpendCallback(TrainerCallback, ExportableState):
        """Tells, limits and books what a training costs; see the module and `Settings`."""

        _settings: dict[str, Any] = {}  # noqa: RUF012 - one class for each set of settings

        def __new__(cls, **settings: Any) -> Any:
            # A trainer that restores callbacks calls type(callback)() again: what the script says now must hold then.
            own = type(NAME, (cls,), {"_settings": settings, "__module__": __name__}) if settings else cls
            return object.__new__(own)

        def __init__(self, **_: Any) -> None:
            self.watch, self._look_at = Watch(Settings(**self._settings)), 0

        def state(self) -> dict[str, Any]:
            """What a checkpoint keeps of it: the attempts so far; settings are the script's."""
            meter = self.watch.meter
            return {"args": {}, "attributes": {"stored": meter.state() if meter.attempts else None}}

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """An attempt begins."""
            kept = state.stateful_callbacks.get(NAME) if isinstance(state.stateful_callbacks, dict) else None
            stored = kept if isinstance(kept, list) else [kept]
            gpus = self.watch.settings.gpu_count or max(1, args.n_gpu) * max(1, args.world_size)
            name, folder = str(getattr(args, "run_name", "") or ""), Path(args.output_dir)
            name = "" if name == str(args.output_dir) else name
            self._look_at = 0
            self.watch.begin(folder, state.global_step, gpus, stored, writes=state.is_world_process_zero, name=name)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """The time is taken; the run is stopped where one more step would pass the limit."""
            self.watch.tick(state.global_step)
            if self.watch.limit is None or (args.world_size > 1 and state.global_step < self._look_at):
                return  # the step at which to look again is the first process's, so that all come there
            from tunecase.pilot.trainers import machine

            steps = machine.as_first_says(self.watch.steps_to_look())
            self._look_at = state.global_step + steps
            if not steps and state.global_step < state.max_steps:
                control.should_training_stop = control.should_save = True
                if self.watch.writes:
                    spent, limit = self.watch.meter.usd, self.watch.limit
                    log.warning("tunecase: stopped at step %d, %.2f of %.2f USD", state.global_step, spent, limit)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            """The figures go into the trainer's log and history, and to MLflow."""
            if not self.watch.meter.attempts or self.watch.meter.now.ended:
                return
            self.watch.beat(state.global_step)
            figures = self.watch.figures(state.max_steps)
            if logs is not None:
                logs.update(figures)
            if state.log_history:
                state.log_history[-1].update(figures)
            if self.watch.mlflow is not None:
                self.watch.mlflow.figures(figures, self.watch.meter)

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """A checkpoint was written, and so is the state."""
            self.watch.beat(state.global_step)

        def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """Evaluations take time as well; those outside of a training are none of its."""
            if self.watch.meter.attempts and not self.watch.meter.now.ended:
                self.watch.tick(state.global_step)

        def on_prediction_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """A long evaluation shows that the run is alive."""
            self.on_evaluate(args, state, control)

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            """The attempt ends, and the run is booked."""
            self.watch.end(state.global_step, state.max_steps)

    SpendCallback.__signature__ = inspect.signature(Settings)  # type: ignore[attr-defined]
    return SpendCallback
