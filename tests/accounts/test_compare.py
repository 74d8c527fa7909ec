"""A difference of two bills is told in words, and as a comment for a pull request."""

from dataclasses import replace

from tests import samples
from tunecase.accounts import account
from tunecase.records import Comparison
from tunecase.report import blocks_markdown


def test_a_comment_is_no_markup_and_calls_no_one() -> None:
    """Names of files and fields are shown as they are, and the rest is folded away."""
    record: Comparison = samples.comparison()
    assert record.second is not None
    evil = replace(record, second=replace(record.second, name="<b>|`@ines` [x](http://x) #12"))
    text = blocks_markdown(account("compare", evil), folded="all of it")
    for bad in ("<b>", "`@", "@ines", "[x]", "](http", " #12"):
        assert bad not in text
    assert text.index("The lines that moved most") < text.index("<details><summary>all of it</summary>")
    assert "Line by line" in text.split("<details>")[1]
