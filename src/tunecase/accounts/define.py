"""What define says: is the problem well posed and achievable, and which questions are open."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tunecase.accounts.begun import split_command
from tunecase.accounts.evals import logs_named
from tunecase.accounts.material import Material, filled, recorded_in
from tunecase.accounts.steps import next_command
from tunecase.accounts.ways import best_untuned, ways_blocks
from tunecase.accounts.words import ceiling_words
from tunecase.blocks import Account, Block, Cell, Facts, Table, Tone, Words
from tunecase.pilot import host_settings
from tunecase.quantities import (
    about_money,
    count,
    counted,
    figures,
    money_band,
    one_line,
    plain_score,
    plain_share,
    plain_target,
    score,
    sentence,
    share,
    spelled,
)
from tunecase.records import Criterion, Definition

STATUS_TONES: dict[str, Tone] = {"pass": "good", "fail": "bad", "unknown": "unknown"}
DEFINITION_WORDS: dict[str, tuple[str, Tone]] = {
    "go to pilot": ("yes", "good"),
    "fix first": ("not yet", "warn"),
    "do not start": ("no", "bad"),
}
LINES_TO_WRITE = "write in the project file: "
MOST_OPEN = 4  # questions of the short account
MOST_CLOSING = 60  # characters of how one is closed
FEWEST_WORDS = 4  # that a part of a sentence needs to be told alone
NOT_PLAIN = re.compile(r"\w[._]\w|\(\w\d+\)|probe|macro")  # a field's path, a rule's id, a term


def verdict_word(definition: Definition) -> tuple[str, Tone]:
    """Yes or no in a word, with its tone; where a cheaper way meets the target there is nothing to fix."""
    return ("met already", "warn") if definition.met else DEFINITION_WORDS[definition.verdict]


def define(record: Definition, material: Material) -> Account:
    """What is open before money is spent, the most urgent first; in full every rule, and every way to the answers."""
    questions = open_questions(record)
    short: list[Block] = []
    if questions:
        asked = questions[:MOST_OPEN]
        pairs = tuple(
            (f"{number}  {question(rule)}", how_to_close(rule, record.currency)) for number, rule in enumerate(asked, 1)
        )
        short.append(Facts("Open questions, the most urgent first", pairs))
    lines = [rule.fix for rule in questions if rule.fix.startswith(LINES_TO_WRITE)]
    standing = _standing_in_words(record, len(questions) - MOST_OPEN)
    following = _next(record, material)
    short.append(Words((*map(sentence, lines), *standing, *_key_needed(following, material))))
    return Account(
        "define", _answer(record, questions), verdict_word(record)[1], tuple(short), _full(record, material), following,
    )  # fmt: skip


def define_again(record: Definition, material: Material) -> Account:
    """The problem judged once more, with what the pilot has measured."""
    account = define(record, material)
    return replace(account, verb="define again", answer=f"Judged again after the pilot. {account.answer}")


def open_questions(record: Definition) -> list[Criterion]:
    """The rules to settle before money is spent, the most urgent first: failed before not known, stops before others.

    Notes are left out: they are worth knowing, and change nothing.
    """
    order = [("fail", "stop"), ("unknown", "stop"), ("fail", "warn"), ("unknown", "warn")]
    opened = [rule for rule in record.criteria if (rule.status, rule.severity) in order]
    return sorted(opened, key=lambda rule: order.index((rule.status, rule.severity)))


def question(rule: Criterion) -> str:
    """What a rule asks in plain words; the name of a rule that a later version no longer has."""
    from tunecase.problem import RULES

    return RULES[rule.id].question if rule.id in RULES else one_line(rule.name)


def how_to_close(rule: Criterion, currency: str) -> str:
    """How an open question is closed, and the price where it has one: its own words where these are plain."""
    from tunecase.problem import RULES

    own = re.split(r"[:;]", rule.fix)[0]
    part = own.split(",")[0]
    told = RULES[rule.id].closing if rule.id in RULES else one_line(own, MOST_CLOSING)
    if _is_plain(own):
        told = own
    elif rule.status == "fail" and _is_plain(part) and len(part.split()) >= FEWEST_WORDS:
        told = part
    told = told.replace("`", "")
    return told if rule.price is None else f"{told}; {about_money(rule.price.p50, currency)}"


def _is_plain(words: str) -> bool:
    return 0 < len(words) <= MOST_CLOSING and not NOT_PLAIN.search(words)


def _answer(record: Definition, questions: list[Criterion]) -> str:
    if record.met:
        return "A cheaper way meets the target: there is nothing to tune for."
    if record.verdict == "do not start":
        stops = [rule for rule in questions if (rule.status, rule.severity) == ("fail", "stop")]
        return f"Do not start: {_questions(len(stops) or len(questions))} must be settled first."
    if record.verdict == "fix first":
        first = [rule for rule in questions if rule.status == "fail" or rule.severity == "stop"]
        return f"Not yet: {_questions(len(first) or len(questions))} must be settled first."
    if not questions:
        return "The problem is well posed, and no question that matters is open."
    return f"The problem is well posed. {sentence(f'{_questions(len(questions))} should be answered before you spend')}"


def _questions(number: int) -> str:
    return f"{spelled(number)} question{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _standing_in_words(record: Definition, more: int) -> tuple[str, ...]:
    """How many rules pass, what people's agreement allows, and the best way that was measured."""
    rules = record.criteria
    failed = [rule.severity for rule in rules if rule.status == "fail"]
    unknown = sum(rule.status == "unknown" for rule in rules)
    parts = [f"{sum(rule.status == 'pass' for rule in rules)} of {counted(len(rules), 'rule')} pass", _failed(failed)]
    parts += [f"{unknown} {_are(unknown)} not known"] if unknown else []
    words = f"{', '.join(parts)}."
    if more > 0:
        words = f"{sentence(f'{spelled(more)} more {_are(more)} open')} {words}"
    if record.ceiling is not None and record.agreement is not None:
        words += f" Two readers agree on {plain_share(record.agreement)} of the test rows, so no model can "
        words += f"be seen to pass {plain_score(record.ceiling.high)}."
    best = best_untuned(record)
    if best is None or best.score is None:
        return (words,)
    target = "" if record.target is None else f"; target {plain_target(record.target)}"
    return words, f"Best so far without a fine-tune: {one_line(best.action)}, {plain_score(best.score)}{target}."


def _failed(weights: Sequence[str]) -> str:
    """How many rules fail, by what each failure weighs; a note is worth reading and stops nothing."""
    if not weights:
        return "none fails"
    noted = sum(weight == "note" for weight in weights)
    fails = f"{len(weights)} fail{'s' if len(weights) == 1 else ''}"
    if not noted:
        return fails
    if noted == len(weights):
        return f"{fails} as {'a note' if noted == 1 else 'notes'} (nothing is stopped)"
    return f"{fails} ({noted} as {'a note' if noted == 1 else 'notes'})"


def _next(record: Definition, material: Material) -> str:
    """The audit, a test file, what is cheapest to know, the pilot, the decision; none where the problem forbids it."""
    if material.decision is not None and (record.ok or material.decision.advice != "fix first"):
        command = next_command(material)
        if not command.startswith("tunecase define"):
            return command
    if not record.ok:
        return ""
    if any(rule.fix == "run `tunecase audit`" for rule in record.criteria):
        return "tunecase audit"
    data = None if material.project is None else material.project.data
    if data is not None and data.train and not record.test_rows:
        return split_command(data.train)
    untried = any((rule.id, rule.status) == ("P20", "unknown") for rule in record.criteria)
    barred = set(material.pilot.not_asked) if material.pilot else set()  # proposed again, they would fail again
    ways = [way.measure for way in record.alternatives if "--hosted" in way.measure and not way.struck]
    asking = next((words for words in ways if not barred & set(words.split())), "")
    if untried and asking:
        return asking
    return "tunecase pilot" if material.pilot is None else "tunecase decide"


def _key_needed(command: str, material: Material) -> Iterator[str]:
    """That a command asks a hosted model, whose provider wants a key, and where the key is looked for."""
    model = command.partition(" --hosted ")[2].partition(" ")[0]
    if model and material.today is not None:
        own = None if material.project is None else material.project.alternatives.prompt_hosted.key_variable
        key = own or host_settings(model, material.today).get("key_variable", "")
        yield f"Asking {model} needs its provider's key{f' in {key}' if key else ''}."


def _full(record: Definition, material: Material) -> tuple[Block, ...]:
    recorded = recorded_in(material, "define")
    return (
        Words((sentence(record.reason),)),
        rules_table(record),
        _standing(record),
        *ways_blocks(record),
        _reasons(record),
        *filled(logs_named(record.logs)),
        *((Facts("", recorded),) if recorded else ()),
    )


def rules_table(definition: Definition) -> Table:
    """Every rule with what was found and wanted, how to fix it and its price, the most urgent first."""
    order = {"fail": 0, "unknown": 1, "pass": 2}
    weight = {"stop": 0, "warn": 1, "note": 2}
    rules = sorted(definition.criteria, key=lambda rule: (order[rule.status], weight[rule.severity]))
    rows = tuple(_criterion(rule, definition.currency) for rule in rules)
    head = ("Rule", "Result", "Weight", "Found", "Wanted", "To fix it", "Price")
    return Table("Rules of a well-posed problem", head, rows, (6,))


def _criterion(rule: Criterion, currency: str) -> tuple[Cell, ...]:
    settled = rule.status == "pass"
    # A note is worth reading and changes nothing: it must not look like a failure.
    noted = rule.status == "fail" and rule.severity == "note"
    return (
        Cell(f"{rule.id} {rule.name}"),
        Cell("note") if noted else Cell(rule.status, STATUS_TONES[rule.status]),
        Cell(rule.severity),
        Cell(rule.got),
        Cell(rule.wanted),
        Cell("" if settled else rule.fix),
        Cell("" if settled else money_band(rule.price, currency) if rule.price or rule.fix else ""),
    )


def _standing(definition: Definition) -> Facts:
    pairs = [
        ("Task", definition.task),
        ("Metric", definition.metric or "not given"),
        ("Target", "not given" if definition.target is None else score(definition.target)),
        ("Always the commonest answer", _measured(definition.majority)),
        ("A simple probe on these data", _measured(definition.probe)),
        ("Human ceiling", ceiling_words(definition.ceiling)),
        ("Annotators agree on", "not measured" if definition.agreement is None else share(definition.agreement)),
        ("Rows", f"{count(definition.train_rows)} to train, {count(definition.test_rows)} to test"),
    ]
    if definition.test_rows_needed is not None:
        pairs.append(("Test rows needed for the wanted gain", count(definition.test_rows_needed)))
    if definition.smallest_gain is not None:
        pairs.append(("Smallest gain this test can show", f"{figures(definition.smallest_gain * 100)} points"))
    value = money_band(definition.value_per_point, definition.currency)
    pairs.append(("One point is worth", value if definition.value_per_point else "not given"))
    return Facts("What was measured", tuple(pairs))


def _measured(value: float | None) -> str:
    return "not measured" if value is None else score(value)


def _reasons(definition: Definition) -> Table:
    rows = tuple((Cell(f"{rule.id} {rule.name}"), Cell(rule.reason), Cell(rule.source)) for rule in definition.criteria)
    return Table("Why each rule, and who says so", ("Rule", "Reason", "Source"), rows)
