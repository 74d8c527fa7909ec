"""Blocks that hold nothing are left out of an account."""

from tunecase.accounts.material import filled
from tunecase.blocks import Bars, Cell, Facts, Listing, Table, Words


def test_only_blocks_that_hold_something_are_kept() -> None:
    """Empty tables, listings, facts and words go, and so does what is not there; charts stay."""
    kept = (
        Table("t", ("a",), ((Cell("1"),),)),
        Listing("l", ("x",)),
        Facts("", (("a", "b"),)),
        Words(("w",)),
        Bars("b", (("x", 0.5),)),
    )
    empty = (Table("t", ("a",), ()), Listing("l", ()), Facts("f", ()), Words(()), None)
    assert kept == filled(*kept, *empty)
