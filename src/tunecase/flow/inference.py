"""inference from words as typed: states a project from options, gathers what a case knows, and keeps measured loads."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase import catalog
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.flow.logs import with_scores
from tunecase.flow.opened import Flow, open_case
from tunecase.flow.verbs import ready
from tunecase.quantities import Const, UnitError, Wanted, Worlds, counted, read_quantity
from tunecase.records import Inference, MeasuredLoads, MeasuredPoint

if TYPE_CHECKING:
    from tunecase.inference import Answers, Outlay
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
    """One question about answers, as typed.

    Args:
        model: a name, or a model's config.json.
        words: by option, see FIELDS; None is not said.
        measured: files of measured loads, from which the answer learns.
        price: what an hour of one card costs, in US dollars.
    """

    model: str = ""
    words: Mapping[str, Any] = field(default_factory=dict)
    measured: Sequence[Path] = ()
    price: str | float | None = None


def inference(
    asked: InferenceAsked,
    seed: int = 0,
    today: date | None = None,
    first: "Flow | Path | None" = None,
    progress: Mapping[str, Any] | None = None,
) -> Inference:
    """What the answers cost after launch, over every way to serve the model or to buy them.

    Args:
        asked: the question; its options take the place of what a project file says.
        seed, today: of the draws and the prices; an opened case has its own.
        first: a case or its project file. Its audit gives lengths, its pilot answers per second, its ledger measured
            loads. The record is kept where the question is the project's own; measured loads are kept in any case.
        progress: what an audit that has to be made tells while it runs.
    Raises: InputError with every mistake found, and with every input that is missing; with an objective that no
        replica meets for one request alone, where nothing else serves the tuned model.
    """
    from tunecase.inference import weigh

    flow = open_case(first, seed, today) if isinstance(first, Path) else first
    changes, typed_as = _changes(asked)
    if flow is not None:
        ready(flow, "inference", **(progress or {}))
    basis, answers = _question(asked, flow, changes, Worlds(seed, DRAWS), today or date.today())
    answers, loads, notes = _with_measured(asked, basis, answers)
    try:
        record = weigh(basis, answers, asked.model, _prompted(asked), outlay=_outlay(flow, basis))
    except InputError as error:
        raise InputError([_at_its_place(problem, typed_as, flow) for problem in error.problems]) from None
    assert record is not None
    record = replace(record, loads=loads, notes=(*record.notes, *notes))
    if flow is None:
        return record
    if loads is not None:
        flow.keep("loads", loads)
    if changes or asked.model or asked.price is not None:
        return record
    return cast(Inference, flow.keep("inference", record))


def _question(
    asked: InferenceAsked, flow: Flow | None, changes: Mapping[str, Any], worlds: Worlds, today: date
) -> "tuple[Basis, Answers]":
    """The basis and what is known of the answers; raises InputError with all that is wrong or missing."""
    problems: list[Problem] = []
    with _gathered(problems):
        price = _own_price(asked.price)
    lacking = [name for name in MISSING if name not in changes]
    if flow is not None or "serving.traffic.trace" in changes:
        lacking = []  # the case or the trace may say it
    with _gathered(problems):
        basis = _basis(flow, changes, worlds, today)
        answers = _known(flow, basis, changes)
        lacking = list(answers.missing(basis))
        _check_card(asked, basis)
    problems += [_missing(name, flow) for name in lacking]
    with _gathered(problems):
        _check_model(asked.model, flow)
    with _gathered(problems):
        _check_prompted(asked, today)
    refuse_any(problems)
    basis.usd_per_gpu_hour = price
    return basis, answers


@contextmanager
def _gathered(problems: list[Problem]) -> Iterator[None]:
    """Adds the problems of an InputError to those found."""
    try:
        yield
    except InputError as error:
        problems += error.problems


def _check_card(asked: InferenceAsked, basis: "Basis") -> None:
    """Raises InputError where a price of one's own is not that of one card."""
    assert basis.project is not None
    named = basis.project.serving.gpus or basis.project.compute.gpus
    if asked.price is not None and len(named) != 1:
        of = ", ".join(named) or "no card"
        raise InputError(Problem("--price", f"{asked.price}, of {of}", "the price of one card", "name it: --gpu L4"))


def _check_model(model: str, flow: Flow | None) -> None:
    """Raises InputError where no model is named, or one that nobody knows; that of a case is read with its project."""
    from tunecase.inference import served

    if model:
        served(model)
    elif flow is None:
        raise InputError(NO_MODEL)


def _basis(flow: Flow | None, changes: Mapping[str, Any], worlds: Worlds, today: date) -> "Basis":
    """Prices and worlds of the case, or of the project that the options state."""
    from tunecase.prices import Basis
    from tunecase.project import project_of, read_project

    typed_as = _typed_as(changes)
    if flow is None:
        return Basis(project_of(changes, catalog.names(), typed_as, today), today, worlds)
    if not changes:
        return flow.basis()
    read = read_project(flow.source, catalog.names(), changes, flow.today, typed_as)
    project, _ = with_scores(read, flow.path)
    return replace(flow.basis(), project=project, answer_prices=None)


def _known(flow: Flow | None, basis: "Basis", changes: Mapping[str, Any]) -> "Answers":
    """What is known of the answers: by the case, with the trace that the question names."""
    from tunecase.flow.answers import answers_of

    if flow is not None and not changes:
        return flow.answers
    assert basis.project is not None
    named = answers_of(basis.project, flow.folder if flow else Path())
    return replace(flow.answers, trace=named.trace, kept=[]) if flow else named


def _at_its_place(problem: Problem, typed_as: Mapping[str, str], flow: Flow | None) -> Problem:
    """A problem of a field, said of the option that stated it, else of the project file."""
    if problem.where in typed_as:
        return replace(problem, where=typed_as[problem.where])
    if flow is not None and problem.where.startswith("serving."):
        return replace(problem, where=flow.where(problem.where))
    return problem


def _changes(asked: InferenceAsked) -> tuple[dict[str, Any], dict[str, str]]:
    """Fields of the project file that the options state, and the option of each."""
    changes = {FIELDS[name]: value for name, value in asked.words.items() if value is not None}
    if prompted := _prompted(asked):
        changes[FIELDS["against"]] = prompted[0]
    if "serving.adapters" in changes:
        changes["serving.merged"] = False
    return changes, _typed_as(changes)


def _prompted(asked: InferenceAsked) -> tuple[str, ...]:
    """The hosted models to compare with, the first of which gives today's answers."""
    named = asked.words.get("against") or ()
    return (named,) if isinstance(named, str) else tuple(named)


def _check_prompted(asked: InferenceAsked, today: date) -> None:
    """Raises InputError for hosted models that the table of token prices does not have."""
    from tunecase.prices import api_known, api_price

    unknown = [name for name in _prompted(asked) if api_known() and api_price(name, today) is None]
    wanted, fix = "a hosted model with a price of its tokens", "see `tunecase prices --kind api --model NAME`"
    refuse_any(Problem("--against", repr(name), wanted, fix) for name in unknown)


def _typed_as(changes: Mapping[str, Any]) -> dict[str, str]:
    """The option that states each field."""
    options = {field: f"--{name}" for name, field in FIELDS.items()} | {"serving.merged": "--adapters"}
    return {field: options[field] for field in changes}


def _missing(field: str, flow: Flow | None) -> Problem:
    """An input without which nothing can be said, and how to give it."""
    option = next(name for name, of in FIELDS.items() if of == field)
    what, example = MISSING[field]
    if flow is None:
        return Problem(f"--{option}", "nothing", what, f"add --{option} {example}")
    fix = f"add `{field}: {example}`, or --{option} {example}"
    return Problem(flow.where(field), "nothing", what, fix)


def _own_price(text: str | float | None) -> float | None:
    """A price of one's own [US dollars per card and hour]; raises InputError where it is none."""
    if text is None:
        return None
    try:
        price = read_quantity(f"{text} USD per hour" if _is_number(text) else text, HOUR_PRICE)
    except UnitError as error:
        raise InputError(Problem("--price", repr(text), error.wanted, error.fix)) from None
    if price.currency != "USD":
        raise InputError(Problem("--price", repr(text), "US dollars", "write for example --price 2.50"))
    if not isinstance(price.spread, Const):
        raise InputError(Problem("--price", repr(text), "one price, not a range", "write for example --price 2.50"))
    return price.spread.median


def _is_number(text: str | float) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _outlay(flow: Flow | None, basis: "Basis") -> "Outlay | None":
    """What the case costs and how long it serves; None where no other way is named whose answers cost something."""
    from tunecase.flow.known import drawn_of
    from tunecase.inference import Outlay
    from tunecase.prices import served_months

    if flow is None or basis.project is None:
        return None
    project = basis.project
    if not (project.model_today or project.alternatives.prompt_hosted.model or project.price_per_1k_today):
        return None
    drawn = drawn_of(flow).of_the_tuned
    return Outlay(drawn.total_without_answers, served_months(drawn.work.basis))


def _with_measured(
    asked: InferenceAsked, basis: "Basis", answers: "Answers"
) -> "tuple[Answers, MeasuredLoads | None, tuple[str, ...]]":
    """What is known with the loads of the files, those beside what was predicted before them, and notes."""
    from tunecase.inference import read_points, scored

    stated = _stated(asked, basis) if asked.measured else {}
    found: dict[tuple[object, ...], MeasuredPoint] = {}
    notes: list[str] = []
    problems: list[Problem] = []
    for path in asked.measured:
        with _gathered(problems):
            read = read_points(path, stated)
            found |= {_same(point): point for point in read.points}
            notes += read.notes
    refuse_any(replace(problem, fix=problem.fix.replace("--tensor", "--gpus")) for problem in problems)
    held = {_same(point) for point in answers.points}
    new = [point for same, point in found.items() if same not in held]
    if len(new) < len(found):
        notes.append(f"{counted(len(found) - len(new), 'measured load')} on file already: nothing is added")
    if not new:
        return answers, None, tuple(notes)
    loads = scored(new, answers.points)
    return replace(answers, points=(*answers.points, *new), kept=[]), loads, tuple(notes)


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
