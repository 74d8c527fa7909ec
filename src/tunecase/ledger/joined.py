"""Chains that do not hold: what happened to their lines, and the one order of two histories that were joined.

Every line names the one before it, so the lines of a file make a tree whatever order they stand in. A sound ledger is
one branch in its own order. Two branches are two histories: version control merged two ledgers that went on from the
same line, or one file was written behind the other.

    order: the common lines first, then at each place the earliest of the lines whose predecessor is already placed

so every branch keeps its own order, and the branches are merged by the moments of their entries.

*Left out:* an entry put between two others by somebody who can hash looks like a branch of one entry; the order says
where it went, and the record of the re-chaining how many entries moved.
"""

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tunecase.errors import Problem
from tunecase.ledger.adopted import in_longest
from tunecase.ledger.lines import (
    BOM,
    FIRST,
    RESTORE,
    Entry,
    faulty,
    follows,
    hashes,
    id_of,
    is_marker,
    is_own,
    line_fault,
    moment_of,
    read_line,
    sha,
)

RECHAIN = (
    "run `tunecase ledger rechain`: it puts the entries of both in one order, keeps a copy of the file, and books that "
    "it did"
)
MOVED = f"{RESTORE}; `tunecase ledger rechain` puts whole lines back in their order"


MOST_FAULTS = 100_000  # a file with so many is no ledger, and reading all of it would not end


class Link(NamedTuple):
    """A sound line: its number in the file, id, hash of the line before, own hash, moment, and the line itself."""

    number: int
    id: str
    prev: str
    sha: str
    moment_s: float
    line: bytes


class Order(NamedTuple):
    """Lines in one order, each entry once; last line of each history, copies, markers, lines beside the longest one."""

    links: Sequence[Link]
    heads: tuple[str, ...]
    copies: int
    markers: int
    adopted: Sequence[bytes] = ()


def broken_at(
    path: str, lines: Iterable[tuple[int, bytes, bool]], aside: Collection[bytes] = ()
) -> tuple[list[Problem], list[int]]:
    """Lines that are no entries or were edited, and the numbers where the chain breaks or a marker stands.

    Reads as a stream, and no further than MOST_FAULTS of them. A last line that a killed process left unfinished is
    neither. Of the entries whose ids are in `aside` the hashes are checked and nothing else.
    """
    problems: list[Problem] = []
    breaks: list[int] = []
    before = FIRST
    for number, line, whole in lines:
        if len(problems) + len(breaks) >= MOST_FAULTS:
            break
        after = follows(line, before.encode())
        if after is not None:
            before = after.decode()
            if id_of(line) not in aside and (fault := line_fault(line)):
                problems.append(faulty(f"{path}:{number}", id_of(line).decode(), fault))
            continue
        if is_marker(line):
            breaks.append(number)
            continue
        entry = read_line(f"{path}:{number}", line)
        if isinstance(entry, Entry):
            # After an edited line the chain breaks once by itself; that is the same fault, not a second one.
            if before:
                breaks.append(number)
            before = sha(line)
        else:
            before = ""
            if whole or _ends_otherwise(line):
                problems.append(entry)
    return problems, breaks


def _ends_otherwise(line: bytes) -> bool:
    """Whether a line is an entry but for what stands around it; a killed process leaves the beginning of a line."""
    return any(isinstance(read_line("", part), Entry) for part in (line[:-1], line.removeprefix(BOM)))


class _Places(NamedTuple):
    """Where the lines of a broken chain stand.

    `at` is the number of each line by its hash, `broken` the hash that the line at a break names as the one before it;
    `forks` says whether two lines name the same one, `marker` is the first line of version control, 0 without any.
    """

    at: dict[str, int]
    broken: dict[int, str]
    forks: bool
    marker: int


def breaks_explained(path: str, lines: Iterable[tuple[int, bytes, bool]], breaks: Sequence[int]) -> list[Problem]:
    """What happened at the places where a chain breaks: two histories joined, lines moved, doubled or gone.

    Holds the hash of every line in memory, which only a broken chain costs.
    """
    at, broken, forks, marker = _places(lines, set(breaks))
    if not forks and not marker:
        return [_misplaced(path, number, at.get(prev)) for number, prev in broken.items()]
    gone = [_misplaced(path, number, None) for number, prev in broken.items() if prev not in at]
    first = marker or min(number for number, prev in broken.items() if prev in at)
    return [_two_histories(path, first, bool(marker), at.get(broken.get(first, ""))), *gone]


def _places(lines: Iterable[tuple[int, bytes, bool]], breaks: set[int]) -> _Places:
    at: dict[str, int] = {FIRST: 0}
    next_to: dict[str, str] = {}
    broken: dict[int, str] = {}
    forks, marker = False, 0
    for number, line, _ in lines:
        stated = hashes(line)
        if stated is None:
            marker = marker or (number if is_marker(line) else 0)
            continue
        own = sha(line)
        forks = forks or next_to.setdefault(stated[1], own) != own
        at.setdefault(own, number)
        if number in breaks:
            broken[number] = stated[1]
    return _Places(at, broken, forks, marker)


def _two_histories(path: str, number: int, is_marked: bool, follows: int | None) -> Problem:
    if is_marked:
        got = "a conflict marker: two histories of this ledger were merged here"
    elif follows:
        got = f"two histories were joined: line {number} and another were both written after line {follows}"
    else:
        got = f"two histories were joined: one begins anew at line {number}"
    return Problem(f"{path}:{number}", got, "one chain, each line after the one before", RECHAIN)


def _misplaced(path: str, number: int, follows: int | None) -> Problem:
    """A sound line that stands in the wrong place."""
    if follows is None:
        got, wanted = (
            "it follows a line that is not here",
            f"the line that was deleted or replaced before line {number}",
        )
    elif follows == 0:
        got, wanted = "it was written as the first line", f"no line before it, or another line {number}"
    else:
        wanted = f"line {number} to follow line {number - 1}" if number > 1 else "the first entry of the ledger"
        got = f"it was written after line {follows}"
    return Problem(f"{path}:{number}", got, wanted, RESTORE if follows is None else MOVED)


def in_one_order(
    path: str, lines: Iterable[tuple[int, bytes, bool]], aside: Collection[bytes] = ()
) -> Order | list[Problem]:
    """Every entry once, in one order that keeps the order of each history; or the lines that stand in the way.

    An entry of the same content in two histories is one entry; twice in one history it stays twice. Empty lines and a
    byte order mark, which say nothing, are left out. Holds the file in memory.
    """
    whole = _sound_lines(path, lines, aside)
    links = whole.links
    problems = whole.problems or [  # what an edited line was followed by is not gone
        _misplaced(path, link.number, None) for link in links.values() if link.prev != FIRST and link.prev not in links
    ]
    if problems:
        return problems
    named = {link.prev for link in links.values()}
    heads = tuple(name for name in links if name not in named)
    order = list(_merged(links))
    return Order(order, heads, whole.seen - len(order), whole.markers, list(_beside_the_longest(order, links, heads)))


class _Sound(NamedTuple):
    """The sound lines by their hash, the problems of the others, how many were sound, how many markers stood there."""

    links: dict[str, Link]
    problems: list[Problem]
    seen: int
    markers: int


def _sound_lines(path: str, lines: Iterable[tuple[int, bytes, bool]], aside: Collection[bytes]) -> _Sound:
    links: dict[str, Link] = {}
    problems: list[Problem] = []
    seen = markers = 0
    for number, raw, _ in lines:
        line = raw.removeprefix(BOM)
        if is_marker(line):
            markers += 1
        elif line.strip():
            link = _link(path, number, line, aside)
            if isinstance(link, Problem):
                problems.append(link)
                if len(problems) >= MOST_FAULTS:
                    break
            else:
                seen += 1
                links.setdefault(link.sha, link)
    return _Sound(links, problems, seen, markers)


def _link(path: str, number: int, line: bytes, aside: Collection[bytes]) -> Link | Problem:
    """A line by itself, or what is wrong with it; of one that is set aside only the hashes have to fit."""
    entry = read_line(f"{path}:{number}", line)
    if isinstance(entry, Entry):
        return Link(number, entry.id, entry.prev, sha(line), entry.recorded_at.timestamp(), line)
    stated = hashes(line) if id_of(line) in aside and is_own(line) else None
    return entry if stated is None else Link(number, *stated, sha(line), moment_of(line), line)


def _beside_the_longest(order: Sequence[Link], links: Mapping[str, Link], heads: Sequence[str]) -> Iterator[bytes]:
    ids, prevs = ({name: getattr(link, field) for name, link in links.items()} for field in ("id", "prev"))
    left = in_longest(ids, prevs, heads)
    for link in order:
        left[link.id] -= 1
        if left[link.id] < 0:
            yield link.line


def _merged(links: dict[str, Link]) -> Iterator[Link]:
    """The tree's lines, each after the one it names, the earliest first; what another history has said already once."""
    after: dict[str, list[Link]] = {}
    for link in links.values():
        after.setdefault(link.prev, []).append(link)
    nth = _nth(links, after)
    ready = [(link.moment_s, link.number, link) for link in after.get(FIRST, ())]
    heapq.heapify(ready)
    placed: Counter[str] = Counter()
    while ready:
        link = heapq.heappop(ready)[2]
        if nth.get(link.sha, 1) > placed[link.id]:
            placed[link.id] += 1
            yield link
        for child in after.get(link.sha, ()):
            heapq.heappush(ready, (child.moment_s, child.number, child))


def _nth(links: dict[str, Link], after: dict[str, list[Link]]) -> dict[str, int]:
    """For lines whose content stands in several lines: the how-manieth it is in its own history."""
    often = {name for name, count in Counter(link.id for link in links.values()).items() if count > 1}
    if not often:
        return {}
    nth: dict[str, int] = {}
    here: Counter[str] = Counter()
    todo = [(link, False) for link in after.get(FIRST, ())]
    while todo:
        link, left = todo.pop()
        if left:
            here[link.id] -= 1
            continue
        if link.id in often:
            here[link.id] += 1
            nth[link.sha] = here[link.id]
            todo.append((link, True))
        todo += [(child, False) for child in after.get(link.sha, ())]
    return nth
