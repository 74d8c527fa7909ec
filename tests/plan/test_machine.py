"""A hosted model is a machine whose hours are millions of billed tokens."""

from pathlib import Path

import numpy as np
import pytest

from tests.projects import basis, written
from tunecase.plan.machine import HOSTED, hosted_machine

MINI = "compute: {hosted: ft:gpt-4o-mini-2024-07-18}\n"


def test_its_hours_are_billed_tokens_at_the_providers_rate(tmp_path: Path) -> None:
    """A million tokens of rows are a million billed, whatever their length; the rate is that of its price list."""
    at = basis(written(MINI, tmp_path), 200)
    for length in (None, np.full(200, 120.0)):
        machine = hosted_machine(at, length)
        assert ("", 0, HOSTED) == (machine.gpu, machine.count, machine.hour.tier)
        assert [1.0] * 200 == pytest.approx(machine.hours_per_mtok.tolist())
        assert pytest.approx(3.0, rel=0.3) == np.median(machine.hour.draws)
        assert machine.offer is not None
        assert "trains it" in machine.how
