"""What leaves this machine: how many rows of it hold secrets or personal data, of which kinds, masked or not."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Rows that go to a host or into files for people and tools outside; a request with the rows that it shows is one.

    `flagged` of `rows` hold something that the audit would flag, `kinds` counts them by its kind. `masked` says whether
    it stands there as its kind alone, `host` is where the rows go, empty for files.

    Example:
        >>> Disclosure.of([("e-mail",), (), ("e-mail", "phone")], masked=True).kinds
        {'e-mail': 2, 'phone': 1}
    """

    rows: int
    flagged: int
    kinds: dict[str, int]
    masked: bool = True
    host: str = ""

    @classmethod
    def of(cls, found: Iterable[Collection[str]], *, masked: bool, host: str = "") -> "Disclosure":
        """The disclosure of rows with these kinds in each."""
        by_row = [*found]
        kinds = Counter(kind for kinds in by_row for kind in kinds)
        return cls(len(by_row), sum(map(bool, by_row)), dict(sorted(kinds.items())), masked, host)
