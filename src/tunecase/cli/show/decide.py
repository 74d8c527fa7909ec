"""Prints what to do next: the options with their worth, and the one advised."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, price_words, print_notes, print_table, say
from tunecase.quantities import figures, firm, firm_share, score, share
from tunecase.records import Decision, Option, Plan

if TYPE_CHECKING:
    from rich.console import Console


FINE_TUNE = "the fine-tune"


def print_decision(console: "Console", record: Decision) -> None:
    """The options with their worth, and the one advised."""
    from tunecase.prices import flip_words

    heading(console, "decide", record.action, record.ok or None)
    say(console, " ".join(part for part in (record.instead, record.reason) if part))
    if record.plan is not None:
        if record.comes_first:
            say(console, f"That comes first. After it, to {record.plan.action} would come to this:")
        print_plan(console, record.plan)
    several = any(option.way for option in record.options)
    rows = [
        (
            ("→ " if option is record.best else "  ") + option.action,
            *((option.way or FINE_TUNE,) if several else ()),
            firm(option.worth) if option.worth is not None else "-",
            firm_share(option.chance) if option.chance is not None else "-",
            "-" if option.release is None else firm(option.release) if option.release.value else "free",
        )
        for option in record.options
    ]
    if rows:
        notes = [option.blocked or _arithmetic(option) for option in record.options]
        head = ("  what", *(("way",) if several else ()), "worth", "chance", "first step, P80")
        print_table(console, head, rows, tuple(range(len(head) - 3, len(head))), notes)
    _print_looks(console, record)
    if record.plan is not None:
        _print_variants(console, record.plan)
    if record.flips_at:
        say(console, f"The advice flips: {record.flips_at}.")
    if record.what_if:
        ways = flip_words(record.what_if, record.currency) or ("no input alone would change it",)
        title = "What would have to be true for another step, one input at a time, its doubt with it:"
        print_notes(console, title, ways)
    print_notes(console, "Assumed:", record.assumptions)


def print_plan(console: "Console", plan: Plan) -> None:
    """The headline figures of the plan, a line for each."""
    from tunecase.accounts import headline

    if not plan.advised:
        say(console, f"Not advised. To {plan.action} all the same would come to this:")
    rows = [(figure.name, figure.value, figure.evidence) for figure in headline(plan)]
    print_table(console, ("the plan", "", "rests on"), rows, (), [figure.beside for figure in headline(plan)])


def _print_looks(console: "Console", record: Decision) -> None:
    """Runs and readings that only tell, with what deciding with their result is worth."""
    seen = [look for look in record.experiments if look.worth is not None]
    if not any(look.worth for look in seen):
        if seen:
            say(console, "No run or reading is worth making first: none is likely to change the next step.")
        return
    rows = [
        (
            ("→ " if look.action == record.action else "  ") + look.action,
            figures(look.worth),
            price_words(look.price, record.currency) if look.price else "-",
        )
        for look in seen
    ]
    if rows:
        notes = [look.blocked for look in seen]
        print_table(console, ("  look first", "worth", "price"), rows, (1, 2), notes)


def _print_variants(console: "Console", plan: Plan) -> None:
    """The problem posed otherwise, with what its plan would come to."""
    if not plan.variants:
        return
    rows = [
        (
            variant.name,
            score(variant.score),
            firm_share(variant.chance),
            firm(variant.worth) if variant.worth is not None else "-",
            firm(variant.expected_cost),
        )
        for variant in plan.variants
    ]
    head = ("  the problem otherwise", "pilot's score", "chance", "worth", "expected cost")
    notes = [f"{share(variant.value_share)} of the value is taken to remain" for variant in plan.variants]
    print_table(console, head, rows, (1, 2, 3, 4), notes)


def _arithmetic(option: Option) -> str:
    assumed = " (effect assumed)" if option.evidence == "assumed" else ""
    return f"{option.arithmetic}{assumed}" if option.first_step_cost and option.first_step_cost.p90 else ""
