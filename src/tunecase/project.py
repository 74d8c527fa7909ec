"""What was asked: the project file, read with line numbers, checked whole, every mistake reported at once."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError, core_schema

from tunecase.errors import InputError, Problem, nearest
from tunecase.units import Quantity, UnitError, Wanted, read_quantity
from tunecase.yaml_lines import Lines, put, read_yaml

Known = Mapping[str, Sequence[str]]
Changes = Mapping[str, Any]
SET = 0  # the line of a field that was changed on the command line


@dataclass(frozen=True)
class InUnit:
    """Marks a field as a Quantity that is read from text in the wanted unit."""

    wanted: Wanted

    def read(self, value: object) -> Quantity:
        """The Quantity, or pydantic's error with what was got, wanted and a fix."""
        if isinstance(value, Quantity):
            return value
        try:
            return read_quantity(value, self.wanted)
        except UnitError as error:
            ctx = {"got": error.got, "wanted": error.wanted, "fix": error.fix}
            raise PydanticCustomError("told", "{got}", ctx) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        words = f"{self.wanted.words}; for example {self.wanted.example}"
        return {"type": ["string", "number"], "description": words}


@dataclass(frozen=True)
class NameOf:
    """Marks a field as a name that the catalog must know, when the reader was given the catalog's names."""

    kind: str

    def check(self, value: str, info: ValidationInfo) -> str:
        """The name, or pydantic's error with the nearest names."""
        known = (info.context or {}).get("known", {}).get(self.kind)
        if known is None or value.casefold() in {name.casefold() for name in known}:
            return value
        if self.kind == "model" and value.endswith("config.json"):
            return value
        fix = nearest(value, known) + (" (or give the path of its config.json)" if self.kind == "model" else "")
        ctx = {"got": f"unknown {self.kind} {value!r}", "wanted": f"a {self.kind} in the tables", "fix": fix}
        raise PydanticCustomError("told", "{got}", ctx)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_after_validator_function(self.check, core_schema.str_schema())


def _one_value(value: object) -> object:
    if isinstance(value, str | int | float):
        return value
    ctx = {"got": type(value).__name__, "wanted": "one score such as 92%", "fix": "write one number"}
    raise PydanticCustomError("told", "{got}", ctx)


Score = Annotated[str | float, BeforeValidator(_one_value)]
Money = Annotated[Quantity, InUnit(Wanted("money", example="15k USD"))]
MoneyPerHour = Annotated[Quantity, InUnit(Wanted("money", "hour", example="75 to 150 USD per hour"))]
MoneyPerExample = Annotated[
    Quantity, InUnit(Wanted("money", "example", zero_ok=True, example="0.05 to 0.20 USD per example"))
]
MoneyPerCorrect = Annotated[Quantity, InUnit(Wanted("money", "correct", example="0.40 USD per correct"))]
MinutesPerLabel = Annotated[Quantity, InUnit(Wanted("minute", "label", example="1 to 2 min per label"))]
HoursPerRound = Annotated[Quantity, InUnit(Wanted("hour", "round", example="20 to 40 h per round"))]
Months = Annotated[Quantity, InUnit(Wanted("month", example="12 months"))]
PerMonth = Annotated[Quantity, InUnit(Wanted("", "month", example="20k to 60k per month"))]
Count = Annotated[Quantity, InUnit(Wanted("", example="2 to 5", most=1e12))]
Rounds = Annotated[Quantity, InUnit(Wanted("", example="2 to 5", most=100))]
Share = Annotated[Quantity, InUnit(Wanted("share", example="30%", most=1.0, zero_ok=True))]
PartShare = Annotated[Quantity, InUnit(Wanted("share", example="90%", most=1.0))]
OverheadShare = Annotated[Quantity, InUnit(Wanted("share", example="20%", most=10.0, zero_ok=True))]
GpuName = Annotated[str, NameOf("gpu")]
ModelName = Annotated[str, NameOf("model")]
MetricName = Annotated[str, NameOf("metric")]
Factor = Annotated[Quantity, InUnit(Wanted("", example="0.85 to 1.02", most=100))]
Hours = Annotated[Quantity, InUnit(Wanted("hour", example="4 to 16 h"))]
PositiveInt = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """Any part of the project file: frozen, and unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class ProblemStatement(Section):
    """What is to be achieved, how it is measured and what it is worth."""

    goal: str | None = Field(None, description="One sentence for people; it is never judged.")
    task: Literal["classification", "extraction", "generation"] | None = Field(
        None, description="What kind of output; recognised from the data when left out."
    )
    metric: MetricName | None = Field(None, description="How success is scored, for example accuracy or macro_f1.")
    direction: Literal["higher", "lower"] | None = Field(
        None, description="Which way is better; known for metrics in the tables."
    )
    target: Score | None = Field(None, description="The score that makes it worth shipping, for example 92%.")
    measured_on: str | None = Field(None, description="What the score is measured on; data.test when left out.")
    fallback: Score | None = Field(
        None,
        description="A score short of the target that would be shipped all the same; it earns its part of the gain.",
    )
    baseline: Score | None = Field(None, description="The score of what is in use today, measured.")
    value: MoneyPerCorrect | None = Field(None, description="What one more correct answer is worth.")
    volume: PerMonth | None = Field(None, description="How many answers are given each month.")
    horizon: Months | None = Field(None, description="For how long the result is used.")
    owner: str | None = Field(None, description="The one person who decides.")
    criteria: tuple[str, ...] = Field((), description="Pass/fail statements about one output.")


class Source(Section):
    """Where more examples can come from, and at what price."""

    kind: Literal["have", "label", "synthetic", "scrape", "buy"]
    pool: Count | None = Field(None, description="How many examples this source can give.")
    effort: MinutesPerLabel | None = None
    rate: MoneyPerHour | None = None
    labels_per_example: Annotated[float, Field(ge=1, le=20)] = 1.0
    rework: OverheadShare | None = Field(None, description="Share of labels done again.")
    fee: OverheadShare | None = Field(None, description="The platform's fee on top.")
    price: MoneyPerExample | None = Field(
        None, description="Price of one usable example, where it is bought by the piece."
    )
    usable: PartShare | None = Field(None, description="Share of what arrives that can be used.")
    set_up: Money | None = Field(None, description="Paid once: guidelines, onboarding, a scraper.")


class Data(Section):
    """The files, their columns and the sources of more."""

    train: str
    test: str | None = None
    pool: str | None = Field(None, description="Unlabelled rows.")
    input: str | None = Field(None, description="Column of the input, where it is not recognised.")
    output: str | None = Field(None, description="Column of the answer or label.")
    second_label: str | None = Field(None, description="Column of a second annotator's label in the test file.")
    production: str | None = Field(None, description="A sample of real inputs as they arrive, without answers.")
    production_shares: Mapping[str, PartShare] = Field(
        {}, description="Share of each class in production, for example {refund: 30%}."
    )
    licence: str | None = Field(None, description="Licence of the training rows, or who owns them.")
    origin: str | None = Field(None, description="Where the rows come from; who or what wrote the answers.")
    sources: tuple[Source, ...] = ()


class Compute(Section):
    """Where training would run."""

    tier: Literal["marketplace", "neocloud", "hyperscaler"] | None = None
    gpus: tuple[GpuName, ...] = ()
    gpu_count: PositiveInt | None = None


class Training(Section):
    """One training run."""

    epochs: Annotated[float, Field(gt=0, le=1000)] = 3.0
    sequence_tokens: PositiveInt | None = Field(None, description="Longest sample in tokens; longer ones are cut.")
    micro_batch: PositiveInt | None = None
    rank: PositiveInt | None = None
    runs_per_round: Count | None = Field(
        None, description="Training runs in one round: settings tried, seeds, repeats."
    )
    failed: Share | None = Field(None, description="Share of runs that fail and are paid all the same.")


class Member(Section):
    """One role in the team."""

    role: str
    rate: MoneyPerHour | None = None
    share: PartShare | None = Field(None, description="Share of this person's time that goes to the project.")


class Serving(Section):
    """What one answer costs after launch; without it inference stays unpriced."""

    price_per_1k_answers: Money | None = None


class Levers(Section):
    """What the steps of a project are assumed to do; what is written here takes the place of the shipped assumption."""

    label_noise: PartShare | None = Field(None, description="Share of wrong labels, where nobody has looked.")
    rows_per_wrong_label: Factor | None = Field(None, description="Rows reviewed for each wrong label that is found.")
    tuning_factor: Factor | None = Field(None, description="Error after a search over settings / error before.")
    tuning_runs: Annotated[int, Field(ge=2, le=1000)] | None = Field(None, description="Settings tried in one search.")
    bigger_model_factor: Factor | None = Field(None, description="Error of the bigger model / error of the smaller.")
    bigger_model_run_cost: Factor | None = Field(None, description="Price of a run of the bigger model, as a multiple.")
    synthetic_worth: PartShare | None = Field(None, description="Labelled examples that a synthetic one teaches like.")
    scrape_worth: PartShare | None = Field(None, description="Labelled examples that a scraped one teaches like.")
    first_run_hours: Hours | None = Field(None, description="An engineer's hours to fine-tune once on rows at hand.")
    look_hours: Hours | None = Field(None, description="An engineer's hours to make one more run and read it.")


class Rate(Section):
    """A dated exchange rate into the base currency."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    value: Annotated[
        float, Field(gt=0, allow_inf_nan=False, description="Units of the base currency for one unit of this one.")
    ]
    date: date


class Project(Section):
    """The project file."""

    name: str
    problem: ProblemStatement = ProblemStatement()
    data: Data
    models: tuple[ModelName, ...] = ()
    method: Literal["lora", "qlora", "full"] = "lora"
    training: Training = Training()
    compute: Compute = Compute()
    team: tuple[Member, ...] = ()
    rounds: Rounds | None = Field(None, description="Rounds of collect, train, test; a random number when left out.")
    effort_per_round: HoursPerRound | None = Field(
        None, description="Hours of work of one full-time person in one round."
    )
    levers: Levers = Levers()
    serving: Serving = Serving()
    include_inference: bool = False
    budget: Money | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    rates: tuple[Rate, ...] = ()

    @property
    def base_per_usd(self) -> float:
        """Units of the base currency for one US dollar, in which the shipped tables are kept."""
        return 1.0 if self.currency == "USD" else latest_rate(self.rates, "USD")


def latest_rate(rates: Sequence[Rate], currency: str) -> float:
    """The latest dated rate of a currency that is known to have one: plans are made at today's prices."""
    return max((rate for rate in rates if rate.currency == currency), key=lambda rate: rate.date).value


def read_project(path: Path, known: Known | None = None, changes: Changes | None = None) -> Project:
    """The project at `path`, or every problem in it.

    Args:
        path: a YAML file, see yaml_lines.py for its limits.
        known: names the catalog knows, by kind ("gpu", "model", "metric"); others are refused with near names.
            The kind "lower metric" holds the metrics of which less is better, whose targets are no shares.
        changes: values that take the place of the file's, by dotted field, such as {"data.sources.0.pool": "5k"};
            None takes a field out. The file itself stays as it is.
    Returns: the Project, all money in its base currency.
    Raises: InputError with all problems, each at its line.
    """
    raw, lines, problems = read_yaml(path)
    problems += _changed(raw, lines, changes or {})
    try:
        project = Project.model_validate(raw, context={"known": known or {}})
    except ValidationError as error:
        problems += [_problem(item, lines, path.name) for item in error.errors()]
        raise InputError(problems) from None
    problems += [*_path_problems(project, path, lines), *_currency_problems(project, path.name, lines)]
    problems += _target_problems(project, path.name, lines, (known or {}).get("lower metric", ()))
    if problems:
        raise InputError(problems)
    converted = _in_base(project, project)
    assert isinstance(converted, Project)
    root = path.resolve().parent
    models = tuple(str(root / name) if _is_path(name) else name for name in project.models)
    return converted.model_copy(update={"models": models})


def _changed(raw: dict[str, Any], lines: Lines, changes: Changes) -> Iterator[Problem]:
    """Puts each change into the fields read; a place that cannot be is a problem."""
    for field, value in changes.items():
        parts = tuple(int(part) if part.isdecimal() else part for part in field.split("."))
        try:
            put(raw, parts, value)
        except (IndexError, KeyError, TypeError):
            fix = "write the fields with dots, numbers from 0 in a list: data.sources.0.price"
            yield Problem(f"--set {field}", "no such place in the file", "a field of the project file", fix)
            continue
        for depth in range(1, len(parts)):
            lines.setdefault(parts[:depth], SET)
        lines[parts] = SET


def _where(loc: Sequence[str | int], lines: Lines, file: str) -> str:
    at = tuple(loc)
    while at and at not in lines:
        at = at[:-1]
    words = ".".join(str(part) for part in loc)
    return f"--set {words}" if lines.get(at, 1) == SET else f"{file}:{lines.get(at, 1)}: {words}"


def _problem(error: Any, lines: Lines, file: str) -> Problem:
    ctx = error.get("ctx") or {}
    loc, kind = error["loc"], error["type"]
    where = _where(loc, lines, file)
    if kind == "told":
        return Problem(where, ctx["got"], ctx["wanted"], ctx["fix"])
    if kind == "extra_forbidden":
        return Problem(
            where, f"unknown field {loc[-1]!r}", "a field of the project file", nearest(str(loc[-1]), _fields(loc[:-1]))
        )
    if kind == "missing":
        return Problem(where, "nothing", f"the field {loc[-1]!r}", f"add `{loc[-1]}:`")
    if kind == "tuple_type":
        return Problem(where, repr(error["input"]), "a list", f"write [{error['input']}], or one `- ` line for each")
    if kind == "literal_error":
        return Problem(where, repr(error["input"]), ctx["expected"], "use one of these words")
    got = error["input"] if isinstance(error["input"], str | int | float) else type(error["input"]).__name__
    return Problem(
        where,
        repr(got),
        error["msg"][0].lower() + error["msg"][1:],
        "correct the value or delete the line for the default",
    )


def _fields(loc: Sequence[str | int]) -> list[str]:
    model: Any = Project
    for part in loc:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation if part in model.model_fields else Project
        inner = getattr(annotation, "__args__", ())
        model = inner[0] if inner and isinstance(inner[0], type) else annotation
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            model = Project
    return list(model.model_fields)


def _path_problems(project: Project, path: Path, lines: Lines) -> Iterator[Problem]:
    root = path.resolve().parent
    asked: list[tuple[tuple[str | int, ...], str | None]] = [
        (("data", name), getattr(project.data, name)) for name in ("train", "test", "pool", "production")
    ]
    asked += [(("models", i), name) for i, name in enumerate(project.models) if _is_path(name)]
    for loc, given in asked:
        if given is None:
            continue
        where = _where(loc, lines, path.name)
        try:
            # A data file may be a folder, and may name a split of it.
            full = (root / (given.rpartition("::")[0] or given)).resolve()
            inside, there = full.is_relative_to(root), full.is_file() or (loc[0] == "data" and full.is_dir())
        except (OSError, ValueError, RuntimeError):  # too long, a NUL inside, links that go round in a circle
            yield Problem(where, repr(given), "a path", "correct the path")
            continue
        if not inside:
            yield Problem(where, repr(given), f"a path inside {root.name}/", "copy the file into the project's folder")
        elif full.is_dir() and loc[0] != "data":
            yield Problem(where, f"{given!r}, which is a folder", "a file", "name one file in it")
        elif not there:
            fix = f"put the file at {given} or correct the path"
            yield Problem(where, f"{given!r}, which does not exist", "a file in the project's folder", fix)


def _is_path(model: str) -> bool:
    return model.endswith("config.json")


def _currency_problems(project: Project, file: str, lines: Lines) -> Iterator[Problem]:
    known = {project.currency, *(rate.currency for rate in project.rates)}
    for loc, quantity in _quantities(project):
        if quantity.currency and quantity.currency not in known:
            fix = f"add to rates: {{currency: {quantity.currency}, value: ..., date: ...}}"
            yield Problem(
                _where(loc, lines, file),
                quantity.text,
                f"{project.currency}, or a dated rate for {quantity.currency}",
                fix,
            )
    if "USD" not in known:
        yield Problem(
            _where(("currency",), lines, file),
            project.currency,
            "a dated rate for USD, in which the price tables are kept",
            "add to rates: {currency: USD, value: ..., date: ...}",
        )


def _target_problems(project: Project, file: str, lines: Lines, lower_metrics: Sequence[str]) -> Iterator[Problem]:
    by_metric = "lower" if (project.problem.metric or "").casefold() in lower_metrics else "higher"
    lower = (project.problem.direction or by_metric) == "lower"
    scores: dict[str, float] = {}
    for name in ("target", "fallback", "baseline"):
        given = getattr(project.problem, name)
        if given is None:
            continue
        where = _where(("problem", name), lines, file)
        try:
            score = read_score(given)
        except ValueError:
            yield Problem(where, repr(given), "a score such as 92% or 0.92", "write one number")
            continue
        if not lower and not 0 < score <= 1:
            fix = (
                f"write {score:g}%"
                if 1 < score <= 100 and "%" not in str(given)
                else "write a score between 0 and 100%"
            )
            yield Problem(where, repr(given), "more than 0 and at most 100%", fix)
        elif score <= 0:
            yield Problem(where, repr(given), "more than 0", "write a positive score")
        else:
            scores[name] = score
    yield from _fallback_problem(project.problem, scores, lower, _where(("problem", "fallback"), lines, file))


def _fallback_problem(
    problem: ProblemStatement, scores: dict[str, float], lower: bool, where: str
) -> Iterator[Problem]:
    """A fallback lies between what is in use today and the target, or it says nothing."""
    if problem.fallback is None or "fallback" not in scores:
        return
    given, fix = repr(problem.fallback), "write a score between the two, or delete the line"
    if problem.target is None:
        yield Problem(where, given, "a target that it falls short of", "add problem.target")
    for name, side, way in (("target", "short of", -1.0), ("baseline", "better than", 1.0)):
        other = scores.get(name)
        better = -1.0 if lower else 1.0
        if other is not None and way * better * (scores["fallback"] - other) <= 0:
            yield Problem(where, given, f"{side} problem.{name}, {getattr(problem, name)!r}", fix)


def read_score(given: str | float) -> float:
    """A score from `92%`, `0.92` or a plain number.

    Raises: ValueError when it is not a finite number.

    Example:
        >>> read_score("92%")
        0.92
    """
    text = str(given).strip()
    score = round(float(text[:-1]) / 100, 12) if text.endswith("%") else float(text)
    if not math.isfinite(score):
        raise ValueError(text)
    return score


def _quantities(section: BaseModel, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Quantity]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        items = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for index, item in items:
            loc = (*at, name) if index is None else (*at, name, index)
            if isinstance(item, Quantity):
                yield loc, item
            elif isinstance(item, BaseModel):
                yield from _quantities(item, loc)


def _in_base(value: object, project: Project) -> object:
    if isinstance(value, Quantity):
        if not value.currency or value.currency == project.currency:
            return value
        rate = latest_rate(project.rates, value.currency)
        return value.scaled(rate, project.currency)
    if isinstance(value, tuple):
        return tuple(_in_base(item, project) for item in value)
    if isinstance(value, BaseModel):
        changed = {name: _in_base(getattr(value, name), project) for name in type(value).model_fields}
        return value.model_copy(update={k: v for k, v in changed.items() if v is not getattr(value, k)})
    return value
