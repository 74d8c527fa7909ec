"""What the tests of the commands share: a case that was run to its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audited import checked_once
from tests.command import tunecase
from tests.making import case_folder, tickets, write_jsonl


@pytest.fixture(autouse=True, scope="package")
def same_rows_checked_once() -> Iterator[None]:
    """Rows that an earlier test audited are not checked again."""
    with checked_once():
        yield


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound case that was run to its end; its project file."""
    folder = tmp_path_factory.mktemp("walked")
    path = case_folder(folder, second_label="  second_label: second")
    write_jsonl(folder / "test.jsonl", [dict(row, second=row["label"]) for row in tickets(200, 2)])
    assert tunecase("run", "--project", path).code in (0, 1)
    return path
