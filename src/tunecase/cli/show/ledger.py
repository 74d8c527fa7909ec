"""Prints what looking after the ledger found."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import say
from tunecase.quantities import counted, money, one_line
from tunecase.records import Rechained, SetAside, Verified

if TYPE_CHECKING:
    from rich.console import Console


MOST_TOLD = 20  # charges that are printed one by one


def print_ledger(console: "Console", record: Verified | Rechained | SetAside | str) -> None:
    """One sentence on a ledger that was checked, what was done to one that was joined, or a sentence as it is."""
    if isinstance(record, Verified):
        say(console, verified_words(record))
    elif isinstance(record, Rechained):
        for sentence in rechained_words(record):
            say(console, sentence, indent=2 if sentence.startswith("+ ") else 0)
    elif isinstance(record, SetAside):
        say(console, f"Line {record.line} ({record.id[:12]}) is set aside and stays in the file: {record.got}.")
    else:
        say(console, record)


def verified_words(record: Verified) -> str:
    """How many entries a whole chain has, and how often it was chained again.

    Example:
        >>> verified_words(Verified("ledger.jsonl", 12, 1))
        'ledger.jsonl: 12 entries, the chain is whole; it was chained again once'
    """
    how_often = "once" if record.rechained == 1 else counted(record.rechained, "time")
    again = f"; it was chained again {how_often}" if record.rechained else ""
    rest = f"; {counted(record.set_aside, 'line is', 'lines are')} set aside" if record.set_aside else ""
    if record.unfinished:
        rest += (
            f"; behind them {counted(record.unfinished, 'byte')} of an unfinished line: a process was killed as it "
            "wrote, or an entry was cut. Look whether one is missing; the next entry moves them to the .torn file"
        )
    return f"{record.path}: {counted(record.entries, 'entry', 'entries')}, the chain is whole{again}{rest}"


def rechained_words(record: Rechained) -> list[str]:
    """What was joined, what moved, what was left out, what money came with it, and where the old file is."""
    entries = counted(record.entries, "entry", "entries")
    lines = [f"{counted(record.histories, 'history', 'histories')} are one chain now, of {entries}."]
    if record.histories == 1:
        lines = [f"The lines are in their order again, {entries}."]
    if record.moved:
        moved = "1 entry names" if record.moved == 1 else f"{record.moved:,} entries name"
        lines.append(f"From line {record.from_line} on {moved} another line before it than it did; ids are the same.")
    if record.copies:
        lines.append(f"{counted(record.copies, 'line')} said what another had said, and went.")
    if record.adopted:
        lines += _adopted_words(record)
    lines.append(f"The ledger books this as its last entry; {record.copy} is the file as it was.")
    return lines


def _adopted_words(record: Rechained) -> list[str]:
    """What the shorter histories brought, each charge with its amount: somebody should know every one of them."""
    sums = " and ".join(money(amount, code) for code, amount in record.amounts.items())
    what = f"charges of {sums} among them:" if sums else "no charge among them."
    stood = f"{counted(record.adopted, 'entry', 'entries')} beside the longest history"
    lines = [f"{stood} {'counts' if record.adopted == 1 else 'count'} now, too, {what}"]
    lines += [
        f"+ {one.id[:12]} {one.on} {money(one.amount, one.currency)} {one_line(one.description, 60)}"
        for one in record.charges[:MOST_TOLD]
    ]
    if len(record.charges) > MOST_TOLD:
        lines.append("+ and more; `tunecase spend list` has them all")
    lines += [
        f"+ {one.id[:12]} {one.on} {money(one.amount, one.currency)} approved by {one_line(one.description, 60)}"
        for one in record.approved[-MOST_TOLD:]
    ]
    return lines
