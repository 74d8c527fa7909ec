"""What is tried before money is released, in words: what each way costs to find out, and what it must show."""

from collections.abc import Sequence

from tunecase.accounts.words import score_words, short_name, target_words
from tunecase.blocks import Cell, Table
from tunecase.quantities import count, duration, figures
from tunecase.records import Alternative, Chance, Decision, Definition, Look, Worth

CENT, HOUR_MINUTES = 0.01, 60
# Each way as something to do, by its code.
TRIED = {
    "n_grams": "try a small word-count model",
    "encoder": "try a small encoder",
    "nearest": "look up the nearest examples",
    "prompt_hosted": "ask a prompted model",
    "decision": "ask a decision model",
    "encoder_tuned": "tune a small encoder",
    "prompt_open": "prompt an open model",
    "retrieval": "put facts into the prompt",
    "tune_small": "tune a small model",
    "tune_large": "tune the larger model",
}


# What a gain counts from, by the code of its way.
AT_HAND = {
    "today": "today's way",
    "majority": "the commonest answer",
    "n_grams": "a small word-count model",
    "encoder": "a small encoder",
    "prompt_hosted": "a prompted model",
    "decision": "a decision model",
    "encoder_tuned": "a tuned small encoder",
    "prompt_open": "a prompted open model",
    "retrieval": "facts in the prompt",
}


def above_words(worth: Worth | None, metric: str | None) -> str:
    """What a value counts from: a score, and who has it; empty where nobody knows.

    Example:
        >>> above_words(None, "accuracy")
        ''
    """
    if worth is None or worth.baseline is None:
        return ""
    if worth.above == "today" and not worth.baseline:
        return "above today's way, which answers nothing without a person"
    who = AT_HAND.get(worth.above, "")
    return f"above the {score_words(worth.baseline, metric)}{f' of {who}' if who else ''}"


def chance_rests(chance: Chance | None) -> str:
    """The published pairs on which the step from a stand-in to the model rests; empty where none stands in."""
    if chance is None or chance.pairs is None:
        return ""
    return f"going by {chance.pairs} published pairs of models on {chance.tasks} tasks"


def look_price(look: Look, currency: str) -> str:
    """What a look takes, in money and a person's time.

    Example:
        >>> from tunecase.quantities import Band
        >>> look_price(Look("decision", "jev", "", Band(0.001, 0.002, 0.003, 0.004), 1.1, 120.0, 0.2), "USD")
        'under 0.01 USD and an hour'
    """
    if look.cost is None or look.hours is None:
        return "its price is not known"
    hours = round(look.hours)
    time = "an hour" if hours <= 1 else f"{count(hours)} hours"
    if look.days is not None and look.days > 1:
        time = f"{count(round(look.days + 0.5))} days"
    return f"{small_cost(look.cost.p50, currency)} and {time}" if look.cost.p50 else time


def small_cost(amount: float, currency: str) -> str:
    """An amount in one figure, with cents below ten.

    Example:
        >>> small_cost(0.38, "USD"), small_cost(0.003, "USD"), small_cost(34.0, "USD")
        ('about 0.40 USD', 'under 0.01 USD', 'about 30 USD')
    """
    if amount < CENT:
        return f"under 0.01 {currency}"
    rounded = float(f"{amount:.1g}")
    return f"about {rounded:.2f} {currency}" if rounded < 10 else f"about {rounded:,.0f} {currency}"


def published_words(look: Look) -> str:
    """How often such a way did as well as the fine-tune in published projects; empty where none tell."""
    if look.cases is None or look.known is None:
        return ""
    return f"In {look.cases} of {look.known} published projects a prompt or retrieval did about as well."


def looks_table(decision: Decision, metric: str | None) -> Table:
    """What nobody has measured yet: what finding out takes, what it must show, and what barred it."""
    rows = tuple(
        (
            Cell(TRIED.get(look.way, look.way)),
            Cell(short_name(look.model)),
            Cell(f"struck: {look.barred}" if look.barred else look_price(look, decision.currency)),
            Cell("-" if look.days is None else f"{look.days:.1g}"),
            Cell("-" if look.needed is None else target_words(look.needed, metric)),
            Cell(look.command or "-"),
        )
        for look in decision.looks
    )
    strong = tuple(number for number, look in enumerate(decision.looks) if look is decision.look)
    note = "Changes the plan from: the score from which on it brings more than the plan. "
    note += next(filter(None, map(published_words, decision.looks)), "Not measured: each look tells.")
    head = ("Way", "Model", "Takes", "Days", "Changes the plan from", "Command")
    return Table("To find out before money is released", head, rows, (3, 4), strong, note)


def steps_to_try(definition: Definition) -> tuple[str, ...]:
    """What to try, cheapest to know first: ways that one command measures are one step.

    Returns: sentences such as "a small word-count model: `tunecase pilot`, 0 USD, about 1 minute".
    """
    by_name = {way.name: way for way in definition.alternatives}
    steps: dict[str, list[Alternative]] = {}
    for name in definition.order:
        steps.setdefault(by_name[name].measure, []).append(by_name[name])
    return tuple(_step(command, ways, definition.currency) for command, ways in steps.items())


def _step(command: str, ways: Sequence[Alternative], currency: str) -> str:
    *others, last = [way.action for way in ways]
    names = f"{', '.join(others)} and {last}" if others else last
    return f"{names}: `{command}`, {_cost(ways, currency)}, {_time(ways)}"


def _cost(ways: Sequence[Alternative], currency: str) -> str:
    known = [way.measure_cost.p50 for way in ways if way.measure_cost is not None]
    if len(known) < len(ways):
        return "at a price not known"
    return cost_words(sum(known), currency)


def cost_words(amount: float, currency: str) -> str:
    """What finding out costs, to two figures; what runs here costs nothing.

    Example:
        >>> cost_words(0.0, "USD"), cost_words(0.0037, "USD"), cost_words(1.234, "EUR")
        ('0 USD', 'under 0.01 USD', 'about 1.2 EUR')
    """
    if not amount:
        return f"0 {currency}"
    return f"under 0.01 {currency}" if amount < CENT else f"about {figures(amount)} {currency}"


def per_1k_words(amount: float) -> str:
    """What 1,000 answers cost, to two figures; what is less than a cent is not told closer.

    Example:
        >>> per_1k_words(0.0000054), per_1k_words(0.0224), per_1k_words(0.0)
        ('<0.01', '0.022', '0')
    """
    return "<0.01" if 0 < amount < CENT else figures(amount)


def _time(ways: Sequence[Alternative]) -> str:
    known = [way.measure_minutes for way in ways if way.measure_minutes is not None]
    if len(known) < len(ways):
        return "time not known"
    return minutes_words(sum(one.mid for one in known))


def minutes_words(minutes: float) -> str:
    """About how long it takes, in whole minutes; hours in two figures.

    Example:
        >>> minutes_words(0.2), minutes_words(3.4), minutes_words(200.0)
        ('about 1 minute', 'about 3 minutes', 'about 3.3 h')
    """
    whole = max(1, round(minutes))
    if whole >= HOUR_MINUTES:
        return f"about {duration(minutes * 60)}"
    return f"about {count(whole)} minute{'s' if whole > 1 else ''}"
