"""The one table of ways to give the answers: what each scores, brings and costs, what that rests on, what rules it out.

What nobody stated or measured is unknown and named, with the command that measures it and what that costs; nothing is
taken to be zero, and what others published never ranks.
"""

from collections.abc import Mapping, Sequence

from tunecase.prices import Basis
from tunecase.problem.ways import Grounds, Standing, order_to_try, today, tuned_ways, untuned_ways
from tunecase.problem.ways.grounds import value_of
from tunecase.quantities import Band
from tunecase.records import Alternative, EvalLog, Pilot


def alternatives(
    basis: Basis,
    standing: Standing,
    *,
    pilot: Pilot | None = None,
    tuning_cost: Band | None = None,
    unpriced: Sequence[str] = (),
    logs: Mapping[str, EvalLog] | None = None,
) -> tuple[tuple[Alternative, ...], tuple[str, ...]]:
    """Every way with its value, its cost over the horizon and its evidence, and the order to try what is not measured.

        value = worth of a correct answer x volume x months x (score - score in use)
        cost  = hours of set-up x price of an hour + price of 1,000 answers x volume x months / 1,000

    The model to be tuned, while nobody has measured it, is valued at the target, and that is called assumed. Its set-up
    is the project's bill without answers (`tuning_cost`), worked out for the last model named; that of another is
    unknown. A score from the project file is called stated. What the project's constraints rule out says why.

    Args:
        basis: project, prices and worlds.
        standing: scores to hold against, and what the task is.
        pilot: for scores and prices of what it asked and trained.
        tuning_cost: the estimate's total, answers after launch left out [base currency].
        unpriced: lines of the bill without a price, as it names them.
        logs: the evaluation logs that scores of the project file were taken from, by field; such a score is measured.
    Returns: the ways, ranked: measured ones by their score, then stated ones, then those that are unknown or assumed in
        the order to try them, last those that are ruled out; and names in the order to try them.
    Leaves out upkeep of prompts and indexes after launch, and that retrieval and tuning may be done together.
    """
    grounds = Grounds(basis, standing, pilot, tuning_cost, tuple(unpriced), logs or {})
    ways = (today(grounds), *untuned_ways(grounds), *tuned_ways(grounds))
    at_the_target, _ = value_of(grounds, standing.target)
    order = order_to_try(ways, None if at_the_target is None else at_the_target.p50)
    return _ranked(ways, order, grounds), order


def _ranked(ways: Sequence[Alternative], order: Sequence[str], grounds: Grounds) -> tuple[Alternative, ...]:
    known = {"measured": 0, "stated": 1}
    sign = 1 if grounds.standing.direction == "lower" else -1
    places = {"today": -1, **{name: place for place, name in enumerate(order)}}

    def rank(way: Alternative) -> tuple[bool, int, float]:
        if way.score is not None and way.evidence in known:
            return bool(way.struck), known[way.evidence], sign * way.score
        return bool(way.struck), len(known), places.get(way.name, len(order))

    return tuple(sorted(ways, key=rank))
