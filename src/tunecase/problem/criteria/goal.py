"""Rules on how the problem is stated: P1 goal, P2 criteria, P10 knowledge, P12 owner, P16 the figure behind it."""

import re

from tunecase.problem.criteria.facts import Facts, percent
from tunecase.records import Criterion

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
    for more in problem.further_targets:
        if more.direction is None and facts.direction_of(more.metric) is None:
            stop = True
            missing.append((f"the direction of {more.metric}", "direction: higher under problem.further_targets"))
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


def score_stands_for_the_business(facts: Facts) -> Criterion:
    """P16: somebody wrote down which figure of the business the score stands for."""
    named = bool((facts.project.problem.business_metric or "").strip())
    return Criterion(
        "P16",
        "link to the business",
        "pass" if named else "unknown",
        "warn",
        "stated" if named else "-",
        "the business figure that moves with the score",
        "the score stands for a figure of the business"
        if named
        else "nobody said which figure of the business moves with the score",
        "" if named else "add problem.business_metric: the figure, and by how much a point moves it",
        source="ML Test Score (proxy metrics); Google, Rules of ML 8",
    )
