"""What the books say: spent, plan and forecast by group, every figure behind them; and the books on a page."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tunecase.accounts.approve import approval_blocks
from tunecase.accounts.book_sums import forecast_words, middle, planned_middle, sums_words, total_words
from tunecase.accounts.lines import GROUPS, group_of, plain_line
from tunecase.accounts.material import Material, filled, recorded_in
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Tone, Words
from tunecase.books import AT_LEAST, figure_rows, hit_words, in_cents, inside, parts_in_cents
from tunecase.quantities import (
    band_words,
    count,
    counted,
    day,
    figures,
    firm,
    money,
    one_line,
    paid,
    paid_column,
    plain_figure,
    plain_paid,
    plain_share,
    signed,
)
from tunecase.records import BookLine, Books, RunCharge, ServedAgainstForecast, Spending, Variance

DASH = Cell("–")
LEAST_CENT = 0.005  # what is less is not to come
MOST_RUNS = 20
MOST_CHARGES = 200
MOST_TEXT = 500  # characters of what a charge was for
UNCOUNTED = "in no sum"  # what is said of charges that were set aside


def books(record: Books, material: Material) -> Account:
    """What was spent of the budget, plan and forecast by group, and the chance to pass the budget."""
    short = filled(_by_group(record) if record.lines else None, Words(tuple(_sentences(record))))
    return Account("books", _answer(record, material), _tone(record), short, _full(record, material), _next(record))


def _tone(record: Books) -> Tone:
    if not record.ok or not record.verified:
        return "bad"
    return "plain" if record.budget is None else "good"


def _answer(record: Books, material: Material) -> str:
    """What was spent, what of the budget that leaves, and where it ends in the middle case."""
    unit, budget = record.currency, "" if record.budget is None else plain_paid(record.budget)
    if not record.verified:
        return "The ledger was edited: do not trust these sums until `tunecase ledger verify` passes."
    if record.left_shown is not None and record.left_shown < 0:
        return f"Over budget: {plain_paid(record.spent)} {unit} spent, {plain_paid(-record.left_shown)} too much."
    if not record.entries:
        approved = material.approvals
        released = (
            f" {plain_paid(approved.total)} {unit} released" if approved is not None and approved.approved else ""
        )
        held = f"{budget}{'' if released else f' {unit}'} in the budget" if budget else "no budget is given"
        return f"Nothing spent yet.{f'{released}, {held}.' if released else f' {held[0].upper()}{held[1:]}.'}"
    words = f"{plain_paid(record.spent)} {unit} spent{f' of {budget}' if budget else ', no budget is given'}."
    if record.at_completion is None:
        return words
    if record.all_closed:
        return f"{words} All lines are closed."
    return f"{words} In the middle case it ends at {total_words(record, plain_paid(record.spent))}."


def _by_group(record: Books) -> Table:
    """The middle cases of plan and forecast by group, and what was spent, which adds up."""
    kept = [(name, [line for line in record.lines if group_of(line.name) == name]) for name in GROUPS]
    kept = [(name, lines) for name, lines in kept if lines]
    if record.planned is None:
        kept = [(name, lines) for name, lines in kept if any(line.spent for line in lines)]
    column = paid_column([sum((line.spent for line in lines), Decimal(0)) for _, lines in kept])
    if record.planned is None:
        spent = tuple((Cell(name), Cell(much)) for name, much in zip([name for name, _ in kept], column, strict=False))
        total = ((Cell("total"), Cell(column[-1])),) if len(spent) > 1 else ()
        return Table("Spent", (record.currency, "spent"), (*spent, *total), (1,))
    rows = [
        (Cell(name), Cell(_planned(lines)), Cell(much), Cell(forecast_words(record, lines, much)))
        for (name, lines), much in zip(kept, map(_cents, column), strict=False)
    ]
    planned, much = plain_figure(planned_middle(record)), _cents(column[-1])
    rows.append((Cell("total"), Cell(planned), Cell(much), Cell(total_words(record, much))))
    head = (record.currency, "plan", "spent", "forecast")
    return Table("Plan, spent and forecast in the middle case", head, tuple(rows), (1, 2, 3), (len(rows) - 1,))


def _cents(text: str) -> str:
    return "0" if text == "0.00" else text


def _planned(lines: Sequence[BookLine]) -> str:
    planned = middle(lines)
    return "not planned" if planned is None else plain_figure(planned)


def _sentences(record: Books) -> Iterator[str]:
    """What no sum holds, what was served, the chance to pass the budget, and what columns do not add up to."""
    yield from (remark for remark in record.remarks if UNCOUNTED in remark)
    if record.served is not None:
        yield _served_words(record.served, record.currency)
    if record.planned is None:
        yield "There is no estimate to compare with."
        return
    if record.over_budget is not None:
        yield f"The chance to pass the budget is {plain_share(record.over_budget)}."
    elif record.budget is not None:
        yield "More is spent than any simulated case of the plan."
    if above := [plain_line(line.name) for line in record.lines if line.inside is False and not line.closed]:
        dear = "; the other lines are forecast from the cases that cost so much in all" * (AT_LEAST in record.redrawn)
        yield f"Dearer already than nine cases in ten: {', '.join(above)}{dear}."
    yield from sums_words(record)


def _served_words(served: ServedAgainstForecast, currency: str) -> str:
    """The answers after launch and their cost, beside what was forecast for these days."""
    planned, actual = served.planned, served.actual
    cost = "" if actual.cost is None else f" for {plain_paid(actual.cost)} {currency}"
    words = f"Answers served: {actual.answers:,.0f}{cost}"
    if planned is None or planned.cost is None:
        return f"{words}."
    return f"{words}; the forecast was {plain_figure(float(planned.answers))} for {plain_figure(float(planned.cost))}."


def _next(record: Books) -> str:
    if not record.verified:
        return "tunecase ledger verify"
    if record.planned is None or (record.over_budget is None and record.budget is not None):
        return "tunecase estimate"
    return "tunecase next" if record.entries else f"tunecase spend add 42.50 {record.currency} --category labour"


def _full(record: Books, material: Material) -> tuple[Block, ...]:
    """Plan against actual, why they differ, what was bought, runs against their bills, and what stands apart."""
    served = () if record.served is None else served_blocks(record.served, record.currency)
    planned = any(line.variance is not None and line.entries for line in record.lines)
    bought = any(line.planned_quantity is not None and line.quantity is not None for line in record.lines)
    checked = "the chain of entries is unbroken" if record.verified else "the chain of entries does NOT verify"
    pairs = [("Ledger", checked), ("Entries", count(record.entries)), ("Superseded", count(record.superseded))]
    return filled(
        plan_against_actual(record),
        Listing("To know", tuple(remark for remark in record.remarks if UNCOUNTED not in remark)),
        why(record) if planned else None,
        _bought(record) if bought else None,
        *served,
        _runs(record) if record.runs else None,
        Facts("What these sums rest on", tuple(facts(record))),
        *approval_blocks(material.approvals),
        _charges(material.spendings) if material.spendings else None,
        Facts("", (*pairs, *recorded_in(material, "books"))),
    )


def plan_against_actual(books: Books) -> Table:
    """One row a line, and the total: planned, spent, and what it will have cost."""
    column = books.spent_column
    rows = [_line(line, spent) for line, spent in zip(books.lines, column, strict=False)]
    total = BookLine("Total", books.planned, books.spent, None, books.entries, at_completion=books.at_completion)
    if books.finished and books.planned is not None:
        total = replace(total, inside=inside(books.planned, float(books.spent)), closed=max(_days(books)))
    rows.append(_total(books, _line(total, column[-1])))
    head = (
        "Line", "Planned P10 to P90", "Planned P50", "Spent", "Spent - P50", "At completion P50 (P10 to P90)",
        "Against the plan",
    )  # fmt: skip
    note = f"{books.currency}. Planned: all rounds. Spent: sums of ledger entries, to the cent."
    if books.redrawn:
        note += f" At completion: {books.redrawn}."
    return Table("Plan against actual", head, tuple(rows), (1, 2, 3, 4, 5), (len(rows) - 1,), note)


def _total(books: Books, row: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """The row of the total, what is planned in the digits of the bill's headline."""
    if books.planned_total is None:
        return row
    planned = books.planned_total
    name, _, _, spent, _, *rest = row
    band = Cell(f"{firm(planned.p10)} to {firm(planned.p90)}")
    return name, band, Cell(firm(planned.p50)), spent, _difference(books.spent, planned.p50.shown), *rest


def _days(books: Books) -> list[date]:
    return [line.closed for line in books.lines if line.closed is not None]


def _line(line: BookLine, spent: str) -> tuple[Cell, ...]:
    actual = Cell(spent)
    ends = DASH if line.at_completion is None else Cell(band_words(line.at_completion))
    if line.closed and line.at_completion is not None and line.at_completion.p90 - float(line.spent) < LEAST_CENT:
        ends = actual
    if line.planned is None:
        unplanned = Cell("not planned", "unknown") if line.entries else Cell("unpriced", "unknown")
        return Cell(line.title), DASH, DASH, actual, DASH, ends, unplanned
    planned = line.planned
    return (
        Cell(line.title),
        Cell(f"{figures(planned.p10)} to {figures(planned.p90)}"),
        Cell(figures(planned.p50)),
        actual,
        _difference(line.spent, planned.p50),
        ends,
        standing(line),
    )


def _difference(spent: Decimal, planned: float) -> Cell:
    much = float(spent) - planned
    return Cell(("+" if much > 0 else "") + figures(much))


def standing(line: BookLine) -> Cell:
    """Where a planned line stands: an open line against the plan to date, a closed one against its band."""
    assert line.planned is not None
    if line.hindsight:
        return Cell(f"{'closed' if line.closed else 'still running'}, charged before the plan was made")
    if line.drawn is not None and line.closed is None:
        return Cell(f"{paid(line.drawn)} drawn down by other lines")
    if line.inside is None:
        return Cell("still running" if line.closed is None else "closed, nothing booked")
    if line.inside:
        return Cell("inside P10 to P90", "good")
    if line.closed is None and float(line.spent) > line.planned.p90:
        return Cell("above P90, still running", "bad")
    if line.inside_90:
        return Cell("outside P10 to P90, inside P5 to P95", "warn")
    return Cell("above P90", "bad") if float(line.spent) > line.planned.p90 else Cell("below P10", "warn")


def why(books: Books) -> Table:
    """Actual less planned P50, split by line; the parts add up."""
    lines = [line for line in books.lines if line.variance is not None and (line.entries or line.planned)]
    split = in_cents([line.variance for line in lines if line.variance is not None])
    names = [*(line.name for line in lines), "Sum of the lines"]
    rows = [_split(name, parts) for name, parts in zip(names, split, strict=True)]
    head = ("Line", "Spent - P50", "Scope", "Quantity", "Price", "Unsplit")
    return Table("Why spent and planned differ", head, tuple(rows), (1, 2, 3, 4, 5), (len(rows) - 1,), why_words(books))


def why_words(books: Books) -> str:
    """What the parts mean, and what an open line is compared with."""
    rounds = ""
    if books.rounds_made is not None and books.rounds_planned is not None:
        rounds = f" {counted(books.rounds_made, 'round')} made of {figures(books.rounds_planned.p50)} planned (P50)."
    to_come = "Open lines are held against the whole plan: how much of it is done is not recorded."
    if rounds:
        to_come = "On open lines scope holds the rounds still to come; quantity and price are against the plan to date."
    return (
        f"{books.currency}.{rounds} Scope: rounds more or fewer than planned, and what nobody planned. Quantity: hours "
        f"or examples for those rounds, at the planned price. Price: what one cost. Unsplit: no quantity is known. "
        f"{to_come} The P50s of lines do not add up to the total's P50."
    )


def _split(name: str, parts: Variance) -> tuple[Cell, ...]:
    shown = (parts.total, parts.scope, parts.quantity, parts.price, parts.unsplit)
    return (Cell(name), *(Cell(signed(part)) for part in shown))


def _bought(books: Books) -> Table:
    rows = []
    for line in books.lines:
        if line.planned is None or line.planned_quantity is None or line.quantity is None:
            continue
        unsplit = line.variance.unsplit if line.variance else Decimal(0)
        price = (line.spent - unsplit) / line.quantity if line.quantity else None
        planned = line.planned.p50 / line.planned_quantity.p50 if line.planned_quantity.p50 else None
        rows.append(
            (
                Cell(line.name),
                Cell(line.unit),
                Cell(band_words(line.planned_quantity)),
                Cell(f"{line.quantity:,.2f}"),
                Cell(figures(planned)),
                Cell("unknown" if price is None else f"{price:,.4g}"),
            )
        )
    head = ("Line", "Unit", "Planned", "Bought", "Planned price of one", "Paid for one")
    note = f"{books.currency}. Only charges that say how much they bought."
    return Table("What was bought", head, tuple(rows), (2, 3, 4, 5), (), note)


def served_blocks(served: ServedAgainstForecast, currency: str) -> list[Block]:
    """Answers served beside their forecast, and by month why their cost differs."""
    rows = [tuple(map(Cell, row)) for row in figure_rows(served.planned, served.actual, currency)]
    note = f"{sum(month.days for month in served.months):,} days with a meter, planned and actual alike."
    if served.forecast:
        note += f" Planned: {served.forecast}."
    blocks: list[Block] = [
        Table("Served against forecast", ("What", "Planned P50", "Actual"), tuple(rows), (1, 2), (), note)
    ]
    split = [month for month in served.months if month.parts]
    if split:
        names, amounts = parts_in_cents([month.parts for month in split])
        months = [*(f"{month.month:%Y-%m}" for month in split), "Sum of the months"]
        parts = [(Cell(name), *(Cell(signed(part)) for part in row)) for name, row in zip(months, amounts, strict=True)]
        head = ("Month", "Actual - P50", *(name.capitalize() for name in names))
        title, columns = "Why serving cost more or less than forecast", tuple(range(1, len(head)))
        blocks.append(Table(title, head, tuple(parts), columns, (len(parts) - 1,), _parts_words(names, currency)))
    return blocks


def _parts_words(names: Sequence[str], currency: str) -> str:
    """What each part means, of those that the table has."""
    meanings = {
        "volume": "more or fewer answers, at the planned price of one",
        "tokens per answer": "longer or shorter answers and requests, at planned prices",
        "price": "what a GPU hour, or a token, cost",
        "utilisation": "the share of paid hours in which the cards worked",
        "throughput": "answers of a busy GPU hour",
    }
    told = [f"{name.capitalize()}: {meanings[name]}." for name in names if name in meanings]
    return " ".join([f"{currency}.", *told])


def _runs(books: Books) -> Table:
    rows = tuple(_run(charge) for charge in books.runs[:MOST_RUNS])
    head = ("Run", "GPU", "Estimated", "Billed", "Billed - estimated", "Its own GPU hours", "Billed GPU hours")
    more = len(books.runs) - MOST_RUNS
    note = f"{books.currency}. The bill counts where there is one."
    note += f" {counted(more, 'more run')} in the JSON." if more > 0 else ""
    return Table("Runs against their bills, the furthest apart first", head, rows, (2, 3, 4, 5, 6), (), note)


def _run(charge: RunCharge) -> tuple[Cell, ...]:
    return (
        Cell(charge.run or "unnamed"),
        Cell(charge.gpu or "-"),
        DASH if charge.estimated is None else Cell(paid(charge.estimated)),
        Cell("not yet") if charge.billed is None else Cell(paid(charge.billed)),
        DASH if charge.difference_shown is None else Cell(signed(charge.difference_shown)),
        DASH if charge.run_hours is None else Cell(f"{charge.run_hours:,.2f}"),
        Cell(f"{charge.billed_hours:,.2f}") if charge.billed_hours else DASH,
    )


def facts(books: Books) -> list[tuple[str, str]]:
    """What the sums rest on, and what stands apart in them."""
    unit = books.currency
    pairs = []
    if books.plan is not None:
        pairs.append(("Plan of record", f"estimate of {day(books.plan.on)}, entry {books.plan.entry[:12]}"))
        pairs.append(("Why this one", books.plan.why))
    if books.left_shown is not None and books.left_shown >= 0:
        pairs.append(("Left of the budget", f"{plain_paid(books.left_shown)} {unit}"))
    if books.at_completion is not None and not books.all_closed:
        pairs.append(("At completion, P80", money(books.at_completion.p80, unit)))
    if books.hit_rate is not None:
        pairs.append(("Did bands hold", hit_words(books.hit_rate)))
    if books.idle_hours is not None:
        price = "" if books.idle_amount is None else f", {money(books.idle_amount, unit)}"
        pairs.append(("Idle GPU hours billed", f"{books.idle_hours:,.2f}{price}"))
    if books.unbilled:
        pairs.append(("Estimated, not billed yet", money(books.unbilled, unit)))
    if books.covered:
        pairs.append(("Estimates a bill covers", f"{counted(books.covered, 'charge')}, in no sum"))
    if books.credits:
        pairs.append(("Credits and adjustments", f"{money(books.credits, unit)}, in the sums"))
    if books.unpriced:
        pairs.append(("Usage billed at nothing", counted(books.unpriced, "charge")))
    return pairs


def _charges(spendings: tuple[Spending, ...]) -> Table:
    """The last charges; a page with all of them would be slow to open."""
    rows = tuple(_charge(spending) for spending in spendings[-MOST_CHARGES:])
    head, more = ("Day", "Line", "Amount", "For", "Source"), len(spendings) - len(rows)
    if more <= 0:
        return Table("Every charge", head, rows, (2,))
    note = f"{counted(more, 'more charge')} booked before these: `tunecase spend list`, or `tunecase books --csv`."
    return Table(f"The last {MOST_CHARGES} charges", head, rows, (2,), (), note)


def _charge(spending: Spending) -> tuple[Cell, ...]:
    much = f"{spending.quantity:f} {spending.unit}: " if spending.quantity is not None else ""
    source = f"{spending.source}, replaces {spending.supersedes}" if spending.supersedes else spending.source
    amount = money(spending.amount, spending.currency)
    if spending.amount_base != spending.amount and isinstance(spending.amount_base, Decimal):
        amount += f" ({paid(spending.amount_base)} in the base currency)"
    return (
        Cell(day(spending.on)),
        Cell(spending.category),
        Cell(amount),
        Cell(one_line(much + spending.description, MOST_TEXT)),
        Cell(source),
    )
