"""Every command that a page shows runs: on the site, in the README, in the skill and in the release checklist."""

import re
import shutil
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.chat_server import chat_server, said
from tests.command import Ran, tunecase
from tests.docs.at_hand import desk, tools
from tests.docs.walking import Step, Walk, asked, steps_of, strays
from tests.docs.walks import BEFORE, CODES, DESK, HOME, LEFT_OUT, NAMED, OTHERS, TOLD_ELSEWHERE, TOOLS, WALKS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import site_commands  # noqa: E402
import site_pages  # noqa: E402
import site_reference  # noqa: E402
import site_shown  # noqa: E402

pytestmark = pytest.mark.slow

MORE = (
    "README.md",
    "skills/tunecase/SKILL.md",
    "skills/tunecase/references/tools.md",
    "AGENTS.md",
    "docs/releasing.md",
)
PAGES = site_pages.pages(dict.fromkeys(site_pages.case_files(), "")) | {
    page: (ROOT / page).read_text(encoding="utf-8") for page in MORE
}
# A line with [OPTIONS] says how a command is written.
SHOWN = {page: [one for one in site_reference.shown_on(text) if "[OPTIONS]" not in one] for page, text in PAGES.items()}
REASONS = dict(LEFT_OUT)
EVERY = (HOME, *WALKS)
STEPS = steps_of(EVERY, {page: [one for one in shown if one not in REASONS] for page, shown in SHOWN.items()}, NAMED)
# What some commands need beside the core, and whether it is here.
PARTS = {
    "tunecase serve": find_spec("uvicorn") is not None,
    "tunecase mcp": find_spec("mcp") is not None,
    "--pdf": any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
}
PROGRAM = re.compile(r"^(?:pip|pipx|uvx|uv|make|git|docker|npm|\S*python) ")


def wrong(walk: Walk, folder: Path) -> list[str]:
    """Walks a page in a folder; the commands that end with another exit code than the page lets expect."""
    found = []
    if absent := {sign for sign, here in PARTS.items() if not here and any(sign in s.typed for s in STEPS[walk.page])}:
        warnings.warn(f"not run, since this machine has no program for it: {', '.join(sorted(absent))}", stacklevel=2)
    with chat_server(lambda body: said("1: pass\n2: pass\n3: pass")) as server:
        for step in filter(_can_run, STEPS[walk.page]):
            if step.shown in BEFORE:
                BEFORE[step.shown](folder)
            found += _amiss(step, asked(step.typed, folder, server.url), CODES.get(step.shown, 0))
    return found


def _can_run(step: Step) -> bool:
    """Whether what a command needs beside the core is here."""
    return all(here or sign not in step.typed for sign, here in PARTS.items())


def _amiss(step: Step, ran: Ran, code: int) -> list[str]:
    if ran.code == code and "Traceback" not in ran.out + ran.err:
        return []
    return [f"$ {step.typed}\nexit {ran.code}, wanted {code}\n{ran.out}{ran.err}"]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home page, walked: the case that it makes, with what readers of other pages have at hand beside it."""
    folder = tmp_path_factory.mktemp("home")
    assert [] == wrong(HOME, folder)
    assert "<html" in (folder / "case" / "report.html").read_text(encoding="utf-8")
    desk(folder / "case")
    return folder / "case"


@pytest.fixture
def at_hand(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder that a page is walked in."""
    walk: Walk = request.param
    folder = tmp_path / "case"
    if walk.at_hand == DESK:
        shutil.copytree(request.getfixturevalue("worked"), folder)
    else:
        folder.mkdir()
        if walk.at_hand == TOOLS:
            tools(folder)
    return folder


MARKED = [pytest.param(one, one, id=one.page, marks=[pytest.mark.slow] * one.slow) for one in WALKS if STEPS[one.page]]


@pytest.mark.parametrize(("walk", "at_hand"), MARKED, indirect=["at_hand"])
def test_every_command_of_a_page_runs(walk: Walk, at_hand: Path) -> None:
    """In the order of the page, in one prepared folder, with the exit codes that the page lets expect."""
    assert [] == wrong(walk, at_hand)


@pytest.mark.slow
@pytest.mark.parametrize("name", site_pages.case_files())
def test_the_commands_of_a_worked_case_run(name: str, tmp_path: Path) -> None:
    """It is copied and priced as its page says."""
    for typed in SHOWN[f"cases/{name}.md"]:
        ran = asked(typed, tmp_path, "")
        assert [] == _amiss(Step(typed, typed), ran, 0)


def test_every_page_with_a_command_is_walked() -> None:
    """Each has its walk, and no walk is for a page without a command or walked twice."""
    pages = [walk.page for walk in EVERY]
    assert len(pages) == len(set(pages))
    wanted = {page for page, shown in SHOWN.items() if shown and not page.startswith(TOLD_ELSEWHERE)}
    assert wanted == set(pages)
    assert sum(map(len, STEPS.values())) > 120
    cases = {page: shown for page, shown in SHOWN.items() if page.startswith("cases/") and page != "cases/index.md"}
    assert {2} == {len(shown) for shown in cases.values()}


def test_what_is_left_out_is_on_a_page() -> None:
    """Each command that no test runs is shown somewhere; what it needs is a GPU, money or a network."""
    shown = {one for page, found in SHOWN.items() if not page.startswith(TOLD_ELSEWHERE) for one in found}
    assert [] == [one for one, _ in LEFT_OUT if one not in shown]
    assert len(LEFT_OUT) == len(REASONS)
    assert [] == [reason for _, reason in LEFT_OUT if not re.search("GPU|money|network|cluster", reason)]


def test_what_is_typed_is_what_is_shown() -> None:
    """A reader's own words take the place of a page's placeholders; every option stays, and so does the verb."""
    filled = NAMED | {one: typed for walk in EVERY for one, typed in walk.filled.items()}
    assert {} == {one: found for one, typed in filled.items() if (found := strays(one, typed))}
    shown = {one for walk in EVERY for one in SHOWN[walk.page]}
    assert [] == [one for one in (*filled, *BEFORE, *CODES) if one not in shown]


def test_a_command_is_found_wherever_it_stands() -> None:
    """In a block, behind a pipe, in a sentence, in a row; what only looks like one is none."""
    text = """\
A `run` of `fit after fixes`, `zcat a.gz | tunecase audit - --fast`, `spend list`, and `audit --fast`.
```
$ tunecase fit m  comment
says tunecase runs
```
| `tunecase audit` | does |
|---|---|
| `FILE`, `--fast` | reads; `--fix DIR` mends |
| `tunecase books` | `--close all` \\| none |
| [`tunecase run`](run.md) | with `--json` |
"""
    assert [
        "zcat a.gz | tunecase audit - --fast", "tunecase spend list", "tunecase audit --fast", "tunecase fit m",
        "tunecase audit", "tunecase audit FILE", "tunecase audit --fast", "tunecase audit --fix DIR",
        "tunecase books", "tunecase books --close all", "tunecase run",
    ] == site_commands.shown_on(text, ["run", "fit", "audit", "books", "spend list"])  # fmt: skip


def test_other_programs_are_known() -> None:
    """A line of another program begins as one of those that say why no test runs it; each of these is on a page."""
    lines = {
        line.strip()
        for page, text in PAGES.items()
        if not page.startswith(("log.md", "changelog.md"))
        for line in (*site_commands.CODE.findall(text), *text.splitlines())
        if PROGRAM.match(line) and len(line) < 120
    }
    begun = [start for start, _ in OTHERS]
    assert [] == sorted(line for line in lines if not line.startswith(tuple(begun)))
    assert [] == [start for start in begun if not any(line.startswith(start) for line in lines)]


def test_a_wrong_step_is_told(tmp_path: Path) -> None:
    """An exit code that the page does not let expect is told with what the command said."""
    step = Step("tunecase fit", "tunecase fit no-such-model --examples 10")
    (told,) = _amiss(step, asked(step.typed, tmp_path, ""), 0)
    assert told.startswith("$ tunecase fit no-such-model --examples 10\nexit 2, wanted 0\n")
    assert [] == _amiss(step, asked(step.typed, tmp_path, ""), 2)


def test_the_python_of_the_page_on_notebooks_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its block, and the calls that its sentences name, on a worked case."""
    assert 0 == tunecase("init", "--example", "one-weekend", "--to", tmp_path).code
    monkeypatch.chdir(tmp_path)
    page, held = PAGES["how-to/notebook.md"], {}
    for block in site_shown.BLOCK.finditer(page):
        exec(block["body"], held)
    named = re.findall(r"`(estimate\.[\w.]+(?:\(\))?)`", page)
    assert {"estimate.to_dict()", "estimate.tables", "estimate.to_pandas()"} <= set(named)
    for package in ("pandas", "polars"):
        pytest.importorskip(package)
    for one in named:
        assert eval(one, held) is not None
