"""Rules on how the problem is stated: P1 goal, P2 criteria, P10 knowledge, P12 owner, P16 the figure behind it."""

import re
from collections.abc import Iterator

from tunecase.problem.criteria.facts import Facts, percent
from tunecase.problem.criteria.rule import Rule
from tunecase.records import Criterion, Severity

FEWEST_CRITERIA = 3
KNOWLEDGE_SHARE = 0.20

GOAL = Rule(
    "P1",
    "measurable goal",
    "metric, direction, numeric target, measured on what",
    "Anthropic, define your success criteria",
    "What must be reached?",
    "name the metric and the score to reach",
    "stop",
)
OUTPUT = Rule(
    "P2",
    "pass/fail criteria for one output",
    f"at least {FEWEST_CRITERIA}",
    "applied-llms.org",
    "When is one answer right?",
    "write three tests to answer by yes or no",
)
KNOWLEDGE = Rule(
    "P10",
    "answers come from the input",
    f"under {percent(KNOWLEDGE_SHARE)} of answers with numbers that the input lacks",
    f"OpenAI tuning guide; the {percent(KNOWLEDGE_SHARE)} is tunecase's default",
    "Are the facts in the input?",
    "put the facts into the input first",
)
OWNER = Rule(
    "P12", "decision owner", "one person", "Hamel Husain, FAQ on evals", "Who decides what is right?", "name one person"
)
BUSINESS = Rule(
    "P16",
    "link to the business",
    "the business figure that moves with the score",
    "ML Test Score (proxy metrics); Google, Rules of ML 8",
    "Which business figure moves?",
    "name the figure that the score stands for",
)

_NUMBER = re.compile(r"\d[\d.,:/-]*\d")


def goal_is_measurable(facts: Facts) -> Criterion:
    """P1: the goal is a metric, its direction, a number to reach, and what it is measured on; words are not judged.

    What nobody has said yet is unknown: it keeps the verdict open, and stops nothing that is free. A direction that the
    metric does not have contradicts it: that fails.
    """
    problem = facts.project.problem
    target = "-" if problem.target is None else problem.target
    got = f"metric {problem.metric or '-'}, target {target}"
    got += "" if facts.coverage is None else f" at {percent(facts.coverage)} coverage"
    missing, wrong = tuple(_missing_words(facts)), tuple(_contradicted(facts))
    if not (missing or wrong):
        return GOAL.passed(got, "everything needed is stated")
    severity: Severity = "stop" if any(weight == "stop" for *_, weight in (*missing, *wrong)) else "warn"
    rule = GOAL.weighing(severity)
    reason = f"missing: {' and '.join(what for what, *_ in (*missing, *wrong))}"
    fix = f"write in the project file: {'; '.join(line for _, line, _ in (*missing, *wrong))}"
    return rule.failed(got, reason, fix) if wrong else rule.unknown(reason, fix, got=got)


def _missing_words(facts: Facts) -> Iterator[tuple[str, str, Severity]]:
    """What is missing of the goal itself, the line to write, and how much it weighs."""
    problem = facts.project.problem
    if problem.metric is None:
        yield "a metric", f"problem.metric: {facts.usual_metric}", "stop"
    elif facts.direction is None:
        yield "the direction of the metric", "problem.direction: higher", "stop"
    if facts.target is None:
        yield "a numeric target", "problem.target: 92%", "stop"
    if problem.measured_on is None and facts.test is None:
        yield "what it is measured on", "data.test: data/test.jsonl", "warn"
    for more in problem.further_targets:
        if more.direction is None and facts.direction_of(more.metric) is None:
            yield f"the direction of {more.metric}", "direction: higher under problem.further_targets", "stop"


def _contradicted(facts: Facts) -> Iterator[tuple[str, str, Severity]]:
    """A direction that the metric does not have, the line to write instead, and how much it weighs."""
    problem = facts.project.problem
    if facts.metric and problem.direction and problem.direction != facts.metric.direction:
        way = facts.metric.direction
        yield f"one direction ({facts.metric.name} is better {way})", f"problem.direction: {way}", "stop"


def output_has_criteria(facts: Facts) -> Criterion:
    """P2: at least three pass/fail statements about one output; a note for classification, where the label decides."""
    given = len(facts.project.problem.criteria)
    rule = OUTPUT.weighing("note") if facts.task == "classification" else OUTPUT
    if given >= FEWEST_CRITERIA:
        return rule.passed(str(given), "two people can judge an output alike")
    fix = f"add {FEWEST_CRITERIA - given} under problem.criteria, each answered by yes or no"
    return rule.failed(str(given), "without them two people judge one output differently", fix)


def knowledge_comes_from_the_input(facts: Facts) -> Criterion:
    """P10: answers rarely hold numbers that the input lacks; facts that change belong into retrieval."""
    rows = facts.train.rows
    if facts.task == "classification":
        return KNOWLEDGE.passed("labels", "a label from a closed list holds no facts")
    if not rows:
        return KNOWLEDGE.unknown("no row can be read", got="no rows")
    foreign = sum(not set(_NUMBER.findall(row.output)) <= set(_NUMBER.findall(row.input)) for row in rows)
    got = percent(foreign / len(rows))
    if foreign / len(rows) < KNOWLEDGE_SHARE:
        return KNOWLEDGE.passed(got, "answers can be formed from their input")
    return KNOWLEDGE.failed(
        got,
        "answers hold numbers that the input does not give (looked up, or worked out)",
        "try retrieval first and put the facts into the input; note the date on which they change",
    )


def one_person_decides(facts: Facts) -> Criterion:
    """P12: one named person owns the decision."""
    if (facts.project.problem.owner or "").strip():
        return OWNER.passed("named", "one person settles what counts as right")
    return OWNER.failed("nobody", "nobody settles what counts as right", "add problem.owner: the name of one person")


def score_stands_for_the_business(facts: Facts) -> Criterion:
    """P16: somebody wrote down which figure of the business the score stands for."""
    if (facts.project.problem.business_metric or "").strip():
        return BUSINESS.passed("stated", "the score stands for a figure of the business")
    return BUSINESS.unknown(
        "nobody said which figure of the business moves with the score",
        "add problem.business_metric: the figure, and by how much a point moves it",
    )
