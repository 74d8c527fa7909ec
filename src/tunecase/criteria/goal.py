"""Rules on how the problem is stated: P1 goal, P2 criteria, P8 worth, P10 knowledge, P12 owner."""

import re

from tunecase.criteria.facts import Facts, percent, points, three_figures
from tunecase.records import Criterion
from tunecase.spread import band

FEWEST_CRITERIA = 3
KNOWLEDGE_SHARE = 0.20

_NUMBER = re.compile(r"\d[\d.,:/-]*\d")


def goal_is_measurable(facts: Facts) -> Criterion:
    """P1: the goal is a metric, its direction, a number to reach, and what it is measured on; words are not judged."""
    problem = facts.project.problem
    missing = []
    if problem.metric is None:
        usual = "accuracy" if facts.task == "classification" else "exact_match"
        missing.append(("a metric", f"problem.metric: {usual}"))
    if problem.metric is not None and facts.direction is None:
        missing.append(("the direction of the metric", "problem.direction: higher"))
    if facts.target is None:
        missing.append(("a numeric target", "problem.target: 92%"))
    stop = bool(missing)
    if problem.measured_on is None and facts.test is None:
        missing.append(("what it is measured on", "data.test: data/test.jsonl"))
    if facts.metric and problem.direction and problem.direction != facts.metric.direction:
        stop = True
        way = facts.metric.direction
        missing.append((f"one direction ({facts.metric.name} is better {way})", f"problem.direction: {way}"))
    got = f"metric {problem.metric or '-'}, target {problem.target if problem.target is not None else '-'}"
    return Criterion(
        "P1",
        "measurable goal",
        "fail" if missing else "pass",
        "stop" if stop or not missing else "warn",
        got,
        "metric, direction, numeric target, measured on what",
        f"missing: {' and '.join(name for name, _ in missing)}" if missing else "everything needed is stated",
        f"write in the project file: {'; '.join(line for _, line in missing)}" if missing else "",
        source="Anthropic, define your success criteria",
    )


def output_has_criteria(facts: Facts) -> Criterion:
    """P2: at least three pass/fail statements about one output; a note for classification, where the label decides."""
    given = len(facts.project.problem.criteria)
    enough = given >= FEWEST_CRITERIA
    classes = facts.task == "classification"
    return Criterion(
        "P2",
        "pass/fail criteria for one output",
        "pass" if enough else "fail",
        "note" if classes else "warn",
        str(given),
        f"at least {FEWEST_CRITERIA}",
        "two people can judge an output alike" if enough else "without them two people judge one output differently",
        "" if enough else f"add {FEWEST_CRITERIA - given} under problem.criteria, each answered by yes or no",
        source="applied-llms.org",
    )


def worth_the_cost(facts: Facts) -> Criterion:
    """P8: value x volume x horizon x gain exceeds the total cost; the break-even volume is shown."""
    wanted = "value x volume x months x gain above the total cost"
    source = "ML Canvas; ml-ops.org"

    def unknown(reason: str, fix: str) -> Criterion:
        return Criterion("P8", "worth the cost", "unknown", "warn", "-", wanted, reason, fix, source=source)

    problem, gain = facts.project.problem, facts.gain
    if problem.value is None:
        return unknown("nobody said what a correct answer is worth", "add problem.value: 0.40 USD per correct")
    if gain is None or gain <= 0 or not facts.counts_items:
        return unknown(
            "the gain in correct answers is not known",
            "state a metric that counts right answers and a target above the best baseline",
        )
    if facts.total_cost is None:
        return unknown("the total cost is not known yet", "run `tunecase estimate`, then define again")
    months = facts.basis.draw("problem.horizon", problem.horizon)
    per_answer = facts.basis.draw("problem.value", problem.value) * gain
    even = band(facts.total_cost.p50 / (per_answer * months)).p50
    break_even = f"break-even at {three_figures(even)} answers per month"
    if facts.value_of_all is None:
        return unknown(f"the volume is not known; {break_even}", "add problem.volume: 20k to 60k per month")
    worth = band(facts.value_of_all * gain)
    enough = worth.p50 > facts.total_cost.p50
    return Criterion(
        "P8",
        "worth the cost",
        "pass" if enough else "fail",
        "warn",
        f"{points(gain)} points are worth {facts.money(worth)}",
        f"more than {facts.money(facts.total_cost)}",
        f"the gain {'pays' if enough else 'does not pay'} for the project; {break_even}",
        "" if enough else "serve more answers, use the result for longer, or spend less",
        source=source,
    )


def knowledge_comes_from_the_input(facts: Facts) -> Criterion:
    """P10: answers rarely hold numbers that the input lacks; facts that change belong into retrieval."""
    rows = facts.train.rows
    wanted = f"under {percent(KNOWLEDGE_SHARE)} of answers with numbers that the input lacks"
    name, source = "answers come from the input", "OpenAI tuning guide; the 20% is tunecase's default"
    if facts.task == "classification":
        reason = "a label from a closed list holds no facts"
        return Criterion("P10", name, "pass", "warn", "labels", wanted, reason, source=source)
    if not rows:
        return Criterion("P10", name, "unknown", "warn", "no rows", wanted, "no row can be read", source=source)
    foreign = sum(not set(_NUMBER.findall(row.output)) <= set(_NUMBER.findall(row.input)) for row in rows)
    gap = foreign / len(rows) >= KNOWLEDGE_SHARE
    return Criterion(
        "P10",
        name,
        "fail" if gap else "pass",
        "warn",
        percent(foreign / len(rows)),
        wanted,
        "answers hold numbers that the input does not give (looked up, or worked out)"
        if gap
        else "answers can be formed from their input",
        "try retrieval first and put the facts into the input; note the date on which they change" if gap else "",
        source=source,
    )


def one_person_decides(facts: Facts) -> Criterion:
    """P12: one named person owns the decision."""
    named = bool((facts.project.problem.owner or "").strip())
    return Criterion(
        "P12",
        "decision owner",
        "pass" if named else "fail",
        "warn",
        "named" if named else "nobody",
        "one person",
        "one person settles what counts as right" if named else "nobody settles what counts as right",
        "" if named else "add problem.owner: the name of one person",
        source="Hamel Husain, FAQ on evals",
    )
