"""What define says: the open questions in plain words, the most urgent first; in full every rule."""

from dataclasses import replace

from tests import samples
from tunecase.accounts.define import open_questions
from tunecase.problem import RULES
from tunecase.problem.define import CRITERIA
from tunecase.records import Criterion, Definition, Severity, Status


def rule(id: str, status: Status = "pass", severity: Severity = "warn", fix: str = "") -> Criterion:
    """A rule without figures."""
    return Criterion(id, "a name", status, severity, "found", "wanted", "a reason", fix)


def judged(*rules: Criterion, verdict: str = "go to pilot") -> Definition:
    """A definition of these rules."""
    return replace(samples.definition(), criteria=rules, verdict=verdict)


def test_every_rule_asks_a_question() -> None:
    """Each rule that define judges has its question and how to close it, short enough for a line of the terminal."""
    assert len(CRITERIA) == len(RULES)
    assert len(RULES) == len({one.question for one in RULES.values()})
    assert [] == [one.id for one in RULES.values() if len(one.question) > 28 or not one.question.endswith("?")]
    assert [] == [one.id for one in RULES.values() if not 0 < len(one.closing) <= 44]


def test_the_most_urgent_question_comes_first() -> None:
    """Failed before not known, what stops before the rest; notes and what passes are no questions."""
    rules = (
        rule("P12", "unknown"), rule("P8", "fail"), rule("P6", "unknown", "stop"), rule("P1", "fail", "stop"),
        rule("P4", "fail", "note"), rule("P9", "unknown", "note"), rule("P2"),
    )  # fmt: skip
    assert ["P1", "P6", "P8", "P12"] == [one.id for one in open_questions(judged(*rules))]
