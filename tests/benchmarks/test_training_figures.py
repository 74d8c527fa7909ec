"""Figures of the training benchmark: every publisher counts once, and a bootstrap draws publishers."""

import sys
from pathlib import Path

import pytest

from tests.compute.measured.test_calibration import ran

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from training_figures import after_one, headline, memory_figures, peak_after, speed_after, verdict_figures
from training_scores import Score, Verdict


def score(publisher: str, error: float, width: float = 2.0, **more) -> Score:
    """A prediction that lies an error above a truth of one, with a band of a width around it."""
    told = 1 + error
    return Score(ran(publisher=publisher, **more), told, 1.0, told / width**0.5, told * width**0.5)


def test_every_publisher_counts_once():
    """Nine rows of one publisher and one of another weigh alike in the headline, and by row in the pooled figures."""
    found = headline([score("a", 0.1)] * 9 + [score("b", 0.9)])
    assert (10, 2, 50.0, 50.0, 0.5) == tuple(
        found[key] for key in ("n", "publishers", "median_ape", "p90_ape", "coverage80")
    )
    assert {"median_ape": 10.0, "p90_ape": 10.0, "coverage80": 0.9, "width": 2.0} == found["pooled"]


def test_the_width_is_the_median_over_publishers():
    """A publisher with an endless band does not set the width."""
    assert 2.0 == headline([score("a", 0, 2), score("b", 0, 2), score("c", 0, 1000)])["width"]


def test_the_bootstrap_spans_publishers():
    """Publishers that agree leave no doubt, publishers that differ a wide one; the same rows give the same interval."""
    alike = headline([score(name, 0.1) for name in "abcdef"])["bootstrap"]
    apart = headline([score(name, 0.1 * at) for at, name in enumerate("abcdef")])["bootstrap"]
    assert [10.0, 10.0] == alike["median_ape"]
    low, high = apart["median_ape"]
    assert low < 25 < high
    assert apart == headline([score(name, 0.1 * at) for at, name in enumerate("abcdef")])["bootstrap"]


def test_nothing_scored_is_no_figure():
    """Without rows there is no error and no share."""
    found = headline([])
    assert (0, None, None) == (found["n"], found["median_ape"], found["coverage80"])


def test_the_memory_line_holds_every_kind_of_peak():
    """Rows that do not name the kind of peak count in the line, and both kinds stand beside it."""
    from dataclasses import replace

    named = score("a", 0.1)
    silent = replace(named, run=replace(named.run, statistic="not stated"))
    found = memory_figures([named, silent])
    counts = {name: line["n"] for name, line in found.items()}
    assert {"memory_all": 2, "memory": 2, "memory_multi_gpu": 0, "memory_stated": 1, "memory_not_stated": 1} == counts


def test_verdicts_count_failures_called_fits():
    """A failure called fits is false; the share is of all called fits."""
    from dataclasses import replace

    run = ran()
    failed = replace(run, failed="said")
    found = verdict_figures(
        [Verdict(run, "fits"), Verdict(failed, "fits"), Verdict(failed, "tight"), Verdict(run, "does not fit")]
    )
    assert (1, 0.5, 0.25, 1) == (
        found["called_fits_but_failed"],
        found["false_fit_rate"],
        found["tight_share"],
        found["ran_but_called_does_not_fit"],
    )


def test_one_run_teaches_the_others_of_its_set_up():
    """Runs that lie alike from the prediction are told well after one of them."""
    runs = [ran(batch=batch, memory_factor=1.2, time_factor=1.3) for batch in (1, 2)]
    assert after_one(runs, peak_after)["pairs"] == 2
    assert after_one(runs, peak_after)["median_ape"] < 10
    assert after_one(runs, speed_after)["median_ape"] == pytest.approx(0, abs=10)
    assert after_one(runs[:1], peak_after)["median_ape"] is None
