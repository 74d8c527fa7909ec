"""A forecast's account: the chance in a sentence, the curve, and whose curve it is."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests import samples
from tests.accounts.reading import rows, words
from tunecase.accounts import Material
from tunecase.accounts.forecast import curve, forecast
from tunecase.accounts.stand_in import assumed_band
from tunecase.blocks import Curve
from tunecase.quantities import Interval, Interval80, generator
from tunecase.records import Forecast

RECORD = samples.forecast()
STAND_IN = replace(RECORD, stand_in=True, stand_in_factor="stand_in.encoder_factor", model="an-org/a-small-model")


def short(record: Forecast, material: Material | None = None) -> str:
    """What stands under the answer by default."""
    return words(forecast(record, material or Material()).short)


@pytest.mark.parametrize(
    ("change", "answer", "tone"),
    [
        ({}, "More examples alone may do it: 65% chance to reach 90% with 4,000.", "warn"),
        ({"n_budget": 4_000}, "More examples alone may do it: 65% chance to reach 90% within the budget.", "warn"),
        ({"verdict": "likely", "p_target": 0.9},
         "More examples alone are likely to do it: 90% chance to reach 90% with 4,000.", "good"),
        ({"verdict": "unlikely", "p_target": 0.3},
         "More examples alone may fall short: 30% chance to reach 90% with 4,000.", "bad"),
        ({"verdict": "unlikely", "p_target": 0.1},
         "More examples alone will hardly do: 10% chance to reach 90% with 4,000.", "bad"),
        ({"verdict": "not achievable within n_max", "p_target": 0.004},
         "More examples alone will not do it: under 1% chance to reach 90% with 4,000.", "bad"),
        ({"verdict": "reached", "p_now": 0.98}, "The target of 90% is met: 89% right with 1,600 examples, 98% sure.",
         "good"),
        ({"verdict": "reached"}, "The target of 90% is met: 89% right with 1,600 examples.", "good"),
        ({"verdict": "above the ceiling", "target": 0.97},
         "No model can be seen to reach 97%: people agree on 95%.", "bad"),
        ({"verdict": "no target", "target": None, "p_target": None},
         "No target is set. 4,000 examples would give 89 to 91%.", "unknown"),
        ({"verdict": "not a pilot yet", "next_pilot": "train on 50 examples"},
         "There are too few points for a forecast: train on 50 examples.", "unknown"),
        ({"verdict": "pilot uninformative", "next_pilot": ""}, "The runs differ too much for a forecast.", "unknown"),
        ({"p_target": None, "reason": "with an-org/a-model nothing is known"}, "With a-model nothing is known.",
         "warn"),
    ],
)  # fmt: skip
def test_the_answer_follows_the_verdict(change: dict[str, Any], answer: str, tone: str) -> None:
    """Each verdict has its sentence, with the chance and the target in whole percent."""
    account = forecast(replace(RECORD, **change), Material())
    assert (answer, tone) == (account.answer, account.tone)


def test_what_the_last_size_is_and_whose_curve_is_told() -> None:
    """The words of the project's limit up to their first aside; points from a file are called so."""
    why = "what the budget of 15,000 USD can buy, the rounds on them included"
    assert "4,000 examples are what the budget of 15,000 USD can buy." in short(replace(RECORD, n_max_why=why))
    assert "4,000 examples: eight times the largest run." in short(
        replace(RECORD, n_max_why="eight times the largest run")
    )
    assert "stand-in" not in short(RECORD)
    assert "" == short(replace(RECORD, band=()))
    outside = forecast(replace(RECORD, source="points.csv"), Material())
    assert "The points come from points.csv." in words(outside.short)
    assert ("tunecase decide", "") == (forecast(RECORD, Material()).next, outside.next)


def test_a_stand_ins_curve_says_what_the_model_is_assumed_to_do() -> None:
    """The range at the last size in the default print, the factor in full; neither for a curve of the model itself."""
    (*_, (_, low, _, high)) = assumed_band(STAND_IN)
    reach = f"the larger model is assumed to reach {low * 100:.0f} to {high * 100:.0f}% there."
    assert reach in short(STAND_IN)
    assert "assumed to make 0.15 to 2.6 times these errors" in words(forecast(STAND_IN, Material()).full)
    assert "assumed to make" not in words(forecast(RECORD, Material()).full)
    assert () == assumed_band(RECORD)


def test_the_assumed_band_is_that_of_errors_drawn_with_the_factor() -> None:
    """Low, middle and high lie where draws of error and factor, multiplied as the plan does, have theirs."""
    factor = Interval(0.15, 2.6).draw(generator(1, "factor"), 200_000)
    rng = np.random.default_rng(2)
    for at, (n, *ends) in zip(STAND_IN.band, assumed_band(STAND_IN), strict=True):
        assert n == at.n
        up, down = (math.log((1 - one) / (1 - at.score.mid)) for one in (at.score.low, at.score.high))
        z = rng.standard_normal(200_000) / 1.2816
        error = (1 - at.score.mid) * np.exp(np.where(z > 0, z * up, -z * down))
        drawn = np.quantile(1 - np.minimum(error * factor, 1.0), (0.1, 0.5, 0.9))
        assert ends == pytest.approx(drawn, abs=0.02)


def test_an_error_that_is_lower_the_better_keeps_its_direction() -> None:
    """Of a loss, low is what makes fewer errors; a perfect stand-in is left as it is."""
    lower = tuple(replace(at, score=Interval80(0.2, 0.3, 0.4)) for at in STAND_IN.band)
    (_, low, middle, high), *_ = assumed_band(replace(STAND_IN, direction="lower", band=lower))
    assert 0 < low < middle < 0.2 < 0.4 < high <= 1.0
    perfect = tuple(replace(at, score=Interval80(0.9, 1.0, 1.0)) for at in STAND_IN.band)
    assert (0.9, 1.0, 1.0) == assumed_band(replace(STAND_IN, band=perfect))[0][1:]


def test_the_curve_holds_what_the_picture_needs() -> None:
    """Points in order, the spread of runs, the pilot's runs only where it is the pilot's, the assumed band's name."""
    material = Material(pilot=samples.pilot())
    drawn = curve(replace(STAND_IN, points=RECORD.points[::-1]), material)
    assert [n for n, _ in drawn.points] == sorted(n for n, _ in drawn.points)
    assert (15, "the model to be tuned") == (len(drawn.runs), drawn.assumed_name)
    assert () == curve(replace(RECORD, source="points.csv"), material).runs
    assert "" == curve(RECORD, material).assumed_name
    assert curve(replace(RECORD, verdict="reached"), material).needed is None
    shown = forecast(RECORD, material).short
    assert [1] == [sum(isinstance(block, Curve) for block in shown)]
    assert not any(isinstance(block, Curve) for block in forecast(replace(RECORD, band=()), material).short)


def test_needed_examples_may_never_come() -> None:
    """Where most worlds never reach the target, the words say never and give no number."""
    assert RECORD.needed is not None
    never = replace(RECORD.needed, p10=None, p50=None, p90=None)
    told = {
        "in 9 of 10 cases never reached": never,
        "with luck (1 in 10) 900": replace(never, p10=900),
        "in the worst tenth never reached": replace(never, p10=900, p50=1_000),
    }
    for text, needed in told.items():
        assert text in words(forecast(replace(RECORD, needed=needed), Material()).full)


def test_all_of_it_is_told_in_full() -> None:
    """Chance and price by size, what is needed, points, curves, assumptions, seed, and the ledger's entry."""
    account = forecast(RECORD, Material(estimate=samples.estimate(), entries={"forecast": "entry 7"}))
    listed = rows(account.full, "Chance and price by size")
    assert "4,000" == listed[-1][0]
    assert "65%" == listed[-1][3]
    assert len(RECORD.points) == len(rows(account.full, "Points that were read"))
    text = words(account.full)
    for part in (
        "Next pilot 1,946 examples, 3 draws", "Human ceiling 0.953", "power law with floor",
        "more examples come from the same place", "Seed 0", "entry 7", "of the curves that fit the pilot reach 0.90",
    ):  # fmt: skip
        assert part in text
    bare = replace(RECORD, target=None, band=tuple(replace(at, p_target=None, price=None) for at in RECORD.band))
    assert ("–", "unpriced") == rows(forecast(bare, Material()).full, "Chance and price by size")[0][3:]


def test_the_spread_of_a_share_ends_at_one() -> None:
    """No axis goes beyond what a metric can be; a loss has no such end."""
    first, *others = RECORD.points
    near = replace(RECORD, points=(replace(first, score=0.98, sd=0.06), *others))
    assert max(high for _, _, high in curve(near, Material()).spread) == 1
    assert max(high for _, _, high in curve(replace(near, metric="loss"), Material()).spread) > 1
