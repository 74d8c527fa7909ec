"""Blocks as Markdown: whole tables, no mark-up from the data, charts in words."""

import re

import pytest
from markdown_it import MarkdownIt

from tests import samples
from tests.cli.show.printing import ALL
from tunecase.accounts import Material, account
from tunecase.blocks import Account, Bars, Cell, Facts, Listing, Table, Words, shown
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


HOSTILE = (
    "@octocat", "#12", "GH-12", "gh-7", "octo/repo#12", "octo/repo@abcdef1", "!12", "&3", "[a](http://x.y)",
    "![i](x.png)",
    "<b>x</b>", "<script>x</script>", "<http://a.b>", "HTTP://a.b", "WWW.a.b", "wWw.a.b", "mailto:a@b.c", "ftp://a.b",
    "[^1]: x", "[a]: http://x", "a|b", "# h", "```x```", "~~~", "<!-- c -->", "\u202ea", "- x", "+ x", "* x",
    "1. x", "1) x",
    "> q", "---", "===", "***", "_a_", "**a**", "`a`", "&lt;b&gt;", "&#64;a", "\\[a](b)", "$x$", ":smile:",
    ":100:", ":1234:", ":8ball:", ":+1:", "~12", "%12", "$12",
    "    code", "\u2028# x",
)  # fmt: skip
# What a host makes of the text of a page: calls, numbers of issues and merge requests, addresses, pictures by name.
AGAIN = re.compile(r"(?i)@\w|#\d|\bgh-\d|[!&~%$]\d|\w://|\bwww\.|:[\w+-]+:|[\u202a-\u202e\u2066-\u2069]")
PLAIN_KINDS = {"paragraph_open", "paragraph_close", "inline", "text"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_a_plain_paragraph(text) -> None:
    """A reader of Markdown sees the words of a text and nothing else, and a host finds nothing to link or call."""
    read = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(shown(text))
    inside = [child for token in read for child in token.children or ()]
    assert {token.type for token in (*read, *inside)} <= PLAIN_KINDS
    words = "".join(child.content for child in inside)
    assert not AGAIN.search(words)
    assert " ".join(text.replace("\u202e", " ").replace("\u2028", " ").split()) == words.replace("\u200b", "")
