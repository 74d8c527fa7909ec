"""Prices a case with what is known of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, cast

from tunecase.errors import Problem, refuse_any
from tunecase.flow.kept import kept, of_the_plan
from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow, read_confidence
from tunecase.flow.plan_on_file import plan_parts
from tunecase.quantities import Sampled, Worlds, day
from tunecase.records import Bridge, Estimate, from_json

if TYPE_CHECKING:
    from tunecase.plan import Drawn

WITHOUT_A_CURVE = ("no pilot", "no target")  # what a bill without a curve is based on
Filed = dict[str, tuple[date, Sampled]]


def price_project(
    flow: Flow, wanted: float | None = None, progress: Callable[[int, int], None] | None = None
) -> Estimate:
    """The bill of the plan from what is known, with what moved it since the bill before."""
    filed = _filed(flow)
    bill = kept(
        flow, "estimate", Estimate, (of_the_plan(flow), wanted, filed), lambda: _priced(flow, filed, wanted, progress)
    )  # fmt: skip
    return cast(Estimate, flow.keep("estimate", bill, plan=plan_parts(flow)))


def _priced(flow: Flow, filed: Filed, wanted: float | None, progress: Callable[[int, int], None] | None) -> Estimate:
    from tunecase.estimate import estimate
    from tunecase.plan import plan, variants

    drawn, pilot = drawn_of(flow), flow.current("pilot")
    seen = drawn.facts.forecast
    of_pilot = pilot is not None and seen is not None and seen.source == "pilot" and not seen.rounds
    # The pilot's own answers were scored under other problems, not those of another way.
    scored = pilot.variants if pilot is not None and of_pilot and not drawn.way else ()
    made = replace(plan(drawn), bridge=_bridge(flow, drawn, filed), variants=variants(drawn, scored))
    return estimate(drawn, made, what_if=wanted, progress=progress)


def _filed(flow: Flow) -> Filed:
    """The last bill of this seed that was made without a curve, by what it was based on."""
    found: Filed = {}
    for entry in flow.ledger.entries_of("record", "estimate"):
        plan = entry.body.get("plan")
        if entry.meta.get("seed") == flow.seed and isinstance(plan, dict) and plan.get("based_on") in WITHOUT_A_CURVE:
            found[plan["based_on"]] = entry.recorded_at.date(), from_json(Sampled, plan["total"]["expected"])
    return found


def _bridge(flow: Flow, drawn: "Drawn", filed: Filed) -> Bridge | None:
    """What moved the bill since it was first made without a curve; None where it still is, or no target is stated."""
    from tunecase.plan import bridge

    if drawn.solved is None or drawn.solved.state.assumed:
        return None
    facts = drawn.of_the_tuned.facts
    blind = facts.in_worlds(Worlds(facts.basis.worlds.seed, facts.basis.worlds.n))
    before = drawn_of(flow, replace(blind, forecast=None, runs=(), tuning=None, reviews=None, done=(), promise=None))
    if before.based_on not in filed:
        return bridge(before, drawn, since="without a pilot")
    made_on, expected = filed[before.based_on]
    return bridge(before, drawn, since=f"bill of {day(made_on)}", filed=expected)


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
    refuse_any(problems)
    return chance
