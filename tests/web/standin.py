"""Crude pages for tests of the server where the app's own are not there: every value that a page shows, as text."""

import html
import sys
from pathlib import Path
from types import ModuleType

import tunecase


def put_in() -> None:
    """Puts crude pages in the place of the app's, where it has none."""
    if "tunecase.web.pages" in sys.modules or (Path(tunecase.__file__).parent / "web" / "pages").is_dir():
        return
    module = ModuleType("tunecase.web.pages")
    module.STYLE, module.SCRIPT = "body { margin: 1em }", "'use strict'"
    module.cases_page = lambda shelf, token: _page("cases", shelf, token)
    module.case_page = lambda view, tab, token, filled=None: _page(f"{view.name}: {tab}", (view, filled), token)
    module.live_fragment = lambda state: f"<p>{html.escape(repr(state))}</p>"
    module.message_page = lambda title, words, back="/": _page(title, words, "")
    sys.modules["tunecase.web.pages"] = module


def _page(title: str, shown: object, token: str) -> str:
    text = shown if isinstance(shown, str) else repr(shown)
    return (
        f"<!doctype html><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>"
        f'<form><input type="hidden" name="token" value="{token}"></form><pre>{html.escape(text)}</pre></html>'
    )


put_in()
