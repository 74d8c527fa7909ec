"""What `init` made: the files that it wrote, and how it split rows into a training and a test file."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SplitMade:
    """How the rows of a file were split.

    Args:
        train_rows, test_rows: rows written on each side, unreadable ones among the first.
        group: the column whose values stay on one side, "" for none.
        groups: how many different values it has.
        together: rows that stay on the side of another since both say nearly the same, or have the same prompt.
        alike: rows that are nearly the same as so many others that only equal ones were kept together.
        near_copies: whether near copies were looked for; in a file that is too large only equal prompts are.
    """

    train_rows: int
    test_rows: int
    group: str = ""
    groups: int = 0
    together: int = 0
    alike: int = 0
    near_copies: bool = True


@dataclass(frozen=True, slots=True)
class Begun:
    """What `init` wrote.

    Args:
        files: the project file first, then its schema.
        data: the training file as the command named it; "" for an example.
        test: whether a test file is named.
        split: how rows were held out, None where none were.
    """

    files: tuple[Path, ...]
    data: str = ""
    test: bool = True
    split: SplitMade | None = None
