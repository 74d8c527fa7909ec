"""What all figures rest on: how to repeat them, how old the prices are, where each record stands."""

import re
from collections.abc import Iterable
from datetime import date

from tunecase import catalog
from tunecase.accounts.material import Material
from tunecase.blocks import Account, Block, Facts, Listing
from tunecase.quantities import count, counted, sentence


def basis(material: Material) -> Account:
    """What all figures rest on: how to repeat them, where each record stands, and what was not done."""
    undone = tuple(f"Not done yet: run `tunecase {verb}`." for verb in material.missing)
    blocks: tuple[Block, ...] = (
        Listing("Steps not done", undone),
        Listing("Records on file that are not used", tuple(map(sentence, material.not_used))),
        Facts("Where each record stands", tuple(material.entries.items())),
    )
    return Account("basis", _answer(material), short=(Facts("How to repeat it", _origin(material)),), full=blocks)


def _answer(material: Material) -> str:
    estimate = material.estimate
    if estimate is None:
        return "No price was used yet."
    words = f"{counted(len(estimate.defaults), 'default was', 'defaults were')} taken for fields the project file omits"
    words += f", and {counted(len(assumptions(material)), 'assumption')} made."
    old = stale(estimate.price_dates, material.today)
    return f"{words} {old}" if old else words


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
