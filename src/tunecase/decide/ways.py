"""The ways beside the fine-tune that a pilot measured: their best steps, and what is said where one is advised."""

from collections.abc import Iterator
from dataclasses import replace

from tunecase import catalog
from tunecase.compute import base_model
from tunecase.decide.options import first_option
from tunecase.pilot.scoring import keeps
from tunecase.plan import Drawn, MeasuredWay
from tunecase.plan.levers import rest_words
from tunecase.quantities import count, firm_money, score, share
from tunecase.records import Option, Plan

LEAST_PART = 0.5  # of the answers, for a way to be named where no step is advised
PLAIN = ("fine_tune", "stop")  # levers whose words already say what they are for


def other_ways(drawn: Drawn) -> tuple[Option, ...]:
    """The best first step of each way beside the one advised, the fine-tune among them, and what is struck out."""
    return (*(_row(other) for other in drawn.others), *_blocked(drawn))


def _row(other: Drawn) -> Option:
    option = first_option(other)
    way = other.facts.way
    if option.lever == "stop":
        what = "go on with the fine-tune" if way is None else f"use {way.words}"
        return replace(option, action=f"{what}: not worth a step")
    if way is None and option.lever not in PLAIN:
        return replace(option, action=f"{option.action}, for the fine-tune")
    if way is None or way.words in option.action or way.forecast.model in option.action:
        return option
    return replace(option, action=f"{option.action}, {way.words}")


def _blocked(drawn: Drawn) -> Iterator[Option]:
    for way in drawn.ways:
        if way.blocked:
            yield Option("ship", f"use {way.words}", None, "", None, "", "measured", blocked=way.blocked, way=way.name)


def instead(drawn: Drawn, made: Plan) -> str:
    """The sentence that a measured way takes the fine-tune's place; empty where none is advised."""
    way = drawn.facts.way
    if way is None or drawn.solved is None:
        return ""
    best = drawn.solved.winner
    tuned = "Do not fine-tune" if way.kind != "causal" else f"Do not fine-tune {base_model(drawn.work.basis)}"
    if best.lever == "ship":
        return f"{tuned}: {way.words} {'brings more than a fine-tune' if made.falls_short else 'does it'}."
    if best.lever == "when_sure" and way.promise is not None:
        part = share(way.promise.coverage or 0.0)
        return f"{tuned}: {way.words} automates {part}{_rest(drawn)}."
    return f"Fine-tune later, if at all: first {best.action}."


def already_there(drawn: Drawn) -> str:
    """Names the measured way that gives most answers at the target's error, for a decision that advises no step.

    Empty where no way promises at least half of the answers, and without a target.
    """
    forecast = drawn.facts.forecast
    if forecast is None or forecast.target is None or forecast.direction == "lower":
        return ""
    error = 1 - forecast.target
    kept = [(each.promise.coverage, each) for each in drawn.ways if not each.blocked and each.promise is not None
            and each.promise.coverage is not None and keeps(each.promise, error)]  # fmt: skip
    part, way = max(kept, key=lambda pair: pair[0], default=(0.0, None))
    if way is None or part < LEAST_PART:
        return ""
    scores = f"it scores {score(way.score)} on all of them"
    if part == 1:
        return f"Do not fine-tune: {way.words} gives the answers with at most {share(error, 1)} wrong; {scores}."
    return (
        f"Do not fine-tune: {way.words} can give {share(part)} of the answers with at most {share(error, 1)} of them "
        f"wrong and leave the rest to people; {scores}."
    )


def _rest(drawn: Drawn) -> str:
    """Who gives the answers that are not sure, in a sentence."""
    return rest_words(drawn.work.basis, "people do", "today's way does")


def promised(drawn: Drawn) -> str:
    """What answering only when sure promises, in one sentence."""
    assert drawn.solved is not None
    promise = drawn.solved.state.promise
    assert promise is not None
    assert promise.coverage is not None
    return (
        f"Of the {share(promise.coverage)} of answers that it is sure of at most {share(promise.error, 1)} are wrong, "
        f"with a chance of {share(promise.sure)}, as {count(promise.rows)} rows show{_rest(drawn)}."
    )


def compared(drawn: Drawn, made: Plan) -> str:
    """The worth of a measured way against that of the fine-tune, and what both rest on."""
    way, tuned = drawn.facts.way, drawn.of_the_tuned
    assert way is not None
    measured = f"{_capital(way.words)} scores {score(way.score)}, measured here{_at(way)}"
    if made.worth is None or tuned is drawn:
        return f"{measured}."
    against = first_option(tuned).worth
    currency = made.currency
    worth = "nothing" if against is None or not against.value else firm_money(against, currency)
    return (
        f"{measured}: its plan is worth {firm_money(made.worth.expected, currency)}, that of the fine-tune {worth} "
        f"({_rests_on(tuned)})."
    )


def _at(way: MeasuredWay) -> str:
    at = f" at {count(way.n)} rows" if way.n else ""
    return f"{at} on {count(way.test_rows)} test rows" if way.test_rows else at


def _rests_on(tuned: Drawn) -> str:
    """What the fine-tune's worth rests on, by name."""
    assert tuned.solved is not None
    state = tuned.solved.state
    if state.assumed:
        return "its curve is assumed: nobody has measured it"
    if not state.forecast.stand_in:
        return "measured here"
    factor = catalog.default(state.forecast.stand_in_factor)
    return f"assumed: its error is {factor.value} times that of {state.forecast.model}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
