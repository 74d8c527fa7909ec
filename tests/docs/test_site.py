"""The site's sources are true: its commands parse, its links lead somewhere, its tutorials print what they show."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest

from tests.command import tunecase

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import site_pages  # noqa: E402
import site_reference  # noqa: E402
import site_schemas  # noqa: E402
import site_shown  # noqa: E402

NONE = dict.fromkeys(site_pages.case_files(), "")  # worked cases without their answers, which take half a minute


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    """Every page by its path."""
    return site_pages.pages(NONE)


def test_commands_parse_and_links_lead_somewhere(found: dict[str, str]) -> None:
    """Every command that a page shows is taken by the command line, every link is a page, a file or a heading."""
    assert [] == list(site_pages.problems(found))
    shown = {page: site_reference.shown_on(text) for page, text in found.items()}
    assert sum(map(len, shown.values())) > 150
    assert all(len(shown[f"tutorials/{name}.md"]) >= 4 for name in site_pages.TUTORIALS)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("`tunecase bill`", "a.md: tunecase bill: no such command"),
        ("`tunecase audit --slow`", "a.md: tunecase audit --slow: No such option: --slow"),
        ("`tunecase fit m --seed many`", "a.md: tunecase fit m --seed many: Invalid value for '--seed': "),
        ("```\ntunecase spend lend 3\n```", "a.md: tunecase spend lend 3: no such command"),
        ("[b](b.md)", "a.md: b.md is no page"),
        ("[a](a.md#lost)", "a.md: a.md#lost is no heading"),
    ],
)
def test_what_is_wrong_on_a_page_is_named(line: str, said: str) -> None:
    """A command or an option that is none, a value that is refused, a link to no page or heading."""
    (problem,) = site_pages.problems({"a.md": f"# A\n\n{line}\n"})
    assert problem.startswith(said)


def test_every_command_and_option_is_in_the_reference(found: dict[str, str]) -> None:
    """A command of the command line has its page, and on it every option that its help shows."""
    for path, command in site_reference.all_commands().items():
        page = found[f"reference/commands/{path.split()[0]}.md"]
        names = [
            name for one in command.params if one.param_type_name == "option" and not one.hidden for name in one.opts
        ]
        assert [] == [name for name in names if f"`{name}`" not in page], path
    assert "`--full`" in found["reference/commands/audit.md"]


def test_every_field_of_the_project_file_is_in_the_reference(found: dict[str, str]) -> None:
    """Sections and fields come from the schema that `init` writes."""
    schema = json.loads(site_schemas.project_schema())
    sections = [schema, *schema["$defs"].values()]
    fields = {field for section in sections for field in section.get("properties", {})}
    assert len(fields) > 100
    assert [] == sorted(field for field in fields if f"`{field}`" not in found["reference/project-file.md"])


@pytest.mark.slow
def test_schemas_are_schemas() -> None:
    """Each file below reference/schemas is a valid JSON Schema, and the page of records links it."""
    schemas = {place: body for place, body in site_pages.files().items() if place.endswith(".json")}
    page = site_schemas.record_pages()["reference/records.md"]
    assert len(schemas) > 10
    for place, body in schemas.items():
        jsonschema.Draft202012Validator.check_schema(json.loads(body))
        assert f"(schemas/{Path(place).name})" in page


def test_llms_txt_keeps_to_its_form(found: dict[str, str]) -> None:
    """A title, a summary, then sections of links to Markdown pages: llmstxt.org."""
    lines = site_pages.llms(found).splitlines()
    assert "# tunecase" == lines[0]
    assert lines[2].startswith("> ")
    links = [re.fullmatch(r"- \[([^\]]+)\]\(([^)]+\.md)\)(?:: (.+))?", line) for line in lines if line.startswith("- ")]
    assert None not in links
    assert 20 >= sum(not link[3] for link in links if link)  # chapters of the method, and tables
    assert set(found) - {"index.md"} == {link[2] for link in links if link}


def test_every_page_of_the_repository_is_on_the_site(found: dict[str, str]) -> None:
    """The method by chapter, evidence, track record, glossary, changelog and security stand there as they are."""
    assert (ROOT / "docs/glossary.md").read_text("utf-8").splitlines()[-1] in found["glossary.md"]
    chapters = {path.name for path in (ROOT / "docs/method").glob("*.md")} - {"README.md"}
    assert chapters == {Path(page).name for page in found if page.startswith("method/")} - {"index.md"}
    assert set(site_pages.PAGES.values()) <= set(found)


def test_a_tutorial_is_read_and_written_alike() -> None:
    """Written anew with what they show, tutorials are as they were."""
    for name in site_pages.TUTORIALS:
        text = (site_shown.TUTORIALS / f"{name}.md").read_text(encoding="utf-8")
        ran = [step for step in site_shown.steps(text) if isinstance(step, site_shown.Command)]
        assert text == site_shown.rewritten(text, ran)
        assert all(step.printed for step in ran)


def test_a_moved_answer_is_told() -> None:
    """Other words, another exit code and a number moved by more than a fifth differ; a day does not."""
    shown = site_shown.Command("tunecase x", "Yes: 100 USD on 3 May 2026.")
    for printed, count in (
        ("Yes: 110 USD on 9 June 2027.", 0),
        ("No: 100 USD on 3 May 2026.", 1),
        ("Yes: 150 USD on 3 May 2026.", 1),
    ):
        assert count == len(site_shown.differences(shown, site_shown.Command("tunecase x", printed)))
    assert site_shown.differences(shown, site_shown.Command("tunecase x", "Yes."))
    assert site_shown.differences(shown, site_shown.Command("tunecase x", shown.printed, 1))


@pytest.mark.slow
def test_cheap_commands_print_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tutorial on the price of a run, walked in this process."""
    monkeypatch.setenv("COLUMNS", "80")
    text = (site_shown.TUTORIALS / "price-my-run.md").read_text(encoding="utf-8")
    for step in site_shown.steps(text):
        if isinstance(step, site_shown.File):
            (tmp_path / step.name).write_text(step.text, encoding="utf-8")
            continue
        ran = tunecase(*step.words, "--today", site_shown.DAY, cwd=tmp_path)
        printed = ran.out.replace(f" --today {site_shown.DAY}", "")
        assert [] == site_shown.differences(step, site_shown.Command(step.typed, printed, ran.code))


@pytest.mark.slow
@pytest.mark.parametrize("name", site_pages.TUTORIALS)
def test_tutorials_print_what_they_show(name: str, tmp_path: Path) -> None:
    """Every command of a tutorial, in order, in a new folder, with the files that its reader saves."""
    text = (site_shown.TUTORIALS / f"{name}.md").read_text(encoding="utf-8")
    for shown, ran in site_shown.walked(text, tmp_path, site_reference.takes_today):
        assert [] == site_shown.differences(shown, ran)


@pytest.mark.slow
def test_the_check_needs_no_builder() -> None:
    """`python docs/site.py --check` is silent where all is well."""
    ran = subprocess.run([sys.executable, ROOT / "docs" / "site.py", "--check"], capture_output=True, text=True)
    assert (0, "", "") == (ran.returncode, ran.stdout, ran.stderr)


class Links(HTMLParser):
    """What a page links to and loads, and the anchors that it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps the attributes that name a place."""
        held = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := held.get(name))}
        self.targets += [value for name in ("href", "src") if (value := held.get(name)) is not None]
        if tag in ("script", "img", "link", "iframe", "source"):
            self.loads += [value for name in ("href", "src") if (value := held.get(name)) is not None]


def broken(site: Path) -> Iterator[str]:
    """Links of built pages that lead nowhere, and what they would load from elsewhere."""
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    for path, links in pages.items():
        here = path.relative_to(site)
        yield from (f"{here} loads {place}" for place in links.loads if urlsplit(place).netloc)
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            place = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not place.is_file():
                yield f"{here}: {target} is no file"
            elif parts.fragment and place in pages and unquote(parts.fragment) not in pages[place].anchors:
                yield f"{here}: {target} is no anchor"


def test_the_checker_of_links_finds_what_is_broken(tmp_path: Path) -> None:
    """A lost file, a lost anchor, and what comes from elsewhere."""
    page = '<a href="b.html"></a><a href="#x"></a><img src="//a.example/p.png"><a href="https://a.example">out</a>'
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    assert ["a.html loads //a.example/p.png", "a.html: b.html is no file", "a.html: #x is no anchor"] == list(
        broken(tmp_path)
    )


@pytest.mark.needs("site")
def test_the_built_site_holds_together(built: Path) -> None:
    """Sphinx warns of nothing; every link and anchor of every page is there; nothing is loaded from elsewhere."""
    assert [] == list(broken(built))
    assert len(list(built.rglob("*.html"))) > 60
    pages = [path.relative_to(built).with_suffix(".html") for path in built.rglob("*.md")]
    assert len(pages) > 60
    assert [] == [str(page) for page in pages if not (built / page).exists()]
    named = re.findall(r"\]\(([^)]+\.md)\)", (built / "llms.txt").read_text(encoding="utf-8"))
    assert [] == [name for name in named if not (built / name).exists()]
    assert "set aside" in (built / "cases" / "one-weekend.md").read_text(encoding="utf-8")
