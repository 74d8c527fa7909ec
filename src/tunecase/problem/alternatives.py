"""The other ways to give the answers, side by side: what each scores, brings and costs, and what that rests on.

Ways: as today, prompt a hosted model, prompt an open one, retrieval, tune a small model, tune a large one. What nobody
stated or measured is unknown and named; nothing is taken to be zero.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.errors import InputError
from tunecase.prices import Basis, person_hour, price_of_answers, price_today, worth_of_correct
from tunecase.project import Project, read_score
from tunecase.quantities import Band, band
from tunecase.records import Alternative, Baseline, Pilot

if TYPE_CHECKING:
    from tunecase.project import Alternative as Stated
    from tunecase.quantities import Draws

PROMPTS = ("zero-shot", "few-shot")  # how a pilot names what it asks of a model that it does not train
SMALL_PARAMS = 20e9  # one card of 80 GB trains adapters of as many in 16 bit
ACTIONS = {
    "prompt_hosted": "prompt a hosted model",
    "prompt_open": "prompt an open model",
    "retrieval": "put facts into the prompt",
    "tune_small": "tune a small model",
    "tune_large": "tune a large model",
}
Evidence = Literal["measured", "stated", "assumed", "unknown"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ways are held against: the score in use, the target, which way is better, and whether items count."""

    base: float | None
    in_use: float | None
    target: float | None
    direction: str | None
    counts_items: bool


def alternatives(
    basis: Basis,
    standing: Standing,
    *,
    pilot: Pilot | None = None,
    tuning_cost: Band | None = None,
    unpriced: Sequence[str] = (),
) -> tuple[Alternative, ...]:
    """Every way with its value, its cost over the horizon and its evidence.

        value = worth of a correct answer x volume x months x (score - score in use)
        cost  = hours of set-up x price of an hour + price of 1,000 answers x volume x months / 1,000

    The model to be tuned, while nobody has measured it, is valued at the target, and that is called assumed. Its set-up
    is the project's bill without answers (`tuning_cost`), worked out for the last model named; that of another is
    unknown. A score from the project file is called stated.

    Args:
        basis: project, prices and worlds.
        standing: scores to hold against.
        pilot: for scores and prices of what it asked and trained.
        tuning_cost: the estimate's total, answers after launch left out [base currency].
        unpriced: lines of the bill without a price, as it names them.
    Returns: six rows, today first. A hosted model that is named, and whose answers nobody priced, has the price of its
        tokens, instructions and cached input counted: the one that `tunecase inference` gives.
    Leaves out upkeep of prompts and indexes after launch, and that retrieval and tuning may be done together.
    """
    grounds = _Grounds(basis, standing, pilot, tuning_cost, tuple(unpriced))
    small, large = _models(basis)
    return (
        _today(grounds),
        *(_untuned(name, grounds) for name in list(ACTIONS)[:3]),
        _tuned("tune_small", small, grounds),
        _tuned("tune_large", large, grounds),
    )


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What every way is judged by; see `alternatives`."""

    basis: Basis
    standing: Standing
    pilot: Pilot | None
    tuning_cost: Band | None
    unpriced: tuple[str, ...]

    @property
    def project(self) -> Project:
        """The project, which every basis of a case has."""
        assert self.basis.project is not None
        return self.basis.project

    def stated(self, name: str) -> "Stated":
        """What the project file says of a way."""
        stated: Stated = getattr(self.project.alternatives, name)
        return stated

    def set_up(self, name: str) -> Band:
        """The hours of set-up at the price of an hour; assumed where they are not stated."""
        hours = self.basis.draw(f"alternatives.{name}", self.stated(name).set_up)
        return band(hours * person_hour(self.basis))


def prompted(pilot: Pilot | None, basis: Basis) -> tuple[Baseline, ...]:
    """What a pilot scored by prompts alone: of hosted models, and of the model to be tuned where that was piloted."""
    if pilot is None:
        return ()
    itself = pilot.model == base_model(basis)
    return tuple(one for one in pilot.baselines if one.name.endswith(PROMPTS) and (itself or one.name not in PROMPTS))


def _today(grounds: _Grounds) -> Alternative:
    in_use = grounds.standing.in_use
    running, missing = _running(grounds.basis, price_today(grounds.basis), "serving.price_per_1k_today")
    nothing = Band(0.0, 0.0, 0.0, 0.0)
    if in_use is None:
        missing = ("problem.baseline", *missing)
        return Alternative("today", "as today", None, nothing, nothing, running, running, "unknown", missing)
    evidence: Evidence = "measured" if grounds.project.problem.baseline is None else "stated"
    return Alternative("today", "as today", in_use, nothing, nothing, running, running, evidence, missing)


def _untuned(name: str, grounds: _Grounds) -> Alternative:
    stated, piloted = grounds.stated(name), _best(name, grounds)
    score, evidence = _untuned_score(stated, piloted)
    value, lacks = _value(grounds, score)
    set_up = grounds.set_up(name)
    running, lacks_price, source = _answers_price(name, piloted, grounds)
    notes = [stated.model or (f"{piloted.name} in the pilot" if piloted else "")]
    notes += ["hours of set-up as stated" if stated.set_up is not None else "hours of set-up assumed", source]
    unknown = [*([] if score is not None else [f"alternatives.{name}.score"]), *lacks, *lacks_price]
    return Alternative(
        name, ACTIONS[name], score, value, set_up, running, _sum(set_up, running), evidence,
        tuple(dict.fromkeys(unknown)), "; ".join(filter(None, notes)),
    )  # fmt: skip


def _untuned_score(stated: "Stated", piloted: Baseline | None) -> tuple[float | None, Evidence]:
    if stated.score is not None:
        return read_score(stated.score), "stated"
    return (piloted.score, "measured") if piloted else (None, "unknown")


def _answers_price(name: str, piloted: Baseline | None, grounds: _Grounds) -> tuple[Band | None, tuple[str, ...], str]:
    """What the answers of the horizon cost untuned, the fields that are missing for it, and what a price is from."""
    stated, basis = grounds.stated(name), grounds.basis
    field = f"alternatives.{name}.price_per_1k_answers"
    as_stated = _stated_price(basis, stated, field)
    if as_stated is not None or name != "prompt_hosted":
        return *_running(basis, as_stated, field), ""
    per_1k, source = _hosted_price(stated, basis, piloted)
    return *_running(basis, per_1k, field), source


def _stated_price(basis: Basis, stated: "Stated", field: str) -> "Draws | None":
    """1,000 answers as the project file prices them, shape (draws,); None where it does not."""
    price = stated.price_per_1k_answers
    return None if price is None else basis.draw(field, price)


def _hosted_price(stated: "Stated", basis: Basis, piloted: Baseline | None) -> "tuple[Draws | float | None, str]":
    """1,000 answers of a hosted model [base currency] and what their price is from: the pilot's, else their tokens'."""
    if piloted is not None and piloted.usd_per_1k_answers is not None:
        return piloted.usd_per_1k_answers * basis.base_per_usd, ""
    if stated.model is None or basis.answer_prices is None:
        return None, ""
    per_1k = basis.answer_prices.prompted(basis, stated.model)
    words = "answers at the price of their tokens, instructions counted, as in `tunecase inference`"
    return per_1k, "" if per_1k is None else words


def _tuned(name: str, model: str | None, grounds: _Grounds) -> Alternative:
    named = grounds.stated(name).model or model
    if named is None:
        lacks = ("a model of that size under models", f"alternatives.{name}.score")
        return Alternative(name, ACTIONS[name], None, None, None, None, None, "unknown", lacks)
    billed = named == base_model(grounds.basis)
    score, evidence = _tuned_score(name, named, grounds)
    unknown = [] if evidence in ("measured", "stated") else [f"the score of {named}, tuned"]
    value, lacks_value = _value(grounds, grounds.standing.target if evidence == "assumed" else score)
    set_up, lacks_set_up = _tuned_set_up(name, named, grounds)
    field = f"alternatives.{name}.price_per_1k_answers"
    per_1k = _stated_price(grounds.basis, grounds.stated(name), field)
    if per_1k is None and billed:
        per_1k, field = price_of_answers(grounds.basis), "serving.price_per_1k_answers"
    running, lacks_price = _running(grounds.basis, per_1k, field)
    unknown += [*lacks_value, *lacks_set_up, *lacks_price]
    return Alternative(
        name, ACTIONS[name], score, value, set_up, running, _sum(set_up, running), evidence,
        tuple(dict.fromkeys(unknown)), f"{named}; valued at the target" if evidence == "assumed" else named,
    )  # fmt: skip


def _tuned_set_up(name: str, named: str, grounds: _Grounds) -> tuple[Band | None, list[str]]:
    """What it takes until a tuned model runs, and what is missing to say so: the bill, or lines of it."""
    if grounds.stated(name).set_up is not None:
        return grounds.set_up(name), []
    if named != base_model(grounds.basis):
        return None, [f"the bill: compare --set models=[{named}]"]
    unpriced = [words for words in grounds.unpriced if not words.startswith("inference:")]
    return grounds.tuning_cost, unpriced if grounds.tuning_cost else [*unpriced, "the bill: `tunecase estimate`"]


def _tuned_score(name: str, named: str, grounds: _Grounds) -> tuple[float | None, Evidence]:
    stated, pilot = grounds.stated(name), grounds.pilot
    if stated.score is not None:
        return read_score(stated.score), "stated"
    if pilot is not None and pilot.model == named and not pilot.stand_in and pilot.mean_scores:
        return pilot.mean_scores[-1][1], "measured"
    billed = named == base_model(grounds.basis)
    return None, "assumed" if billed and grounds.standing.target is not None else "unknown"


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


def _best(name: str, grounds: _Grounds) -> Baseline | None:
    """The best score that a pilot reached in a way by prompts alone."""
    if name == "retrieval":
        return None
    hosted = name == "prompt_hosted"
    own = [score for score in prompted(grounds.pilot, grounds.basis) if (score.name not in PROMPTS) == hosted]
    best = min if grounds.standing.direction == "lower" else max
    return best(own, key=lambda baseline: baseline.score, default=None)


def _answers(basis: Basis) -> "Draws | None":
    """Answers over the horizon, shape (draws,); None without a volume."""
    assert basis.project is not None
    problem = basis.project.problem
    if problem.volume is None:
        return None
    return basis.draw("problem.volume", problem.volume) * basis.draw("problem.horizon", problem.horizon)


def _running(basis: Basis, per_1k: "Draws | float | None", field: str) -> tuple[Band | None, tuple[str, ...]]:
    """What the answers of the horizon cost at a price of 1,000, and the fields that are missing for it."""
    answers = _answers(basis)
    missing = {field: per_1k is None, "problem.volume": answers is None}
    if per_1k is None or answers is None:
        return None, tuple(name for name, lacks in missing.items() if lacks)
    return band(answers / 1000 * per_1k), ()


def _value(grounds: _Grounds, score: float | None) -> tuple[Band | None, list[str]]:
    """What a score brings over the one in use, and what is missing to say so."""
    worth, answers, base = worth_of_correct(grounds.basis), _answers(grounds.basis), grounds.standing.base
    there = {
        "problem.value": worth is not None,
        "problem.volume": answers is not None,
        "a baseline": base is not None,
        "a metric that counts right answers": grounds.standing.counts_items,
    }
    lacks = [name for name, is_there in there.items() if not is_there]
    if lacks or score is None or worth is None or answers is None or base is None:
        return None, lacks
    return band(worth * answers * (score - base)), []


def _sum(set_up: Band | None, running: Band | None) -> Band | None:
    """Two costs added point by point: as if both were high at once, so the range is at its widest."""
    if set_up is None or running is None:
        return None
    return Band(
        set_up.p10 + running.p10, set_up.p50 + running.p50, set_up.p80 + running.p80, set_up.p90 + running.p90
    )  # fmt: skip
