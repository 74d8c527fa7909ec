"""What was not stated is drawn over what stacks do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase import catalog
from tunecase.compute.doubt import ways
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import CHOICES, Recipe

RUN = Recipe(read_shape("llama-2-7b"), catalog.gpu("A100-80GB"), micro_batch=2)
UNSAID = st.sets(st.sampled_from(sorted(CHOICES)))
METHODS = st.sampled_from(["lora", "qlora", "full"])


def test_a_run_that_was_stated_whole_has_one_way():
    """Nothing unsaid is the run as it is."""
    (way,) = ways(RUN, ())
    assert (1.0, RUN, ()) == (way.share, way.recipe, way.taken)


@given(UNSAID, METHODS)
def test_shares_add_up_and_the_likeliest_way_comes_first(unsaid, method):
    """Whatever was left unsaid, the ways are all there is, each once."""
    found = ways(RUN.but(method=method), unsaid)
    assert sum(way.share for way in found) == pytest.approx(1.0)
    assert sorted((way.share for way in found), reverse=True) == [way.share for way in found]
    assert len({way.taken for way in found}) == len(found)


@given(UNSAID, METHODS)
def test_what_was_stated_is_the_same_in_every_way(unsaid, method):
    """A way changes only fields of the choices that nobody stated."""
    run = RUN.but(method=method)
    open_ = {field for choice in unsaid for field in CHOICES[choice]}
    for way in ways(run, unsaid):
        changed = {field for field in Recipe.__dataclass_fields__ if getattr(way.recipe, field) != getattr(run, field)}
        assert changed <= open_


def test_every_value_that_is_not_rare_is_there_in_its_share():
    """A choice alone is drawn in the shares of its table, to one point of the draw."""
    rows = [row for row in catalog.read_table("habits") if (row["choice"], row["framework"]) == ("checkpointing", "*")]
    whole = sum(float(row["share"]) for row in rows if row["method"] == "*" and row["cards"] == "*")
    found = {dict(way.taken)["checkpointing"]: way.share for way in ways(RUN.but(framework="nemo"), {"checkpointing"})}
    for row in rows:
        if row["method"] == "*" and row["cards"] == "*" and float(row["share"]) / whole > 0.1:
            assert found[row["value"]] == pytest.approx(float(row["share"]) / whole, abs=1 / 8)


def test_another_framework_brings_its_own_defaults():
    """Where the framework is unsaid and its optimizer too, each has its own."""
    found = {way.recipe.framework: way.recipe for way in ways(RUN, {"framework"})}
    assert len(found) > 2
    assert {run.optimizer for run in found.values()} == {RUN.optimizer}  # it was stated


def test_every_row_of_habits_names_a_choice_with_values_that_a_run_can_have():
    """Each value changes only the fields of its choice, and a share is one."""
    for row in catalog.read_table("habits"):
        assert row["choice"] in CHOICES
        assert 0 <= float(row["share"]) <= 1
        if row["value"] != "usual":
            fields = {part.partition("=")[0] for part in row["value"].split(";")}
            assert fields <= set(CHOICES[row["choice"]])
