"""What the bill says: what to set aside, what it goes to, how long it takes, and every figure behind it."""

from collections.abc import Iterator, Sequence

from tunecase.accounts.basis import stale
from tunecase.accounts.calendar import CALENDAR_HEAD, calendar, calendar_note
from tunecase.accounts.evals import logs_named
from tunecase.accounts.headline import authorise_parts, bridge_words, headline
from tunecase.accounts.lines import (
    assumption_words,
    effort_rows,
    expected_column,
    folded,
    groups,
    left_out,
    plain_line,
    shares,
    time_words,
    training_unpriced,
    training_words,
    workings,
)
from tunecase.accounts.material import Material, filled, recorded_in
from tunecase.accounts.words import capital
from tunecase.blocks import Account, Block, Cell, Facts, Histogram, Listing, Table, Tone, Words
from tunecase.prices import amount, what_if_words
from tunecase.quantities import (
    UNKNOWN,
    Z80,
    Band,
    Sampled,
    band_words,
    count,
    figures,
    firm,
    line_amount,
    money_band,
    plain_figure,
    plain_money,
    plain_paid,
    plain_share,
    share,
)
from tunecase.records import ActivityHours, Driver, Estimate, Line, Plan, Way

DASH = Cell("–")
OF_BUDGET = 3  # the column of the calendar
LIKELY_OVER = 0.5  # a chance to pass the budget from which on the bill says no
MAY_BE_OVER = 0.2


def estimate(record: Estimate, material: Material) -> Account:
    """What a bill says, its parts that add up first."""
    plan = record.plan
    if plan is None:
        answer = "This bill was made by an earlier version of tunecase and names nothing to set aside."
        return Account("estimate", answer, "unknown", (), _full(record, material), "tunecase estimate")
    short = (_set_aside(plan), Words(tuple(_sentences(record, plan))))
    return Account("estimate", _answer(record, plan), _tone(record), short, _full(record, material), _next(material))


def estimate_again(record: Estimate, material: Material) -> Account:
    """What the bill says once the pilot has moved it: the same, and what moved."""
    told = estimate(record, material)
    moved = "" if record.plan is None else _moved_words(record.plan)
    words = moved or "The pilot moved the bill by little."
    return Account("estimate again", told.answer, told.tone, (*told.short[:1], Words((words,))), told.full, told.next)


def _answer(record: Estimate, plan: Plan) -> str:
    """What to set aside, beside what is left of the budget, and the middle case."""
    aside, currency, left = sum(authorise_parts(plan)), plan.currency, plan.budget_left
    if not plan.advised:
        return f"Set nothing aside: no step is advised. Going on all the same takes {plain_money(aside, currency)}."
    against = "; no budget is given"
    if left is not None:
        above = f": {plain_figure(aside - left)} above the budget"
        held = f" of the {plain_paid(left)} left in the budget"
        if record.budget is not None and left >= record.budget:
            held = f" of a budget of {plain_paid(left)}"
        against = above if aside > left else held
    if why := training_unpriced(record):
        return f"Training has no price: {why}. All else takes {plain_money(aside, currency)}{against}."
    words = f"Set {plain_money(aside, currency)} aside{against}."
    return f"{words} The middle case costs {plain_figure(plan.total.p50)}."


def _tone(record: Estimate) -> Tone:
    """Good where the budget is kept four times in five, bad where it is passed more often than not."""
    over, plan = record.over_budget, record.plan
    if (plan is not None and not plan.advised) or training_unpriced(record):
        return "bad"
    if over is None:
        return "unknown"
    return "good" if over <= MAY_BE_OVER else "warn" if over < LIKELY_OVER else "bad"


def _set_aside(plan: Plan) -> Table:
    """Base estimate, contingency and reserve, which add up as they are printed."""
    parts = authorise_parts(plan)
    base, contingency, reserve, whole = (f"{part:,.0f}" for part in (*parts, sum(parts)))
    known = "enough four times in five so far"
    if plan.authorise.base > plan.total.p80.value:
        known = "none: dear cases lift the average"
    rows = (
        ("base estimate", base, "the average without overruns"),
        ("+ contingency", contingency, known),
        ("+ reserve", reserve, "for what nobody foresees"),
        ("= set aside", whole, "enough nine times in ten"),
    )
    cells = tuple((Cell(name), Cell(much), Cell(beside)) for name, much, beside in rows)
    return Table("What to set aside", ("", "", ""), cells, (1,), (len(cells) - 1,))


def _sentences(record: Estimate, plan: Plan) -> Iterator[str]:
    """What the money goes to, the time, the budget, what was asked of it, and what the bill does not hold."""
    if goes := groups(record):
        yield f"Goes to: {', '.join(f'{one.name} {one.part}' for one in goes)}."
    over = "" if plan.total.over is None else f" {capital(plain_share(plan.total.over))} over budget."
    yield f"Takes {time_words(record.months)}.{over}"
    if aside := left_out(record):
        yield f"Not in the bill: {_aside_words(aside)} on average."
    yield from (what_if_words(what_if, record.currency) for what_if in record.what_if)
    if unpriced := [plain_line(line.name) for line in record.lines if not line.priced]:
        yield f"Has no price and comes on top: {', '.join(unpriced)}."


def _aside_words(lines: Sequence[Line]) -> str:
    """Lines outside the total with their amounts, `after launch` said once."""
    launch = " after launch"
    names = [plain_line(line.name) for line in lines]
    told = [
        f"{name.removesuffix(launch)} {plain_figure(line.expected)}" for name, line in zip(names, lines, strict=True)
    ]
    return f"{' and '.join(told)}{launch if all(name.endswith(launch) for name in names) else ''},"


def _moved_words(plan: Plan) -> str:
    """From what the average moved to what, and what moved it most; empty where little did."""
    if plan.bridge is None or not bridge_words(plan):
        return ""
    bridge = plan.bridge
    most = max(bridge.moved, key=lambda part: abs(part.amount))
    before = plain_figure(Sampled(bridge.before, bridge.before_error))
    after = plain_money(plan.total.expected, plan.currency)
    return f"On average it costs {after} now, {before} {bridge.since}. Most of it is {most.why}."


def _next(material: Material) -> str:
    done = {"pilot": material.pilot, "forecast": material.forecast, "decide": material.decision}
    verb = next((verb for verb, record in done.items() if record is None), "next")
    return f"tunecase {verb}"


def _full(record: Estimate, material: Material) -> tuple[Block, ...]:
    """All else that the bill holds, each figure once."""
    plan, decision = record.plan, material.decision
    decided = decision is not None and decision.plan is not None
    moved = "" if plan is None else bridge_words(plan)
    told = [assumption_words(one, record.currency) for one in record.key_assumptions]
    return filled(
        None if plan is None or decided else _headline(plan),
        _lines(record),
        _workings(record),
        _quantities(record),
        _effort(record) if record.effort else None,
        _ways(record) if len(record.ways) > 1 else None,
        None if plan is None else _calendar(plan),
        _drivers(record),
        _histogram(record) if record.histogram else None,
        Listing("Most of this rests on assumptions you can replace", tuple(f"{name} ({rest})" for name, rest in told)),
        Facts("", (("What moved the expected total", moved),) if moved else ()),
        _earlier(material, record) if material.earlier else None,
        Listing("Not priced", record.unpriced),
        logs_named(material.logs),
        _defaults(record),
        Listing("Assumed", record.assumptions),
        Facts("Where the figures come from", _grounds(record, material)),
    )


def _headline(plan: Plan) -> Table:
    """The headline figures, where no decision shows them."""
    rows = tuple(
        (Cell(figure.name), Cell(figure.value), Cell(figure.beside or "–"), Cell(figure.evidence or "–"))
        for figure in headline(plan)
    )
    caption = f"The plan: {plan.action}" if plan.advised else f"Not advised; all the same: {plan.action}"
    return Table(caption, ("Figure", "", "Beside it", "Rests on"), rows)


def _lines(record: Estimate) -> Table:
    """The bill line by line."""
    lines = folded(record)
    column, left = expected_column(record)
    rows = [
        _line(line, (expected, part), record.currency)
        for line, expected, part in zip(lines, column, shares(lines), strict=True)
    ]
    if left:
        rows.append((Cell("Rounding"), Cell(left), *[DASH] * 5))
    total = record.total
    rows.append((Cell("Total"), *_total(record), Cell("100%") if total.p90 else DASH))
    whole = len(rows) - 1
    if (foreseen := record.total_without_unknowns) is not None and foreseen != total:
        rows.append((Cell("Total without overruns"), DASH, *_points(foreseen, record.currency), DASH))
    head = (f"Line, {record.currency}", "Expected", "P10", "P50", "P80", "P90", "Share")
    note = "P80: in 80 of 100 simulated projects the line costs no more. Lines add up in the expected column alone."
    return Table("The bill, over all rounds", head, tuple(rows), (1, 2, 3, 4, 5, 6), (whole,), note)


def _line(line: Line, words: tuple[str, str], currency: str) -> tuple[Cell, ...]:
    """A row of the bill; `words` are its expected amount and its share as printed."""
    name = line.title if line.included else f"{line.title} (not in the total)"
    if line.amount is None and line.expected is None:
        return Cell(name), DASH, DASH, Cell("unpriced", "unknown"), DASH, DASH, DASH
    expected, part = words
    points = (DASH,) * 4 if line.amount is None else _points(line.amount, currency)
    return Cell(name), DASH if expected == "-" else Cell(expected), *points, Cell(part) if part else DASH


def _total(record: Estimate) -> tuple[Cell, ...]:
    """Expected, P10, P50, P80 and P90 of the total, in the digits of the headline."""
    if record.plan is None:
        return DASH, *_points(record.total, record.currency)
    total = record.plan.total
    return tuple(Cell(firm(point)) for point in (total.expected, total.p10, total.p50, total.p80, total.p90))


def _points(amount: Band, currency: str) -> tuple[Cell, ...]:
    return tuple(Cell(line_amount(point, currency)) for point in (amount.p10, amount.p50, amount.p80, amount.p90))


def _workings(record: Estimate) -> Table:
    rows = tuple((Cell(line.title), Cell(workings(record, line))) for line in record.lines)
    return Table("How each line is worked out", ("Line", "Worked out as"), rows)


def _quantities(record: Estimate) -> Facts:
    currency = record.currency
    hosted = next((way.name for way in record.ways if way.chosen and way.kind == "hosted"), UNKNOWN)
    gpus = f"{record.gpu_count} × {record.gpu}" if record.gpu else hosted
    pairs = [
        ("Rounds of data, training and test", band_words(record.rounds)),
        ("Time", band_words(record.months, "months")),
        ("Hardware", gpus),
        ("GPU hours", _gpu_hours(record)),
        ("One training run", money_band(record.run_price, currency)),
        ("One round", money_band(record.round_price, currency)),
        ("One more example", money_band(record.label_price, currency)),
    ]
    if record.total_when_reached is not None:
        pairs.append(("Total where the target is reached", money_band(record.total_when_reached, currency)))
    if record.total_when_stopped is not None:
        pairs.append(("Total where it is given up", money_band(record.total_when_stopped, currency)))
    return Facts("What it is made of", tuple(pairs))


def _gpu_hours(record: Estimate) -> str:
    if record.gpu_hours is None:
        return UNKNOWN
    return f"{band_words(record.gpu_hours)} at {money_band(record.usd_per_gpu_hour, 'USD')}"


def _effort(record: Estimate) -> Table:
    """People's hours by activity."""
    *told, whole = effort_rows(record)
    rows: list[tuple[Cell, ...]] = [
        (Cell(one.name), Cell(hours), Cell(part), Cell(one.driver), Cell(_rate(one)))
        for one, (hours, part) in zip(record.effort, told, strict=True)
    ]
    rows.append((Cell("All, without overruns"), *map(Cell, whole), DASH, DASH))
    head = ("Activity", "Expected hours", "Share", "Driven by", "Rate")
    return Table("People's hours", head, tuple(rows), (1, 2), (len(rows) - 1,), training_words(record))


def _rate(one: ActivityHours) -> str:
    return f"{one.rate} ({'stated' if one.stated else 'assumed'})"


def _ways(record: Estimate) -> Table:
    """The ways to train side by side; the one that the bill rests on stands out."""
    rows = tuple(
        (Cell(way.name), *_points(way.amount, ""), Cell(way.against or "–"), Cell("; ".join(_remarks(way))))
        for way in record.ways
    )
    head = ("Way", "P10", "P50", "P80", "P90", "Against the chosen", "Rests on")
    strong = tuple(at for at, way in enumerate(record.ways) if way.chosen)
    note = f"{record.currency}, all training over all rounds in the same simulated projects. Against: mean over mean."
    return Table("Ways to train", head, rows, (1, 2, 3, 4, 5), strong, note)


def _remarks(way: Way) -> list[str]:
    return [part for part in (way.rests_on, way.note) if part]


def _calendar(plan: Plan) -> Table:
    """Spending by month with what is left of the budget."""
    rows = calendar(plan)
    cells = tuple(
        tuple(Cell(text, "bad" if row.over and at == OF_BUDGET else "plain") for at, text in enumerate(row.cells))
        for row in rows
    )
    head = ("Month", *(word[0].upper() + word[1:] for word in CALENDAR_HEAD))
    return Table("Calendar", head, cells, (1, 2, 3, 4), note=calendar_note(plan))


def _drivers(record: Estimate) -> Table:
    """What moves the total: each input's part of the doubt, and the total's mean at its low and its high end."""
    rows = tuple(_driver(driver, record.currency) for driver in record.drivers)
    head = ("Input", "Of the doubt", "Total if low", "Total if high", "Low and high")
    note = "Of the doubt: the share of the total's variance that the input carries alone. Totals are means."
    return Table("What moves it", head, rows, (1, 2, 3), note=note)


def _driver(driver: Driver, currency: str) -> tuple[Cell, ...]:
    within = "" if driver.error is None else f", within {share(Z80 * driver.error, 1)}"
    part = Cell(f"{share(driver.share)}{within}")
    if driver.total_low is None or driver.total_high is None:
        return Cell(driver.name), part, DASH, DASH, Cell("moves it only together with others")
    low, high = (amount(driver.name, value or 0.0, currency) for value in (driver.input_low, driver.input_high))
    ends = Cell(f"{low} or less; {high} or more")
    return Cell(driver.name), part, Cell(figures(driver.total_low)), Cell(figures(driver.total_high)), ends


def _histogram(record: Estimate) -> Histogram:
    caption = f"The total in {count(record.draws)} simulated projects; the last bar holds all dearer ones"
    plan, over = record.plan, record.over_budget
    if plan is not None:
        marks, limit, over_it = (("P50", plan.total.p50), ("P80", plan.total.p80)), plan.budget_left, plan.total.over
    else:
        marks = (("P50", Sampled(record.total.p50)), ("P80", Sampled(record.total.p80)))
        limit, over_it = record.budget, None if over is None else Sampled(over)
    named = "budget" if limit == record.budget else "left of the budget"
    return Histogram(caption, record.histogram, marks, limit, over_it, record.currency, named)


def _earlier(material: Material, record: Estimate) -> Table:
    estimates = (*material.earlier, ("now", record))
    rows = tuple((Cell(when), *_total(each)[1:], Cell(each.based_on)) for when, each in estimates)
    return Table("How the total moved", ("Estimate", "P10", "P50", "P80", "P90", "Based on"), rows, (1, 2, 3, 4))


def _defaults(record: Estimate) -> Table:
    rows = tuple((Cell(default.field), Cell(default.value), Cell(default.source)) for default in record.defaults)
    return Table("Defaults that were used", ("Field", "Taken", "Source"), rows)


def _grounds(record: Estimate, material: Material) -> tuple[tuple[str, str], ...]:
    """The day and the book of the prices, the draws, and the ledger entry."""
    dated = record.price_dates
    dates = " to ".join(dict.fromkeys((min(dated), max(dated)))) if dated else "none used"
    old = stale(dated, material.today)
    return (
        ("Prices from", f"{dates}. {old}" if old else dates),
        ("Price book", record.price_book),
        ("Simulated projects", f"{count(record.draws)}, seed {record.seed}"),
        ("Based on", record.based_on),
        *recorded_in(material, "estimate"),
    )
