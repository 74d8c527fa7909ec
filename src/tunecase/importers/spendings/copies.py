"""Rows that a place holds twice: copies of a file, rows of one file in another, identities that may be there once."""

from collections import Counter

from tunecase.importers.spendings import Mistakes
from tunecase.wording import counted


class Copies:
    """The rows of each file of a place, held against those of the files before it."""

    def __init__(self) -> None:
        self.files: list[tuple[str, int]] = []  # name and rows
        self.first: dict[str, int] = {}  # the file in which a row was seen first
        self.twice: Counter[tuple[int, int]] = Counter()

    def begin(self, file: str) -> None:
        """The rows that follow are those of this file."""
        self.files.append((file, 0))

    def row(self, digest: str) -> bool:
        """One more row of the file, by its content; whether it is the first of that content in all files."""
        now = len(self.files) - 1
        name, rows = self.files[now]
        self.files[now] = name, rows + 1
        new = digest not in self.first
        first = self.first.setdefault(digest, now)
        if first != now:
            self.twice[first, now] += 1
        return new

    def end(self, mistakes: Mistakes) -> None:
        """A file that holds the rows of an earlier one, all of them and no others, is a copy of it, and a mistake."""
        now = len(self.files) - 1
        name, rows = self.files[now]
        for earlier, (other, count) in enumerate(self.files[:now]):
            if rows and rows == count == self.twice[earlier, now]:
                fix = "move one of the two files away; if both are owed, put their rows into one file"
                mistakes.add(name, f"the same {counted(rows, 'row')} as {other}", "each charge once", fix)

    def notes(self) -> list[str]:
        """What a reader should know of rows that stand in two files: parts of a bill may hold equal rows."""
        return [
            f"{counted(count, 'row')} of {self.files[now][0]} also in {self.files[first][0]}, booked from both: the "
            "parts of a bill hold each charge once"
            for (first, now), count in self.twice.items()
            if count
        ]
