"""What can be tried before money is released: what each way costs to find out, and what it must show to matter."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.plan import Drawn
from tunecase.prices import more_than_today, person_hour
from tunecase.quantities import Worlds, np
from tunecase.records import PUT_TO_USE, Alternative, Look, Plan

if TYPE_CHECKING:
    from tunecase.plan.levers import State

# Ways of which published projects tell how often they did as well as the fine-tune.
PUBLISHED = ("prompt_hosted", "prompt_open", "retrieval")
# Of what is asked for: a look of which no published cases tell must not take more.
MOST_PART = 0.05
HOURS_A_DAY = 8.0


def looks_of(drawn: Drawn, made: Plan) -> tuple[Look, ...]:
    """Every way that nobody has measured yet, the one with the best value for its price first.

    Left out is a search for the nearest rows, which nobody would put to use.

        worth = cases / known x the first release - price,   price = cost + hours x an hour's price

    Ways of which no published cases tell come after those, the cheapest first; then those that nothing prices, and
    last those that a constraint bars.

    Args:
        drawn: the plan in every world; the definition in it holds the ways.
        made: its figures, by what it asks for first.
    """
    definition, basis = drawn.facts.definition, drawn.work.basis
    if definition is None:
        return ()
    # Worlds of their own with the same seed, so that no default is noted as the bill's.
    aside = replace(basis, worlds=Worlds(basis.worlds.seed, basis.worlds.n), used={})
    hours = float(aside.draw("levers.look_hours").mean())
    rate, saved = float(person_hour(aside).mean()), made.release.expected.value
    more = float(np.mean(more_than_today(drawn.facts.project, aside, definition)))
    state = None if drawn.solved is None else drawn.of_the_tuned.solved.state  # type: ignore[union-attr]
    looks = [
        _look(way, hours, rate, saved, _needed(way, state, made, more))
        for way in definition.alternatives
        if way.name != "nearest" and (way.measure or (way.struck and way.score is None))
    ]
    return tuple(sorted(looks, key=_rank))


def advised(looks: tuple[Look, ...], made: Plan, *, nothing_asked: bool = False) -> Look | None:
    """The look that comes before the money that is asked for; None where none is worth its price.

    Args:
        looks: the best first.
        made: the plan that asks for the money.
        nothing_asked: the advice is to stop, so that only what published cases speak for is worth a look.
    """
    most = 0.0 if nothing_asked else MOST_PART * made.release.p80.value

    def pays(look: Look) -> bool:
        if look.barred or look.price is None or not look.command:
            return False
        if made.budget_left is not None and look.price > made.budget_left:
            return False
        return look.price <= most if look.worth is None else look.worth > 0

    return next(filter(pays, looks), None)


def _look(way: Alternative, hours: float, rate: float, saved: float, needed: float | None) -> Look:
    if way.struck:
        return Look(way.name, way.model, "", None, None, None, None, barred=way.struck)
    cost, minutes = way.measure_cost, way.measure_minutes
    price = None if cost is None or minutes is None else cost.p50 + hours * rate
    days = None if minutes is None else (hours + minutes.mid / 60) / HOURS_A_DAY
    look = Look(way.name, way.model, way.measure, cost, hours, price, days, needed)
    if way.name not in PUBLISHED:
        return look
    # A collection that was not gathered by outcome; a larger hosted model beside a small tuned one is another question.
    asked = tuple(case for case in catalog.untuned_cases("collection") if case.way != "hosted_model")
    published = catalog.untuned_count(asked)
    worth = None if price is None else published.within / published.of * saved - price
    return replace(look, cases=published.within, known=published.of, worth=worth)


def _needed(way: Alternative, state: "State | None", made: Plan, more: float) -> float | None:
    """The score from which on a way brings more than the plan: the target, or less where a part of the gain counts.

    error = best at hand - (best at hand - wanted) x (worth of the plan + its upkeep + set-up + answers) / V,

    0 to 1 of it, with the worth above the best at hand: what is put to use counts above today's way, which is `more`.
    The upkeep of both is taken to be the same.
    """
    if state is None or way.name.startswith("tune"):
        return None
    wanted, cost = state.error_target, way.cost or way.set_up
    if state.miss is not None or made.worth is None or cost is None or state.worth <= 0:
        return state.score(wanted)
    worth = made.worth.expected.value - (more if made.lever in PUT_TO_USE else 0.0)
    upkeep = 0.0 if made.worth.upkeep is None else made.worth.upkeep.value
    part = min(1.0, max(0.0, (worth + upkeep + cost.p50) / state.worth))
    return state.score(state.error_baseline - (state.error_baseline - wanted) * part)


def _rank(look: Look) -> tuple[bool, bool, bool, float]:
    """By worth for the price where cases tell, then by price."""
    if look.worth is not None and look.price is not None:
        return bool(look.barred), False, False, -look.worth / look.price
    return bool(look.barred), True, look.price is None, look.price or 0.0
