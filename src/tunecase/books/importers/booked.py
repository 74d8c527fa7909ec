"""Which charges of a place are booked already, which are new, and which a bill states anew."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from tunecase.books.importers.charge import Mistakes, digest_of
from tunecase.quantities import one_line, paid
from tunecase.records import Spending

Named = tuple[str, Spending]  # entry id, charge
Booked = Sequence[Named]


@dataclass(frozen=True, slots=True)
class Compared:
    """`fresh` are new, `known` counts what is booked already, `restated` are (corrections, what they correct).

    A line that the place no longer states so often is corrected by a charge of nothing. `alike` counts those of the
    known that were not booked as this very row, but as one of the same line and amount.
    """

    fresh: tuple[Spending, ...]
    known: int
    restated: tuple[tuple[Spending, Spending], ...]
    alike: int = 0


class _Row(NamedTuple):
    """A charge of the place: whether it was asked for, and the row_id under which it would be booked."""

    charge: Spending
    asked: bool
    row_id: str


def compare(charges: Sequence[Spending], booked: Booked, beside: Sequence[Spending] = ()) -> Compared:
    """Each charge of a place, held against those that are booked.

    By the row's identity a charge is known, also once its entry was corrected by hand; where the row is now read with
    another amount or run, it states that entry anew. A row that a later bill corrected, and one that was never booked,
    is held against its line: a charge of the same amount that still stands is the same (the bill was only written
    otherwise), one of another amount is stated anew, and what is left over is new. Charges that differ in what tells
    rows of one line apart (`apart`, and the tags of a bill's row without a resource) are never one.

    Args:
        charges: with row_id and line_id.
        booked: (entry id, charge) of the whole ledger.
        beside: what else the place states, not asked for: nothing of it is booked, and nothing that is booked of it
            counts as gone.
    Returns: the Compared; corrections name in `supersedes` the entry that they correct. A row that is booked once more
        gets a row_id of its own, made of the row's and of how often it was booked before.
    Leaves out: lines that are wholly gone from the place, since a place may hold only a part of what was booked; and
        other amounts of an estimate's row, whose price is ours and not the place's.
    """
    book = _Book(booked)
    stated = [(charge, True) for charge in charges] + [(charge, False) for charge in beside]
    by_row = _by_row(book, stated)
    by_line = _by_line(by_row.unknown, book.standing({charge.line_id for charge, _ in stated}, by_row.claimed))
    corrections = [
        (replace(row.charge, supersedes=name, row_id=row.row_id), old)
        for row, (name, old) in by_row.restated + by_line.restated
        if row.asked
    ]
    corrections += [(_withdrawn(line, *named), named[1]) for line, named in _gone(charges, by_line.left)]
    fresh = tuple(replace(row.charge, row_id=row.row_id) for row in by_line.fresh if row.asked)
    return Compared(fresh, by_row.known + by_line.alike, tuple(corrections), by_line.alike)


@dataclass
class _ByRow:
    """Rows held against the entry that booked them: those without one by their line, and the entries claimed."""

    unknown: dict[str, list[_Row]] = field(default_factory=lambda: defaultdict(list))
    restated: list[tuple[_Row, Named]] = field(default_factory=list)
    claimed: set[str] = field(default_factory=set)
    known: int = 0


def _by_row(book: "_Book", stated: Iterable[tuple[Spending, bool]]) -> _ByRow:
    rows = _ByRow()
    for charge, is_asked in stated:
        last, row_id = book.last(charge.row_id)
        name = book.stands_for(last)
        row = _Row(charge, is_asked, row_id)
        if not name:
            rows.unknown[charge.line_id].append(row)
            continue
        rows.claimed.add(name)
        if name != last or charge.basis == "estimated" or _same(book.charges[name], charge):
            rows.known += is_asked
        else:
            rows.restated.append((row, (name, book.charges[name])))
    return rows


class _ByLine(NamedTuple):
    """Rows that are not booked as such, held against their line; `left` are entries that no row is held against."""

    fresh: list[_Row]
    restated: list[tuple[_Row, Named]]
    alike: int
    left: Mapping[str, Sequence[Named]]


def _by_line(unknown: Mapping[str, Sequence[_Row]], left: Mapping[str, Sequence[Named]]) -> _ByLine:
    fresh: list[_Row] = []
    restated: list[tuple[_Row, Named]] = []
    alike, rest = 0, dict(left)
    for line, rows in unknown.items():
        pairs, more, rest[line] = _matched(rows, left.get(line, []))
        fresh += more
        for row, old in pairs:
            if _same(old[1], row.charge):
                alike += row.asked
            else:
                restated.append((row, old))
    return _ByLine(fresh, restated, alike, rest)


class _Book:
    """What is booked, by entry and by row, and what takes the place of what."""

    def __init__(self, booked: Booked) -> None:
        self.charges = dict(booked)
        self.next = {charge.supersedes: name for name, charge in booked if charge.supersedes}
        # A table that the books wrote names a charge without a row by its entry.
        self.rows = {name: name for name in self.charges}
        for name, charge in booked:
            # Of copies, which joined ledgers hold, one that is corrected stands for all.
            if charge.row_id and (charge.row_id not in self.rows or name in self.next):
                self.rows[charge.row_id] = name

    def last(self, row_id: str) -> tuple[str, str]:
        """The entry that last booked a row, empty for none; and the row_id for booking it once more."""
        last, times, now = "", 0, row_id
        while now in self.rows and row_id:
            last, times = self.rows[now], times + 1
            now = digest_of({"row": row_id, "booked": str(times)})
        return last, now

    def stands_for(self, name: str) -> str:
        """The entry that stands for a row: its own, or the correction made by hand; empty where a bill corrected it."""
        seen: set[str] = set()
        while name in self.next and name not in seen:
            seen.add(name)
            name = self.next[name]
            if self.charges[name].line_id:
                return ""
        return name

    def standing(self, lines: set[str], claimed: set[str]) -> dict[str, list[Named]]:
        """Charges that count and that no row of the place claims, by their lines."""
        by_line: dict[str, list[Named]] = defaultdict(list)
        for name, charge in self.charges.items():
            line = "" if name in claimed or not self.counts(name, charge) else self.line(name, charge)
            if line and line in lines:
                by_line[line].append((name, charge))
        return by_line

    def counts(self, name: str, charge: Spending) -> bool:
        """Whether a charge stands: not corrected or withdrawn, no copy, and no correction that another outdid."""
        is_withdrawn = bool(charge.supersedes and charge.line_id) and not charge.row_id
        is_copy = bool(charge.row_id) and self.rows[charge.row_id] != name
        is_outdone = bool(charge.supersedes) and self.next[charge.supersedes] != name
        return not (name in self.next or is_withdrawn or is_copy or is_outdone)

    def line(self, name: str, charge: Spending) -> str:
        """The line of a charge; a correction made by hand stands for that of what it corrects."""
        seen = {name}
        while not charge.line_id and charge.supersedes in self.charges and charge.supersedes not in seen:
            seen.add(charge.supersedes)
            charge = self.charges[charge.supersedes]
        return charge.line_id


def _matched(rows: Sequence[_Row], left: Sequence[Named]) -> tuple[list[tuple[_Row, Named]], list[_Row], list[Named]]:
    """Pairs of a line's rows and entries, those of one amount first; and what is left of both."""
    pairs: list[tuple[_Row, Named]] = []
    for key in (_amount, lambda _: None):
        for exact in (True, False):
            more, rows, left = _paired(rows, left, key, exact)
            pairs += more
    return pairs, list(rows), list(left)


def _paired(
    rows: Iterable[_Row], left: Iterable[Named], key: Callable[[Spending], Hashable], exact: bool
) -> tuple[list[tuple[_Row, Named]], list[_Row], list[Named]]:
    """Pairs of equal keys whose marks are equal, or where not `exact` do not gainsay each other."""
    waiting: dict[Hashable, dict[Hashable, deque[Named]]] = defaultdict(dict)
    for named in left:
        waiting[key(named[1])].setdefault(_frozen(_marks(named[1])), deque()).append(named)
    pairs, other = [], []
    for row in rows:
        groups = waiting.get(key(row.charge), {})
        near = _nearest_group(groups, _marks(row.charge), exact)
        if near is None:
            other.append(row)
            continue
        pairs.append((row, groups[near].popleft()))
        if not groups[near]:
            del groups[near]
    return pairs, other, [named for groups in waiting.values() for group in groups.values() for named in group]


def _nearest_group(groups: Mapping[Hashable, deque[Named]], marks: Mapping[str, str], exact: bool) -> Hashable | None:
    """The group with these marks; where not `exact`, else the first whose marks do not gainsay them."""
    own = _frozen(marks)
    if own in groups or exact:
        return own if own in groups else None
    return next((name for name, group in groups.items() if _fits(_marks(group[0][1]), marks)), None)


def _gone(charges: Sequence[Spending], left: Mapping[str, Sequence[Named]]) -> list[tuple[str, Named]]:
    """Entries that the place no longer states; where no row asked for fits them, they are of another part."""
    marks: dict[str, dict[Hashable, Mapping[str, str]]] = defaultdict(dict)
    for charge in charges:
        if left.get(charge.line_id):
            marks[charge.line_id][_frozen(_marks(charge))] = _marks(charge)
    return [
        (line, named) for line, kinds in marks.items() for named in left[line]
        if any(_fits(_marks(named[1]), kind) for kind in kinds.values())
    ]  # fmt: skip


def _marks(charge: Spending) -> Mapping[str, str]:
    """What tells rows of one line apart. Where a bill names the resource, other tags are the same row's."""
    tags = {} if charge.source != "focus" or charge.resource else charge.tags
    return {**{f"tag {key}": value for key, value in tags.items()}, **charge.apart}


def _frozen(marks: Mapping[str, str]) -> Hashable:
    return frozenset(marks.items())


def _fits(a: Mapping[str, str], b: Mapping[str, str]) -> bool:
    """Whether two rows may be one: what only one of them has was added or went in another version of the format."""
    return all(b.get(key, value) == value for key, value in a.items())


def _amount(charge: Spending) -> Hashable:
    return charge.amount, charge.currency, charge.charge


def _same(old: Spending, new: Spending) -> bool:
    """Whether nothing of what the books need is stated anew."""
    return _amount(old) == _amount(new) and (not new.run or new.run == old.run)


def _withdrawn(line: str, name: str, old: Spending) -> Spending:
    """A correction of nothing; it has no row of its own, by which it is known later on."""
    return replace(
        old, amount=Decimal(0), amount_base=Decimal(0), quantity=None, supersedes=name, row_id="", line_id=line,
        description=f"no longer stated: {old.description}",
    )  # fmt: skip


def refuse_restated(compared: Compared, place: str) -> None:
    """Raises InputError that names each line that is stated anew, and how to book that."""
    mistakes = Mistakes()
    for new, old in compared.restated:
        where = f"{new.source_file}:{new.row}" if new.row is not None else f"{new.source_file} {new.run}".strip()
        booked, wanted = f"{paid(old.amount)} {old.currency}", "the amount that is booked"
        stated = f"{paid(new.amount)} {new.currency}"
        if _amount(old) == _amount(new):
            stated, wanted = f"the run {one_line(new.run, 60)}", "the run that is booked"
            booked = f"the run {one_line(old.run, 60)}" if old.run else "no run"
        mistakes.add(
            where or place,
            f"{stated} for what is booked with {booked} (entry {new.supersedes[:12]})",
            wanted,
            "add --restated to book it as a correction of that entry; if both are owed, import both in one place",
        )
    mistakes.refuse(place)
