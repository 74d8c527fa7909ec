"""What the tests of the commands share: a case that was run to its end, on the day that its records hold on."""

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import walked as cases
from tests.audited import checked_once


@pytest.fixture(autouse=True, scope="package")
def that_day() -> Iterator[None]:
    """It is the day of the walked cases, and rows that an earlier test audited are not checked again."""
    with pytest.MonkeyPatch.context() as patch, checked_once():
        day = SimpleNamespace(today=lambda: cases.TODAY, fromisoformat=date.fromisoformat)
        patch.setattr("tunecase.cli.options.date", day)
        yield


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound case that was run to its decision; its project file."""
    return cases.path_of("decided", tmp_path_factory.mktemp("walked"))


@pytest.fixture
def no_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report without the what-if panel, which takes seconds to work out."""
    decide = import_module("tunecase.flow.decide")  # the face has a function of that name
    monkeypatch.setattr(decide, "what_if_grid", lambda *_: None)
