"""What audit says: what needs a person, what is fixed already, and what is worth a look."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunecase import catalog
from tunecase.accounts.audit_stages import stages_table
from tunecase.accounts.begun import begin_command
from tunecase.accounts.material import Material, recorded_in
from tunecase.blocks import Account, Block, Cell, Compared, Facts, Lengths, Listing, Table, Tone, Words
from tunecase.quantities import (
    about_money,
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
    spelled,
)
from tunecase.records import STANDARD_INPUT, Audit, Finding

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
UNREADABLE = "format"  # the check whose rows are set aside when the file is read
MOST_KINDS, MOST_OF_PERSON, MOST_FIXED = 7, 3, 4  # kinds of findings in the short account
_LEARNED = {
    "answers": "Tokens of answers",
    "last_answer": "Tokens of last answers",
    "everything": "Tokens of whole rows",
}
MOST_UNCHECKED, UNCHECKED_CHARACTERS = 2, 30
NOT_MEASURED = "not measured on this kind of text"


@dataclass(frozen=True, slots=True)
class Kind:
    """Findings that a reader takes for one: their plain name, how many, what to do, and what that costs.

    `count` is of what was found, of those taken out already the rows taken out; `waiting` are found beyond these;
    `figure` says what was found where the count is of no rows. `price` is the middle of all priced fixes together [the
    audit's currency].
    """

    name: str
    count: int
    action: str
    price: float
    waiting: int = 0
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The findings by who is asked: those that need a person, those fixed already, and those worth a look."""

    person: tuple[Kind, ...]
    fixed: tuple[Kind, ...]
    look: tuple[Kind, ...]


def audit(record: Audit, material: Material) -> Account:
    """What needs a person, what is fixed already and what is worth a look; in full every finding, with its rows.

    Examples of rows are shown only where the material lets rows be shown.
    """
    found = kinds(record)
    shown = _found(record, found)
    hidden = sum(map(len, (found.person, found.fixed, found.look))) - len(shown.rows if shown else ())
    nothing = (Words(("Nothing was found that has to be fixed.",)),) if record.ok else ()
    short = (*((shown,) if shown else nothing), *_unchecked(record, hidden))
    word, tone = AUDIT_WORDS[record.verdict]
    tone = "good" if word == "after fixes" and not found.person else tone
    return Account("audit", _answer(record, found), tone, short, _full(record, material), _next(record, material))


def kinds(record: Audit) -> Kinds:
    """The findings of an audit by who is asked, those of one name taken together.

    What free fixes delete is fixed already, and so are rows that cannot be read, unless there are too many; the rest
    needs a person where it is more than a note.
    """

    def is_fixed(finding: Finding) -> bool:
        free = finding.price is not None and finding.price.p90 == 0
        return (bool(finding.removed) and free) or (finding.check == UNREADABLE and finding.severity != "stop")

    ranked = _ranked(record)
    fixed = [finding for finding in ranked if is_fixed(finding)]
    others = [finding for finding in ranked if finding not in fixed]
    asked = [finding for finding in others if finding.severity != "note"]
    return Kinds(
        _together(asked), _together(fixed, is_fixed=True), _together(one for one in others if one not in asked)
    )


def _together(findings: Iterable[Finding], *, is_fixed: bool = False) -> tuple[Kind, ...]:
    by_name: dict[str, list[Finding]] = {}
    for finding in findings:
        by_name.setdefault(_plain(finding)[0], []).append(finding)
    made = []
    for name, same in by_name.items():
        out = [one.removed or one.count for one in same] if is_fixed else [one.count for one in same]
        waiting = sum(max(one.count - one.removed, 0) for one in same if one.removed and one.where == "train")
        price = sum(one.price.p50 for one in same if one.price is not None)
        made.append(Kind(name, sum(out), _plain(same[0])[1], price, waiting if is_fixed else 0, same[0].figure))
    return tuple(made)


def _plain(finding: Finding) -> tuple[str, str]:
    """The plain name of a finding, with the range where its number is an estimate, and what a person does about it."""
    row = next((row for row in catalog.checks() if row.check == finding.check), None)
    name, action = (row.name, row.action) if row else (finding.check.replace("_", " "), one_line(finding.fix, 40))
    measured = finding.measured
    if finding.check == "label_error" and measured is not None:
        name += f" ({count(round(measured.low))} to {count(round(measured.high))})"
    if finding.judged is not None:
        name += f", {count(finding.judged)} rows judged"
    return name, action


def _answer(record: Audit, found: Kinds) -> str:
    if record.verdict == "not fit":
        return sentence(f"These data are not fit: {record.reason}")
    if record.verdict == "too little to say":
        return sentence(f"Too little to say: {record.reason}")
    whole = record.usable == record.rows
    usable = f"all {count(record.rows)}" if whole else f"{count(record.usable)} of {count(record.rows)}"
    number = len(found.person)
    if not number:
        return f"Good data: {usable} rows can be used{'' if whole else ', the others are left out'}."
    settled = f"{spelled(number)} {'finding is' if number == 1 else 'findings are'} settled"
    return f"Good data once {settled}: {usable} rows can be used."


def _found(record: Audit, found: Kinds) -> Table | None:
    """The kinds of findings, by who is asked; None where nothing was found."""
    person = found.person[:MOST_OF_PERSON]
    fixed = found.fixed[: min(MOST_FIXED, MOST_KINDS - len(person) - bool(found.look))]
    look = found.look[: MOST_KINDS - len(person) - len(fixed)]

    def asked(kind: Kind) -> str:
        return about_money(kind.price, record.currency) if kind.price else kind.action

    aside = {_plain(finding)[0]: record.quarantine_file for finding in record.findings if finding.check == UNREADABLE}

    def done(kind: Kind) -> str:
        if place := aside.get(kind.name):
            return f"kept in {Path(place).name}"
        return f"{count(kind.waiting)} more wait above" if kind.waiting and found.person else ""

    rows = (
        *_rows_of("needs a person", person, asked), *_rows_of("already fixed", fixed, done),
        *_rows_of("worth a look", look, asked),
    )  # fmt: skip
    return Table("What was found", ("Who", "Count", "What", "To do"), rows, (1,)) if rows else None


def _rows_of(group: str, found: Sequence[Kind], do: Callable[[Kind], str]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (Cell("" if number else group), Cell(kind.figure or count(kind.count)), Cell(kind.name), Cell(do(kind)))
        for number, kind in enumerate(found)
    )


def _unchecked(record: Audit, hidden: int) -> tuple[Block, ...]:
    """What was not checked, and how many kinds of findings are told in full only, in a line."""
    names = [one_line(line.partition(":")[0]) for line in record.not_checked]
    named = [name for name in names if len(name) <= UNCHECKED_CHARACTERS][: MOST_UNCHECKED - bool(hidden)]
    more = len(names) - len(named)
    rest = [f"{count(more)} more" if named else counted(more, "thing")] if more else []
    parts = [f"Not checked: {' and '.join([*([', '.join(named)] if named else []), *rest])}."] if names else []
    parts += [f"Not shown: {counted(hidden, 'kind')} of findings."] if hidden else []
    return (Words((" ".join(parts),)),) if parts else ()


def _next(record: Audit, material: Material) -> str:
    """The cleaned copy where rows are left out; else what comes after the audit; a case where there is none."""
    if material.project is None:
        return "" if record.train == STANDARD_INPUT else begin_command(record.train, record.test)
    if record.dropped or record.quarantined:
        return "tunecase audit --fix cleaned"
    if material.definition is None:
        return "tunecase define"
    return "tunecase pilot" if material.pilot is None else "tunecase next"


def _full(record: Audit, material: Material) -> tuple[Block, ...]:
    charts = (chart for chart in (_lengths(record), _compared(record)) if chart is not None)
    told = record.verdict in ("not fit", "too little to say")  # the answer gives the reason then
    return (
        *(() if told else (Words((sentence(f"{record.verdict}: {record.reason}"),)),)),
        findings_table(record),
        _rows(record),
        *((Listing("How the file was read", tuple(map(sentence, record.notes))),) if record.notes else ()),
        *charts,
        *((_clusters(record, with_rows=material.with_rows),) if record.clusters else ()),
        *((Listing("Not checked", record.not_checked),) if record.not_checked else ()),
        *((_where(record, with_rows=material.with_rows),) if record.findings else ()),
        *((_classes(record),) if record.classes else ()),
        *((stages,) if (stages := stages_table(record)) else ()),
        Facts("", (("Time", duration(record.seconds)), *recorded_in(material, "audit"))),
    )


def _ranked(audit: Audit) -> list[Finding]:
    return sorted(audit.findings, key=lambda finding: (WEIGHT[finding.severity], -finding.count))


def findings_table(audit: Audit) -> Table:
    """Every finding with its weight, its fix and what that costs, the severest first."""
    rows = tuple(_finding(finding, audit.currency) for finding in _ranked(audit))
    head = ("Found", "Weight", "Count", "Share", "Fix", "Price", "Usable", "Right in")
    rows = rows or ((Cell("no defect was found", "good"), *(Cell("") for _ in head[1:])),)
    note = (
        f"All fixes together: {_repair(audit)}. Usable: what the fix takes away. Right in: of 100 such findings on "
        "text of this kind, how many were true; what was not measured on it stops no case."
    )
    return Table("Defects", head, rows, (2, 3, 5, 6, 7), note=note)


def _repair(audit: Audit) -> str:
    return money_band(audit.repair_price, audit.currency) if audit.repair_price.p90 else "nothing to pay for"


def _finding(finding: Finding, currency: str) -> tuple[Cell, ...]:
    free = finding.price is not None and finding.price.p90 == 0
    precision = finding.accuracy.precision if finding.accuracy else None
    is_guess = catalog.is_guess(finding.check)
    return (
        Cell(_name(finding)),
        Cell(finding.severity, SEVERITY_TONES[finding.severity]),
        Cell(finding.figure or count(finding.count)),
        Cell("" if finding.figure else share(finding.share, 1 if finding.share < 0.1 else 0)),
        Cell(finding.fix),
        Cell("free" if free else money_band(finding.price, currency)),
        Cell(f"−{count(finding.removed)}" if finding.removed else "no change"),
        Cell(share(precision) if precision is not None else "not measured" if is_guess else "by definition"),
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
        pairs.append((_LEARNED[tokens.loss_on], f"{share(tokens.useful_share)} of all; only these are learned"))
    if tokens.over_rows is not None and tokens.limit_tokens is not None:
        lost = f", {count(tokens.lost_answers)} lose all of it" if tokens.lost_answers else ""
        cut = f"{counted(tokens.over_rows, 'row')} lose the end of the answer{lost}" if tokens.over_rows else "no row"
        pairs.append((f"Cut at {count(tokens.limit_tokens)} tokens", cut))
    pairs.append(("Format", f"{audit.format}, {audit.schema}"))
    if audit.quarantine_file:
        pairs.append(("Rows set aside are in", audit.quarantine_file))
    if audit.dropped_file:
        pairs.append(("Numbers of the rows to drop are in", audit.dropped_file))
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


def _clusters(audit: Audit, *, with_rows: bool) -> Table:
    """The largest groups of rows that say the same, with an example where rows may be shown."""
    rows = tuple(
        (
            Cell(", ".join(str(row) for row in group.rows[:6]) + (" …" if group.size > 6 else "")),
            Cell(count(group.size)),
            Cell(group.kind),
            *((Cell(one_line(group.example, 80)),) if with_rows else ()),
        )
        for group in audit.clusters
    )
    note = (
        f"{counted(audit.clustered_rows, 'row')} of {count(audit.rows)} repeat an earlier one; "
        "these are the largest groups."
    )
    head = ("Row numbers", "Rows", "Alike", *(("Example",) if with_rows else ()))
    return Table("Rows that say the same", head, rows, (1,), note=note)


def _where(audit: Audit, *, with_rows: bool) -> Table:
    """Why each finding matters, how sure it is and on which lines it stands, with examples where rows may be shown."""
    head = ("Found", "Why it matters", "Measured", "Known error", "Lines", *(("Examples",) if with_rows else ()))
    rows = tuple(
        (
            Cell(_name(finding)),
            Cell(finding.why),
            Cell(_measured(finding)),
            Cell(_accuracy(finding)),
            Cell(_lines(finding)),
            *((Cell(_examples(finding)),) if with_rows else ()),
        )
        for finding in _ranked(audit)
    )
    return Table("Why each finding matters, and where it is", head, rows)


def _measured(finding: Finding) -> str:
    measured = finding.measured
    return f"{measured.name} {score_interval(measured.low, measured.middle, measured.high)}" if measured else ""


def _accuracy(finding: Finding) -> str:
    accuracy = finding.accuracy
    if accuracy is None:
        return NOT_MEASURED if catalog.is_guess(finding.check) else "true by definition"
    parts = [
        f"{name} {share(value)}" for name, value in (("precision", accuracy.precision), ("recall", accuracy.recall))
        if value is not None
    ]  # fmt: skip
    flags = f"; {count(accuracy.flags)} findings read" if accuracy.flags is not None else ""
    return f"{', '.join(parts)} on {accuracy.on} ({accuracy.date}{flags})"


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
