"""What a joined ledger took over: the entries missing from its longest history, and their money.

Whoever can hash can write a line beside another one, and it looks like a history of one entry. No chain tells that from
an honest merge; a person who sees what the books gained can.

*Left out:* which history is one's own; the longest is taken for it, and of two as long the one that ends first in the
file. What stands in both was taken over from neither.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from tunecase.errors import Problem
from tunecase.ledger.lines import Entry, read_line
from tunecase.records import Adopted, Approval, Spending

MOST_KEPT = 100  # charges, and approvals, that the record lists one by one


def in_longest(ids: Mapping[str, str], prevs: Mapping[str, str], heads: Sequence[str]) -> Counter[str]:
    """How often each content occurs in the longest history.

    Args:
        ids, prevs: of every line by its hash, the id of its content and the hash of the line before.
        heads: hashes of the last line of each history, in the order of the file.
    """
    depth: dict[str, int] = {}
    for head in heads:
        path, at = [], head
        while at in prevs and at not in depth:
            path.append(at)
            at = prevs[at]
        known = depth.get(at, 0)
        depth.update((name, known + number) for number, name in enumerate(reversed(path), 1))
    counts, at = Counter[str](), max(heads, key=lambda head: depth[head], default="")
    while at in prevs:
        counts[ids[at]] += 1
        at = prevs[at]
    return counts


def adopted(lines: Sequence[bytes]) -> tuple[tuple[Adopted, ...], dict[str, Decimal]]:
    """The charges among the lines taken over, the first hundred of them, and the sum of all by currency."""
    changes: list[Adopted] = []
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in _readable(lines):
        if entry.kind != "spend":
            continue
        charge: Spending = entry.record()
        sums[charge.currency] += charge.amount
        if len(changes) < MOST_KEPT:
            text = charge.description or charge.category
            changes.append(
                Adopted(entry.id, charge.on.isoformat(), charge.amount, charge.currency, text, entry.through[0])
            )
    return tuple(changes), dict(sums)


def adopted_approvals(lines: Sequence[bytes]) -> tuple[Adopted, ...]:
    """The approvals among the lines taken over, the last hundred: money that nobody of the longest history released."""
    approved: list[Adopted] = []
    for entry in _readable(lines):
        if entry.kind == "record" and entry.verb == "approve":
            given: Approval = entry.record()
            face = entry.through[0]
            approved.append(Adopted(entry.id, given.on.isoformat(), given.amount, given.currency, given.by, face))
    return tuple(approved[-MOST_KEPT:])


def _readable(lines: Sequence[bytes]) -> Iterator[Entry]:
    for line in lines:
        entry = read_line("", line, check=False)
        if not isinstance(entry, Problem) and not entry.fault:
            yield entry
