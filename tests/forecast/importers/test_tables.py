"""CSV files of runs: anybody's points, exports of Weights & Biases and of MLflow."""

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.errors import InputError
from tunecase.forecast.forecast import read_source
from tunecase.forecast.importers.imported import Asked
from tunecase.records import Point

# The columns are those that each tool writes; the runs are made up.
WANDB_RUNS = (
    '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","train_size","lr","eval/accuracy","eval/loss"\n'
    '"lora-100","finished","two\nlines","ann","","2026-11-01T10:00:00.000Z","61","","100","0.0001","0.71","0.9"\n'
    '"lora-200","finished","-","ann","","2026-11-01T10:00:00.000Z","90","","200","0.0001","0.78","0.7"\n'
    '"lora-400","crashed","-","ann","","2026-11-01T10:00:00.000Z","9","","400","0.0001","0.2","2.0"\n'
    '"lora-400b","finished","-","ann","","2026-11-01T10:00:00.000Z","150","","400","0.0001","0.83","0.6"\n'
    '"lora-800","finished","-","ann","","2026-11-01T10:00:00.000Z","250","","800","0.0001","NaN","NaN"\n'
)
WANDB_CHART = (
    '"Step","n400-s0 - eval/accuracy","n400-s0 - eval/accuracy__MIN","n400-s0 - eval/accuracy__MAX",'
    '"n800-s0 - eval/accuracy","n800-s0 - eval/accuracy__MIN","n800-s0 - eval/accuracy__MAX"\n'
    "10,0.6,0.6,0.6,,,\n20,0.7,0.7,0.7,0.75,0.75,0.75\n30,,,,0.8,0.8,0.8\n"
)
WANDB_HISTORY = (
    "_step,_runtime,_timestamp,train/loss,eval/accuracy\n0,1,1.7e9,1.2,\n1,2,1.7e9,0.9,0.6\n2,3,1.7e9,0.8,0.7\n"
)
MLFLOW_EXPORT = (
    "run_id,experiment_id,status,artifact_uri,start_time,end_time,metrics.eval/accuracy,params.n_train,params.lr,"
    "tags.mlflow.user,tags.mlflow.runName\n"
    "a1,1,FINISHED,file:///x,t,t,0.61,100,0.1,ann,one\na2,1,FINISHED,file:///x,t,t,0.70,200,0.1,ann,two\n"
    "a3,1,FAILED,file:///x,t,t,,400,0.1,ann,three\n"
)
MLFLOW_DOWNLOAD = (
    "Start Time,Duration,Run ID,Name,Source Type,Source Name,User,Status,lr,n_train,accuracy\n"
    "2026-11-01 10:00:00,1.2min,a1,one,LOCAL,t.py,ann,FINISHED,0.1,100,0.61\n"
    "2026-11-01 10:00:00,1.2min,a2,two,LOCAL,t.py,ann,KILLED,0.1,200,0.70\n"
)


def imported(tmp_path, text, name="export.csv", **asked):
    """What a file with this text gives."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_source(str(path), Asked(**asked))


def refused(tmp_path, text, **asked):
    """The problems of a refusal as text."""
    with pytest.raises(InputError) as caught:
        imported(tmp_path, text, **asked)
    return str(caught.value)


def test_own_points_are_read_as_before(tmp_path):
    """Columns n and score need no word more, and their mistakes keep their lines."""
    found = imported(tmp_path, "n,score,test_rows\n100,85%,300\n200,0.9,300\n")
    assert ((Point(100, 0.85, 1, 300), Point(200, 0.9, 1, 300)), "points") == (found.points, found.format)
    assert "export.csv:3: score" in refused(tmp_path, "n,score\n1,0.5\n2,x\n")
    assert "a header and no rows" in refused(tmp_path, "n,score\n")


def test_a_runs_table_of_weights_and_biases(tmp_path):
    """Each finished run is a point; a crashed and a diverged one are counted."""
    found = imported(tmp_path, WANDB_RUNS)
    assert (Point(100, 0.71), Point(200, 0.78), Point(400, 0.83)) == found.points
    assert ("1 run: crashed", "1 run: eval/accuracy is not a number") == found.left_out
    assert "an export of Weights & Biases" == found.format
    losses = imported(tmp_path, WANDB_RUNS, metric="loss", direction="lower")
    assert [0.9, 0.7, 0.6] == [point.score for point in losses.points]


def test_the_size_column_can_be_named(tmp_path):
    """A column that no list knows is taken by name; without it the columns are listed."""
    odd = WANDB_RUNS.replace("train_size", "k-shots")
    assert "k-shots" in refused(tmp_path, odd)
    assert "--size-column" in refused(tmp_path, odd)
    assert [100, 200, 400] == [point.n for point in imported(tmp_path, odd, size_column="k-shots").points]


def test_a_charts_export_of_weights_and_biases(tmp_path):
    """Runs stand in the columns; their last values count, and sizes come from their names or from the user."""
    found = imported(tmp_path, WANDB_CHART)
    assert (Point(400, 0.7), Point(800, 0.8)) == found.points
    over_time = WANDB_CHART.replace('"Step"', '"Relative Time (Wall)"').replace("eval/accuracy", "Test Accuracy")
    assert (Point(400, 0.7), Point(800, 0.8)) == imported(tmp_path, over_time).points
    other = WANDB_CHART.replace("n400-s0", "small").replace("n800-s0", "large")
    assert "--n small=400" in refused(tmp_path, other)
    named = imported(tmp_path, other, sizes={"small": 50, "large": 90})
    assert (Point(50, 0.7), Point(90, 0.8)) == named.points


def test_a_history_is_one_point(tmp_path):
    """The rows of one run's history are steps, not sizes."""
    found = imported(tmp_path, WANDB_HISTORY, sizes={"export": 300})
    assert (Point(300, 0.7),) == found.points
    assert any("one run is one point" in note for note in found.notes)
    several = WANDB_HISTORY.replace("_step,", "run,n_train,_step,").replace("\n0,", "\nx,100,0,")
    several = several.replace("\n1,", "\nx,100,1,").replace("\n2,", "\ny,200,2,")
    assert (Point(100, 0.6), Point(200, 0.7)) == imported(tmp_path, several).points


def test_an_export_of_mlflow(tmp_path):
    """`mlflow experiments csv` and the page's download are read alike."""
    found = imported(tmp_path, MLFLOW_EXPORT)
    assert (Point(100, 0.61), Point(200, 0.70)) == found.points
    assert (("1 run: failed",), "an export of MLflow") == (found.left_out, found.format)
    assert (Point(100, 0.61),) == imported(tmp_path, MLFLOW_DOWNLOAD).points


def test_any_table_with_a_row_for_each_run(tmp_path):
    """Semicolons, tabs and other names of the columns are understood."""
    assert (Point(10, 0.5),) == imported(tmp_path, "num_examples;eval_acc\n10;0.5\n").points
    assert (Point(10, 0.5),) == imported(tmp_path, "train_rows\taccuracy\n10\t0.5\n", name="x.tsv").points


def test_what_is_no_table_of_runs_is_refused(tmp_path) -> None:
    """Empty files, bare headers, doubled columns, other tables and decimal commas are told."""
    cases: list[Any] = [
        ("", "an empty file"),
        ("Name,State,eval/accuracy\n", "a header and no rows"),
        ("a,a\n1,2\n", "the column a twice"),
        ("colour,shape\nred,round\n", "a column of accuracy"),
        ('n_train,accuracy\n100,"0,85"\n', "a column of accuracy"),
    ]
    breaches = []
    for text, words in cases:
        breaches += [] if words in refused(tmp_path, text) else [(text, words)]
    assert [] == breaches


def test_places_that_hold_no_points(tmp_path):
    """A missing path, an empty folder and a file of another kind say what can be read."""
    (tmp_path / "notes.md").write_text("n,score\n", encoding="utf-8")
    for place in (tmp_path / "none.csv", tmp_path / "notes.md", tmp_path):
        with pytest.raises(InputError, match=r"trainer_state\.json"):
            read_source(str(place), Asked())


CELLS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["n", "score", "Name", "State", "_step", "accuracy", "eval/accuracy", "n_train", "a - accuracy", "0.5", "100",
     "nan", "85%", "1e999", "-1", "crashed", "metrics.accuracy", "params.n"]
)  # fmt: skip


@law(150, HealthCheck.function_scoped_fixture)
@given(st.lists(st.lists(CELLS, max_size=6), max_size=6), st.sampled_from([",", ";", "\t"]))
def test_no_table_ends_in_a_traceback(tmp_path, rows, comma):
    """Whatever the cells hold, there are points with sound numbers or a refusal in words."""
    with contextlib.suppress(InputError):
        found = imported(tmp_path, "\n".join(comma.join(row) for row in rows))
        assert found.points
        assert all(0 <= point.n <= 1e12 and 0 <= point.score <= 100 for point in found.points)
