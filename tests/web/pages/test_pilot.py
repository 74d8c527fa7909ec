"""The pilot as it grows."""

from dataclasses import replace

from tests.web.pages import made
from tests.web.pages.reading import PageRead
from tunecase.web.pages import live_fragment
from tunecase.web.pages.pilot import MOST_ROWS, chart_of, rows


def test_every_run_is_a_dot_and_the_means_are_the_line() -> None:
    """One dot for each run with rows and a score, one mean for each size; the target's line and a log axis."""
    state = made.state(8)
    odd = (made.run(8, rows=0), made.run(9, score=None, failed="no"), made.run(10, score=None))
    chart = chart_of(replace(state, runs=(*state.runs, *odd)))
    assert "Every dot is a run; the line is their mean." == chart[2]
    for drawing in chart[:2]:
        assert 8 == drawing.count('class="run"')
        assert 6 == drawing.count('class="acc"')
        assert "target 80%" in drawing
        assert "log scale" in drawing
        assert "at most" not in drawing
        assert "budget" not in drawing


def test_the_line_is_of_the_learner_with_most_sizes() -> None:
    """A race has several learners: all are dots, one is the line, and the words say which."""
    state = made.state(6)
    other = tuple(replace(one, learner="Qwen3-0.6B", key=f"q{one.key}") for one in state.runs[:2])
    drawn = chart_of(replace(state, runs=(*state.runs, *other)))
    assert 8 == drawn[0].count('class="run"')
    assert 6 == drawn[0].count('class="acc"')
    assert "Every dot is a run; the line is the mean of word counts." == drawn[2]


def test_before_a_score_there_is_no_curve() -> None:
    """Neither without runs nor where all failed or have no rows; the page says when it begins."""
    failed = made.state(0, running=True, runs=(made.run(0, score=None, failed="no"), made.run(1, rows=0)))
    for state in (made.state(0, running=True), failed):
        assert chart_of(state) is None
        assert "The curve begins with the first run" in live_fragment(state)


def test_runs_are_listed_newest_first_with_what_failed() -> None:
    """The last run stands first under a key of its own; a failure says why."""
    runs = (made.run(0), made.run(1, score=None, failed="out of memory at step 3"))
    html = live_fragment(made.state(2, runs=runs))
    assert ["run-1", "run-0"] == [row.key for row in rows(made.state(2, runs=runs))]
    assert html.index('data-key="run-1"') < html.index('data-key="run-0"')
    assert "out of memory at step 3" in html
    assert "Learner" not in html
    assert "Learner" in live_fragment(made.state(2, runs=(made.run(0), made.run(1, learner="Qwen3-0.6B"))))


def test_a_long_table_ends() -> None:
    """The newest runs are listed, the older ones counted."""
    runs = tuple(replace(made.run(0), key=f"r{n}") for n in range(MOST_ROWS + 1_200))
    html = live_fragment(made.state(0, runs=runs, planned=None))
    assert MOST_ROWS == html.count('data-key="r')
    assert "1,200 older runs are in the ledger" in html


def test_the_fragment_is_whole_and_without_forms() -> None:
    """It can be swapped: it closes what it opens, and holds no field that somebody could be typing in."""
    for state in (made.state(0), made.state(5, running=True), made.state(16, fault="x")):
        page = PageRead(live_fragment(state))
        assert not page.forms
        assert not {"input", "button", "select"} & {tag for tag, _ in page.tags}
