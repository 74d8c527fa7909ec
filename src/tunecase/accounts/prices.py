"""What the price book holds: tiers of GPUs, single prices with their age, and what was taken over from a catalog."""

from pathlib import Path

from tunecase.accounts.material import Material
from tunecase.blocks import Account, Block, Cell, Listing, Table, Words
from tunecase.quantities import UNKNOWN, counted, sentence
from tunecase.records import Price, Prices, PricesUpdated, TierPrices

SHORT_ROWS = 8
TIER_HEAD = ("", "providers", "lowest", "middle", "highest", "old")
PRICE_HEAD = ("Price of", "amount", "dated", "note")


def prices(record: Prices, material: Material) -> Account:
    """How many prices match, the first of them, and all others behind that."""
    short: list[Block] = []
    full: list[Block] = []
    room = SHORT_ROWS
    if record.tiers:
        short.append(_tiers(record, record.tiers[:room], ""))
        if record.tiers[room:]:
            full.append(_tiers(record, record.tiers[room:], "More tiers"))
        room -= min(room, len(record.tiers)) + 1
    if record.listed:
        room = max(room, 0)
        shown, rest = record.rows[:room], record.rows[room:]
        short += [_rows(shown, "")] if shown else []
        full += [_rows(rest, "Single prices")] if rest else []
    if record.notes:
        full.append(Listing("Notes", tuple(map(sentence, record.notes))))
    book = f"Price book {record.book[:12]}, {record.held} prices. Each with its source: --json."
    return Account("prices", _answer(record), "plain" if record.rows else "warn", tuple(short), (*full, Words((book,))))


def updated(record: PricesUpdated, material: Material) -> Account:
    """What was written from a catalog, of which day it is, and the line that puts it to use."""
    what = f"{counted(record.prices, 'list price')} of {counted(record.cards, 'card')} at {record.provider}"
    lines = [f"Written to {record.file} from a catalog of {record.catalog}; its date is from {record.dated_by}."]
    if record.stale:
        lines.append("These prices are older than 180 days: they are drawn with the drift seen of others.")
    if record.is_in_use:
        lines.append(f"{record.project} reads them already.")
    else:
        instead = f" in place of `prices: {record.in_use}`" if record.in_use else ""
        lines.append(f"To use them, write `prices: {Path(record.file).name}` into the project file{instead}.")
    notes = (Listing("Notes", tuple(map(sentence, record.notes))),) if record.notes else ()
    tone = "warn" if record.stale else "plain"
    return Account("updated", f"{what}, dated {record.date}.", tone, (Words(tuple(lines)),), notes)


def _answer(record: Prices) -> str:
    if not record.rows:
        return f"No price matches, of {record.held} in the book."
    old = f"{record.stale} of them older than 180 days" if record.stale else "none older than 180 days"
    return f"{counted(len(record.rows), 'price')} of {record.held}, {old} on {record.today}."


def _tiers(record: Prices, tiers: tuple[TierPrices, ...], caption: str) -> Table:
    """The hour of a GPU in each tier, one minimum for each provider."""
    rows = tuple(
        tuple(
            Cell(text)
            for text in (
                f"{one.gpu}, {one.tier}{'' if one.terms == 'on_demand' else f', {one.terms}'}", str(one.providers),
                *(f"{usd:.2f}" for usd in (one.low, one.middle, one.high)), str(one.stale or "–"),
            )
        )
        for one in tiers
    )  # fmt: skip
    return Table(caption, (f"{record.currency} per GPU hour", *TIER_HEAD[1:]), rows, (1, 2, 3, 4, 5))


def _rows(shown: tuple[Price, ...], caption: str) -> Table:
    rows = tuple(
        tuple(
            Cell(text)
            for text in (_what(one), _amount(one), f"{one.date or 'undated'}{' old' if one.stale else ''}", _note(one))
        )
        for one in shown
    )
    kept = PRICE_HEAD if any(row[-1].text for row in rows) else PRICE_HEAD[:-1]
    return Table(caption, kept, tuple(row[: len(kept)] for row in rows), (1,))


def _what(price: Price) -> str:
    terms = "" if price.terms == "on_demand" else price.terms
    return ", ".join(part for part in (price.item, price.provider, price.tier, terms, price.region) if part)


def _amount(price: Price) -> str:
    points = [value for value in (price.low, price.amount, price.high) if value is not None]
    if not points:
        return UNKNOWN
    ends = f"{points[0]:.4g} to {points[-1]:.4g}" if points[0] != points[-1] else f"{points[0]:.4g}"
    return f"{ends} {price.currency}".strip()


def _note(price: Price) -> str:
    """What stands below a price: its unit where that is not a GPU hour, what to know, and its source."""
    unit = "" if price.kind == "gpu" else f"per {price.unit}" if price.currency else price.unit
    return "; ".join(part for part in (unit, price.note, "" if price.kind == "gpu" else price.source) if part)
