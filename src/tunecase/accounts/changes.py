"""What would change the answer: three things at most, each with the rule that makes it one."""

from collections.abc import Callable, Iterator

from tunecase.accounts.first import first_words
from tunecase.accounts.material import Material
from tunecase.accounts.verdict import SURE, advised_plan, is_stand_in, small_amount, to_settle
from tunecase.accounts.words import plain_words
from tunecase.blocks import Account, Facts, VerdictKind
from tunecase.quantities import figures, plain_figure, plain_money, plain_share, sentence
from tunecase.records import Alternative, Decision, Flip

MOST = 3
HEAVY = 0.5  # of the bill
# Ways that need no fine-tune, as the title of what they would change.
TITLES = {
    "prompt_hosted": "A prompt alone does it.",
    "prompt_open": "A prompt alone does it.",
    "retrieval": "Facts in the prompt do it.",
    "decision": "A decision model does it.",
    "encoder": "A small encoder does it.",
    "encoder_tuned": "A small encoder, tuned, does it.",
    "n_grams": "A small word-count model does it.",
    "nearest": "The nearest examples do it.",
}
FIRST_TRIED = ("prompt_hosted", "prompt_open")
# What an assumption is about, by its name; any other is told as its record says it.
ASSUMED = {
    "unknowns": "Overruns are larger.",
    "evaluation_share": "Testing takes longer.",
    "label_noise": "The labels are worse.",
    "rounds.stop_share": "More rounds are needed.",
}


# What a line of the project file settles, by its field.
STATED = {"target": "A target is stated.", "train": "A training file is named.", "test": "A test file is named."}


def changes(material: Material, kind: VerdictKind) -> tuple[tuple[str, str], ...]:
    """What would change the answer, a title and a sentence each, what is cheapest to find out first."""
    if kind == "not yet":
        return tuple(_open_questions(material))[:MOST]
    found = (made for rule in RULES if (made := rule(material, kind)) is not None)
    return tuple(found)[:MOST]


def untried(material: Material, kind: VerdictKind) -> Alternative | None:
    """A way without a fine-tune that nobody measured, at a known price: a prompt if there is one, else the first.

    None where nothing is to be spent.
    """
    definition = material.definition
    if definition is None or kind in ("instead", "ship", "not yet"):
        return None
    by_name = {one.name: one for one in definition.alternatives}
    ways = [by_name[name] for name in definition.order if name in by_name and name in TITLES]
    known = [one for one in ways if one.score is None and one.measure_cost is not None and not one.struck]
    return next((one for one in known if one.name in FIRST_TRIED), known[0] if known else None)


def _cheaper_way(material: Material, kind: VerdictKind) -> tuple[str, str] | None:
    """A cheaper way does it: while nobody has tried it, and money would be spent, or was refused."""
    way = untried(material, kind)
    if way is None or material.target is None:
        return None
    return TITLES[way.name], _to_find_out(way)


def _to_find_out(way: Alternative) -> str:
    """That nobody knows, and how soon it is found out where that is known."""
    hours = None if way.measure_minutes is None else way.measure_minutes.mid / 60
    if hours is None or hours > 24:
        return "Nobody has tried it."
    return "Untried: an hour's work." if hours <= 1 else "Untried: a day's work."


def turns_at(material: Material, kind: VerdictKind) -> tuple[str, str] | None:
    """A right answer is worth less (or more): where the advice turns to stopping, or from it."""
    decision = material.decision
    flip = None if decision is None else _nearest(decision.value_flips, kind)
    if decision is None or flip is None or flip.at is None:
        return None
    at = f"{flip_amount(flip)} {decision.currency}"
    value = None if material.project is None else material.project.problem.value
    what = "A right answer is worth" if value is not None or material.project is None else "A wrong answer costs"
    unit = "" if value is None or value.currency == decision.currency else f" {value.currency}"
    if flip.direction == "down":
        said = "" if value is None else f"You said {small_amount(value.spread.low)}{unit} or more."
        return f"{what} under about {at}.", said or "Below that no step pays for itself."
    said = "" if value is None else f"You said {small_amount(value.spread.high)}{unit} or less."
    return f"{what} about {at} or more.", said or "From there a step pays for itself."


def flip_amount(flip: Flip) -> str:
    """The amount at which a flip is, in two figures; another seed may move the second, so "about" goes before it.

    Example:
        >>> flip_amount(Flip("problem.value", 0.4, 0.14, "stop")), flip_amount(Flip("budget", 4e3, 2.3e3, "stop"))
        ('0.14', '2,300')
    """
    return figures(flip.at) if flip.at is not None and flip.at < 10 else plain_figure(flip.at)


def flips_words(decision: Decision, material: Material) -> str:
    """The values of an answer at which another step is advised, or that there are none; empty without a value."""
    stated = material.project is None or material.project.problem.value is not None
    answer = f"{decision.currency} for a {'right' if stated else 'wrong'} answer"
    sides = {"down": "below", "up": "above"}
    told = (
        f"{sides[flip.direction]} about {flip_amount(flip)} {answer} to {plain_words(flip.to.replace('_', ' '))}"
        for flip in decision.value_flips
        if flip.at is not None
    )
    weighed = decision.value_of_target is not None and bool(decision.runner_up)
    return "; ".join(told) or ("nowhere within a thousand times what was stated" if weighed else "")


def _nearest(flips: tuple[Flip, ...], kind: VerdictKind) -> Flip | None:
    """The flip to stopping where a step is advised, from it where none is."""
    if kind in ("no", "instead"):
        return next((one for one in flips if one.direction == "up" and one.to), None)
    return next((one for one in flips if one.direction == "down" and one.to == "stop"), None)


def _larger_no_better(material: Material, kind: VerdictKind) -> tuple[str, str] | None:
    """The larger model is no better than the small one that stood in: the chance is then the pilot's own."""
    forecast, plan = material.forecast, advised_plan(material)
    if forecast is None or plan is None or plan.chance is None or not is_stand_in(material):
        return None
    if forecast.p_target is None or forecast.p_target >= plan.chance.shown.value or plan.lever != "fine_tune":
        return None
    alone = plain_share(forecast.p_target)
    return "The larger model is no better.", f"Chance: {alone}, that of more examples alone."


def _by_luck(material: Material, kind: VerdictKind) -> tuple[str, str] | None:
    """The test flattered what is shipped: where its chance to meet the target decides, and is no near certainty."""
    decision = material.decision
    plan = None if decision is None else decision.plan
    if kind not in ("ship", "instead") or plan is None or plan.lever != "ship":
        return None
    met = None if plan.bar is None else plan.bar.met
    if met is None or met.value >= SURE:
        return None
    return "The test flattered it.", (
        f"The chance that it meets the target is {plain_share(met)}; more test examples would tell."
    )


def _assumption(material: Material, kind: VerdictKind) -> tuple[str, str] | None:
    """What most of the bill rests on, and nobody stated: only where money would be spent."""
    estimate = material.estimate
    if estimate is None or not estimate.key_assumptions or advised_plan(material) is None:
        return None
    top = estimate.key_assumptions[0]
    if top.bill_share < HEAVY:
        return None
    title = ASSUMED.get(top.name, sentence(f"otherwise than assumed: {plain_words(top.what)}"))
    return title, "Most of the price rests on that guess."


RULES: tuple[Callable[[Material, VerdictKind], tuple[str, str] | None], ...] = (
    _cheaper_way, turns_at, _larger_no_better, _by_luck, _assumption,
)  # fmt: skip


def _to_write(begun: Account) -> Iterator[tuple[str, str]]:
    """The line of the project file that a first run asks for."""
    pairs = [pair for block in begun.short if isinstance(block, Facts) for pair in block.pairs]
    for name, words in pairs:
        line, _, place = words.partition("   ")
        if name == "write":
            yield STATED.get(line.partition(":")[0], "It is written down."), sentence(f"write `{line}` {place}")


def _open_questions(material: Material) -> Iterator[tuple[str, str]]:
    """What has to be settled first: each rule that fails and stops the case, and how."""
    definition = material.definition
    if (begun := first_words(material)) is not None:
        yield from _to_write(begun)
    elif definition is not None:
        for rule in definition.criteria:
            if rule.status == "fail" and rule.severity == "stop":
                price = "" if rule.price is None else plain_money(rule.price.p50, definition.currency)
                costs = f" It costs about {price}." if price else ""
                yield sentence(to_settle(rule)[0]), f"{sentence(plain_words(rule.fix))}{costs}"
    audit = material.audit
    for finding in () if audit is None or audit.ok else audit.findings:
        if finding.severity == "stop":
            yield sentence(f"{finding.check.replace('_', ' ')} is settled"), sentence(plain_words(finding.fix))
