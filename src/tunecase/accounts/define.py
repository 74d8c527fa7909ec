"""The section on the problem: is it well posed and achievable?"""

from tunecase.accounts.material import Material, not_done, recorded_in
from tunecase.blocks import Block, Cell, Facts, Section, Table, Tone
from tunecase.quantities import count, figures, money_band, score, score_interval, sentence, share
from tunecase.records import Criterion, Definition

STATUS_TONES: dict[str, Tone] = {"pass": "good", "fail": "bad", "unknown": "unknown"}
DEFINITION_WORDS: dict[str, tuple[str, Tone]] = {
    "go to pilot": ("yes", "good"),
    "fix first": ("not yet", "warn"),
    "do not start": ("no", "bad"),
}


def verdict_word(definition: Definition) -> tuple[str, Tone]:
    """Yes or no in a word, with its tone; where a cheaper way meets the target there is nothing to mend."""
    return ("met already", "warn") if definition.met else DEFINITION_WORDS[definition.verdict]


def problem(material: Material) -> Section:
    """Is the problem well posed and achievable?"""
    title = "Is the problem well posed?"
    definition = material.definition
    if definition is None:
        return not_done("problem", title, "define")
    word, tone = verdict_word(definition)
    blocks: tuple[Block, ...] = (_criteria(definition), _standing(definition))
    evidence: tuple[Block, ...] = (_reasons(definition), Facts("", recorded_in(material, "define")))
    return Section("problem", title, sentence(definition.reason), blocks, evidence, tone, word)


def _criteria(definition: Definition) -> Table:
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
    ceiling = definition.ceiling
    pairs = [
        ("Task", definition.task),
        ("Metric", definition.metric or "not given"),
        ("Target", "not given" if definition.target is None else score(definition.target)),
        ("Always the commonest answer", _measured(definition.majority)),
        ("A simple probe on these data", _measured(definition.probe)),
        (
            "Human ceiling",
            "not measured" if ceiling is None else score_interval(ceiling.low, ceiling.mid, ceiling.high),
        ),
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
