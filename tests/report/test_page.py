"""The page: self-contained, escaped, whole without script, the same words for every kind of verdict."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.report import pages
from tunecase.blocks import Account, Cell, Facts, Finding, Listing, Page, Part, Row, Rows, Table, Tile, Words
from tunecase.report import account_html, render
from tunecase.report import page as page_module

EVIL = "<script>alert('x')</script><img src=http://evil.example/x onerror=alert(1)>\"'&{{ 7*7 }}</style>"
VOID = {"meta", "br", "wbr", "img", "line", "rect", "circle", "polygon", "polyline", "path", "link", "input", "hr"}


def evil_page() -> Page:
    """A page with mark-up in every text that a user or a data file can write."""
    cells = (Cell(EVIL), Cell(EVIL, "bad"))
    blocks = (
        Table(EVIL, (EVIL, EVIL), (cells,), note=EVIL), Facts(EVIL, ((EVIL, EVIL),)), Listing(EVIL, (EVIL,)),
        Words((EVIL,)),
        Rows(EVIL, (EVIL, EVIL), (Row(EVIL, EVIL, 1, 2, 3, (EVIL,)),), EVIL, 3, EVIL, total=(EVIL, EVIL)),
        replace(pages.CURVE, caption=EVIL, metric=EVIL, assumed_name=EVIL),
    )  # fmt: skip
    answer = replace(
        pages.ANSWER,
        verdict=replace(pages.VERDICT, lead=EVIL, emphasis=EVIL, rest=EVIL, why=EVIL),
        tiles=(Tile("release", EVIL, EVIL, EVIL, EVIL, "assumed"),),
        gates=replace(pages.GATES, start=(EVIL,), reached=(EVIL,), missed=(EVIL,)),
        gates_title=EVIL, gates_note=EVIL, changes=((EVIL, EVIL),), choices=(EVIL,),
    )  # fmt: skip
    return replace(
        pages.PAGE, project=EVIL, goal=EVIL, owner=EVIL, day=EVIL, status=EVIL, answer=answer,
        parts=(Part("money", EVIL, EVIL, (Finding(EVIL, EVIL, blocks, EVIL),)),),
        appendix=(Account("audit", EVIL, short=blocks, full=blocks, next=EVIL),), foot=(EVIL,), version=EVIL,
    )  # fmt: skip


class Reader(HTMLParser):
    """Collects tags and attributes, and checks that every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """A tag closes, the one opened last."""
        if tag not in VOID:
            assert tag == self.open.pop()


def read(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """The page's tags, all of them closed."""
    reader = Reader()
    reader.feed(html)
    assert [] == reader.open
    return reader.tags


def words(html: str) -> str:
    """What the page says, without its style, script and mark-up."""
    bare = re.sub(r"<(style|script)[^>]*>.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", bare)


@pytest.mark.parametrize("page", [*pages.pages().values(), evil_page()], ids=[*pages.pages(), "evil"])
def test_the_page_is_self_contained(page: Page) -> None:
    """Nothing is loaded and nothing runs: no script, no handler, no style attribute, no address but its own parts."""
    tags = read(render(page))
    assert not {"script", "img", "iframe", "link", "object", "form"} & {tag for tag, _ in tags}
    for _, attributes in tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset")]
        assert (attributes.get("href") or "#").startswith("#")


def test_texts_are_escaped_not_dropped() -> None:
    """Mark-up in names, labels and findings is shown as the text it is, and no template runs in it."""
    html = render(evil_page())
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html
    assert 1 == html.count("</style>")
    read(account_html(evil_page().appendix[0]))
    assert "<script" not in account_html(evil_page().appendix[0])


def test_no_text_steers_what_is_read() -> None:
    """Controls, and marks that turn the direction of what follows, are blanks; letters of every script stay."""
    told = Account("decide", "turned \u202e round \x1b[31m \u2066 \x00 für שלום 数据", short=(Words(("\u202dagain",)),))
    for html in (render(replace(evil_page(), appendix=(told,))), account_html(told)):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)
        assert "für שלום 数据" in html


def test_the_policy_allows_only_the_own_style_sheet() -> None:
    """The content security policy forbids everything but the style sheet with this hash."""
    html = render(pages.PAGE)
    found = re.search(r"default-src 'none'; style-src 'sha256-([^']+)'; base-uri", html)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert found
    assert style
    assert base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode() == found.group(1)
    assert "http" not in style.group(1)


def test_the_one_script_runs_by_its_hash_and_its_grid_cannot_end_it(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a grid the page carries the script, named by its hash; a text in the grid cannot close the element."""
    if not page_module.SCRIPT.exists():
        made = tmp_path / "page.js"  # type: ignore[operator]
        made.write_text('document.documentElement.classList.add("js")', encoding="utf-8")
        monkeypatch.setattr(page_module, "SCRIPT", made)
    grid = {"say": "</script><script>alert(1)</script>", "cells": [1, 2]}
    html = render(replace(pages.PAGE, grid=grid))
    scripts = re.findall(r"<script( [^>]*)?>(.*?)</script>", html, re.DOTALL)
    assert 2 == len(scripts)
    assert grid == json.loads(scripts[0][1])
    code = base64.b64encode(hashlib.sha256(scripts[1][1].encode()).digest()).decode()
    assert f"script-src 'sha256-{code}'" in html
    assert "unsafe" not in html
    assert 'id="sheet"' in html


def test_the_foot_of_printed_pages_is_a_string_of_the_style_sheet() -> None:
    """A project's name can neither end the string nor the style sheet."""
    style = re.search(r"<style>(.*?)</style>", render(replace(pages.PAGE, project='a"}</style>\\')), re.DOTALL)
    assert style
    assert r'content:"a\22 \7d \3c \2f style\3e \5c ' in style.group(1)


@pytest.mark.parametrize(("kind", "page"), pages.pages().items())
def test_every_verdict_has_its_page(kind: str, page: Page) -> None:
    """The sentence stands first, in the verdict's colour; tiles, gates and the decision stand where there are any."""
    html = render(page)
    assert page.answer.verdict.sentence in words(html.split('id="say"')[1].split("</h2>")[0].split(">", 1)[1])
    assert len(page.answer.tiles) == html.count('<div class="tile">')
    assert (page.answer.gates is not None) == ('id="gates"' in html)
    assert all(f"<li>{choice}</li>" in html for choice in page.answer.choices)
    assert ("For decision" in html) == bool(page.status)
    assert 'href="#money"' in html or kind == "not yet"


def test_tables_and_charts_can_be_read_aloud() -> None:
    """Head cells have a scope, charts a label, and every anchor leads to a part of the page."""
    tags = read(render(pages.PAGE))
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in tags if tag == "th")
    assert all(attributes.get("aria-label") for tag, attributes in tags if tag == "svg")
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert all((attributes["href"] or "")[1:] in ids for tag, attributes in tags if tag == "a")


def test_every_chart_is_drawn_for_two_widths() -> None:
    """A wide drawing and one for a telephone; gates have a list in the second one's place."""
    html = render(pages.PAGE)
    assert html.count('<div class="small">') + 1 == html.count('<div class="large"')
    assert 5 == html.split('id="branches"')[1].split("</ul>")[0].count("<li")


def test_commands_are_code_and_stray_ticks_are_text() -> None:
    """What to run stands as code; a lone tick, or mark-up between two, stays text."""
    told = Account("audit", "Not done: run `tunecase audit`.", short=(Listing("", ("a ` tick", "`<script>`")),))
    html = render(replace(pages.PAGE, appendix=(told,)))
    assert "run <code>tunecase audit</code>" in html
    assert "a ` tick" in html
    assert "<code>&lt;script&gt;</code>" in html


def test_the_name_of_a_field_breaks_at_its_joints() -> None:
    """A narrow column ends a line after a point or a stroke of a field's name; the text stays escaped."""
    told = Account("define", "x", short=(Listing("", ("add alternatives.prompt_hosted.score: <b>3</b>",)),))
    html = render(replace(pages.PAGE, appendix=(told,)))
    assert "add alternatives.<wbr>prompt_<wbr>hosted.<wbr>score: &lt;b&gt;3&lt;/b&gt;" in html


def test_empty_blocks_leave_no_title_behind() -> None:
    """A list without items, a table without rows: nothing is drawn of them."""
    told = Account("audit", "x", short=(Listing("No items", ()), Table("No rows", ("a",), ()), Facts("No pairs", ())))
    assert not re.search("No items|No rows|No pairs", render(replace(pages.PAGE, appendix=(told,))))


def test_a_notebook_shows_the_block_of_the_page() -> None:
    """An account alone: its answer, its blocks, the next command; styles count inside it only, nothing runs."""
    html = account_html(replace(pages.APPENDIX[0], next="tunecase pilot"))
    assert "717 rows were read" in html
    assert "<code>tunecase pilot</code>" in html
    assert "<style>@scope (.tunecase)" in html
    assert not {"script", "html", "body", "link"} & {tag for tag, _ in read(html)}
