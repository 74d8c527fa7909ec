"""Ways that tune a language model: the smallest that the project names, and the largest."""

import contextlib
from collections.abc import Iterator

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.errors import InputError
from tunecase.prices import Basis, price_of_answers
from tunecase.problem.ways.evidence import Seen, log_evidence, of_log, tuned_here
from tunecase.problem.ways.grounds import Grounds
from tunecase.problem.ways.row import ACTIONS, Evidence, Known, price_seen, row
from tunecase.problem.ways.untuned import tuning_pilot
from tunecase.project import read_score
from tunecase.quantities import Band
from tunecase.records import Alternative

SMALL_PARAMS = 20e9  # one card of 80 GB trains adapters of as many in 16 bit


def tuned_ways(grounds: Grounds) -> Iterator[Alternative]:
    """The rows of the small and of the large model; without one of that size the row says so."""
    small, large = _models(grounds.basis)
    for name, model in (("tune_small", small), ("tune_large", large)):
        named = grounds.stated(name).model or model
        if named is None:
            lacks = ("a model of that size under models", f"alternatives.{name}.score")
            yield Alternative(name, ACTIONS[name], None, None, None, None, None, "unknown", lacks, kind="causal")
        else:
            yield row(_tuned(name, named, grounds), grounds)


def _tuned(name: str, named: str, grounds: Grounds) -> Known:
    logged = of_log(name, grounds)
    seen = logged or tuned_here(named, grounds)
    score, evidence = _score(name, named, seen, grounds)
    lacks = [] if evidence in ("measured", "stated") else [f"the score of {named}, tuned"]
    set_up, lacks_set_up = _set_up(name, named, grounds)
    stated, field = grounds.stated(name).price_per_1k_answers, f"alternatives.{name}.price_per_1k_answers"
    per_1k = None if stated is None else grounds.basis.draw(field, stated)
    if per_1k is None and named == base_model(grounds.basis):
        per_1k, field = price_of_answers(grounds.basis), "serving.price_per_1k_answers"
    if per_1k is None:
        per_1k = price_seen(seen, grounds)
    return Known(
        name, named, score, evidence, grounds.standing.target if evidence == "assumed" else score, seen, set_up,
        per_1k, field, (*lacks, *lacks_set_up),
        (f"{named}; valued at the target" if evidence == "assumed" else named, logged.name if logged else ""),
        tuning_pilot(named, grounds),
    )  # fmt: skip


def _score(name: str, named: str, seen: Seen | None, grounds: Grounds) -> tuple[float | None, Evidence]:
    stated = grounds.stated(name)
    if (logged := of_log(name, grounds)) is not None:
        return logged.score, log_evidence(name, grounds)
    if stated.score is not None:
        return read_score(stated.score), "stated"
    if seen is not None:
        return seen.score, "measured"
    billed = named == base_model(grounds.basis)
    return None, "assumed" if billed and grounds.standing.target is not None else "unknown"


def _set_up(name: str, named: str, grounds: Grounds) -> tuple[Band | None, list[str]]:
    """What it takes until a tuned model runs, and what is missing to say so: the bill, or lines of it."""
    if grounds.stated(name).set_up is not None:
        return grounds.set_up(name), []
    if named != base_model(grounds.basis):
        return None, [f"the bill: compare --set models=[{named}]"]
    unpriced = [words for words in grounds.unpriced if not words.startswith("inference:")]
    return grounds.tuning_cost, unpriced if grounds.tuning_cost else [*unpriced, "the bill: `tunecase estimate`"]


def _models(basis: Basis) -> tuple[str | None, str | None]:
    """The smallest and the largest model named; one alone stands where its size puts it."""
    assert basis.project is not None
    named = basis.project.models_of("causal") or (base_model(basis),)
    sized = sorted(named, key=_params)
    if len(sized) > 1:
        return sized[0], sized[-1]
    return (sized[0], None) if _params(sized[0]) < SMALL_PARAMS else (None, sized[0])


def _params(name: str) -> float:
    try:
        return float(catalog.model(name).params)
    except InputError:
        from tunecase.compute.model import read_shape

        # A configuration that cannot be read is told by the bill; here it only leaves the order as it was.
        with contextlib.suppress(InputError):
            return float(read_shape(name, online=False).params)
        return 0.0
