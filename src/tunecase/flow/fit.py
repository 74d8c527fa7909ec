"""fit from words as typed: reads the files it names, asks, and keeps what was measured where there is a case."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase import catalog
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import no_file
from tunecase.quantities import Const, UnitError, Wanted, Worlds, counted, read_quantity
from tunecase.records import Fit, Scored

if TYPE_CHECKING:
    from tunecase.compute import Batch, Recipe, Request, Sampled
    from tunecase.compute.measured import Measured
    from tunecase.flow.opened import Flow
    from tunecase.prices import Basis

FIT_DRAWS = 4_000
TIERS = ("marketplace", "neocloud", "hyperscaler")
CONFIG_ENDINGS = (".yaml", ".yml", ".json")
WANTED = "a model's name, its config.json, or a configuration that trains it (YAML or JSON)"
_PRICE = re.compile(r"\$?\s*(\d+(?:\.\d+)?|\.\d+)(?:\s*USD)?")
OPEN = ("method", "sharding", "checkpointing")
NAME_ONE = "name one: tunecase fit llama-3.1-8b; or the project whose run it is: --project FILE"
NO_MODEL = Problem("MODEL", "nothing, and no project here", WANTED, NAME_ONE)


@dataclass(frozen=True, slots=True)
class FitAsked:
    """One question about a run, as typed.

    Without a model the question is that of a case: the run that its bill prices, with what was typed in its place.

    Args:
        model: a name, its config.json or a training configuration.
        words: fields of Recipe, `global_batch` and the amounts (train_tokens, steps, examples, epochs); None and absent
            mean not said.
        gpus, counts: names of cards, and how many of them, both with commas or repeated; searched when left out.
        deadline: when the run must have ended, such as "6 h".
        spot: on spot cards, interruptions counted.
        tier: marketplace, neocloud or hyperscaler.
        lengths: a file of token lengths (CSV of tokens,count; JSONL), or the data file.
        accelerate: an accelerate or DeepSpeed file beside the model's configuration.
        measured: a trainer_state.json of the set-up asked about, or a CSV of runs; the prediction learns from it.
        explain: every term of the answer, and measured runs that are near.
        price: what an hour of the one card named costs, in US dollars.
        probe, command: a few steps run on this machine's card first, of the command or of our own trainer.
        card_memory: what one card holds, such as 20GB.
    """

    model: str = ""
    words: Mapping[str, Any] = field(default_factory=dict)
    gpus: Sequence[str] = ()
    counts: Sequence[str] = ()
    deadline: str | None = None
    spot: bool = False
    tier: str | None = None
    lengths: Path | None = None
    accelerate: Path | None = None
    measured: Path | None = None
    explain: bool = False
    price: str | float | None = None
    probe: bool = False
    command: Sequence[str] = ()
    card_memory: str | None = None


def fit(typed: FitAsked, seed: int = 0, today: date | None = None, flow: "Flow | None" = None) -> Fit:
    """Memory, time and price of one training run; nothing is kept without a case.

    Args:
        typed: the question.
        seed, today: of the draws and the prices.
        flow: a case; its pilot's runs on GPUs teach as measured ones do, what was measured is appended to its ledger
            beside its prediction, and its tier counts. Needed where no model is named.
    Raises: InputError with every mistake found.
    """
    files = (typed.model, typed.lengths, typed.accelerate, typed.measured, typed.probe, typed.command)
    if flow is None or any(files):
        record = _fit(typed, seed, today or date.today(), flow)
    else:
        from tunecase.flow.kept import kept, of_the_plan

        case, piloted = flow, flow.ledger.latest("record", "pilot")
        rests_on = typed, of_the_plan(case), piloted and piloted.id
        record = kept(case, "fit", Fit, rests_on, lambda: _fit(typed, seed, case.today, case))
    if flow is not None and record.compared:
        _keep_scores(flow, Scored(record.compared))
    return record


def _fit(typed: FitAsked, seed: int, day: date, flow: "Flow | None") -> Fit:
    from tunecase.compute import fit as answer
    from tunecase.prices import Basis

    request = _asked(typed, flow)
    basis = flow.basis() if flow else Basis(None, day, Worlds(seed, FIT_DRAWS))
    basis.tier = typed.tier or basis.tier
    basis.usd_per_gpu_hour = _price(typed)
    measured: Sequence[Measured] = ()
    if not request.problems:
        if typed.measured:
            measured, request = measured_of(typed.measured, request, basis, day)
        if typed.probe:
            watched, request = _probed(typed, request, basis, day)
            measured = [*measured, *watched]
        piloted, notes = _piloted(flow)
        measured, request = [*measured, *piloted], replace(request, notes=(*request.notes, *notes))
    return answer(request, basis=basis, measured=measured, explain=typed.explain)


def _asked(typed: FitAsked, flow: "Flow | None") -> "Request":
    """The question as a Request; that of the case where no model is named."""
    request = request_of(typed)
    if typed.model:
        return request
    if flow is None:
        raise InputError([NO_MODEL, *request.problems, *(() if request.cards else _priced_cards(typed, ()))])
    refuse_any(request.problems)
    from tunecase.flow.bill_run import bill_run

    request = bill_run(flow, request, own_price=typed.price is not None)
    refuse_any(_priced_cards(typed, request.cards))
    return replace(request, engine=_engine(request.given))


def _keep_scores(flow: "Flow", scored: Scored) -> None:
    """Appends measured runs beside their predictions, unless the ledger's latest entry says the same."""
    latest = flow.ledger.latest("record", "scored")
    if latest is None or latest.record() != scored:
        flow.keep("scored", scored)


def _piloted(flow: "Flow | None") -> "tuple[Sequence[Measured], Sequence[str]]":
    """What the case's latest pilot measured on GPUs, whether it still holds for the data or not."""
    entry = flow.ledger.latest("record", "pilot") if flow is not None else None
    if entry is None:
        return (), ()
    from tunecase.compute import pilot_runs
    from tunecase.pilot import settings_of

    try:
        pilot = entry.record()
    except InputError:  # another version wrote it
        return (), ()
    return pilot_runs(pilot, settings_of("trl"), entry.recorded_at.date().isoformat())


def request_of(typed: FitAsked) -> "Request":
    """The question as a Request; what cannot be read is among its problems, so that all are shown together."""
    from tunecase.compute import AMOUNTS, Request, amounts_of, cards_of, counts_of, words_of

    problems: list[Problem] = []
    notes: list[str] = []
    cards = cards_of(_parts(typed.gpus), notes, problems)
    counts = counts_of(_parts(typed.counts), notes)
    words = words_of({name: text for name, text in typed.words.items() if text is not None}, notes, problems)
    if words.get("packing") == "both":
        problems.append(Problem("packing", "padding beside it", "one of the two", "leave one out"))
        words.pop("packing")
    amounts = {name: words.pop(name) for name in AMOUNTS if name in words}
    batch = words.pop("global_batch", None)
    request = _from_file(typed, counts, problems) or Request(typed.model)
    if amounts and request.steps is not None:
        steps = f"the {request.steps:,} steps of {Path(typed.model).name} are set aside for what was typed"
        notes.append(steps + _coverage(request, amounts))
    given = {**request.given, **words}
    if batch is not None:
        given.pop("accumulation", None)
    sampled = _lengths(typed.lengths, request.model, problems) if typed.lengths is not None else None
    if typed.command and not typed.probe:
        fix = "add --probe to run it, or leave it out"
        problems.append(Problem("command", " ".join(typed.command)[:80], "a command after -- only with --probe", fix))
    _refuse_pairs(typed, problems)
    _refuse_prices(typed, problems)
    if typed.model or cards:  # else they are the project's
        problems.extend(_priced_cards(typed, cards))
    return replace(
        request,
        engine=_engine(given),
        given=given,
        cards=tuple(cards),
        counts=tuple(counts) or request.counts,
        global_batch=batch,
        deadline_hours=_hours(typed.deadline, problems),
        spot=typed.spot,
        card_memory=typed.card_memory,
        lengths=sampled[0] if sampled else None,
        notes=(*notes, *request.notes, *(sampled[1:] if sampled else ())),
        problems=tuple(problems),
        **amounts_of(amounts, {name: getattr(request, name) for name in AMOUNTS}),
    )


def _engine(given: Mapping[str, Any]) -> "Callable[[Batch], Sampled] | None":
    """What works out how long sampled answers take, loaded only where an objective samples."""
    if given.get("objective") not in {row.name for row in catalog.objectives() if row.samples}:
        return None
    from tunecase.inference import sampled

    return sampled


def _refuse_pairs(typed: FitAsked, problems: list[Problem]) -> None:
    """Two words for one thing, and options that are there with nothing in them."""
    words = {name for name, text in typed.words.items() if text is not None}
    if {"global_batch", "accumulation"} <= words:
        fix = "leave one of them out: the other follows"
        problems.append(Problem("accumulation", "global_batch beside it", "one of the two", fix))
    if {"train_tokens", "epochs"} <= words:
        fix = "give --tokens over all epochs, or --examples with --epochs"
        problems.append(Problem("epochs", "tokens beside it", "one way to say how much", fix))
    for name, texts in (("gpu", typed.gpus), ("gpus", typed.counts)):
        if texts and not _parts(texts):
            problems.append(Problem(name, "nothing", "a name or a number", "leave the option out to search them all"))


def _coverage(request: "Request", amounts: Mapping[str, Any]) -> str:
    """How much of the samples typed the steps of a file would read: a cap on steps cuts data off without a word."""
    from tunecase.compute import number_of

    samples = number_of(amounts.get("examples"))
    count = request.counts[0] if len(request.counts) == 1 else 1
    parts = [request.given.get("micro_batch", 1), request.given.get("accumulation", 1), count, samples, request.steps]
    if not all(isinstance(part, int | float) and part > 0 for part in parts):
        return ""
    a_step, group = parts[0] * parts[1] * parts[2], request.given.get("group_size")
    if group:  # answers: an example is a prompt
        a_step = request.given.get("prompts") or max(a_step // group, 1)
    share = request.steps * a_step / parts[3]
    told = f"{share:.0%} of the {samples:,} examples" if share < 1 else f"all {samples:,} examples {share:.2g} times"
    return f": {a_step:,} {'prompts' if group else 'samples'} a step on {counted(count, 'card')} would read {told}"


def _refuse_prices(typed: FitAsked, problems: list[Problem]) -> None:
    if typed.tier is not None and typed.tier not in TIERS:
        problems.append(Problem("tier", repr(typed.tier), f"one of {', '.join(TIERS)}", "leave it out for neocloud"))
    if typed.price is None:
        return
    if _price(typed) is None:
        problems.append(Problem("price", repr(typed.price), "US dollars of one card's hour", "write for example 1.50"))
    elif typed.spot or typed.tier is not None:
        problems.append(Problem("price", "spot or tier beside it", "one price", "leave spot and tier out"))


def _priced_cards(typed: FitAsked, cards: Sequence[str]) -> list[Problem]:
    """What is wrong with the cards that a price was typed for; nothing where they are of one kind."""
    kinds = len(set(cards))
    if typed.price is None or _price(typed) is None or kinds == 1:
        return []
    return [Problem("price", f"a price for {kinds} kinds of card", "one card", "name the card with --gpu")]


def _price(typed: FitAsked) -> float | None:
    """A price of one's own [US dollars per card and hour]; None where there is none that can be read."""
    match = _PRICE.fullmatch(str("" if typed.price is None else typed.price).strip())
    return float(match[1]) or None if match else None


def _parts(texts: Sequence[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _hours(text: str | None, problems: list[Problem]) -> float | None:
    if text is None:
        return None
    try:
        spread = read_quantity(text, Wanted("hour", example="6 h")).spread
        if isinstance(spread, Const) and spread.value > 0:
            return spread.value
    except UnitError:
        pass
    problems.append(Problem("deadline", repr(text), "one time above 0", "write for example 6 h, 90 min or 2 days"))
    return None


def _from_file(typed: FitAsked, counts: Sequence[str], problems: list[Problem]) -> "Request | None":
    """The request of a training configuration; None where the model is a name or its own config.json."""
    from tunecase.compute import Request

    path = Path(typed.model)
    if typed.model and (problem := _no_model(typed.model, path)) is not None:
        problems.append(problem)
        return Request("")
    if path.suffix.casefold() not in CONFIG_ENDINGS or not path.is_file() or _is_model(path):
        if typed.accelerate is not None:
            fix = "give the configuration of axolotl, LLaMA-Factory or TRL as the model"
            problems.append(Problem("accelerate", str(typed.accelerate), "a configuration that trains beside it", fix))
        return None
    from tunecase.compute.configs import read_config

    only = int(counts[0]) if len(counts) == 1 and counts[0].isdecimal() else 0
    try:
        run = read_config(path, typed.accelerate, only or None)
    except InputError as error:
        problems.extend(error.problems)
        return Request("", problems=tuple(problems))
    if not run.values.get("model"):
        problems.append(Problem(path.name, "no model", "the model that is trained", "name it in the file"))
    return _of_run(path, run.values, run.notes)


def _of_run(path: Path, fields: Mapping[str, Any], notes: Sequence[str]) -> "Request":
    """What a configuration says as a Request; its steps go before its epochs."""
    from tunecase.compute import AMOUNTS, Request

    given = {name: value for name, value in fields.items() if name not in (*AMOUNTS, "model", "gpus")}
    amounts = {name: fields[name] for name in AMOUNTS if fields.get(name) is not None}
    if "steps" in amounts:
        amounts.pop("epochs", None)
    model, gpus = str(fields.get("model", "")), fields.get("gpus")
    told = tuple(f"{path.name}: {note}" for note in notes if gpus is None or "how many GPUs" not in note)
    base = path.parent if (path.parent / model).exists() else None
    return Request(model, given, counts=(gpus,) if gpus else (), base=base, notes=told, complete=True, **amounts)


def _no_model(name: str, path: Path) -> Problem | None:
    """What is wrong with a model that is neither a file that can be read nor a name that can be found."""
    from tunecase.compute import no_model
    from tunecase.compute.model import known_name

    configuration = path.suffix.casefold() in CONFIG_ENDINGS
    if path.is_file() and not configuration:
        return Problem("model", f"{name}, a file of another kind", WANTED, "check the path")
    if (configuration or path.exists()) and not path.is_dir() and (problem := no_file(path, WANTED, "check the path")):
        return replace(problem, where="model", got=f"{name}: {problem.got}")
    if path.exists():
        return None
    return no_model(name, catalog.names()["model"], lambda one: known_name(one) is not None)


def _is_model(path: Path) -> bool:
    """True for a model's own config.json."""
    import json

    if path.suffix.casefold() != ".json":
        return False
    try:
        body = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return True  # the reader of shapes says what is wrong with it
    return isinstance(body, dict) and bool({"model_type", "architectures"} & set(body))


def _lengths(path: Path, model: str, problems: list[Problem]) -> tuple[Any, str] | None:
    from tunecase.compute import read_lengths
    from tunecase.data.tokens import find_tokenizer

    try:
        sampled = read_lengths(path, find_tokenizer(model))
    except InputError as error:
        problems.extend(error.problems)
        return None
    return sampled.lengths, sampled.how


def measured_of(path: Path, request: "Request", basis: "Basis", today: date) -> "tuple[Sequence[Measured], Request]":
    """The runs of a table, or the run of a trainer state, and the request with notes about them.

    The set-up of a trainer state is the one asked about; sharding, checkpointing and method that were left open are
    taken as the search chooses them, for the run and for the answer alike.
    """
    if path.suffix.casefold() == ".csv":
        from tunecase.compute.measured import read_runs

        runs, notes = read_runs(path)
        return runs, replace(request, notes=(*request.notes, *notes))
    from tunecase.compute.measured import measured_run

    recipe, request = _as_run("measured", request, basis)
    return [measured_run(path, recipe, today.isoformat())], request


def _as_run(where: str, request: "Request", basis: "Basis") -> "tuple[Recipe, Request]":
    """The set-up that was measured, or will be, and the request with what was left open taken as the search does."""
    from tunecase.compute import search, settled

    wanted = settled(request)
    if len(wanted.cards) != 1 or len(wanted.counts) != 1 or "micro_batch" not in wanted.given:
        fix = "say what runs: --gpu, --gpus, --batch and --method"
        raise InputError(Problem(where, "a run whose set-up is open", "one card, count and micro-batch", fix))
    table = search(wanted, basis)
    recipe = (table.cheapest() or table.closest()).recipe
    left_open = [name for name in OPEN if name not in wanted.given and (name != "sharding" or recipe.gpus > 1)]
    taken = {name: getattr(recipe, name) for name in left_open}
    if taken:
        words = ", ".join(f"{name} {value}" for name, value in taken.items())
        note = f"the measured run is taken to have had {words}, which was left open: say it if it was other"
        request = replace(request, given={**request.given, **taken}, notes=(*request.notes, note))
    return recipe, request


def _probed(typed: FitAsked, request: "Request", basis: "Basis", today: date) -> "tuple[Sequence[Measured], Request]":
    """What a few steps on this machine's card measured, and the request with notes about them."""
    from tunecase.flow.probe import probe

    recipe, request = _as_run("probe", request, basis)
    runs, notes = probe(recipe, request.model, typed.command, today)
    return runs, replace(request, notes=(*request.notes, *notes))
