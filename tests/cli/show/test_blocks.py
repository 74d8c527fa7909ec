"""Blocks are drawn plainly: tables within the width, the answer and its reasons in a few lines without jargon."""

import io

from rich.console import Console

from tests import samples, walked
from tests.accounts.reading import breaches
from tests.cli.show.printing import printed
from tunecase.accounts import Material
from tunecase.accounts.forecast import curve
from tunecase.blocks import Account, Block, Cell, Facts, Table, Words
from tunecase.cli.show.blocks import print_account, print_block

MOST_LINES = 14


def drawn(block: Block, width: int = 80, *, titled: bool = True) -> list[str]:
    """The lines of one block."""
    out = io.StringIO()
    print_block(Console(file=out, width=width, markup=False, highlight=False, emoji=False), block, titled=titled)
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


def test_a_real_case_is_told_in_a_few_lines() -> None:
    """Of a case that was run: at most 14 lines of 80 columns, no jargon."""
    records = walked.records("decided")
    prints = {verb: printed(verb, record) for verb, record in records.items()}
    assert {"pilot", "forecast", "decide"} <= set(prints)
    assert [] == [verb for verb, text in prints.items() if len(text.rstrip().splitlines()) > MOST_LINES]
    assert [] == [(verb, found) for verb, text in prints.items() if (found := breaches(text))]
    assert [] == [line for text in prints.values() for line in text.splitlines() if len(line) > 80]


def test_a_curve_is_small_by_default_and_whole_in_full() -> None:
    """The small one has no caption and no legend."""
    chart = curve(samples.forecast(), Material())
    small, whole = drawn(chart, titled=False), drawn(chart)
    assert len(small) < 8 < len(whole)
    assert "● measured" not in " ".join(small)
    assert whole[0].startswith("accuracy by number of training examples")
    assert "● measured" in " ".join(whole)


def test_a_block_that_holds_nothing_takes_no_line() -> None:
    """One line stands between the answer and the next command, whatever was left empty between them."""
    out = io.StringIO()
    account = Account("decide", "Not yet.", "bad", (Words(()), Facts("", ())), (), "tunecase audit")
    print_account(Console(file=out, width=80, markup=False, highlight=False, emoji=False), account)
    assert "Not yet.\n\nnext: tunecase audit" == out.getvalue().strip()
