"""Plain blocks on a terminal: tables keep to the width, however wide they are."""

import io

from rich.console import Console

from tunecase.blocks import Block, Cell, Table
from tunecase.cli.show.blocks import print_block


def drawn(block: Block, width: int = 80) -> list[str]:
    """The lines of a block."""
    out = io.StringIO()
    print_block(Console(file=out, width=width, markup=False, highlight=False, emoji=False), block)
    return out.getvalue().splitlines()


def table(*rows: tuple[str, ...], head: tuple[str, ...], numeric: tuple[int, ...] = ()) -> Table:
    """A table of plain cells."""
    return Table("", head, tuple(tuple(map(Cell, row)) for row in rows), numeric)


def test_a_table_that_fits_stands_as_it_is() -> None:
    """Columns are as wide as their longest cell, numbers set right."""
    made = table(("empty", "3", "left out"), ("copies", "27", ""), head=("found", "rows", ""), numeric=(1,))
    assert ["  found   rows", "  empty      3  left out", "  copies    27"] == drawn(made)


def test_columns_of_words_are_wrapped_where_a_table_is_too_wide() -> None:
    """The widest gives way first, numbers never do, and no line passes the width."""
    made = table(("a name", "1,234,567", "word " * 20), head=("name", "count", "reason"), numeric=(1,))
    lines = drawn(made, 60)
    assert "1,234,567" in lines[1]
    assert 20 == sum(line.count("word") for line in lines)
    assert all(len(line) <= 60 for line in lines)


def test_a_table_of_too_many_columns_is_told_row_by_row() -> None:
    """Each row is a paragraph: every cell stands after the name of its column, empty ones are left out."""
    made = table(("first", *["some long words here"] * 6, ""), head=("rule", "a", "b", "c", "d", "e", "f", "g"))
    lines = drawn(made)
    assert "  first" == lines[0]
    assert lines[1].startswith("    a: some long words here · b: some long")
    assert "g:" not in " ".join(lines)
    assert all(len(line) <= 80 for line in lines)
