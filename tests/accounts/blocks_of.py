"""What tests of accounts read of them: the cells of a table, all words, and what no default print may say."""

import re
from collections.abc import Iterable

from tunecase.blocks import Account, Block, Facts, Listing, Table, Words

# Words that stay off the default print; names with underscores and paths are told by their form.
BANNED = re.compile(
    r"P[1-9]0\b|percentile|quantile|posterior|\bprior\b|\bBeta\b|stochastic|expected value|\blevers?\b|\bprobe\b|"
    r"n-gram|\bunknowns\b|quarantine|kappa|\bworlds?\b|redefine|\bpii\b|n_max|rows at hand|\bmend\b|"
    r"share of variance|\d[kM]\b|[a-z]+/[A-Za-z](?!\S*\.jsonl)",
    re.IGNORECASE,
)


def table(account: Account, title: str) -> list[tuple[str, ...]]:
    """The rows of the table of that title, as text."""
    (found,) = [block for block in account.full if isinstance(block, Table) and block.caption == title]
    return [tuple(cell.text for cell in row) for row in found.rows]


def words(blocks: Iterable[Block]) -> str:
    """All that blocks say, on one line."""
    parts: list[str] = []
    for block in blocks:
        match block:
            case Words():
                parts += block.paragraphs
            case Listing():
                parts += [block.title, *block.items]
            case Facts():
                parts += [block.title, *(text for pair in block.pairs for text in pair)]
            case Table():
                parts += [block.caption, *block.head, *(cell.text for row in block.rows for cell in row), block.note]
            case _:
                parts += [block.caption, block.summary]
    return " ".join(" ".join(parts).split())
