"""What the tests of the flow share."""

from collections.abc import Iterator

import pytest

from tests.audited import checked_once


@pytest.fixture(autouse=True, scope="package")
def same_rows_checked_once() -> Iterator[None]:
    """Rows that an earlier test audited are not checked again."""
    with checked_once():
        yield
