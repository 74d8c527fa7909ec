"""What should the next dollar buy? The first step of the lever whose plan has the best expected value."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase import catalog, levers
from tunecase.curves import LEAST_SIZES, believe, to_error
from tunecase.levers import Offer, Plan, State
from tunecase.loop import of_the_model
from tunecase.prices import Basis, baseline_score, supply, target_value
from tunecase.project import Project
from tunecase.records import Audit, Decision, Definition, Estimate, Forecast, Option, Reviews, Tuning
from tunecase.spread import Band, band
from tunecase.wording import count, figures, money, score, sentence, share

if TYPE_CHECKING:
    from tunecase.spread import Draws

LEVERS: tuple[Callable[[State], Offer], ...] = (
    levers.ship,
    levers.fine_tune,
    levers.label,
    levers.clean,
    levers.tune,
    levers.bigger_model,
    levers.redefine,
    levers.stop,
)
SCALES = tuple(10 ** (k / 40) for k in range(-120, 121))
SHIP = "ship what the pilot trained"
BELOW = "Chances and prices are below."


@dataclass(frozen=True, slots=True)
class Gate:
    """Something that must come before any purchase."""

    advice: str
    action: str
    reason: str


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
) -> Decision:
    """The next step with the best expected value, the arithmetic of every lever, and where the advice flips.

    Nothing is bought on a problem that is not well posed, on data that are not fit, on a pilot that says nothing, or
    without a value: then the advice is what must come first, and levers are shown with chances and prices only.

    Args:
        spent: already paid, in the base currency; the budget holds for the rest.
        no_pilot: why no pilot could be run here, in words; empty when one was.
        tuning: a search over settings that the pilot made.
        reviews: what reviewers said of these training rows; they outweigh the audit's estimate of wrong labels.
    Returns: the Decision. Leaves out experiments other than the next pilot, and serving costs.
    """
    value = target_value(project, basis, definition)
    gate = _gate(project, definition, audit, forecast, value, basis.currency, no_pilot)
    if forecast is None or len(forecast.points) < LEAST_SIZES or forecast.target is None:
        assert gate is not None
        return _closed(gate, (), value, basis, ())
    state = _state(project, basis, definition, audit, estimate, forecast, value, spent, tuning, reviews)
    offers = tuple(lever(state) for lever in LEVERS)
    options = tuple(_option(offer, state, value is not None) for offer in offers)
    notes = _assumptions(project, offers, state, value)
    if gate is not None:
        return _closed(gate, options, value, basis, notes)
    assert value is not None
    return _choose(project, forecast, offers, options, value, basis, notes)


def _gate(
    project: Project,
    definition: Definition,
    audit: Audit | None,
    forecast: Forecast | None,
    value: "Draws | None",
    currency: str,
    no_pilot: str,
) -> Gate | None:
    if audit is not None and not audit.ok:
        return Gate(
            "fix first", "mend the data before anything is trained", f"{sentence(audit.reason)}{_repairs(audit)}"
        )
    if definition.verdict == "do not start":
        failed = [c for c in definition.criteria if c.status == "fail" and c.severity == "stop"]
        fixes = " ".join(_remedy(c.fix, c.price, currency) for c in failed)
        return Gate(
            "fix first", "mend the problem before anything is trained", f"{sentence(definition.reason)} {fixes}"
        )
    if forecast is None:
        return Gate("pilot", "run the pilot", "There is no forecast yet: a few small runs come before any purchase.")
    if forecast.verdict == "above the ceiling":
        return Gate("redefine", "relabel or lower the target", sentence(forecast.reason))
    if forecast.verdict in ("not a pilot yet", "pilot uninformative"):
        return Gate("pilot", f"run the next pilot: {forecast.next_pilot}", _why_pilot(forecast, no_pilot))
    if forecast.target is None:
        return Gate("state the target", "say which score is worth shipping", "Without a target nothing can be reached.")
    if forecast.verdict == "reached" and (value is None or len(forecast.points) < LEAST_SIZES):
        return Gate("ship", SHIP, f"{sentence(forecast.reason)} Nothing has to be bought.")
    return _no_value(project) if value is None else None


def _repairs(audit: Audit) -> str:
    """What mending costs; a price that leaves out the very thing that stops the data is said to do so."""
    unpriced = [f for f in audit.findings if f.severity == "stop" and f.price is None]
    words = f" {sentence(unpriced[0].fix)} No price can be put on that." if unpriced else ""
    if not audit.repair_price.p50:
        return words
    what = "All other repairs" if unpriced else "Repairs"
    return f"{words} {what} cost {money(audit.repair_price.p50, audit.currency)}."


def _why_pilot(forecast: Forecast, no_pilot: str) -> str:
    if not no_pilot:
        return sentence(forecast.reason)
    read = f"tunecase forecast points.csv --metric {forecast.metric}"
    if forecast.target is not None:
        read += f" --target {forecast.target:g}"
    bring = f"Bring points that were measured elsewhere, a CSV of n,score: `{read}` reads them."
    return f"{sentence(no_pilot)} {sentence(forecast.reason)} {bring}"


def _no_value(project: Project) -> Gate:
    """What is missing before a purchase can be weighed."""
    problem = project.problem
    if problem.metric is not None and not catalog.metric(problem.metric).binomial:
        reason = f"{problem.metric} does not count right answers, so problem.value cannot weigh a gain in it."
        return Gate("state the value", "choose a metric that counts right answers", f"{reason} {BELOW}")
    missing = [f"problem.{name}" for name in ("value", "volume") if getattr(problem, name) is None]
    if missing:
        reason = f"Without {' and '.join(missing)} no purchase can be weighed."
        return Gate("state the value", "say what one more correct answer is worth", f"{reason} {BELOW}")
    reason = "Without problem.baseline, the score of what is in use today, no gain can be weighed."
    return Gate("state the value", "score what is in use today", f"{reason} {BELOW}")


def _remedy(fix: str, price: Band | None, currency: str) -> str:
    return f"{sentence(fix)}" + (f" Price: {money(price.p50, currency)}." if price else "") if fix else ""


def _state(
    project: Project,
    basis: Basis,
    definition: Definition,
    audit: Audit | None,
    estimate: Estimate,
    forecast: Forecast,
    value: "Draws | None",
    spent: float,
    tuning: Tuning | None,
    reviews: Reviews | None,
) -> State:
    import numpy as np

    metric = catalog.metric(forecast.metric)
    belief = believe(
        forecast.points, direction=forecast.direction, bounded=metric.bounded, binomial=metric.binomial,
        seed=basis.worlds.seed, language_model=forecast.language_model,
    )  # fmt: skip
    # A pilot may end below the rows at hand (a cap on time or rows): those are paid for already.
    sizes = [min(max(forecast.points[-1].n, audit.usable if audit else 0), forecast.n_max)]
    while sizes[-1] < forecast.n_max and len(sizes) < 8:
        sizes.append(int(min(2 * sizes[-1], forecast.n_max)))
    base = baseline_score(project, definition)
    target = forecast.target
    assert target is not None
    budget = project.budget.spread.median - spent if project.budget else float("inf")
    return State(
        paths=of_the_model(belief.paths(sizes, draws=basis.worlds.n), forecast, basis), sizes=tuple(sizes),
        error_target=to_error(target, forecast.direction),
        error_baseline=to_error(base, forecast.direction) if base is not None else 1.0,
        error_floor=0.0 if forecast.ceiling is None else to_error(forecast.ceiling, forecast.direction),
        test_rows=forecast.points[-1].test_rows if metric.binomial else None,
        value=value if value is not None else np.zeros(basis.worlds.n),
        round_cost=estimate.round_price.mean,
        run_cost=estimate.run_price.mean if estimate.run_price else 0.0, supply=supply(basis),
        budget_left=budget, forecast=forecast, audit=audit, estimate=estimate, basis=basis,
        model=project.models[-1] if project.models else catalog.default("models").value, tuning=tuning,
        reviews=reviews,
    )  # fmt: skip


def _worth(offer: Offer, scale: float = 1.0) -> float:
    return float("-inf") if offer.plan is None else offer.plan.worth(scale)


def _winner(offers: tuple[Offer, ...], scale: float) -> Offer:
    best = max(offers, key=lambda offer: _worth(offer, scale))
    if _worth(best, scale) > 0:
        return best
    # What already meets the target costs nothing, so it is shipped even where it adds nothing to what is in use.
    return next(offer for offer in offers if offer.plan and offer.lever in ("ship", "stop"))


def _choose(
    project: Project,
    forecast: Forecast,
    offers: tuple[Offer, ...],
    options: tuple[Option, ...],
    value: "Draws",
    basis: Basis,
    notes: tuple[str, ...],
) -> Decision:
    best = _winner(offers, 1.0)
    others = sorted((o for o in offers if o.lever not in (best.lever, "stop") and o.plan), key=_worth, reverse=True)
    runner_up = f"{others[0].action}, worth {money(_worth(others[0]), basis.currency)}" if others else "none"
    assert best.plan is not None
    if best.lever == "stop":
        short = [o for o in offers if o.blocked.startswith(levers.TOO_DEAR)]
        if others:
            reason = f"No step is worth its price at this value; the best other one is to {runner_up}."
        elif short:
            reason = "What is left of the budget pays for no first step."
        else:
            reason = "No step is worth its price at this value."
    elif best.lever == "ship":
        reason = f"{sentence(forecast.reason)} Nothing has to be bought."
    else:
        gain, cost, p_reach = best.plan.means()
        reason = (
            f"Its plan is worth {money(gain - cost, basis.currency)} in expectation: {share(p_reach)} chance to reach "
            f"the target, by {count(best.plan.give_up()[0])} examples at the latest. Next best: {runner_up}."
        )
    return Decision(
        advice=best.lever, action=best.action, reason=reason, options=options, value_of_target=band(value),
        flips_at=_flips(project, offers, best, basis, value), runner_up=runner_up, assumptions=notes,
        currency=basis.currency,
    )  # fmt: skip


def _flips(project: Project, offers: tuple[Offer, ...], best: Offer, basis: Basis, worth: "Draws") -> str:
    """The nearest values per correct answer, below and above today's mean, at which another lever wins.

    Each is rounded away from today's value, so that the advice does flip when it is written into the project file.
    """
    assert project.problem.value is not None
    # The one certain value per correct answer that makes the target worth as much as the doubtful one does.
    each = basis.worlds.draw("problem.value", project.problem.value.spread)
    value = float(worth.mean() / (worth / each).mean() if each.min() > 0 < worth.mean() else each.mean())
    unit = f"{basis.currency} per correct"
    words = []
    for scales, side in (
        (tuple(s for s in reversed(SCALES) if s < 1), "below"),
        ((s for s in SCALES if s > 1), "above"),
    ):
        for scale in scales:
            rounded = _two_figures(value * scale, up=side == "above")
            winner = _winner(offers, rounded / value)
            if winner.lever != best.lever:
                words.append(f"{side} {figures(rounded)} {unit} to {winner.lever.replace('_', ' ')}")
                break
    return "; ".join(words) or f"nowhere between a thousandth and a thousand times {figures(value)} {unit}"


def _two_figures(value: float, up: bool) -> float:
    """The nearest number of two significant figures at or above, or at or below, a positive value."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return (math.ceil if up else math.floor)(value / unit) * unit


def _option(offer: Offer, state: State, has_value: bool) -> Option:
    plan = offer.plan
    if plan is None or not has_value:
        p_reach = offer.p_reach if plan is None else float(plan.weight @ plan.reach[:, -1])
        words = "" if plan is None else f"{share(p_reach)} chance by {count(plan.sizes[-1])} examples; value not stated"
        return Option(
            offer.lever, offer.action, None, offer.first_step, offer.first_step_cost, p_reach, None, None, None, words,
            offer.evidence, blocked=offer.blocked,
        )  # fmt: skip
    gain, cost, p_reach = plan.means()
    worth = gain - cost
    words = f"{figures(gain)} gain - {figures(cost)} cost = {figures(worth)} {state.currency}"
    give_up = "" if offer.lever in ("stop", "ship") else _give_up(plan, state)
    return Option(
        offer.lever, offer.action, plan.cost_band(), offer.first_step, offer.first_step_cost, p_reach, gain, cost,
        worth, words, offer.evidence, give_up, offer.blocked,
    )  # fmt: skip


def _give_up(plan: Plan, state: State) -> str:
    size, threshold = plan.give_up()
    if size == plan.sizes[0]:
        return f"after the first test, at {count(size)} examples"
    early = f"after the first test if it shows less than {score(threshold)}, and " if threshold is not None else ""
    return f"{early}at {count(size)} examples at the latest"


def _assumptions(project: Project, offers: tuple[Offer, ...], state: State, value: "Draws | None") -> tuple[str, ...]:
    notes = [offer.assumption for offer in offers if offer.assumption]
    if value is not None:
        base = _score_words(state)
        notes.insert(0, f"value counts answers above a baseline of {base}, at the target and no higher")
    if project.budget is None:
        notes.append("no budget given: plans may cost any amount")
    notes.append(f"one round costs {money(state.round_cost, state.currency)} in labour, training and evaluation")
    return tuple(notes)


def _score_words(state: State) -> str:
    error = state.error_baseline
    return score(1 - error if state.forecast.direction == "higher" else error)


def _closed(
    gate: Gate, options: tuple[Option, ...], value: "Draws | None", basis: Basis, notes: tuple[str, ...]
) -> Decision:
    return Decision(
        advice=gate.advice, action=gate.action, reason=gate.reason, options=options,
        value_of_target=None if value is None else band(value), flips_at="", runner_up="", assumptions=notes,
        currency=basis.currency,
    )  # fmt: skip
