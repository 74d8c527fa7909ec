"""Errors form one tree with exit codes; problems are values; near names help."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.errors import InputError, LedgerBusyError, MissingExtraError, Problem, TunecaseError, nearest

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
    assert 'pip install "tunecase[parquet]"' in message


def test_nearest_names() -> None:
    """Close names are offered whatever their case; without any, what is known is listed, a long list cut."""
    assert "did you mean H100?" == nearest("h1000", ["H100", "T4"])
    assert "known: a, b" == nearest("zzz", ["b", "a"])
    assert "known: " == nearest("zzz", [])
    assert nearest("zzz", [f"name{k:02}" for k in range(20)]).endswith("name11 …")


@settings(max_examples=50)
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
