"""What should the next dollar buy? The first step of the lever whose plan has the best expected value.

A plan is a first step and the policy that follows it: after each test, the step that is worth most on average over
the worlds that show alike, or none. Before any lever comes a look (a run or a reading that only tells) where deciding
with its result is worth more than it costs.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.decide.flips import BUDGET, RUN, input_flips, value_flips
from tunecase.decide.gates import Gate, gate
from tunecase.decide.looks import best_look, certainty, looks_of
from tunecase.decide.plans import Plan, Solved, plan_of, solve, winner_of, worth_of
from tunecase.forecast import LEAST_SIZES
from tunecase.plan import levers
from tunecase.plan.levers import FREE, TOO_DEAR, Offer, State, standing
from tunecase.prices import Basis, person_hour, serving_saving, value_or_saving
from tunecase.project import Project
from tunecase.quantities import band, count, figures, money, score, sentence, share
from tunecase.records import Audit, Decision, Definition, Estimate, Experiment, Forecast, Option, Reviews, Tuning

if TYPE_CHECKING:
    from tunecase.quantities import Draws

LEVERS = levers.LEVERS


def decide(
    project: Project,
    *,
    basis: Basis,
    definition: Definition,
    audit: Audit | None,
    estimate: Estimate,
    forecast: Forecast | None,
    spent: float = 0.0,
    no_pilot: str = "",
    tuning: Tuning | None = None,
    reviews: Reviews | None = None,
    rows: int | None = None,
    done: Collection[str] = (),
    what_if: bool = False,
    told: Callable[[int, int], None] | None = None,
) -> Decision:
    """The next step with the best expected value, the arithmetic of every lever, and where the advice flips.

        EV(lever) = mean over worlds of [ V credit passed - cost ],   first step = lever, then the best policy

    Nothing is bought on a problem that is not well posed, on data that are not fit, on a pilot that says nothing, or
    without a value: then the advice is what must come first, and levers are shown with chances and prices only.

    Args:
        spent: already paid, in the base currency; the budget holds for the rest.
        no_pilot: why no pilot could be run here, in words; empty when one was.
        tuning: a search over settings that the pilot made.
        reviews: what reviewers said of these training rows; they outweigh the audit's estimate of wrong labels.
        rows: usable rows at hand; the audit's, or the pilot's largest size, when left out.
        done: levers that measured rounds have used.
        what_if: also the smallest change of each input, one at a time, at which another lever wins.
        told: told how many of how many inputs were looked at for these.
    Returns: the Decision.
    Leaves out what a bigger model costs more to serve, and what serving costs where one of its two prices is missing.
    """
    value = value_or_saving(project, basis, definition)
    saving = serving_saving(basis)
    saved = 0.0 if saving is None else float(saving.mean())
    # Repairs and answers that the bill counts are paid from the same budget, whatever step is taken.
    gone = spent + estimate.fixed
    budget = project.budget.spread.median - gone if project.budget else float("inf")
    short = _short(basis, estimate, budget) if forecast is None else ""
    first = gate(project, definition, audit, forecast, value, basis.currency, no_pilot, saved, short)
    if forecast is None or len(forecast.points) < LEAST_SIZES or forecast.target is None:
        assert first is not None
        return _closed(first, (), value, basis, ())
    held = rows or max(forecast.points[-1].n, audit.usable if audit else 0)
    run_per_row = estimate.run_price.mean / max(held, 1) if estimate.run_price else 0.0
    model = project.models[-1] if project.models else catalog.default("models").value

    def stand(at: Basis, worth: "Draws | None", run: float, left: float, known: State | None = None) -> State:
        return standing(
            at, forecast, rows=held, definition=definition, audit=audit, value=worth, run_per_row=run * run_per_row,
            budget_left=left, model=model, tuning=tuning, reviews=reviews, done=done, known=known,
        )  # fmt: skip

    solved = solve(stand(basis, value, 1.0, budget))
    looks = looks_of(solved) if first is None else ()
    options = tuple(_option(offer, solved) for offer in solved.offers)
    notes = _assumptions(project, solved)
    if first is not None:
        return _closed(first, options, value, basis, notes)
    assert value is not None
    record = _choose(project, forecast, solved, options, looks, basis, notes)
    if not what_if:
        return record

    def again(at: Basis, scales: Mapping[str, float], known: State | None) -> State:
        left = (budget + gone) * scales.get(BUDGET, 1.0) - gone
        return stand(at, value_or_saving(project, at, definition), scales.get(RUN, 1.0), left, known)

    price = estimate.run_price.p50 if estimate.run_price else 0.0
    return replace(record, what_if=input_flips(solved, again, budget + gone, price, told))


def _short(basis: Basis, estimate: Estimate, left: float) -> str:
    """What is left of the budget beside the cheapest purchase, one fine-tune on the rows at hand, if it is too little.

    A pilot of the model itself on a machine that is there may ship for nothing, so too small a budget forbids none.
    """
    least = band(basis.draw("levers.first_run_hours") * person_hour(basis)).p10
    least += estimate.run_price.p10 if estimate.run_price else 0.0
    if left >= least:
        return ""
    currency = basis.currency
    return (
        f"What is left of the budget ({money(max(left, 0.0), currency)}) pays for nothing after it: to fine-tune once "
        f"costs at least {money(least, currency)}, so only a pilot that reaches the target by itself can go on."
    )


def _choose(
    project: Project,
    forecast: Forecast,
    solved: Solved,
    options: tuple[Option, ...],
    looks: tuple[Experiment, ...],
    basis: Basis,
    notes: tuple[str, ...],
) -> Decision:
    import numpy as np

    value = solved.state.value
    assert value is not None
    best = winner_of(solved)
    worths = {offer.lever: worth_of(solved, offer.lever) for offer in solved.offers}
    others = [offer for offer in solved.offers if offer.lever not in (best.lever, "stop")]
    others = [offer for offer in others if np.isfinite(worths[offer.lever])]
    others.sort(key=lambda offer: worths[offer.lever], reverse=True)
    runner_up = f"{others[0].action}, worth {money(worths[others[0].lever], basis.currency)}" if others else "none"
    advice, action, reason = best.lever, best.action, _reason(solved, forecast, best, runner_up, bool(others))
    look = best_look(looks)
    if look is not None and best.lever not in ("ship", "redefine"):
        advice, action = "look", look.action
        first = f"{best.action}, worth {money(worths[best.lever], basis.currency)}"
        reason = _look_reason(look, best, first, basis.currency)
        runner_up = first
    return Decision(
        advice=advice, action=action, reason=reason, options=options, value_of_target=band(value),
        flips_at=value_flips(project, solved, best, basis, value), runner_up=runner_up, assumptions=notes,
        currency=basis.currency, experiments=looks, certainty=certainty(solved),
    )  # fmt: skip


def _look_reason(look: Experiment, best: Offer, first: str, currency: str) -> str:
    assert look.worth is not None
    assert look.net is not None
    price = look.worth - look.net
    without = "nothing would be started" if best.lever == "stop" else f"the next step would be to {first}"
    return (
        f"Deciding with its result is worth {money(look.worth, currency)} more than deciding now, and it costs "
        f"{money(price, currency)}. Without it {without}."
    )


def _reason(solved: Solved, forecast: Forecast, best: Offer, runner_up: str, others: bool) -> str:
    currency = solved.state.currency
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
        f"the target, by {count(plan.most)} examples at the latest. {_own_curve(solved.state, forecast)}"
        f"Next best: {runner_up}."
    )


def _own_curve(state: State, forecast: Forecast) -> str:
    """What the pilot alone promises, where another model stood in: the difference is assumed, not measured."""
    if not forecast.stand_in or forecast.p_target is None:
        return ""
    return (
        f"The pilot's own curve gives {share(forecast.p_target)} at {count(forecast.n_max)} examples; that "
        f"{state.model} and the steps after it do better is assumed. "
    )


def _option(offer: Offer, solved: Solved) -> Option:
    state, blocked = solved.state, solved.blocked(offer)
    if offer.brings is not None and not blocked:
        gain, reach = state.shipping(offer.brings), offer.p_reach
        words = f"{figures(gain)} gain - {figures(0.0)} cost = {figures(gain)} {state.currency}"
        if state.value is None:
            return Option(
                offer.lever, offer.action, None, offer.first_step, FREE, reach, None, None, None, "", "measured"
            )
        return Option(
            offer.lever, offer.action, FREE, offer.first_step, FREE, reach, gain, 0.0, gain, words, offer.evidence
        )
    plan = None if blocked else plan_of(solved, offer.lever)
    if plan is None:
        return Option(
            offer.lever, offer.action, None, offer.first_step, None, offer.p_reach, None, None, None, "",
            offer.evidence, blocked=blocked,
        )  # fmt: skip
    if state.value is None:
        words = f"{share(plan.reach)} chance by {count(plan.most)} examples; value not stated"
        return Option(
            offer.lever, offer.action, None, offer.first_step, plan.first_cost, plan.reach, None, None, None, words,
            offer.evidence,
        )  # fmt: skip
    words = f"{figures(plan.gain)} gain - {figures(plan.cost)} cost = {figures(plan.worth)} {state.currency}"
    return Option(
        offer.lever, offer.action, band(plan.paid), offer.first_step, plan.first_cost, plan.reach, plan.gain,
        plan.cost, plan.worth, words, offer.evidence, _give_up(plan, state), then=plan.then,
    )  # fmt: skip


def _give_up(plan: Plan, state: State) -> str:
    if plan.most == plan.first_size and plan.threshold is None:
        return f"after the first test, at {count(plan.most)} examples"
    side = "less" if state.forecast.direction == "higher" else "more"
    early = f"after the first test if it shows {side} than {score(plan.threshold)}, and " if plan.threshold else ""
    beyond = ", unknowns counted" if state.prices.unforeseen else ""
    paid = f", where about {money(plan.most_paid, state.currency)} are spent{beyond}" if plan.most_paid else ""
    return f"{early}at {count(plan.most)} examples at the latest{paid}"


def _assumptions(project: Project, solved: Solved) -> tuple[str, ...]:
    state = solved.state
    # A lever that cannot be first may come later: what it is assumed to do is in every plan's worth.
    used = {step.name for node in solved.board.nodes for step in node.steps}
    notes = [offer.assumption for offer in solved.offers if offer.assumption and offer.lever in used]
    if state.value is not None:
        base = score(state.score(state.error_baseline))
        notes.insert(0, f"value counts answers above a baseline of {base}, at the target and no higher")
        if state.saving:
            less, size = ("less" if state.saving > 0 else "more"), money(abs(state.saving), state.currency)
            notes.insert(
                1, f"answers of the tuned model cost {size} {less} than today's over the horizon, once shipped"
            )
    if project.budget is None:
        notes.append("no budget given: plans may cost any amount")
    import numpy as np

    labour = float(np.mean(state.prices.labour)) * (1 + state.prices.unforeseen)
    beyond = f", unknowns among them (x{1 + state.prices.unforeseen:.2g})" if state.prices.unforeseen else ""
    notes.append(f"people's part of one round costs {money(labour, state.currency)} on average{beyond}")
    return tuple(notes)


def _closed(
    gate: Gate, options: tuple[Option, ...], value: "Draws | None", basis: Basis, notes: tuple[str, ...]
) -> Decision:
    return Decision(
        advice=gate.advice, action=gate.action, reason=gate.reason, options=options,
        value_of_target=None if value is None else band(value), flips_at="", runner_up="", assumptions=notes,
        currency=basis.currency,
    )  # fmt: skip
