"""Scores that others have published for a way to give answers, and the codes of languages; each with its source."""

from dataclasses import dataclass
from functools import cache

from tunecase.catalog.reading import read_table, table


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """A share of right answers that somebody reached on a public set, which says little of another task.

    `way` is named as in `Alternative.name`, `shots` says in words what was shown or learnt from. `classes` and
    `test_rows` are None where they were not stated.
    """

    way: str
    model: str
    dataset: str
    classes: int | None
    shots: str
    score: float
    test_rows: int | None
    source: str
    date: str


def published_scores() -> tuple[PublishedScore, ...]:
    """Every published score known."""
    return table("published_scores", PublishedScore)


@cache
def language_codes() -> frozenset[str]:
    """Every two-letter code of a language, in lower case.

    Example:
        >>> "de" in language_codes(), "german" in language_codes()
        (True, False)
    """
    return frozenset(code for row in read_table("languages") for code in row["codes"].split(";"))
