"""Is the problem well posed and achievable? Runs every rule and gathers a verdict; trains nothing, asks nobody.

Order of work, as all guides agree: metric, baselines, what the test set can show, what the labels allow, the data,
and only then money.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

from tunecase.problem.alternatives import alternatives
from tunecase.problem.criteria import baselines, data, evaluation, goal, money, upkeep
from tunecase.problem.criteria.facts import Facts
from tunecase.problem.criteria.rule import Rule
from tunecase.problem.ways import Standing
from tunecase.quantities import band, counted
from tunecase.records import Criterion, Definition, Pilot, Severity, Status

Verdict = Literal["go to pilot", "fix first", "do not start"]

# Rules that fail where S2 sees no gap: a baseline, or a prompt, meets the target already.
MET_ALREADY = ("P5", "P20")
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
# The same rules as what they have in common, by id: what each asks in plain words, and how it is closed.
RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        goal.GOAL, goal.OUTPUT, baselines.MEASURED, baselines.PROMPTS, baselines.ROOM, baselines.DISTANCE,
        evaluation.CEILING, evaluation.POWER, evaluation.MISTAKES, money.WORTH, money.SAVING, money.ERRORS,
        money.RETIREMENT, goal.KNOWLEDGE, goal.OWNER, goal.BUSINESS, upkeep.SLICES, upkeep.STALENESS,
        baselines.SIGNAL, baselines.GAIN, data.ROWS, data.BALANCE, data.CONTRADICTIONS, data.LEAKS,
    )
}  # fmt: skip


def _lengths(facts: Facts) -> tuple[float, float]:
    """The mean characters of a test row's input and of its answer; zero without rows."""
    rows = facts.test.rows if facts.test else ()
    sums = sum(len(row.input) for row in rows), sum(len(row.output) for row in rows)
    return sums[0] / max(len(rows), 1), sums[1] / max(len(rows), 1)


def define(facts: Facts, *, pilot: Pilot | None = None, unpriced: Sequence[str] = ()) -> Definition:
    """The problem judged by every rule, with the verdict and what follows from the numbers.

    A failed rule of severity stop withholds the advice to train; a failed warning, or a stop that could not be judged,
    asks for a fix first. The goal's words and the labels' names take no part in it.

    Args:
        facts: what was asked, the data, and what is measured and priced so far.
        pilot: for what it scored by prompts alone, and what it trained.
        unpriced: lines of the bill without a price, as it names them.
    Returns: the Definition.

    Leaves out one change per experiment (P15), which `tunecase next` keeps to, and the share of work for evaluation
    (P13), which the bill takes. The pilot judges P14, the forecast D2, the audit the other data rules.
    """
    judged = tuple(rule(facts) for rule in CRITERIA)
    verdict, reason = _verdict(judged)
    power = evaluation.power_needed(facts)
    seen = evaluation.smallest_gain(facts) if facts.counts_items else math.inf
    base = facts.in_use if facts.in_use is not None else facts.best
    standing = Standing(
        base, facts.in_use, facts.target, facts.direction, facts.counts_items, facts.probe, facts.task, facts.classes,
        len(facts.train.rows) + facts.test_rows, facts.test_rows, _lengths(facts),
    )  # fmt: skip
    ways, order = alternatives(
        facts.basis, standing, pilot=pilot, tuning_cost=facts.cost_of_tuning, unpriced=unpriced, logs=facts.logs
    )
    per_point = None if facts.value_of_all is None else band(facts.value_of_all * 0.01)
    return Definition(
        verdict,
        reason,
        judged,
        task=facts.task,
        metric=facts.project.problem.metric,
        target=facts.target,
        majority=facts.majority,
        probe=facts.probe,
        ceiling=facts.ceiling,
        agreement=facts.agreement if facts.counts_items else None,
        train_rows=len(facts.train.rows),
        test_rows=facts.test_rows,
        test_rows_needed=power.rows_needed if power else None,
        smallest_gain=seen if math.isfinite(seen) else None,
        value_per_point=per_point,
        currency=facts.basis.currency,
        in_use=facts.in_use,
        untrained=facts.best,
        design_effect=power.design if power is not None and not power.assumed else 1.0,
        alternatives=ways,
        test_rows_to_buy=evaluation.rows_to_label(facts),
        order=order,
        logs=tuple(facts.logs.items()),
        at_hand=facts.at_hand,
    )


def _verdict(judged: Sequence[Criterion]) -> tuple[Verdict, str]:
    """What the rules say together, in one sentence that names those that failed or are open."""

    def those(status: Status, severity: Severity) -> list[Criterion]:
        return [rule for rule in judged if (rule.status, rule.severity) == (status, severity)]

    stops, open_stops, warns = those("fail", "stop"), those("unknown", "stop"), those("fail", "warn")
    is_met = any(rule.id == "S2" and rule.status == "fail" for rule in judged)
    met = [rule for rule in warns if is_met and rule.id in MET_ALREADY]
    parts = [
        f"{words} {_listed(rules)}"
        for words, rules in (
            ("failed", stops or [rule for rule in warns if rule not in met]),
            ("not known yet:", open_stops),
        )
        if rules
    ]
    notes = len(those("unknown", "note"))
    open_parts = [_listed(those("unknown", "warn")), counted(notes, "note") if notes else ""]
    unchecked = " and ".join(filter(None, open_parts))
    unchecked = f" Not checked: {unchecked}." if unchecked else ""
    if stops:
        return "do not start", f"Do not start: {'; '.join(parts)}.{unchecked}"
    to_fix = f"Fix first: {'; '.join(parts)}." if parts else ""
    if met:
        reason = f"A cheaper way meets the target: nothing is left to tune for ({', '.join(rule.id for rule in met)})."
        return "fix first", f"{reason} {to_fix}".rstrip() + unchecked
    if parts:
        return "fix first", f"{to_fix}{unchecked}"
    return "go to pilot", f"Go to pilot: no rule that matters failed.{unchecked}"


def _listed(rules: Sequence[Criterion]) -> str:
    return ", ".join(f"{rule.name} ({rule.id})" for rule in rules)
