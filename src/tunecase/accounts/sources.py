"""The section on sources: what the next step's rows cost from each, how long they take, and what could go wrong."""

from tunecase.accounts.material import Material, not_done
from tunecase.blocks import Cell, Listing, Section, Table
from tunecase.quantities import band_words, count, counted, money, money_band, sentence
from tunecase.records import SourceRaced, Sources

ID, TITLE = "sources", "Where should more rows come from?"


def sources(material: Material) -> Section:
    """The race of the sources for the plan's next step."""
    record = material.sources
    if record is None:
        return not_done(ID, TITLE, "sources")
    first = record.first
    answer = "No source with a price has the rows of the next step."
    if first is not None:
        price = money(first.step_expected, record.currency)
        answer = f"From {first.name}: {price} expected for what teaches like {count(record.step)} labelled rows more."
    risks = Listing("What could go wrong", tuple(f"{one.name}: {'; '.join(one.risks)}." for one in record.raced))
    notes = Listing("On what this rests", tuple(sentence(note) for note in record.notes))
    return Section(
        ID, TITLE, answer, (_table(record),), (risks, notes), tone="plain" if record.ok else "warn",
    )  # fmt: skip


def _table(record: Sources) -> Table:
    head = ("Source", "Rank", "One usable row", "Teaches like", "Set-up", "The step (80% band)", "Expected", "Weeks")
    caption = f"From {count(record.rows)} to {count(record.to_rows)} labelled rows, from each source alone"
    first = tuple(at for at, one in enumerate(record.raced) if one is record.first)
    return Table(
        caption, head, tuple(_row(one, record.currency) for one in record.raced), (1, 2, 4, 5, 6, 7), first,
        f"{record.currency}. By expected price; a source that lacks rows or a price comes last, and prices within 1% "
        "share a rank.",
    )  # fmt: skip


def _row(one: SourceRaced, currency: str) -> tuple[Cell, ...]:
    name = one.name if one.named else f"{one.name} (not named: tables and assumptions)"
    short = "" if one.reaches or one.rows is None else f"; has only {counted(one.rows, 'row')}"
    expected = money(one.step_expected, currency)
    worth = one.worth_words if one.worth_by in ("measured", "by definition") else f"{one.worth_words}, {one.worth_by}"
    cells = (
        f"{name}{short}", "-" if one.rank is None else str(one.rank), money_band(one.row_price, ""), worth,
        money_band(one.set_up, ""), money_band(one.step_price, ""), expected, band_words(one.step_weeks),
    )  # fmt: skip
    return tuple(Cell(text) for text in cells)
