"""Named inputs are told with their units, whatever they are called."""

import math

import pytest

from tests.estimate.test_bill import LABELS, TOKENS
from tests.projects import basis, written
from tunecase.estimate.bill import estimate
from tunecase.plan import drawn
from tunecase.plan.known import Known
from tunecase.prices.inputs import amount, highest, unit


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("price of a H100 hour, neocloud", 2.5, "2.5 EUR per hour"),
        ("label set-up", 420, "420 EUR"),
        ("problem.volume", 40_000, "40k per month"),
        ("serving.price_per_1k_answers", 1, "1.0 EUR"),
        ("ml engineer 2 team.share", 0.5, "50%"),
        ("tokens per second on 1 x H100, measured", 3_200, "3.2k tokens/s"),
        ("rounds", 2.0, "2 rounds"),
        ("time against the prediction, hopper lora", 1.1, "1.1"),
    ],
)
def test_amounts_have_their_units(name: str, value: float, words: str) -> None:
    """An amount as people would type it."""
    assert words == amount(name, value, "EUR")


def test_shares_have_a_bound() -> None:
    """A share is at most one; a price has no bound."""
    assert (1, math.inf, math.inf) == (highest("training.failed"), highest("label source.rate"), highest(""))


def test_every_input_of_a_bill_has_a_unit(tmp_path) -> None:
    """But for plain factors and counts, and what decides the rounds."""
    project = written(LABELS, tmp_path)
    at = basis(project)
    estimate(drawn(Known(at, 700, TOKENS)))
    plain = {name for name in at.worlds.drawn if not unit(name, "USD")}
    left = {name.split(",")[0] for name in plain if not name.startswith("rounds.")}
    counts = {"training.runs_per_round", "levers.rows_per_wrong_label", "storage.checkpoints"}
    effects = {"levers.tuning_factor", "levers.bigger_model_factor", "levers.bigger_model_run_cost"}
    curve = {"assumed.first_error", "assumed.slope"}
    assert left <= {"time against the prediction", "unknowns", *counts, *effects, *curve}
