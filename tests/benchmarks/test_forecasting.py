"""The forecast's benchmark: its figures hold, and odd files do not stop it."""

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import curve_files
import forecasting
from curve_widths import KINDS, LEARNT, learn_widths
from forecasting_figures import GROUPS, PUBLISHED, RATIOS, by_publisher

ROOT = Path(__file__).parents[2]
SHARED = ROOT / ".." / "shared" / "data" / "learning_curves.csv"
SCRIPT = ROOT / "benchmarks" / "forecasting.py"
HEADER = "curve_id,source,domain,task,model,metric,direction,n_train,score,seed".split(",")
SIZES = [10 * 2**i for i in range(8)]


FIRST = set(forecasting.TEACH)  # units of the collected table


@pytest.fixture(scope="module")
def known():
    """Every task of the library's first seven units."""
    return forecasting.tasks([curve for curve in forecasting.shipped_curves() if curve.unit in FIRST])


def mean(tasks, rows, group, key):
    """The mean of a score over a group."""
    return np.mean([row[key] for task, row in zip(tasks, rows, strict=True) if task.curve.group == group])


@pytest.mark.slow
def test_published_figures_are_reproduced(known):
    """Task counts and the errors of last value, local power law and plain shape atoms are those published."""
    assert len(known) == 861
    peers = {
        "last value": (forecasting.last_value, 0.6),
        "local power law": (forecasting.local_power, 0.3),
        "shape atoms, plain": (forecasting.plain_atoms, 1.5),
    }
    for name, (forecast, within) in peers.items():
        rows = forecasting.score(forecast, known)
        for group, published in zip(GROUPS, PUBLISHED[name], strict=True):
            for ratio, cell in zip(RATIOS, published, strict=False):
                errors = [
                    r["error"] for t, r in zip(known, rows, strict=True) if (t.curve.group, t.ratio) == (group, ratio)
                ]
                assert 100 * np.mean(errors) == pytest.approx(cell, abs=within)


GOLDEN = {  # CRPS, coverage and Brier score on every third task, as measured when written
    "loss": (0.0395, 0.95, 0.051),
    "metric": (0.1632, 0.795, 0.1701),
    "other": (0.1628, 0.833, 0.122),
}


@pytest.mark.slow
def test_the_belief_is_as_good_as_it_was(known):
    """Golden numbers on every third task, each forecast without its own source; 3% worse fails."""
    some = known[::3]
    pool = forecasting.Pool([])
    rows = forecasting.score(pool, some)
    for group, (crps, coverage, brier) in GOLDEN.items():
        assert mean(some, rows, group, "crps") <= 1.03 * crps
        assert mean(some, rows, group, "covered") == pytest.approx(coverage, abs=0.04)
        assert mean(some, rows, group, "brier") <= 1.03 * brier
    verdicts = forecasting.judge_verdicts(some, rows)
    wrong, issued, absent = (sum(found[i] for found in verdicts.values()) for i in range(3))
    assert wrong <= 0.02 * issued
    assert (issued - wrong) / absent >= 0.29


def test_nothing_is_learnt_from_the_unit_asked_about(known):
    """A belief of the benchmark holds no lesson of its own source."""
    for task in known[::100]:
        assert task.curve.unit not in set(task.belief.library.unit)
        assert task.belief.library.units == 6


def test_the_shipped_library_is_what_the_collected_table_says():
    """Every curve of ../shared/data/learning_curves.csv is in the library, with its numbers and its unit."""
    if not SHARED.exists():
        pytest.skip("skipped: ../shared/data/learning_curves.csv not found")
    theirs, ours = (
        {curve.name: curve for curve in curves}
        for curves in (
            forecasting.read_curves(SHARED),
            [curve for curve in forecasting.shipped_curves() if curve.unit in FIRST],
        )
    )
    assert theirs.keys() == ours.keys()
    for name, curve in ours.items():
        assert np.allclose(curve.errors, theirs[name].errors, rtol=2e-4, atol=1e-4)
        assert curve.runs.tolist() == theirs[name].runs.tolist()
        assert (curve.unit, curve.group, curve.bounded) == (theirs[name].unit, theirs[name].group, theirs[name].bounded)


def write(path, rows):
    """A file of curves."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def curve(name, source, metric, direction, score, domain="llm_finetune", seed="na"):
    """The rows of one curve at eight doublings."""
    return [[name, source, domain, "t", "m", metric, direction, n, score(n), seed] for n in SIZES]


ODD = {
    "nothing": [],
    "too few sizes": [["a", "s", "llm_finetune", "t", "m", "accuracy", "higher", n, 0.5, "s0"] for n in (10, 20)],
    "ends of the scale": [
        *curve("all right", "new", "accuracy", "higher", lambda n: 100),
        *curve("all wrong", "new", "weird", "higher", lambda n: 0),
        *curve("no loss", "new", "eval_loss", "lower", lambda n: 0.0, seed="mean3"),
    ],
    "unknown metrics": [
        *curve("elo", "new", "elo", "higher", lambda n: 1200 + n, "other"),
        *curve("matthews", "new", "matthews", "higher", lambda n: n / 2000 - 0.2),
        *curve("wer", "new", "wer", "lower", lambda n: 120 - n / 20, "asr"),
    ],
    "words for numbers": [
        *curve("half", "new", "f1", "higher", lambda n: "nan" if n < 50 else 0.5, seed=""),
        *curve("none", "new", "f1", "higher", lambda n: "-"),
    ],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_files_are_scored_without_a_stop(tmp_path, name):
    """Few curves, absent groups, scores at the ends of the scale and unknown metrics give numbers or null."""
    found = forecasting.run_on(write(tmp_path / "curves.csv", ODD[name]), widened=False)
    assert list(found) == [
        "llm_loss", "llm_metric", "other", "not_achievable", "by_source", "by_publisher", "seconds_per_forecast",
    ]  # fmt: skip
    for group in ("llm_loss", "llm_metric", "other"):
        assert found[group]["n"] >= 0
        assert found[group]["crps"] is None or math.isfinite(found[group]["crps"])
    json.dumps(found, allow_nan=False)


def test_a_source_never_seen_is_a_unit_of_its_own(tmp_path):
    """Curves of an unknown source learn from all seven units; those of a known one not from their own."""
    rows = curve("x", "somebody/else", "accuracy", "higher", lambda n: 0.9 - 0.4 * n**-0.3)
    new, old = (forecasting.read_curves(write(tmp_path / "curves.csv", some))[0] for some in (
        rows, [[*row[:1], "TevenLeScao/pet", *row[2:]] for row in rows]
    ))  # fmt: skip
    assert (new.unit, old.unit) == ("somebody", "pet")
    every = forecasting.lessons().units
    assert forecasting.lessons_without(frozenset({new.unit})).units == every
    assert forecasting.lessons_without(frozenset({old.unit})).units == every - 1


OWNERS = {
    "Owner/name@abc123 results/a.csv": "owner",
    "owner/name@def456 results/b.csv": "owner",
    "https://github.com/owner/other/blob/main/x.csv": "owner",
    "huggingface.co/somebody MODEL-few-shot eval_results.json": "somebody",
    "package 1.2 (PyPI) table.csv": "package",
    "arXiv 1905.02249 in a repository of papers": "arxiv 1905.02249",
    "huggingface/setfit final_results/distillation": "setfit",
    "huggingface/another": "huggingface",
    "competition/entry": "competition",
    "linhaowei1/Fine-tuning-Scaling-Law@5214568": "t",
}


@pytest.mark.parametrize("source", OWNERS)
def test_all_files_of_a_publisher_are_one_unit(source):
    """A unit is the owner, package or paper that a source names, whatever its file; known ones keep their names."""
    assert curve_files._unit({"source": source, "task": "t"}) == OWNERS[source]


def test_publishers_are_sealed_by_their_names():
    """The seal follows from the name alone, and about half of all names are sealed."""
    assert curve_files.is_sealed("somebody") == curve_files.is_sealed("somebody")
    assert 0.4 < np.mean([curve_files.is_sealed(f"publisher {i}") for i in range(1000)]) < 0.6


def test_added_curves_come_once(tmp_path):
    """A curve that is there, one that leaves no pilot and one that never moves are not added."""
    falls, flat = (lambda n: 0.9 - 0.4 * n**-0.3), (lambda n: 0.5)
    rows = [*curve("x", "new/a", "f1", "higher", falls), *curve("copy", "new/b", "f1", "higher", falls)]
    rows += [*curve("flat", "new/a", "f1", "higher", flat), *curve("short", "new/a", "f1", "higher", falls)[:4]]
    (added,) = forecasting.with_added([], [write(tmp_path / "curves.csv", rows)])
    assert (added.name, added.unit, added.facts["licence"]) == ("new/x", "new", "none stated")


def test_each_publisher_counts_once(known):
    """The mean over publishers is that of their means, whatever the number of their tasks."""
    some = [task for task in known if task.curve.unit in ("pet", "setfit")]
    rows = [dict.fromkeys(("crps", "covered", "width", "brier"), float(task.curve.unit == "pet")) for task in some]
    found = by_publisher(some, rows, [None] * len(some))["llm_metric"]
    assert found["publishers"] == 2
    assert found["crps"] == {"mean": 0.5, "low": 0.0, "high": 1.0}


@pytest.mark.parametrize("kind", KINDS)
def test_widths_follow_the_misses(known, kind):
    """Twice the misses, a wider band, but for few publishers not twice as wide; other learners keep their own."""
    some = [task for task in known if task.curve.unit in ("pet", "setfit", "gptchem")][::3]
    misses = np.random.default_rng(0).gamma(2, 0.4, len(some))
    once, twice = (learn_widths(kind, some, times * misses).width(0.0) for times in (1, 2))
    assert 1 < twice / once < 2 if kind in LEARNT else twice == once == 1
    assert learn_widths(kind, [], []).width(0.0) == 1


def test_errors_and_losses_fall_into_their_groups():
    """Losses of fine-tunes, their other metrics, and everything else are scored apart."""
    facts = {"source": "s", "domain": "llm_finetune", "metric": "test_loss", "direction": "lower"}
    assert curve_files._group(facts) == "loss"
    assert curve_files._group({**facts, "metric": "mae"}) == "metric"
    assert curve_files._group({**facts, "metric": "accuracy", "direction": "higher"}) == "metric"
    assert curve_files._group({**facts, "domain": "nmt_scratch"}) == "other"


def test_the_closest_falling_curve_averages_what_rises():
    """Neighbours that rise share their mean; a curve that falls stays as it is."""
    assert forecasting.isotonic(np.array([3.0, 1.0, 2.0, 0.5])).tolist() == [3.0, 1.5, 1.5, 0.5]


@pytest.mark.slow
def test_the_benchmark_ends_with_its_figures():
    """The last line is one JSON object, and no figure is worse than what was measured when it was written."""
    if not SHARED.exists():
        pytest.skip("skipped: ../shared/data/learning_curves.csv not found")
    printed = subprocess.run(
        [sys.executable, str(SCRIPT), "--ours", "--curves", str(SHARED)], capture_output=True, text=True, check=True
    ).stdout
    found = json.loads(printed.strip().splitlines()[-1])
    assert found["llm_loss"]["crps"] <= 0.0415
    assert found["llm_metric"]["crps"] <= 0.174
    assert found["other"]["crps"] <= 0.167
    assert found["llm_metric"]["brier"] <= 0.181
    assert min(found[group]["within2x"] for group in ("llm_metric", "other")) >= 0.36
    assert found["not_achievable"]["wrong"] <= 0.02
    assert found["not_achievable"]["verdicts"] >= 100
