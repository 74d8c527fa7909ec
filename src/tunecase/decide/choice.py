"""What should the next dollar buy? The first step of the lever whose plan has the best expected value.

A plan is a first step, and the rows that are bought on where its test says that they pay. Before any lever comes a look
(a run or a reading that only tells) where deciding with its result is worth more than it costs.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tunecase.decide.flips import input_flips, miss_flip, value_flips
from tunecase.decide.gates import Gate, gate
from tunecase.decide.looks import advised, looks_of
from tunecase.decide.options import options_of
from tunecase.decide.ways import already_there, compared, instead, other_ways, promised
from tunecase.forecast import LEAST_SIZES
from tunecase.plan import Drawn, Known, Solved
from tunecase.plan.costs import upkeep_of
from tunecase.plan.levers import State
from tunecase.prices import more_than_today, price_today, rest_goes_to_people, serving_saving, value_or_saving
from tunecase.project import Project
from tunecase.quantities import Draws, band, count, firm_money, firm_share, money, np, sampled, score, sentence, share
from tunecase.records import Decision, Forecast, Look, Option, Plan

UNCLEAR = "The pilot is too noisy to show a curve and had all rows at hand; the plan counts that doubt."


def decide(
    drawn: Drawn,
    made: Plan,
    *,
    no_pilot: str = "",
    simulated: bool = False,
    what_if: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Decision:
    """The next step with the best expected value, the arithmetic of every lever, and where the advice flips.

        EV(lever) = mean over worlds of [ V credit passed - cost ],   first step = lever

    Nothing is bought on a problem that is not well posed, on data that are not fit, on a pilot that says nothing while
    rows at hand were not tried, or without a value: then the advice is what must come first, and levers are shown with
    chances and prices only.

    Args:
        drawn: the plan in every world, of a project whose problem has been judged.
        made: its figures, which are those of the option advised.
        no_pilot: why no pilot could be run here, in words; empty when one was.
        simulated: the forecast's points were drawn, not measured, so that a pilot comes first.
        what_if: also the smallest change of each input, one at a time, at which another lever wins.
        progress: told how many of how many inputs were looked at for these.
    Returns: the Decision.
    Leaves out what a bigger model costs more to serve.
    """
    drawn = drawn.bound()
    facts, solved, basis = drawn.facts, drawn.solved, drawn.work.basis
    value = value_or_saving(facts.project, basis, facts.definition)
    known = replace(facts, forecast=None) if simulated else facts
    unclear = _weighs_doubt(known)
    ready = (bool(drawn.way) and solved is not None and bool(solved.winner.brings)) or unclear
    # A way at hand takes the place of today's way: its gain does not count from its own score.
    more = more_than_today(facts.project, basis, facts.definition) if drawn.way else 0.0
    first = gate(
        known, None if value is None else value + more, _mean_saving(drawn), no_pilot, _short(drawn), ready=ready,
        ships=bool(drawn.way) and made.lever == "ship", shown=made.advised and made.lever != "when_sure",
    )  # fmt: skip
    forecast, looks = known.forecast, looks_of(drawn, made)
    if first is not None and first.advice == "pilot" and not drawn.grounded and forecast is not None:
        look = advised(looks, made) or next((look for look in looks if look.command and not look.barred), None)
        first = first if look is None else Gate("look", _tried(look, drawn), forecast.reason, look=look.way)
    if solved is None or forecast is None or _no_curve(drawn, forecast) or forecast.target is None:
        assert first is not None
        return _closed(first, (), value, drawn, made, (), looks)
    options = (*options_of(drawn, made), *other_ways(drawn))
    notes = _assumptions(facts.project, solved)
    if first is not None:
        return _closed(first, options, value, drawn, made, notes, looks)
    record = _choose(drawn, made, options, looks, notes)
    if unclear:
        record = replace(record, reason=f"{record.reason} {UNCLEAR}")
    return replace(record, what_if=input_flips(drawn, progress)) if what_if else record


def _weighs_doubt(known: Known) -> bool:
    """Whether steps are weighed though the pilot is too noisy to show a curve: it used all rows at hand, and the plan
    counts that doubt. A larger pilot would have to be bought, which the board weighs as any other purchase.
    """
    forecast = known.forecast
    if forecast is None or forecast.verdict != "pilot uninformative" or forecast.fault or forecast.stand_in:
        return False
    return forecast.points[-1].n >= known.rows


def _no_curve(drawn: Drawn, forecast: Forecast) -> bool:
    """Whether too few sizes were measured to weigh anything; a measured way is weighed as it is."""
    return not drawn.way and len(forecast.points) < LEAST_SIZES


def _mean_saving(drawn: Drawn) -> float:
    """What a tuned model saves on answers less what keeping it up takes, over the horizon, on average."""
    saving = serving_saving(drawn.work.basis)
    kept = float(upkeep_of(drawn.work, drawn.facts.rows).mean())
    return -kept if saving is None else float(saving.mean()) - kept


def _short(drawn: Drawn) -> str:
    """Before a pilot: what is left of the budget beside the cheapest purchase, one fine-tune, if it is too little.

    A pilot of the model itself on a machine that is there may ship for nothing, so too small a budget forbids none.
    """
    solved, basis = drawn.solved, drawn.work.basis
    if drawn.facts.forecast is not None or solved is None:
        return ""
    left, prices = solved.state.budget_left, solved.state.prices
    run = prices.training(solved.state.sizes[0])
    least = band(np.asarray(prices.whole(solved.state.before + prices.people(1.0, 1.0) + run))).p10
    if left >= least:
        return ""
    currency = basis.currency
    return (
        f"What is left of the budget ({money(max(left, 0.0), currency)}) pays for nothing after it: to fine-tune "
        f"once costs at least {money(least, currency)}, so only a pilot that reaches the target by itself can go on."
    )


def _choose(
    drawn: Drawn, made: Plan, options: tuple[Option, ...], looks: tuple[Look, ...], notes: tuple[str, ...]
) -> Decision:
    """The best step, or the look that comes before it."""
    solved = drawn.solved
    assert solved is not None
    assert solved.state.value is not None
    currency, best = solved.state.currency, solved.winner
    # Nothing that is worth less than stopping is second best, unless stopping is the advice.
    least = float("-inf") if best.lever == "stop" else 0.0
    others = [
        (option.worth.value, option)
        for option in options
        if option.worth is not None and option.worth.value > least and option.lever != "stop"
        and (option.lever, option.way) != (best.lever, drawn.way)
    ]  # fmt: skip
    second = max(others, key=lambda pair: pair[0])[1] if others else None
    runner_up = "to stop, worth nothing" if second is None else _priced(second, currency)
    advice, action, reason = best.lever, best.action, _reason(drawn, made, runner_up, second is not None)
    ends = best.lever in ("ship", "redefine") and not made.falls_short
    look = None if ends else advised(looks, made, nothing_asked=best.lever == "stop")
    if look is not None:
        advice, action = "look", _tried(look, drawn)
    return Decision(
        advice=advice, action=action, reason=reason, options=options, value_of_target=band(solved.state.value),
        runner_up=runner_up, assumptions=notes, currency=currency,
        looks=looks, first_look="" if look is None else look.way, plan=made,
        way=drawn.way, instead=already_there(drawn) if advice == "stop" else instead(drawn, made),
        value_flips=value_flips(drawn), miss_flip=miss_flip(drawn),
    )  # fmt: skip


def _priced(option: Option, currency: str) -> str:
    assert option.worth is not None
    return f"{option.action}, worth {firm_money(option.worth, currency)}"


def _reason(drawn: Drawn, made: Plan, runner_up: str, others: bool) -> str:
    solved = drawn.solved
    assert solved is not None
    currency, forecast, best = solved.state.currency, solved.state.forecast, solved.winner
    if best.lever == "stop":
        if drawn.beyond_budget:
            return "What is left of the budget pays for no first step with a release after it."
        if others:
            return f"No step is worth its price at this value; the best other one is to {runner_up}."
        return "No step is worth its price at this value."
    beside = f" {compared(drawn, made)}" if drawn.way else ""
    if best.lever == "ship":
        why = sentence(forecast.reason)
        if forecast.verdict != "reached" and made.chance is not None:
            why = sentence(f"{solved.state.ready_to_ship} meets the target in {firm_share(made.chance.shown)} of cases")
        return f"{why} Nothing has to be {'trained' if made.release.p80.value else 'bought'}.{beside}"
    if best.lever == "when_sure":
        return f"{promised(drawn)}{beside}"
    if best.brings is not None:
        brings = money(solved.state.shipping(best.brings), currency)
        return f"The pilot shows the fallback, which brings {brings}; no step beyond it is worth more than that."
    assert made.worth is not None
    assert made.chance is not None
    assert made.limits is not None
    return (
        f"Its plan is worth {firm_money(made.worth.expected, currency)} in expectation: "
        f"{firm_share(made.chance.shown)} chance to reach the target{_within(made)}, with "
        f"{count(made.limits.most_rows)} examples. {_own_curve(solved.state, made)}"
        f"Next best: {runner_up}.{beside}"
    )


def _within(made: Plan) -> str:
    return " within the budget" if made.budget_left is not None else ""


def _own_curve(state: State, made: Plan) -> str:
    """What more examples alone promise, which is another question; of a stand-in the difference is assumed."""
    forecast = state.forecast
    if forecast.p_target is None:
        return ""
    if not forecast.stand_in:
        alone, same = share(forecast.p_target), made.chance is not None and firm_share(made.chance.shown)
        return "" if alone == same else f"More examples alone give {alone} at {count(forecast.n_max)} examples. "
    return (
        f"The pilot's own curve gives {share(forecast.p_target)} at {count(forecast.n_max)} examples; that "
        f"{state.model} and the steps after it do better is assumed. "
    )


def _assumptions(project: Project, solved: Solved) -> tuple[str, ...]:
    state = solved.state
    # A lever that cannot be first may come later: what it is assumed to do is in every plan's worth.
    used = {step.name for step in solved.board.steps}
    notes = [*_value_notes(state)]
    used.add(solved.winner.lever)
    notes += [offer.assumption for offer in solved.offers if offer.assumption and offer.lever in used]
    if project.budget is None:
        notes.append("no budget given: plans may cost any amount")
    labour = firm_money(sampled(state.prices.labour + 0 * state.paths[:, 0], np.mean), state.currency)
    return (*notes, f"people's part of one round costs {labour} on average, unknowns included")


def _value_notes(state: State) -> Iterator[str]:
    if state.value is None:
        return
    base = score(state.score(state.error_baseline))
    yield f"value counts answers above a baseline of {base}, at the target and no higher"
    if state.saving:
        less, size = ("less" if state.saving > 0 else "more"), money(abs(state.saving), state.currency)
        unknown = price_today(state.basis) is None and not rest_goes_to_people(state.basis)
        than = "" if price_today(state.basis) is None else f" {less} than today's"
        free = ", and today's are taken to cost nothing (today.price_per_1k)" if unknown else ""
        yield f"answers of the tuned model cost {size}{than} over the horizon, once shipped{free}"
    if state.upkeep is not None:
        kept = state.upkeep_of(state.sizes[0])
        yield f"keeping up what is shipped takes {money(kept, state.currency)} over the horizon"


def _closed(
    gate: Gate, options: tuple[Option, ...], value: "Draws | None", drawn: Drawn, made: Plan, notes: tuple[str, ...],
    looks: tuple[Look, ...],
) -> Decision:  # fmt: skip
    return Decision(
        advice=gate.advice, action=gate.action, reason=gate.reason, options=options, first_look=gate.look,
        value_of_target=None if value is None else band(value), runner_up="", assumptions=notes,
        currency=drawn.work.basis.currency, plan=replace(made, advised=False) if gate.instead else made,
        way=drawn.way if gate.advice in ("ship", "stop") and not gate.instead else "", looks=looks,
        instead=gate.instead or (instead(drawn, made) if gate.advice == "ship" else _in_its_place(gate, drawn)),
    )  # fmt: skip


def _tried(look: Look, drawn: Drawn) -> str:
    """A look as something to do."""
    assert drawn.facts.definition is not None
    return next(way.action for way in drawn.facts.definition.alternatives if way.name == look.way)


def _in_its_place(gate: Gate, drawn: Drawn) -> str:
    """The way that is there already, where no step is advised and the data are fit."""
    audit = drawn.facts.audit
    fit = audit is None or audit.ok
    return already_there(drawn) if fit and gate.advice in ("stop", "fix first") else ""
