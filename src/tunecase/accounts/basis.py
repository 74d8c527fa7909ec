"""What everything rests on: what nobody checked, how to repeat it, and how old its prices are."""

import re
from collections.abc import Iterable
from datetime import date

from tunecase import catalog
from tunecase.accounts.material import Material, filled
from tunecase.blocks import Account, Facts, Listing
from tunecase.quantities import count, counted, one_line, sentence


def basis(material: Material) -> Account:
    """What the figures of a case rest on: what nobody checked first, then where each record stands."""
    items = [f"Not done yet: run `tunecase {verb}`." for verb in material.missing]
    unchecked = {"Steps not done": items, "Data": _data(material), "Problem": _problem(material)}
    unchecked["Money"] = _money(material)
    number = sum(map(len, unchecked.values()))
    answer = f"{counted(number, 'thing was', 'things were')} not checked and could change the answer."
    unasked = () if material.sources else ("Where more rows should come from: run `tunecase sources`.",)
    full = filled(
        Listing("Not asked yet", unasked),
        Listing("Records on file that are not used", tuple(map(sentence, material.not_used))),
        Facts("What was taken for granted", _taken(material)),
        Facts("How to repeat it", _origin(material)),
        Facts("Where each record stands", tuple(material.entries.items())),
    )
    short = filled(*(Listing(f"Not checked: {name.lower()}", tuple(items)) for name, items in unchecked.items()))
    return Account("basis", answer if number else "Nothing is known to be left out.", "plain", short, full)


def _taken(material: Material) -> tuple[tuple[str, str], ...]:
    """How many defaults and assumptions the figures rest on; each stands with its record."""
    made = len(assumptions(material))
    defaults = len(material.estimate.defaults) if material.estimate is not None else 0
    return (("Defaults", count(defaults)), ("Assumptions", count(made))) if made or defaults else ()


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
