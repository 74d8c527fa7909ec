"""Ways that tune no language model: as today, n-grams, an encoder (also tuned), a search, and models that are asked."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.errors import InputError, install_line
from tunecase.prices import price_today
from tunecase.problem.ways.evidence import (
    LEARNERS,
    Seen,
    best_untuned,
    can_be_scored,
    log_evidence,
    log_words,
    of_log,
    params_of,
    share_interval,
    too_weak,
)
from tunecase.problem.ways.finding_out import NO_MEASURE, PILOT, Measure, asking, by_lengths, here
from tunecase.problem.ways.grounds import CLASSES, Grounds, running
from tunecase.problem.ways.row import ACTIONS, Evidence, Known, price_seen, row
from tunecase.project import read_score
from tunecase.quantities import Band, band
from tunecase.records import Alternative

if TYPE_CHECKING:
    from tunecase.quantities import Draws

OF_CLASSES = ("n_grams", "encoder", "nearest", "decision", "encoder_tuned")  # ways that choose one of a list of answers
PACES = ("n_grams", "encoder", "encoder_tuned")  # ways with hours of set-up and a pace of their own
PARTS = {  # the optional part that measures a way here, and the packages that it brings
    "encoder": ("encoder", ("safetensors", "tokenizers")),
    "nearest": ("encoder", ("bm25s",)),
    "encoder_tuned": ("train", ("torch", "transformers")),
}
TINY_PARAMS = 1e9  # so many are tuned on plain cores in minutes to hours
NOTHING = Band(0.0, 0.0, 0.0, 0.0)


def today(grounds: Grounds) -> Alternative:
    """The row of what is in use; its note names the ways that cannot give such answers."""
    score = grounds.standing.in_use
    per_1k = price_today(grounds.basis)
    answers, missing = running(grounds.basis, per_1k, "today.price_per_1k")
    log = grounds.logs.get("problem.baseline")
    evidence: Evidence = "measured" if grounds.project.score_today is None or log is not None else "stated"
    if score is None:
        evidence, missing = "unknown", ("today.score", *missing)
    interval = share_interval(grounds, score) if score is not None and evidence == "measured" else None
    interval = interval if log is None else log.interval
    return Alternative(
        "today", ACTIONS["today"], score, NOTHING, NOTHING, answers, answers, evidence, missing,
        "; ".join(filter(None, (log_words(log) if log else "", _left_out(grounds)))),
        interval=interval, per_1k=None if per_1k is None else band(per_1k),
    )  # fmt: skip


def untuned_ways(grounds: Grounds) -> Iterator[Alternative]:
    """The rows of all ways that tune no language model, but for today's; those that cannot apply are left out."""
    classes = [name for name in OF_CLASSES if grounds.standing.task == CLASSES and can_be_scored(name, grounds)]
    yield from (row(_on_cores(name, grounds), grounds) for name in ("n_grams", "encoder", "nearest") if name in classes)
    yield row(_hosted(grounds), grounds)
    if "decision" in classes and not _too_many_options(grounds):
        yield row(_decision(grounds), grounds)
    if "encoder_tuned" in classes:
        yield row(_on_cores("encoder_tuned", grounds), grounds)
    yield row(_open(grounds), grounds)
    yield row(_retrieval(grounds), grounds)


def _left_out(grounds: Grounds) -> str:
    """The ways that cannot give such answers, or that no pilot can score by the project's metric, with the reason."""
    if grounds.standing.task != CLASSES:
        return f"left out, since answers are no classes: {', '.join(ACTIONS[name] for name in OF_CLASSES)}"
    unscored = [ACTIONS[name] for name in OF_CLASSES if not can_be_scored(name, grounds)]
    metric = grounds.project.problem.metric
    words = f"left out, since they cannot be scored by {metric}: {', '.join(unscored)}" if unscored else ""
    too_many = _too_many_options(grounds) if ACTIONS["decision"] not in unscored else ""
    return "; ".join(filter(None, (words, too_many)))


def _too_many_options(grounds: Grounds) -> str:
    most = _decision_model(grounds).most_options
    if grounds.standing.classes <= most:
        return ""
    return f"left out, since {grounds.standing.classes} classes are more than the {most} it takes: a decision model"


def _on_cores(name: str, grounds: Grounds) -> Known:
    """N-grams, an encoder, tuned or as it is, or a search: measured on this machine, served on plain cores."""
    seen, encoder = best_untuned(name, grounds), _encoder(grounds)
    model = "" if name == "n_grams" else (seen.model if seen and seen.model else encoder)
    command, pace = _pilot_on_cores(name, grounds), name if name in PACES else "encoder"
    return Known(
        name,
        model,
        seen.score if seen else None,
        "measured" if seen else "unknown",
        seen.score if seen else None,
        seen,
        grounds.set_up(pace),
        price_seen(seen, grounds),
        f"the seconds of an answer: `{command}`",
        () if seen else ("the score",),
        (seen.name if seen else _weights(model), _needs_torch() if name == "encoder_tuned" and not seen else ""),
        here(_with_parts(name, command), grounds, pace),
    )


def _with_parts(name: str, command: str) -> str:
    """A pilot's command that first installs what its learner lacks here, so that it runs as printed."""
    extra, packages = PARTS.get(name, ("", ()))
    return command if all(map(_is_here, packages)) else f"{install_line(extra)} && {command}"


def _is_here(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # barred by whoever runs Python
        return False


def _needs_torch() -> str:
    return f"measured by torch: {install_line('train')}"


def _pilot_on_cores(name: str, grounds: Grounds) -> str:
    """The pilot that measures a way on plain cores; it names an encoder only where the project does."""
    named = next(iter(grounds.project.models_of("encoder")), "")
    if name == "encoder_tuned":
        return f"{PILOT} --candidates auto,{LEARNERS[name]}{named and f':{named}'}"
    return f"{PILOT} --candidates {named}" if name == "encoder" and named else PILOT


def _weights(encoder: str) -> str:
    """The name of an encoder, with the size of what is fetched once, where the tables know it."""
    try:
        return f"{encoder}, whose weights of {catalog.encoder(encoder).size_mb:.0f} MB are fetched once"
    except InputError:
        return encoder


def _encoder(grounds: Grounds) -> str:
    """The encoder that the project names first, else the first of the tables."""
    return next(iter(grounds.project.models_of("encoder")), catalog.encoders()[0].name)


def _asked(name: str, grounds: Grounds) -> tuple[Seen | None, float | None, Evidence, tuple[str, ...]]:
    """What a prompted way scores: what was measured here, its score and evidence, and what is missing."""
    stated, seen = grounds.stated(name), best_untuned(name, grounds)
    if (logged := of_log(name, grounds)) is not None:
        known = logged if seen is None else replace(seen, name=logged.name, interval=logged.interval, promise=None)
        return replace(known, score=logged.score), logged.score, log_evidence(name, grounds), ()
    if stated.score is not None:
        return seen, read_score(stated.score), "stated", ()
    if seen is not None:
        return seen, seen.score, "measured", ()
    return None, None, "unknown", (f"alternatives.{name}.score",)


def _measured_by(name: str, seen: Seen, grounds: Grounds) -> str:
    """What measured a way, in words: a log, or the pilot."""
    return seen.name if of_log(name, grounds) is not None else f"{seen.name} in the pilot"


def _set_up_words(name: str, grounds: Grounds) -> str:
    return "hours of set-up as stated" if grounds.stated(name).set_up is not None else ""


def _stated_price(name: str, grounds: Grounds) -> "Draws | None":
    """1,000 answers as the project file prices them, shape (draws,); None where it does not."""
    price = grounds.stated(name).price_per_1k_answers
    return None if price is None else grounds.basis.draw(f"alternatives.{name}.price_per_1k_answers", price)


def _hosted(grounds: Grounds) -> Known:
    name = "prompt_hosted"
    seen, score, evidence, lacks = _asked(name, grounds)
    model, words = _hosted_model(grounds)
    asked_again = seen is not None and seen.model == model and too_weak(name, seen, grounds)
    if asked_again:
        model = catalog.default("alternatives.prompt_hosted.model").value
    per_1k, source = _hosted_price(model, seen, grounds)
    shown = words if evidence == "stated" or not seen else _measured_by(name, seen, grounds)
    repeats = asked_again and seen is not None and seen.model == model
    measure = NO_MEASURE if repeats else asking(
        f"{PILOT} --hosted {model}", grounds, by_lengths(model, grounds) if per_1k is None else per_1k
    )  # fmt: skip
    return Known(
        name, model, score, evidence, score, seen, grounds.set_up(name), per_1k,
        f"alternatives.{name}.price_per_1k_answers", lacks, (shown, _set_up_words(name, grounds), source),
        measure,
    )  # fmt: skip


def _hosted_model(grounds: Grounds) -> tuple[str, str]:
    """The hosted model that the project names, else one that is cheap today; and words that say which it is."""
    named = grounds.stated("prompt_hosted").model or next(iter(grounds.project.models_of("hosted")), None)
    if named is not None:
        return named, named
    usual = catalog.default("alternatives.prompt_hosted.model").value
    return usual, f"{usual}, a cheap one: none is named"


def _hosted_price(model: str, seen: Seen | None, grounds: Grounds) -> "tuple[Draws | None, str]":
    """1,000 answers of a hosted model [base currency] and what their price is from: stated, paid, or by the token."""
    import numpy as np

    basis, stated = grounds.basis, _stated_price("prompt_hosted", grounds)
    if stated is not None:
        return stated, ""
    if seen is not None and seen.usd_per_1k is not None:
        return np.full(basis.worlds.n, seen.usd_per_1k * basis.base_per_usd), ""
    if basis.answer_prices is None:
        return None, ""
    per_1k = basis.answer_prices.prompted(basis, model)
    words = "answers at the price of their tokens, instructions counted, as in `tunecase inference`"
    return per_1k, "" if per_1k is None else words


def _decision_model(grounds: Grounds) -> catalog.DecisionModel:
    """The decision model that the project names first, else the first of the tables."""
    named = next(iter(grounds.project.models_of("decision")), None)
    return catalog.decision_models()[0] if named is None else catalog.decision_model(named)


def _decision(grounds: Grounds) -> Known:
    name, model = "decision", _decision_model(grounds)
    seen, score, evidence, _ = _asked(name, grounds)
    per_1k = _decision_price(model, seen, grounds)
    return Known(
        name, model.name, score, evidence, score, seen, grounds.set_up(name), per_1k,
        f"the price or the tokens of an answer of {model.name}", () if seen else ("the score",),
        (seen.name if seen else model.name,),
        asking(f"{PILOT} --hosted {model.name}", grounds, per_1k, (0,)),
    )  # fmt: skip


def _decision_price(model: catalog.DecisionModel, seen: Seen | None, grounds: Grounds) -> "Draws | None":
    """1,000 answers of a decision model [base currency], shape (draws,); None where a price or a length is missing.

    price = 1,000 x (input + hidden of a request and a question + classes x hidden of an option) x price of a token
    """
    import numpy as np

    basis = grounds.basis
    usd = seen.usd_per_1k if seen is not None else None
    if usd is None and model.usd_per_query is not None:
        usd = 1000 * model.usd_per_query
    if usd is not None:
        return np.full(basis.worlds.n, usd * basis.base_per_usd)
    tokens = None if basis.answer_prices is None else basis.answer_prices.input_tokens(basis)
    if tokens is None or model.usd_per_mtok is None:
        return None
    hidden = [model.hidden_per_request, model.hidden_per_question, model.hidden_per_option]
    if None in hidden:
        return None
    request, question, option = (part or 0.0 for part in hidden)
    whole = tokens + request + question + grounds.standing.classes * option
    return whole / 1000 * model.usd_per_mtok * basis.base_per_usd


def _open(grounds: Grounds) -> Known:
    name = "prompt_open"
    seen, score, evidence, lacks = _asked(name, grounds)
    model = grounds.stated(name).model or base_model(grounds.basis)
    per_1k = _stated_price(name, grounds)
    if per_1k is None and evidence == "measured":
        per_1k = price_seen(seen, grounds)
    return Known(
        name, model, score, evidence, score, seen, grounds.set_up(name), per_1k,
        f"alternatives.{name}.price_per_1k_answers", lacks,
        (f"{model}, {_measured_by(name, seen, grounds)}" if seen and evidence == "measured" else model,
         _set_up_words(name, grounds)),
        tuning_pilot(model, grounds),
    )  # fmt: skip


def tuning_pilot(model: str, grounds: Grounds) -> Measure:
    """The pilot that prompts and tunes an open model: here where it is small, else on a rented GPU at an open price."""
    command = f"{PILOT} --trainer lora --model {model}"
    return here(command, grounds) if 0 < params_of(model) <= TINY_PARAMS else Measure(command)


def _retrieval(grounds: Grounds) -> Known:
    """Passages of the user's documents in the prompt; without documents there is nothing to measure."""
    name = "retrieval"
    seen, score, evidence, lacks = _asked(name, grounds)
    stated, per_1k = grounds.stated(name).model, _stated_price(name, grounds)
    model = stated or _hosted_model(grounds)[0]
    documents = grounds.project.data.documents
    notes = [stated or (_measured_by(name, seen, grounds) if seen else "")]
    if documents is None and score is None:
        notes.append("data.documents would name the texts that hold facts; without them there is nothing to search")
    return Known(
        name, model, score, evidence, score, seen, grounds.set_up(name), per_1k,
        f"alternatives.{name}.price_per_1k_answers", lacks, (*notes, _set_up_words(name, grounds)),
        asking(f"{PILOT} --hosted {model}", grounds, None) if documents else NO_MEASURE,
        "causal" if params_of(model) else "",
    )  # fmt: skip
