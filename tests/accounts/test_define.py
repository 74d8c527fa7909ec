"""What define says: the open questions in plain words, the most urgent first; in full every rule."""

from dataclasses import replace

from tests import samples
from tunecase.accounts import Material, account
from tunecase.accounts.define import define, open_questions, rules_table
from tunecase.blocks import Facts, Table, Words
from tunecase.problem import RULES
from tunecase.problem.define import CRITERIA
from tunecase.quantities import Interval80
from tunecase.records import Criterion, Definition, Severity, Status

NOTHING = Material()


def rule(id: str, status: Status = "pass", severity: Severity = "warn", fix: str = "") -> Criterion:
    """A rule without figures."""
    return Criterion(id, "a name", status, severity, "found", "wanted", "a reason", fix)


def judged(*rules: Criterion, verdict: str = "go to pilot") -> Definition:
    """A definition of these rules."""
    return replace(samples.definition(), criteria=rules, verdict=verdict)


def words(record: Definition, material: Material = NOTHING) -> str:
    """The paragraphs of the short account."""
    blocks = define(record, material).short
    return " ".join(part for block in blocks if isinstance(block, Words) for part in block.paragraphs)


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


def test_rules_that_fail_come_first() -> None:
    """Fail, unknown, pass: each with its word and its sign; a note that fails is no failure."""
    rows = rules_table(samples.definition()).rows
    assert ["fail", "unknown", "unknown", "pass"] == [row[1].text for row in rows[:4]]
    assert "✕ fail" == rows[0][1].marked
    note = rules_table(judged(rule("P4", "fail", "note"))).rows[0][1]
    assert ("note", "note") == (note.text, note.marked)


def test_the_full_account_keeps_every_rule_and_figure() -> None:
    """Each rule with its reason and source, what was measured, and where the record lies."""
    record = samples.definition()
    blocks = account("define", record, Material(entries=samples.ENTRIES)).full
    tables = {block.caption: block for block in blocks if isinstance(block, Table)}
    assert len(record.criteria) == len(tables["Rules of a well-posed problem"].rows)
    reasons = tables["Why each rule, and who says so"].rows
    assert ("P1 a measurable goal", "nothing is vague", "Anthropic guide") == tuple(cell.text for cell in reasons[0])
    facts = dict(pair for block in blocks if isinstance(block, Facts) for pair in block.pairs)
    assert "480 USD (310 to 720)" == facts["One point is worth"]
    assert samples.ENTRIES["define"] == facts["Recorded in"]


def test_the_ceiling_is_one_figure_on_every_face() -> None:
    """The upper end of its range, which the forecast is held against: short, in full, and beside the curve."""
    ends = Interval80(0.9603, 0.9716, 0.9797)
    posed = replace(samples.definition(), ceiling=ends, agreement=0.944)
    record = replace(samples.forecast(), ceiling=ends.high, target=0.985, verdict="above the ceiling")
    material = Material(definition=posed)
    assert "so no model can be seen to pass 98%." in words(posed)
    assert "people agree on 98%." in account("forecast", record, material).answer
    told = [account("define", posed, material).full, account("forecast", record, material).full]
    pairs = [dict(block.pairs) for full in told for block in full if isinstance(block, Facts)]
    assert ["0.98, the upper end of 0.96 to 0.98"] * 2 == [
        pair["Human ceiling"] for pair in pairs if "Human ceiling" in pair
    ]
