"""Chooses where to train: the GPU, and how many, on which one run is expected to cost least and fits."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.prices import Basis, GpuHour, gpu_hour
from tunecase.records import Run
from tunecase.spread import Interval

if TYPE_CHECKING:
    from tunecase.spread import Draws

COUNTS = (1, 2, 4, 8)
WHOLE_STEPS = ("trl", "command")  # trainers that run every layer in every step, as the real run will
LEAST_DOUBT = 1.05


@dataclass(frozen=True, slots=True)
class Machine:
    """One way to train: GPU hours for a million tokens (all GPUs added up, shape (draws,)) and the price of an hour."""

    gpu: str
    count: int
    hours_per_mtok: "Draws"
    hour: GpuHour
    how: str = ""

    @property
    def price_per_mtok(self) -> "Draws":
        """A million tokens through training once, in the base currency, shape (draws,)."""
        return self.hours_per_mtok * self.hour.draws


@dataclass(frozen=True, slots=True)
class Choice:
    """The machine taken, None when there is none, and why, in words."""

    machine: Machine | None
    why: str


def choose(basis: Basis, machines: Sequence[Machine] | None = None, runs: Sequence[Run] = ()) -> Choice:
    """The machine on which a training run of the project's model is expected to cost least.

    Args:
        basis: project, prices and worlds.
        machines: ways to train; worked out from the model's shape when left out, for the project's GPUs or the
            default ones.
        runs: of a pilot; where they timed the model itself on a GPU, that takes the place of what was worked out.
    Returns: the Choice; no machine when none of the GPUs holds the run or has a price in the tier.
    """
    refused: list[str] = []
    if machines is None:
        machines = []
        for name in _gpu_names(basis):
            count = _count_that_fits(name, basis)
            hour = gpu_hour(name, basis)
            if count is None:
                refused.append(f"{name}: the run does not fit on {_counts(basis)[-1]}")
            elif hour is None:
                tier = basis.text("compute.tier", basis.project.compute.tier if basis.project else None)
                refused.append(f"{name}: no price in the tier {tier}")
            else:
                machines.append(Machine(name, count, run_gpu_hours(name, basis, train_tokens=1e6), hour))
    measured = timed(basis, runs)
    machines = [*(one for one in machines if one.gpu not in {other.gpu for other in measured}), *measured]
    if not machines:
        return Choice(None, "; ".join(refused) or "no GPU is named")
    best = min(machines, key=lambda machine: float(machine.price_per_mtok.mean()))
    words = f"the cheapest expected run of {len(machines)} on the list" if len(machines) > 1 else "the only one listed"
    how = f", {best.how}" if best.how else ""
    return Choice(best, "; ".join([f"{best.count} x {best.gpu} is {words}{how}", *refused]))


def timed(basis: Basis, runs: Sequence[Run]) -> tuple[Machine, ...]:
    """Ways to train the project's model that its own runs have timed, one for each GPU and number of them.

        GPU hours per million tokens = GPUs / tokens per second / 3.6e-3,   the median of the runs

    Args:
        basis: project, prices and worlds.
        runs: of a pilot; those of another model, without a GPU or without a speed tell nothing here.
    Returns: Machines whose doubt is the runs' own range, at least 5% either way; none where nothing was timed or where
        the GPU has no price.
    Leaves out that short runs warm up slowly: under some 50 steps they read slower than a long run is.
    """
    import numpy as np

    speeds: dict[tuple[str, int], list[float]] = {}
    for run in runs:
        card = _card(run.hardware)
        same = run.model == base_model(basis) and not run.failed
        if card and same and run.gpus and run.tokens_per_s and run.trainer in WHOLE_STEPS:
            speeds.setdefault((card, run.gpus), []).append(run.tokens_per_s)
    found = []
    for (card, count), rates in speeds.items():
        hour = gpu_hour(card, basis)
        if hour is None:
            continue
        middle = float(np.median(rates))
        spread = Interval(min(*rates, middle / LEAST_DOUBT), max(*rates, middle * LEAST_DOUBT))
        rate = basis.worlds.draw(f"tokens per second on {count} x {card}, measured", spread)
        found.append(Machine(card, count, count * 1e6 / rate / 3600, hour, f"timed by {len(rates)} of its own runs"))
    return tuple(found)


def _card(hardware: str) -> str | None:
    """The table's name of a GPU as its driver spells it, `NVIDIA A100-SXM4-80GB` for example; None when not known."""
    spelled = re.findall(r"[A-Z0-9]+", hardware.upper())
    words = {*spelled, *(first + second for first, second in itertools.pairwise(spelled))}
    fits = [gpu.name for gpu in catalog.gpus() if set(re.findall(r"[A-Z0-9]+", gpu.name.upper())) <= words]
    return max(fits, key=len, default=None)


def run_gpu_hours(gpu: str, basis: Basis, *, train_tokens: float) -> "Draws":
    """GPU hours of one training run of the project's model, all GPUs added up, shape (draws,).

    The efficiency is drawn once per world, so that every run of a project is as fast or slow as its first.
    Samples are packed to the longest length, so that padding costs nothing; short samples read one by one cost more.
    Leaves out start-up, evaluation and saving within a run: some minutes, much of a run that is short.
    """
    import numpy as np

    from tunecase import shape, speed

    project, card = basis.project, catalog.gpu(gpu)
    assert project is not None
    flops = speed.flops_per_token(
        shape.read_shape(base_model(basis)), project.method, sequence_tokens(basis), rank=_rank(basis)
    )
    name = speed.share_name(card, project.method)
    efficiency = basis.worlds.draw(name, speed.efficiency(card, project.method))
    every = np.ones(len(efficiency))
    hours: Draws = speed.gpu_hours(flops * every, train_tokens * every, card.peak_bf16_tflops, efficiency)
    return hours


def base_model(basis: Basis) -> str:
    """The model the bill is made for: the last one listed, smaller ones before it being for pilots; or the default."""
    project = basis.project
    return basis.text("models", project.models[-1] if project and project.models else None)


def _gpu_names(basis: Basis) -> tuple[str, ...]:
    given = basis.project.compute.gpus if basis.project else ()
    names = given or tuple(name.strip() for name in basis.text("compute.gpus").split(";"))
    return tuple(dict.fromkeys(catalog.gpu(name).name for name in names))


def _counts(basis: Basis) -> tuple[int, ...]:
    fixed = basis.project.compute.gpu_count if basis.project else None
    return (fixed,) if fixed else COUNTS


def _count_that_fits(gpu: str, basis: Basis) -> int | None:
    """The fewest GPUs on which the run fits, failing that on which it is tight, or None."""
    from tunecase import memory, shape

    assert basis.project is not None
    training, card = basis.project.training, catalog.gpu(gpu)
    dimensions = shape.read_shape(base_model(basis))
    verdicts = {}
    for count in _counts(basis):
        peak = memory.peak_memory(
            dimensions,
            method=basis.project.method,
            sequence_tokens=sequence_tokens(basis),
            micro_batch=int(basis.text("training.micro_batch", training.micro_batch)),
            gpus=count,
            rank=_rank(basis),
        )
        verdicts[count] = memory.fit_verdict(peak, card)
    good = [count for wanted in ("fits", "tight") for count, verdict in verdicts.items() if verdict == wanted]
    return good[0] if good else None


def _rank(basis: Basis) -> int:
    return int(basis.text("training.rank", basis.project.training.rank if basis.project else None))


def sequence_tokens(basis: Basis) -> int:
    """The longest sample in tokens."""
    given = basis.project.training.sequence_tokens if basis.project else None
    return int(basis.text("training.sequence_tokens", given))
