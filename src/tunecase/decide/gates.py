"""What must come before any purchase: sound data, a well-posed problem, a pilot, a target, a value."""

from dataclasses import dataclass

from tunecase import catalog
from tunecase.forecast import LEAST_SIZES, to_error
from tunecase.plan import Known
from tunecase.project import Project
from tunecase.quantities import Band, Draws, money, score, sentence
from tunecase.records import Alternative, Audit, Definition, Forecast

SHIP = "ship what the pilot trained"
SHIP_UNTUNED = "ship what meets the target without a fine-tune"
NOTHING_TO_ADD = "a fine-tune has nothing to add."
DOING = ("prompt ", "ask ", "put ", "tune ")  # a way whose name says what to do
POWER = "P7"  # the rule that the test can show the gain
BELOW = "Chances and prices are below."


@dataclass(frozen=True, slots=True)
class Gate:
    """Something that must come before any purchase; `instead` says what takes the fine-tune's place, if anything.

    `look` is the code of a way to be tried first.
    """

    advice: str
    action: str
    reason: str
    instead: str = ""
    look: str = ""


def gate(
    facts: Known, value: "Draws | None", saving: float, no_pilot: str, short: str, *, ready: bool = False,
    ships: bool = False, shown: bool = True,
) -> Gate | None:  # fmt: skip
    """The first thing that must come before any purchase; None if nothing must.

    Args:
        facts: all that is known of the project, the definition among it.
        value: V in each world, None where it is not stated.
        saving: what serving costs less than today over the horizon, on average [base currency].
        no_pilot: why no pilot could be run, empty when one was.
        short: says that the budget pays for nothing after a pilot, where that is so.
        ready: a measured way can be put to use as it is, so that no curve has to say anything.
        ships: the step that is worth most ships a measured way for every answer.
        shown: the step that is worth most leads to a gain that a test must show; not where none is worth its price,
            nor where what is put to use rests on a promise.
    """
    assert facts.definition is not None
    forecast = facts.forecast
    first = _mend_data(facts.audit) or _mend_problem(facts.definition, facts.basis.currency, shown=shown)
    if first is None and not ships:
        first = _ship_untrained(facts.definition, saving)
    if first is not None:
        return first
    if forecast is None:
        reason = f"There is no forecast yet: a few small runs come before any purchase. {short}".rstrip()
        return Gate("pilot", "run the pilot", reason)
    return (
        (None if ready else _another_pilot(forecast, no_pilot))
        or _reached(facts, forecast, value, saving)
        or (_no_value(facts.project) if value is None else None)
    )


def _mend_data(audit: Audit | None) -> Gate | None:
    if audit is None or audit.ok:
        return None
    return Gate("fix first", "mend the data before anything is trained", f"{sentence(audit.reason)}{_repairs(audit)}")


def _mend_problem(definition: Definition, currency: str, *, shown: bool) -> Gate | None:
    """What the problem lacks; where no test has to show a gain, more test rows are asked for by nothing."""
    if definition.verdict != "do not start":
        return None
    failed = [c for c in definition.criteria if c.status == "fail" and c.severity == "stop"]
    if not shown and all(rule.id == POWER for rule in failed):
        return None
    fixes = " ".join(_remedy(c.fix, c.price, currency) for c in failed)
    return Gate("fix first", "mend the problem before anything is trained", f"{sentence(definition.reason)} {fixes}")


def _ship_untrained(definition: Definition, saving: float) -> Gate | None:
    """What reaches the target without a fine-tune is shipped, unless a tuned model serves for less."""
    score_had, target = definition.untrained, definition.target
    direction = next((metric.direction for metric in catalog.metrics() if metric.name == definition.metric), None)
    if score_had is None or target is None or direction is None or saving > 0:
        return None
    if to_error(score_had, direction) > to_error(target, direction):
        return None
    elsewhere = {name for name, log in definition.logs if log.on == "elsewhere"}
    here = [way for way in definition.alternatives if _field(way) not in elsewhere]
    meeting = [way for way in here if _meets(way, target, direction)]
    if not meeting and elsewhere:
        return None
    if not meeting:
        reason = f"The best score without a fine-tune ({score(score_had)}) reaches the target already: {NOTHING_TO_ADD}"
        return Gate("ship", SHIP_UNTUNED, reason, "Do not fine-tune: what is there already does it.")
    best, *others = meeting
    words = sentence(f"{best.action}: {_scored(best, target, direction)}")
    if others:
        also = ", ".join(f"{way.action} ({score(way.score or 0.0)})" for way in others)
        words += f" It is met as well by {also}."
    use = "" if best.action.startswith(DOING) else "use "
    return Gate("ship", SHIP_UNTUNED, f"{words} {sentence(NOTHING_TO_ADD)}", f"Do not fine-tune: {use}{best.action}.")


def _meets(way: Alternative, target: float, direction: str) -> bool:
    """Whether a way that needs no fine-tune has a score, and it meets the target."""
    if way.score is None or way.struck or way.name.startswith("tune"):
        return False
    return to_error(way.score, direction) <= to_error(target, direction)


def _field(way: Alternative) -> str:
    """The field of the project file that holds the score of a way."""
    return "today.score" if way.name == "today" else f"alternatives.{way.name}.score"


def _scored(way: Alternative, target: float, direction: str) -> str:
    """The score that meets the target, its doubt, and whether its cautious end meets the target too."""
    assert way.score is not None
    if way.interval is None:
        return f"its score of {score(way.score)} meets the target of {score(target)}"
    low, high = way.interval.low, way.interval.high
    worst = high if direction == "lower" else low
    doubt = "" if to_error(worst, direction) <= to_error(target, direction) else ", but too few test rows show it yet"
    return (
        f"its score of {score(way.score)} (80% sure: {score(low)} to {score(high)}) meets the target of "
        f"{score(target)}{doubt}"
    )


def _another_pilot(forecast: Forecast, no_pilot: str) -> Gate | None:
    """What a curve that says too little asks for, or one without a target within its reach."""
    if forecast.verdict == "above the ceiling":
        return Gate("redefine", "relabel or lower the target", sentence(forecast.reason))
    if forecast.verdict in ("not a pilot yet", "pilot uninformative"):
        return Gate("pilot", f"run the next pilot: {forecast.next_pilot}", _why_pilot(forecast, no_pilot))
    if forecast.target is None:
        return Gate("state the target", "say which score is worth shipping", "Without a target nothing can be reached.")
    return None


def _reached(facts: Known, forecast: Forecast, value: "Draws | None", saving: float) -> Gate | None:
    """What a pilot that meets the target leaves to do: stop where serving it costs more than it gains, else ship."""
    if forecast.verdict != "reached" or (facts.way is None and forecast.stand_in and facts.ways):
        return None  # what reached it is weighed as a way of its own, with its own serving and upkeep
    if value is not None and value.mean() + saving < 0:
        dearer = money(-saving, facts.basis.currency)
        told = f"Serving it and keeping it up costs {dearer} more than today's answers, more than its gain."
        reason = f"{sentence(forecast.reason)} {told}"
        return Gate("stop", "stop here", reason)
    if value is None or (facts.way is None and len(forecast.points) < LEAST_SIZES):
        action = SHIP if facts.way is None else f"ship {facts.way.words}"
        return Gate("ship", action, f"{sentence(forecast.reason)} Nothing has to be bought.")
    return None


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
    reason = "Without today.score, the score of what is in use today, no gain can be weighed."
    return Gate("state the value", "score what is in use today", f"{reason} {BELOW}")


def _remedy(fix: str, price: Band | None, currency: str) -> str:
    return f"{sentence(fix)}" + (f" Price: {money(price.p50, currency)}." if price else "") if fix else ""
