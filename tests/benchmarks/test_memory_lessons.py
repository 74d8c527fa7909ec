"""What published runs teach about memory: the spread over publishers."""

import sys
from pathlib import Path

from tests.compute.measured.test_calibration import ran
from tunecase.compute.doubt import peak_band

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from memory_lessons import PRIORS, learn_abroad


def width(learnt) -> float:
    """P90 / P10 of a plain run."""
    band = peak_band(ran().recipe, (), abroad=learnt)
    return band.high / band.low


def test_without_runs_the_priors_stand():
    """Nothing is known of any stack then."""
    learnt = learn_abroad([])
    assert PRIORS.scales == learnt.scales
    assert (PRIORS.stack, {}, 0) == (learnt.new_stack, learnt.stacks, learnt.publishers)


def test_publishers_that_differ_widen_the_band():
    """Publishers whose runs lie far from the prediction widen it, every one weighing alike."""
    close = [ran(publisher=name, memory_factor=1.01) for name in "abcdefghij"]
    far = [
        ran(publisher=name, memory_factor=factor) for name, factor in zip("klmno", (0.5, 2, 0.6, 1.8, 3), strict=True)
    ]
    assert width(learn_abroad(close)) < 0.8 * width(learn_abroad(close + far))


def test_many_rows_of_one_publisher_count_as_one():
    """A hundred rows that fit do not make up for strangers that do not."""
    far = [
        ran(publisher=name, memory_factor=factor) for name, factor in zip("abcdefghi", (2, 0.5) * 4 + (2,), strict=True)
    ]
    one, many = far + [ran(publisher="z")] * 2, far + [ran(publisher="z")] * 100
    assert width(learn_abroad(many)) > 0.8 * width(learn_abroad(one))


def test_what_publishers_of_a_stack_share_is_learnt_in_part():
    """A stack whose runs all take a fifth more is told more, yet not all of it."""
    runs = [ran(publisher=name, memory_factor=1.2, framework="axolotl") for name in "abcdef"]
    runs += [ran(publisher=name) for name in "ghijkl"]
    learnt = learn_abroad(runs)
    assert 0.02 < learnt.stack("axolotl").middle < 0.19
    assert learnt.stack("axolotl").sigma < learnt.new_stack
