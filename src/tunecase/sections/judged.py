"""Sections on the two questions that decide: is the problem well posed, are these the right data?"""

from tunecase.content import Block, Cell, Facts, Light, Listing, Section, Table, Tone
from tunecase.records import Audit, Criterion, Definition, Finding
from tunecase.sections.found import Found, not_done, told_in
from tunecase.wording import (
    count,
    counted,
    duration,
    figures,
    interval,
    money_band,
    one_line,
    score,
    score_interval,
    sentence,
    share,
)

STATUS_TONES: dict[str, Tone] = {"pass": "good", "fail": "bad", "unknown": "unknown"}
SEVERITY_TONES: dict[str, Tone] = {"stop": "bad", "warn": "warn", "note": "plain"}
DEFINITION_WORDS: dict[str, tuple[str, Tone]] = {
    "go to pilot": ("yes", "good"),
    "fix first": ("not yet", "warn"),
    "do not start": ("no", "bad"),
}
AUDIT_WORDS: dict[str, tuple[str, Tone]] = {
    "fit": ("yes", "good"),
    "fit after fixes": ("after fixes", "warn"),
    "not fit": ("no", "bad"),
    "too little to say": ("too little to say", "unknown"),
}
MOST_CLASSES = 40


def lights(found: Found) -> tuple[Light, Light]:
    """The words on the two questions that decide."""
    posed, data = "Is the problem well posed?", "Are these the right data?"
    definition, audit = found.definition, found.audit
    return (
        Light(posed, *DEFINITION_WORDS[definition.verdict], sentence(definition.reason), "problem")
        if definition
        else Light(posed, "not done", "unknown", "Run `tunecase define`.", "problem"),
        Light(data, *AUDIT_WORDS[audit.verdict], sentence(audit.reason), "data")
        if audit
        else Light(data, "not done", "unknown", "Run `tunecase audit`.", "data"),
    )


def problem(found: Found) -> Section:
    """Is the problem well posed and achievable?"""
    title = "Is the problem well posed?"
    definition = found.definition
    if definition is None:
        return not_done("problem", title, "define")
    word, tone = DEFINITION_WORDS[definition.verdict]
    blocks: tuple[Block, ...] = (_criteria(definition), _standing(definition))
    evidence: tuple[Block, ...] = (_reasons(definition), Facts("", told_in(found, "define")))
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


def data(found: Found) -> Section:
    """Are these the right data, and good enough?"""
    title = "Are these the right data?"
    audit = found.audit
    if audit is None:
        return not_done("data", title, "audit")
    word, tone = AUDIT_WORDS[audit.verdict]
    blocks: tuple[Block, ...] = (_findings(audit), _rows(audit))
    evidence: list[Block] = [_where(audit)]
    if audit.classes:
        evidence.append(_classes(audit))
    evidence.append(Listing("Not checked", audit.not_checked))
    evidence.append(Facts("", (("Time", duration(audit.seconds)), *told_in(found, "audit"))))
    answer = f"{sentence(audit.verdict)} {sentence(audit.reason)}"
    return Section("data", title, answer, blocks, tuple(evidence), tone, word)


def _findings(audit: Audit) -> Table:
    weight = {"stop": 0, "warn": 1, "note": 2}
    ranked = sorted(audit.findings, key=lambda finding: (weight[finding.severity], -finding.count))
    rows = tuple(_finding(finding, audit.currency) for finding in ranked)
    rows = rows or ((Cell("no defect was found", "good"), *(Cell("") for _ in range(5))),)
    head = ("Found", "Weight", "Rows", "Share", "Fix", "Price")
    return Table("Defects", head, rows, (2, 3, 5), note=f"Mending all of them: {_repair(audit)}.")


def _repair(audit: Audit) -> str:
    return money_band(audit.repair_price, audit.currency) if audit.repair_price.p90 else "nothing to pay for"


def _finding(finding: Finding, currency: str) -> tuple[Cell, ...]:
    place = "" if finding.where == "train" else " (test file)"
    free = finding.price is not None and finding.price.p90 == 0
    return (
        Cell(finding.check.replace("_", " ") + place),
        Cell(finding.severity, SEVERITY_TONES[finding.severity]),
        Cell(count(finding.count)),
        Cell(share(finding.share, 1 if finding.share < 0.1 else 0)),
        Cell(finding.fix),
        Cell("free" if free else money_band(finding.price, currency)),
    )


def _rows(audit: Audit) -> Facts:
    tokens = audit.tokens
    exact = "" if tokens.exact else "about "
    total = interval(tokens.total.low, tokens.total.mid, tokens.total.high)
    parts = f"{count(audit.usable)} usable, {count(audit.dropped)} dropped, {count(audit.quarantined)} set aside"
    test = f"{count(audit.test_rows)} read, {count(audit.test_usable)} usable" if audit.test else "no test file"
    per_row = (
        f"P50 {figures(tokens.per_row_p50)}, P95 {figures(tokens.per_row_p95)}, most {figures(tokens.per_row_max)}"
    )
    pairs = [
        ("Training rows", f"{count(audit.rows)} read: {parts}"),
        ("Test rows", test),
        ("Classes", counted(len(audit.classes), "class", "classes") if audit.classes else "free text"),
        ("Tokens", f"{exact}{total}; {tokens.how}"),
        ("Tokens in a row", per_row),
        ("Format", f"{audit.format}, {audit.schema}"),
    ]
    if audit.quarantine_file:
        pairs.append(("Rows set aside are in", audit.quarantine_file))
    return Facts("What was read", tuple(pairs))


def _where(audit: Audit) -> Table:
    rows = tuple(
        (Cell(finding.check.replace("_", " ")), Cell(finding.why), Cell(_lines(finding)), Cell(_examples(finding)))
        for finding in audit.findings
    )
    return Table("Why each defect matters, and where it is", ("Found", "Why it matters", "Lines", "Examples"), rows)


def _lines(finding: Finding) -> str:
    shown = ", ".join(str(line) for line in finding.lines[:12])
    more = finding.count - min(len(finding.lines), 12)
    return f"{shown} and {count(more)} more" if shown and more > 0 else shown


def _examples(finding: Finding) -> str:
    return " / ".join(one_line(example, 120) for example in finding.examples[:2])


def _classes(audit: Audit) -> Table:
    ranked = sorted(audit.classes.items(), key=lambda item: -item[1])
    rows = [
        (Cell(one_line(label, 80)), Cell(count(rows)), Cell(count(audit.test_classes.get(label, 0))))
        for label, rows in ranked[:MOST_CLASSES]
    ]
    note = f"and {count(len(ranked) - MOST_CLASSES)} rarer classes" if len(ranked) > MOST_CLASSES else ""
    return Table("Rows by class", ("Class", "Train", "Test"), tuple(rows), (1, 2), note=note)
