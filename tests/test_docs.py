"""The documents are true: what the README prints, the commands it names, the method page, and every doctest."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tunecase
from tests.command import tunecase as run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SRC = ROOT / "src" / "tunecase"
MODULES = sorted(m.name for m in pkgutil.walk_packages(tunecase.__path__, "tunecase.") if m.name != "tunecase.__main__")
NUMBER = re.compile(r"^[(]?(-?[\d.,]+)(k|M|%)?[.,;:)]*$")


def value(word: str) -> float | None:
    """A printed number such as 1.4k, 26% or (450; None for another word."""
    match = NUMBER.match(word)
    if match is None or not re.search(r"\d", match[1]):
        return None
    return float(match[1].replace(",", "").rstrip(".")) * {"k": 1e3, "M": 1e6, "%": 0.01}.get(match[2] or "", 1.0)


@pytest.mark.slow
def test_the_readme_shows_what_the_example_prints(tmp_path: Path) -> None:
    """The bill and the decision in the README are the example's, word for word, numbers within a fifth.

    Numbers may move a little between versions of the numerical libraries; words may not.
    """
    shown = README.split("<!-- printed by: tunecase ")[1].split("-->")
    command = shown[0].split(", in a copy")[0].split()
    assert 0 == run("init", "--example", "support-tickets", "--to", tmp_path).code
    ran = run(*command, cwd=tmp_path)
    assert 0 == ran.code
    printed = ran.out[ran.out.index("ESTIMATE, AFTER") :].split()
    for block in shown[1].split("```")[1].strip().split("\n\n"):
        words = block.split()
        start = next(at for at in range(len(printed)) if printed[at : at + 2] == words[:2])
        for expected, actual in zip(words, printed[start:], strict=False):
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


def test_the_method_page_is_fresh() -> None:
    """docs/method.md is what the docstrings say now."""
    ran = subprocess.run([sys.executable, ROOT / "docs" / "assemble.py", "--check"], capture_output=True, text=True)
    assert (0, "") == (ran.returncode, ran.stderr)


@pytest.mark.parametrize("name", MODULES)
def test_doctests_hold(name: str) -> None:
    """Every example in a docstring runs and prints what it says."""
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert 0 == failed


def test_make_targets_are_documented() -> None:
    """Every target that CONTRIBUTING names is in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)) <= targets
