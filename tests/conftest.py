"""Options of the test run."""

import os

import pytest

# Tests run side by side, one on each core; threads of the linear algebra on top of that wait for one another.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test waits for a network


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden` rewrites the golden files of tests/golden instead of comparing with them; read the diff."""
    parser.addoption("--golden", action="store_true", help="rewrite the files of tests/golden")
