"""The section on what the next dollar should buy."""

from tunecase.accounts.approve import approval_blocks
from tunecase.accounts.calendar import months_words
from tunecase.accounts.headline import headline
from tunecase.accounts.material import Material, not_done, recorded_in
from tunecase.blocks import Block, Cell, Facts, Listing, Section, Table, Tone
from tunecase.prices import flip_words
from tunecase.quantities import count, figures, firm, firm_share, money_band, score, sentence, share
from tunecase.records import Decision, Option, Plan

FINE_TUNE = "the fine-tune"


def next_step(material: Material) -> Section:
    """What should the next dollar buy?"""
    title = "What should the next dollar buy?"
    decision = material.decision
    if decision is None:
        return not_done("decision", title, "decide")
    looks = (_looks(decision),) if decision.experiments else ()
    plan = () if decision.plan is None else (plan_table(decision.plan, first=decision.comes_first),)
    otherwise = () if decision.plan is None or not decision.plan.variants else (_variants(decision.plan),)
    approved = approval_blocks(material.approvals)
    blocks: tuple[Block, ...] = (*plan, *approved, _options(decision), *otherwise, *looks, _limits(decision))
    evidence: tuple[Block, ...] = (
        _arithmetic(decision),
        Listing("Assumptions", decision.assumptions),
        Facts("", recorded_in(material, "decide")),
    )
    tones: dict[str, Tone] = {"stop": "bad", "fix first": "warn"}
    tone = tones.get(decision.advice, "good" if decision.best else "unknown")
    answer = f"{decision.instead} {sentence(decision.action)} {sentence(decision.reason)}".strip()
    return Section("decision", title, answer, blocks, evidence, tone, decision.advice.replace("_", " "))


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
    note = f"{decision.currency}, expected over all worlds. Chance: that the target is shown within the budget. "
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


def _looks(decision: Decision) -> Table:
    ranked = sorted(decision.experiments, key=lambda look: -(look.net if look.net is not None else float("-inf")))
    rows = tuple(
        (
            Cell(look.action if not look.blocked else f"{look.action} (not possible: {look.blocked})"),
            Cell("–" if look.price is None else money_band(look.price, "")),
            Cell(_amount(look.worth)),
            Cell(_amount(look.net), "good" if (look.net or 0) > 0 else "plain"),
        )
        for look in ranked
    )
    note = f"{decision.currency}. Worth: what deciding with the result gains over deciding now, before its price."
    if decision.certainty is not None:
        note += f" Nothing that can be found out is worth more than {figures(decision.certainty)}."
    strong = tuple(index for index, look in enumerate(ranked) if look.action == decision.action)
    return Table("Looking first", ("What", "Price", "Worth", "Worth - price"), rows, (1, 2, 3), strong, note)


def _limits(decision: Decision) -> Facts:
    pairs = []
    if decision.value_of_target is not None:
        pairs.append(("Reaching the target is worth", money_band(decision.value_of_target, decision.currency)))
    pairs += [
        ("The advice flips at", decision.flips_at or "not known"),
        *(
            (
                (
                    "What would have to be true for another step",
                    "; ".join(flip_words(decision.what_if, decision.currency)) or "no input alone would change it",
                ),
            )
            if decision.what_if
            else ()
        ),
        ("Second best", decision.runner_up or "none"),
    ]
    return Facts("How firm this is", tuple(pairs))


def _arithmetic(decision: Decision) -> Table:
    rows = tuple(
        (Cell(_name(option)), Cell(option.action), Cell(option.arithmetic or option.blocked))
        for option in decision.options
    )
    return Table("The arithmetic of every option", ("Option", "What it does", "Arithmetic"), rows)
