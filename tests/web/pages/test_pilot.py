"""The pilot as it grows."""

from dataclasses import replace

import pytest

from tests.web.pages import made
from tests.web.pages.reading import PageRead
from tunecase.web.pages import live_fragment
from tunecase.web.pages.pilot import MOST_ROWS, chart_of, facts, metric_words, pilot_heading, rows, time_left


@pytest.mark.parametrize(
    ("state", "heading"),
    [
        (made.state(0), "Pilot: no run was made yet"),
        (made.state(0, running=True), "Pilot: it runs, no run is done yet"),
        (made.state(0, fault="It died."), "Pilot: something went wrong, no run is done"),
        (made.state(12, running=True), "Pilot: 12 of 16 runs done, best 50%"),
        (made.state(12), "Pilot: stopped after 12 of 16 runs, best 50%"),
        (made.state(12, fault="It died."), "Pilot: something went wrong after 12 of 16 runs, best 50%"),
        (made.state(16), "Pilot: all 16 runs done, best 50%"),
        (made.state(1, planned=1), "Pilot: its one run done, best 17%"),
        (made.state(18, planned=16), "Pilot: 18 runs done, best 52%"),
        (made.state(6, planned=None), "Pilot: 6 runs done, best 48%"),
        (made.state(6, running=True, metric="loss"), "Pilot: 6 of 16 runs done, best 0.17"),
        (
            made.state(1, running=True, runs=(made.run(0, score=None, failed="out of memory"),)),
            "Pilot: 1 of 16 runs done, no run has a score",
        ),
    ],
)
def test_the_heading_says_what_is_so(state: made.PilotState, heading: str) -> None:
    """How many runs of how many, whether it runs, and the best score in the direction and digits of its metric."""
    assert heading == pilot_heading(state)
    assert heading in live_fragment(state)


def test_the_figures_stand_beside_the_curve() -> None:
    """Runs, best, target, money under its cap, time; what is not known or not so is left out."""
    told = dict(facts(made.state(12, running=True)))
    assert {
        "Runs done": "12 of 16", "Best of one run": "50%", "Target": "80%", "Spent": "0 of at most 5 USD",
        "Time left": "about 5 s",
    } == told  # fmt: skip
    runs = (*made.state(2).runs, made.run(2, score=None, failed="out of memory"))
    bare = made.state(2, runs=runs, planned=None, cap_usd=None, target=None, spent_usd=1_524.0)
    assert {"Runs done": "3", "Failed": "1", "Best of one run": "22%", "Spent": "1,500 USD"} == dict(facts(bare))


@pytest.mark.parametrize(
    ("left_s", "words"), [(0.2, "about 1 s"), (4.6, "about 5 s"), (90.0, "about 1.5 min"), (None, "not known yet")]
)
def test_time_left_is_told_while_it_runs(left_s: float | None, words: str) -> None:
    """In whole seconds below a minute; nothing once it has ended."""
    assert words == time_left(made.state(3, running=True, left_s=left_s))
    assert "" == time_left(made.state(3, left_s=left_s))


def test_every_run_is_a_dot_and_the_means_are_the_line() -> None:
    """One dot for each run with rows and a score, one mean for each size; the target's line and a log axis."""
    state = made.state(8)
    odd = (made.run(8, rows=0), made.run(9, score=None, failed="no"), made.run(10, score=None))
    chart = chart_of(replace(state, runs=(*state.runs, *odd)))
    assert chart is not None
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
    assert drawn is not None
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


def test_a_metric_is_told_in_words() -> None:
    """Known ones by what they are, others by their name."""
    assert "Share of answers that are right" == metric_words(made.state(0))
    assert "My score" == metric_words(made.state(0, metric="my_score"))
    assert "Score" == metric_words(made.state(0, metric=""))


def test_the_fragment_is_whole_and_without_forms() -> None:
    """It can be swapped: it closes what it opens, and holds no field that somebody could be typing in."""
    for state in (made.state(0), made.state(5, running=True), made.state(16, fault="x")):
        page = PageRead(live_fragment(state))
        assert not page.forms
        assert not {"input", "button", "select"} & {tag for tag, _ in page.tags}
