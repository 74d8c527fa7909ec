"""Prices a case with what is known of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from tunecase.errors import InputError, Problem
from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow, read_confidence
from tunecase.flow.plan_on_file import plan_parts
from tunecase.quantities import Sampled, Worlds, day
from tunecase.records import Bridge, Estimate, from_json

if TYPE_CHECKING:
    from tunecase.plan import Drawn


def price_project(
    flow: Flow, wanted: float | None = None, progress: Callable[[int, int], None] | None = None
) -> Estimate:
    """The bill of the plan from what is known, with what moved it since the bill before."""
    from tunecase.estimate import estimate
    from tunecase.plan import plan, variants

    drawn, pilot = drawn_of(flow), flow.current("pilot")
    seen = drawn.facts.forecast
    of_pilot = pilot is not None and seen is not None and seen.source == "pilot" and not seen.rounds
    # The pilot's own answers were scored under other problems, not those of another way.
    scored = pilot.variants if pilot is not None and of_pilot and not drawn.way else ()
    made = replace(plan(drawn), bridge=_bridge(flow, drawn), variants=variants(drawn, scored))
    bill = estimate(drawn, made, what_if=wanted, progress=progress)
    return cast(Estimate, flow.keep("estimate", bill, plan=plan_parts(flow)))


def _bridge(flow: Flow, drawn: "Drawn") -> Bridge | None:
    """What moved the bill since it was first made without a curve; None where it still is, or no target is stated."""
    from tunecase.plan import bridge

    if drawn.solved is None or drawn.solved.state.assumed:
        return None
    facts = drawn.of_the_tuned.facts
    blind = facts.in_worlds(Worlds(facts.basis.worlds.seed, facts.basis.worlds.n))
    before = drawn_of(flow, replace(blind, forecast=None, runs=(), tuning=None, reviews=None, done=(), promise=None))
    for entry in reversed(list(flow.ledger.entries_of("record", "estimate"))):
        filed = entry.body.get("plan")
        same = entry.meta.get("seed") == flow.seed
        if same and isinstance(filed, dict) and filed.get("based_on") == before.based_on:
            expected = from_json(Sampled, filed["total"]["expected"])
            return bridge(before, drawn, since=f"bill of {day(entry.recorded_at.date())}", filed=expected)
    return bridge(before, drawn, since="without a pilot")


def has_the_test_rows(flow: Flow) -> bool:
    """Whether the bill includes the test rows that the problem, as it is posed now, lacks."""
    held, posed = flow.current("define"), flow.posed
    return posed is not None and posed.test_rows_to_buy == (held.test_rows_to_buy if held else 0)


def price_test_rows(flow: Flow) -> Estimate:
    """The bill once more, with the test rows that the problem as posed lacks."""
    flow.records["define"] = flow.posed
    return price_project(flow)


def chance_wanted(flow: Flow, text: str) -> float:
    """The chance asked for with --what-if, which needs a budget to stay within."""
    chance, problems = read_confidence("--sure", text)
    if flow.project.budget is None:
        fix = "add `budget: 15k USD`, say, to the project file"
        problems = [*problems, Problem("--what-if", "no budget", "a budget to stay within", fix)]
    if problems:
        raise InputError(problems)
    return chance
