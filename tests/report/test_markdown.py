"""Blocks as Markdown: whole tables, no mark-up from the data, charts in words."""

from tests import samples
from tests.cli.show.printing import ALL
from tunecase.accounts import Material, account
from tunecase.blocks import Account, Bars, Cell, Facts, Listing, Table, Words
from tunecase.report import blocks_markdown, drawn

EVIL = "a | b <script>x</script> [link](x) @ines #12 www.x.y http://x\n# head"


def test_no_text_is_markup() -> None:
    """In every kind of block; a table keeps its columns."""
    blocks = (
        Table(EVIL, ("a", EVIL), ((Cell(EVIL), Cell("1")),), (1,), (0,), EVIL), Facts(EVIL, ((EVIL, EVIL),)),
        Listing(EVIL, (EVIL,)), Words((EVIL,)), Bars(EVIL, ((EVIL, 0.5),)),
    )  # fmt: skip
    text = blocks_markdown(Account("x", EVIL, short=blocks, full=blocks))
    for bad in ("<script", "[link]", "](x)", "@ines", " #12", "www.x", "http://", "\n# head"):
        assert bad not in text
    assert {3} == {line.count("|") for line in text.splitlines() if line.startswith("|")}


def test_every_record_has_its_markdown() -> None:
    """The answer comes first and in bold, and every row of a table has the columns of its head."""
    material = Material(spendings=samples.spendings(), approvals=samples.approvals())
    for verb in ALL:
        text = blocks_markdown(account(verb, ALL[verb], material))
        assert text.startswith("**")
        widths = [line.count("|") for line in text.splitlines() if line.startswith("|")]
        rules = [line.count("|") for line in text.splitlines() if line.startswith("| ---")]
        assert set(widths) <= set(rules), verb


def test_the_rest_can_be_folded_away() -> None:
    """Under a title; without any rest nothing is folded."""
    told = Account("x", "Yes.", short=(Words(("short",)),), full=(Words(("all of it",)),))
    text = blocks_markdown(told, folded="more")
    assert "**Yes.**\n\nshort\n\n<details><summary>more</summary>\n\nall of it\n\n</details>\n" == text
    assert "<details>" not in blocks_markdown(told)
    assert "<details>" not in blocks_markdown(Account("x", "Yes."), folded="more")


def test_an_empty_listing_draws_nothing() -> None:
    """Not even its title."""
    assert [] == drawn([Listing("Left out", ())])
