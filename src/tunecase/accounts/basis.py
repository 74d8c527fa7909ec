"""Sections on what everything rests on: defaults, assumptions, price dates, and what nobody checked."""

import re
from collections.abc import Iterable
from datetime import date

from tunecase import catalog
from tunecase.accounts.material import Material
from tunecase.blocks import Bars, Block, Cell, Facts, Listing, Section, Table
from tunecase.quantities import count, counted, one_line, sentence
from tunecase.records import Estimate

MOST_DRIVERS = 8


def basis(material: Material) -> Section:
    """What do these numbers rest on?"""
    title = "What do these numbers rest on?"
    blocks: list[Block] = []
    evidence: list[Block] = []
    estimate = material.estimate
    if estimate is not None:
        if estimate.drivers:
            ranked = sorted(estimate.drivers, key=lambda driver: -driver.share)[:MOST_DRIVERS]
            caption = "What makes the total uncertain: the part of its variance that each input carries alone"
            blocks.append(Bars(caption, tuple((driver.name, driver.share) for driver in ranked)))
        evidence.append(_defaults(estimate))
    evidence.append(Listing("Assumptions", assumptions(material)))
    if material.not_used:
        blocks.append(Listing("Records on file that are not used", tuple(map(sentence, material.not_used))))
    blocks.append(Facts("How to repeat it", _origin(material)))
    evidence.append(Facts("Where each record stands", tuple(material.entries.items())))
    return Section("basis", title, _answer(material), tuple(blocks), tuple(evidence))


def _answer(material: Material) -> str:
    estimate = material.estimate
    if estimate is None:
        return "No price was used yet."
    words = f"{counted(len(estimate.defaults), 'default was', 'defaults were')} taken for fields the project file omits"
    words += f", and {counted(len(assumptions(material)), 'assumption')} made."
    old = stale(estimate.price_dates, material.today)
    return f"{words} {old}" if old else words


def _defaults(estimate: Estimate) -> Table:
    rows = tuple((Cell(default.field), Cell(default.value), Cell(default.source)) for default in estimate.defaults)
    return Table("Defaults that were used", ("Field", "Taken", "Source"), rows)


def assumptions(material: Material) -> tuple[str, ...]:
    """Every assumption of every record, each once, in the order of the road."""
    gathered: list[str] = []
    for record in (material.estimate, material.forecast, material.decision):
        gathered += record.assumptions if record else ()
    return tuple(dict.fromkeys(gathered))


def stale(price_dates: Iterable[str], today: date | None) -> str:
    """A sentence about prices older than the catalog allows, empty when there are none."""
    dates = [day for text in price_dates for day in _dates(text)]
    old = [day for day in dates if today is not None and (today - day).days > catalog.STALE_AFTER_DAYS]
    if not old:
        return ""
    verb = "is" if len(old) == 1 else "are"
    limit = catalog.STALE_AFTER_DAYS
    return (
        f"{counted(len(old), 'price date')} {verb} older than {limit} days (the oldest {min(old)}): check the prices."
    )


def _dates(text: str) -> Iterable[date]:
    for year, month, day in re.findall(r"\b(\d{4})-(\d{2})(?:-(\d{2}))?\b", text):
        try:
            yield date(int(year), int(month), int(day or 1))
        except ValueError:
            continue


def _origin(material: Material) -> tuple[tuple[str, str], ...]:
    pairs = [("tunecase", material.version or "unknown")]
    estimate = material.estimate
    if estimate is not None:
        old = stale(estimate.price_dates, material.today)
        dates = ", ".join(estimate.price_dates) or "none used"
        pairs += [
            ("Price book", estimate.price_book),
            ("Prices from", f"{dates}. {old}" if old else dates),
            ("Simulated projects", f"{count(estimate.draws)}, seed {estimate.seed}"),
        ]
    if material.ledger:
        pairs.append(("Ledger", material.ledger))
    return tuple(pairs)


def unchecked(material: Material) -> Section:
    """What was not checked?"""
    title = "What was not checked"
    items = [f"Not done yet: run `tunecase {verb}`." for verb in material.missing]
    blocks: list[Block] = []
    if items:
        blocks.append(Listing("Steps not done", tuple(items)))
    for name, sentences in (("Data", _data(material)), ("Problem", _problem(material)), ("Money", _money(material))):
        if sentences:
            blocks.append(Listing(name, tuple(sentences)))
    total = sum(len(block.items) for block in blocks if isinstance(block, Listing))
    answer = f"{counted(total, 'thing')} that could change the answer." if total else "Nothing is known to be left out."
    return Section("unchecked", title, answer, tuple(blocks))


def _data(material: Material) -> list[str]:
    return [one_line(text) for text in material.audit.not_checked] if material.audit else []


def _problem(material: Material) -> list[str]:
    rules = material.definition.criteria if material.definition else ()
    return [f"{rule.id} {rule.name}: {one_line(rule.reason)}" for rule in rules if rule.status == "unknown"]


def _money(material: Material) -> list[str]:
    estimate = material.estimate
    if estimate is None:
        return []
    sentences = [f"Unpriced: {one_line(text)}" for text in estimate.unpriced]
    sentences += [
        f"{line.name} is priced but not in the total." for line in estimate.lines if line.priced and not line.included
    ]
    return sentences
