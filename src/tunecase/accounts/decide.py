"""What decide says: the next step, the options beside it, what the test decides, and where the advice turns."""

from dataclasses import replace

from tunecase.accounts.approve import approval_blocks
from tunecase.accounts.calendar import months_words
from tunecase.accounts.chances import beside_the_plan
from tunecase.accounts.changes import flips_words, turns_at
from tunecase.accounts.evals import logs_named
from tunecase.accounts.gates import gates
from tunecase.accounts.headline import headline, times_worth
from tunecase.accounts.looks import above_words, looks_table
from tunecase.accounts.material import Material, filled, recorded_in
from tunecase.accounts.steps import gate_words, next_command, step_words
from tunecase.accounts.verdict import advised_plan, is_stand_in, verdict
from tunecase.accounts.words import capital, plain_words, target_words, tuned_model
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Words
from tunecase.prices import amount
from tunecase.quantities import (
    count,
    figures,
    firm,
    firm_share,
    money_band,
    plain_figure,
    plain_money,
    plain_share,
    score,
    sentence,
    share,
)
from tunecase.records import PUT_TO_USE, Decision, Flip, Option, Plan

FINE_TUNE = "the fine-tune"
MOST_OPTIONS = 5
# Inputs that a name alone would not explain.
INPUTS = {
    "problem.value": "a right answer",
    "effort_per_round": "people's work in a round",
    "levers.first_run_hours": "work before the first run",
    "levers.bigger_model_run_cost": "a bigger model's run",
    "levers.bigger_model_factor": "a bigger model's errors",
    "levers.tuning_factor": "errors after trying settings",
    "levers.label_noise": "wrong labels",
    "today.price_per_1k": "1,000 answers today",
    "serving.price_per_1k_today": "1,000 answers today",
    "serving.price_per_1k_answers": "1,000 answers of the tuned model",
}


def decide(record: Decision, material: Material) -> Account:
    """What the next money should buy: the step and its price, the other options, and when to stop."""
    material = replace(material, decision=record)
    said = verdict(material)
    return Account(
        "decide", _answer(record, material), said.tone, _short(record, material), _full(record, material),
        next_command(material),
    )  # fmt: skip


def _answer(record: Decision, material: Material) -> str:
    """The step and its price where one is advised; else the verdict."""
    plan = advised_plan(material)
    if plan is None or record.instead:
        return verdict(material).sentence
    price = f"about {plain_money(plan.release.p80, plan.currency)}" if plan.release.p80.value else "it costs nothing"
    best = record.best
    step = plan.action if best is None else step_words(best, material)
    if plan.lever == "fine_tune" and not record.way:
        rows = "" if material.audit is None else f" on the {count(material.audit.usable)} examples you have"
        return f"Train {tuned_model(material) or 'the model'} once{rows}: {price}."
    return f"{capital(step)} first: {price}."


def _short(record: Decision, material: Material) -> tuple[Block, ...]:
    rests = " ".join(one for one in (_turns(record, material), _assumed(material)) if one)
    told = (_why(material), _gates(material), _counted_above(record, material), rests)
    ways = tuple(_flip(flip, record.currency) for flip in record.what_if if flip.at is not None)
    if record.what_if and not ways:
        ways = ("no input alone would change it",)
    table = _table(record, material)
    return (
        *((table,) if table is not None else ()),
        Words(tuple(one for one in told if one)),
        *((Listing("What would have to be true for another step", ways),) if ways else ()),
    )


def _flip(flip: Flip, currency: str) -> str:
    """An input in plain words, the value at which another step wins, and which."""
    assert flip.at is not None
    name = flip.name.removeprefix("effort.").rsplit(".", 1)[-1].replace("_", " ")
    side = "or less" if flip.direction == "down" else "or more"
    at, now = (amount(flip.name, value, currency) for value in (flip.at, flip.now))
    return f"{INPUTS.get(flip.name, name)} at {at} {side}, not {now}: {plain_words(flip.to.replace('_', ' '))}"


def _gates(material: Material) -> str:
    words = gate_words(gates(material))
    return f"First test: {words}." if words else ""


def _why(material: Material) -> str:
    """Why there is no step to take, where none is advised."""
    return "" if advised_plan(material) is not None else verdict(material).why


def _counted_above(record: Decision, material: Material) -> str:
    """From where each worth of the table counts, where what is put to use stands beside what is trained."""
    worth = None if record.plan is None else record.plan.worth
    ways = [one for one in record.options if one.way and one.lever in PUT_TO_USE and one.worth is not None]
    if worth is None or worth.above == "today" or not any(way.worth.value > 0 for way in ways if way.worth is not None):
        return ""
    metric = None if material.forecast is None else material.forecast.metric
    above = above_words(worth, metric)
    return f"Worth of what is put to use counts above today's way, that of training {above}." if above else ""


def _turns(record: Decision, material: Material) -> str:
    turn = turns_at(material, verdict(material).kind)
    words = "" if turn is None else f"Turns where {turn[0][:1].lower()}{turn[0][1:]}"
    flip = record.miss_flip
    if flip is None or flip.at is None:
        return words
    side = "more" if flip.direction == "up" else "less"
    miss = f"a miss costs {times_worth(flip.at)} or {side}"
    return f"{words.rstrip('.')}, or {miss}." if words else f"Turns where {miss}."


def _assumed(material: Material) -> str:
    """What the advice takes for granted, with the chance on measured ground alone."""
    if advised_plan(material) is None or material.forecast is None or material.forecast.p_target is None:
        return ""
    assumed = "Assumed: the larger model does better. " if is_stand_in(material) else ""
    return f"{assumed}{beside_the_plan(material)}".rstrip()


def _table(record: Decision, material: Material) -> Table | None:
    """What can be done next, worth most first; None where nothing was weighed."""
    ways = sorted((one for one in record.options if not one.blocked and one.worth is not None), key=_rank)
    stops = [one for one in ways if one.lever == "stop"]
    ranked = [one for one in ways if one.lever != "stop"][: MOST_OPTIONS - 1] + stops[:1]
    if len(ranked) < 2:
        return None
    target = target_words(material.target, None if material.definition is None else material.definition.metric)
    reaches = "reaches it" if material.target is None else f"reaches {target}"
    rows = tuple(
        (
            Cell(step_words(one, material)),
            Cell(plain_figure(one.release)),
            Cell("-" if one.chance is None else plain_share(one.chance)),
            Cell(plain_figure(one.worth)),
        )
        for one in ranked
    )
    strong = tuple(number for number, one in enumerate(ranked) if one is record.best)
    return Table(
        f"Next steps, {record.currency}", (f"next step, {record.currency}", "costs", reaches, "worth"), rows, (1, 2, 3),
        strong,
    )  # fmt: skip


def _full(record: Decision, material: Material) -> tuple[Block, ...]:
    """The plan's figures, every option with its arithmetic, what looking first is worth, and what is assumed."""
    plan = record.plan
    return filled(
        Words((f"{record.instead} {sentence(record.action)} {sentence(record.reason)}".strip(),)),
        None if plan is None else plan_table(plan, first=record.comes_first),
        *approval_blocks(material.approvals),
        _options(record),
        None if plan is None else _variants(plan),
        looks_table(record, None if material.definition is None else material.definition.metric),
        _limits(record, material),
        _arithmetic(record),
        logs_named(material.logs),
        Listing("Assumptions", record.assumptions),
        Facts("", recorded_in(material, "decide")),
    )


def plan_table(plan: Plan, *, first: bool) -> Table:
    """The headline figures of the plan; `first` says that something else comes before its first step."""
    rows = tuple(
        (Cell(figure.name), Cell(figure.value), Cell(figure.beside or "–"), Cell(figure.evidence or "–"))
        for figure in headline(plan)
    )
    lead = "What comes first done, the plan" if first else "The plan"
    caption = f"{lead}: {plan.action}" if plan.advised else f"Not advised; all the same: {plan.action}"
    note = f"{plan.currency}, from {count(plan.draws)} simulated projects. P80: in 80 of 100 of them it costs no more."
    months = months_words(plan)
    note += f" Expected spending: {months}." if months else ""
    return Table(caption, ("Figure", "", "Beside it", "Rests on"), rows, note=note)


def _options(decision: Decision) -> Table:
    ranked = sorted(decision.options, key=_rank)
    best = decision.best
    several = any(option.way for option in ranked)
    rows = tuple(_option(option, option is best, named=several) for option in ranked)
    head = ("Option", "First step", "Its price, P80", "Chance", "Worth", "Evidence")
    strong = tuple(index for index, option in enumerate(ranked) if option is best)
    note = f"{decision.currency}, expected over all cases. Chance: that the target is shown within the budget. "
    note += "Worth: the gain less what the whole plan costs that begins with this step."
    return Table("Options, the best first", head, rows, (2, 3, 4, 5), strong, note)


def _rank(option: Option) -> tuple[bool, float]:
    return bool(option.blocked), -(option.worth.value if option.worth is not None else float("-inf"))


def _name(option: Option, *, named: bool = False) -> str:
    """The lever of an option, its way beside it where there are several."""
    way = option.way or (FINE_TUNE if named else "")
    return option.lever.replace("_", " ") + (f" ({way})" if way else "")


def _option(option: Option, advised: bool, *, named: bool) -> tuple[Cell, ...]:
    lever = _name(option, named=named)
    name = Cell(f"{lever} (advised)" if advised else lever, "good" if advised else "plain")
    if option.blocked:
        price = Cell(_first_price(option))
        return name, Cell(f"not possible: {option.blocked}"), price, Cell("–"), Cell("–"), Cell(option.evidence)
    return (
        name,
        Cell(option.first_step),
        Cell(_first_price(option)),
        Cell("–" if option.chance is None else firm_share(option.chance)),
        Cell("–" if option.worth is None else firm(option.worth)),
        Cell(option.evidence),
    )


def _first_price(option: Option) -> str:
    if option.release is None:
        return "–"
    return firm(option.release) if option.release.value else "free"


def _amount(value: float | None) -> str:
    return "–" if value is None else figures(value)


def _variants(plan: Plan) -> Table:
    """The problem posed otherwise, on the same board."""
    rows = tuple(
        (
            Cell(variant.name),
            Cell(score(variant.score)),
            Cell(firm_share(variant.chance)),
            Cell("–" if variant.worth is None else firm(variant.worth)),
            Cell(firm(variant.expected_cost)),
            Cell(share(variant.value_share)),
            Cell(variant.note),
        )
        for variant in plan.variants
    )
    head = ("Change", "The pilot's score", "Chance", "Worth", "Expected cost", "Value that remains", "Rests on")
    note = f"{plan.currency}. Nothing was trained anew: the pilot's own answers are scored under each change."
    return Table("The problem posed otherwise", head, rows, (1, 2, 3, 4, 5), note=note)


def _limits(decision: Decision, material: Material) -> Facts:
    pairs = []
    if decision.value_of_target is not None:
        pairs.append(("Reaching the target is worth", money_band(decision.value_of_target, decision.currency)))
    pairs += [
        ("The advice flips", flips_words(decision, material) or "not known"),
        ("Second best", decision.runner_up or "none"),
    ]
    return Facts("How firm this is", tuple(pairs))


def _arithmetic(decision: Decision) -> Table:
    rows = tuple(
        (Cell(_name(option)), Cell(option.action), Cell(option.arithmetic or option.blocked))
        for option in decision.options
    )
    return Table("The arithmetic of every option", ("Option", "What it does", "Arithmetic"), rows)
