"""The notebooks run from top to bottom, hold no outputs, and show records as fragments that break no page."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tunecase.report import record_html

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))
VOID = {"br", "hr", "img", "input", "col", "wbr", "meta", "link"}
# What would change the page that a cell stands in.
OUTSIDE = {"html", "head", "body", "script", "link", "meta", "base", "form", "iframe"}


class _Tags(HTMLParser):
    """The tags of a fragment: those that are open, those that must not be there, and what is closed wrongly."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.wrong += [tag] if tag in OUTSIDE else []
        self.wrong += [f"{tag} {name}" for name, _ in attrs if name == "id" or name.startswith("on")]
        self.open += [] if tag in VOID else [tag]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.wrong += [tag] if tag in OUTSIDE else []

    def handle_data(self, data: str) -> None:
        self.wrong += ["style"] if self.open[-1:] == ["style"] and not is_scoped(data) else []

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")


def is_scoped(style: str) -> bool:
    """Whether all rules of a style sheet stand in one scope, that of the block itself."""
    begun, depths, depth = style.strip().startswith("@scope (.tunecase)"), [], 0
    for letter in style.strip():
        depth += {"{": 1, "}": -1}.get(letter, 0)
        depths += [depth] if letter in "{}" else []
    return begun and depths[-1:] == [0] and 0 not in depths[:-1]


def breaks(html: str) -> list[str]:
    """What of a fragment would break the page around it."""
    tags = _Tags()
    tags.feed(html)
    tags.close()
    return [*tags.wrong, *tags.open]


def test_breaks_are_seen() -> None:
    """A style for all, an id, an open tag and a wrong end are found; a sound fragment has none."""
    assert [] == breaks("<div class='a'><style>@scope (.tunecase) { p {} }</style><p>x<br></p></div>")
    assert ["style"] == breaks("<style>p{}</style>") == breaks("<style>@scope (.tunecase) {} p {}</style>")
    assert ["p id", "p"] == breaks("<p id='a'>x")
    assert ["/div"] == breaks("<div><p></div></div>")


def test_every_record_is_a_fragment() -> None:
    """What a cell shows of any record closes its own tags, brings no script, and its style is for itself alone."""
    shown = {verb: record_html(record) for verb, record in samples.records().items()}
    assert sum(html is not None for html in shown.values()) >= 9
    assert {} == {verb: found for verb, html in shown.items() if html and (found := breaks(html))}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_hold_no_outputs(path: Path) -> None:
    """What a run printed is not kept in the repository, nor on which machine it ran."""
    book = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 5
    assert [] == [cell["id"] for cell in cells if cell["outputs"] or cell["execution_count"] is not None]
    assert {"kernelspec", "language_info"} == set(book["metadata"])


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each runs from top to bottom in an empty folder; its records show the page's blocks, its plots are drawn."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    for name in ("ipykernel", "pandas", "matplotlib"):
        pytest.importorskip(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    book = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": tmp_path}}
    nbclient.NotebookClient(book, timeout=900, kernel_name="python3", resources=place).execute()
    outputs: list[Any] = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = ["".join(output.data["text/html"]) for output in outputs if "text/html" in output.get("data", {})]
    records = [html for html in shown if "dataframe" not in html]
    assert len(records) >= 5
    assert {} == {html[:40]: found for html in records if (found := breaks(html))}
    assert 2 == sum("image/png" in output.get("data", {}) for output in outputs)
    assert [] == [output for output in outputs if output.output_type == "error"]
