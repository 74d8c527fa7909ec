"""Runs of a tracker become points: the right columns, failed runs left out, what is unclear refused."""

import math

import pytest

from tunecase.errors import InputError
from tunecase.forecast.importers.imported import Asked
from tunecase.forecast.importers.tracked import import_runs, size_in_name
from tunecase.io.trackers.run import Tracked
from tunecase.records import Point

PLACE = {"place": "runs.csv", "form": "a table of runs"}


def run(name="a", n=100, accuracy=0.7, status="finished", **scores):
    """One run with a size and a score."""
    told = {"eval/accuracy": accuracy, **scores}
    series = {key: ((0.0, value),) for key, value in told.items() if value is not None}
    return Tracked(name, status, {} if n is None else {"config.n_train": str(n)}, series)


def refused(runs, **asked):
    """The problems of a refusal as text."""
    with pytest.raises(InputError) as caught:
        import_runs(runs, Asked(**asked), **PLACE)
    return str(caught.value)


def test_each_good_run_is_a_point():
    """Failed, running and diverged runs are left out, counted with their reason; the rest are points."""
    runs = [
        run("a"), run("b", 200, 0.8), run("c", 400, 0.9, "crashed"), run("d", 400, 0.9, "RUNNING"),
        run("e", 800, math.nan), run("f", 800, None), run("g", None),
        Tracked("h", "finished", {"n_train": "50", "converged": "False"}, {"eval/accuracy": ((0, 0.2),)}),
    ]  # fmt: skip
    found = import_runs(runs, Asked(), **PLACE)
    assert (Point(100, 0.7), Point(200, 0.8)) == found.points
    assert (
        "1 run: crashed",
        "1 run: eval/accuracy is not a number",
        "1 run: its number of training examples is not known",
        "1 run: no eval/accuracy",
        "1 run: not converged",
        "1 run: still running",
    ) == found.left_out
    assert any("eval/accuracy" in note for note in found.notes)


def test_a_test_set_counts_before_an_evaluation_set():
    """Where both were scored in every run the test set is read, and training scores never."""
    found = import_runs([run(**{"test/acc": 0.6, "train/accuracy": 0.99})], Asked(), **PLACE)
    assert [0.6] == [point.score for point in found.points]


def test_the_last_score_counts_unless_the_best_is_asked_for():
    """Steps are not examples: a run is one point, by its last score, or its best, and both are said."""
    steps = ((20.0, 0.7), (10.0, 0.8), (0.0, 0.5))
    one = [Tracked("a", "", {"n": "100"}, {"eval_accuracy": steps})]
    last, best = (import_runs(one, Asked(step=step), **PLACE) for step in ("last", "best"))
    assert [0.7, 0.8] == [last.points[0].score, best.points[0].score]
    assert any("one run is one point" in note for note in last.notes)
    assert any("--step best" in note for note in last.notes)
    assert any("flatters" in note for note in best.notes)
    loss = [Tracked("a", "", {"n": "100"}, {"eval_loss": steps})]
    found = import_runs(loss, Asked("loss", "lower", step="best"), **PLACE)
    assert [0.5] == [point.score for point in found.points]


def test_mixed_metrics_are_refused():
    """One run scored on a test set and another on an evaluation set are not one curve."""
    mixed = [run("a"), Tracked("b", "", {"n_train": "5"}, {"test/accuracy": ((0, 0.5),)})]
    assert "mixed metrics: test/accuracy and eval/accuracy" in refused(mixed)
    two = [run(**{"val/accuracy": 0.5})]
    assert "--score-column" in refused(two)
    assert 0.5 == import_runs(two, Asked(score_column="val/accuracy"), **PLACE).points[0].score


def test_a_score_of_the_other_direction_is_refused():
    """A loss is no accuracy, and an accuracy no loss."""
    assert "falls as a model gets better" in refused([run(**{"eval/loss": 0.4})], score_column="eval/loss")
    rises = refused([run()], metric="loss", direction="lower", score_column="eval/accuracy")
    assert "rises as a model gets better" in rises


def test_a_missing_size_lists_the_columns():
    """Without sizes the columns are listed, with both ways to name the size."""
    said = refused([Tracked("run-a", "", {"lr": "0.1"}, {"accuracy": ((0, 0.5),)})])
    assert "the columns lr" in said
    assert "--size-column" in said
    assert "--n run-a=400" in said


def test_a_name_full_of_digits_holds_no_size():
    """More digits than a count can have are an identifier."""
    assert (None, 400) == (size_in_name("run n" + "9" * 5000), size_in_name("run n=400"))


def test_sizes_come_from_a_column_named_the_user_or_the_name():
    """A named column, sizes by run, or n=400 in the names give the size."""
    runs = [Tracked("lora n=400", "", {"budget": "300"}, {"accuracy": ((0, 0.5),)})]
    assert [400] == [point.n for point in import_runs(runs, Asked(), **PLACE).points]
    assert [300] == [point.n for point in import_runs(runs, Asked(size_column="Budget"), **PLACE).points]
    named = Asked(sizes={"lora n=400": 7})
    assert [7] == [point.n for point in import_runs(runs, named, **PLACE).points]
    assert "did you mean lora n=400?" in refused(runs, sizes={"lora n=40": 7})
    assert "the columns budget" in refused(runs, size_column="rows")


def test_two_sizes_that_disagree_are_refused():
    """A run with two different numbers of examples needs a word which one is meant."""
    torn = [Tracked("a", "", {"n_train": "400", "dataset_size": "8000"}, {"accuracy": ((0, 0.5),)})]
    assert "n_train 400, dataset_size 8,000" in refused(torn)
    assert 400 == import_runs(torn, Asked(size_column="n_train"), **PLACE).points[0].n
    alike = [Tracked("a", "", {"n_train": "400", "max_train_samples": "-1"}, {"accuracy": ((0, 0.5),)})]
    assert 400 == import_runs(alike, Asked(), **PLACE).points[0].n


def test_scores_out_of_range_are_refused_together():
    """Every score outside the metric's range is told with its run."""
    said = refused([run("a", accuracy=-0.2), run("b", accuracy=140.0), run("c")])
    assert "runs.csv: a: eval/accuracy" in said
    assert "runs.csv: b: eval/accuracy" in said


def test_the_test_size_is_read():
    """The number of test items gives the points their noise."""
    facts = {"n": "100", "data.eval_samples": "300"}
    found = import_runs([Tracked("a", "", facts, {"accuracy": ((0, 0.5),)})], Asked(), **PLACE)
    assert (Point(100, 0.5, 1, 300),) == found.points
