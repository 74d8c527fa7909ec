"""What accounts say, for the tests of them: their tables and their words."""

from collections.abc import Iterable

from tunecase.blocks import Account, Block, Facts, Listing, Table, Words


def table(blocks: Iterable[Block], caption: str) -> dict[str, list[str]]:
    """The rows of a table, by their first cell."""
    (found,) = [block for block in blocks if isinstance(block, Table) and block.caption == caption]
    return {row[0].text: [cell.text for cell in row[1:]] for row in found.rows}


def captions(blocks: Iterable[Block]) -> list[str]:
    """The captions of the tables."""
    return [block.caption for block in blocks if isinstance(block, Table)]


def words(blocks: Iterable[Block]) -> str:
    """All sentences and pairs on one line."""
    told: list[str] = []
    for block in blocks:
        match block:
            case Words():
                told += block.paragraphs
            case Listing():
                told += block.items
            case Facts():
                told += [f"{name}: {value}" for name, value in block.pairs]
            case _:
                pass
    return " ".join(told)


def all_of(account: Account) -> tuple[Block, ...]:
    """All blocks of an account."""
    return (*account.short, *account.full)
