"""What was judged of a sample is told with what it means for all rows."""

import numpy as np

from tunecase.data.checks.sample import Sample
from tunecase.quantities import Interval80


def test_ranges_of_samples():
    """They hold the truth four times in five; doubt of the count and of the draw add up."""
    rng = np.random.default_rng(0)
    for share in (0.02, 0.3):
        truth = round(share * 5000)
        found = rng.hypergeometric(truth, 5000 - truth, 1000, 400)
        ranges = [Sample(1000, 5000).in_all(int(each)) for each in found]
        held = np.mean([each.low <= truth <= each.high for each in ranges])
        assert 0.74 <= held <= 0.9
    plain, doubted = (Sample(1000, 5000).in_all(found) for found in (40, Interval80(20, 40, 60)))
    assert doubted.low < plain.low < plain.mid == doubted.mid == 200 < plain.high < doubted.high
    assert Sample(10, 100).in_all(10).high <= 100
    assert Sample(100, 10_000).in_all(0).high > 50
    assert Sample(0, 10).told(0) == "; 0 of 10 rows were judged, drawn at random"
    assert Sample(50, 50).told(3) == ""
    assert Sample(50, 50).in_all(3) == Interval80(3, 3, 3)
