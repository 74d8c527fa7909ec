"""The factor of a stand-in knows who stands in for whom, and is an assumption where no pairs tell."""

import pytest

from tests.problem_cases import basis
from tunecase import catalog
from tunecase.quantities import Wanted, read_quantity


def test_the_learnt_factor() -> None:
    """Named by kinds and sizes, it says on what it rests; pairs measured here count wrong rows among the same rows."""
    assert [] == [case for case in FIELDS if catalog.stand_in_field(*case[:4]) != case[4]]
    for row in catalog.stand_ins():
        default = catalog.default(row.field)
        assert f"{row.pairs} pairs" in default.source
        assert f"held {row.held:.0%}" in default.source
        spread = read_quantity(default.value, Wanted()).spread
        assert basis().draw(row.field).mean() == pytest.approx(spread.median, rel=0.5)
        assert 0.7 <= row.held <= 0.9
        assert row.scale == "loss" or (row.tasks >= 5 and row.publishers >= 3)
    for row in catalog.read_table("stand_in_pairs"):
        assert 0 <= int(row["wrong_from"]) <= int(row["test_rows"])
        assert 0 <= int(row["wrong_to"]) <= int(row["test_rows"])


FIELDS = (
    ("n-grams", "share", 134_515_008, None, "stand_in.n_grams_to_small"),
    ("n-grams", "share", 8e9, None, "stand_in.factor"), ("n-grams", "share", None, None, "stand_in.factor"),
    ("search", "share", 134_515_008, None, "stand_in.nearest_factor"),
    ("encoder", "share", 134_515_008, None, "stand_in.encoder_to_small"),
    ("encoder", "share", 8e9, 22e6, "stand_in.encoder_factor"),
    ("causal", "share", 8e9, 135e6, "stand_in.smaller_model_factor"),
    ("causal", "loss", 1.3e9, 350e6, "stand_in.loss_near"), ("causal", "loss", 6.7e9, 350e6, "stand_in.loss_far"),
    ("causal", "loss", 70e9, 8e9, "stand_in.smaller_model_factor"),
    ("causal", "loss", 1.3e9, None, "stand_in.smaller_model_factor"),
)  # fmt: skip
