"""The evidence: other ways, the learning curve, the options, what moves the total, and what is still open."""

from collections.abc import Sequence

from tunecase import catalog
from tunecase.accounts.forecast import curve
from tunecase.accounts.material import Material
from tunecase.accounts.parts.checks import data_finding, rules_finding, several
from tunecase.accounts.parts.names import step_title, way_title
from tunecase.accounts.parts.words import budget_name
from tunecase.accounts.verdict import plan_of
from tunecase.accounts.words import capital, is_share, plain_words, score_words, short_name, tuned_model
from tunecase.blocks import Finding, Part, Rests, Row, Rows
from tunecase.prices import amount, input_title, is_price
from tunecase.quantities import count, plain_figure, plain_money, plain_share
from tunecase.records import (
    Alternative,
    Decision,
    Definition,
    Driver,
    Estimate,
    Forecast,
    Inference,
    InferenceWay,
    Option,
    Plan,
)

MOST_WAYS = 8
# Why a way in use scores nothing: only answers that need nobody count.
UNAIDED = {"people": "no answer without a person", "nobody": "nobody gives the answers"}
MOST_DRIVERS = 3
MOST_SERVED = 5
CLEARLY = 1.1  # how much more one input must move the total than the next, to be said to move it most
FURTHER = 0.1  # how much likelier the larger model must be, for its own sentence
# The chance from which on what was piloted is said to do so, and the words.
CHANCES = (
    (0.8, "will probably reach"), (0.5, "may well reach"), (0.2, "might reach"), (0.05, "is unlikely to reach"),
    (0.01, "will hardly reach"),
)  # fmt: skip
LARGER = ((0.8, "The larger one probably will."), (0.2, "The larger one might."))


def evidence(material: Material) -> Part:
    """The part of the page on evidence; what no record holds is left out."""
    plan = plan_of(material)
    made = (
        _ways(material),
        _curve(material, plan),
        _options(material),
        _drivers(material.estimate),
        data_finding(material.audit),
        rules_finding(material.definition),
        _inference(material.inference),
    )
    return Part("evidence", "Evidence", lede(material), tuple(finding for finding in made if finding is not None))


def lede(material: Material) -> str:
    """What was measured, what is assumed, and what nobody knows."""
    measured = _measured(material)
    words = f"Measured: {', '.join(measured)}." if measured else "Nothing was measured yet."
    plan = plan_of(material)
    stand_in = material.forecast is not None and material.forecast.stand_in
    if stand_in or (plan is not None and plan.evidence.get("chance") == "assumed"):
        words += f" Assumed: {'the larger model' if stand_in else 'how good the model gets'}."
    if material.definition is not None and _prompt_open(material.definition):
        words += " Not known: whether a prompt would do."
    return words


def _measured(material: Material) -> list[str]:
    told = ["the data"] if material.audit is not None else []
    pilot = material.pilot
    if pilot is not None and pilot.mean_scores:
        name = plain_words(short_name(pilot.model or pilot.trainer))
        told.append(f"a small stand-in ({name})" if pilot.stand_in else name)
    return told


# Other ways


def _prompt_open(definition: Definition) -> bool:
    """Whether a prompt could give the answers, and nobody has tried one."""
    prompts = [way for way in definition.alternatives if way.name.startswith("prompt") and not way.struck]
    return bool(prompts) and all(way.score is None for way in prompts)


def _ways(material: Material) -> Finding | None:
    definition = material.definition
    if definition is None or not (shown := shown_ways(definition)):
        return None
    who = "" if material.project is None else material.project.today.who or ""
    rows = tuple(_way(way, definition, who if way.name == "today" else "") for way in shown)
    unit, as_share = (definition.metric or "score").replace("_", " "), is_share(definition.metric)
    head = ("Way", "Score", "To find out")
    chart = Rows("Ways to give the answers", head, rows, unit, definition.target, "target", as_share=as_share)
    beside = "Score on the test; dot: measured or stated, bar: 8 in 10. To find out: the price of trying it"
    return Finding(ways_title(definition), beside, (chart,))


def shown_ways(definition: Definition) -> tuple[Alternative, ...]:
    """The ways with a score, then those that can be tried, in that order; what is ruled out comes last."""
    ways = [way for way in definition.alternatives if not way.struck]
    scored = [way for way in ways if way.score is not None]
    open_ways = [way for way in ways if way.score is None and (way.measure or way.evidence == "assumed")]
    struck = [way for way in definition.alternatives if way.struck]
    return tuple([*scored, *open_ways, *struck][:MOST_WAYS])


def _way(way: Alternative, definition: Definition, who: str) -> Row:
    if way.struck:
        return Row(way_title(way), f"ruled out: {plain_words(way.struck)}", None, None, None, ("", ""))
    if way.score is None:
        told = "assumed to reach the target" if way.evidence == "assumed" else _published(way)
        return Row(way_title(way), told, None, None, None, ("not tried", _to_know(way, definition.currency)))
    low, high = (way.score, way.score) if way.interval is None else (way.interval.low, way.interval.high)
    rests: Rests = "" if way.evidence == "unknown" else way.evidence
    figure = score_words(way.score, definition.metric)
    return Row(way_title(way), UNAIDED.get(who, ""), low, way.score, high, (figure, ""), rests)


def _published(way: Alternative) -> str:
    return "scored elsewhere" if way.published else ""


def _to_know(way: Alternative, currency: str) -> str:
    if way.measure_cost is None:
        return "not priced"
    return plain_money(way.measure_cost.p50, currency) if way.measure_cost.p50 else "free"


def ways_title(definition: Definition) -> str:
    """Whether something without a fine-tune reaches the target; else what scores best, or that nothing was tried."""
    scored = [
        way for way in definition.alternatives
        if way.score is not None and not way.struck and not way.name.startswith("tune")
    ]  # fmt: skip
    if not scored:
        return "No other way has been tried yet"
    lower = _lower(definition.metric)
    best = min(scored, key=lambda way: way.score or 0.0) if lower else max(scored, key=lambda way: way.score or 0.0)
    assert best.score is not None
    reached = score_words(best.score, definition.metric)
    if definition.target is None:
        return f"{way_title(best)} scores best so far: {reached}"
    target = score_words(definition.target, definition.metric)
    if (best.score <= definition.target) if lower else (best.score >= definition.target):
        return f"{'What is in use' if best.name == 'today' else way_title(best)} already reaches {target}"
    if _prompt_open(definition):
        return f"Nothing tried reaches {target}, and no prompt has been tried"
    return f"Nothing tried reaches {target}; the best gets {reached}"


def _lower(metric: str | None) -> bool:
    return any(one.name == metric and one.direction == "lower" for one in catalog.metrics())


# The learning curve


def _curve(material: Material, plan: Plan | None) -> Finding | None:
    forecast = material.forecast
    if forecast is None or not forecast.points:
        return None
    drawn = curve(forecast, material)
    lines = "dots: measured, solid: carried on, dashed: assumed" if drawn.assumed else "band: 8 in 10"
    beside = f"{_metric(forecast)} by number of training examples; {lines}"
    return Finding(curve_title(forecast, plan), beside, (drawn,), _curve_note(forecast, tuned_model(material)))


def _metric(forecast: Forecast) -> str:
    return capital(plain_words(forecast.metric.replace("_", " ")))


def curve_title(forecast: Forecast, plan: Plan | None) -> str:
    """Whether what was piloted reaches the target with more examples, and what the larger model might do."""
    who = "The small stand-in" if forecast.stand_in else "The model"
    if forecast.target is None:
        return _gain_title(forecast)
    target = score_words(forecast.target, forecast.metric)
    if forecast.verdict == "above the ceiling":
        return f"People themselves do not agree to {target}"
    if forecast.verdict == "reached":
        return f"{who} already reaches {target}"
    if forecast.p_target is None:
        return f"Too little was measured to say whether {target} can be reached"
    first = f"{who} {_does(forecast.p_target)} {target}"
    chance = None if plan is None or plan.chance is None else plan.chance.shown.value
    if not forecast.stand_in or chance is None or chance < forecast.p_target + FURTHER:
        return first
    second = next((words for least, words in LARGER if chance >= least), "")
    if second == LARGER[1][1] and forecast.p_target >= LARGER[1][0]:
        second = "The larger one is likelier to."
    return f"{first}. {second}" if second else first


def _does(chance: float) -> str:
    return next((words for least, words in CHANCES if chance >= least), "will not reach")


def _gain_title(forecast: Forecast) -> str:
    """Without a target: what more examples bring."""
    if not forecast.band:
        return "What was measured so far"
    last, end = max(forecast.points, key=lambda point: point.n), forecast.band[-1]
    now, then = (score_words(value, forecast.metric) for value in (last.score, end.score.mid))
    if now == then:
        return "More examples hardly help"
    return f"From {count(last.n)} to {count(end.n)} examples the score goes from {now} to {then}"


def _curve_note(forecast: Forecast, model: str) -> str:
    if not forecast.stand_in:
        return ""
    factor = catalog.default(forecast.stand_in_factor)
    name = plain_words(model) or "the larger model"
    whose = "a range that is assumed" if "assumption" in factor.source else "a range from other models' runs"
    words = f"The band of {name} is no forecast from your data."
    return f"{words} It takes the stand-in's errors times {factor.value}, {whose}."


# The options


def _options(material: Material) -> Finding | None:
    decision, larger = material.decision, _is_larger(material)
    if decision is None or not (shown := shown_options(decision)):
        return None
    rows = tuple(_option(option, decision, larger=larger) for option in shown)
    limit = None if decision.plan is None else decision.plan.budget_left
    name = "budget" if decision.plan is None else budget_name(decision.plan, material.estimate)
    head = ("Next step", "First step", "Chance", "Worth")
    chart = Rows("What the next step could be", head, rows, decision.currency, limit, name)
    beside = f"First step, {decision.currency}; dot: middle case, bar: 8 in 10, figure: enough four times in five"
    return Finding(options_title(decision, larger=larger), beside, (chart,), _options_note(decision))


def _is_larger(material: Material) -> bool:
    """Whether the fine-tune is of another model than the one that was piloted in its place."""
    return material.forecast is not None and material.forecast.stand_in


def shown_options(decision: Decision) -> tuple[Option, ...]:
    """The steps that are possible or have a price, the advised one first and stopping last; one row for stopping."""
    kept = [one for one in decision.options if one.lever != "stop" and (one.release or not one.blocked)]
    kept.sort(key=lambda one: (one is not decision.best, one.worth is None, -(one.worth.value if one.worth else 0.0)))
    stop = [one for one in decision.options if one.lever == "stop" and one.way in ("", decision.way)]
    return (*kept, *stop[:1]) if kept else ()


def _option(option: Option, decision: Decision, *, larger: bool) -> Row:
    first = option.first_step_cost
    low, mid, high = (None, None, None) if first is None else (first.p10, first.p50, first.p90)
    beside = plain_words("spend nothing more" if option.lever == "stop" else option.first_step or option.action)
    way = plain_words(option.way)
    if way and option.lever != "stop" and way.split(",")[0] not in beside:
        beside = f"{way}: {beside}"
    rests: Rests = "measured" if option.evidence == "measured" and option.lever != "stop" else ""
    rests = "assumed" if option.evidence == "assumed" else rests
    name = step_title(option.lever, larger=larger and not option.way)
    if option.blocked:
        why = "too dear" if "budget" in option.blocked else "not possible"
        return Row(name, beside, low, mid, high, (plain_figure(option.release), "–", why), rests)
    figures = (
        plain_figure(option.release),
        "–" if option.chance is None else plain_share(option.chance),
        "–" if option.worth is None else plain_figure(option.worth),
    )
    return Row(name, beside, low, mid, high, figures, rests, option is decision.best)


def options_title(decision: Decision, *, larger: bool = False) -> str:
    """What the comparison of the steps shows; each wording holds only where the figures say so."""
    if decision.instead:
        return "Another way takes the place of the fine-tune"
    best = decision.best
    weighed = [one for one in decision.options if one.lever != "stop" and not one.blocked and one.worth is not None]
    if decision.advice == "stop" or (best is not None and best.lever == "stop"):
        return "No step pays for itself" if weighed else "Stopping is the only step that is left"
    if best is None or best.worth is None:
        return f"First: {plain_words(decision.action)}"
    name, rivals = step_title(best.lever, larger=larger and not best.way), [one for one in weighed if one is not best]
    if not rivals:
        return f"{name}: the only step that can be weighed"
    if any(one.worth is not None and one.worth.shown > best.worth.shown for one in rivals):
        return f"{name}: advised, though another step is worth more"
    if all(_price(best) < _price(one) for one in rivals):
        return f"{name}: the cheapest step, and worth the most"
    return f"{name}: worth the most"


def _price(option: Option) -> float:
    return float("inf") if option.release is None else option.release.value


def _options_note(decision: Decision) -> str:
    words = "Worth: the value brought less all costs, on average over success and failure."
    blocked = {one.lever for one in decision.options if one.blocked and not one.release}
    if not blocked:
        return words
    others = several(len(blocked), "other step is", "other steps are")
    return f"{words} {capital(others)} not possible yet; the account of the decision says why."


# What moves the total


def _drivers(estimate: Estimate | None) -> Finding | None:
    moving = moving_inputs(estimate)
    if estimate is None or not moving:
        return None
    currency = estimate.currency
    rows = tuple(_driver(one, currency) for one in moving[:MOST_DRIVERS])
    mean = estimate.plan.total.expected.shown if estimate.plan is not None else None
    chart = Rows("What moves the total", ("What", "From", "To"), rows, currency, base=mean)
    beside = f"Average total in {currency} when one thing is at its low or its high end"
    return Finding(drivers_title(moving), beside, (chart,))


def moving_inputs(estimate: Estimate | None) -> tuple[Driver, ...]:
    """The inputs of which it is known how far they move the total, the furthest first."""
    known = [one for one in (estimate.drivers if estimate is not None else ()) if _swing(one)]
    return tuple(sorted(known, key=_swing, reverse=True))


def _swing(driver: Driver) -> float:
    if driver.total_low is None or driver.total_high is None:
        return 0.0
    return abs(driver.total_high - driver.total_low)


def _driver(driver: Driver, currency: str) -> Row:
    low, high = sorted((driver.total_low or 0.0, driver.total_high or 0.0))
    return Row(
        capital(plain_words(input_title(driver.name))), _ends(driver, currency), low, None, high,
        (plain_figure(low), plain_figure(high)),
    )  # fmt: skip


def _ends(driver: Driver, currency: str) -> str:
    """The low and the high end of an input, in its unit."""
    if driver.input_low is None or driver.input_high is None:
        return ""
    if driver.name.startswith("stand_in"):
        return f"{driver.input_low:.2g} to {driver.input_high:.2g} times the stand-in's errors"
    if driver.name.startswith("unknowns"):
        return f"{driver.input_low:.2g} to {driver.input_high:.2g} times the hours foreseen"
    low, high = (amount(driver.name, value, currency) for value in (driver.input_low, driver.input_high))
    number, _, unit = low.partition(" ")
    return f"{number} to {high}" if unit and high.endswith(unit) else f"{low} to {high}"


def drivers_title(moving: Sequence[Driver]) -> str:
    """What moves the total most: said of one input where it clearly leads, of overruns against prices, or of two."""
    first, *others = moving
    prices = [one for one in moving if is_price(one.name)]
    if first.name.startswith("unknowns") and prices and all(_leads(first, one) for one in prices):
        return "Overruns move the bill more than any price does"
    if not others or _leads(first, others[0]):
        return f"Nothing moves the bill more than {plain_words(input_title(first.name))}"
    leading, next_ = (plain_words(input_title(one.name)) for one in (first, others[0]))
    return f"{capital(leading)} and {next_} move the bill most"


def _leads(first: Driver, other: Driver) -> bool:
    return _swing(first) > CLEARLY * _swing(other)


# What the answers cost


def _inference(record: Inference | None) -> Finding | None:
    if record is None or not (ranked := _ranked(record)):
        return None
    rows = tuple(_served(way) for way in ranked[:MOST_SERVED])
    chart = Rows("What the answers cost", ("Way", "A month", "1,000 answers"), rows, record.currency)
    volume = plain_figure(record.answers_per_month.p50)
    beside = f"{record.currency} a month at {volume} answers; dot: middle case, bar: 8 in 10"
    return Finding(inference_title(record), beside, (chart,), _break_even(record))


def _ranked(record: Inference) -> list[InferenceWay]:
    ways = [way for way in record.ways if way.rank is not None and way.per_month is not None]
    return sorted(ways, key=lambda way: way.rank or 0)


def _served(way: InferenceWay) -> Row:
    month = way.per_month
    assert month is not None
    each = "–" if way.per_1k is None else f"{way.per_1k.p50:.2g}"
    beside = "" if way.tuned else "not the tuned model: another score"
    return Row(plain_words(way.name), beside, month.p10, month.p50, month.p90, (plain_figure(month.p50), each))


def inference_title(record: Inference) -> str:
    """From which volume on another way is the cheaper one; else which way is the cheapest."""
    crossing = next((one for one in record.crossings if one.mid is not None), None)
    if crossing is not None and crossing.mid is not None:
        volume = plain_figure(crossing.mid)
        return f"From {volume} answers a month, {plain_words(crossing.cheaper)} is the cheaper way"
    return f"{capital(plain_words(_ranked(record)[0].name))} is the cheapest way to answer"


def _break_even(record: Inference) -> str:
    pays = next((one for one in record.break_even if one.mid is not None), None)
    if pays is None or pays.mid is None:
        return ""
    return f"By cheaper answers alone the project pays for itself from {plain_figure(pays.mid)} answers a month."
