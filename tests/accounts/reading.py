"""What tests read of accounts: the rows of a table, all words, and what may not stand where everybody reads."""

import re
from collections.abc import Collection, Iterable

from tunecase.blocks import Account, Block, Facts, Listing, Table, Words

TERMS = re.compile(
    r"\bP[1-9]0\b|percentile|quantile|posterior|\bprior\b|\bBeta\b|stochastic|expected value|\blevers?\b|\bprobes?\b"
    r"|n-gram|\bunknowns\b|quarantine|kappa|\bworlds?\b|redefine|\bpii\b|n_max|\bat hand\b|\bmend"
    r"|share of variance|\b[PSD]\d{1,2}\b|(?<![\w.-])\d[\d.,]*[kM]\b(?! parameters)"
    r"|\b(?:meta-llama|sentence-transformers|HuggingFaceTB)/",
    re.IGNORECASE,
)
CODE = re.compile(r"\b[a-z]+_[a-z_]+\b|\b(?:problem|serving|data|levers|compute)\.[a-z_]+\b")
# Commands, files, and what is to be written into one.
WRITTEN = re.compile(r"`[^`]*`|\btunecase .*|\S+\.(?:jsonl|csv|html|json|md|yaml)\b|\bwrite\b.*")


def breaches(text: str, names: Collection[str] = ()) -> list[str]:
    """The terms of art, rule ids and short money of a text, and its names of code that are no `names` of the data."""
    bare = WRITTEN.sub("", text)
    return [*TERMS.findall(bare), *(name for name in CODE.findall(bare) if name not in names)]


def all_of(account: Account) -> tuple[Block, ...]:
    """All blocks of an account."""
    return (*account.short, *account.full)


def table(blocks: Iterable[Block], caption: str) -> dict[str, list[str]]:
    """The rows of a table, by their first cell."""
    return {first: list(rest) for first, *rest in rows(blocks, caption)}


def rows(blocks: Iterable[Block], caption: str) -> list[tuple[str, ...]]:
    """The rows of a table, as text."""
    (found,) = [block for block in blocks if isinstance(block, Table) and block.caption == caption]
    return [tuple(cell.text for cell in row) for row in found.rows]


def words(blocks: Iterable[Block]) -> str:
    """All that blocks say, on one line."""
    told: list[str] = []
    for block in blocks:
        match block:
            case Words():
                told += block.paragraphs
            case Listing():
                told += [block.title, *block.items]
            case Facts():
                told += [block.title, *(f"{name} {value}" for name, value in block.pairs)]
            case Table():
                told += [block.caption, *block.head, *(cell.text for row in block.rows for cell in row), block.note]
            case _:
                told += [block.caption, block.summary]
    return " ".join(" ".join(told).split())
