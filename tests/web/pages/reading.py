"""Reads a page as a browser and a screen reader would: its elements, its forms, what names their fields."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.report.test_page import VOID

Attributes = dict[str, str | None]
TYPED = ("input", "select", "textarea")


@dataclass
class FormRead:
    """A form: its own attributes, the fields in it by name, and whether a button sends it."""

    attributes: Attributes
    fields: dict[str, Attributes] = field(default_factory=dict)
    buttons: int = 0


class PageRead(HTMLParser):
    """The elements of a page in their order; every one that opens must close, in its place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Attributes]] = []
        self.forms: list[FormRead] = []
        self.labelled: set[str] = set()
        self.words: dict[str, str] = {}
        self.headings: list[tuple[int, str]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in VOID:
            self._open.append((tag, given.get("id") or ""))
        if tag == "form":
            self.forms.append(FormRead(given))
        inside = any(name == "form" for name, _ in self._open)
        if tag in TYPED and inside:
            self.forms[-1].fields[given.get("name") or ""] = given
        if tag == "button" and inside:
            self.forms[-1].buttons += 1
        if tag == "label":
            self.labelled.add(given.get("for") or "")
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        """An element closes, the one opened last."""
        if tag not in VOID:
            assert tag == self._open.pop()[0]

    def handle_data(self, data: str) -> None:
        """Words, kept for the elements with an id around them and for the heading that they stand in."""
        for name, id in self._open:
            if id:
                self.words[id] = self.words.get(id, "") + data
            if name in ("h1", "h2", "h3", "h4"):
                level, words = self.headings[-1]
                self.headings[-1] = (level, words + data)

    def all(self, tag: str) -> list[Attributes]:
        """Every element of a kind."""
        return [given for name, given in self.tags if name == tag]

    @property
    def ids(self) -> list[str]:
        """Every id, in order."""
        return [given["id"] or "" for _, given in self.tags if "id" in given]
