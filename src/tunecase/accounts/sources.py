"""What sources says: what the next step's rows cost from each, and what a trial says a row of one is worth."""

from tunecase.accounts.material import Material
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Tone, Words
from tunecase.quantities import (
    about_money,
    band_words,
    count,
    counted,
    duration,
    figures,
    money,
    money_band,
    plain_money,
    plain_share,
    score,
    sentence,
    share,
)
from tunecase.records import SourceRaced, Sources, SourceTrial

MOST_SHOWN = 5
HARM = 0.1  # chance that a source's rows do harm, from which it is a warning


def sources(record: Sources, material: Material) -> Account:
    """The cheapest source of the next rows; in full what each costs, what its rows are worth, and its risks."""
    first = record.first
    answer = "No source with a price has the rows of the next step."
    if first is not None:
        price = about_money(first.step_expected, record.currency)
        answer = f"Cheapest from {first.name}: {price} for what {count(record.step)} more labelled rows teach."
    short: list[Block] = [_shown(record)]
    if any(not one.named for one in record.raced[:MOST_SHOWN]):
        short.append(Words(("* not in your project file: prices from published tables, or assumed.",)))
    return Account(
        "sources", answer, "good" if record.ok else "warn", tuple(short), _in_full(record), "tunecase decide"
    )


def _shown(record: Sources) -> Table:
    """The first sources with what the step costs from each."""
    rows = tuple(
        (
            Cell(one.name if one.named else f"{one.name} *"),
            Cell("no price" if one.step_expected is None else plain_money(one.step_expected, record.currency)),
            Cell(figures(one.step_weeks.p50)),
            Cell(_lacks(one)),
        )
        for one in record.raced[:MOST_SHOWN]
    )
    more = len(record.raced) - len(rows)
    head = ("Source", "The step", "Weeks", "Lacks")
    return Table(
        "The next rows, from each source alone", head, rows, (1, 2), note=f"And {more} more." if more > 0 else ""
    )


def _lacks(one: SourceRaced) -> str:
    if one.missing:
        return "a price"
    return "" if one.reaches or one.rows is None else f"has only {counted(one.rows, 'row')}"


def _in_full(record: Sources) -> tuple[Block, ...]:
    risks = tuple(f"{one.name}: {'; '.join(one.risks)}." for one in record.raced if one.risks)
    missing = tuple(f"{one.name}: {one.missing}" for one in record.raced if one.missing)
    notes = [sentence(note) for note in record.notes]
    if len(record.buys_from) > 1:
        notes.insert(0, f"The plan buys in the order of the project file: {', '.join(record.buys_from)}.")
    listings = (
        ("Give, for a price", missing), ("What could go wrong", risks), ("On what this rests", tuple(notes)),
    )  # fmt: skip
    return (sources_table(record), *(Listing(title, items) for title, items in listings if items))


def source_trial(record: SourceTrial, material: Material) -> Account:
    """What a row of the source is worth and whether the plan uses it; in full the runs behind it."""
    worth = record.worth
    told = f"{plain_share(worth.mid)} of a labelled one ({plain_share(worth.low)} to {plain_share(worth.high)})"
    answer = f"One row of {record.source} teaches like {told}."
    if not record.tells:
        answer = f"Too few runs to tell what a row of {record.source} is worth."
    harms = "risky" if record.harms > HARM else "harm"
    use = "the plan, the bill and the race of sources take it in place of the assumption"
    pairs = (
        ("tried", f"{count(record.added)} rows of {record.file} beside {count(record.base)} labelled ones"),
        (harms, f"{plain_share(record.harms)} chance that these rows make answers worse"),
        ("used", use if record.tells else "not yet: the assumption stays; give more rows, or --draws"),
    )
    following = "tunecase sources" if record.tells else ""
    tone: Tone = "warn" if record.harms > HARM or not record.tells else "good"
    return Account("source trial", answer, tone, (Facts("The trial", pairs),), _trial_in_full(record), following)


def _trial_in_full(record: SourceTrial) -> tuple[Block, ...]:
    worth = record.worth
    interval = f"{share(worth.mid)} ({share(worth.low)} to {share(worth.high)})"
    pairs = (
        ("A row is worth", f"{interval} of a labelled one"),
        ("Runs", f"{counted(len(record.runs), 'run')} of {record.model} in {duration(record.seconds)}"),
        ("Drawn", f"{counted(record.draws, 'draw')} of {count(record.source_rows)} rows of the source"),
        ("Measured on", f"{count(record.test_rows)} test rows in every run"),
    )
    rows = [(f"{count(n)} labelled", score(1 - error)) for n, error in record.errors]
    mixed = (
        f"{count(record.base)} labelled and {count(record.added)} of {record.source}",
        score(1 - record.error_with),
    )
    cells = tuple((Cell(name), Cell(told)) for name, told in (*rows, mixed))
    return (
        Facts("How it was tried", pairs),
        Table("Scores with and without the source", ("Trained on", f"Mean {record.metric}"), cells, (1,)),
        *((Listing("Notes", tuple(map(sentence, record.notes))),) if record.notes else ()),
    )


def sources_table(record: Sources) -> Table:
    """Every source with the price of a row, what it teaches like, and what the step costs from it."""
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
