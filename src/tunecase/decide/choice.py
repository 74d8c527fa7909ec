"""What should the next dollar buy? The first step of the lever whose plan has the best expected value.

A plan is a first step and the policy that follows it: after each test, the step that is worth most on average over
the worlds that show alike, or none. Before any lever comes a look (a run or a reading that only tells) where deciding
with its result is worth more than it costs.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase.decide.flips import BUDGET, RUN, input_flips, value_flips
from tunecase.decide.gates import Gate, gate
from tunecase.decide.looks import best_look, certainty, looks_of
from tunecase.decide.plans import Plan, Solved, plan_of, solve, winner_of, worth_of
from tunecase.forecast import LEAST_SIZES
from tunecase.plan import Known
from tunecase.plan.levers import FREE, TOO_DEAR, Offer, State, standing
from tunecase.prices import Basis, person_hour, serving_saving, value_or_saving
from tunecase.project import Project
from tunecase.quantities import Band, Worlds, band, count, figures, money, score, sentence, share
from tunecase.records import Decision, Estimate, Experiment, Option

if TYPE_CHECKING:
    from tunecase.quantities import Draws

NOTHING: Mapping[str, float] = {}


def decide(
    facts: Known,
    *,
    estimate: Estimate,
    no_pilot: str = "",
    what_if: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Decision:
    """The next step with the best expected value, the arithmetic of every lever, and where the advice flips.

        EV(lever) = mean over worlds of [ V credit passed - cost ],   first step = lever, then the best policy

    Nothing is bought on a problem that is not well posed, on data that are not fit, on a pilot that says nothing, or
    without a value: then the advice is what must come first, and levers are shown with chances and prices only.

    Args:
        facts: all that is known of the project, the definition among it. What is spent already is gone from the budget;
            reviews outweigh the audit's estimate of wrong labels; without rows, the pilot's largest size counts.
        estimate: the bill, for the price of a run and what is paid whatever step is taken.
        no_pilot: why no pilot could be run here, in words; empty when one was.
        what_if: also the smallest change of each input, one at a time, at which another lever wins.
        progress: told how many of how many inputs were looked at for these.
    Returns: the Decision.
    Leaves out what a bigger model costs more to serve, and what serving costs where one of its two prices is missing.
    """
    basis, forecast = facts.basis, facts.forecast
    funds = _funds(facts, estimate)
    value = _value(facts)
    first = gate(facts, value, _mean_saving(basis), no_pilot, _short(facts, funds))
    if forecast is None or len(forecast.points) < LEAST_SIZES or forecast.target is None:
        assert first is not None
        return _closed(first, (), value, basis, ())
    held = facts.rows or max(forecast.points[-1].n, facts.audit.usable if facts.audit else 0)
    facts = replace(facts, rows=held)

    def stand(worlds: Worlds, factors: Mapping[str, float], earlier: State) -> State:
        return _state(facts.in_worlds(worlds), funds, factors, earlier)

    solved = solve(_state(facts, funds))
    looks = looks_of(solved) if first is None else ()
    options = tuple(_option(offer, solved) for offer in solved.offers)
    notes = _assumptions(facts.project, solved)
    if first is not None:
        return _closed(first, options, value, basis, notes)
    record = _choose(solved, options, looks, notes)
    return replace(record, what_if=input_flips(solved, stand, funds.typed(), progress)) if what_if else record


@dataclass(frozen=True, slots=True)
class _Funds:
    """What steps are paid from and what a run costs, in the base currency; the budget is infinite where none is given.

    `gone` is spent, or counted by the bill and paid from the same budget whatever step is taken: repairs and answers.
    """

    budget: float
    gone: float
    run: Band | None

    def left(self, factors: Mapping[str, float]) -> float:
        """What is left of the budget, scaled where a factor is given."""
        return self.budget * factors.get(BUDGET, 1.0) - self.gone

    def typed(self) -> dict[str, float]:
        """The amounts that a person can change, by name."""
        amounts = {RUN: self.run.p50 if self.run else 0.0, BUDGET: self.budget}
        return {name: amount for name, amount in amounts.items() if 0 < amount < float("inf")}


def _funds(facts: Known, estimate: Estimate) -> _Funds:
    budget = facts.project.budget.spread.median if facts.project.budget else float("inf")
    return _Funds(budget, facts.spent + estimate.fixed, estimate.run_price)


def _value(facts: Known) -> "Draws | None":
    assert facts.definition is not None
    return value_or_saving(facts.project, facts.basis, facts.definition)


def _state(facts: Known, funds: _Funds, factors: Mapping[str, float] = NOTHING, earlier: State | None = None) -> State:
    per_row = funds.run.mean / max(facts.rows, 1) if funds.run else 0.0
    return standing(
        facts, value=_value(facts), run_per_row=factors.get(RUN, 1.0) * per_row, budget_left=funds.left(factors),
        earlier=earlier,
    )  # fmt: skip


def _mean_saving(basis: Basis) -> float:
    saving = serving_saving(basis)
    return 0.0 if saving is None else float(saving.mean())


def _short(facts: Known, funds: _Funds) -> str:
    """Before a pilot: what is left of the budget beside the cheapest purchase, one fine-tune, if it is too little.

    A pilot of the model itself on a machine that is there may ship for nothing, so too small a budget forbids none.
    """
    basis, left = facts.basis, funds.left(NOTHING)
    if facts.forecast is not None:
        return ""
    least = band(basis.draw("levers.first_run_hours") * person_hour(basis)).p10 + (funds.run.p10 if funds.run else 0.0)
    if left >= least:
        return ""
    currency = basis.currency
    return (
        f"What is left of the budget ({money(max(left, 0.0), currency)}) pays for nothing after it: to fine-tune once "
        f"costs at least {money(least, currency)}, so only a pilot that reaches the target by itself can go on."
    )


def _choose(
    solved: Solved, options: tuple[Option, ...], looks: tuple[Experiment, ...], notes: tuple[str, ...]
) -> Decision:
    """The best step, or the look that comes before it."""
    import numpy as np

    state, currency = solved.state, solved.state.currency
    assert state.value is not None
    best = winner_of(solved)
    worths = {offer.lever: worth_of(solved, offer.lever) for offer in solved.offers}
    others = [offer for offer in solved.offers if offer.lever not in (best.lever, "stop")]
    others = [offer for offer in others if np.isfinite(worths[offer.lever])]
    second = max(others, key=lambda offer: worths[offer.lever], default=None)
    runner_up = "none" if second is None else _priced(second, worths, currency)
    advice, action, reason = best.lever, best.action, _reason(solved, best, runner_up, second is not None)
    look = best_look(looks)
    if look is not None and best.lever not in ("ship", "redefine"):
        runner_up = _priced(best, worths, currency)
        advice, action, reason = "look", look.action, _look_reason(look, best, runner_up, currency)
    return Decision(
        advice=advice, action=action, reason=reason, options=options, value_of_target=band(state.value),
        flips_at=value_flips(solved, best), runner_up=runner_up, assumptions=notes, currency=currency,
        experiments=looks, certainty=certainty(solved),
    )  # fmt: skip


def _priced(offer: Offer, worths: Mapping[str, float], currency: str) -> str:
    return f"{offer.action}, worth {money(worths[offer.lever], currency)}"


def _look_reason(look: Experiment, best: Offer, first: str, currency: str) -> str:
    assert look.worth is not None
    assert look.net is not None
    price = look.worth - look.net
    without = "nothing would be started" if best.lever == "stop" else f"the next step would be to {first}"
    return (
        f"Deciding with its result is worth {money(look.worth, currency)} more than deciding now, and it costs "
        f"{money(price, currency)}. Without it {without}."
    )


def _reason(solved: Solved, best: Offer, runner_up: str, others: bool) -> str:
    currency, forecast = solved.state.currency, solved.state.forecast
    if best.lever == "stop":
        if others:
            return f"No step is worth its price at this value; the best other one is to {runner_up}."
        if any(solved.blocked(offer).startswith(TOO_DEAR) for offer in solved.offers):
            return "What is left of the budget pays for no first step."
        return "No step is worth its price at this value."
    if best.lever == "ship":
        return f"{sentence(forecast.reason)} Nothing has to be bought."
    if best.brings is not None:
        brings = money(solved.state.shipping(best.brings), currency)
        return f"The pilot shows the fallback, which brings {brings}; no step beyond it is worth more than that."
    plan = plan_of(solved, best.lever)
    assert plan is not None
    return (
        f"Its plan is worth {money(plan.worth, currency)} in expectation: {share(plan.reach)} chance to reach "
        f"the target, by {count(plan.most)} examples at the latest. {_own_curve(solved.state)}"
        f"Next best: {runner_up}."
    )


def _own_curve(state: State) -> str:
    """What the pilot alone promises, where another model stood in: the difference is assumed, not measured."""
    forecast = state.forecast
    if not forecast.stand_in or forecast.p_target is None:
        return ""
    return (
        f"The pilot's own curve gives {share(forecast.p_target)} at {count(forecast.n_max)} examples; that "
        f"{state.model} and the steps after it do better is assumed. "
    )


def _option(offer: Offer, solved: Solved) -> Option:
    """A lever's chance, price and arithmetic, as far as it can be taken and its target has a value."""
    state, blocked = solved.state, solved.blocked(offer)
    option = Option(
        offer.lever, offer.action, None, offer.first_step, None, offer.p_reach, None, None, None, "", offer.evidence,
        blocked=blocked,
    )  # fmt: skip
    if blocked:
        return option
    if offer.brings is not None:
        option = replace(option, first_step_cost=FREE)
        if state.value is None:
            return option
        return replace(_weighed(option, state.shipping(offer.brings), 0.0, state), cost=FREE)
    plan = plan_of(solved, offer.lever)
    if plan is None:
        return option
    option = replace(option, first_step_cost=plan.first_cost, p_reach=plan.reach)
    if state.value is None:
        words = f"{share(plan.reach)} chance by {count(plan.most)} examples; value not stated"
        return replace(option, arithmetic=words)
    option = replace(option, cost=band(plan.paid), give_up=_give_up(plan, state), then=plan.then)
    return _weighed(option, plan.gain, plan.cost, state)


def _weighed(option: Option, gain: float, cost: float, state: State) -> Option:
    words = f"{figures(gain)} gain - {figures(cost)} cost = {figures(gain - cost)} {state.currency}"
    return replace(option, expected_gain=gain, expected_cost=cost, expected_value=gain - cost, arithmetic=words)


def _give_up(plan: Plan, state: State) -> str:
    if plan.most == plan.first_size and plan.threshold is None:
        return f"after the first test, at {count(plan.most)} examples"
    side = "less" if state.forecast.direction == "higher" else "more"
    early = f"after the first test if it shows {side} than {score(plan.threshold)}, and " if plan.threshold else ""
    beyond = ", unknowns counted" if state.prices.unforeseen else ""
    paid = f", where about {money(plan.most_paid, state.currency)} are spent{beyond}" if plan.most_paid else ""
    return f"{early}at {count(plan.most)} examples at the latest{paid}"


def _assumptions(project: Project, solved: Solved) -> tuple[str, ...]:
    import numpy as np

    state = solved.state
    # A lever that cannot be first may come later: what it is assumed to do is in every plan's worth.
    used = {step.name for node in solved.board.nodes for step in node.steps}
    notes = [*_value_notes(state)]
    notes += [offer.assumption for offer in solved.offers if offer.assumption and offer.lever in used]
    if project.budget is None:
        notes.append("no budget given: plans may cost any amount")
    overrun = 1 + state.prices.unforeseen
    labour = float(np.mean(state.prices.labour)) * overrun
    beyond = f", unknowns among them (x{overrun:.2g})" if state.prices.unforeseen else ""
    return (*notes, f"people's part of one round costs {money(labour, state.currency)} on average{beyond}")


def _value_notes(state: State) -> Iterator[str]:
    if state.value is None:
        return
    base = score(state.score(state.error_baseline))
    yield f"value counts answers above a baseline of {base}, at the target and no higher"
    if state.saving:
        less, size = ("less" if state.saving > 0 else "more"), money(abs(state.saving), state.currency)
        yield f"answers of the tuned model cost {size} {less} than today's over the horizon, once shipped"


def _closed(
    gate: Gate, options: tuple[Option, ...], value: "Draws | None", basis: Basis, notes: tuple[str, ...]
) -> Decision:
    return Decision(
        advice=gate.advice, action=gate.action, reason=gate.reason, options=options,
        value_of_target=None if value is None else band(value), flips_at="", runner_up="", assumptions=notes,
        currency=basis.currency,
    )  # fmt: skip
