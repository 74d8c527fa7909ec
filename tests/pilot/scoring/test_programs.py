"""Tests of programs are found in the columns and forms of public sets, and nothing else is taken for one."""

import pytest

from tunecase.pilot.scoring.programs import Case, columns_with_tests, read_tests


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"test_list": ["assert f(1) == 2", "assert f(2) == 3"]}, "assert f(1) == 2\nassert f(2) == 3"),
        ({"test_list": '["assert f(1) == 2"]'}, "assert f(1) == 2"),
        ({"Test": "def test_f():\n    assert f(1) == 2"}, "def test_f():\n    assert f(1) == 2"),
        ({"test_setup_code": "import math", "test_list": ["assert f(1) == 2"]}, "import math\nassert f(1) == 2"),
        (
            {"test": "def check(candidate):\n    assert candidate(1) == 2\n", "entry_point": "f"},
            "def check(candidate):\n    assert candidate(1) == 2\n\ncheck(f)",
        ),
    ],
)
def test_python_is_run_behind_a_program(columns, code):
    """Asserts, test functions and a `check` that is called with the function asked for."""
    assert read_tests(columns).code == code


def test_streams_are_cases():
    """Inputs and outputs of standard streams, in JSON, as lists side by side or one object each."""
    cases = [
        {"input_output": '{"inputs": ["1\\n", "2\\n"], "outputs": ["2\\n", "3\\n"]}'},
        {"public_tests": {"input": ["1\n", "2\n"], "output": ["2\n", "3\n"]}},
        {"test_cases": [{"input": "1\n", "output": "2\n"}, {"input": "2\n", "output": "3\n"}]},
    ]  # fmt: skip
    assert [] == [columns for columns in cases if read_tests(columns).cases != (Case("1\n", "2\n"), Case("2\n", "3\n"))]


def test_other_columns_hold_no_tests():
    """Prose, splits, broken JSON and half of a test are no tests."""
    cases = [
        {}, {"test": True}, {"test": "split"}, {"tests": "It should add the numbers."}, {"test": "x = 1"},
        {"test_list": []}, {"input_output": "{"}, {"input_output": "[" * 100_000}, {"test": "(" * 100_000},
        {"input_output": {"inputs": [1, 2], "outputs": [3]}}, {"entry_point": "f"}, {"tests": [1, None, {"input": 3}]},
    ]  # fmt: skip
    assert [] == [columns for columns in cases if read_tests(columns) is not None]


def test_a_prompt_begins_the_program():
    """A prompt that holds the head of the function asked for stands before the answer."""
    columns = {"test": "def check(f):\n    assert f() == 1", "entry_point": "one"}
    assert read_tests(columns, "def one():\n").begun == "def one():\n"
    assert read_tests(columns, "Write one.").begun == ""


def test_columns_are_kept_only_with_tests():
    """A row without a column of tests keeps none."""
    assert columns_with_tests({"Entry_Point": "f", "source": "a"}) == {}
    assert columns_with_tests({"Entry_Point": "f", "Test": "assert f()"}) == {"test": "assert f()", "entry_point": "f"}
