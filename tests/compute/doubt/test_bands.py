"""Bands over what was not stated and over strangers' runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.doubt import Abroad, Effect, peak_band, shipped, speed_band, widest
from tunecase.compute.doubt.bands import new_share
from tunecase.compute.model.reading import from_config, read_shape
from tunecase.compute.recipe import CHOICES, Recipe

RUN = Recipe(read_shape("llama-2-7b"), catalog.gpu("A100-80GB"), micro_batch=2)
HALF = tuple(float(point) for point in np.linspace(0.05, 3.0, 12))
PLAIN = Abroad(HALF, {"rest": 0.1, "lasting": 0.02, "all": 0.1, "terms": 1.0})


@given(st.sets(st.sampled_from(sorted(CHOICES))), st.sampled_from(["allocated", "reserved", "card", "not stated"]))
def test_the_points_are_in_order(unsaid, statistic):
    """P10 below P50 below P90, of memory and of speed."""
    for band in (peak_band(RUN, unsaid, statistic), speed_band(RUN, unsaid)):
        assert 0 < band.low < band.mid < band.high


def test_nothing_unsaid_and_no_middle_is_the_prediction_itself():
    """The middle of the band is then the peak as computed."""
    assert peak_band(RUN, (), abroad=PLAIN).mid == pytest.approx(memory.peak_gb(RUN), rel=0.005)


def test_what_is_not_said_widens_a_band():
    """Each unsaid choice that matters makes the band wider, none makes it narrower by more than a tenth."""
    said = peak_band(RUN, (), abroad=PLAIN)
    for choice in ("checkpointing", "base", "attention"):
        unsaid = peak_band(RUN, {choice}, abroad=PLAIN)
        assert unsaid.high / unsaid.low > 0.9 * said.high / said.low
    whole = peak_band(RUN, set(CHOICES) - {"length"}, abroad=PLAIN)
    assert whole.high / whole.low > 1.3 * said.high / said.low


def test_a_stack_that_nobody_measured_has_a_wider_band():
    """Its own doubt comes on top."""
    new = Abroad(HALF, PLAIN.scales, new_stack=0.3)
    known = Abroad(HALF, PLAIN.scales, stacks={"transformers": Effect(0.1, 0.05)}, new_stack=0.3)
    wide, narrow = peak_band(RUN, (), abroad=new), peak_band(RUN, (), abroad=known)
    assert wide.high / wide.low > narrow.high / narrow.low
    assert narrow.mid == pytest.approx(1.105 * peak_band(RUN, (), abroad=PLAIN).mid, rel=0.01)


def test_arrays_of_sizes_give_the_bands_of_each():
    """A searched table of sizes has the bands that single set-ups have."""
    sizes = np.array([1, 2, 4])
    unsaid = {"optimizer", "kernels"}
    many, fast = peak_band(RUN.but(micro_batch=sizes), unsaid), speed_band(RUN.but(micro_batch=sizes), unsaid)
    for at, size in enumerate(sizes.tolist()):
        one = RUN.but(micro_batch=size)
        assert many.high[at] == pytest.approx(peak_band(one, unsaid).high)
        assert fast.low[at] == pytest.approx(speed_band(one, unsaid).low)


def test_more_tokens_never_need_less_memory():
    """At P10, P50 and P90, whatever is unsaid."""
    bands = [peak_band(RUN.but(micro_batch=size), {"kernels", "base", "attention"}) for size in (1, 2, 4, 8, 16)]
    for point in ("mid", "high"):
        values = [getattr(band, point) for band in bands]
        assert sorted(values) == values


def test_the_widest_choice_comes_first_and_saying_it_narrows_the_band():
    """What is asked for is what takes most of the width with it."""
    run = RUN.but(unsaid=frozenset({"base", "kernels", "optimizer"}))
    found = widest(run)
    assert found
    first = {one.choice: one for one in reversed(found)}  # of each choice the way that the run has
    shares = [first[choice].share for choice in dict.fromkeys(one.choice for one in found)]
    assert sorted(shares, reverse=True) == shares
    whole = peak_band(run, run.unsaid)
    assert found[0].band.high / found[0].band.low < whole.high / whole.low
    assert () == widest(RUN)


def test_the_shipped_table_tells_what_it_rests_on():
    """Memory, time and sampled steps, each from several publishers."""
    for learnt in shipped().values():
        assert learnt.publishers > 3
        assert learnt.runs > learnt.publishers
        assert 0 < learnt.scores["median"] < learnt.scores["p90"]
        assert list(learnt.points) == sorted(learnt.points)
    assert all(shipped()[name].points[0] > 0 for name in ("memory", "time"))


def test_layers_that_no_run_has_widen_both_bands():
    """A hybrid's bands are wider than those of the same file with attention alone."""
    sizes = {"hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 16, "num_key_value_heads": 4}
    heads = {"linear_num_key_heads": 16, "linear_num_value_heads": 32, "head_dim": 128, "intermediate_size": 6144}
    body = {"model_type": "qwen3_5_text", **sizes, **heads, "vocab_size": 151_936}
    every = from_config({**body, "layer_types": ["full_attention"] * 24}, "config.json")
    hybrid = from_config(body, "config.json")
    assert 0 == new_share(Recipe(every))
    assert 0.75 == new_share(Recipe(hybrid))
    for band in (peak_band, speed_band):
        plain, new = (band(Recipe(shape, catalog.gpu("A100-80GB"))) for shape in (every, hybrid))
        assert plain.high / plain.low < new.high / new.low
