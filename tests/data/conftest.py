"""What tests of data share."""

from collections.abc import Sequence

import pytest

from tunecase.data.reading import vetting, vetting_child
from tunecase.data.reading.sources import Source


@pytest.fixture
def vetted_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound tables in columns are read first in this process; that a child does it is tested in test_vetting."""

    def ask(sources: Sequence[Source], rows: int) -> tuple[int, list[object]]:
        return 0, [vetting_child._problems(source, rows) for source in sources]

    monkeypatch.setattr(vetting, "_ask", ask)
