"""Every page from made-up cases: hostile names in every field, nothing that runs, forms that say what they are."""

import dataclasses
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

from tests.report.test_page import EVIL, evil_page
from tests.web.pages import made
from tests.web.pages.reading import PageRead
from tunecase.blocks import Page
from tunecase.web import pages
from tunecase.web.views import CaseView, Filled, Tab

GRID = {"words": {"title": "What if"}, "say": "</script><script>alert(1)</script>"}
STEERED = f"{EVIL}\u202e\x07"


def hostile(value: Any) -> Any:
    """The same values with mark-up in every text, however deep; what is chosen from a list of words stays."""
    if isinstance(value, Page) or value is None:
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = ("form", "tone", "state", "category", "charge", "basis", "metric", "action")
        names = [
            one.name
            for one in dataclasses.fields(value)
            if one.name not in kept or not isinstance(getattr(value, one.name), str)
        ]
        return replace(value, **{name: hostile(getattr(value, name)) for name in names})
    if isinstance(value, tuple):
        return tuple(map(hostile, value))
    if isinstance(value, dict):
        return {key: hostile(one) for key, one in value.items()}
    return STEERED if isinstance(value, str) else value


def cases() -> dict[str, CaseView]:
    """Cases with all, with little and with nothing."""
    released = made.view(approvals=made.RELEASED, page=replace(made.PAGE, grid=GRID))
    bare = made.view(None, pilot=made.state(0), books=None, charges=None, approvals=None, faults=("No ledger.",))
    failed = made.state(4, running=True, fault="It died.\nIts last words: out of memory")
    runs = (*failed.runs, made.run(5, score=None, failed="out of memory", learner="Qwen3-0.6B"))
    odd = made.view(
        replace(made.PAGE, parts=(), appendix=(), answer=replace(made.PAGE.answer, tiles=(), gates=None, changes=())),
        pilot=replace(failed, runs=runs, metric="nobody's", target=None, planned=None, cap_usd=None, left_s=None),
        books=replace(made.BOOKS, budget=None, left=None, lines=(), entries=0, spent=Decimal(0), planned=None),
        charges=replace(made.CHARGES, charges=(), set_aside=()),
    )  # fmt: skip
    return {"whole": made.view(), "released": released, "bare": bare, "odd": odd}


def every_page() -> dict[str, str]:
    """Every page that there is, by a name: the cases plain and hostile, each form empty, mistaken and done."""
    drawn = {
        "cases": pages.cases_page(made.SHELF),
        "cases hostile": pages.cases_page(hostile(made.SHELF)),
        "no cases": pages.cases_page(replace(made.SHELF, cases=(), left_out="")),
        "message": pages.message_page("Gone", "The folder vanished.\nFix: load again"),
        "message hostile": pages.message_page(STEERED, STEERED),
    }
    seen = {**cases(), "hostile": replace(hostile(made.view()), page=replace(evil_page(), grid=GRID))}
    for name, view in seen.items():
        for tab in made.TABS:
            drawn[f"{name}: {tab}"] = pages.case_page(view, tab, made.TOKEN)
    for name, view in seen.items():
        for tab, filled in (*made.MISTAKEN.items(), ("books", made.CONFIRM)):
            drawn[f"{name}: {tab}, {filled.form} came back"] = pages.case_page(view, tab, made.TOKEN, filled)
            drawn[f"{name}: {tab}, {filled.form} hostile"] = pages.case_page(view, tab, made.TOKEN, hostile(filled))
    done: tuple[tuple[Tab, str], ...] = (
        ("answer", "approve"),
        ("pilot", "pilot"),
        ("books", "charge"),
        ("books", "bill"),
    )
    for tab, form in done:
        drawn[f"{form} done"] = pages.case_page(made.view(), tab, made.TOKEN, Filled(form, done=STEERED))
    return drawn


@cache
def read() -> dict[str, tuple[str, PageRead]]:
    """Every page, as text and read, by its name."""
    return {name: (html, PageRead(html)) for name, html in every_page().items()}


def test_nothing_runs_or_loads_but_the_two_files() -> None:
    """No style or handler inside, no element of the visitor's making, addresses on this server alone."""
    for _, page in read().values():
        assert not {"style", "img", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.tags}
        for tag, given in page.tags:
            assert not [name for name in given if name.startswith("on") or name in ("style", "srcset", "formaction")], (
                tag
            )
            for name in ("href", "src", "action"):
                assert re.match(r"/|#|data:,$", given.get(name) or "/"), (tag, given)
                assert not (given.get(name) or "").startswith("//")
        scripts = page.all("script")
        assert ["/static/app.js"] == [one["src"] for one in scripts if "src" in one]
        assert {"application/json"} >= {one.get("type") for one in scripts if "src" not in one}
        assert [{"rel": "icon", "href": "data:,"}, {"rel": "stylesheet", "href": "/static/app.css"}] == page.all("link")


def test_texts_are_shown_as_they_are_and_steer_nothing() -> None:
    """No template runs in a text, and no control or mark of direction comes through."""
    for html, _ in read().values():
        assert "49" not in re.findall(r"&amp;(49|{{ 7\*7 }})", html)
        assert "<script>alert" not in html
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)


def test_every_form_has_its_token_its_address_and_a_button() -> None:
    """Each form is posted to an address of the case, with the token, and something sends it."""
    for _, page in read().values():
        for form in page.forms:
            assert "post" == form.attributes["method"]
            assert re.fullmatch(
                r"/case/[^/]+/(pilot/(start|stop)|charges|bill|bill/(book|leave)|approve)",
                form.attributes["action"] or "",
            )
            assert made.TOKEN == form.fields["token"]["value"]
            assert 1 == form.buttons
            assert ("multipart/form-data" if "bill" in form.fields else None) == form.attributes.get("enctype")


def test_every_field_has_a_label_and_what_describes_it_is_there() -> None:
    """Fields are named by labels, ids are single, and what an attribute points to exists."""
    for _, page in read().values():
        assert len(page.ids) == len(set(page.ids))
        for form in page.forms:
            for name, given in form.fields.items():
                if given.get("type") == "hidden":
                    continue
                assert given["id"] in page.labelled, name
                for id in (given.get("aria-describedby") or "").split():
                    assert page.words[id].strip()
        for _, given in page.tags:
            for name in ("for", "aria-labelledby", "aria-controls"):
                assert given.get(name) is None or given[name] in page.ids


def test_headings_stand_in_their_order() -> None:
    """One heading of the first level, none empty, and no level is left out on the way down."""
    for _, page in read().values():
        headings = page.headings
        levels = [level for level, _ in headings]
        assert 1 == levels.count(1) == levels[0]
        assert all(after <= before + 1 for before, after in pairwise(levels)), headings
        assert all(words.strip() for _, words in headings)


def test_one_element_at_most_takes_the_focus() -> None:
    """A page puts the focus on one thing, or on none."""
    for _, page in read().values():
        assert sum("autofocus" in given for _, given in page.tags) <= 1


def test_what_is_hostile_is_on_the_page() -> None:
    """The test tests something: mark-up of the cases stands on their pages as the text it is."""
    for name, (html, _) in read().items():
        if "hostile" in name:
            assert "&lt;script&gt;" in html, name
