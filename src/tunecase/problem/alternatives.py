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
from tunecase.prices import Basis, api_price, person_hour, worth_of_correct
from tunecase.project import read_score
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
    tokens: tuple[float, float] | None = None,
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
        tokens: of one question and one answer; with them a hosted model that is named, and whose answers nobody
            priced, is priced by its API's tokens, where that price is known.
    Returns: six rows, today first.
    Leaves out upkeep of prompts and indexes after launch, and that retrieval and tuning may be done together.
    """
    assert basis.project is not None
    known = {name: getattr(basis.project.alternatives, name) for name in ACTIONS}
    small, large = _models(basis)
    rows = [_today(basis, standing)]
    rows += [_untuned(name, known[name], basis, standing, pilot, tokens) for name in list(ACTIONS)[:3]]
    for name, model in (("tune_small", small), ("tune_large", large)):
        rows.append(_tuned(name, known[name], model, basis, standing, pilot, tuning_cost, unpriced))
    return tuple(rows)


def prompted(pilot: Pilot | None, basis: Basis) -> tuple[Baseline, ...]:
    """What a pilot scored by prompts alone: of hosted models, and of the model to be tuned where that was piloted."""
    if pilot is None:
        return ()
    itself = pilot.model == base_model(basis)
    return tuple(one for one in pilot.baselines if one.name.endswith(PROMPTS) and (itself or one.name not in PROMPTS))


def _today(basis: Basis, standing: Standing) -> Alternative:
    assert basis.project is not None
    running, missing = _running(basis, basis.project.serving.price_per_1k_today, "serving.price_per_1k_today")
    nothing = Band(0.0, 0.0, 0.0, 0.0)
    unknown = missing if standing.in_use is not None else ("problem.baseline", *missing)
    evidence: Evidence = "unknown" if standing.in_use is None else "measured"
    if standing.in_use is not None and basis.project.problem.baseline is not None:
        evidence = "stated"
    return Alternative("today", "as today", standing.in_use, nothing, nothing, running, running, evidence, unknown)


def _untuned(
    name: str,
    stated: "Stated",
    basis: Basis,
    standing: Standing,
    pilot: Pilot | None,
    tokens: tuple[float, float] | None = None,
) -> Alternative:
    piloted = _best(prompted(pilot, basis), name, standing.direction)
    score = read_score(stated.score) if stated.score is not None else piloted.score if piloted else None
    unknown = [] if score is not None else [f"alternatives.{name}.score"]
    value, missing = _value(basis, standing, score)
    unknown += missing
    set_up = band(basis.draw(f"alternatives.{name}", stated.set_up) * person_hour(basis))
    note = f"{stated.model}; " if stated.model else f"{piloted.name} in the pilot; " if piloted else ""
    note += "hours of set-up as stated" if stated.set_up is not None else "hours of set-up assumed"
    price = stated.price_per_1k_answers
    hosted = None if price is not None or name != "prompt_hosted" else _hosted_answer(stated, basis, piloted, tokens)
    if hosted is not None:
        each, source = hosted
        note += f"; {source}" if source else ""
        answers = _answers(basis)
        running = None if answers is None else band(each * answers)
        lacking: tuple[str, ...] = ("problem.volume",) if answers is None else ()
    else:
        running, lacking = _running(basis, price, f"alternatives.{name}.price_per_1k_answers")
    unknown += lacking
    evidence: Evidence = "unknown" if score is None else "measured" if stated.score is None else "stated"
    cost = None if running is None else _sum(set_up, running)
    return Alternative(
        name, ACTIONS[name], score, value, set_up, running, cost, evidence, tuple(dict.fromkeys(unknown)), note
    )


def _hosted_answer(
    stated: "Stated", basis: Basis, piloted: Baseline | None, tokens: tuple[float, float] | None
) -> tuple[float, str] | None:
    """One answer of a hosted model [base currency] and what its price is from: the pilot's, else that of its tokens.

    Tokens are those of the question and the answer alone: instructions and examples in the prompt come on top.
    """
    if piloted is not None and piloted.usd_per_1k_answers is not None:
        return piloted.usd_per_1k_answers * basis.base_per_usd / 1000, ""
    found = api_price(stated.model, basis.today) if stated.model and tokens is not None else None
    if found is None or tokens is None:
        return None
    words = f"answers at the price of their tokens, {found.source}, instructions left out"
    return found.usd(*tokens) * basis.base_per_usd, words


def _tuned(
    name: str,
    stated: "Stated",
    model: str | None,
    basis: Basis,
    standing: Standing,
    pilot: Pilot | None,
    tuning_cost: Band | None,
    unpriced: Sequence[str],
) -> Alternative:
    assert basis.project is not None
    named = stated.model or model
    if named is None:
        lacks = ("a model of that size under models", f"alternatives.{name}.score")
        return Alternative(name, ACTIONS[name], None, None, None, None, None, "unknown", lacks)
    billed = named == base_model(basis)
    score, evidence = _tuned_score(stated, named, standing, pilot, billed)
    unknown = [] if evidence in ("measured", "stated") else [f"the score of {named}, tuned"]
    valued = standing.target if evidence == "assumed" else score
    value, missing = _value(basis, standing, valued)
    unknown += missing
    set_up = tuning_cost if billed else None
    if stated.set_up is not None:
        set_up = band(basis.draw(f"alternatives.{name}", stated.set_up) * person_hour(basis))
    elif billed:
        unknown += [words for words in unpriced if not words.startswith("inference:")]
    if set_up is None:
        unknown.append("the bill: `tunecase estimate`" if billed else f"the bill: compare --set models=[{named}]")
    price, field = stated.price_per_1k_answers, f"alternatives.{name}.price_per_1k_answers"
    if price is None and billed:
        price, field = basis.project.serving.price_per_1k_answers, "serving.price_per_1k_answers"
    running, lacking = _running(basis, price, field)
    unknown += lacking
    cost = None if set_up is None or running is None else _sum(set_up, running)
    words = [named]
    words += ["valued at the target"] if evidence == "assumed" else []
    return Alternative(
        name, ACTIONS[name], score, value, set_up, running, cost, evidence, tuple(dict.fromkeys(unknown)),
        "; ".join(words),
    )  # fmt: skip


def _tuned_score(
    stated: "Stated", named: str, standing: Standing, pilot: Pilot | None, billed: bool
) -> tuple[float | None, Evidence]:
    if stated.score is not None:
        return read_score(stated.score), "stated"
    if pilot is not None and pilot.model == named and not pilot.stand_in and pilot.mean_scores:
        return pilot.mean_scores[-1][1], "measured"
    return None, "assumed" if billed and standing.target is not None else "unknown"


def _models(basis: Basis) -> tuple[str | None, str | None]:
    """The smallest and the largest model named; one alone stands where its size puts it."""
    assert basis.project is not None
    named = basis.project.models or (base_model(basis),)
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


def _best(piloted: tuple[Baseline, ...], name: str, direction: str | None) -> Baseline | None:
    hosted = name == "prompt_hosted"
    own = [one for one in piloted if (one.name not in PROMPTS) == hosted] if name != "retrieval" else []
    if not own:
        return None
    return min(own, key=lambda one: one.score) if direction == "lower" else max(own, key=lambda one: one.score)


def _answers(basis: Basis) -> "Draws | None":
    """Answers over the horizon, shape (draws,); None without a volume."""
    assert basis.project is not None
    problem = basis.project.problem
    if problem.volume is None:
        return None
    return basis.draw("problem.volume", problem.volume) * basis.draw("problem.horizon", problem.horizon)


def _running(basis: Basis, price: object, name: str) -> tuple[Band | None, tuple[str, ...]]:
    """What the answers of the horizon cost, and the fields that are missing for it."""
    from tunecase.quantities import Quantity

    answers = _answers(basis)
    missing = ["problem.volume"] if answers is None else []
    if not isinstance(price, Quantity):
        return None, (name, *missing)
    if answers is None:
        return None, tuple(missing)
    return band(answers / 1000 * basis.draw(name, price)), ()


def _value(basis: Basis, standing: Standing, score: float | None) -> tuple[Band | None, list[str]]:
    """What a score brings over the one in use, and what is missing to say so."""
    worth, answers = worth_of_correct(basis), _answers(basis)
    lacking = [
        name
        for name, known in (("problem.value", worth is not None), ("problem.volume", answers is not None))
        if not known
    ]
    if standing.base is None:
        lacking.append("a baseline")
    if not standing.counts_items:
        lacking.append("a metric that counts right answers")
    if lacking or score is None or worth is None or answers is None or standing.base is None:
        return None, lacking
    return band(worth * answers * (score - standing.base)), []


def _sum(one: Band, other: Band) -> Band:
    """Two costs added point by point: as if both were high at once, so the range is at its widest."""
    return Band(one.p10 + other.p10, one.p50 + other.p50, one.p80 + other.p80, one.p90 + other.p90)
