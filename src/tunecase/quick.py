"""Questions that need no project: what a run, the answers or a card cost, what a file holds, where points lead."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, Unpack, cast, get_args

from tunecase import flow
from tunecase.errors import InputError, Problem, nearest
from tunecase.records import Audit, Fit, Forecast, Inference, Prices, Scorecard

T = TypeVar("T")


def training_run(
    model: str, gpu: str | Sequence[str] = (), gpus: int | str = "", *, seed: int = 0, today: date | None = None,
    **options: Unpack[flow.RunOptions],
) -> Fit:  # fmt: skip
    """Does a training run fit, on what, how long, at what price? Needs no project file and keeps nothing.

    Args:
        model: a name, a model's config.json, or a training configuration.
        gpu: names of cards; all are searched when left out.
        gpus: how many, as 8 or "1,2,4".
        seed, today: of the draws and the prices.
        options: how much is trained (`tokens`, `examples`, `epochs`, …), the set-up (method, rank, micro_batch, …), and
            what is asked of it (deadline, tier, spot, measured, explain, …).
    Raises: InputError with every mistake found.

    Example:
        >>> training_run("llama-3.1-8b", "A100-80GB", tokens="5M", method="lora").verdict
        'fits'
    """
    named, counts = () if gpu is None else gpu, () if gpus is None else gpus
    cards = {"gpu": (Sequence[str], named), "gpus": (Sequence[int | str], counts)}
    return flow.fit(fit_asked(training_run, model, options, cards), seed, today)


def fit_asked(
    method: Callable[..., object], model: str, options: Mapping[str, object], cards: Mapping[str, tuple[Any, Any]]
) -> "flow.FitAsked":
    """The question of options by name: words of the run beside the fields of the question.

    Args:
        method: what was called, for the types of its options.
        model: as given.
        options: by name, as given.
        cards: type and value of the method's own `gpu`, names of cards, and `gpus`, how many; none where they are
            options.
    Raises: InputError with every option that is none or of another type.
    """
    read = known(method, options, {"model": (str, model), **cards})
    given = {name: value for name, value in read.items() if value is not None}
    if cards:
        given |= {"counts": tuple(map(str, given.pop("gpus"))), "gpus": given.pop("gpu")}
    if "tokens" in given:
        given["train_tokens"] = given.pop("tokens")
    held = {field.name for field in fields(flow.FitAsked)}
    words = {name: given.pop(name) for name in list(given) if name not in held}
    return flow.FitAsked(words=words, **given)


def answer_costs(
    model: str, *, seed: int = 0, today: date | None = None, **options: Unpack[flow.AnswerOptions]
) -> Inference:  # fmt: skip
    """What do a tuned model's answers cost after launch, over every way to serve it? Needs no project file.

    Args:
        model: a name, or a model's config.json.
        seed, today: of the draws and the prices.
        options: those of `tunecase inference` (`volume="200k per month"`, `input=600`, `output=60`, `gpu=["L4"]`,
            `against="openai/gpt-4.1-mini"`, `first_token="1 s"`, `measured=["load.json"]`, `price=2.5`, …).
    Raises: InputError with every mistake found, and with every input that is missing.

    Example:
        >>> answer_costs("llama-3.1-8b", volume="200k per month", input=600, output=60, gpu=["L4"]).ok
        True
    """
    return flow.inference(inference_asked(answer_costs, model, options), seed, today)


def inference_asked(method: Callable[..., object], model: str, options: Mapping[str, object]) -> "flow.InferenceAsked":
    """The question of options by name; a list of cards may be one card's name."""
    given = {name.replace("_", "-"): value for name, value in known(method, options, {"model": (str, model)}).items()}
    model, measured, price = given.pop("model"), given.pop("measured", None) or (), given.pop("price", None)
    if isinstance(given.get("gpu"), str):
        given["gpu"] = (given["gpu"],) if given["gpu"] else ()
    words = {name: str(value) if isinstance(value, Path) else value for name, value in given.items() if value != ()}
    files = (measured,) if isinstance(measured, Path) else measured
    return flow.InferenceAsked(model, words, files, price)


def price_book(*, today: date | None = None, **options: Unpack[flow.PricesOptions]) -> Prices:
    """What do cards, hosted tuning and tokens cost today, with the source and date of each price?

    Args:
        today: the date that prices are judged by; today when left out.
        options: what narrows them: `kind`, `gpu`, `tier`, `terms`, `region`, `provider` and `model`.
    Raises: InputError for a name that is none of the book's.

    Example:
        >>> price_book(gpu="H100", terms="spot").rows[0].unit
        'GPU hour'
    """
    from tunecase.prices import PricesAsked

    asked = question(price_book, PricesAsked, options)
    return flow.prices(asked, today or date.today())


def audit_file(
    train: str | Path, test: str | Path | None = None, *, input: str | None = None, output: str | None = None,
    fast: bool = False, seed: int = 0, today: date | None = None,
) -> Audit:  # fmt: skip
    """Are these the right data, and good enough? Rows that cannot be read go to a file in the current folder.

    Args:
        train: rows to train on: a file, an archive or a folder of JSON lines, JSON, CSV, Parquet or Arrow.
        test: held-out rows.
        input, output: the columns, where they are not recognised.
        fast: only what one pass tells; the record lists what is left out.
        seed, today: of the draws and the prices.
    Raises: InputError for files that are missing or hold no rows.

    Example:
        >>> audit_file("data/train.jsonl", "data/test.jsonl", fast=True).finding("leak_exact").count
        6
    """
    files = flow.DataFiles(Path(train), Path(test) if test else None, input, output)
    return flow.audit_file(files, flow.AuditAsked(fast=fast), seed=seed, today=today or date.today())


def forecast_points(
    place: str | Path, *, metric: str = "accuracy", target: float | str | None = None, n_max: int | None = None,
    seed: int = 0,
) -> Forecast:  # fmt: skip
    """Will more data reach the target? From points measured anywhere: a CSV file, or a tracker's runs.

    Args:
        place: a file with columns of sizes and scores, or an address, as of `tunecase forecast`.
        metric: what the scores are of.
        target: the score wanted, as 0.9 or "90%".
        n_max: the most rows that could ever be had; four times the largest size when left out.
        seed: of the draws.
    Raises: InputError with every mistake of the words, and for points that cannot be read.

    Example:
        >>> _ = Path("points.csv").write_text("n,score\\n100,0.60\\n200,0.68\\n400,0.74\\n800,0.79\\n")
        >>> len(forecast_points("points.csv", target="85%").points)
        4
    """
    asked = flow.asked_of(metric, "", "", (), "last", "")
    return flow.forecast_file(str(place), asked, None if target is None else str(target), n_max, seed)


def scorecard(*places: str | Path) -> Scorecard:
    """How right were these cases? What each planned against what came of it, by their ledgers.

    Args:
        places: folders of cases, ledgers, or exports of `tunecase scorecard`.
    Raises: InputError where a ledger is missing or was edited.

    Example:
        >>> scorecard(".").cases
        1
    """
    return flow.scorecard(flow.ScorecardAsked(places))


def question(method: Callable[..., object], kind: type[T], options: Mapping[str, object], *first: object) -> T:
    """The question that a method asks, as its dataclass: the `first` fields, then options by name.

    Raises: InputError with every option that the method does not have, or with every value of another type.

    Example:
        >>> from tunecase.prices import PricesAsked
        >>> question(price_book, PricesAsked, {"gpu": "H100"}).gpu
        'H100'
    """
    own = {field.name: (field.type, value) for field, value in zip(fields(cast(Any, kind)), first, strict=False)}
    return kind(**known(method, options, own))


def known(
    method: Callable[..., object], options: Mapping[str, object], own: Mapping[str, tuple[Any, Any]] | None = None
) -> dict[str, Any]:
    """Options by name as the method's types want them, see `as_wanted`: None is not said where it is no value.

    Args:
        method: what was called; its last parameter holds the types of its options.
        options: by name, as given.
        own: type and value of what the method takes beside them, which is held against its type with them.
    Raises: InputError with every option that the method does not have, and the nearest that it has; or with every value
        of another type.

    Example:
        >>> try:
        ...     known(training_run, {"gpuz": 1})
        ... except InputError as error:
        ...     error.problems[0].fix
        'did you mean gpu or gpus?'
    """
    *firsts, last = inspect.signature(method).parameters.values()
    hints = get_args(last.annotation)[0].__annotations__
    if odd := [name for name in options if name not in hints]:
        names, wanted = [*(one.name for one in firsts), *hints], f"an option of {method.__qualname__}"
        raise InputError([Problem(name, "no such option", wanted, nearest(name, names)) for name in odd])
    own = own or {}
    hints = {**hints, **{name: hint for name, (hint, _) in own.items()}}
    given = {**{name: value for name, (_, value) in own.items()}, **options}
    return flow.as_wanted(hints, given, needed=own)
