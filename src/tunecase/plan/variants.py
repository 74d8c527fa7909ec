"""The problem posed otherwise, on the same board: fewer classes, a narrower scope, or a lower target."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tunecase.plan.drawn import Drawn, drawn, from_state
from tunecase.plan.levers import State, reachable
from tunecase.plan.plan import headline
from tunecase.quantities import Z80, Z90, Interval, Sampled, Worlds, np, score
from tunecase.records import Variant, VariantPlan

SOME = 4_000  # worlds in which variants are solved
LOWER = "lower target"
LEAST_ERROR = 1e-3


def variants(bill: Drawn, scored: Sequence[Variant]) -> tuple[VariantPlan, ...]:
    """What the chance, the cost and the worth of a project would be under another problem, the best worth first.

    A variant's errors are those of the problem as it stands times the ratio that the pilot's own answers show, at every
    size and for every model; what is in use today is taken to gain as much by it. The worth of the target shrinks with
    the share of rows that stay in scope and with what is left to gain above today.

    Args:
        bill: the plan of the project as it stands, with a target.
        scored: variants as the pilot scored them.
    Returns: none where no target is stated or the pilot measured nothing. Figures are those of at most 4,000 worlds.
    Leaves out what people do with rows out of scope, and what labels lose in worth when classes are merged.
    """
    if not bill.grounded or bill.solved is None or bill.solved.state.assumed:
        return ()
    worlds = bill.work.basis.worlds
    fewer = drawn(bill.facts.in_worlds(Worlds(worlds.seed, min(worlds.n, SOME))))
    assert fewer.solved is not None
    state = fewer.solved.state
    posed = [*_lower(bill.solved.state, state), *(_of_answers(state, variant) for variant in scored)]
    priced = [_priced(fewer, other, variant) for variant, other in posed]
    return tuple(sorted(priced, key=lambda each: -(each.worth.value if each.worth is not None else each.chance.value)))


def _lower(whole: State, state: State) -> Iterator[tuple[VariantPlan, State]]:
    """The score that four worlds in five reach as the target; where a fallback is stated every plan may end there.

    `whole` is the state in all worlds of the bill, from which the score is read off.
    """
    if state.error_fallback is not None:
        return
    aim = reachable(whole)
    note = "4 of 5 cases reach it in the end; only you can say whether it is worth shipping (problem.fallback)"
    wanted = state.error_baseline - state.error_target
    if not state.error_target < aim < state.error_baseline or wanted <= 0:
        return
    part = (state.error_baseline - aim) / wanted
    told = _told(LOWER, f"settle for {score(state.score(aim))}", state.score(aim), part, note)
    yield told, _times(replace(state, error_target=aim, error_fallback=None), part)


def _of_answers(state: State, variant: Variant) -> tuple[VariantPlan, State]:
    """A variant that the pilot scored: every error times the ratio of its error to that of the problem as it stands."""
    error, today = max(1 - variant.interval.mid, LEAST_ERROR), max(1 - variant.unchanged_score, LEAST_ERROR)
    low, high = (max(1 - end, LEAST_ERROR) for end in (variant.interval.high, variant.interval.low))
    # An 80% interval of the record, opened to the 90% that an Interval means.
    doubt = Interval(*(error * (end / error) ** (Z90 / Z80) for end in (low, high)))
    ratio = state.basis.worlds.draw(f"errors where we {variant.name}", doubt) / today
    baseline = min(state.error_baseline * error / today, 1.0)
    wanted = state.error_baseline - state.error_target
    left = max(baseline - state.error_target, 0.0) / wanted if wanted > 0 else 0.0
    part = variant.covered * min(left, 1.0)
    note = "scored on the pilot's answers; today's way is taken to gain as much"
    told = _told(variant.kind, variant.name, variant.interval.mid, part, note)
    paths = np.minimum(state.paths * ratio[:, None], 1.0)
    rows = None if state.test_rows is None else max(int(state.test_rows * variant.covered), 1)
    return told, _times(replace(state, paths=paths, error_baseline=baseline, test_rows=rows), part)


def _told(kind: str, name: str, scored: float, part: float, note: str) -> VariantPlan:
    none = Sampled(0.0)
    return VariantPlan(kind, name, scored, none, None, none, part, note)


def _times(state: State, part: float) -> State:
    return state if state.value is None else state.valued(state.value * part)


def _priced(bill: Drawn, state: State, variant: VariantPlan) -> VariantPlan:
    """The variant with the figures of the plan that it would have."""
    chance, worth, cost = headline(from_state(bill, state))
    return replace(variant, chance=variant.chance if chance is None else chance, worth=worth, expected_cost=cost)
