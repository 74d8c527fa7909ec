"""Ways that tune no language model: as today, n-grams, an encoder (also tuned), a search, and models that are asked."""

from collections.abc import Iterator
from importlib.util import find_spec

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.errors import InputError, install_line
from tunecase.prices import price_today
from tunecase.problem.ways.evidence import (
    WAYS,
    Evidence,
    Seen,
    best_untuned,
    can_be_scored,
    log_words,
    params_of,
    scored,
    share_interval,
    too_weak,
)
from tunecase.problem.ways.finding_out import FREE, NO_MEASURE, PILOT, Measure, asking, by_lengths, here
from tunecase.problem.ways.grounds import CLASSES, Grounds, running
from tunecase.problem.ways.row import Known, price_seen, row
from tunecase.quantities import Draws, band, np
from tunecase.records import Alternative

OF_CLASSES = ("n_grams", "encoder", "nearest", "decision", "encoder_tuned")  # ways that choose one of a list of answers
PARTS = {  # the optional part that measures a way here, and the packages that it brings
    "encoder": ("encoder", ("safetensors", "tokenizers")),
    "nearest": ("encoder", ("bm25s",)),
    "encoder_tuned": ("train", ("torch", "transformers")),
}
TINY_PARAMS = 1e9  # so many are tuned on plain cores in minutes to hours


def today(grounds: Grounds) -> Alternative:
    """The row of what is in use; its note names the ways that cannot give such answers."""
    score, log = grounds.standing.in_use, grounds.logs.get("problem.baseline")
    per_1k = price_today(grounds.basis)
    answers, missing = running(grounds, per_1k, "today.price_per_1k")
    evidence: Evidence = "measured" if grounds.project.score_today is None or log is not None else "stated"
    if score is None:
        evidence, missing = "unknown", ("today.score", *missing)
    interval = share_interval(grounds, score) if score is not None and evidence == "measured" else None
    return Alternative(
        "today", "as today", score, FREE, FREE, answers, answers, evidence, missing,
        "; ".join(filter(None, (log_words(log) if log else "", _left_out(grounds)))),
        interval=log.interval if log else interval, per_1k=None if per_1k is None else band(per_1k),
    )  # fmt: skip


def untuned_ways(grounds: Grounds) -> Iterator[Alternative]:
    """The rows of all ways that tune no language model, but for today's; those that cannot apply are left out."""
    asked = {"prompt_hosted": _hosted, "decision": _decision, "prompt_open": _open, "retrieval": _retrieval}
    left_out = [name for name in OF_CLASSES if grounds.standing.task != CLASSES or not can_be_scored(name, grounds)]
    if grounds.standing.classes > _decision_model(grounds).most_options:
        left_out.append("decision")
    for name in WAYS:
        if name in (*OF_CLASSES, *asked) and name not in left_out:
            yield row(asked.get(name, _on_cores)(name, grounds), grounds)


def _left_out(grounds: Grounds) -> str:
    """The ways that cannot give such answers, or that no pilot can score by the project's metric, with the reason."""
    if grounds.standing.task != CLASSES:
        return f"left out, since answers are no classes: {', '.join(WAYS[name].action for name in OF_CLASSES)}"
    unscored = [name for name in OF_CLASSES if not can_be_scored(name, grounds)]
    classes, most = grounds.standing.classes, _decision_model(grounds).most_options
    reasons = []
    if unscored:
        actions = ", ".join(WAYS[name].action for name in unscored)
        reasons.append(f"left out, since they cannot be scored by {grounds.project.problem.metric}: {actions}")
    if classes > most and "decision" not in unscored:
        reasons.append(f"left out, since {classes} classes are more than the {most} it takes: a decision model")
    return "; ".join(reasons)


def _on_cores(name: str, grounds: Grounds) -> Known:
    """N-grams, an encoder, tuned or as it is, or a search: measured on this machine, served on plain cores."""
    seen, score, evidence = scored(name, best_untuned(name, grounds), grounds)
    listed = next(iter(grounds.project.models_of("encoder")), "")
    usual = listed or catalog.encoders()[0].name
    model = "" if name == "n_grams" else (seen.model if seen else "") or usual
    command, pace = _pilot_on_cores(name, listed), "encoder" if name == "nearest" else name
    torch = f"measured by torch: {install_line('train')}" if name == "encoder_tuned" else ""
    return Known(
        name, model, seen, score, evidence, grounds.set_up(pace), price_seen(seen, grounds),
        (seen.name,) if seen else (_weights(model), torch), here(_with_parts(name, command), grounds, pace),
        f"the seconds of an answer: `{command}`", "the score",
    )  # fmt: skip


def _with_parts(name: str, command: str) -> str:
    """A pilot's command that first installs what its learner lacks here, so that it runs as printed."""
    extra, packages = PARTS.get(name, ("", ()))
    return command if all(map(_is_here, packages)) else f"{install_line(extra)} && {command}"


def _is_here(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # barred by whoever runs Python
        return False


def _pilot_on_cores(name: str, encoder: str) -> str:
    """The pilot that measures a way on plain cores; it names an encoder only where the project does."""
    if name == "encoder_tuned":
        return f"{PILOT} --candidates auto,{WAYS[name].trainer}{encoder and f':{encoder}'}"
    return f"{PILOT} --candidates {encoder}" if name == "encoder" and encoder else PILOT


def _weights(encoder: str) -> str:
    """The name of an encoder, with the size of what is fetched once, where the tables know it."""
    try:
        return f"{encoder}, whose weights of {catalog.encoder(encoder).size_mb:.0f} MB are fetched once"
    except InputError:
        return encoder


def _measured_by(name: str, seen: Seen, grounds: Grounds) -> str:
    """What measured a way, in words: a log, or the pilot."""
    return seen.name if grounds.log(name) else f"{seen.name} in the pilot"


def _set_up_words(name: str, grounds: Grounds) -> str:
    return "hours of set-up as stated" if grounds.stated(name).set_up is not None else ""


def _hosted(name: str, grounds: Grounds) -> Known:
    """A hosted model with instructions in the prompt; in place of one that was too weak the usual one is asked next."""
    seen, score, evidence = scored(name, best_untuned(name, grounds), grounds)
    weak = seen.model if seen and too_weak(name, seen, grounds) else None
    model, words = _hosted_model(grounds)
    if model == weak:
        model = _usual_hosted()
    per_1k, source = _hosted_price(model, seen, grounds)
    shown = words if evidence == "stated" or not seen else _measured_by(name, seen, grounds)
    measure = NO_MEASURE
    if model != weak:
        measure = asking(model, grounds, by_lengths(model, grounds) if per_1k is None else per_1k)
    return Known(
        name, model, seen, score, evidence, grounds.set_up(name), per_1k,
        (shown, _set_up_words(name, grounds), source), measure,
    )  # fmt: skip


def _hosted_model(grounds: Grounds) -> tuple[str, str]:
    """The hosted model that the project names, else one that is cheap today; and words that say which it is."""
    named = grounds.stated("prompt_hosted").model or next(iter(grounds.project.models_of("hosted")), None)
    return (_usual_hosted(), f"{_usual_hosted()}, a cheap one: none is named") if named is None else (named, named)


def _usual_hosted() -> str:
    return catalog.default("alternatives.prompt_hosted.model").value


def _hosted_price(model: str, seen: Seen | None, grounds: Grounds) -> "tuple[Draws | None, str]":
    """1,000 answers of a hosted model [base currency] and what their price is from: stated, paid, or by the token."""
    basis, per_1k = grounds.basis, grounds.stated_price("prompt_hosted")
    if per_1k is None and seen is not None:
        per_1k = _paid(seen.usd_per_1k, grounds)
    if per_1k is not None or basis.answer_prices is None:
        return per_1k, ""
    per_1k = basis.answer_prices.prompted(basis, model)
    words = "answers at the price of their tokens, instructions counted, as in `tunecase inference`"
    return per_1k, "" if per_1k is None else words


def _paid(usd: float | None, grounds: Grounds) -> "Draws | None":
    """A known price in US dollars in every world [base currency], shape (draws,); None without one."""
    return None if usd is None else np.full(grounds.basis.worlds.n, usd * grounds.basis.base_per_usd)


def _decision_model(grounds: Grounds) -> catalog.DecisionModel:
    """The decision model that the project names first, else the first of the tables."""
    named = next(iter(grounds.project.models_of("decision")), None)
    return catalog.decision_models()[0] if named is None else catalog.decision_model(named)


def _decision(name: str, grounds: Grounds) -> Known:
    model = _decision_model(grounds)
    seen, score, evidence = scored(name, best_untuned(name, grounds), grounds)
    per_1k = _decision_price(model, seen, grounds)
    return Known(
        name, model.name, seen, score, evidence, grounds.set_up(name), per_1k, (seen.name if seen else model.name,),
        asking(model.name, grounds, per_1k, (0,)), f"the price or the tokens of an answer of {model.name}", "the score",
    )  # fmt: skip


def _decision_price(model: catalog.DecisionModel, seen: Seen | None, grounds: Grounds) -> "Draws | None":
    """1,000 answers of a decision model [base currency], shape (draws,); None where a price or a length is missing.

    price = 1,000 x (input + hidden of a request and a question + classes x hidden of an option) x price of a token
    """
    basis, usd = grounds.basis, seen.usd_per_1k if seen else None
    if usd is None and model.usd_per_query is not None:
        usd = 1000 * model.usd_per_query
    if usd is not None:
        return _paid(usd, grounds)
    tokens = None if basis.answer_prices is None else basis.answer_prices.input_tokens(basis)
    request, question, option = model.hidden_per_request, model.hidden_per_question, model.hidden_per_option
    if tokens is None or model.usd_per_mtok is None or request is None or question is None or option is None:
        return None
    whole = tokens + request + question + grounds.standing.classes * option
    return whole / 1000 * model.usd_per_mtok * basis.base_per_usd


def _open(name: str, grounds: Grounds) -> Known:
    seen, score, evidence = scored(name, best_untuned(name, grounds), grounds)
    model, per_1k = grounds.stated(name).model or base_model(grounds.basis), grounds.stated_price(name)
    shown = model
    if seen and evidence == "measured":
        shown = f"{model}, {_measured_by(name, seen, grounds)}"
        per_1k = price_seen(seen, grounds) if per_1k is None else per_1k
    return Known(
        name, model, seen, score, evidence, grounds.set_up(name), per_1k, (shown, _set_up_words(name, grounds)),
        tuning_pilot(model, grounds),
    )  # fmt: skip


def tuning_pilot(model: str, grounds: Grounds) -> Measure:
    """The pilot that prompts and tunes an open model: here where it is small, else on a rented GPU at an open price."""
    command = f"{PILOT} --trainer lora --model {model}"
    return here(command, grounds) if 0 < params_of(model) <= TINY_PARAMS else Measure(command)


def _retrieval(name: str, grounds: Grounds) -> Known:
    """Passages of the user's documents in the prompt; without documents there is nothing to measure."""
    seen, score, evidence = scored(name, best_untuned(name, grounds), grounds)
    stated, documents = grounds.stated(name).model, grounds.project.data.documents
    model = stated or _hosted_model(grounds)[0]
    notes = [stated or (_measured_by(name, seen, grounds) if seen else "")]
    if documents is None and score is None:
        notes.append("data.documents would name the texts that hold facts; without them there is nothing to search")
    return Known(
        name, model, seen, score, evidence, grounds.set_up(name), grounds.stated_price(name),
        (*notes, _set_up_words(name, grounds)), asking(model, grounds, None) if documents else NO_MEASURE,
        kind="causal" if params_of(model) else "",
    )  # fmt: skip
