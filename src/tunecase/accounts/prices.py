"""What the price book holds: tiers of GPUs, single prices with their age, and what was taken over from a catalog."""

from itertools import compress
from operator import not_
from pathlib import Path

from tunecase.accounts.material import Material
from tunecase.blocks import Account, Block, Cell, Listing, Table, Tone, Words
from tunecase.quantities import UNKNOWN, counted, sentence
from tunecase.records import Price, Prices, PricesUpdated, TierPrices

SHORT_TIERS, SHORT_ROWS = 8, 4
TIER_HEAD = ("", "providers", "lowest", "middle", "highest", "old")
PRICE_HEAD = ("Price of", "amount", "dated", "note")


def prices(record: Prices, material: Material) -> Account:
    """How many prices match, the first of them, and all others behind that."""
    short: list[Block] = []
    full: list[Block] = []
    if record.tiers:
        first, rest = _most_offered(record.tiers)
        note = f"Those with the most providers; --full has all {len(record.tiers)}." if rest else ""
        short.append(_tiers(record, first, "", note))
        full += [_tiers(record, rest, "Further tiers")] if rest else []
    if record.listed and record.rows:
        shown, others = record.rows[:SHORT_ROWS], record.rows[SHORT_ROWS:]
        short.append(_rows(shown, "", with_notes=False))
        notes = tuple(f"{_what(one)}: {note}" for one in shown if (note := _note(one)))
        full += [Listing("On the prices above", notes)] if notes else []
        full += [_rows(others, "Further prices")] if others else []
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
    tone: Tone = "warn" if record.stale else "plain"
    return Account("updated", f"{what}, dated {record.date}.", tone, (Words(tuple(lines)),), notes)


def _answer(record: Prices) -> str:
    if not record.rows:
        return f"No price matches, of {record.held} in the book."
    old = f"{record.stale} of them older than 180 days" if record.stale else "none older than 180 days"
    return f"{counted(len(record.rows), 'price')} of {record.held}, {old} on {record.today}."


def _most_offered(tiers: tuple[TierPrices, ...]) -> tuple[tuple[TierPrices, ...], tuple[TierPrices, ...]]:
    """The tiers with the most providers, in the record's order, and the others."""
    first = sorted(range(len(tiers)), key=lambda at: -tiers[at].providers)[:SHORT_TIERS]
    of_first = [at in first for at in range(len(tiers))]
    return tuple(compress(tiers, of_first)), tuple(compress(tiers, map(not_, of_first)))


def _tiers(record: Prices, tiers: tuple[TierPrices, ...], caption: str, note: str = "") -> Table:
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
    return Table(caption, (f"{record.currency} per GPU hour", *TIER_HEAD[1:]), rows, (1, 2, 3, 4, 5), note=note)


def _rows(shown: tuple[Price, ...], caption: str, *, with_notes: bool = True) -> Table:
    long = len("2026-11-28") if with_notes else len("2026-11")
    rows = tuple(
        tuple(
            Cell(text)
            for text in (
                _what(one), _amount(one), f"{(one.date or 'undated')[:long]}{' old' if one.stale else ''}", _note(one),
            )
        )
        for one in shown
    )  # fmt: skip
    kept = PRICE_HEAD if with_notes and any(row[-1].text for row in rows) else PRICE_HEAD[:-1]
    return Table(caption, kept, tuple(row[: len(kept)] for row in rows), (1,))


def _what(price: Price) -> str:
    terms = "" if price.terms == "on_demand" else price.terms
    return ", ".join(part for part in (price.item, price.provider, price.tier, terms, price.region) if part)


def _amount(price: Price) -> str:
    points = [value for value in (price.low, price.amount, price.high) if value is not None]
    if not points:
        return UNKNOWN
    ends = f"{points[0]:.4g} to {points[-1]:.4g}" if points[0] != points[-1] else f"{points[0]:.4g}"
    unit = "" if price.kind == "gpu" else f"per {price.unit}" if price.currency else price.unit
    return " ".join(part for part in (ends, price.currency, unit) if part)


def _note(price: Price) -> str:
    """What is to be known of a price, and its source where that is not one of the GPU tables."""
    return "; ".join(part for part in (price.note, "" if price.kind == "gpu" else price.source) if part)
