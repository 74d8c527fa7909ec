"""Words that commonly replace one another in rewording: everyday English, and the English of programs.

Each row of the table `synonyms` is one group; a word stands in the first group that lists it. The groups are wide on
purpose: they widen a search whose judge asks for rare words, numbers and names besides.
"""

from functools import lru_cache

from tunecase import catalog
from tunecase.data.detectors.content_words import stem


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for row in catalog.read_table("synonyms"):
        head, *rest = map(stem, row["words"].split())
        for word in (head, *rest):
            table.setdefault(word, table.get(head, head))
    return table


def group(stemmed: str) -> str:
    """The group of a stemmed word, itself where it is in none.

    Example:
        >>> group("purchas"), group("zebra")
        ('buy', 'zebra')
    """
    return _table().get(stemmed, stemmed)
