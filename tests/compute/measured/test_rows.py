"""A published run as it stands in a table: numbers, words, and clauses that say that something is not known."""

from tunecase.compute.measured.rows import cell, notes, number, words


def test_numbers_are_above_zero_or_nothing():
    """Thousands may have commas; blanks, words, zero and infinity are no number."""
    told = ("1,024", "0.5", "", "many", "0", "inf", "-1")
    assert [1024, 0.5, None, None, None, None, None] == [number({"a": text}, "a") for text in told]


def test_clauses_that_state_nothing_are_left_out():
    """What is named only as not stated is not named."""
    row = {"notes": "Packed; checkpointing and optimizer not stated; whether compiled is not certain; GA 4"}
    assert "packed; ga 4" == notes(row)


def test_words_are_those_of_the_set_up():
    """The columns of the set-up and the notes, in lower case, without a column that is left out."""
    row = {"framework": "TRL", "optimizer": "Fused AdamW", "dataset": "alpaca", "notes": "Liger"}
    assert ("trl", "fused adamw") == (cell(row, "framework"), cell(row, "optimizer"))
    assert "fused adamw" in words(row)
    assert "fused adamw" not in words(row, without="optimizer")
    assert "alpaca" not in words(row)
