"""Is the problem well posed and achievable? Runs every rule and gathers a verdict; trains nothing, asks nobody.

Order of work, as all guides agree: metric, baselines, what the test set can show, what the labels allow, the data,
and only then money.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

from tunecase.data.reading import Table
from tunecase.prices import Basis
from tunecase.problem.alternatives import Standing, alternatives, prompted
from tunecase.problem.criteria import baselines, data, evaluation, goal, money, upkeep
from tunecase.problem.criteria.facts import Facts
from tunecase.project import Project
from tunecase.quantities import Band, band, counted
from tunecase.records import Audit, Criterion, Definition, Pilot

Verdict = Literal["go to pilot", "fix first", "do not start"]

CRITERIA: tuple[Callable[[Facts], Criterion], ...] = (
    goal.goal_is_measurable,
    goal.output_has_criteria,
    baselines.baselines_are_measured,
    baselines.prompts_were_tried,
    baselines.room_after_a_heuristic,
    baselines.baseline_is_below_target,
    evaluation.target_is_below_the_ceiling,
    evaluation.gain_can_be_seen,
    evaluation.errors_are_read,
    money.worth_the_cost,
    money.each_answer_saves,
    money.errors_cost_less_than_answers_bring,
    money.retirement_is_priced,
    goal.knowledge_comes_from_the_input,
    goal.one_person_decides,
    goal.score_stands_for_the_business,
    upkeep.slices_are_tested,
    upkeep.staleness_is_dated,
    baselines.inputs_carry_signal,
    baselines.something_to_gain,
    data.rows_are_enough,
    data.classes_are_as_in_production,
    data.labels_agree_with_themselves,
    data.no_test_row_is_trained_on,
)


def define(
    project: Project,
    train: Table,
    test: Table | None,
    *,
    basis: Basis,
    majority: float | None,
    probe: float | None,
    audit: Audit | None = None,
    total_cost: Band | None = None,
    tuning_cost: Band | None = None,
    unpriced: Sequence[str] = (),
    pilot: Pilot | None = None,
    chance: float | None = None,
) -> Definition:
    """The problem judged by every rule, with the verdict and what follows from the numbers.

    A failed rule of severity stop withholds the advice to train; a failed warning, or a stop that could not be judged,
    asks for a fix first. The goal's words and the labels' names take no part in it.

    Args:
        project: what was asked.
        train, test: the rows, read by datasets.load.
        basis: prices, date and worlds.
        majority, probe: scores of the commonest answer and of the cheap probe on the test set, measured by a trainer
            with the project's metric; None where they have no meaning.
        audit: what the audit found; without it D5 and D7 are unknown.
        total_cost: the estimate's total over the horizon [base currency]; without it P8 is unknown.
        tuning_cost: the total less the answers after launch [base currency]; the total where that holds none.
        unpriced: lines of the bill without a price, as it names them.
        pilot: for what it scored by prompts alone, and what it trained.
        chance: to reach the target for the total; None while no curve says, and then a target reached is weighed.
    Returns: the Definition.

    Leaves out one change per experiment (P15), which `tunecase next` keeps to, and the share of work for evaluation
    (P13), which the bill takes. The pilot judges P14, the forecast D2, the audit the other data rules.
    """
    facts = Facts(
        project, train, test, basis, majority, probe, audit, total_cost, prompted(pilot, basis), tuning_cost, chance
    )  # fmt: skip
    judged = tuple(rule(facts) for rule in CRITERIA)
    verdict, reason = _verdict(judged)
    power = evaluation.power_needed(facts)
    seen = evaluation.smallest_gain(facts) if facts.counts_items else math.inf
    base = facts.in_use if facts.in_use is not None else facts.best
    standing = Standing(base, facts.in_use, facts.target, facts.direction, facts.counts_items)
    ways = alternatives(
        basis, standing, pilot=pilot, tuning_cost=facts.cost_of_tuning, unpriced=unpriced, tokens=_answer_tokens(audit)
    )
    per_point = None if facts.value_of_all is None else band(facts.value_of_all * 0.01)
    return Definition(
        verdict,
        reason,
        judged,
        task=facts.task,
        metric=project.problem.metric,
        target=facts.target,
        majority=majority,
        probe=probe,
        ceiling=facts.ceiling,
        agreement=facts.agreement,
        train_rows=len(train.rows),
        test_rows=facts.test_rows,
        test_rows_needed=power.rows_needed if power else None,
        smallest_gain=seen if math.isfinite(seen) else None,
        value_per_point=per_point,
        currency=basis.currency,
        in_use=facts.in_use,
        untrained=facts.best,
        design_effect=power.design if power is not None and not power.assumed else 1.0,
        alternatives=ways,
        test_rows_to_buy=evaluation.rows_to_label(facts),
    )


def _answer_tokens(audit: Audit | None) -> tuple[float, float] | None:
    """Mean tokens of a question and of its answer; None where the audit did not tell them apart."""
    tokens = audit.tokens if audit else None
    if audit is None or tokens is None or tokens.useful_share is None or not audit.usable:
        return None
    each = tokens.total.mid / audit.usable
    return each * (1 - tokens.useful_share), each * tokens.useful_share


def _verdict(judged: Sequence[Criterion]) -> tuple[Verdict, str]:
    stops = [rule for rule in judged if rule.status == "fail" and rule.severity == "stop"]
    warned = [rule for rule in judged if rule.status == "fail" and rule.severity == "warn"]
    open_stops = [rule for rule in judged if rule.status == "unknown" and rule.severity == "stop"]
    others = [rule for rule in judged if rule.status == "unknown" and rule.severity == "warn"]
    notes = sum(rule.status == "unknown" and rule.severity == "note" for rule in judged)
    more = f"{' and ' if others else ''}{counted(notes, 'note')}" if notes else ""
    unchecked = f" Not checked: {_listed(others)}{more}." if others or notes else ""
    if stops:
        also = f"; not known yet: {_listed(open_stops)}" if open_stops else ""
        return "do not start", f"Do not start: failed {_listed(stops)}{also}.{unchecked}"
    parts = [f"failed {_listed(warned)}"] if warned else []
    parts += [f"not known yet: {_listed(open_stops)}"] if open_stops else []
    if parts:
        return "fix first", f"Fix first: {'; '.join(parts)}.{unchecked}"
    return "go to pilot", f"Go to pilot: no rule that matters failed.{unchecked}"


def _listed(rules: Sequence[Criterion]) -> str:
    return ", ".join(f"{rule.name} ({rule.id})" for rule in rules)
