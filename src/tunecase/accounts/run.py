"""What run says at its end: the verdict and a line for each thing that it rests on."""

from collections.abc import Callable

from tunecase.accounts.answer import choices
from tunecase.accounts.approvals import approval_words
from tunecase.accounts.audit import kinds
from tunecase.accounts.changes import changes
from tunecase.accounts.first import first_words
from tunecase.accounts.gates import gates
from tunecase.accounts.headline import authorise_parts
from tunecase.accounts.lines import training_unpriced
from tunecase.accounts.looks import above_words, chance_rests
from tunecase.accounts.material import Material
from tunecase.accounts.steps import gate_words, next_command
from tunecase.accounts.verdict import (
    advised_plan,
    best_untuned,
    ends_in_a_round,
    is_stand_in,
    pilot_end,
    plan_of,
    shipped_plan,
    to_settle,
    verdict,
)
from tunecase.accounts.words import counts_right, score_words, target_words, tuned_model
from tunecase.blocks import Account, Facts, Listing
from tunecase.quantities import count, counted, plain_figure, plain_money, plain_paid, plain_share
from tunecase.records import PUT_TO_USE, Definition

NOT_WEIGHED = "nothing measured tells what a fine-tune reaches, or from where a gain counts"
ASSUMED = {"assumed": "; assumed, not measured", "measured": "; measured here", "stated": "; as you stated it"}


TODAY = {
    "people": "people give the answers", "nobody": "nobody gives the answers", "rule": "a rule gives the answers",
    "prompt": "a prompt gives the answers", "model": "a model gives the answers",
}  # fmt: skip


def run(material: Material, *, unchanged_since: str = "") -> Account:
    """The verdict of a whole case, and what it rests on in a line each.

    Args:
        material: the records of the case that hold; what no record tells has no line.
        unchanged_since: when the same was found before, in words; the lines are then left out.
    """
    begun = first_words(material)
    if begun is not None:
        return begun
    said = verdict(material)
    if unchanged_since:
        told = f"{said.sentence} Nothing changed since {unchanged_since}."
        return Account("run", told, said.tone, full=_full(material), next=next_command(material))
    pairs = tuple((name, words) for name, tell in LINES if (words := tell(material)))
    return Account("run", said.sentence, said.tone, (Facts("", pairs),), _full(material), next_command(material))


def _full(material: Material) -> tuple[Listing, ...]:
    kind = verdict(material).kind
    told = tuple(f"{title} {words}" for title, words in changes(material, kind))
    listed = (Listing("What would change it", told),) if told else ()
    return (*listed, Listing("To decide", choices(material, kind)))


def _today(material: Material) -> str:
    """Who gives the answers now; the question where nobody has said so."""
    project, definition = material.project, material.definition
    if project is None or definition is None or (definition.in_use is not None and project.today.who is None):
        return ""
    if project.today.who is None:
        return "not known: who gives the answers now? Write `today: people`, rule, prompt, model or nobody"
    cost = project.today.price_per_1k
    paid_for = "" if cost is None else f", {cost.text} for 1,000 answers"
    if project.today.minutes is not None and project.today.rate is not None:
        paid_for = f", {project.today.minutes.text} at {project.today.rate.text}"
    right = "" if project.today.score is None else f", {project.today.score} right"
    return f"{TODAY[project.today.who]}{right}{paid_for}"


def _problem(material: Material) -> str:
    definition = material.definition
    if definition is None:
        return ""
    open_rules = [one for one in definition.criteria if one.status == "unknown" and one.severity != "note"]
    failed = [one for one in definition.criteria if one.status == "fail" and one.severity != "note"]
    stops = [to_settle(one)[0] for one in failed if one.severity == "stop"]
    if stops:
        return f"not well posed yet: {', '.join(stops)}"
    asked = f"; {counted(len(open_rules), 'question')} open" if open_rules else ""
    doubts = f"; {counted(len(failed), 'doubt')}" if failed else ""
    prompt = (
        "; nobody has tried a prompt"
        if _is_bare(definition) and verdict(material).kind not in ("instead", "ship")
        else ""
    )
    return f"well posed{doubts}{asked}{prompt}"


def _is_bare(definition: Definition) -> bool:
    """Whether no prompted model is scored, as the rule on prompts found it; a constraint may strike every prompt."""
    prompts = any(one.name.startswith("prompt") and not one.struck for one in definition.alternatives)
    return prompts and any((one.id, one.status, one.got) == ("P20", "unknown", "-") for one in definition.criteria)


def _data(material: Material) -> str:
    audit = material.audit
    if audit is None:
        return ""
    words = f"{count(audit.usable)} of {count(audit.rows)} examples usable"
    if audit.verdict == "not fit":
        return f"{words}; not fit to train on"
    if audit.verdict == "too little to say":
        return f"{words}; too little to say more"
    found = kinds(audit)
    problems, person = len(found.person) + len(found.fixed), len(found.person)
    waits = f", {count(person)} {'needs' if person == 1 else 'need'} a person" if person else ", all settled"
    return f"{words}; {counted(problems, 'problem')}{waits}" if problems else words


def _pilot(material: Material) -> str:
    forecast = material.forecast
    if forecast is None or not forecast.points:
        return "none yet" if material.definition is not None else ""
    seen, before = forecast.points[-1], pilot_end(material)
    score = score_words(seen.score, forecast.metric)
    right = f"{score} right" if counts_right(forecast.metric) else f"scores {score}"
    aside = " (a small stand-in, not the real model)" if is_stand_in(material) else ""
    told = f"{right} with {count(seen.n)} examples{aside}"
    if not ends_in_a_round(material):
        return told
    had = "" if before is None else f"{score_words(before[1], forecast.metric)} with {count(before[0])}; "
    return f"{had}the round measured last: {told}"


def _chance(material: Material) -> str:
    plan, target = advised_plan(material), material.target
    metric = None if material.definition is None else material.definition.metric
    if target is None:
        return "not known: no target is stated"
    aim = target_words(target, metric)
    if plan is not None and plan.chance is not None:
        model = tuned_model(material)
        which = f" with {model}" if model and is_stand_in(material) and plan.lever == "fine_tune" else ""
        rests = ASSUMED.get(plan.evidence.get("chance", ""), "")
        rests = f", {pairs}" if (pairs := chance_rests(plan.chance)) else rests
        return f"{plain_share(plan.chance.shown)} to reach {aim}{which}{rests}"
    best, other = best_untuned(material), plan_of(material)
    seen = "" if best is None else f"; the best way without a fine-tune has {score_words(best[1], metric)}"
    if other is None or other.chance is None:
        return f"not measured: no number to reach {aim} before a look{seen}"
    if other.lever in PUT_TO_USE:
        # The chance of a plan that ships what is there is not one of training.
        return f"{plain_share(other.chance.shown)} to reach {aim}{seen}" if other.lever == "ship" else ""
    if material.decision is not None and material.decision.look is not None:
        pairs = chance_rests(other.chance)
        return f"{plain_share(other.chance.shown)} to reach {aim} by training{f', {pairs}' if pairs else ''}"
    return f"{plain_share(other.chance.shown)} to reach {aim} if you trained all the same{seen}"


def _money(material: Material) -> str:
    plan, going = plan_of(material), advised_plan(material) or shipped_plan(material)
    if plan is None:
        return ""
    books = material.books
    spent = f"; {plain_paid(books.spent)} {books.currency} spent" if books is not None and books.entries else ""
    if going is None and plan.lever in PUT_TO_USE:
        price = f"about {plain_money(plan.release.p80, plan.currency)} to put it to use"
        return f"{price if plan.release.p80.shown else 'nothing has to be bought'}{spent}"
    if going is None:
        all_the_same = plain_money(plan.total.p50, plan.currency)
        return f"release nothing; training all the same would cost about {all_the_same}{spent}"
    aside, middle = plain_money(sum(authorise_parts(going)), going.currency), plain_figure(going.total.p50)
    if material.estimate is not None and (why := training_unpriced(material.estimate)):
        return f"training has no price ({why}); all else takes {aside}{spent}"
    return f"set {aside} aside; in the middle case it costs {middle}{spent}"


def _value(material: Material) -> str:
    plan = advised_plan(material) or shipped_plan(material)
    shown = plan or plan_of(material)
    if shown is None:
        return ""
    if shown.worth is None:
        is_stated = material.project is not None and material.project.problem.value is not None
        return f"not known: {NOT_WEIGHED if is_stated else 'nobody said what a right answer is worth'}"
    horizon = None if material.project is None else material.project.problem.horizon
    time = "" if horizon is None else f" in {counted(round(horizon.spread.median), 'month')}"
    above = f", {words}" if (words := above_words(shown.worth, None)) else ""
    is_left = shown.worth.reached_p50.value > 0
    if plan is not None and material.decision is not None and material.decision.way and plan.lever in PUT_TO_USE:
        more = f"; the target would add {plain_figure(shown.worth.reached_p50)}{above}" if is_left else ""
        return f"{plain_money(shown.worth.expected, shown.currency)}{time} after costs{more}"
    if not is_left:
        return "nothing is left to gain by training"
    after = "" if plan is None else f"; worth {plain_figure(shown.worth.expected)} after costs"
    return f"{plain_money(shown.worth.reached_p50, shown.currency)}{time} if reached{above}{after}"


def _test(material: Material) -> str:
    return gate_words(gates(material), shares=False)


def _why(material: Material) -> str:
    """The reason where no step is released; where one is, the lines below are the reason."""
    return "" if advised_plan(material) is not None else verdict(material).why


def _approved(material: Material) -> str:
    record = material.approvals
    return approval_words(record) if record is not None and record.approved else ""


LINES: tuple[tuple[str, Callable[[Material], str]], ...] = (
    ("why", _why), ("today", _today), ("problem", _problem), ("data", _data), ("pilot", _pilot), ("chance", _chance),
    ("money", _money), ("value", _value), ("test", _test), ("approved", _approved),
)  # fmt: skip
