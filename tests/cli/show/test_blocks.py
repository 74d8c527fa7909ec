"""Blocks are drawn plainly: tables within the width, the answer and its reasons in a few lines without jargon."""

import io
from pathlib import Path

from rich.console import Console

from tests import samples
from tests.accounts.blocks_of import BANNED
from tests.cli.show.printing import ALL, printed
from tests.command import tunecase
from tunecase.accounts import Material
from tunecase.accounts.forecast import curve
from tunecase.blocks import Block, Cell, Table
from tunecase.cli.show.blocks import print_block

SHORT_VERBS = ("pilot", "forecast", "fit", "scored", "inference", "loads", "prices", "updated")
MOST_LINES = 14


def drawn(block: Block, width: int = 80, *, titled: bool = True) -> list[str]:
    """The lines of one block."""
    out = io.StringIO()
    print_block(Console(file=out, width=width, markup=False, highlight=False, emoji=False), block, titled=titled)
    return out.getvalue().splitlines()


def test_a_default_print_is_an_answer_in_a_few_lines() -> None:
    """At most 14 lines of 80 columns, blank ones counted, with no word that only those who made it know."""
    prints = {verb: printed(verb, ALL[verb]) for verb in SHORT_VERBS}
    assert [] == [verb for verb, text in prints.items() if len(text.rstrip().splitlines()) > MOST_LINES]
    assert [] == [(verb, found[0]) for verb, text in prints.items() if (found := BANNED.search(text))]
    assert [] == [line for text in prints.values() for line in text.splitlines() if len(line) > 80]


def test_a_real_pilot_and_its_forecast_are_told_in_a_few_lines(walked: Path) -> None:
    """Of a case that was run: at most 14 lines of 80 columns, no jargon, and the target beside the score."""
    prints = {verb: tunecase(verb, "--project", walked).out for verb in ("pilot", "forecast")}
    assert "The target is 90%." in prints["pilot"]
    assert [] == [verb for verb, text in prints.items() if len(text.rstrip().splitlines()) > MOST_LINES]
    assert [] == [(verb, found[0]) for verb, text in prints.items() if (found := BANNED.search(text))]
    assert [] == [line for text in prints.values() for line in text.splitlines() if len(line) > 80]


def test_columns_for_which_there_is_no_room_stand_below_their_row() -> None:
    """Each cell after its column's name, empty ones left out; nothing is lost and no line is too long."""
    rows = tuple(tuple(Cell(f"{name}-{at}" * 4) for at in range(3)) for name in ("first", "second"))
    wide = Table("", ("Name", "Made of", "Why"), (rows[0], (*rows[1][:2], Cell("–"))))
    lines = drawn(wide, 60)
    assert all(len(line) <= 60 for line in lines)
    assert ["Name", "Made", "of"] == lines[0].split()
    assert f"    Why: {'first-2' * 4}" in lines
    assert 1 == sum("Why:" in line for line in lines)
    assert "Why" in drawn(wide, 120)[0]
    headless = drawn(Table("", ("", "", ""), rows), 60)
    assert f"    {'first-2' * 4}" in headless


def test_a_curve_is_small_by_default_and_whole_in_full() -> None:
    """The small one has no caption and no legend."""
    chart = curve(samples.forecast(), Material())
    small, whole = drawn(chart, titled=False), drawn(chart)
    assert len(small) < 8 < len(whole)
    assert "● measured" not in " ".join(small)
    assert whole[0].startswith("accuracy by number of training examples")
    assert "● measured" in " ".join(whole)
