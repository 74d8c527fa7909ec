"""The page: self-contained, escaped, readable on paper and on a telephone."""

import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tunecase.project import Project
from tunecase.records import Flip, WhatIf
from tunecase.report.page import render
from tunecase.report.report import content

EVIL = "<script>alert('x')</script><img src=http://evil.example/x onerror=alert(1)>\"'&{{ 7*7 }}"
VOID = {"meta", "br", "wbr", "img", "line", "rect", "circle", "polygon", "polyline", "link", "input", "hr"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def page(records: dict[str, Any] | None = None, name: str = "Ticket routing", goal: str = "sort tickets") -> str:
    """The page of some records under a project's name."""
    project = Project.model_validate({"name": name, "data": {"train": "t"}, "problem": {"goal": goal, "owner": name}})
    found = content(
        samples.records() if records is None else records,
        project=project,
        today=samples.TODAY,
        spendings=samples.spendings(),
        earlier=[("before the pilot", samples.earlier_estimate())],
        entries=samples.ENTRIES,
        meta={"version": "0.1.0", "ledger": "ledger.jsonl"},
    )
    return render(found, generated_at="24 November 2026, 09:31 UTC")


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


def evil_records() -> dict[str, Any]:
    """The samples with mark-up in every text that a user or a data file can write."""
    records = samples.records()
    audit, estimate, forecast = records["audit"], records["estimate"], records["forecast"]
    finding = replace(audit.findings[0], fix=EVIL, why=EVIL, examples=(EVIL,))
    records["audit"] = replace(
        audit, findings=(finding,), classes={EVIL: 3}, not_checked=(EVIL,), reason=EVIL, train=EVIL, schema=EVIL
    )
    lines = (replace(estimate.lines[0], name=EVIL, basis=EVIL), *estimate.lines[1:])
    drivers = (replace(estimate.drivers[0], name=EVIL, input_low=1, input_high=2, total_low=5.0, total_high=9.0),)
    what_if = (WhatIf("stay", 15_000, 0.8, 0.7, (Flip(EVIL, 2.0, 1.0, "sure"),)),)
    records["estimate"] = replace(
        estimate, lines=lines, drivers=drivers, currency=EVIL, assumptions=(EVIL,), gpu=EVIL, what_if=what_if
    )
    records["forecast"] = replace(forecast, metric=EVIL, reason=EVIL, next_pilot=EVIL)
    rule = replace(records["define"].criteria[0], got=EVIL, name=EVIL, source=EVIL)
    records["define"] = replace(records["define"], criteria=(rule,), reason=EVIL)
    records["decide"] = replace(records["decide"], action=EVIL, flips_at=EVIL)
    return records


@pytest.mark.parametrize("records", [samples.records(), evil_records(), {}], ids=["full", "evil", "empty"])
def test_the_page_is_self_contained(records: dict[str, Any]) -> None:
    """Nothing is loaded and nothing runs: no script, no handler, no style attribute, no address but its own parts."""
    tags = read(page(records, name=EVIL, goal=EVIL))
    assert not {"script", "img", "iframe", "link", "object", "form"} & {tag for tag, _ in tags}
    for _, attributes in tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset")]
        assert (attributes.get("href") or "#").startswith("#")


def test_the_name_of_a_field_breaks_at_its_joints() -> None:
    """A narrow column ends a line after a point or a stroke of a field's name; the text stays escaped."""
    posed = samples.records()["define"]
    rule = replace(posed.criteria[0], status="fail", fix="add alternatives.prompt_hosted.price_per_1k: <b>3.5</b>")
    html = page({**samples.records(), "define": replace(posed, criteria=(rule,))})
    assert "add alternatives.<wbr>prompt_<wbr>hosted.<wbr>price_<wbr>per_<wbr>1k: &lt;b&gt;3.5&lt;/b&gt;" in html
    read(html)


def test_texts_are_escaped_not_dropped() -> None:
    """Mark-up in names, labels and findings is shown as the text it is, and no template runs in it."""
    html = page(evil_records(), name=EVIL)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html


def test_the_policy_allows_only_the_own_style_sheet() -> None:
    """The content security policy forbids everything but the style sheet with this hash."""
    import base64
    import hashlib

    html = page()
    found = re.search(r"default-src 'none'; style-src 'sha256-([^']+)'", html)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert found
    assert style
    assert base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode() == found.group(1)
    assert "http" not in style.group(1)


def test_tables_and_charts_can_be_read_aloud() -> None:
    """Head cells have a scope, charts a label, and every anchor leads to a part of the page."""
    tags = read(page())
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in tags if tag == "th")
    assert all(attributes.get("aria-label") for tag, attributes in tags if tag == "svg")
    ids = {attributes.get("id") for _, attributes in tags}
    assert all((attributes["href"] or "")[1:] in ids for tag, attributes in tags if tag == "a")


def test_results_do_not_speak_by_colour_alone() -> None:
    """Pass, fail and unknown have a word and a symbol."""
    text = re.sub(r"<[^>]+>", "", page())
    for said in ("✓ pass", "✕ fail", "? unknown", "▲ warn", "? unpriced"):
        assert said in text


def test_every_section_has_its_evidence() -> None:
    """Two clicks lead from a number to what it rests on: its section, then its details."""
    html = page()
    for id in ("bill", "data", "problem", "decision", "books", "basis"):
        part = html.split(f'<section id="{id}"')[1].split("</section>")[0]
        assert "<details>" in part
    assert all(entry in html for entry in samples.ENTRIES.values())


def test_commands_are_code_and_stray_ticks_are_text() -> None:
    """What to run stands as code; a lone tick, or mark-up between two, stays text."""
    html = page({}, goal="a ` tick")
    assert "run <code>tunecase forecast</code>" in html
    assert "A ` tick." in html
    audit = replace(samples.audit(), not_checked=("`<script>`", "one ` tick"))
    assert "<code>&lt;script&gt;</code>" in page({"audit": audit})


def test_the_same_records_give_the_same_page() -> None:
    """Rendering is a function of its arguments."""
    assert page() == page()


def _browse(folder: Path, url: str, *more: str) -> str:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder / 'chrome'}"]
    assert CHROMIUM
    done = subprocess.run([CHROMIUM, *flags, *more, url], capture_output=True, timeout=120, check=True)
    return done.stdout.decode()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on the path")
@pytest.mark.parametrize("width", [375, 1_200])
@pytest.mark.parametrize("kind", ["full", "evil", "empty"])
def test_nothing_hangs_over_the_edge(tmp_path: Path, width: int, kind: str) -> None:
    """In a real browser, evidence open, the page is no wider than a telephone."""
    records = {"full": samples.records, "evil": evil_records, "empty": dict}[kind]()
    html = page(records).replace("<details>", "<details open>")
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    wrapper = (
        f'<iframe id="f" src="report.html" style="width:{width}px;height:900px;border:0"></iframe><p id="out">?</p>'
        "<script>f.onload = () => { const d = f.contentDocument.documentElement;"
        "out.textContent = 'wide ' + d.scrollWidth + ' of ' + d.clientWidth; }</script>"
    )
    (tmp_path / "wrapper.html").write_text(wrapper, encoding="utf-8")
    said = _browse(
        tmp_path,
        (tmp_path / "wrapper.html").as_uri(),
        "--allow-file-access-from-files",
        "--virtual-time-budget=4000",
        "--dump-dom",
    )
    found = re.search(r"wide (\d+) of (\d+)", said)
    assert found, said[-400:]
    assert int(found.group(1)) <= int(found.group(2))


def test_what_moves_the_bill_is_drawn_and_told() -> None:
    """The bill's section holds a tornado of the drivers, told in words too, and what would have to be true."""
    records = samples.records()
    driver = replace(records["estimate"].drivers[0], name="rounds", input_low=1.0, input_high=6.0)
    what_if = (WhatIf("stay", 15_000, 0.8, 0.7, (Flip("rounds", 2.0, 1.0, "sure"),)),)
    drivers = (replace(driver, total_low=5_000.0, total_high=50_000.0),)
    records["estimate"] = replace(records["estimate"], drivers=drivers, what_if=what_if)
    html = page(records)
    assert '<figure class="tornado">' in html
    assert "rounds: 5.0k USD at 1 round or less, 50k USD at 6 rounds or more" in html
    assert "What would have to be true to be 80% sure of staying within 15k USD (now 70%): 1 round and no more" in html
    bare = page(samples.records())
    assert "tornado" not in bare.split("</style>")[1]
