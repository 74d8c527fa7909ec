"""The scripts of `benchmarks/` are imported by name, and only where slow tests run."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Their tests are all slow: a run without slow tests does not import them."""
    return "not slow" in config.option.markexpr or None
