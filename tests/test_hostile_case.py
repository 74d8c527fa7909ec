"""A case whose every text is hostile: no output holds anything live that a text of the user's brought."""

import ast
import csv
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from tests.command import Ran, tunecase
from tests.making import COLOURS, case_folder, tickets, write_jsonl
from tunecase.io.csv_tables import FORMULA

pytestmark = pytest.mark.slow

LIVE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) ![p](http://x.y/p.png) "
    "@user #1 GH-1 !1 http://x.y :100: a|b `c` "
    "<!-- d --> **e** \x1b]8;;http://x.y\x07f\x1b]8;;\x07 \x1b[31mg \u202eh \u2066i"
)
FENCE = "```html\n<b>j</b>\n```\n"
FORMULAS = ("=1+1", "\uff1d1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1")
COLUMN, NOTE = "team <b>x</b> | @user", f"=1+1 {LIVE}"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
CALLED = re.compile(r"(?i)@user|#1\b|\bgh-1|!1\b|\w://x\.y|:100:")
LABELS = (
    "=1+1 <script>red",
    "\uff1d1 @user [x](javascript:a)",
    "-1|blue `#1` GH-1",
    "@SUM(1) <img onerror=a> http://x.y",
)
HTML_OF_OURS = re.compile(r"</?(details|summary|sub)>.*\s*|<br>|<!-- (?!d ).* -->\s*")
OURS = re.compile(r"https?://(?!x\.y)|#[\w-]|mailto:|data:")


class Case:
    """The folder of the case, and what each command said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, list[tuple[str, Ran]]()

    def run(self, *words: str | Path) -> Ran:
        """A command in the folder, which must end as a person is told."""
        ran = tunecase(*words, cwd=self.folder)
        self.said.append((" ".join(map(str, words))[:60], ran))
        return ran


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Every quick command has written what it writes."""
    folder = tmp_path_factory.mktemp("hostile <b>")
    text = json.dumps(LIVE.replace("\x1b", "\\e"))
    name = "train <b>x [a](b) @user.jsonl"
    case_folder(folder, train_rows=160, test_rows=60, name=f"name: {text}", owner=f"  owner: {text}",
                criteria=f"  criteria: [{text}, '=1+1']", train=f"  train: {json.dumps(name)}")  # fmt: skip
    for path, rows, seed in ((name, 160, 1), ("test.jsonl", 60, 2), ("pool.jsonl", 80, 3)):
        write_jsonl(folder / path, _hostile(tickets(rows, seed)))
    columns = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice"
    row = "=1+1 <b>,H100,8,192,2048,60.5,\uff1deu-<b>,,20"
    (folder / "catalog.csv").write_text(f"{columns}\n{row}\n", encoding="utf-8")
    made = Case(folder)
    for words in (
        ("audit", "--fix", "cleaned"), ("estimate", "--full"), ("check",),
        ("spend", "add", "9", "--category", "storage", "--note", NOTE),
        ("spend", "list"), ("books", "--full"), ("report",),
        ("compare", "--set", "problem.target=95%", "--markdown", "compare.md"),
        ("audit", "--next", "9", "--pool", "pool.jsonl", "--to", "batch.csv"),
        ("label", "--trial", "20", "--to", "trial"),
        ("prices", "--update", "catalog.csv", "--date", "2026-11-20", "--to", "prices.csv"), ("ledger", "verify"),
    ):  # fmt: skip
        made.run(*words)
    return made


def _hostile(rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    for place, row in enumerate(rows):
        label = LABELS[COLOURS.index(row["label"])]
        more = (LIVE, FENCE, *[""] * 7)[place % 9]
        text = f"{FORMULAS[place % len(FORMULAS)]} {row['text']} {more}"
        yield {"text": text, "label": label, COLUMN: LIVE}


def test_every_command_ends_as_it_should(case: Case) -> None:
    """With an answer: none refuses the texts, none fails on them."""
    assert [] == [(words, ran.code, ran.err[:300]) for words, ran in case.said if ran.code]


def test_a_terminal_gets_no_control_characters(case: Case) -> None:
    """Nor marks that turn the direction of what follows."""
    assert [] == [
        (words, part, stream[max(0, found.start() - 40) : found.end() + 9])
        for words, ran in case.said
        for part, stream in (("out", ran.out), ("err", ran.err))
        if (found := CONTROL.search(stream))
    ]


def test_markdown_holds_nothing_live(case: Case) -> None:
    """No HTML, picture, link to what a text names, and nobody who is called."""
    for path in _written(case, "*.md"):
        read = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(path.read_text(encoding="utf-8"))
        tokens = [each for token in read for each in (token, *(token.children or ()))]
        html = [each.content for each in tokens if each.type.startswith("html")]
        assert [] == [each for each in html if not HTML_OF_OURS.fullmatch(each)], path
        led = [each.attrs for each in tokens if each.type in ("link_open", "image")]
        links = [str(each.get("href", each.get("src"))) for each in led]
        assert [] == [each for each in links if not OURS.match(each)], path
        words = " ".join(each.content for each in tokens if each.type == "text")
        assert not CALLED.search(words), (path, CALLED.findall(words))
        assert not CONTROL.search(words), path


class _Live(HTMLParser):
    """What a page holds that a text could have brought."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[object] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        for name, value in attrs:
            if name in ("href", "src") and not OURS.match(value or "") and not (tag == "link" or name.startswith("on")):
                self.found.append((tag, name, value))
            if name.startswith("on") or ("alert(" in (value or "") and name not in ("title", "aria-label", "content")):
                self.found.append((tag, name, value))

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "b", "i", "img") and "alert(1)" in data:
            self.found.append((self.inside, data[:80]))
        if CONTROL.search(data):
            self.found.append(("control", data[max(0, CONTROL.search(data).start() - 30) :][:60]))  # type: ignore[union-attr]


def test_a_page_holds_nothing_live(case: Case) -> None:
    """No script, no element with a handler and no address of a text's own."""
    pages = _written(case, "*.html")
    for path in pages:
        page = _Live()
        page.feed(path.read_text(encoding="utf-8"))
        assert [] == page.found, path


def test_no_cell_is_a_formula(case: Case) -> None:
    """Of the tables for a spreadsheet: the reviews, the rows to label, the trial's sheets, and the prices."""
    tables = [path for path in _written(case, "*.csv") if path.name != "catalog.csv"]
    assert {"review.csv", "batch.csv", "prices.csv"} <= {path.name for path in tables}
    number = re.compile(r"-?[\d.]+(e-?\d+)?")
    for path in tables:
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        taken = [cell[:60] for cell in cells if FORMULA.match(cell) and cell[:1] != "'"]
        assert [] == [cell for cell in taken if not number.fullmatch(cell)], path


def test_the_configs_of_annotation_tools_hold_texts_as_texts(case: Case) -> None:
    """The XML has no element and the Python no name that a label brought."""
    view = ElementTree.parse(case.folder / "cleaned" / "label_studio.xml")
    assert [] == [each.tag for each in view.iter() if each.tag in ("script", "img", "b")]
    code = ast.parse((case.folder / "cleaned" / "argilla_settings.py").read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(code) if isinstance(node, ast.Name)}
    assert not names & {"user", "alert", "red", "script", "SUM"}


def _written(case: Case, names: str) -> list[Path]:
    found = sorted(case.folder.rglob(names))
    assert found
    return found
