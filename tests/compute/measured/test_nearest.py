"""Measured runs nearest to a set-up: like ones first, none twice, each with its prediction."""

from tunecase import catalog
from tunecase.compute.measured.nearest import compared, distance, nearest_runs
from tunecase.compute.measured.runs import published
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe


def test_a_published_set_up_is_its_own_nearest() -> None:
    """Asked for exactly what somebody ran, that run comes first, at distance 0."""
    run = next(
        run for run in published()
        if run.peak_gb and run.recipe.gpu and not (run.failed or run.guessed) and run.length_known and run.batch_known
    )  # fmt: skip
    found = nearest_runs(run.recipe)
    assert 0 == distance(run.recipe, run.recipe)
    assert compared(run, "memory").setup == found[0].setup
    assert 3 <= len(found) <= 6
    assert len({(pair.setup, pair.what) for pair in found}) == len(found)


def test_every_difference_adds_distance() -> None:
    """A set-up that differs in anything that matters lies further away, as far in either direction."""
    cases = [
        {"method": "full"}, {"gpu": catalog.gpu("A100-80GB")}, {"gpus": 4}, {"micro_batch": 8},
        {"checkpointing": "none"},
    ]  # fmt: skip
    for change in cases:
        one = Recipe(read_shape("llama-2-7b"), catalog.gpu("H100"))
        other = one.but(**change)
        assert 0 < distance(one, other) == distance(other, one)
