"""The verdict: which of seven answers the records of a case give, in one sentence, and why in two at most."""

import math
import re
from collections.abc import Callable
from math import isclose

from tunecase.accounts.first import first_words
from tunecase.accounts.looks import TRIED, look_price, published_words
from tunecase.accounts.material import Material
from tunecase.accounts.words import is_share, plain_words, score_words, short_name, target_words, tuned_model
from tunecase.blocks import Rests, Tone, Verdict, VerdictKind
from tunecase.quantities import (
    Sampled,
    count,
    counted,
    one_line,
    paid,
    plain_figure,
    plain_money,
    plain_paid,
    plain_share,
    sentence,
)
from tunecase.records import PUT_TO_USE, Candidate, Criterion, Decision, Look, Option, Plan

# What settles a rule that stops a case, by the rule's id, and why it is asked; any other is asked for by its name.
TO_SETTLE: dict[str, tuple[str, str]] = {
    "P1": ("say which score is enough", "Without a target nothing can be reached or missed."),
    "P3": ("measure what is easy", "A gain needs something to be compared with."),
    "P6": ("find out how far people agree", "No model can be seen to do better than people agree."),
    "P7": ("label more test examples", "The test is too small to show the gain that you ask for."),
    "S1": ("find out whether the input tells the answer", "Here nothing does better than chance."),
    "D1": ("collect more examples", "There are too few to learn from."),
    "D5": ("settle examples with two answers", "What people contradict no model can learn."),
    "D7": ("take the test examples out of training", "A test that was seen in training proves nothing."),
}
UNDECIDED = {
    "state the target": "say which score is enough",
    "state the value": "say what a right answer is worth",
    "fix first": "settle what the data lack",
}
NAMED = re.compile(r" \((?=[a-zA-Z_.-]*\d)([\w.-]+)\)")  # the model that a way uses
WRONG = re.compile(r" with at most ([\d.]+)% of them wrong ")
SURE = 0.95  # of what is shipped: above it nobody need doubt the test
MOST_NAMED = 2  # open questions named one by one


def verdict(material: Material) -> Verdict:
    """The answer of a case in words; the first rule that holds makes it, and the last one always holds."""
    return next(made for rule in RULES if (made := rule(material)) is not None)


def plan_of(material: Material) -> Plan | None:
    """The plan: the decision's, or the bill's where nothing is decided yet."""
    records = (material.decision, material.estimate)
    return next((one.plan for one in records if one is not None and one.plan is not None), None)


def advised_plan(material: Material) -> Plan | None:
    """The plan whose first step is the decision's advice; None where something else is advised, or comes first."""
    decision = material.decision
    plan = None if decision is None else decision.plan
    if decision is None or plan is None or not plan.advised or decision.advice != plan.lever or owes(material):
        return None
    return None if plan.lever in ("ship", "redefine", "when_sure", "stop") else plan


def owes(material: Material) -> bool:
    """Whether a release is spent and its result was not recorded: what is known is then older than the money."""
    record = material.approvals
    return record is not None and record.owed and record.state not in ("approved", "nearly spent", "rejected")


def shipped_plan(material: Material) -> Plan | None:
    """The plan that ships what was measured, where that is the advice and putting it to use costs something."""
    decision = material.decision
    plan = None if decision is None else decision.plan
    if decision is None or plan is None or not plan.advised or decision.comes_first:
        return None
    ships = decision.advice == plan.lever and plan.lever in PUT_TO_USE
    can_pay = plan.budget_left is None or plan.release.p80.value <= plan.budget_left
    return plan if ships and can_pay and plan.release.p80.shown else None


def release_now(decision: Decision) -> Sampled | None:
    """What a decision asks to release now (P80) for the advised first step; None where nothing."""
    material = Material(decision=decision)
    plan = advised_plan(material) or shipped_plan(material)
    return None if plan is None else plan.release.p80


def best_other(decision: Decision) -> Option | None:
    """The step that is worth most, stopping aside."""
    weighed = [one for one in decision.options if one.worth is not None and one.lever != "stop" and not one.blocked]
    return max(weighed, key=lambda one: one.worth.value if one.worth is not None else 0.0, default=None)


def is_stand_in(material: Material) -> bool:
    """Whether a small model took the place of the one that the advice would train."""
    way = material.decision.way if material.decision is not None else ""
    return material.forecast is not None and material.forecast.stand_in and not way


def way_advised(material: Material) -> Candidate | None:
    """What the pilot measured of the way that the advice is about."""
    way = material.decision.way if material.decision is not None else ""
    candidates = () if material.pilot is None else material.pilot.candidates
    return next((one for one in candidates if way and one.name == way), None)


def best_untuned(material: Material) -> tuple[str, float, Rests] | None:
    """The best score that was measured here without a fine-tune, with its way; the ways are ranked already.

    Where a stated score takes the fine-tune's place, that one.
    """
    if (shipped := way_advised(material)) is not None:
        return shipped.name, shipped.score, "measured"
    decision, definition = material.decision, material.definition
    ways = () if definition is None else definition.alternatives
    untuned = [way for way in ways if not way.struck and not way.name.startswith("tune")]
    if definition is not None and decision is not None and decision.advice == "ship" and decision.instead:
        for way in untuned:
            if way.evidence == "stated" and way.score is not None and way.score == definition.untrained:
                return way.action, way.score, "stated"
    measured = ((way.action, way.score) for way in untuned if way.evidence == "measured" and way.score is not None)
    return next(((action, score, "measured") for action, score in measured), None)


def _begun(material: Material) -> Verdict | None:
    """Not yet: something is missing that only the user knows, in the words that a first run ends with."""
    begun = first_words(material)
    if begun is None:
        return None
    said, _, why = begun.answer.partition(". ")
    lead, _, what = said.rstrip(".").partition(": ")
    return _made("not yet", f"{lead}:", f"{what}.", "", material, [why])


def _unposed(material: Material) -> Verdict | None:
    """Not yet: a rule that stops the case fails, and what is advised needs it."""
    definition, decision = material.definition, material.decision
    if definition is None or definition.ok:
        return None
    if decision is not None and decision.advice != "fix first":
        sure = decision.plan is not None and decision.plan.lever == "when_sure"
        if sure or decision.advice == "stop":
            return None
    failed = [rule for rule in definition.criteria if rule.status == "fail" and rule.severity == "stop"]
    asked = [to_settle(rule)[0] for rule in failed] or ["pose the problem"]
    what = f"settle {count(len(asked))} questions" if len(asked) > MOST_NAMED else " and ".join(asked)
    reason = next((to_settle(rule)[1] for rule in failed), _first_clause(plain_words(definition.reason)))
    there = material.decision.instead if material.decision is not None else ""
    why = [reason, f"Until then, {_short_instead(there).partition(': ')[2]}." if ": " in there else ""]
    return _made("not yet", "Not yet:", f"{what} first.", "", material, why)


def to_settle(rule: Criterion) -> tuple[str, str]:
    """What to do about a rule that stops the case, and why it is asked."""
    return TO_SETTLE.get(rule.id, (f"settle the {plain_words(rule.name)}", _first_clause(plain_words(rule.reason))))


def _first_clause(reason: str) -> str:
    """The first thing that a reason says; what follows a semicolon is for the engineer."""
    return sentence(reason.split(";")[0])


def _unfit(material: Material) -> Verdict | None:
    """Not yet: the data cannot carry an answer."""
    audit = material.audit
    if audit is None or audit.ok:
        return None
    what = "these data are not fit." if audit.verdict == "not fit" else "the examples tell too little."
    return _made("not yet", "Not yet:", what, "", material, [_first_clause(plain_words(audit.reason))])


def _undecided(material: Material) -> Verdict | None:
    """Not yet: nothing was weighed, the target is out of reach for people, or the weighing lacks a figure."""
    decision, forecast = material.decision, material.forecast
    if decision is None:
        judged = any(one is not None for one in (material.definition, material.estimate, forecast))
        seen = _seen(material)
        what = "the next step has not been weighed." if judged or seen else "nothing is known of this case."
        return _made("not yet", "Not yet:", what, "", material, [f"{seen}`tunecase run` works it out."])
    if forecast is not None and forecast.verdict == "above the ceiling":
        why = ["Where people differ, no model can be seen to be right.", "Label the test anew, or ask for less."]
        return _made("not yet", "Not yet:", "the target lies above what people agree on.", "", material, why)
    if (what := UNDECIDED.get(decision.advice, "")) and not decision.instead:
        return _made("not yet", "Not yet:", f"{what} first.", "", material, [_pilot_words(material)])
    return None


def _seen(material: Material) -> str:
    """What was read and measured before anything was weighed, as a sentence with its space; empty where nothing was."""
    runs = material.runs if material.pilot is None else len(material.pilot.runs)
    told = ["the data were read"] if material.audit is not None else []
    told += [f"{counted(runs, 'small run was', 'small runs were')} made"] if runs else []
    return f"So far {' and '.join(told)}. " if told else ""


def _owed(material: Material) -> Verdict | None:
    """Not yet: what the last release bought has to be recorded before more is asked for."""
    record = material.approvals
    if record is None or not owes(material):
        return None
    why = [f"{plain_paid(record.spent)} {record.currency} of it is spent, and no score was recorded since.",
           "More money is asked for on the new score, never on the old one."]  # fmt: skip
    return _made("measure", "Not yet:", "record what the last release showed.", "", material, why)


def _measure(material: Material) -> Verdict | None:
    """Not yet: a way that nobody has tried, at a small part of the price, or a pilot."""
    decision = material.decision
    assert decision is not None
    if (look := decision.look) is not None:
        price = f"{look_price(look, decision.currency)}."
        return _made("measure", "Not yet:", f"{TRIED.get(look.way, look.way)} first:", price, material,
                     [_hangs_on(look, material), published_words(look) or _prompt_got(material)])  # fmt: skip
    if decision.advice != "pilot":
        return None
    why = ["A few small runs show how far the examples carry.", "No money is needed before that."]
    return _made("measure", "Measure first:", "run a small pilot", "before any money is released.", material, why)


def _prompt_got(material: Material) -> str:
    """What a prompted model scored here; empty where none did."""
    definition = material.definition
    if definition is None:
        return ""
    scores = [
        one.score for one in definition.alternatives if one.name == "prompt_hosted" and one.evidence == "measured"
    ]
    return "".join(f"A prompted model got {score_words(score, definition.metric)}." for score in scores if score)


def _hangs_on(look: Look, material: Material) -> str:
    """What follows from what a look shows: the score that it must reach, and what is paid for where it does not."""
    decision = material.decision
    assert decision is not None
    plan, metric = decision.plan, None if material.forecast is None else material.forecast.metric
    if look.needed is None:
        return "Nothing measured here tells what a fine-tune reaches; this does."
    needed = target_words(math.ceil(100 * look.needed - 1e-9) / 100 if is_share(metric) else look.needed, metric)
    if plan is None or plan.worth is None:
        return f"From {needed} on no fine-tune is needed."
    if not plan.advised:
        return f"From {needed} on it does what is wanted; short of that, stop."
    buys = "for the next step"
    if plan.lever == "fine_tune" and is_stand_in(material):
        buys = "for the first test of the larger model"
    elif plan.lever in PUT_TO_USE and decision.way:
        buys = f"to use {short_name(decision.way)}{' where it is sure' * (plan.lever == 'when_sure')}"
    return f"If it falls short of {needed}, {plain_money(plan.release.p80, plan.currency)} {buys}."


def _instead(material: Material) -> Verdict | None:
    """Do not fine-tune, or not at first: another way does it, or does most of it."""
    decision = material.decision
    assert decision is not None
    if not decision.instead:
        return None
    lead, _, what = _short_instead(decision.instead).partition(": ")
    return _made("instead", f"{lead}:", sentence(what)[:1].lower() + sentence(what)[1:], "", material,
                 [_when_sure(decision.instead) or _way_scores(material), _nothing_to_add(material)])  # fmt: skip


def _short_instead(text: str) -> str:
    """What takes the fine-tune's place, without the fine print: which model, how many are wrong, what it scores."""
    return NAMED.sub("", plain_words(text)).split(" with at most ")[0].split("; ")[0].rstrip(".")


def _when_sure(text: str) -> str:
    """How many of its answers are wrong where it gives those alone that it is sure of; empty where it gives all."""
    found = WRONG.search(text)
    return "" if found is None else f"At most {float(found[1]):.2g}% of these are wrong; people give the rest."


def _way_scores(material: Material) -> str:
    best, target = best_untuned(material), material.target
    if best is None or target is None:
        return ""
    metric = None if material.definition is None else material.definition.metric
    found = NAMED.search(plain_words(material.decision.instead)) if material.decision is not None else None
    who = "it" if found is None else found[1]
    where, score = _measured_on(best[0], best[2], material), score_words(best[1], metric)
    return f"{where} {who} scores {score}; the target is {target_words(target, metric)}."


def _measured_on(action: str, evidence: str, material: Material) -> str:
    """Where a way was scored: on the test examples, unless by a log that does not tell its items, or by the user."""
    definition = material.definition
    ways = () if definition is None else definition.alternatives
    fields = {f"alternatives.{way.name}.score" for way in ways if way.action == action}
    logs = () if definition is None else definition.logs
    if any(name in fields and log.on != "test" for name, log in logs):
        return "By its log"
    return "You state that" if evidence == "stated" else "On the test examples"


def _nothing_to_add(material: Material) -> str:
    """Why the fine-tune does not come first: it has nothing to add, or its best step loses money."""
    decision = material.decision
    assert decision is not None
    other = best_other(decision)
    if decision.advice == "ship":
        plan = decision.plan
        short = plan is not None and plan.advised and plan.lever == "ship" and plan.falls_short
        return "" if short else "A fine-tune has nothing to add."
    if decision.advice == "stop" and other is not None and other.worth is not None and other.worth.value < 0:
        return f"A fine-tune would lose about {_loss(other.worth, decision.currency)} on average."
    return ""


def _loss(worth: Sampled, currency: str) -> str:
    return plain_money(Sampled(-worth.value, worth.error), currency)


def _ship(material: Material) -> Verdict | None:
    """Ship what you have: it meets the target or what was called good enough, or is near enough to be put to use."""
    decision = material.decision
    assert decision is not None
    if decision.advice not in ("ship", "redefine", "when_sure"):
        return None
    metric = None if material.forecast is None else material.forecast.metric
    met = "your fallback" if decision.advice == "redefine" else f"the target of {target_words(material.target, metric)}"
    if decision.advice == "when_sure":
        met = f"{met} where it is sure"
    plan, price, words = shipped_plan(material), "Nothing has to be bought.", f"it meets {met}."
    if decision.advice == "ship" and plan is not None and plan.chance is not None:
        likely = None if plan.bar is None else plan.bar.met
        if (likely or plan.chance.shown).value < SURE:
            words = "what it brings is worth more than any further step."
            if likely is not None and plan.bar is not None:
                words = f"{plain_share(likely)} likely to meet {met}, and {plain_share(plan.bar.needed)} is enough."
    if plan is not None:
        price = f"To put it to use takes about {plain_money(plan.release.p80, plan.currency)}."
    why = [_pilot_words(material), price]
    return _made("ship", "Ship what you have:", words, "", material, why)


def _no(material: Material) -> Verdict | None:
    """No: the budget pays for no step, or no step pays for itself."""
    decision = material.decision
    assert decision is not None
    if decision.advice != "stop":
        return None
    plan, other = decision.plan, best_other(decision)
    if plan is not None and plan.beyond_budget:
        why = [f"The first step takes about {plain_money(plan.release.p80, plan.currency)}."]
        return _made("no", "No:", "the budget pays for no first step.", "Spend nothing.", material, why)
    priced = value_words(material)
    emphasis = "no step pays for itself" if priced else "no step pays for itself."
    why = [_pilot_words(material)]
    if other is not None and other.worth is not None and other.worth.value < 0:
        why = [f"The best step would lose about {_loss(other.worth, decision.currency)} on average.", *why]
    return _made("no", "No:", emphasis, f"at {priced} a right answer." if priced else "", material, why)


def value_words(material: Material) -> str:
    """What a right answer is worth, as it was stated; empty where it was not."""
    value = None if material.project is None else material.project.problem.value
    if value is None:
        return ""
    low, high = small_amount(value.spread.low), small_amount(value.spread.high)
    return f"{low} {value.currency}" if low == high else f"{low} to {high} {value.currency}"


def small_amount(amount: float) -> str:
    """A price as people write it: below ten with cents.

    Example:
        >>> small_amount(0.6), small_amount(0.004), small_amount(25.0)
        ('0.60', '0.004', '25')
    """
    if not 0 < amount < 10:
        return plain_figure(amount)
    return f"{amount:.2f}" if amount >= 0.01 else f"{amount:.1g}"


def _yes(material: Material) -> Verdict | None:
    """Yes: one step is released; in stages where the money for what may follow is asked for later."""
    decision = material.decision
    assert decision is not None
    plan = advised_plan(material)
    if plan is None:
        return None
    again = plan.outcome("ask again")
    staged = again is not None and again.share.value > 0
    why = [_money_buys(material, plan), _pilot_words(material)]
    lead = "Yes, in stages:" if staged else "Yes:"
    kind: VerdictKind = "stages" if staged else "yes"
    released = plain_figure(plan.release.p80)
    if released == "0":
        return _made(kind, lead, "the first step costs nothing.", "", material, why)
    left = plan.budget_left
    held_back = left is not None and left > plan.release.p80.shown
    emphasis = f"release {released} {plan.currency} now{',' if held_back else '.'}"
    return _made(kind, lead, emphasis, f"not {round(left):,}." if held_back and left is not None else "", material, why)


def _money_buys(material: Material, plan: Plan) -> str:
    """What the first release pays for."""
    best = material.decision.best if material.decision is not None else None
    if plan.lever == "fine_tune":
        if is_stand_in(material):
            return "Nobody has measured the larger model; this does."
        return f"It buys one training run of {tuned_model(material) or 'the model'} and one fair test."
    step = best.first_step if best is not None and best.first_step else plan.action
    return f"It pays to {plain_words(step)}."


def pilot_end(material: Material) -> tuple[int, float] | None:
    """The most examples that the pilot trained on, and its mean score there; None where the curve is not its own."""
    pilot, forecast = material.pilot, material.forecast
    if pilot is None or forecast is None or forecast.source != "pilot" or not pilot.runs:
        return None
    most = max(run.n for run in pilot.runs)
    scores = [run.score for run in pilot.runs if run.n == most]
    return most, sum(scores) / len(scores)


def ends_in_a_round(material: Material) -> bool:
    """Whether the curve's last point is a round that was measured after the pilot, and not the pilot's own."""
    forecast = material.forecast
    if forecast is None or not forecast.rounds or not forecast.points:
        return False
    last, before = forecast.points[-1], pilot_end(material)
    return before is None or last.n != before[0] or not isclose(last.score, before[1], abs_tol=1e-9)


def _pilot_words(material: Material) -> str:
    """What the pilot showed, and of which model; that nobody has measured the larger one, where one stood in."""
    forecast = material.forecast
    if forecast is None:
        return ""
    if not forecast.points:
        return "No pilot was run here."
    seen = forecast.points[-1]
    right = score_words(seen.score, forecast.metric)
    told = f"gets {right} right" if forecast.metric == "accuracy" else f"scores {right}"
    if is_stand_in(material):
        return f"A small stand-in {told}."
    if ends_in_a_round(material):
        before = pilot_end(material)
        had = (
            ""
            if before is None
            else f"; the pilot had {score_words(before[1], forecast.metric)} with {count(before[0])}"
        )
        return f"The round measured last {told} with {count(seen.n)} examples{had}."
    return f"The pilot {told} with {count(seen.n)} examples."


def _otherwise(material: Material) -> Verdict:
    """Not yet: an advice that none of the rules knows, in its own words."""
    decision = material.decision
    assert decision is not None
    action, why = plain_words(decision.action), [_first_clause(plain_words(decision.reason))]
    return _made("not yet", "Not yet:", f"{action[:1].lower()}{action[1:]}.", "", material, why)


TONES: dict[VerdictKind, Tone] = {
    "yes": "good", "stages": "plain", "measure": "warn", "instead": "good", "ship": "good", "no": "bad",
    "not yet": "warn",
}  # fmt: skip
RULES: tuple[Callable[[Material], Verdict | None], ...] = (
    _begun, _unposed, _unfit, _undecided, _owed, _measure, _instead, _ship, _no, _yes, _otherwise,
)  # fmt: skip


def _made(kind: VerdictKind, lead: str, emphasis: str, rest: str, material: Material, why: list[str]) -> Verdict:
    """A verdict with its two most urgent reasons; that the budget is passed comes first."""
    reasons = [one for one in (_overspent(material), *why) if one][:2]
    return Verdict(kind, lead, emphasis, rest, " ".join(reasons), TONES[kind])


def _overspent(material: Material) -> str:
    books = material.books
    if books is None or books.ok or books.left_shown is None:
        return ""
    spent, over = paid(books.spent), paid(-books.left_shown)
    return f"Over budget: {spent} {one_line(books.currency)} spent, {over} too much."
