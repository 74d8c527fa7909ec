"""What the data and the problem leave open: what needs a person first, with what to do and what that costs."""

from tunecase.accounts.audit import Kind, Kinds, kinds
from tunecase.accounts.define import how_to_close, open_questions, question
from tunecase.accounts.words import capital, plain_words
from tunecase.blocks import Cell, Finding, Table, Tone
from tunecase.quantities import count, plain_figure, plain_money, sentence, spelled
from tunecase.records import Audit, Criterion, Definition

STATES: dict[str, tuple[str, Tone]] = {"fail": ("Fails", "bad"), "unknown": ("Not known", "unknown")}
MOST_QUESTIONS = 6


def several(number: int, one: str, more: str) -> str:
    """The words for one thing, or for several with their number in front.

    Example:
        >>> several(1, "rule fails", "rules fail"), several(3, "rule fails", "rules fail")
        ('one rule fails', 'three rules fail')
    """
    return f"{spelled(number)} {one if number == 1 else more}"


def _further_down(number: int, what: str) -> str:
    if not number:
        return ""
    return f"{capital(several(number, f'smaller {what} is', f'smaller {what}s are'))} listed further down."


# The data


def data_finding(audit: Audit | None) -> Finding | None:
    """What is wrong with the data: what needs a person, then what leaving rows out has settled; the rest is counted."""
    if audit is None:
        return None
    found = kinds(audit)
    rows = (*(_person(kind) for kind in found.person), *(_settled(kind) for kind in found.fixed))
    table = Table("What the data lack", ("Found", "State", "Rows", "What to do", audit.currency), rows, (2, 4))
    read = f"{count(audit.rows)} rows read, {count(audit.usable)} usable; {count(audit.test_rows)} test rows"
    repairs = f"; all repairs: {plain_money(audit.repair_price.p50, audit.currency)}" if audit.repair_price.p90 else ""
    note = _further_down(len(found.look), "finding")
    return Finding(data_title(audit, found), read + repairs, (table,) if rows else (), note, about="data")


def _person(kind: Kind) -> tuple[Cell, ...]:
    return (
        Cell(capital(kind.name)), Cell("Needs a person", "warn"), Cell(count(kind.count)),
        Cell(plain_words(kind.action)), Cell(plain_figure(kind.price)),
    )  # fmt: skip


def _settled(kind: Kind) -> tuple[Cell, ...]:
    """What is settled already costs nothing more; rows that wait for a person are told."""
    waits = f"left out; {count(kind.waiting)} more wait for a person" if kind.waiting else "left out"
    return Cell(capital(kind.name)), Cell("Settled", "good"), Cell(count(kind.count)), Cell(waits), Cell("0")


def data_title(audit: Audit, found: Kinds) -> str:
    """How many problems the data have, how many are settled, and how many need a person."""
    person, fixed = len(found.person), len(found.fixed)
    if audit.verdict == "too little to say":
        return "There is too little to judge the data by"
    if not person and not fixed:
        return "The data have only small flaws" if found.look else "The data passed every check"
    problems = capital(several(person + fixed, "data problem", "data problems"))
    if not person:
        return f"{problems}, settled by leaving rows out"
    if fixed:
        return f"{problems}: {several(person, 'needs', 'need')} a person, the rest is settled"
    return f"{problems}: {'it needs' if person == 1 else 'all need'} a person"


# The problem


def rules_finding(definition: Definition | None) -> Finding | None:
    """The questions that are open before money is spent, the most urgent first; notes are counted."""
    if definition is None or not definition.criteria:
        return None
    opened = open_questions(definition)
    rows = tuple(_question(rule, definition.currency) for rule in opened[:MOST_QUESTIONS])
    table = Table("Open questions", ("Open", "State", "How to close it"), rows)
    left = sum(rule.status != "pass" for rule in definition.criteria) - len(rows)
    passed = sum(rule.status == "pass" for rule in definition.criteria)
    beside = f"{passed} of {len(definition.criteria)} rules pass"
    return Finding(rules_title(definition), beside, (table,) if rows else (), _further_down(left, "question"))


def _question(rule: Criterion, currency: str) -> tuple[Cell, ...]:
    return (
        Cell(capital(plain_words(question(rule)))), Cell(*STATES[rule.status]),
        Cell(sentence(plain_words(how_to_close(rule, currency)))),
    )  # fmt: skip


def rules_title(definition: Definition) -> str:
    """Whether the problem is well posed, and how many rules fail or questions are open."""
    opened = open_questions(definition)
    failed = [rule for rule in opened if rule.status == "fail"]
    stopped = [rule for rule in failed if rule.severity == "stop"]
    if stopped:
        return f"The problem is not ready: {several(len(stopped), 'rule', 'rules')} must be met first"
    if failed:
        return f"The problem can be tried, but {several(len(failed), 'rule fails', 'rules fail')}"
    if opened:
        return f"The problem is well posed; {several(len(opened), 'question is', 'questions are')} open"
    return "The problem is well posed"
