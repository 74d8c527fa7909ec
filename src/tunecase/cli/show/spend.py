"""Prints charges: one charge, what an import booked and left out, and the bill's hours beside the price book."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import counted, day, one_line, paid, paid_column
from tunecase.records import Charge, Charges, Imported, PriceCheck, Spending, unread_words

if TYPE_CHECKING:
    from rich.console import Console

    from tunecase.ledger import Entry

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
    print_notes(console, "Left out:", record.left_out)
    print_notes(console, "To know:", record.notes)


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
    return stated + one_line(f"{kind}{charge.description or charge.source}", 60) + out


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
