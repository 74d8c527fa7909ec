"""The section on the bill: what the whole loop costs, and what moves it."""

from tunecase.accounts.calendar import CALENDAR_HEAD, CalendarRow, calendar, calendar_note
from tunecase.accounts.headline import bridge_words
from tunecase.accounts.lines import (
    assumption_words,
    effort_rows,
    expected_column,
    folded,
    shares,
    training_words,
    workings,
)
from tunecase.accounts.material import Material, not_done, recorded_in
from tunecase.blocks import Block, Cell, Facts, Histogram, Listing, Section, Shares, Table, Tone, Tornado
from tunecase.prices import amount, what_if_words
from tunecase.quantities import (
    UNKNOWN,
    Band,
    Sampled,
    band_words,
    count,
    counted,
    firm,
    firm_money,
    firm_share,
    line_amount,
    money,
    money_band,
)
from tunecase.records import ActivityHours, Estimate, Line, Plan, Way

DASH = Cell("–")
MOST_BARS = 6
OF_BUDGET = 3  # the column of the calendar


def bill(material: Material) -> Section:
    """What will it cost, line by line?"""
    title = "What will it cost?"
    estimate = material.estimate
    if estimate is None:
        return not_done("bill", title, "estimate")
    over = estimate.over_budget
    blocks: list[Block] = [_lines(estimate)]
    parts = [(line.title, line.share) for line in folded(estimate) if line.share is not None and line.included]
    if parts:
        blocks.append(Shares("Where the money goes", tuple(parts)))
    if estimate.histogram:
        caption = f"The total in {count(estimate.draws)} simulated projects; the last bar holds all dearer ones"
        marks, limit, over_it = _marked(estimate)
        named = "budget" if limit == estimate.budget else "left of the budget"
        blocks.append(Histogram(caption, estimate.histogram, marks, limit, over_it, estimate.currency, named))
    blocks += _tornado(estimate)
    if estimate.what_if:
        words = tuple(what_if_words(record, estimate.currency) for record in estimate.what_if)
        blocks.append(Listing("What would have to be true", words))
    if estimate.key_assumptions:
        told = [assumption_words(one, estimate.currency) for one in estimate.key_assumptions]
        words = tuple(f"{name} ({rest})" for name, rest in told)
        blocks.append(Listing("Most of this rests on assumptions that you can replace", words))
    if estimate.effort:
        blocks.append(_effort(estimate))
    if len(estimate.ways) > 1:
        blocks.append(_ways(estimate))
    if estimate.plan is not None and (rows := calendar(estimate.plan)):
        blocks.append(_calendar(estimate.plan, rows))
    blocks.append(_quantities(estimate))
    evidence: list[Block] = [_workings(estimate)]
    if estimate.plan is not None and estimate.plan.bridge is not None:
        moved = bridge_words(estimate.plan) or "little since the first bill"
        blocks.append(Facts("", (("What moved the expected total", moved),)))
    if material.earlier:
        evidence.append(_moved(material, estimate))
    evidence.append(Facts("", (("Based on", estimate.based_on), *recorded_in(material, "estimate"))))
    tone, word = _verdict(over)
    return Section("bill", title, _answer(estimate), tuple(blocks), tuple(evidence), tone, word)


def _marked(
    estimate: Estimate,
) -> tuple[tuple[tuple[str, Sampled], ...], float | None, Sampled | None]:
    """P50 and P80, what is left of the budget, and the chance to pass that."""
    plan, over = estimate.plan, estimate.over_budget
    if plan is not None:
        return (("P50", plan.total.p50), ("P80", plan.total.p80)), plan.budget_left, plan.total.over
    marks = (("P50", Sampled(estimate.total.p50)), ("P80", Sampled(estimate.total.p80)))
    return marks, estimate.budget, None if over is None else Sampled(over)


def _tornado(estimate: Estimate) -> list[Tornado]:
    """What the total is on average where each input is low and where it is high."""
    rows = []
    for driver in estimate.drivers[:MOST_BARS]:
        if driver.total_low is not None and driver.total_high is not None:
            low = amount(driver.name, driver.input_low or 0.0, estimate.currency)
            high = amount(driver.name, driver.input_high or 0.0, estimate.currency)
            rows.append((driver.name, driver.total_low, driver.total_high, low, high))
    caption = (
        "What moves it: the total's mean where an input is in its lowest tenth (light end), and its highest (dark)"
    )
    return [Tornado(caption, tuple(rows), estimate.currency)] if rows else []


def _verdict(over: float | None) -> tuple[Tone, str]:
    if over is None:
        return "unknown", "no budget given"
    if over <= 0.2:
        return "good", "within budget"
    return ("warn", "may pass the budget") if over < 0.5 else ("bad", "likely over budget")


def _answer(estimate: Estimate) -> str:
    plan = estimate.plan
    if plan is None:
        return "This bill was made by an earlier version: run `tunecase estimate`."
    total, currency = plan.total, estimate.currency
    words = f"{firm_money(total.expected, currency)} in expectation; one time in five more than {firm(total.p80)}."
    if total.over is not None and plan.budget_left is not None:
        left = money(plan.budget_left, currency)
        words += f" The chance to pass what is left of the budget, {left}, is {firm_share(total.over)}."
    if plan.chance is not None:
        words += f" In {firm_share(plan.chance.shown)} of cases the target is shown within it."
    if not plan.advised:
        words += " No step is advised: this is what going on all the same would cost."
    if estimate.unpriced:
        words += f" Not in it: {counted(len(estimate.unpriced), 'line')} without a price."
    return words


def _lines(estimate: Estimate) -> Table:
    rows = []
    swatch = 0
    lines = folded(estimate)
    column, left = expected_column(estimate)
    for line, expected, part in zip(lines, column, shares(lines), strict=True):
        drawn = line.included and line.share is not None
        rows.append(_line(line, swatch if drawn else None, (expected, part), estimate.currency))
        swatch += drawn
    if left:
        rows.append((Cell("Rounding"), Cell(left), *[DASH] * 5))
    total = estimate.total
    rows.append((Cell("Total"), *_total(estimate), Cell("100%") if total.p90 else DASH))
    whole = len(rows) - 1
    if (foreseen := estimate.total_without_unknowns) is not None and foreseen != total:
        rows.append((Cell("Total without unknowns"), DASH, *_points(foreseen, estimate.currency), DASH))
    head = ("Line", "Expected", "P10", "P50", "P80", "P90", "Share")
    note = f"{estimate.currency}, over all rounds. P80: in 80 of 100 simulated projects the line costs no more. "
    note += "Lines add up in the expected column alone: they do not all reach their P80 together. "
    note += "Share: of the expected total."
    numbers = (1, 2, 3, 4, 5, 6)
    return Table("The bill", head, tuple(rows), numbers, strong=(whole,), note=note)


def _total(estimate: Estimate) -> tuple[Cell, ...]:
    """Expected, P10, P50, P80 and P90 of the total, in the digits of the headline."""
    if estimate.plan is None:
        return DASH, *_points(estimate.total, estimate.currency)
    total = estimate.plan.total
    return tuple(Cell(firm(point)) for point in (total.expected, total.p10, total.p50, total.p80, total.p90))


def _line(line: Line, swatch: int | None, words: tuple[str, str], currency: str) -> tuple[Cell, ...]:
    """A row of the bill; `words` are its expected amount and its share as printed."""
    name = line.title if line.included else f"{line.title} (not in the total)"
    if line.amount is None and line.expected is None:
        return Cell(name), DASH, DASH, Cell("unpriced", "unknown"), DASH, DASH, DASH
    expected, part = words
    points = (DASH,) * 4 if line.amount is None else _points(line.amount, currency)
    return Cell(name, swatch=swatch), DASH if expected == "-" else Cell(expected), *points, Cell(part) if part else DASH


def _points(amount: Band, currency: str) -> tuple[Cell, ...]:
    return tuple(Cell(line_amount(point, currency)) for point in (amount.p10, amount.p50, amount.p80, amount.p90))


def _effort(estimate: Estimate) -> Table:
    """People's hours by activity."""
    *told, whole = effort_rows(estimate)
    rows: list[tuple[Cell, ...]] = [
        (Cell(one.name), Cell(hours), Cell(part), Cell(one.driver), Cell(_rate(one)))
        for one, (hours, part) in zip(estimate.effort, told, strict=True)
    ]
    rows.append((Cell("All, without overruns"), *map(Cell, whole), DASH, DASH))
    head = ("Activity", "Expected hours", "Share", "Driven by", "Rate")
    return Table("People's hours", head, tuple(rows), (1, 2), (len(rows) - 1,), training_words(estimate))


def _rate(one: ActivityHours) -> str:
    return f"{one.rate} ({'stated' if one.stated else 'assumed'})"


def _ways(estimate: Estimate) -> Table:
    """The ways to train side by side; the one that the bill rests on stands out."""
    rows = tuple(
        (
            Cell(way.name),
            *_points(way.amount, ""),
            Cell(way.against or "–"),
            Cell("; ".join(_remarks(way))),
        )
        for way in estimate.ways
    )
    head = ("Way", "P10", "P50", "P80", "P90", "Against the chosen", "Rests on")
    strong = tuple(at for at, way in enumerate(estimate.ways) if way.chosen)
    note = f"{estimate.currency}, all training over all rounds in the same worlds. Against: mean over mean."
    return Table("Ways to train", head, rows, (1, 2, 3, 4, 5), strong, note)


def _calendar(plan: Plan, rows: tuple[CalendarRow, ...]) -> Table:
    """Spending by month with what is left of the budget."""
    cells = tuple(
        tuple(Cell(text, "bad" if row.over and at == OF_BUDGET else "plain") for at, text in enumerate(row.cells))
        for row in rows
    )
    head = ("Month", *(word[0].upper() + word[1:] for word in CALENDAR_HEAD))
    return Table("Calendar", head, cells, (1, 2, 3, 4), note=calendar_note(plan))


def _remarks(way: Way) -> list[str]:
    return [part for part in (way.rests_on, way.note) if part]


def _quantities(estimate: Estimate) -> Facts:
    currency = estimate.currency
    hosted = next((way.name for way in estimate.ways if way.chosen and way.kind == "hosted"), UNKNOWN)
    gpus = f"{estimate.gpu_count} × {estimate.gpu}" if estimate.gpu else hosted
    pairs = [
        ("Rounds of data, training and test", band_words(estimate.rounds)),
        ("Time", band_words(estimate.months, "months")),
        ("Hardware", gpus),
        ("GPU hours", _gpu_hours(estimate)),
        ("One training run", money_band(estimate.run_price, currency)),
        ("One round", money_band(estimate.round_price, currency)),
        ("One more example", money_band(estimate.label_price, currency)),
    ]
    if estimate.total_when_reached is not None:
        pairs.append(("Total where the target is reached", money_band(estimate.total_when_reached, currency)))
    if estimate.total_when_stopped is not None:
        pairs.append(("Total where it is given up", money_band(estimate.total_when_stopped, currency)))
    return Facts("What it is made of", tuple(pairs))


def _gpu_hours(estimate: Estimate) -> str:
    if estimate.gpu_hours is None:
        return UNKNOWN
    price = estimate.usd_per_gpu_hour
    return f"{band_words(estimate.gpu_hours)} at {money_band(price, 'USD')}"


def _workings(estimate: Estimate) -> Table:
    rows = tuple((Cell(line.title), Cell(workings(estimate, line))) for line in estimate.lines)
    return Table("How each line is worked out", ("Line", "Worked out as"), rows)


def _moved(material: Material, estimate: Estimate) -> Table:
    estimates = (*material.earlier, ("now", estimate))
    rows = tuple((Cell(when), *_total(each)[1:], Cell(each.based_on)) for when, each in estimates)
    return Table("How the total moved", ("Estimate", "P10", "P50", "P80", "P90", "Based on"), rows, (1, 2, 3, 4))
