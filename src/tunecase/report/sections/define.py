"""The section on the problem: is it well posed and achievable?"""

from collections.abc import Sequence

from tunecase.problem import cost_words, steps_to_try, when_sure
from tunecase.quantities import count, figures, money_band, score, score_interval, sentence, share
from tunecase.records import Alternative, Criterion, Definition
from tunecase.report.content import Block, Cell, Facts, Listing, Scored, Section, Table, Tone
from tunecase.report.sections.material import Material, not_done, recorded_in

STATUS_TONES: dict[str, Tone] = {"pass": "good", "fail": "bad", "unknown": "unknown"}
DEFINITION_WORDS: dict[str, tuple[str, Tone]] = {
    "go to pilot": ("yes", "good"),
    "fix first": ("not yet", "warn"),
    "do not start": ("no", "bad"),
}


def problem(material: Material) -> Section:
    """Is the problem well posed and achievable?"""
    title = "Is the problem well posed?"
    definition = material.definition
    if definition is None:
        return not_done("problem", title, "define")
    word, tone = DEFINITION_WORDS[definition.verdict]
    ways = _ways(definition) if definition.alternatives else ()
    blocks: tuple[Block, ...] = (_criteria(definition), _standing(definition), *ways)
    evidence: tuple[Block, ...] = (
        _published(definition), _reasons(definition), Facts("", recorded_in(material, "define"))
    )  # fmt: skip
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


def _ways(definition: Definition) -> tuple[Block, ...]:
    """The picture of all ways that are not ruled out, the table, what to try, and what is ruled out."""
    kept = [way for way in definition.alternatives if not way.struck]
    ruled_out = tuple(f"{way.action}: {way.struck}" for way in definition.alternatives if way.struck)
    blocks: list[Block] = [_picture(definition, kept), _table(definition, kept)]
    if steps := steps_to_try(definition):
        blocks.append(Listing("To try, cheapest to know first", steps))
    return (*blocks, Listing("Ruled out by the constraints", ruled_out)) if ruled_out else tuple(blocks)


def _picture(definition: Definition, ways: Sequence[Alternative]) -> Scored:
    shown = [way for way in ways if way.score is not None or way.measure]
    rows = tuple((way.action, _interval(way), _beside(way, definition.currency)) for way in shown)
    caption = "What each way scores, and what 1,000 of its answers cost; open rows: what it costs to know"
    return Scored(caption, f"{definition.metric or 'score'}, 80% intervals", rows, definition.target)


def _interval(way: Alternative) -> tuple[float, float, float] | None:
    if way.score is None:
        return None
    if way.interval is None:
        return way.score, way.score, way.score
    return way.interval.low, way.score, way.interval.high


def _beside(way: Alternative, currency: str) -> str:
    if way.score is not None:
        return "" if way.per_1k is None else f"{figures(way.per_1k.p50)} {currency} per 1,000"
    return "price not known" if way.measure_cost is None else f"{cost_words(way.measure_cost.p50, currency)} to know"


def _table(definition: Definition, ways: Sequence[Alternative]) -> Table:
    """The ways side by side, what is not known marked as such."""
    rows = tuple(
        (
            Cell(way.action),
            _score(way),
            *(
                _known(None if amount is None else money_band(amount, ""))
                for amount in (way.value, way.per_1k, way.set_up, way.cost)
            ),
            Cell(way.evidence),
            Cell(_remarks(way, definition.currency)),
        )
        for way in ways
    )
    head = ("Way", "Score", "Brings", "1,000 answers", "Set-up", "Costs", "Evidence", "Remarks")
    note = (
        f"{definition.currency}; brings and costs are over the horizon. Brings: what the gain over what is in use is "
    )
    note += "worth. Evidence: what the score rests on. Hours of set-up are assumed where none are stated."
    return Table("Ways to give the answers", head, rows, (1, 2, 3, 4, 5), (), note)


def _score(way: Alternative) -> Cell:
    interval = _interval(way)
    if interval is None:
        return Cell("at the target" if way.evidence == "assumed" else "not measured", "unknown")
    return Cell(score_interval(*interval))


def _remarks(way: Alternative, currency: str) -> str:
    missing = f"not known: {', '.join(way.unknown)}" if way.unknown else ""
    return "; ".join(filter(None, (when_sure(way, currency), way.note, missing)))


def _published(definition: Definition) -> Listing:
    """Scores of others on other sets, which rank nothing here."""
    told = tuple(f"{way.action}: {way.published}" for way in definition.alternatives if way.published)
    return Listing("What others published of other sets; it ranks nothing here", told)


def _known(text: str | None) -> Cell:
    return Cell("unknown", "unknown") if text is None else Cell(text)


def _measured(value: float | None) -> str:
    return "not measured" if value is None else score(value)


def _reasons(definition: Definition) -> Table:
    rows = tuple((Cell(f"{rule.id} {rule.name}"), Cell(rule.reason), Cell(rule.source)) for rule in definition.criteria)
    return Table("Why each rule, and who says so", ("Rule", "Reason", "Source"), rows)
