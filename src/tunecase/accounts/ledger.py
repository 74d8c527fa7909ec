"""What looking after the ledger found: whether its chain is whole, and what was joined or set aside."""

from collections.abc import Iterator

from tunecase.accounts.material import Material, filled
from tunecase.accounts.words import through
from tunecase.blocks import Account, Cell, Table, Words
from tunecase.quantities import counted, money, one_line
from tunecase.records import Rechained, SetAside, Verified


def ledger(record: Verified | Rechained | SetAside | str, material: Material) -> Account:
    """One sentence on a ledger that was checked or a line set aside; of joined histories, every charge that came in."""
    if isinstance(record, Verified):
        is_odd = bool(record.unfinished or record.changed or record.backwards or record.ahead)
        return Account("ledger", f"{verified_words(record)}.", "warn" if is_odd else "good")
    if isinstance(record, SetAside):
        words = f"Line {record.line} ({record.id[:12]}) is set aside and stays in the file: {one_line(record.got)}."
        return Account("ledger", words)
    if isinstance(record, Rechained):
        answer, *others = rechained_words(record)
        return Account("ledger", answer, "good", filled(Words(tuple(others)), _adopted(record)))
    return Account("ledger", record)


def verified_words(record: Verified) -> str:
    """How many entries a whole chain has, how often it was chained again, and what an anchor says of it.

    Example:
        >>> verified_words(Verified("ledger.jsonl", 12, 1, anchor="12:ab", anchored="kept"))
        'ledger.jsonl: 12 entries, the chain is whole; it was chained again once. It has what this machine last wrote'
    """
    how_often = "once" if record.rechained == 1 else counted(record.rechained, "time")
    again = f"; it was chained again {how_often}" if record.rechained else ""
    rest = f"; {counted(record.set_aside, 'line is', 'lines are')} set aside" if record.set_aside else ""
    if record.unfinished:
        rest += (
            f"; behind them {counted(record.unfinished, 'byte')} of an unfinished line: a process was killed as it "
            "wrote, or an entry was cut. Look whether one is missing; the next entry moves them to the .torn file"
        )
    faces = ", ".join(f"{through(face)} {many:,}" for face, many in sorted(record.faces.items()))
    rest = (f"; face: {faces}" if faces else "") + rest
    rest += "".join(f". {words}" for words in (*_clock_words(record), _anchor_words(record)) if words)
    return f"{record.path}: {counted(record.entries, 'entry', 'entries')}, the chain is whole{again}{rest}"


def _clock_words(record: Verified) -> Iterator[str]:
    """Entries whose moments show that a clock was wrong."""
    if record.backwards:
        earlier = counted(record.backwards, "entry was", "entries were")
        yield f"{earlier} recorded more than a day before the one before: a clock was wrong, or histories were joined"
    if record.ahead:
        yield f"{record.ahead[0].upper()}{record.ahead[1:]}: one of the clocks is wrong"


def _anchor_words(record: Verified) -> str:
    """Whether the ledger still has what it was held against."""
    of = "the anchor that was given" if record.anchored == "given" else "what this machine last wrote"
    if record.changed:
        fix = "Restore it; or, if this is right, as after a change of branch, `tunecase ledger anchor --accept`"
        return f"Held against {of}, {record.changed}. {fix if record.anchored == 'kept' else 'Restore it'}"
    if not record.anchor:
        return "This machine keeps no anchor of it, so an end that was cut would not show"
    return f"It has {of}"


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
    lines.append(f"The ledger books this as its last entry; {record.copy} is the file as it was.")
    if record.adopted:
        sums = " and ".join(money(amount, code) for code, amount in record.amounts.items())
        what = f"charges of {sums} among them:" if sums else "no charge among them."
        stood = f"{counted(record.adopted, 'entry', 'entries')} beside the longest history"
        lines.append(f"{stood} {'counts' if record.adopted == 1 else 'count'} now, too, {what}")
    return lines


def _adopted(record: Rechained) -> Table:
    """Each charge and approval that the shorter histories brought: somebody should know every one of them."""
    told = [(one, one_line(one.description, 60)) for one in record.charges]
    told += [(one, f"approved by {one_line(one.description, 60)}") for one in record.approved]
    rows = tuple(
        (Cell(one.id[:12]), Cell(one.on), Cell(money(one.amount, one.currency)), Cell(words), Cell(through(one.face)))
        for one, words in told
    )
    return Table("What came in", ("entry", "day", "amount", "for", "through"), rows, (2,))
