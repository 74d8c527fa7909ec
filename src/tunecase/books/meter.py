"""Money of a training run while it runs: attempts one after another, what they took, what the whole will take.

    gpu_hours = sum over attempts of seconds / 3600 * gpu_count
    usd       = sum over attempts of seconds / 3600 * gpu_count * usd_per_gpu_hour
    usd at the end = usd + (steps left) * (seconds per step of this attempt) / 3600 * gpu_count * usd_per_gpu_hour

An attempt that was killed is paid for all the same, up to the last moment at which it was seen alive. The state is a
small JSON file beside the checkpoints, written as a whole, so that the next attempt knows of those before it.

*Left out:* the time before training begins (renting, loading) and after it ends, and at most `BEAT_S` between the last
sign of life of a killed attempt and its end.
"""

import hashlib
import json
import math
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tunecase.errors import TunecaseError
from tunecase.io import write_whole

STATE_FILE = "_tunecase_spend.json"
METER_SOURCE = "callback"
MLFLOW_ID = "mlflow.run_id"
BEAT_S = 30.0
MOST_BYTES = 10_000_000
MOST_NUMBER = 1e15
_FORM = 1


@dataclass(slots=True)
class Attempt:
    """One time that the run was started: when, for how long [s], from which step to which, on what, at what price.

    `mlflow_run` is the id of the MLflow run that it wrote into, by which a bill may name it.
    """

    id: str
    began_at: str
    usd_per_gpu_hour: float
    gpu_count: int
    gpu: str = ""
    seconds: float = 0.0
    first_step: int = 0
    last_step: int = 0
    ended: bool = False
    mlflow_run: str = ""

    @property
    def row_id(self) -> str:
        """By what every charge of this attempt is known as the same, however long it was seen."""
        return hashlib.sha256(f"{METER_SOURCE} {self.id}".encode()).hexdigest()

    @property
    def tags(self) -> dict[str, str]:
        """The tags of its charge."""
        return {MLFLOW_ID: self.mlflow_run} if self.mlflow_run else {}

    @property
    def is_free(self) -> bool:
        """Whether it took nothing that can be booked."""
        return round(self.usd, 6) <= 0 or round(self.gpu_hours, 9) <= 0

    @property
    def gpu_hours(self) -> float:
        """Hours of all its GPUs added up."""
        return self.seconds / 3600 * self.gpu_count

    @property
    def usd(self) -> float:
        """What it took so far."""
        return self.gpu_hours * self.usd_per_gpu_hour

    @property
    def began(self) -> datetime:
        """The moment at which it began."""
        return datetime.fromisoformat(self.began_at)

    @property
    def ended_at(self) -> datetime:
        """The last moment at which it was seen alive."""
        return self.began + timedelta(seconds=self.seconds)


@dataclass(slots=True)
class Meter:
    """All attempts of one run, in the order in which they began; the last is the one that runs now."""

    run: str
    run_id: str = field(default_factory=lambda: secrets.token_hex(16))
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def usd(self) -> float:
        """What the run took so far, all attempts together."""
        return sum(attempt.usd for attempt in self.attempts)

    @property
    def gpu_hours(self) -> float:
        """GPU hours of all attempts together."""
        return sum(attempt.gpu_hours for attempt in self.attempts)

    @property
    def now(self) -> Attempt:
        """The attempt that runs now."""
        return self.attempts[-1]

    def begin(self, at: datetime, step: int, usd_per_gpu_hour: float, gpu_count: int, gpu: str) -> None:
        """Starts an attempt at a step."""
        self.attempts.append(
            Attempt(
                secrets.token_hex(8), at.isoformat(), usd_per_gpu_hour, gpu_count, gpu, first_step=step, last_step=step
            )
        )

    def usd_per_step(self) -> float | None:
        """What a step took in the attempt that runs now, evaluations and saves with it; None before the first."""
        steps = self.now.last_step - self.now.first_step
        return self.now.usd / steps if steps > 0 else None

    def usd_at_end(self, steps: int) -> float | None:
        """What the run will have taken after `steps` steps, at this attempt's pace; None before its first step.

        Leaves out that the first step is slower than the others: within the first steps the figure is too high.
        """
        pace = self.usd_per_step()
        return None if pace is None else self.usd + max(0, steps - self.now.last_step) * pace

    def goes_on(self, step: int) -> bool:
        """Whether a training that begins at a step is a further attempt of this run, and not a new run.

        It is where it resumes, and where the last attempt never ended: a run that was killed before its first
        checkpoint begins anew at step 0 and was paid for.
        """
        return bool(self.attempts) and (step > 0 or not self.attempts[-1].ended)

    def state(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "form": _FORM,
            "run": self.run,
            "run_id": self.run_id,
            "attempts": [asdict(attempt) for attempt in self.attempts],
        }

    def write(self, path: Path) -> None:
        """Writes the state, whole or not at all. Raises TunecaseError when the disk refuses it."""
        write_whole(path, json.dumps(self.state(), indent=1) + "\n")


def read_state(path: Path) -> Meter | None:
    """The meter of a state file; None where there is none.

    Raises: TunecaseError when the file is no state, so that money spent is never forgotten in silence.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("too large")
        return meter_of(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise TunecaseError(
            f"{path}: what earlier attempts of this run have spent cannot be read ({error}).\n"
            "Fix: restore the file, or move it away, and add what they spent with `tunecase spend add`"
        ) from None


def meter_of(state: Mapping[str, Any]) -> Meter:
    """A meter back from its state. Raises ValueError, KeyError or TypeError when it is none."""
    if state["form"] != _FORM:
        raise ValueError(f"form {state['form']!r}; this version reads form {_FORM}")
    return Meter(str(state["run"]), str(state["run_id"]), [_attempt(body) for body in state["attempts"]])


def _attempt(body: Any) -> Attempt:
    """An attempt back from its state; what another version wrote besides is passed over."""
    if not isinstance(body, dict):
        raise TypeError("an attempt that is no object")
    given = {part.name: body[part.name] for part in fields(Attempt) if part.name in body}
    if not all(_is_of(given[name], name) for name in given):
        raise TypeError("an attempt with a value of another kind")
    attempt = Attempt(**given)
    if not math.isfinite(attempt.usd) or min(attempt.seconds, attempt.usd_per_gpu_hour) < 0 or attempt.gpu_count <= 0:
        raise ValueError("an attempt without a price or a time")
    try:
        attempt.ended_at.astimezone(UTC)
    except OverflowError:
        raise ValueError("an attempt that ends outside the calendar") from None
    return attempt


def _is_of(value: Any, name: str) -> bool:
    """Whether a value is of the kind of this field of an attempt; numbers within what counts of anything can be."""
    if name in ("id", "began_at", "gpu", "mlflow_run"):
        return isinstance(value, str)
    if name == "ended" or isinstance(value, bool):
        return name == "ended" and isinstance(value, bool)
    kinds = (int, float) if name in ("usd_per_gpu_hour", "seconds") else int
    return isinstance(value, kinds) and abs(value) <= MOST_NUMBER


def together(meters: Iterable[Meter]) -> Meter | None:
    """One meter of what several states know of a run, such as a checkpoint's and the folder's; None of none.

    Each attempt counts once, as the state that saw it longest says. States of another run than the first are left out.
    """
    first: Meter | None = None
    longest: dict[str, Attempt] = {}
    for meter in meters:
        first = first or meter
        if meter.run_id != first.run_id:
            continue
        for attempt in meter.attempts:
            if attempt.id not in longest or longest[attempt.id].seconds < attempt.seconds:
                longest[attempt.id] = attempt
    if first is None:
        return None
    return Meter(first.run, first.run_id, sorted(longest.values(), key=lambda attempt: attempt.began_at))
