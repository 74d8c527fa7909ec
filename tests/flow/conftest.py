"""What the tests of the flow share."""

from collections.abc import Iterator

import pytest

from tests.audited import checked_once
from tunecase.flow import Flow


@pytest.fixture(autouse=True, scope="package")
def same_rows_checked_once() -> Iterator[None]:
    """Rows that an earlier test audited are not checked again."""
    with checked_once():
        yield


@pytest.fixture(autouse=True, scope="module")
def plain_decisions() -> Iterator[None]:
    """Bills are drawn in few worlds, and no decision looks for the value at which it turns: tests/decide holds that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flow, "DRAWS", 300)
        patch.setattr("tunecase.decide.choice.value_flips", lambda drawn: ())
        yield
