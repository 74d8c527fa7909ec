"""The doubt about memory that published runs teach."""

import sys
from pathlib import Path

from tests.compute.measured.test_calibration import ran

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from memory_lessons import learn_doubt


def test_publishers_that_differ_widen_the_doubt():
    """Publishers whose runs lie far from the prediction raise the doubt learnt, every one weighing alike."""
    close = [ran(publisher=name, memory_factor=1.01) for name in ("a", "b", "c")]
    far = [ran(publisher=name, memory_factor=1.4) for name in ("d", "e")]
    assert learn_doubt(close).rest < learn_doubt(close + far).rest
