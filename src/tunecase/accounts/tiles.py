"""The four figures of the first screen: what to release, what could be lost, the chance, and what it is worth."""

from tunecase.accounts.looks import above_words, chance_rests
from tunecase.accounts.material import Material
from tunecase.accounts.verdict import (
    advised_plan,
    best_untuned,
    plan_of,
    shipped_plan,
    way_advised,
)
from tunecase.accounts.words import score_words, target_words
from tunecase.blocks import Rests, Tile, VerdictKind
from tunecase.quantities import count, counted, paid, plain_figure, plain_money, plain_share
from tunecase.records import PUT_TO_USE, Plan

NOT_KNOWN = "not known"


def tiles(material: Material, kind: VerdictKind) -> tuple[Tile, ...]:
    """Release now (or what is spent, where nothing is released any more), most to lose, chance and value."""
    return _release(material, kind), _lost(material), _chance(material, kind), _value(material)


def _told_by(material: Material) -> str:
    """What works out a figure that nobody knows yet, the same beside each; without training rows nothing does."""
    is_bare = material.project is not None and material.project.data.train is None
    return "there are no data to judge" if is_bare and material.estimate is not None else "`tunecase run` tells it"


def _currency(material: Material) -> str:
    plan = plan_of(material)
    for record in (plan, material.decision, material.definition, material.estimate):
        if record is not None:
            return record.currency
    return ""


def _rests(plan: Plan, key: str) -> Rests:
    return plan.evidence.get(key, "")


def _release(material: Material, kind: VerdictKind) -> Tile:
    plan, currency = advised_plan(material) or shipped_plan(material), _currency(material)
    spent = _spent(material)
    if plan is not None:
        aside = f"{spent} spent so far" if spent else _hours(material, plan)
        return Tile("release", "Release now", plain_figure(plan.release.p80), currency, aside, _rests(plan, "release"))
    if spent:
        return Tile("spent", "Spent so far", spent, currency, "release nothing more", "measured")
    advice = material.decision.advice if material.decision is not None and kind != "not yet" else ""
    beside = {
        "pilot": "a small pilot comes first", "look": "a look comes first", "ship": "nothing has to be bought",
        "stop": "no step pays for itself", "when_sure": "nothing has to be bought",
        "redefine": "nothing has to be bought",
    }.get(advice, "not before that is settled")  # fmt: skip
    asked = plan_of(material)
    left = None if asked is None or not asked.advised or advice not in PUT_TO_USE else asked.budget_left
    if asked is not None and left is not None and asked.release.p80.value > left:
        beside = f"putting it to use takes {plain_money(asked.release.p80, currency)}, beyond the budget"
    return Tile("release", "Release now", "0", currency, beside, "")


def _spent(material: Material) -> str:
    books = material.books
    return paid(books.spent) if books is not None and books.entries else ""


def _hours(material: Material, plan: Plan) -> str:
    """What the release rests on: hours that nobody stated, or none at all."""
    if not plan.release.expected.value:
        return "nothing has to be bought"
    if plan.evidence.get("release") != "assumed":
        return "enough four times in five"
    rated = material.project is not None and bool(material.project.team)
    return "hours are guessed" if rated else "hours and rates are a guess"


def _lost(material: Material) -> Tile:
    plan, currency = advised_plan(material) or shipped_plan(material), _currency(material)
    name = "Most you could lose"
    if plan is None:
        tried = plan_of(material)
        if tried is None:
            return Tile("lost", name, NOT_KNOWN, "", _told_by(material), "")
        return Tile("lost", name, "0", currency, "while nothing is released", "")
    if plan.lost is None:
        return Tile("lost", name, "0", currency, _no_loss(plan, material), _rests(plan, "total"))
    beside = "worst of ten failures"
    return Tile("lost", name, plain_figure(plan.lost), currency, beside, _rests(plan, "total"))


def _no_loss(plan: Plan, material: Material) -> str:
    """Why no failure has a price: none happens, too few do, or a model that misses brings its part."""
    if plan.chance is None or not plan.chance.false_pass.value:
        return "no simulated run fails"
    linear = material.project is not None and material.project.problem.gain == "linear"
    return "what misses brings its part" if linear else "next to no simulated run fails"


def _chance(material: Material, kind: VerdictKind) -> Tile:
    """The chance of the plan; of what is shipped as it is, the score that it has."""
    target = material.target
    metric = _metric(material)
    name = "Chance to reach the target" if target is None else f"Chance to reach {target_words(target, metric)}"
    plan = advised_plan(material)
    shown = plan or plan_of(material)
    if plan is None and (kind in ("instead", "ship") or (shown is not None and shown.lever in PUT_TO_USE)):
        return _score(material)
    if shown is None or shown.chance is None or target is None:
        is_stated = target is not None or _states(material, "target")
        beside = _told_by(material) if is_stated else "no target is stated"
        if shown is not None and material.decision is not None and is_stated:
            beside = "not measured: a look tells"
        return Tile("chance", name, NOT_KNOWN, "", beside, "")
    if plan is None:
        beside = "if you trained all the same" if kind == "no" else "once that is settled"
        return Tile("chance", name, plain_share(shown.chance.shown), "", beside, _rests(shown, "chance"))
    beside = "within the budget" if plan.budget_left is not None else "whatever it costs"
    beside = chance_rests(plan.chance) or beside
    return Tile("chance", name, plain_share(plan.chance.shown) if plan.chance else NOT_KNOWN, "", beside,
                _rests(plan, "chance"))  # fmt: skip


def _states(material: Material, name: str) -> bool:
    """Whether the project file states this of its problem, be it that nothing was worked out yet."""
    return material.project is not None and getattr(material.project.problem, name) is not None


def _metric(material: Material) -> str | None:
    for record in (material.forecast, material.definition):
        if record is not None and record.metric:
            return record.metric
    return None


def _score(material: Material) -> Tile:
    """What is shipped as it is has no chance to tell but the score that it was measured with."""
    best, metric, target = best_untuned(material), _metric(material), material.target
    name = "Score" if target is None else f"Score; target {target_words(target, metric)}"
    way = way_advised(material)
    if best is not None:
        rows = way.test_rows if way is not None else material.definition.test_rows if material.definition else 0
        beside = "as you stated" if best[2] == "stated" else _seen_on(rows)
        return Tile("chance", name, score_words(best[1], metric), "", beside, best[2])
    if material.forecast is not None and material.forecast.points:
        seen = material.forecast.points[-1]
        return Tile("chance", name, score_words(seen.score, metric), "", _seen_on(seen.test_rows or 0), "measured")
    return Tile("chance", name, NOT_KNOWN, "", "`tunecase pilot` measures it", "")


def _seen_on(rows: int) -> str:
    return f"on {count(rows)} test examples" if rows else "on the test examples"


def _value(material: Material) -> Tile:
    name, currency = "Value if reached", _currency(material)
    plan = plan_of(material)
    if plan is None or plan.worth is None:
        beside = _told_by(material) if plan is None and _states(material, "value") else "no value is stated"
        return Tile("value", name, NOT_KNOWN, "", beside, "")
    worth = plan.worth
    if worth.reached_p50.value <= 0:
        return Tile("value", name, "0", currency, "nothing is left to gain", _rests(plan, "value"))
    above = f", {words}" if (words := above_words(worth, _metric(material))) else ""
    beside = f"{_in_time(material, plan)}{above}"
    return Tile("value", name, plain_figure(worth.reached_p50), currency, beside, _rests(plan, "value"))


def _in_time(material: Material, plan: Plan) -> str:
    """For how long the value is counted, and that it was stated."""
    horizon = None if material.project is None else material.project.problem.horizon
    time = "while it is in use" if horizon is None else f"in {counted(round(horizon.spread.median), 'month')}"
    return time if plan.evidence.get("value") == "assumed" else f"{time}, as you priced it"
