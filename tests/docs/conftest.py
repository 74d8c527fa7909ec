"""The site, built once for all tests that look at it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("build")
    ran = subprocess.run([sys.executable, ROOT / "docs/site.py", "--to", folder], capture_output=True, text=True)
    assert (0, "") == (ran.returncode, ran.stderr)
    return folder / "site"
