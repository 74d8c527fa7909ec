"""What the tests of the commands share: a case that was run to its end, on the day that its records hold on."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import walked as cases
from tests.audited import checked_once


@pytest.fixture(autouse=True, scope="package")
def that_day() -> Iterator[None]:
    """It is the day of the walked cases, and rows that an earlier test audited are not checked again.

    What a terminal or a CI server says of widths and colours counts for none of these tests.
    """
    with pytest.MonkeyPatch.context() as patch, checked_once():
        for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "PY_COLORS", "NO_COLOR", "TTY_COMPATIBLE", "LINES"):
            patch.delenv(name, raising=False)
        patch.setenv("COLUMNS", "80")
        patch.setattr("typer.rich_utils.FORCE_TERMINAL", None)
        day = SimpleNamespace(today=lambda: cases.TODAY, fromisoformat=date.fromisoformat)
        patch.setattr("tunecase.cli.options.date", day)
        yield


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound case that was run to its decision; its project file."""
    return cases.path_of("decided", tmp_path_factory.mktemp("walked"))


@pytest.fixture
def on_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What works a policy out takes the walked case's own record of it: how it is printed is asked, not what it is."""
    from tunecase import flow

    for verb in ("define", "estimate", "decide"):
        record = cases.records("decided")[verb]
        monkeypatch.setattr(flow, verb, lambda *_, found=record, **__: found)
