"""Which charges of a place are booked already, which are new, and which a bill states anew."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tunecase.charges import latest_of
from tunecase.importers.spendings import Mistakes
from tunecase.records import Spending
from tunecase.wording import paid

Booked = Sequence[tuple[str, Spending]]


@dataclass(frozen=True, slots=True)
class Compared:
    """`fresh` are new, `known` counts what is booked already, `restated` are (corrections, what they correct).

    A line that the place no longer states so often is corrected by a charge of nothing.
    """

    fresh: tuple[Spending, ...]
    known: int
    restated: tuple[tuple[Spending, Spending], ...]


def compare(found: Sequence[Spending], booked: Booked) -> Compared:
    """Each charge found, held against those that are booked.

    By the row's identity a charge is known, whatever became of it since. Else by its line's: one of the same amount is
    known too (the bill was only written otherwise); one of another amount, while the booked row is gone from the
    place, states that row anew; what is left over is new.

    Args:
        found: with row_id and line_id.
        booked: (entry id, charge) of the whole ledger.
    Returns: the Compared; corrections name in `supersedes` the entry that they correct.
    Leaves out: lines that are wholly gone from the place, since a place may hold only a part of what was booked.
    """
    # A table that the books wrote names a charge without a row by its entry.
    rows = {charge.row_id for _, charge in booked if charge.row_id} | {name for name, _ in booked}
    unknown = [charge for charge in found if charge.row_id not in rows]
    here = {charge.row_id for charge in found}
    stated: dict[str, list[Spending]] = defaultdict(list)
    for charge in found:
        if charge.line_id:
            stated[charge.line_id].append(charge)
    gone = _standing(booked, stated, here) if stated else {}
    fresh: list[Spending] = []
    restated: list[tuple[Spending, Spending]] = []
    known = len(found) - len(unknown)
    by_line: dict[str, list[Spending]] = defaultdict(list)
    for charge in unknown:
        by_line[charge.line_id].append(charge)
    for line, charges in by_line.items():
        other, left = _others(charges, gone.pop(line, []))
        known += len(charges) - len(other)
        pairs = list(zip(other, left, strict=False))
        restated += [(replace(charge, supersedes=name), old) for charge, (name, old) in pairs]
        fresh += other[len(pairs) :]
        restated += [(_withdrawn(name, old), old) for name, old in left[len(pairs) :]]
    restated += [(_withdrawn(name, old), old) for left in gone.values() for name, old in left]
    return Compared(tuple(fresh), known, tuple(restated))


def _others(
    charges: Sequence[Spending], gone: Sequence[tuple[str, Spending]]
) -> tuple[list[Spending], list[tuple[str, Spending]]]:
    """Charges and booked ones of a line without those that are alike in both."""
    other, left = [], list(gone)
    for charge in charges:
        same = next((one for one in left if _alike(one[1], charge)), None)
        if same is None:
            other.append(charge)
        else:
            left.remove(same)
    return other, left


def _standing(
    booked: Booked, stated: dict[str, list[Spending]], here: set[str]
) -> dict[str, list[tuple[str, Spending]]]:
    """Booked charges, by the lines that the place states, whose rows the place no longer has."""
    by_name = dict(booked)
    latest = latest_of(booked)
    gone: dict[str, list[tuple[str, Spending]]] = defaultdict(list)
    for name, charge in booked:
        # A correction made by hand stands for the line of what it corrects.
        first, seen = charge, {name}
        while not first.line_id and first.supersedes in by_name and first.supersedes not in seen:
            seen.add(first.supersedes)
            first = by_name[first.supersedes]
        withdrawn = bool(charge.supersedes) and not charge.row_id and not charge.amount
        if latest[name] == name and not withdrawn and first.line_id in stated and first.row_id not in here:
            gone[first.line_id].append((name, charge))
    return gone


def _alike(old: Spending, new: Spending) -> bool:
    return (old.amount, old.currency, old.charge) == (new.amount, new.currency, new.charge)


def _withdrawn(name: str, old: Spending) -> Spending:
    """A correction of nothing; it has no row of its own, by which it is known later on."""
    return replace(
        old,
        amount=Decimal(0),
        amount_base=Decimal(0),
        quantity=None,
        supersedes=name,
        row_id="",
        description=f"no longer stated: {old.description}",
    )


def refuse_restated(compared: Compared, place: str) -> None:
    """Raises InputError that names each line that is stated anew, and how to book that."""
    mistakes = Mistakes()
    for new, old in compared.restated:
        where = f"{new.source_file}:{new.row}" if new.row is not None else f"{new.source_file} {new.run}".strip()
        mistakes.add(
            where or place,
            f"{paid(new.amount)} {new.currency} for what is booked with {paid(old.amount)} {old.currency} "
            f"(entry {new.supersedes[:12]})",
            "the amount that is booked",
            "add --restated to book it as a correction of that entry",
        )
    mistakes.refuse(place)
