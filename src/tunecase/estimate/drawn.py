"""The bill in every world: its lines, the walk through the rounds, and the machine that trains."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase.compute import Choice, choose, sequence_tokens
from tunecase.estimate.route import COSTS, Route, route_of, total_of
from tunecase.estimate.ways import hosted_machine
from tunecase.plan import Known
from tunecase.plan.costs import Cost, Work
from tunecase.plan.levers import test_rows_to_buy
from tunecase.plan.rounds import rounds_of
from tunecase.prices import supply
from tunecase.quantities import Z80, Z90, Const, Interval, Spread, Worlds
from tunecase.records import Tokens

if TYPE_CHECKING:
    from tunecase.quantities import Draws


@dataclass(frozen=True, slots=True)
class Drawn:
    """The bill before it is summed up: every line in every world, the walk through the rounds, and what they rest on.

    `rented` is the choice among GPUs, also where `choice` is a hosted model.

    The named inputs' draws are `work.basis.worlds.drawn`; two bills of one seed share their worlds.
    """

    work: Work
    lines: dict[str, Cost]
    route: Route
    choice: Choice
    rented: Choice

    @property
    def total(self) -> "Draws":
        """The sum of the lines that count and have a price, shape (draws,)."""
        return total_of(list(self.lines.values()))


def drawn(facts: Known) -> Drawn:
    """The bill in every world, from all that is known."""
    project, basis, audit = facts.project, facts.basis, facts.audit
    stock = supply(basis)
    # Beside a hosted model cards are only compared: neither their draws nor their defaults are the bill's.
    aside = replace(basis, worlds=Worlds(basis.worlds.seed, basis.worlds.n), used={})
    rented = choose(basis if project.compute.hosted is None else aside, facts.machines, facts.runs)
    tokens_per_row = _tokens_per_row(facts)
    hosted = hosted_machine(basis, tokens_per_row)
    choice = rented if hosted is None else Choice(hosted, hosted.how)
    work = Work(
        project=project,
        basis=basis,
        walk=rounds_of((facts.rows,), 1, basis.worlds.n),
        machine=choice.machine,
        no_machine=choice.why,
        tokens_per_row=tokens_per_row,
        supply=stock,
        repair=audit.repair_price if audit else None,
        test_rows_missing=test_rows_to_buy(facts.definition, audit),
    )
    route = route_of(work, facts)
    work = replace(work, walk=replace(route.walk, bought=route.walk.bought + project.data.first_purchase))
    return Drawn(work, {cost.__name__: cost(work) for cost in COSTS}, route, choice, rented)


def _tokens_per_row(facts: Known) -> "Draws | None":
    """Mean tokens of a row after cutting at the longest sample, shape (draws,)."""
    import numpy as np

    basis, audit = facts.basis, facts.audit
    stated, longest = facts.project.data.tokens_per_row, sequence_tokens(basis)
    if stated is not None and facts.tokens is None and audit is None:
        return np.minimum(basis.worlds.draw("tokens per row", stated.spread), float(longest))
    tokens, counted = (facts.tokens, facts.rows) if audit is None else (facts.tokens or audit.tokens, audit.usable)
    if tokens is None or counted < 1:
        return None
    # What the audit saw cut off at this very limit is not trained on.
    cut = tokens.cut_tokens / counted if tokens.limit_tokens == longest else 0.0
    return np.minimum(basis.worlds.draw("tokens per row", _mean_tokens(tokens, counted)) - cut, float(longest))


def _mean_tokens(tokens: Tokens, counted: int) -> Spread:
    low, mid, high = tokens.total.low, tokens.total.mid, tokens.total.high
    if not high > low > 0:
        return Const(mid / counted)
    # An 80% interval of the record, opened to the 90% that an Interval means.
    wide = Z90 / Z80
    return Interval(mid * (low / mid) ** wide / counted, mid * (high / mid) ** wide / counted)
