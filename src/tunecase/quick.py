"""Questions that need no project: what a run, the answers or a card cost, what a file holds, where points lead."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tunecase import flow
from tunecase.errors import InputError, Problem, nearest
from tunecase.records import Audit, Fit, Forecast, Inference, Prices, Scorecard


def training_run(
    model: str, gpu: str | Sequence[str] = (), gpus: int | str = "", *, seed: int = 0, today: date | None = None,
    **options: Any,
) -> Fit:  # fmt: skip
    """Does a training run fit, on what, how long, at what price? Needs no project file and keeps nothing.

    Args:
        model: a name, a model's config.json, or a training configuration.
        gpu: names of cards; all are searched when left out.
        gpus: how many, as 8 or "1,2,4".
        seed, today: of the draws and the prices.
        options: `tokens`, `examples`, `epochs`, fields of Recipe (method, rank, micro_batch, sequence_tokens, …),
            `global_batch`, and the other fields of `flow.FitAsked` (deadline, tier, spot, measured, explain, …).
    Raises: InputError with every mistake found.

    Example:
        >>> training_run("llama-3.1-8b", "A100-80GB", tokens="5M", method="lora").verdict
        'fits'
    """
    given = {{"tokens": "train_tokens"}.get(name, name): value for name, value in options.items()}
    words = _recipe_words(given)
    for name in ("lengths", "accelerate", "measured"):
        if given.get(name):
            given[name] = Path(given[name])
    cards = (gpu,) if isinstance(gpu, str) and gpu else tuple(gpu)
    counts = (str(gpus),) if gpus else ()
    return flow.fit(flow.FitAsked(model, words, cards, counts, **given), seed, today)


def _recipe_words(given: dict[str, Any]) -> dict[str, Any]:
    """Takes what belongs to the recipe out of `given`, whose rest are fields of FitAsked.

    Raises: InputError with every name that is neither.
    """
    from dataclasses import fields

    from tunecase.compute import AMOUNTS, Recipe

    own = {field.name for field in fields(flow.FitAsked)} - {"model", "words", "gpus", "counts"}
    recipe = {field.name for field in fields(Recipe)} | {*AMOUNTS, "global_batch", "trained_layers", "packing"}
    recipe -= {"shape", "gpu", "gpus", "lengths"}
    names = sorted(own | recipe)
    if odd := [name for name in given if name not in names]:
        wanted = "a field of FitAsked or Recipe"
        raise InputError([Problem(name, "a word", wanted, nearest(name, names)) for name in odd])
    return {name: given.pop(name) for name in list(given) if name in recipe}


def answer_costs(model: str, *, seed: int = 0, today: date | None = None, **options: Any) -> Inference:
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
    return flow.inference(inference_asked(model, options), seed, today)


def inference_asked(model: str, options: Mapping[str, Any]) -> "flow.InferenceAsked":
    """The question of options by name; a list of cards may be one card's name."""
    known = [name.replace("-", "_") for name in (*flow.INFERENCE_OPTIONS, "measured", "price")]
    if unknown := sorted(set(options) - set(known)):
        wanted = "an option of `tunecase inference`"
        raise InputError([Problem(name, "no such option", wanted, nearest(name, known)) for name in unknown])
    given = {name.replace("_", "-"): value for name, value in options.items()}
    measured, price = given.pop("measured", ()), given.pop("price", None)
    if isinstance(given.get("gpu"), str):
        given["gpu"] = [given["gpu"]]
    files = (measured,) if isinstance(measured, str | Path) else measured
    return flow.InferenceAsked(model, given, tuple(Path(file) for file in files), price)


def price_book(*, today: date | None = None, **options: str) -> Prices:
    """What do cards, hosted tuning and tokens cost today, with the source and date of each price?

    Args:
        today: the date that prices are judged by; today when left out.
        options: what narrows them: `kind`, `gpu`, `tier`, `terms`, `region`, `provider` and `model`.
    Raises: InputError for a name that is none of the book's.

    Example:
        >>> price_book(gpu="H100", terms="spot").rows[0].unit
        'GPU hour'
    """
    from dataclasses import fields

    from tunecase.prices import PricesAsked

    known = [field.name for field in fields(PricesAsked)]
    if odd := [name for name in options if name not in known]:
        raise InputError([Problem(name, "no such option", "a field of a price", nearest(name, known)) for name in odd])
    return flow.prices(PricesAsked(**options), today or date.today())


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
