"""The picture of the gates: what the first test decides, and how the plan ends, in shares that add up as drawn."""

from collections.abc import Sequence

from tunecase.accounts.material import Material
from tunecase.accounts.verdict import advised_plan, way_advised
from tunecase.accounts.words import capital, plain_words, score_words, target_words, tuned_model
from tunecase.blocks import Branch, Gates, Tone
from tunecase.quantities import Sampled, adding_up, count, counted, in_hundred, plain_money, shares_shown
from tunecase.records import Chance, Outcome, Plan

CENTI = 0.01
NAMES: dict[str, str] = {"ship": "Ship", "settle": "Settle for less", "ask again": "Ask again"}
TONES: dict[str, Tone] = {"ship": "good", "settle": "good", "ask again": "warn"}


def gates(material: Material) -> Gates | None:
    """The gates of the plan that is advised; None where none is, or where no test follows its first step."""
    plan = advised_plan(material)
    if plan is None or not plan.then or plan.chance is None:
        return None
    target = target_words(plan.target, _metric(material))
    branches = _branches(plan, _metric(material))
    reached = in_hundred(plan.chance.shown)
    missed = in_hundred(_missed(plan.chance, branches))
    worth = "" if plan.worth is None else f"worth about {plain_money(plan.worth.reached_p50, plan.currency)}"
    lost = "" if plan.lost is None else f"nine in ten of these cost less than {plain_money(plan.lost, plan.currency)}"
    return Gates(
        "What the first test decides, and how it ends",
        _start(material, plan),
        branches,
        tuple(filter(None, (f"Reaches {target}: {reached}", worth))),
        tuple(filter(None, (f"Does not: {missed}", lost))),
    )


def _missed(chance: Chance, branches: Sequence[Branch]) -> float | Sampled:
    """What is left of the branches as they are printed; next to all or nothing is not told as all or nothing."""
    left = 1 - sum(one.reaches for one in branches)
    return left if CENTI / 2 < left < 1 - CENTI / 2 else Sampled(1 - chance.shown.value, chance.shown.error)


def gates_title(made: Gates | None) -> str:
    """What the test decides, as a finding; empty without gates."""
    if made is None:
        return ""
    if len(made.branches) == 1:
        return f"After the first test: {made.branches[0].name.lower()}"
    goes_on = NAMES["ask again"] in [branch.name for branch in made.branches]
    return "The first test says what comes next" if goes_on else "One test decides"


def gates_note(material: Material, made: Gates | None) -> str:
    """What the plan is worth; where nobody knows, what the picture's height means."""
    plan = advised_plan(material)
    if made is None or plan is None:
        return ""
    if plan.worth is None:
        return "Height is chance."
    worth = plain_money(plan.worth.expected, plan.currency)
    return f"Worth {worth} on average."


def _metric(material: Material) -> str | None:
    return None if material.forecast is None else material.forecast.metric


def _start(material: Material, plan: Plan) -> tuple[str, ...]:
    price = f"about {plain_money(plan.release.p80, plan.currency)}"
    tested = "" if material.definition is None else f"{counted(material.definition.test_rows, 'example')} test it"
    if plan.lever == "fine_tune":
        way = way_advised(material)
        model = tuned_model(material) or "the model" if way is None else way.name
        rows = "" if plan.limits is None else f"{plain_words(model)} learns from {_rows_now(material, plan)}"
        return tuple(filter(None, ("Train once, test once", price, rows, tested)))
    best = material.decision.best if material.decision is not None else None
    step = plain_words(best.first_step if best is not None and best.first_step else plan.action)
    return tuple(filter(None, (f"{capital(step)}", price, tested)))


def _rows_now(material: Material, plan: Plan) -> str:
    """The examples of the first step: those that are usable, else as many as the plan trains on."""
    usable = None if material.audit is None else material.audit.usable
    rows = usable or (plan.limits.most_rows if plan.limits is not None else 0)
    return f"{count(rows)} examples"


def _branches(plan: Plan, metric: str | None) -> tuple[Branch, ...]:
    """What follows, in shares that sum to 1; those that reach the target sum to the chance as it is printed."""
    assert plan.chance is not None
    shares = shares_shown([outcome.share for outcome in plan.then])
    reaches = [outcome.share.value * outcome.reaches.value for outcome in plan.then]
    printed = _within(shares, adding_up(reaches, CENTI, plan.chance.shown.shown_share))
    drawn = zip(plan.then, shares, printed, strict=True)
    return tuple(_branch(plan, outcome, metric, share, reach) for outcome, share, reach in drawn if share)


def _branch(plan: Plan, outcome: Outcome, metric: str | None, share: float, reach: float) -> Branch:
    name = NAMES.get(outcome.name, outcome.name)
    return Branch(name, rule(plan, outcome, metric), share, reach, TONES.get(outcome.name, "plain"))


def _within(shares: Sequence[float], reaches: Sequence[float]) -> list[float]:
    """No branch reaches the target more often than it is taken: what is too much goes to those with room."""
    kept = [min(share, reach) for share, reach in zip(shares, reaches, strict=True)]
    over = sum(reaches) - sum(kept)
    for at in sorted(range(len(kept)), key=lambda at: reaches[at], reverse=True):
        more = min(over, shares[at] - kept[at])
        kept[at], over = kept[at] + more, over - more
    return [round(one, 2) for one in kept]


def rule(plan: Plan, outcome: Outcome, metric: str | None) -> str:
    """The scores of the first test at which a branch is taken, as words; "otherwise" where they are not known.

    What is put to use and truly falls short of the target, though not of the fallback, shows the same scores.
    """
    at = None if plan.limits is None else plan.limits.ship_at
    if at is None or (at > 1 and _is_share(metric)):
        return "otherwise"
    less, more = ("above", "or less") if plan.direction == "lower" else ("below", "or more")
    words = score_words(at, metric)
    return f"at {words} {more}" if outcome.name in ("ship", "settle") else f"{less} {words}"


def _is_share(metric: str | None) -> bool:
    return score_words(1.0, metric) == "100%"
