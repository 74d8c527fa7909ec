"""Options of the test run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden` rewrites the golden files of tests/golden instead of comparing with them; read the diff."""
    parser.addoption("--golden", action="store_true", help="rewrite the files of tests/golden")
