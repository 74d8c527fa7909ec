"""inference from words as typed: states a project from options, gathers what a case knows, and keeps measured loads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.flow.opened import Flow, open_case
from tunecase.flow.verbs import ready
from tunecase.quantities import UnitError, Wanted, Worlds, read_quantity
from tunecase.records import Inference, MeasuredPoint

if TYPE_CHECKING:
    from tunecase.inference import Answers
    from tunecase.prices import Basis
    from tunecase.project import Project

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
HOUR_PRICE = Wanted("money", "hour", example="2.50 USD per hour")
# What is wanted of an input that has no default, and an example.
MISSING = {
    "problem.volume": ("answers a month", "'200k per month'"),
    "serving.traffic.input": ("tokens of one request", "600"),
    "serving.traffic.output": ("tokens of one answer", "60"),
}
NO_MODEL = Problem("MODEL", "nothing", "the model that is tuned", "name it: tunecase inference meta-llama/Llama-3.1-8B")


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
    Raises: InputError with every mistake found, and with every input that is missing.
    """
    from tunecase.flow.answers import answers_of
    from tunecase.inference import weigh

    flow = open_case(first, seed, today) if isinstance(first, Path) else first
    changes, typed_as = _changes(asked)
    if flow is not None:
        ready(flow, "inference")
    price, problems = _own_price(asked.price)
    basis = _basis(flow, changes, typed_as, seed, today or date.today())
    if flow is None and not asked.model:
        problems.append(NO_MODEL)
    answers = flow.answers if flow else answers_of(cast("Project", basis.project), Path())
    if flow and changes:
        known = answers_of(cast("Project", basis.project), flow.folder)
        answers = replace(flow.answers, trace=known.trace, kept=[])
    problems += [_missing(name, flow) for name in answers.missing(basis)]
    if problems:
        raise InputError(problems)
    basis.usd_per_gpu_hour = price
    if asked.measured:
        answers = _with_measured(asked, basis, answers, flow)
    record = weigh(basis, answers, asked.model)
    assert record is not None
    if flow is None or changes or asked.model or price is not None:
        return record
    return cast(Inference, flow.keep("inference", record))


def _basis(
    flow: Flow | None, changes: Mapping[str, Any], typed_as: Mapping[str, str], seed: int, today: date
) -> "Basis":
    """Prices and worlds of the case, or of the project that the options state."""
    from tunecase.prices import Basis
    from tunecase.project import project_of, read_project

    if flow is None:
        return Basis(project_of(changes, catalog.names(), typed_as, today), today, Worlds(seed, DRAWS))
    if not changes:
        return flow.basis()
    project = read_project(flow.path, catalog.names(), changes, flow.today, typed_as)
    return replace(flow.basis(), project=project, answer_prices=None)


def _changes(asked: InferenceAsked) -> tuple[dict[str, Any], dict[str, str]]:
    """Fields of the project file that the options state, and the option of each."""
    said = {name: value for name, value in asked.words.items() if value is not None}
    changes = {FIELDS[name]: value for name, value in said.items()}
    typed_as = {FIELDS[name]: f"--{name}" for name in said}
    if "adapters" in said:
        changes["serving.merged"] = False
        typed_as["serving.merged"] = "--adapters"
    return changes, typed_as


def _missing(field: str, flow: Flow | None) -> Problem:
    """An input without which nothing can be said, and how to give it."""
    option = next(name for name, of in FIELDS.items() if of == field)
    what, example = MISSING[field]
    if flow is None:
        return Problem(f"--{option}", "nothing", what, f"add --{option} {example}")
    fix = f"add `{field}: {example}`, or --{option} {example}"
    return Problem(f"{flow.path.name}: {field}", "nothing", what, fix)


def _own_price(text: str | float | None) -> tuple[float | None, list[Problem]]:
    """A price of one's own [US dollars per card and hour]."""
    if text is None:
        return None, []
    try:
        price = read_quantity(f"{text} USD per hour" if _is_number(text) else text, HOUR_PRICE)
    except UnitError as error:
        return None, [Problem("--price", error.got, error.wanted, error.fix)]
    if price.currency != "USD":
        return None, [Problem("--price", repr(text), "US dollars", "write for example --price 2.50")]
    return price.spread.median, []


def _is_number(text: str | float) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False


def _with_measured(asked: InferenceAsked, basis: "Basis", answers: "Answers", flow: Flow | None) -> "Answers":
    """What is known with the loads of the files beside it; kept with what was predicted for them before."""
    from tunecase.inference import read_points, scored

    stated = _stated(asked, basis)
    points: list[MeasuredPoint] = []
    problems: list[Problem] = []
    for path in asked.measured:
        try:
            points += read_points(path, stated).points
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    held = {_same(point) for point in answers.points}
    new = [point for point in points if _same(point) not in held]
    if flow is not None and new:
        flow.keep("loads", scored(new, answers.points))
    return replace(answers, points=(*answers.points, *new), kept=[])


def _same(point: "MeasuredPoint") -> tuple[object, ...]:
    """By which a point that was read before is known."""
    return point.digest, point.concurrency, point.input_tokens, point.output_tokens, point.output_tokens_per_s


def _stated(asked: InferenceAsked, basis: "Basis") -> dict[str, str]:
    """What is said of the replica that was measured, where its file does not say it."""
    from tunecase.compute import base_model

    serving = basis.project.serving if basis.project else None
    stated = {"model": asked.model or base_model(basis)}
    if serving is not None:
        stated |= {"gpu": serving.gpus[0]} if len(serving.gpus) == 1 else {}
        stated |= {"tensor": str(serving.gpu_count)} if serving.gpu_count else {}
        stated |= {"precision": serving.precision} if serving.precision else {}
        stated |= {"engine": serving.engine} if serving.engine else {}
    return stated
