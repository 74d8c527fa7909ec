"""Levers that end the project, or ask for less: ship, redefine the target, stop."""

import math
from dataclasses import replace

from tunecase.pilot.scoring import keeps, meets
from tunecase.plan.levers.state import LOSS, Offer, State
from tunecase.prices import Basis, part_when_sure, people_give_the_rest, price_today, rest_goes_to_people
from tunecase.quantities import count, np, score, share


def ship(state: State) -> Offer:
    """Ship what the pilot trained, where the chance that it meets the target is worth the price of a miss."""
    action = f"ship {state.ready_to_ship}"
    offer = _ready(state, "ship", action)
    if not offer.blocked and state.way is not None:
        offer = replace(offer, first_step=action)
    return offer


def _ready(state: State, lever: str, action: str) -> Offer:
    """What the pilot trained put to use at once, as the target or as the fallback, whichever it is likelier to meet."""
    if not state.forecast.points:
        return Offer(lever, action, blocked="no pilot has trained anything yet")
    if state.forecast.stand_in or state.assumed:
        if state.forecast.verdict == "reached":
            return Offer(lever, action, blocked="what the pilot trained is weighed as a way of its own")
        return Offer(lever, action, blocked="the model itself has not been trained yet")
    last = float(state.forecast.points[-1].n)
    errors = state.measured.paths([last], len(state.paths))[:, 0]
    return rated(state, Offer(lever, action, "ship", "measured", errors=errors))


def rated(state: State, offer: Offer) -> Offer:
    """An offer to put to use what has these true errors, with what that brings; blocked where that is nothing."""
    errors = offer.errors
    assert errors is not None
    had, met = float(state.credit(errors, at_hand=True).mean()), float((errors <= state.error_target).mean())
    settled = float((errors <= state.error_wanted).mean()) - met
    blocked = ""
    if (settled > met) != (offer.lever == "redefine"):
        blocked = "the fallback is likelier to be met than the target" if settled > met else "the target is likelier"
    elif (brought := had if state.value is None else state.shipping(had)) < 0 or had <= 0 >= brought:
        likely = f"{share(met + settled)} likely to meet the {'fallback' if settled > met else 'target'}"
        blocked = LOSS if had > 0 else f"{likely} is too little"
        blocked += " for the price of a miss" if state.miss and had <= 0 else ""
    return replace(offer, blocked=blocked, p_reach=met, brings=had, reaches=met > settled)


def when_sure(state: State) -> Offer:
    """Ship now for the answers that are sure, and leave the others to people or to today's way.

        brings = c (baseline - e) / (baseline - target),  0 to 1, of V;   c = coverage, e = bound of the error

    Where a person gives the rest who does not do so today (`problem.by_hand`, no price of today's answers), their price
    is taken off, and their answers are taken to be as good as the target: the rest brings 1 - c of V. Leaves out that
    today's way may be better on the sure answers, which are the easier ones, than on all.
    """
    promise = state.promise
    assert promise is not None
    if promise.coverage is None or not promise.coverage > 0:
        blocked = f"no coverage can be promised with {count(promise.rows)} rows"
        return Offer("when_sure", f"ship {state.ready_to_ship} where it is sure", blocked=blocked)
    if state.forecast.verdict == "reached":
        blocked = "the target is shown for every answer"
        return Offer("when_sure", f"ship {state.ready_to_ship} where it is sure", blocked=blocked)
    if not keeps(promise, state.error_target):
        blocked = (
            f"the pilot promised at most {share(promise.error, 1)} wrong, more than the target allows now; "
            "`tunecase pilot` again promises it anew and repeats no run"
        )
        return Offer("when_sure", f"ship {state.ready_to_ship} where it is sure", blocked=blocked)
    by_hand = people_give_the_rest(state.basis)
    sure = f"the {share(promise.coverage)} of answers it is sure of"
    told = f"ship {state.ready_to_ship} for {sure}{rest_words(state.basis)}"
    error = promise.error if promise.bound is None else promise.bound
    credit = float(state.part(np.asarray([error]))[0])
    asked = state.basis.project.problem.coverage if state.basis.project else None
    offer = Offer(
        "when_sure", told, told, "measured", p_reach=promise.sure,
        brings=part_when_sure(state.basis, promise.coverage, credit), besides=state.rest,
        assumption=_rest_words(state, by_hand), reaches=asked is not None and meets(promise, asked.spread.median),
    )  # fmt: skip
    loss = state.value is not None and offer.ends_with(state) <= 0
    return replace(offer, blocked=LOSS) if loss else offer


def rest_words(basis: Basis, people: str = "people", way: str = "today's way") -> str:
    """Who gives the answers that are not sure, behind what a step does; nothing where nobody does today."""
    if basis.project is not None and basis.project.today.who == "nobody":
        return ""
    return f", {people if rest_goes_to_people(basis) else way} the rest"


def _rest_words(state: State, by_hand: bool) -> str:
    """What is taken for granted of the answers that are left to others."""
    if by_hand:
        return "people's answers to the rest are taken to be as good as the target, at problem.by_hand each"
    if rest_goes_to_people(state.basis):
        return "people give the rest, as they do today"
    if price_today(state.basis) is None:
        return "today's way gives the rest, and is taken to cost nothing (today.price_per_1k, problem.by_hand)"
    return "today's way gives the rest at today's price and score"


def redefine(state: State) -> Offer:
    """Ask for less: ship now at the stated fallback, or name the hardest score that four worlds in five reach.

    Where a fallback was named, every plan may end there too: it earns its part of the gain.
    """
    if state.error_fallback is not None:
        return _ready(state, "redefine", f"ship {state.ready_to_ship}, at {score(state.score(state.error_fallback))}")

    easier = reachable(state)
    if easier <= state.error_target:
        blocked = f"four worlds in five reach it by {count(state.sizes[-1])} examples, at whatever cost"
        return Offer("redefine", "redefine the target", blocked=blocked)
    lower = score(state.score(easier))
    if easier >= state.error_baseline:
        return Offer("redefine", "redefine the target", blocked="what 4 of 5 cases reach is no better than today")
    blocked = (
        f"only you can say whether {lower} is worth shipping (problem.fallback); "
        f"4 of 5 cases reach it by {count(state.sizes[-1])} examples"
    )
    return Offer("redefine", f"settle for {lower}", blocked=blocked)


def reachable(state: State) -> float:
    """The error that four worlds in five reach at some size, at whatever cost, in whole hundredths."""
    return math.ceil(100 * float(np.quantile(state.paths.min(axis=1), 0.8)) - 1e-9) / 100


def stop(state: State) -> Offer:
    """Spend nothing more."""
    return Offer("stop", "stop here", "nothing", "measured", p_reach=0.0, brings=0.0)
