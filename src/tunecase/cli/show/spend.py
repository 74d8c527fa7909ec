"""Prints charges: one charge, what an import booked and left out, and the bill's hours beside the price book."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import counted, day, one_line, paid, paid_column
from tunecase.records import (
    Charge,
    Charges,
    Imported,
    Mapped,
    Metered,
    PriceCheck,
    ServedPeriod,
    Spending,
    Unplaced,
    unread_words,
)

if TYPE_CHECKING:
    from rich.console import Console

    from tunecase.ledger import Entry

SHOWN_COMMANDS = 6  # of what lies in other; the table gives all
SHOWN = 40  # charges of a list; --json gives all


def print_spend(console: "Console", record: "Entry | Spending") -> None:
    """One charge as booked."""
    charge = record if isinstance(record, Spending) else record.record()
    heading(console, "spend", f"{paid(charge.amount)} {charge.currency} booked under {charge.category}")
    base = "" if charge.amount == charge.amount_base else f"; {paid(charge.amount_base)} in the project's currency"
    note = f": {charge.description}" if charge.description else ""
    say(console, f"Paid on {day(charge.on)}{note}{base}.")
    if not isinstance(record, Spending):
        say(console, f"Entry {record.id[:12]}; --replaces {record.id[:12]} with the next charge corrects it.")


def print_imported(console: "Console", record: Imported) -> None:
    """What an import brought: the answer first, then the sums by line and by kind, then what to know."""
    done = "would be booked" if record.dry_run else "booked"
    heading(console, "spend import", f"{counted(record.booked, 'charge')} {done}, {_money(record.amount, record)}")
    say(console, _rows(record))
    if record.first is not None and record.last is not None:
        until = "" if record.first == record.last else f" to {day(record.last)}"
        hours = ", ".join(f"{_plain(much)} {unit}" for unit, much in record.hours.items())
        say(console, f"Charged on {day(record.first)}{until}{f'; {hours}' if hours else ''}.")
    if record.by_category:
        amounts = paid_column(list(record.by_category.values()))
        rows = list(zip((*record.by_category, "total"), amounts, strict=True))
        print_table(console, ("line", record.currency), rows, (1,))
    odd = [f"{kind} {paid(amount)}" for kind, amount in record.by_kind.items() if kind != "usage"]
    if odd:
        say(console, f"Of it not usage: {', '.join(odd)} {record.currency}.")
    for check in record.checks:
        say(console, _check(check))
    _print_unplaced(console, record.unplaced, record.currency)
    print_notes(console, "Left out:", record.left_out)
    print_notes(console, "To know:", record.notes)


def _print_unplaced(console: "Console", rows: Sequence[Unplaced], currency: str) -> None:
    """What lies in `other`, and the command that puts it on a line of the plan."""
    from tunecase.books import map_command

    if not rows:
        return
    amounts = paid_column([row.amount for row in rows])
    said = [(one_line(row.match, 60), str(row.charges), much) for row, much in zip(rows, amounts, strict=False)]
    print_table(console, ("in other", "charges", currency), [*said[:SHOWN], ("total", "", amounts[-1])], (1, 2))
    say(console, "To count it on a line of the plan (gpu, labour, data, storage, ...):")
    for row in rows[:SHOWN_COMMANDS]:
        say(console, map_command(row.match), indent=2)


def print_metered(console: "Console", record: Metered) -> None:
    """What was booked of a meter, period by period, and what was charged for it."""
    done = "would be booked" if record.dry_run else "booked"
    answers = counted(sum(period.answers for period in record.periods), "answer")
    heading(console, "spend serving", f"{counted(len(record.periods), 'period')} {done}, {answers}")
    header = ("days", "answers", "tokens in", "tokens out", "GPU hours", "busy")
    if files := sorted({period.source_file for period in record.periods if period.source_file}):
        say(console, f"Read from {', '.join(files)}.")
    if record.periods:
        print_table(console, header, [_period(period) for period in record.periods[:SHOWN]], (1, 2, 3, 4, 5))
    if (more := len(record.periods) - SHOWN) > 0:
        say(console, f"And {counted(more, 'more period')}; --json gives all.")
    if record.charges:
        total = sum((charge.amount_base for charge in record.charges), Decimal(0))
        say(console, f"{paid(total)} {record.currency} {done} under inference.")
    rest = [(record.known, "booked before"), (record.restated, "corrected")]
    if any(many for many, _ in rest):
        say(console, f"Periods: {', '.join(f'{many:,} {words}' for many, words in rest if many)}.")


def _period(period: ServedPeriod) -> tuple[str, ...]:
    days = f"{period.first}" if period.first == period.last else f"{period.first} to {period.last}"
    counts = (period.answers, period.tokens_in, period.tokens_out)
    hours = (period.gpu_hours, period.busy_hours)
    cells = [*("?" if much is None else f"{much:,}" for much in counts)]
    return (days, *cells, *("?" if much is None else _plain(much) for much in hours))


def print_mapped(console: "Console", record: Mapped) -> None:
    """The rule that was made or undone, the rules in force, and what still lies in `other`."""
    from tunecase.books import map_command

    moved = {row.match: row for row in record.moved}
    made = record.made
    if made is None:
        words = counted(len(record.rules), "rule")
    elif made.line:
        words = f"{made.match} counts on {made.line}: {_moved(moved[made.match], record.currency)}"
    else:
        words = f"{made.match} is no rule any more"
    heading(console, "spend map", words)
    if record.rules:
        rows = [
            (one_line(rule.match, 60), rule.line, str(moved[rule.match].charges), paid(moved[rule.match].amount))
            for rule in record.rules
        ]
        print_table(console, ("rule", "line", "charges", record.currency), rows, (2, 3))
        say(console, f"Undo one with {map_command(record.rules[-1].match, '--undo')}.")
    _print_unplaced(console, record.unplaced, record.currency)


def _moved(row: Unplaced, currency: str) -> str:
    return f"{counted(row.charges, 'charge')}, {paid(row.amount)} {currency}"


def print_charges(console: "Console", record: Charges) -> None:
    """The charges asked for, the latest ones where there are many."""
    left = f" of {len(record.charges) + record.others:,} in the ledger" if record.others else ""
    words = f"{counted(len(record.charges), 'charge')}{left}, {paid(record.total)} {record.currency}"
    heading(console, "spend list", words)
    shown = record.charges[-SHOWN:]
    if len(shown) < len(record.charges):
        say(console, f"The last {len(shown)} by day; --from and --to choose others, --json gives all.")
    if shown:
        amounts = dict(zip((row.id for row in record.charges if not row.out), record.column, strict=False))
        rows = [_charge(row, amounts.get(row.id, "-")) for row in shown]
        notes = [_words(row, record.currency) for row in shown]
        print_table(console, ("line", "id", "day", record.currency, ""), rows, (3,), notes)
    if record.set_aside:
        say(console, unread_words(record.set_aside), "yellow")


def _charge(row: Charge, amount: str) -> tuple[str, ...]:
    charge = row.charge
    return charge.category, row.id[:12], str(charge.on), amount, charge.basis


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
    return stated + one_line(f"{kind}{charge.description or charge.source}", 60) + mapped + out


def _rows(record: Imported) -> str:
    """Where the rows of the place went, all of them."""
    went = [f"{counted(record.booked, 'is', 'are')} new" if record.booked else "none is new"]
    went += [f"{counted(record.restated, 'corrects', 'correct')} what was booked"] if record.restated else []
    went += [f"{counted(record.known, 'was', 'were')} booked before"] if record.known else []
    went += [f"{counted(record.filtered, 'was', 'were')} not asked for"] if record.filtered else []
    went += [f"{counted(record.zero, 'costs', 'cost')} nothing"] if record.zero else []
    went += [f"{counted(record.negative, 'is', 'are')} negative"] if record.negative else []
    return f"{counted(record.rows, 'row')} of {record.kind} in {record.place or 'the ledger'}: {', '.join(went)}."


def _check(check: PriceCheck) -> str:
    """One machine's hours and what the price book says of them."""
    where = " ".join(part for part in (check.instance, check.region) if part)
    dates = f" ({', '.join(check.book_dates)})" if check.book_dates else ""
    name = f"{check.gpu} ({where})" if where else check.gpu
    price = f"{_plain(check.per_gpu_hour)} {check.currency}"
    return f"{name}: {_plain(check.gpu_hours)} GPU hours at {price}; {check.words}{dates}."


def _money(amount: Decimal, record: Imported) -> str:
    return f"{paid(amount)} {record.currency}"


def _plain(number: Decimal) -> str:
    """An exact number without trailing zeros."""
    return f"{number.normalize():f}" if number else "0"
