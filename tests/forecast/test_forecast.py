"""The verdict of a forecast."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.errors import InputError
from tunecase.forecast.forecast import Measured, forecast, told
from tunecase.forecast.stakes import Prospect
from tunecase.prices.basis import Basis
from tunecase.prices.examples import Supply
from tunecase.project import Project
from tunecase.quantities.spread import Worlds
from tunecase.records import Point

ACCURACY = {"metric": "accuracy", "direction": "higher"}
LOSS = {"metric": "loss", "direction": "lower"}


def forecast_of(points, *, metric, direction, **asked):
    """The forecast of points with what is said of them and what lies ahead, by name."""
    about = {name: asked.pop(name) for name in list(asked) if name in Measured.__dataclass_fields__}
    return forecast(Measured(points, metric, direction, **about), Prospect(**asked))


def rising(rows=300, slope=0.35):
    """A clean curve of four doublings."""
    return [Point(n, 1 - 0.5 * (n / 20) ** -slope, 1, rows) for n in (20, 40, 80, 160)]


def label_supply(price=1.0, limit=None):
    """A supply at one price for every world."""
    prices = np.full(50, price)
    return Supply(((limit or np.inf, prices, np.zeros(50)),), limit, prices, ())


def basis(budget="1000 USD"):
    """A basis with a budget."""
    body = {"name": "x", "data": {"train": "train.jsonl"}, "models": ["m"], "budget": budget}
    return Basis(Project.model_validate(body), date(2026, 11, 24), Worlds(0, 50))


@law(6)
@given(st.lists(st.floats(0.3, 0.9), min_size=3, max_size=5), st.floats(0.5, 0.99))
def test_the_chance_never_falls_along_the_band(scores, target):
    """Chances rise along the band, intervals keep their order, and sizes rise to n_max."""
    found = forecast_of([Point(20 * 2**i, s, 1, 200) for i, s in enumerate(scores)], target=target, **ACCURACY)
    chances = [row.p_target for row in found.band if row.p_target is not None]
    assert chances == sorted(chances)
    assert found.p_target == chances[-1]
    assert found.n_max == found.band[-1].n
    for row in found.band:
        assert 0 <= row.score.low <= row.score.mid <= row.score.high <= 1
        assert row.next_test.low <= row.next_test.high


@law(6)
@given(level=st.floats(0.2, 0.8), target=st.floats(0.9, 0.999), rows=st.sampled_from([None, 50, 1000]))
def test_a_flat_pilot_is_never_not_achievable(level, target, rows):
    """Without a signal nothing is ruled out, however far the target, and a next pilot is named."""
    found = forecast_of([Point(n, level, 1, rows) for n in (20, 40, 80)], target=target, n_max=100, **ACCURACY)
    assert found.verdict == "pilot uninformative"
    assert found.next_pilot
    assert found.next_pilot in found.reason
    assert found.ok


def test_above_the_ceiling_comes_first():
    """A target beyond the ceiling is said first of all, with one point or none too, and the answer is no."""
    for points in (rising(), rising()[:1], []):
        found = forecast_of(points, target=0.99, ceiling=0.95, **ACCURACY)
        assert found.verdict == "above the ceiling"
        assert not found.ok
        assert "99.0%" in found.reason
        assert "95.0%" in found.reason
        assert found.p_target is None
    assert forecast_of([], target=0.1, ceiling=0.2, **LOSS).verdict == "above the ceiling"


def test_a_target_already_met_is_reached():
    """The cautious reading of the last score decides; a score barely above the target does not."""
    assert forecast_of(rising(), target=0.65, **ACCURACY).verdict == "reached"
    last = rising()[-1].score
    assert forecast_of(rising(), target=last - 0.005, **ACCURACY).verdict != "reached"
    points = [Point(n, 2 * n**-0.2) for n in (100, 200, 400)]
    assert forecast_of(points, target=0.7, **LOSS).verdict == "reached"
    assert forecast_of([Point(10, 0.9)], target=0.8, **ACCURACY).verdict == "reached"


def pilots(count):
    """Pilots of every kind, and targets about as far from the last score as its noise."""
    rng = np.random.default_rng(7)
    for _ in range(count):
        sizes, rows, draws = rng.integers(3, 7), int(rng.choice([60, 200, 700, 5_000])), int(rng.integers(1, 5))
        errors = rng.uniform(0.2, 0.8) * 2.0 ** (-rng.uniform(0, 1) * np.arange(sizes))
        scores = 1 - np.clip(errors * np.exp(0.1 * rng.standard_normal(sizes)), 0.02, 0.98)
        sds = rng.choice([0.0, 0.1, 0.5]) * (1 - scores) * rng.uniform(0, 1, sizes)
        seen = draws > 1 and rng.random() < 0.7
        points = [
            Point(20 * 2**i, float(score), draws, rows, float(sd) if seen else None)
            for i, (score, sd) in enumerate(zip(scores, sds, strict=True))
        ]
        doubt = np.sqrt(scores[-1] * (1 - scores[-1]) / rows)
        yield points, float(np.clip(scores[-1] - rng.uniform(0.5, 3) * doubt, 0.01, 0.99))


@pytest.mark.slow
def test_a_target_that_is_reached_is_met_in_most_worlds():
    """Verdict and chances agree: reached is at least 85% at the largest size measured, and never less by n_max."""
    reached = 0
    for points, target in pilots(30):
        found = forecast_of(points, target=target, **ACCURACY)
        assert 0 <= found.p_now <= found.p_target <= 1
        if found.verdict == "reached":
            reached += 1
            assert found.p_now >= 0.75, (points, target)
        elif points[-1].score > target:
            assert 0.4 <= found.p_now <= 0.95, (points, target)
    assert 8 <= reached <= 25


@pytest.mark.parametrize(("draws", "sd"), [(1, False), (3, False), (3, True)])
def test_wild_runs_of_few_rows_do_not_widen_a_large_test(draws, sd):
    """96.9% of 700 rows meets 95%, however much runs of 22 rows differ, and the more so the higher the score."""
    scores, spreads = (0.55, 0.70, 0.82, 0.90, 0.94), (0.06, 0.05, 0.03, 0.02, 0.01, 0.004)
    chances = []
    for last in (0.92, 0.95, 0.969):
        points = [
            Point(22 * 2**i, score, draws, 700, spreads[i] if sd else None) for i, score in enumerate((*scores, last))
        ]
        found = forecast_of(points, target=0.95, **ACCURACY)
        chances.append(found.p_now)
        assert (found.verdict == "reached") == (last >= 0.969)
    assert chances == sorted(chances)
    assert chances[0] < 0.05
    assert 0.4 < chances[1] < 0.6
    assert chances[2] > 0.9


def test_the_chance_now_needs_a_target_and_a_curve():
    """Without a target, or with two sizes, nothing is said of the largest size; a loss is judged like a share."""
    assert forecast_of(rising(), target=None, **ACCURACY).p_now is None
    assert forecast_of(rising()[:2], target=0.7, **ACCURACY).p_now is None
    points = [Point(n, 2 * n**-0.2) for n in (100, 200, 400)]
    assert forecast_of(points, target=0.7, **LOSS).p_now > 0.99
    assert forecast_of(points, target=points[-1].score, **LOSS).p_now == pytest.approx(0.5, abs=0.01)
    assert forecast_of(points, target=0.5, **LOSS).p_now < 0.01


def test_two_sizes_are_not_a_pilot_yet():
    """Fewer than three sizes give no band, and no chance."""
    for count in range(3):
        found = forecast_of(rising()[:count], target=0.95, **ACCURACY)
        assert ("not a pilot yet", (), None) == (found.verdict, found.band, found.p_target)


def test_a_stand_in_rules_nothing_out_for_the_model():
    """What a cheap learner cannot reach is no refusal of the model it stands in for, as it is of the model itself."""
    own = forecast_of(rising(5000), target=0.99, n_max=200, n_max_why="the pool", model="the 1B", **ACCURACY)
    found = forecast_of(rising(5000), target=0.99, n_max=200, model="the probe", stand_in=True, **ACCURACY)
    assert own.verdict == found.verdict == "not achievable within n_max"
    assert (False, True) == (own.ok, found.ok)
    assert any("stands in for the model" in words for words in found.assumptions)


def test_words_follow_the_chance():
    """Below a half unlikely, to 80% open, then likely."""
    words = {}
    for target in (0.8, 0.84, 0.88, 0.9, 0.92, 0.94):
        found = forecast_of(rising(3000), target=target, **ACCURACY)
        words[found.verdict] = found.p_target
        expected = "likely" if found.p_target >= 0.8 else "open" if found.p_target >= 0.5 else "unlikely"
        assert expected == found.verdict
    assert {"likely", "open"} <= words.keys()


def test_without_a_target_there_is_a_curve():
    """No target: a band, no chance, no examples needed."""
    found = forecast_of(rising(), target=None, **ACCURACY)
    assert found.verdict == "no target"
    assert found.needed is None
    assert len(found.band) >= 12
    assert all(row.p_target is None for row in found.band)


def test_examples_needed_are_ordered_and_priced():
    """P10 <= P50 <= P90 where known; the price is that of the examples beyond the last size."""
    found = forecast_of(rising(3000), target=0.85, supply=label_supply(2.0), **ACCURACY)
    assert found.needed.p10 <= found.needed.p50
    assert found.needed.p90 is None or found.needed.p50 <= found.needed.p90
    assert 2.0 * (found.needed.p50 - 160) == found.needed_price.p50
    assert found.band[0].price.p50 == 0
    assert 2.0 * (found.n_max - 160) == found.band[-1].price.p90


def test_what_is_never_reached_is_none():
    """Where fewer than half of the worlds reach the target within 64 times, P50 is unknown and unpriced."""
    found = forecast_of(rising(3000, slope=0.12), target=0.97, supply=label_supply(), **ACCURACY)
    assert found.needed.p50 is None
    assert found.needed_price is None


def test_zero_shot_is_kept_apart():
    """The untouched model's score is dropped with a note."""
    found = forecast_of([Point(0, 0.1), *rising()], target=0.9, **ACCURACY)
    assert found.points[0].n == 20
    assert any("untouched model" in words for words in found.assumptions)


def test_percent_scores_are_shares():
    """Points and target in percent give the forecast of their shares."""
    percent = [Point(p.n, 100 * p.score, p.draws, p.test_rows) for p in rising()]
    shares, hundred = forecast_of(rising(), target=0.9, **ACCURACY), forecast_of(percent, target=90, **ACCURACY)
    assert shares.p_target == pytest.approx(hundred.p_target, abs=0.01)
    assert hundred.target == 0.9


def test_an_unknown_metric_is_taken_as_it_looks():
    """A metric that the tables do not know is a share when higher is better, counted when a test size is given."""
    found = forecast_of(rising(), metric="my_score", direction="higher", target=0.9)
    assert found.p_target == forecast_of(rising(), target=0.9, **ACCURACY).p_target
    bare = forecast_of([Point(p.n, p.score) for p in rising()], metric="my_score", direction="higher", target=0.9)
    assert not any("test items is unknown" in words for words in bare.assumptions)


def test_impossible_scores_are_refused():
    """Scores and targets outside the metric's range are mistakes of the input."""
    for points, target, words in (
        ([Point(10, -0.2)], 0.9, "n = 10"), ([Point(10, 140.0)], 0.9, "n = 10"), (rising(), 1.2, "target"),
        (rising(), 0.0, "target"), (rising(), float("nan"), "target"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=words):
            forecast_of(points, target=target, **ACCURACY)


def test_next_pilot_names_what_lacks():
    """Noise of the test asks for test items, noise of runs for draws, a small cut for a larger size."""
    noisy = forecast_of([Point(20 * 2**i, s, 1, 30) for i, s in enumerate((0.5, 0.55, 0.6))], target=0.9, **ACCURACY)
    assert "test items instead of 30" in noisy.next_pilot
    runs = [Point(20 * 2**i, s, 2, 20_000, 0.1) for i, s in enumerate((0.5, 0.55, 0.6))]
    assert "draws of each size instead of 2" in forecast_of(runs, target=0.9, **ACCURACY).next_pilot
    small = [Point(n, 3 - i / 50) for i, n in enumerate((100, 200, 400))]
    assert "1,600 examples, 4 times" in forecast_of(small, target=1.0, **LOSS).next_pilot


def test_what_no_source_can_give_has_no_price():
    """Examples needed beyond the pool are unpriced, never a price that is not a number."""
    record = forecast_of(rising(), target=0.85, supply=label_supply(limit=100), **ACCURACY)
    assert record.needed.p50 is None or record.needed.p50 > 260
    assert record.needed_price is None
    assert all(at.price is not None for at in record.band if at.n <= 260)


def test_rows_at_hand_cost_nothing():
    """A pilot on part of the rows prices only examples beyond those that are there already."""
    part = forecast_of(rising(3000), target=0.9, n_max=2000, supply=label_supply(), basis=basis(), **ACCURACY)
    whole = forecast_of(
        rising(3000), target=0.9, n_max=2000, supply=label_supply(), basis=basis(), rows=1000, **ACCURACY
    )
    last = part.points[-1].n
    assert [at.n for at in part.band] == [at.n for at in whole.band]
    for cheap, dear in zip(whole.band, part.band, strict=True):
        assert cheap.price.p50 <= dear.price.p50
        assert (cheap.price.p50 == 0) == (cheap.n <= max(1000, last))


def test_shares_and_percent_in_one_curve_are_refused():
    """0.71 and 84 cannot both be right: nothing is divided by 100 on a guess."""
    with pytest.raises(InputError, match=r"0\.71 at n = 10 and 84 at n = 20"):
        forecast_of([Point(10, 0.71), Point(20, 84.0), Point(40, 90.0)], target=0.9, **ACCURACY)


def test_a_forecast_names_the_next_run():
    """A number with doubt names the run that tells the most; a settled verdict, or noise, names none."""
    found = forecast_of(rising(3000), target=0.9, **ACCURACY)
    assert found.next_run.n in (160, 320, 640)
    assert (None, None) == (found.next_run.worth, found.next_run.price)
    assert forecast_of(rising(), target=0.65, **ACCURACY).next_run is None
    noisy = forecast_of([Point(20 * 2**i, s, 1, 30) for i, s in enumerate((0.5, 0.55, 0.6))], target=0.9, **ACCURACY)
    assert noisy.next_run is None


def test_what_a_forecast_was_made_with_can_be_read_back():
    """Notes and runs left out come back from the record, so that it can be made again."""
    asked = {"notes": ("a", "b"), "left_out": ("1 run: failed",)}
    assert (("a", "b"), ("1 run: failed",)) == told(forecast_of(rising(), target=0.9, **asked, **ACCURACY))
    assert ((), ()) == told(forecast_of(rising(), target=0.9, **ACCURACY))


def test_a_pilot_of_one_answer_promises_nothing():
    """However its scores scatter, the verdict says why nothing is known and what to do, and names no next run."""
    points = [Point(n, score, 1, 300, None, 1.0) for n, score in ((20, 0.3), (40, 0.5), (80, 0.7), (160, 0.8))]
    found = forecast_of(points, target=0.95, n_max=1_000, **ACCURACY)
    assert (found.verdict, found.fault) == ("pilot uninformative", "one answer")
    assert "every test row got the same answer at 20, 40, 80 and 160 examples" in found.reason
    assert "another learner" in found.next_pilot
    assert found.next_run is None
    assert found.ok


def test_a_pilot_that_falls_names_the_check():
    """It says that training and test rows may differ, in the reason and in what it assumes, and rules nothing out."""
    points = [Point(n, score, 3, 1_000, 0.01) for n, score in ((20, 0.7), (40, 0.8), (80, 0.77), (160, 0.7))]
    found = forecast_of(points, target=0.99, n_max=1_000, **ACCURACY)
    assert (found.verdict, found.fault) == ("pilot uninformative", "falls")
    assert "`tunecase audit`" in found.reason
    assert "beyond its noise: 80.0% at 40 and 70.0% at 160" in found.reason
    assert any("worse as examples are added" in words for words in found.assumptions)
    assert found.next_run is None
