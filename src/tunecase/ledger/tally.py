"""What this process has booked that counts twice when it is booked twice: a command that stops behind that says so."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """How many entries were booked, and the id of the last one."""

    entries: int = 0
    last: str = ""

    def count(self, ids: Iterable[str]) -> None:
        """Counts entries that are on the disk."""
        for self.last in ids:
            self.entries += 1

    def clear(self) -> None:
        """Forgets what whoever booked it was told."""
        self.entries, self.last = 0, ""


TALLY = Tally()
