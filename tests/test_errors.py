"""Errors form one tree with exit codes; problems are values; near names help."""

import re
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tunecase.errors
from tunecase.errors import (
    InputError,
    LedgerBusyError,
    MissingExtraError,
    Problem,
    TunecaseError,
    install_line,
    nearest,
)

ONE = Problem("case.yaml:3: budget", "15k", "an amount with its currency (USD)", "write for example 15k USD")
TWO = Problem("case.yaml:9: name", "nothing", "the field 'name'", "add `name:`")


def test_one_tree_with_exit_codes() -> None:
    """Everything raised on purpose is a TunecaseError and knows its exit code."""
    errors = TunecaseError("full"), InputError(ONE), MissingExtraError("serving", "ui"), LedgerBusyError("busy")
    assert all(isinstance(error, TunecaseError) for error in errors)
    assert [3, 2, 3, 3] == [error.exit_code for error in errors]


def test_a_problem_in_words() -> None:
    """A problem is two sentences: where, what was given and what is wanted; then what to do."""
    assert (
        str(ONE)
        == """case.yaml:3: budget: 15k; wanted an amount with its currency (USD).
write for example 15k USD"""
    )
    assert str(TWO).startswith("case.yaml:9: name: missing; wanted the field 'name'.")


def test_a_remedy_that_begins_with_a_name_keeps_it() -> None:
    """Options, paths and commands are not written large, and no second full stop is added."""
    fixes = ("--to names the folder", "`tunecase audit` finds them", "data/a.csv is free", "did you mean H100?", "a b.")
    wanted = (
        "--to names the folder.",
        "`tunecase audit` finds them.",
        "data/a.csv is free.",
        "Did you mean H100?",
        "A b.",
    )
    assert wanted == tuple(Problem("a", "b", "c", fix).remedy for fix in fixes)


def test_one_problem_or_many() -> None:
    """One problem, a list and a generator of problems are held alike, in order."""
    assert (ONE,) == InputError(ONE).problems == InputError([ONE]).problems
    assert (ONE, TWO) == InputError(problem for problem in (ONE, TWO)).problems


def test_all_problems_in_the_message() -> None:
    """The message holds every problem, a blank line between."""
    assert f"{ONE}\n\n{TWO}" == str(InputError([ONE, TWO]))


def test_twenty_problems_are_told() -> None:
    """Of 100,000 problems all are held; the first 20 are told, and how many follow, also of two errors in one."""
    many = InputError(Problem(f"a:{at}", "x", "y", "z") for at in range(100_000))
    assert 100_000 == len(many.problems)
    assert 21 == str(many).count("wanted")
    assert "a:20: 99,980 further mistakes from here on" in str(many)
    assert "199,980 further mistakes" in str(InputError([*many.problems, *many.problems]))


def test_a_long_value_is_told_in_part() -> None:
    """A value of a million characters is told by its beginning and its length."""
    (problem,) = InputError(Problem("a", "x" * 1_000_000, "y", "z")).problems
    assert problem.told.endswith("… (1,000,000 characters); wanted y.")
    assert 700 > len(problem.told)
    assert 5_000 == len(problem.got)


def test_a_missing_extra_says_how_to_install_it() -> None:
    """The message names the feature and the install line."""
    message = str(MissingExtraError("reading Parquet", "parquet"))
    assert message.startswith("reading Parquet needs")
    assert "Fix: pip install pyarrow" in message


def test_an_install_line_names_packages_that_any_index_has() -> None:
    """It names what a part brings, with the bounds above, and never tunecase, which a clone has from no index."""
    assert "pip install pyarrow" == install_line("parquet")
    assert 'pip install python-multipart "uvicorn<1,>=0.30"' == install_line("ui")
    assert 'pip install "ray[default]"' == install_line("ray")
    assert {"torch", "peft", "tokenizers", "rouge-score"} < set(install_line("train").split())


def test_pipx_and_uv_install_into_their_own_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pip on the path would install elsewhere: pipx is asked by name, uv for this very Python."""
    monkeypatch.setattr(sys, "prefix", "/home/ada/.local/share/pipx/venvs/tunecase")
    assert "pipx inject tunecase pyarrow" == install_line("parquet")
    monkeypatch.setattr(sys, "prefix", "/home/ada/.cache/uv/archive-v0/x")
    monkeypatch.setattr(sys, "executable", "/home/ada/my tools/bin/python")
    monkeypatch.setattr(tunecase.errors, "find_spec", lambda name: None)
    assert "uv pip install --python '/home/ada/my tools/bin/python' pyarrow" == install_line("parquet")


def test_a_source_tree_on_the_path_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is installed, no metadata tell the packages: the part of the source tree is named."""

    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", absent)
    assert 'pip install -e ".[ui]" in the folder of tunecase\'s pyproject.toml' == install_line("ui")


def test_one_function_says_how_a_part_is_installed() -> None:
    """No other file of the source asks pip for a part of tunecase."""
    source = Path(tunecase.errors.__file__).parent
    own = [path.name for path in source.rglob("*.py") if re.search(r"pip install.{0,3}tunecase", path.read_text())]
    assert not own


def test_nearest_names() -> None:
    """Close names are offered whatever their case; without any, what is known is listed, a long list cut."""
    assert "did you mean H100?" == nearest("h1000", ["H100", "T4"])
    assert "known: a, b" == nearest("zzz", ["b", "a"])
    assert "known: " == nearest("zzz", [])
    assert nearest("zzz", [f"name{k:02}" for k in range(20)]).endswith("name11 …")


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=20))
def test_nearest_never_fails(name: str, known: list[str]) -> None:
    """Any name against any list gives words."""
    assert nearest(name, known).startswith(("did you mean ", "known: "))


@given(st.sampled_from(["accuracy", "macro_f1", "A100-80GB", "H100"]))
def test_a_known_name_is_nearest_to_itself(name: str) -> None:
    """A name that is known stands first."""
    assert nearest(name, ["H100", "A100-80GB", "macro_f1", "accuracy"]).startswith(f"did you mean {name}")


def test_a_problem_quotes_in_one_printable_line() -> None:
    """What steers a terminal is shown as an escape, what is too long is cut with its length told; both are held."""
    problem = Problem("a\x1b[2J", "x" * 2_000, "b\nc", " ")
    cut = "x" * 580 + "… (2,000 characters)"
    assert f"a\\x1b[2J: {cut}; wanted b\\nc.\n' '" == str(problem)
    assert ("a\x1b[2J", "x" * 2_000, "b\nc", " ") == (problem.where, problem.got, problem.wanted, problem.fix)
    assert problem == replace(problem)
