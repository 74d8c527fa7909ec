"""What charges say: one charge, what an import booked and left out, the rules that place charges, and meters."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from tunecase.accounts.material import Material, filled
from tunecase.accounts.words import through
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Words
from tunecase.books import map_command
from tunecase.ledger import Entry
from tunecase.quantities import counted, day, one_line, paid, paid_column
from tunecase.records import (
    Charge,
    Charges,
    Imported,
    LineRule,
    Mapped,
    Metered,
    PriceCheck,
    ServedPeriod,
    Spending,
    Unplaced,
    unread_words,
)

MOST_COMMANDS = 6  # of what lies in other; the table gives all
MOST_ROWS = 5  # of a table under the answer
MOST_LISTED = 40  # charges of a list; --json gives all
MOST_TEXT = 60  # characters of a description


def spend(record: "Entry | Spending", material: Material) -> Account:
    """One charge as booked, and how to correct it."""
    charge: Spending = record if isinstance(record, Spending) else record.record()
    answer = f"{paid(charge.amount)} {charge.currency} booked under {charge.category}."
    base = "" if charge.amount == charge.amount_base else f"; {paid(charge.amount_base)} in the project's currency"
    note = f": {one_line(charge.description)}" if charge.description else ""
    words = [f"Paid on {day(charge.on)}{note}{base}."]
    if not isinstance(record, Spending):
        words.append(f"Entry {record.id[:12]}. To correct it: --replaces {record.id[:12]} with the next charge.")
    return Account("spend", answer, "good", (Words(tuple(words)),), (), "tunecase books")


def imported(record: Imported, material: Material) -> Account:
    """What an import brought: the sum first, where its rows went, and the sums by line."""
    done = "would be booked" if record.dry_run else "booked"
    answer = f"{counted(record.booked, 'charge')} {done}, {paid(record.amount)} {record.currency}."
    short = filled(Words((_rows(record),)), _by_line(record), Words(tuple(_lying(record.unplaced))))
    odd = [f"{kind} {paid(amount)}" for kind, amount in record.by_kind.items() if kind != "usage"]
    facts = [("Charged on", words) for words in _days(record)]
    facts += [("Not usage", f"{', '.join(odd)} {record.currency}")] if odd else []
    full = filled(
        Facts("", tuple(facts)),
        Listing("Hours beside the price book", tuple(map(_check, record.checks))),
        *_unplaced(record.unplaced, record.currency),
        Listing("Left out", record.left_out),
        Listing("To know", record.notes),
    )
    return Account("imported", answer, "plain", short, full, _next(record.unplaced))


def _rows(record: Imported) -> str:
    """Where the rows of the place went, all of them."""
    new = record.booked - record.restated
    went = [f"{counted(new, 'is', 'are')} new" if new else "none is new"]
    went += [f"{counted(record.restated, 'corrects', 'correct')} what was booked"] if record.restated else []
    went += [f"{counted(record.known, 'was', 'were')} booked before"] if record.known else []
    went += [f"{counted(record.filtered, 'was', 'were')} not asked for"] if record.filtered else []
    went += [f"{counted(record.zero, 'costs', 'cost')} nothing"] if record.zero else []
    went += [f"{counted(record.negative, 'is', 'are')} negative"] if record.negative else []
    return f"{counted(record.rows, 'row')} of {record.kind} in {record.place or 'the ledger'}: {', '.join(went)}."


def _by_line(record: Imported) -> Table:
    """The sums by line; the dearest alone, and all others in one row, where there are many."""
    names = sorted(record.by_category, key=lambda name: -record.by_category[name])
    most = len(names) if len(names) <= MOST_ROWS else MOST_ROWS - 1
    sums = [record.by_category[name] for name in names[:most]]
    if rest := names[most:]:
        names = [*names[:most], f"{len(rest)} others"]
        sums.append(sum((record.by_category[name] for name in rest), Decimal(0)))
    column = paid_column(sums)
    total = () if len(names) < 2 else ("total",)
    rows = tuple((Cell(name), Cell(much)) for name, much in zip((*names, *total), column, strict=False))
    return Table("By line", ("line", record.currency), rows, (1,), (len(rows) - 1,) if total else ())


def _days(record: Imported) -> Iterator[str]:
    """The days of the charges and the hours that they were for."""
    if record.first is not None and record.last is not None:
        until = "" if record.first == record.last else f" to {day(record.last)}"
        hours = ", ".join(f"{_plain(much)} {unit}" for unit, much in record.hours.items())
        yield f"{day(record.first)}{until}{f'; {hours}' if hours else ''}"


def _check(check: PriceCheck) -> str:
    """One machine's hours and what the price book says of them."""
    where = " ".join(part for part in (check.instance, check.region) if part)
    dates = f" ({', '.join(check.book_dates)})" if check.book_dates else ""
    name = f"{check.gpu} ({where})" if where else check.gpu
    price = f"{_plain(check.per_gpu_hour)} {check.currency}"
    return f"{name}: {_plain(check.gpu_hours)} GPU hours at {price}; {check.words}{dates}."


def _lying(rows: Sequence[Unplaced]) -> Iterator[str]:
    """How many charges lie on no line of the plan."""
    if rows:
        charges = counted(sum(row.charges for row in rows), "charge")
        yield f"{charges} on no line of the plan yet: the next command places the first."


def _next(rows: Sequence[Unplaced]) -> str:
    return map_command(rows[0].match) if rows else "tunecase books"


def _unplaced(rows: Sequence[Unplaced], currency: str) -> tuple[Block, ...]:
    """What lies in `other`, and the commands that put it on a line of the plan."""
    if not rows:
        return ()
    amounts = paid_column([row.amount for row in rows])
    cells = [
        (Cell(one_line(row.match, MOST_TEXT)), Cell(f"{row.charges}"), Cell(much))
        for row, much in zip(rows, amounts, strict=False)
    ]
    cells = [*cells[:MOST_LISTED], (Cell("total"), Cell(""), Cell(amounts[-1]))]
    table = Table("In other", ("match", "charges", currency), tuple(cells), (1, 2), (len(cells) - 1,))
    commands = tuple(map_command(row.match) for row in rows[:MOST_COMMANDS])
    return table, Listing("To count it on a line of the plan (gpu, labour, data, storage, ...)", commands)


def metered(record: Metered, material: Material) -> Account:
    """What was booked of a meter, and what was charged for it; period by period in full."""
    done = "would be booked" if record.dry_run else "booked"
    answers = counted(sum(period.answers for period in record.periods), "answer")
    answer = f"{counted(len(record.periods), 'period')} {done}, {answers}."
    files = sorted({period.source_file for period in record.periods if period.source_file})
    words = [f"Read from {', '.join(files)}."] if files else []
    if record.charges:
        total = sum((charge.amount_base for charge in record.charges), Decimal(0))
        words.append(f"{paid(total)} {record.currency} {done} under inference.")
    counts = [(record.known, "booked before"), (record.restated, "corrected")]
    if any(many for many, _ in counts):
        words.append(f"Periods: {', '.join(f'{many:,} {what}' for many, what in counts if many)}.")
    return Account("metered", answer, "plain", filled(Words(tuple(words))), filled(_periods(record)), "tunecase books")


def _periods(record: Metered) -> Table:
    head = ("days", "answers", "tokens in", "tokens out", "GPU hours", "busy")
    rows = tuple(tuple(map(Cell, _period(period))) for period in record.periods[:MOST_LISTED])
    more = len(record.periods) - MOST_LISTED
    note = f"And {counted(more, 'more period')}; --json gives all." if more > 0 else ""
    return Table("Periods", head, rows, (1, 2, 3, 4, 5), note=note)


def _period(period: ServedPeriod) -> tuple[str, ...]:
    days = f"{period.first}" if period.first == period.last else f"{period.first} to {period.last}"
    counts = (period.answers, period.tokens_in, period.tokens_out)
    hours = (period.gpu_hours, period.busy_hours)
    cells = [*("?" if much is None else f"{much:,}" for much in counts)]
    return (days, *cells, *("?" if much is None else _plain(much) for much in hours))


def mapped(record: Mapped, material: Material) -> Account:
    """The rule that was made or undone, the rules in force, and what still lies on no line of the plan."""
    moved = {row.match: row for row in record.moved}
    made = record.made
    if made is None:
        answer = f"{counted(len(record.rules), 'rule')}."
    elif made.line:
        row = moved[made.match]
        much = f"{counted(row.charges, 'charge')}, {paid(row.amount)} {record.currency}"
        answer = f"{one_line(made.match)} counts on {made.line}: {much}."
    else:
        answer = f"{one_line(made.match)} is no rule any more."
    words = list(_lying(record.unplaced))
    if record.rules:
        words.append(f"Undo one: {map_command(record.rules[-1].match, '--undo')}")
    full = filled(_rules(record.rules, moved, record.currency), *_unplaced(record.unplaced, record.currency))
    return Account("mapped", answer, "plain", filled(Words(tuple(words))), full, _next(record.unplaced))


def _rules(rules: Sequence[LineRule], moved: dict[str, Unplaced], currency: str) -> Table:
    rows = tuple(
        tuple(map(Cell, (one_line(rule.match, MOST_TEXT), rule.line, f"{row.charges}", paid(row.amount))))
        for rule in rules
        for row in [moved[rule.match]]
    )
    return Table("Rules in force", ("rule", "line", "charges", currency), rows, (2, 3))


def charges(record: Charges, material: Material) -> Account:
    """The charges asked for, the last ones under the answer, where there are many the last forty in full."""
    left = f" of {len(record.charges) + record.others:,} in the ledger" if record.others else ""
    answer = f"{counted(len(record.charges), 'charge')}{left}, {paid(record.total)} {record.currency}."
    words = [unread_words(record.set_aside)] if record.set_aside else []
    if len(record.charges) > MOST_ROWS:
        words.append(f"The last {MOST_ROWS} by day; --from and --to choose others.")
    short = filled(_last(record), Words(tuple(words)))
    return Account("charges", answer, "plain", short, filled(_listed(record)))


def _last(record: Charges) -> Table:
    amounts = _amounts(record)
    rows = tuple(
        (Cell(row.charge.category), Cell(row.id[:12]), Cell(f"{row.charge.on}"), Cell(amounts.get(row.id, "-")))
        for row in record.charges[-MOST_ROWS:]
    )
    return Table("The last charges", ("line", "id", "day", record.currency), rows, (3,))


def _amounts(record: Charges) -> dict[str, str]:
    """The amounts of the charges that count, by id, as they add up."""
    return dict(zip((row.id for row in record.charges if not row.out), record.column, strict=False))


def _listed(record: Charges) -> Table:
    """Each charge with what it was for; the last of many."""
    amounts, listed = _amounts(record), record.charges[-MOST_LISTED:]
    rows = tuple(
        (
            Cell(row.id[:12]), Cell(amounts.get(row.id, "-")), Cell(row.charge.basis),
            Cell(_words(row, record.currency)), Cell(through(row.face, row.seen)),
        )
        for row in listed
    )  # fmt: skip
    more = len(record.charges) - len(listed)
    note = f"The last {len(listed)} by day; --json gives all." if more > 0 else ""
    return Table("What they were for", ("id", record.currency, "", "for", "through"), rows, (1,), note=note)


def _words(row: Charge, base: str) -> str:
    """What a charge was for, its amount in another currency, and why it does not count."""
    charge = row.charge
    kind = "" if charge.charge == "usage" else f"{charge.charge}: "
    rate = "" if charge.currency == base else f" at {charge.fx_rate.normalize():f} {base}"
    stated = f"{paid(charge.amount)} {charge.currency}{rate}; " if rate or row.out else ""
    out = f" (counts no more: {row.out})" if row.out else ""
    if row.booked is not None:
        out = f" (the rest of {paid(row.booked)} {charge.currency}: its bill counts for the other part)"
    mapped = f" (from other by {row.mapped})" if row.mapped else ""
    return stated + one_line(f"{kind}{charge.description or charge.source}", MOST_TEXT) + mapped + out


def _plain(number: Decimal) -> str:
    """An exact number without trailing zeros."""
    return f"{number.normalize():f}" if number else "0"
