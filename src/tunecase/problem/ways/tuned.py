"""Ways that tune a language model: the smallest that the project names, and the largest."""

from collections.abc import Iterator

from tunecase.compute import base_model
from tunecase.compute.model import read_shape
from tunecase.errors import InputError
from tunecase.prices import price_of_answers
from tunecase.problem.ways.evidence import WAYS, log_words, params_of, scored, tuned_here
from tunecase.problem.ways.grounds import Grounds
from tunecase.problem.ways.row import Known, price_seen, row
from tunecase.problem.ways.untuned import tuning_pilot
from tunecase.quantities import Band
from tunecase.records import Alternative

SMALL_PARAMS = 20e9  # one card of 80 GB trains adapters of as many in 16 bit


def tuned_ways(grounds: Grounds) -> Iterator[Alternative]:
    """The rows of the smallest and the largest model named; without one of that size the row says so."""
    named = sorted(grounds.project.models_of("causal") or (base_model(grounds.basis),), key=_params)
    # One alone stands where its size puts it.
    small = named[0] if len(named) > 1 or _params(named[0]) < SMALL_PARAMS else None
    large = named[-1] if len(named) > 1 or small is None else None
    for name, listed in (("tune_small", small), ("tune_large", large)):
        model = grounds.stated(name).model or listed
        if model is None:
            lacks = ("a model of that size under models", f"alternatives.{name}.score")
            yield Alternative(name, WAYS[name].action, None, None, None, None, None, "unknown", lacks, kind="causal")
        else:
            yield row(_tuned(name, model, grounds), grounds)


def _tuned(name: str, model: str, grounds: Grounds) -> Known:
    log, billed = grounds.log(name), model == base_model(grounds.basis)
    seen, score, evidence = scored(name, None if log else tuned_here(model, grounds), grounds)
    if score is None and billed and grounds.standing.target is not None:
        evidence = "assumed"
    notes = (f"{model}; valued at the target" if evidence == "assumed" else model, log_words(log) if log else "")
    set_up, lacks = _set_up(name, model, grounds)
    per_1k, price_field = grounds.stated_price(name), ""
    if per_1k is None and billed:
        per_1k, price_field = price_of_answers(grounds.basis), "serving.price_per_1k_answers"
    if per_1k is None:
        per_1k = price_seen(seen, grounds)
    return Known(
        name, model, seen, score, evidence, set_up, per_1k, notes, tuning_pilot(model, grounds),
        price_field, f"the score of {model}, tuned", tuple(lacks),
    )  # fmt: skip


def _set_up(name: str, model: str, grounds: Grounds) -> tuple[Band | None, list[str]]:
    """What it takes until a tuned model runs, and what is missing to say so: the bill, or lines of it."""
    if grounds.stated(name).set_up is not None:
        return grounds.set_up(name), []
    if model != base_model(grounds.basis):
        return None, [f"the bill: compare --set models=[{model}]"]
    unpriced = [words for words in grounds.unpriced if not words.startswith("inference:")]
    return grounds.tuning_cost, unpriced if grounds.tuning_cost else [*unpriced, "the bill: `tunecase estimate`"]


def _params(name: str) -> float:
    """The parameters of a model of the tables, or of a configuration; 0 of another."""
    # A configuration that cannot be read is told by the bill; here it only leaves the order as it was.
    try:
        return params_of(name) or read_shape(name, online=False).params
    except InputError:
        return 0
