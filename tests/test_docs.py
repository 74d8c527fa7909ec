"""The documents are true: what the README prints, the commands it names, the method page, and every doctest."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

import tunecase
from tests.command import tunecase as run
from tunecase.pilot.trainers.encoder import MODEL, missing

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import assemble  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SRC = ROOT / "src" / "tunecase"
TABLES = SRC / "catalog" / "tables"
# Their examples begin with a prepared case: tests/test_api.py runs them.
PREPARED = ("tunecase.__main__", "tunecase.case", "tunecase.quick", "tunecase.errors", "tunecase.records")
WALKED = sorted(module.name for module in pkgutil.walk_packages(tunecase.__path__, "tunecase."))
EXAMPLED = {path.relative_to(SRC.parent).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
            for path in SRC.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8")}  # fmt: skip
MODULES = [name for name in WALKED if name in EXAMPLED and not name.startswith(PREPARED)]
ROOMS = sorted({name.split(".")[1] for name in MODULES})
NUMBER = re.compile(r"^[(]?(-?[\d.,]+)(k|M|%)?[.,;:)]*$")


def value(word: str) -> float | None:
    """A printed number such as 1.4k, 26% or (450; None for another word."""
    match = NUMBER.match(word.removeprefix("+"))
    if match is None or not re.search(r"\d", match[1]):
        return None
    return float(match[1].replace(",", "").rstrip(".")) * {"k": 1e3, "M": 1e6, "%": 0.01}.get(match[2] or "", 1.0)


def test_a_term_has_one_row_and_one_meaning() -> None:
    """No word of the glossary is explained twice, and no row explains two words."""
    rows = [line.split("|")[1] for line in (ROOT / "docs/glossary.md").read_text("utf-8").split("\n") if "|" in line][
        2:
    ]
    terms = Counter(re.sub(r"\(.*?\)", "", row).strip().casefold() for row in rows)
    assert [] == [term for term, count in terms.items() if count > 1 or " / " in term]


@pytest.mark.slow
@pytest.mark.usefixtures("every_world", "weights_of_this_machine")
def test_the_readme_shows_what_the_example_prints(tmp_path: Path) -> None:
    """The answer in the README is the example's, word for word, numbers within a fifth.

    Numbers may move a little between versions of the numerical libraries; words may not.
    """
    if lacks := missing(MODEL):
        pytest.skip(lacks)
    shown = README.split("<!-- printed by: tunecase ")[1].split("-->")
    command = shown[0].split(", in a copy")[0].split()
    assert 0 == run("init", "--example", "support-tickets", "--to", tmp_path).code
    ran = run(*command, cwd=tmp_path)
    assert 0 == ran.code
    lines = ran.out.strip().splitlines()
    assert len(lines) <= 14
    told, printed = shown[1].split("```")[1].split(), ran.out.split()
    assert len(told) == len(printed)
    for expected, actual in zip(told, printed, strict=True):
        number, other = value(expected), value(actual)
        if number is None or other is None:
            assert expected == actual
        else:
            assert other == pytest.approx(number, rel=0.2, abs=0.03)


def test_the_readme_names_commands_that_exist() -> None:
    """Every `tunecase VERB` in the README is a verb of the command line, and every verb is in the README."""
    named = set(re.findall(r"`tunecase ([a-z]+)", README))
    help_text = run("--help").out
    verbs = set(re.findall(r"^│ ([a-z]+) ", help_text, re.MULTILINE))
    assert named <= verbs
    for verb in verbs - {"ledger"}:
        assert re.search(rf"`(tunecase )?{verb}\b", README), verb
    assert "`tunecase ledger verify`" in README


def test_the_readme_is_short() -> None:
    """The README is read in one sitting: at most 150 lines, no line above 400 characters."""
    assert len(README.splitlines()) <= 150
    assert [] == [line[:60] for line in README.splitlines() if len(line) > 400]


def test_contributing_shows_the_tree() -> None:
    """The tree in CONTRIBUTING has every folder of the package and every file at its top, in half a line."""
    tree = CONTRIBUTING.split("<!-- the tree:")[1].split("```")[1]
    shown = dict(re.findall(r"^([a-z_./]+) +(.+)$", tree, re.MULTILINE))
    folders = {f"{path.relative_to(SRC).as_posix()}/" for path in SRC.rglob("*") if path.is_dir()}
    assert {place for place in folders if "__pycache__" not in place} == {place for place in shown if "/" in place}
    files = {"case.py", "quick.py", "callback.py", "errors.py", "faces.py", "version.py"}
    assert files == {place for place in shown if "/" not in place}
    assert [] == [place for place, words in shown.items() if len(words) > 100]


def test_contributing_names_files_that_exist() -> None:
    """Every path that CONTRIBUTING names is there, below the package or the repository."""
    named = set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.(?:py|csv|md))?)`", CONTRIBUTING))
    assert len(named) > 20
    assert [] == sorted(place for place in named if not any((root / place).exists() for root in (ROOT, SRC, TABLES)))


@pytest.mark.slow
def test_the_method_pages_are_fresh() -> None:
    """docs/method and docs/api.md are what the docstrings say now, every page of them."""
    ran = subprocess.run([sys.executable, ROOT / "docs" / "assemble.py", "--check"], capture_output=True, text=True)
    assert (0, "") == (ran.returncode, ran.stderr)


def test_the_method_pages_hold_every_question() -> None:
    """Each chapter is written from files that exist, and every package of a question is in one."""
    places = {place for chapter in assemble.CHAPTERS for place in chapter.places}
    assert [] == sorted(place for place in places if not (SRC / place).exists())
    verbs = {"problem", "data", "compute", "pilot", "forecast", "plan", "decide", "estimate", "books"}
    questions = verbs | {"inference", "prices"}
    assert questions <= {place.split("/")[0] for place in places}


@pytest.fixture
def modules(room: str) -> list[ModuleType]:
    """Those of a room that have examples, imported before the clock runs."""
    return [importlib.import_module(name) for name in MODULES if name.split(".")[1] == room]


@pytest.mark.parametrize("room", ROOMS)
def test_doctests_hold(modules: list[ModuleType]) -> None:
    """Every example in a docstring runs and prints what it says."""
    assert [] == [module.__name__ for module in modules if doctest.testmod(module).failed]


def test_make_targets_are_documented() -> None:
    """Every target that CONTRIBUTING names is in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)) <= targets
