"""Points of a learning curve: reading, averaging, the scale of errors."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.errors import InputError
from tunecase.forecast.points import counted_as, error_of, merge, read_points, to_error, to_score, with_rounds
from tunecase.records import Point, Round


def write(tmp_path, text):
    """A points file."""
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path, text, direction=None):
    """The mistakes of a points file as text."""
    with pytest.raises(InputError) as caught:
        read_points(write(tmp_path, text), direction)
    return [str(problem) for problem in caught.value.problems]


@given(st.floats(0, 1), st.sampled_from(["higher", "lower"]))
def test_scores_and_errors_are_inverse(score, direction):
    """A score comes back from its error."""
    assert to_score(to_error(score, direction), direction) == pytest.approx(score)


def test_error_has_a_least_value():
    """A perfect score keeps an error of half a point."""
    assert error_of(Point(10, 1.0), "higher") == 0.005


def test_runs_of_one_size_are_averaged():
    """Runs of one size become one point with their spread; n = 0 stays apart; the smallest test set counts."""
    found = merge([Point(20, 0.5, 1, 300), Point(10, 0.4), Point(20, 0.7, 1, 200), Point(0, 0.1)], "higher")
    assert [Point(10, 0.4), Point(20, 0.6, 2, 200, pytest.approx(0.1414, abs=1e-4))] == list(found)
    assert found == merge(found, "higher")


def test_percent_become_shares():
    """Scores of up to 100 become shares where higher is better, and stay as they are where lower is."""
    assert [point.score for point in merge([Point(1, 50), Point(2, 85)], "higher")] == [0.5, 0.85]
    assert [point.score for point in merge([Point(1, 50), Point(2, 85)], "lower")] == [50, 85]


def test_a_file_is_read(tmp_path):
    """All columns are read, n_train too, with thousands and percent as people write them."""
    text = (
        'n_train,score,seed,test_rows,draws,sd,metric\n0,0.2,,,,,acc\n"1,000",85%,s0,300,2,0.01,acc\n2e3,0.9,s0,,,,\n'
    )
    wanted = (Point(0, 0.2), Point(1000, 0.85, 2, 300, 0.01), Point(2000, 0.9))
    assert wanted == read_points(write(tmp_path, text))


def test_every_mistake_is_told_with_its_line(tmp_path):
    """All mistakes are gathered: sizes, scores, test sizes and mixed metrics."""
    text = "n,score,test_rows,sd,metric\n-5,0.5,,,acc\n10,nan,0,,acc\n1.5,x,,,f1\n20,-0.1,,-1,acc\n"
    found = problems(tmp_path, text)
    starts = [":".join(line.split(":")[:3]) for line in found]
    wanted = ["csv:2: n", "csv:3: score", "csv:3: test_rows", "csv:4: n", "csv:4: score", "csv:5: score", "csv:5: sd"]
    assert [f"points.{name}" for name in [*wanted, "csv:4: metric"]] == starts
    assert "'acc' at line 2 and 'f1' at line 4" in found[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "an empty file"),
        ("n,score\n", "a header and no rows"),
        ("size,score\n1,2\n", "the columns size, score"),
        ("n,score\n10\n", "''"),
    ],
)
def test_a_file_without_points_is_refused(tmp_path, text, words):
    """An empty file, a bare header, wrong columns and short rows are mistakes."""
    assert words in problems(tmp_path, text)[0]


def test_scores_above_100_are_refused_where_higher_is_better(tmp_path):
    """A score of 140 is a loss or a slip."""
    assert "between 0 and 1" in problems(tmp_path, "n,score\n10,140\n", "higher")[0]
    assert (Point(10, 140),) == read_points(write(tmp_path, "n,score\n10,140\n"))


def test_unreadable_files_are_refused(tmp_path):
    """A missing file and bytes that are not text are mistakes, not tracebacks."""
    with pytest.raises(InputError, match="no such file"):
        read_points(tmp_path / "none.csv")
    path = tmp_path / "points.csv"
    path.write_bytes(b"n,score\n\xff\xfe,1\n")
    with pytest.raises(InputError, match="UTF-8"):
        read_points(path)


def test_rows_from_other_sources_stand_where_they_teach():
    """Rows of other sources move the point back by what they lack, later rounds as well; smaller ones stay."""
    points = [Point(200, 0.70), Point(400, 0.75)]
    ways = ((1_200, "other_sources"), (1_400, "label"), (300, "tune"))
    rounds = [Round(i + 1, n, 0.8, 400, way, date(2026, 11, 24)) for i, (n, way) in enumerate(ways)]
    assert (800, 1_000, 300) == counted_as([200, 400], rounds, 0.5)
    assert (1_200, 1_400, 300) == counted_as([200, 400], rounds, 1.0)
    found, _ = with_rounds(points, rounds[:2], "higher", False, 0.5)
    assert [200, 400, 800, 1_000] == [point.n for point in found]


def test_the_share_of_the_commonest_answer_is_the_least_of_its_runs():
    """A size whose runs answer differently is no size of one answer; runs that kept none say nothing."""
    runs = [Point(10, 0.5, 1, 100, None, share) for share in (1.0, 0.6, None)]
    assert merge(runs, "higher")[0].commonest_share == 0.6
    assert merge([Point(10, 0.5)], "higher")[0].commonest_share is None
