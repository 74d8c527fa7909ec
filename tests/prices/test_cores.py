"""The price of a core's hour lies between the cheapest provider's and the dearest's."""

from pathlib import Path

import numpy as np

from tests.decide.test_decide import project
from tests.projects import basis
from tunecase import catalog
from tunecase.prices import core_hour


def test_an_hour_of_a_core_lies_between_the_cheapest_and_the_dearest(tmp_path: Path) -> None:
    """Nine in ten worlds, in the project's currency."""
    of = basis(project(tmp_path), 1_000)
    draws = core_hour(of)
    listed = [row.usd_per_core_hour for row in catalog.core_hours()]
    assert min(listed) < float(np.median(draws)) < max(listed)
    assert np.array_equal(draws, core_hour(of))
