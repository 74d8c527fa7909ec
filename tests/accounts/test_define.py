"""What define says: the open questions in plain words, the most urgent first; in full every rule."""

from dataclasses import replace

import pytest

from tests import samples
from tests.problem_cases import project
from tunecase.accounts import Material, account
from tunecase.accounts.define import define, how_to_close, open_questions, question, rules_table
from tunecase.blocks import Facts, Table, Words
from tunecase.problem import RULES
from tunecase.problem.define import CRITERIA
from tunecase.quantities import Band, Interval80
from tunecase.records import Alternative, Criterion, Definition, Severity, Status

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


@pytest.mark.parametrize(
    ("rules", "verdict", "answer"),
    [
        ((rule("P1"),), "go to pilot", "The problem is well posed, and no question that matters is open."),
        (
            (rule("P1"), rule("P11", "unknown")), "go to pilot",
            "The problem is well posed. One question should be answered before you spend.",
        ),
        (
            (rule("P3", "unknown", "stop"), rule("P20", "fail"), rule("P11", "unknown")), "fix first",
            "Not yet: two questions must be settled first.",
        ),
        ((rule("P1", "fail", "stop"),), "do not start", "Do not start: one question must be settled first."),
        (
            (rule("P5", "fail"), rule("S2", "fail", "note")), "fix first",
            "A cheaper way meets the target: there is nothing to tune for.",
        ),
    ],
)  # fmt: skip
def test_the_answer_follows_the_rules(rules: tuple[Criterion, ...], verdict: str, answer: str) -> None:
    """The verdict in words, and how many questions are open."""
    assert answer == define(judged(*rules, verdict=verdict), NOTHING).answer


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ((rule("P1"),), "1 of 1 rule pass, none fails."),
        ((rule("P1"), rule("P4", "fail", "note"), rule("D7", "fail", "note")),
         "1 of 3 rules pass, 2 fail as notes (nothing is stopped)."),
        ((rule("P5", "fail"), rule("P4", "fail", "note")), "0 of 2 rules pass, 2 fail (1 as a note)."),
        ((rule("P5", "fail"), rule("P6", "unknown")), "0 of 2 rules pass, 1 fails, 1 is not known."),
    ],
)  # fmt: skip
def test_what_fails_is_counted_as_the_record_has_it(rules: tuple[Criterion, ...], told: str) -> None:
    """A note that fails is counted among what fails, and said to stop nothing."""
    assert told in words(judged(*rules, verdict="go to pilot"))


def test_the_most_urgent_question_comes_first() -> None:
    """Failed before not known, what stops before the rest; notes and what passes are no questions."""
    rules = (
        rule("P12", "unknown"), rule("P8", "fail"), rule("P6", "unknown", "stop"), rule("P1", "fail", "stop"),
        rule("P4", "fail", "note"), rule("P9", "unknown", "note"), rule("P2"),
    )  # fmt: skip
    assert ["P1", "P6", "P8", "P12"] == [one.id for one in open_questions(judged(*rules))]


def test_four_questions_are_told_and_the_others_counted() -> None:
    """The short account keeps to its lines."""
    rules = [rule(id, "unknown") for id in ("P3", "P20", "P11", "P6", "P12")]
    record = judged(*rules)
    pairs = next(block.pairs for block in define(record, NOTHING).short if isinstance(block, Facts))
    assert ["1  How good is it today?", "2  Would a prompt do?"] == [name for name, _ in pairs[:2]]
    assert 4 == len(pairs)
    assert words(record).startswith("One more is open. ")
    assert "more" not in words(judged(*rules[:4]))


@pytest.mark.parametrize(
    ("status", "fix", "told"),
    [
        ("unknown", "state the target; measure the baselines", "state the target"),
        ("unknown", "add problem.errors_read: 100", "read 100 answers and sort them"),
        ("unknown", "run `tunecase estimate`, then define again", "run tunecase estimate, then define again"),
        ("fail", "lower the target to 97%, sharpen the label guide, or settle the labels of the test once more",
         "lower the target to 97%"),
        ("fail", "look at them, decide for one answer, write the rule into the guideline of whoever labels next",
         "read 100 answers and sort them"),
    ],
)  # fmt: skip
def test_how_a_question_is_closed_is_told_in_plain_words(status: Status, fix: str, told: str) -> None:
    """A rule's own words where they are plain and short, else those of the rule's kind: never a field's path."""
    assert told == how_to_close(rule("P11", status, fix=fix), "USD")
    priced = replace(rule("P11", status, fix=fix), price=Band(96, 177, 250, 320))
    assert f"{told}; about 180 USD" == how_to_close(priced, "USD")


def test_a_rule_of_another_version_keeps_its_name() -> None:
    """A record may hold a rule that is no longer judged."""
    gone = rule("X9", "unknown", fix="ask someone")
    assert ("a name", "ask someone") == (question(gone), how_to_close(gone, "USD"))


def test_lines_to_write_are_told() -> None:
    """What the project file lacks stands as the lines to write, and nothing is run before they are written."""
    lacking = rule("P1", "fail", "stop", "write in the project file: problem.target: 92%")
    record = judged(lacking, verdict="do not start")
    assert "Write in the project file: problem.target: 92%." in words(record)
    assert "" == define(record, NOTHING).next


def test_what_limits_the_score_is_told_where_it_was_measured() -> None:
    """Agreement of two readers and the best way so far; neither where nobody measured it."""
    record = replace(samples.definition(), ceiling=None)
    assert "Two readers" in words(samples.definition())
    assert "Two readers" not in words(record)
    assert "Best so far" not in words(record)
    way = Alternative("encoder", "a small encoder", 0.681, None, None, None, None, "measured")
    told = words(replace(record, alternatives=(way,)))
    assert "Best so far without a fine-tune: a small encoder, 68%; target 90%." in told
    assert "Best so far" not in words(replace(record, alternatives=(replace(way, evidence="stated"),)))


def test_the_next_command_is_what_is_missing() -> None:
    """The audit, then a prompt that nobody tried, the pilot, the decision."""
    way = Alternative(
        "prompt", "a prompt", None, None, None, None, None, "unknown", measure="tunecase pilot --hosted x"
    )
    untried = replace(judged(rule("P20", "unknown")), alternatives=(way,))
    unread = judged(rule("P20"), rule("D4", "unknown", fix="run `tunecase audit`"))
    assert "tunecase audit" == define(unread, NOTHING).next
    assert "tunecase pilot --hosted x" == define(untried, NOTHING).next
    assert "tunecase pilot" == define(replace(untried, criteria=(rule("P20"),)), NOTHING).next
    tried = Material(pilot=samples.pilot())
    barred = replace(samples.pilot(), not_measured=("x was not asked: X_KEY is not set, wanted a key: set it",))
    assert "tunecase pilot --hosted x" == define(untried, tried).next
    assert "tunecase decide" == define(untried, Material(pilot=barred)).next
    assert "tunecase decide" == define(judged(rule("P20")), tried).next
    assert "tunecase next" == define(judged(rule("P20")), replace(tried, decision=samples.decision())).next


def test_without_a_test_file_rows_are_held_out_before_anything_is_asked() -> None:
    """A pilot would be refused; the project's training file is the one that is split."""
    record = replace(judged(rule("P20", "unknown")), test_rows=0)
    case = Material(project=project())
    assert "tunecase init train.jsonl --split 15%" == define(record, case).next
    assert "tunecase pilot" == define(replace(record, test_rows=200), case).next


def test_the_key_that_the_next_command_needs_is_named() -> None:
    """Where it asks a hosted model, with the variable that its provider's key is looked for in."""
    way = Alternative(
        "prompt", "a prompt", None, None, None, None, None, "unknown", measure="tunecase pilot --hosted gpt-6-luna"
    )
    untried = replace(judged(rule("P20", "unknown")), alternatives=(way,))
    told = words(untried, Material(today=samples.TODAY))
    assert "Asking gpt-6-luna needs its provider's key in OPENAI_API_KEY." in told
    assert "key" not in words(judged(rule("P20")), Material(today=samples.TODAY))


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


def test_the_problem_judged_again_says_so() -> None:
    """After the pilot the same account stands under its own verb."""
    again = account("define again", samples.definition())
    assert "define again" == again.verb
    assert again.answer.startswith("Judged again after the pilot. The problem is well posed.")


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
