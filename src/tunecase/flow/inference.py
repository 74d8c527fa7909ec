"""inference from words as typed: states a project from options, gathers what a case knows, and keeps measured loads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.opened import Flow, open_case
from tunecase.quantities import Worlds
from tunecase.records import Inference

if TYPE_CHECKING:
    from tunecase.prices import Basis

DRAWS = 4_000  # worlds of a question without a case
# The field of the project file that each option states.
FIELDS = {
    "volume": "problem.volume",
    "months": "problem.horizon",
    "gpu": "serving.gpus",
    "gpus": "serving.gpu_count",
    "tier": "compute.tier",
    "precision": "serving.precision",
    "engine": "serving.engine",
    "adapters": "serving.adapters",
    "spare": "serving.spare",
    "scale-to-zero": "serving.scale_to_zero",
    "cold-start": "serving.cold_start",
    "against": "serving.today",
    "may-wait": "serving.traffic.may_wait",
    **{
        name: f"serving.traffic.{name.replace('-', '_')}"
        for name in (
            "input", "output", "instructions", "cached", "hours", "weekend", "burst", "growth", "trace",
            "first-token", "per-token",
        )
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InferenceAsked:
    """One question as typed: a model, words by option (see FIELDS), files of measured loads, and a price of one's own.

    An option that is None is not said. `price` is what an hour of one card costs, in US dollars.
    """

    model: str = ""
    words: Mapping[str, Any] = field(default_factory=dict)
    measured: Sequence[Path] = ()
    price: str | float | None = None


def inference(
    asked: InferenceAsked, seed: int = 0, today: date | None = None, first: "Flow | Path | None" = None
) -> Inference:
    """What the answers cost after launch, over every way to serve the model or to buy them.

    Args:
        asked: the question; its options take the place of what a project file says.
        seed, today: of the draws and the prices; an opened case has its own.
        first: a case or its project file. Its audit gives lengths, its pilot answers per second, its ledger measured
            loads. The record is kept where the question is the project's own; measured loads are kept in any case.
    Raises: InputError with every mistake found.
    """
    from tunecase.inference import weigh

    flow = open_case(first, seed, today) if isinstance(first, Path) else first
    basis, problems = _basis(asked, flow, seed, today or date.today())
    own, refused = _price(asked.price)
    model = asked.model or (flow and base_model(flow)) or ""
    problems += [*refused, *([] if model else [NO_MODEL])]
    if problems:
        raise InputError(problems)
    basis.usd_per_gpu_hour = own
    answers = answers_of(flow) if flow else Answers()
    if asked.measured:
        answers = _measured(asked, flow, answers, model)
    record = weigh(model, basis, answers)
    of_the_case = flow is not None and not (_changes(asked)[0] or asked.model or own)
    return cast(Inference, flow.keep("inference", record)) if flow and of_the_case else record
