"""The section on the data: the verdict, each defect with its price, effect and accuracy, and pictures of the rows."""

from tunecase.accounts.material import Material, not_done, recorded_in
from tunecase.blocks import Block, Cell, Compared, Facts, Lengths, Listing, Section, Table, Tone
from tunecase.quantities import (
    count,
    counted,
    duration,
    figures,
    interval_words,
    money_band,
    one_line,
    score_interval,
    sentence,
    share,
)
from tunecase.records import Audit, Finding

AUDIT_WORDS: dict[str, tuple[str, Tone]] = {
    "fit": ("yes", "good"),
    "fit after fixes": ("after fixes", "warn"),
    "not fit": ("no", "bad"),
    "too little to say": ("too little to say", "unknown"),
}
SEVERITY_TONES: dict[str, Tone] = {"stop": "bad", "warn": "warn", "note": "plain"}
WEIGHT = {"stop": 0, "warn": 1, "note": 2}
MOST_CLASSES = 40
MOST_COMPARED = 12
LONGEST_HISTOGRAM = 10_000_000


def data(material: Material) -> Section:
    """Are these the right data, and good enough?"""
    title = "Are these the right data?"
    audit = material.audit
    if audit is None:
        return not_done("data", title, "audit")
    word, tone = AUDIT_WORDS[audit.verdict]
    blocks: list[Block] = [_findings(audit), _rows(audit)]
    if (lengths := _lengths(audit)) is not None:
        blocks.append(lengths)
    if (compared := _compared(audit)) is not None:
        blocks.append(compared)
    if audit.clusters:
        blocks.append(_clusters(audit))
    blocks.append(Listing("Not checked", audit.not_checked))
    evidence: list[Block] = [_where(audit)]
    if audit.classes:
        evidence.append(_classes(audit))
    evidence.append(Facts("", (("Time", duration(audit.seconds)), *recorded_in(material, "audit"))))
    answer = f"{sentence(audit.verdict)} {sentence(audit.reason)}"
    return Section("data", title, answer, tuple(blocks), tuple(evidence), tone, word)


def _ranked(audit: Audit) -> list[Finding]:
    return sorted(audit.findings, key=lambda finding: (WEIGHT[finding.severity], -finding.count))


def _findings(audit: Audit) -> Table:
    rows = tuple(_finding(finding, audit.currency) for finding in _ranked(audit))
    head = ("Found", "Weight", "Count", "Share", "Fix", "Price", "Usable", "Right in")
    rows = rows or ((Cell("no defect was found", "good"), *(Cell("") for _ in head[1:])),)
    note = (
        f"Mending all of them: {_repair(audit)}. Usable: what the fix takes away. Right in: of 100 such findings, how "
        "many were true where the defects were known."
    )
    return Table("Defects", head, rows, (2, 3, 5, 6, 7), note=note)


def _repair(audit: Audit) -> str:
    return money_band(audit.repair_price, audit.currency) if audit.repair_price.p90 else "nothing to pay for"


def _finding(finding: Finding, currency: str) -> tuple[Cell, ...]:
    free = finding.price is not None and finding.price.p90 == 0
    precision = finding.accuracy.precision if finding.accuracy else None
    return (
        Cell(_name(finding)),
        Cell(finding.severity, SEVERITY_TONES[finding.severity]),
        Cell(count(finding.count)),
        Cell(share(finding.share, 1 if finding.share < 0.1 else 0)),
        Cell(finding.fix),
        Cell("free" if free else money_band(finding.price, currency)),
        Cell(f"−{count(finding.removed)}" if finding.removed else "no change"),
        Cell("not known" if precision is None else share(precision)),
    )


def _name(finding: Finding) -> str:
    place = "" if finding.where == "train" else " (test file)"
    return finding.check.replace("_", " ") + place


def _rows(audit: Audit) -> Facts:
    tokens = audit.tokens
    exact = "" if tokens.exact else "about "
    total = interval_words(tokens.total.low, tokens.total.mid, tokens.total.high)
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
    ]
    if tokens.useful_share is not None:
        pairs.append(("Tokens of answers", f"{share(tokens.useful_share)} of all; only these are learned"))
    if tokens.over_rows is not None and tokens.limit_tokens is not None:
        lost = f", {count(tokens.lost_answers)} lose all of it" if tokens.lost_answers else ""
        cut = f"{counted(tokens.over_rows, 'row')} lose the end of the answer{lost}" if tokens.over_rows else "no row"
        pairs.append((f"Cut at {count(tokens.limit_tokens)} tokens", cut))
    pairs.append(("Format", f"{audit.format}, {audit.schema}"))
    if audit.quarantine_file:
        pairs.append(("Rows set aside are in", audit.quarantine_file))
    return Facts("What was read", tuple(pairs))


def _lengths(audit: Audit) -> Lengths | None:
    """Tokens in a row where they were counted, words where not."""
    tokens = audit.tokens
    if not tokens.histogram:
        bins = _bins(audit.words_histogram)
        return Lengths("How long the training rows are", "words", bins) if bins else None
    marks = (("P50", tokens.per_row_p50), ("P95", tokens.per_row_p95))
    over = tokens.over_rows / audit.usable if tokens.over_rows is not None and audit.usable else None
    bins = _bins(tokens.histogram)
    return Lengths("How long the training rows are", "tokens", bins, marks, tokens.limit_tokens, over)


def _bins(histogram: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int, int], ...]:
    edges = [low for low, _ in histogram]
    if not edges:
        return ()
    ratio = edges[-1] / edges[-2] if len(edges) > 1 and edges[-2] else 1.5
    edges.append(min(LONGEST_HISTOGRAM, max(edges[-1] + 1, round(edges[-1] * ratio))))
    return tuple((low, edges[at + 1], rows) for at, (low, rows) in enumerate(histogram))


def _compared(audit: Audit) -> Compared | None:
    """The classes whose shares differ most between the files, and production where it is declared."""
    if not audit.classes or not (audit.test_classes or audit.production_shares):
        return None
    train, test = sum(audit.classes.values()) or 1, sum(audit.test_classes.values())
    series = ["training", *(["test"] if test else []), *(["production"] if audit.production_shares else [])]
    rows: list[tuple[str, tuple[float | None, ...]]] = []
    for name in {**audit.classes, **audit.test_classes, **audit.production_shares}:
        parts: list[float | None] = [audit.classes.get(name, 0) / train]
        if test:
            parts.append(audit.test_classes.get(name, 0) / test)
        if audit.production_shares:
            parts.append(audit.production_shares.get(name))
        rows.append((one_line(name, 60), tuple(parts)))
    rows.sort(key=lambda row: -_gap(row[1]))
    shown = tuple(rows[:MOST_COMPARED])
    more = len(rows) - len(shown)
    which = f"the {len(shown)} of {len(rows)} classes that differ most" if more else "all classes"
    return Compared(f"Share of each class: {which}", tuple(series), shown)


def _gap(parts: tuple[float | None, ...]) -> float:
    shares = [part for part in parts if part is not None]
    return max(shares) - min(shares)


def _clusters(audit: Audit) -> Table:
    rows = tuple(
        (
            Cell(one_line(group.example, 80)),
            Cell(count(group.size)),
            Cell(group.kind),
            Cell(", ".join(str(row) for row in group.rows[:6]) + (" …" if group.size > 6 else "")),
        )
        for group in audit.clusters
    )
    note = (
        f"{counted(audit.clustered_rows, 'row')} of {count(audit.rows)} repeat an earlier one; "
        "these are the largest groups."
    )
    return Table("Rows that say the same", ("Example", "Rows", "Alike", "Row numbers"), rows, (1,), note=note)


def _where(audit: Audit) -> Table:
    head = ("Found", "Why it matters", "Measured", "Known error", "Lines", "Examples")
    rows = tuple(
        (
            Cell(_name(finding)),
            Cell(finding.why),
            Cell(_measured(finding)),
            Cell(_accuracy(finding)),
            Cell(_lines(finding)),
            Cell(_examples(finding)),
        )
        for finding in _ranked(audit)
    )
    return Table("Why each defect matters, and where it is", head, rows)


def _measured(finding: Finding) -> str:
    measured = finding.measured
    return f"{measured.name} {score_interval(measured.low, measured.middle, measured.high)}" if measured else ""


def _accuracy(finding: Finding) -> str:
    accuracy = finding.accuracy
    if accuracy is None:
        return "not measured"
    parts = [
        f"{name} {share(value)}" for name, value in (("precision", accuracy.precision), ("recall", accuracy.recall))
        if value is not None
    ]  # fmt: skip
    return f"{', '.join(parts)} on {accuracy.on} ({accuracy.date})"


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
