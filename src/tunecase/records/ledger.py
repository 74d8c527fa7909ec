"""What looking after the ledger found: whether its chain is whole, and how two histories became one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verified:
    """A ledger whose every line is as it was written: how many entries, and how often it was chained again."""

    path: str
    entries: int
    rechained: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Rechained:
    """Joined histories put into one chain.

    `moved` entries of `entries` name another line than before, the first of them at `from_line` of the new file (0 when
    none does: lines were only put back or dropped). `heads` are the hashes of the last line of each of the `histories`
    as they were; `copies` is how many lines said what another one had said, `markers` how many lines of version
    control stood between; `version` is that of the tool, `copy` the name of
    the file with everything as it was.
    """

    entries: int
    moved: int
    from_line: int
    histories: int
    heads: tuple[str, ...]
    copies: int
    markers: int
    version: str
    copy: str
