"""The backtest: its truth, what everybody pays alike, each source counting once, and a page that is what tables say."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import roads
from roads_answers import ROUND_USD, Ask, _Road, points_of, scenarios, walked
from roads_code import made_by, mark
from roads_curves import RUNS, TOLD, WALKS, Curve, Run, Told, Walked, aims, read_answers, read_curves, write_rows
from roads_money import (
    IN_VAIN,
    LEFT,
    MET,
    RERUN,
    SHORT,
    SPARED,
    UNSHOWN,
    Road,
    cleaning,
    ended,
    endings,
    promises,
    reasons,
    roads_of,
)
from roads_page import MARKED, tasks, verdict, written
from roads_rivals import RIVALS, Game, all_rows, never, outcomes, play
from roads_score import by_source, pairs
from roads_widths import WIDTHS, inside, narrowest, widths

ROWS, HELD, TESTS = 4_000, 250, 1_000


def curve(scores=(0.6, 0.7, 0.78, 0.84, 0.88), **changed):
    """A curve whose truth has these scores from the pilot's size on, each size twice the one before."""
    sizes = [HELD * 2**i for i in range(len(scores))]
    pilot = [Run(HELD // 4, 0, 0.42, TESTS, 0.1), Run(HELD // 2, 0, 0.51, TESTS, 0.1), Run(HELD, 0, 0.6, TESTS, 0.2)]
    truth = [Run(n, draw, score, TESTS, 0.2) for n, score in zip(sizes, scores, strict=True) for draw in range(3)]
    given = {"task": "made up", "publisher": "nobody", "kind": "classification", "metric": "accuracy",
             "learner": "probe", "part": "1/16", "rows": ROWS}  # fmt: skip
    return Curve(**{**given, **changed}, pilot=tuple(pilot), truth=tuple(truth))


rising = st.lists(st.floats(0.05, 0.98), min_size=5, max_size=5).map(sorted)
targets = st.floats(0.06, 0.99)


def test_the_page_is_what_the_tables_say():
    """Every table of docs/track-record.md is the one that the committed runs and answers give."""
    if not roads.PAGE.exists() or not RUNS.exists():
        pytest.skip("skipped: no runs of the backtest are here")
    answers = read_answers(TOLD, Told), read_answers(WALKS, Walked)
    scored = roads.score(read_curves(), *answers)
    page = roads.PAGE.read_text("utf-8")
    said = next(part for part in page.split("\n\n") if part.startswith("<!-- code:")).partition("\n")[2]
    assert written(page, {**scored.tables, "code": said}) == page
    assert all(f"`{one.code}`" in said and one.made in said for some in answers for one in some)
    assert {"answer", "bands", "regret", "tasks"} <= set(MARKED.findall(page))


def test_the_truth_between_two_sizes_is_a_straight_line_in_the_logarithm():
    """Half way between two sizes, in logs, the score is the mean of both; the ends hold beyond."""
    one = curve()
    assert one.true(HELD * math.sqrt(2)) == pytest.approx(0.65)
    assert one.true(10) == one.true(HELD) == pytest.approx(0.6)
    assert one.true(10**6) == one.final == pytest.approx(0.88)


@given(rising, targets, targets)
def test_a_higher_target_never_needs_fewer_rows(scores, one, other):
    """Rows needed rise with the target; a target that is never met needs none that there are."""
    of = curve(tuple(scores))
    low, high = (of.first(target) for target in sorted((one, other)))
    assert (math.inf if low is None else low) <= (math.inf if high is None else high)


@given(rising, targets, st.floats(100, 1e6), st.floats(0.01, 5), st.sampled_from(sorted(RIVALS)))
def test_nobody_does_better_than_the_best_in_hindsight(scores, target, value, price, name):
    """No policy's net worth exceeds the best one's by more than the grid on which that looks for its rows."""
    game = Game(curve(tuple(scores)), target, value, price)
    gap = price * ROWS * 0.01
    assert play(game, RIVALS[name]).utility <= game.oracle + gap


@given(rising, targets, st.floats(100, 1e6), st.floats(0.01, 5))
def test_dearer_labels_never_help(scores, target, value, price):
    """The best in hindsight falls as labels get dearer, and rises with what the target is worth."""
    of = curve(tuple(scores))
    game = Game(of, target, value, price)
    assert Game(of, target, value, 2 * price).oracle <= game.oracle <= Game(of, target, 2 * value, price).oracle


def test_everybody_pays_for_labels_and_rounds_alike():
    """All rows at once cost their labels and one round; who stops at the pilot pays nothing and gains nothing."""
    game = Game(curve(), 0.87, 20_000, 0.1)
    assert play(game, all_rows).spent == pytest.approx((ROWS - HELD) * 0.1 + ROUND_USD)
    assert play(game, all_rows).utility == pytest.approx(20_000 - (ROWS - HELD) * 0.1 - ROUND_USD)
    assert (0, 0) == (play(game, never).spent, play(game, never).utility)


def test_a_model_that_misses_the_target_is_worth_nothing():
    """What is shipped below the target by the truth costs what was spent and brings nothing."""
    assert Game(curve(), 0.87, 20_000, 0.1).outcome(500, HELD, True).utility == -500


def test_what_was_right_at_the_pilot():
    """Ship where the truth meets the target there, go on where rows are worth their price, else stop."""
    of = curve()
    assert "ship" == Game(of, 0.6, 2_000, 0.1).best
    assert "go on" == Game(of, 0.8, 20_000, 0.1).best
    assert "stop" == Game(of, 0.8, 100, 1.0).best
    assert "stop" == Game(of, 0.95, 20_000, 0.1).best


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.integers(1, 6))
def test_each_source_counts_once(values, times):
    """Telling a source's values again and again moves nothing; the interval holds the mean."""
    once = [*(("a", value) for value in values), ("b", 0.5)]
    again = [*(("a", value) for value in values * times), ("b", 0.5)]
    assert by_source(again).mean == pytest.approx(by_source(once).mean)
    assert by_source(once).low - 1e-12 <= by_source(once).mean <= by_source(once).high + 1e-12


def test_answers_are_read_as_they_were_written(tmp_path):
    """A table of answers comes back as it was, with what is not known and with yes and no."""
    one = Walked(
        "t",
        "probe",
        "1/4",
        "ab",
        "c0",
        "2026-11-29",
        "cut 10%",
        0.5,
        2_000.0,
        0.1,
        "label",
        None,
        1.0,
        2.0,
        3.0,
        "label@5",
        9,
        True,
        4.0,
    )
    write_rows(tmp_path / "walks.csv", Walked, [one])
    assert [one] == read_answers(tmp_path / "walks.csv", Walked)
    said = Told(
        "t", "probe", "1/4", "ab", "c0", "2026-11-29", "cut 10%", 0.5, "open", 0.25, None, None, None, None, 7, None
    )
    write_rows(tmp_path / "told.csv", Told, [said])
    assert [said] == read_answers(tmp_path / "told.csv", Told)


def road(**changed):
    """A road on the curve above: stopped at the pilot for a target of .64, nothing bought."""
    given = {"digest": curve().digest, "code": "c0", "made": "2026-11-29", "aim": "cut 10%", "target": 0.64,
             "value": 2_000.0, "price": 0.1, "advice": "stop", "chance": None, "money_low": 0.0, "money_mid": 0.0,
             "money_high": 0.0, "steps": "stop@250", "end_rows": HELD, "shipped": False, "spent": 0.0}  # fmt: skip
    return Walked(*curve().key, **{**given, **changed})


def forecast(**changed):
    """A forecast for the curve above, whose band is told at its full width."""
    given = {"digest": curve().pilot_digest, "code": "c0", "made": "2026-11-29", "aim": "cut 10%", "target": 0.64,
             "verdict": "open", "chance": 0.5, "low": 0.7, "mid": 0.8, "high": 0.9, "needed": None, "guess": None,
             "width": 1.0}  # fmt: skip
    return Told(*curve().key, **{**given, **changed})


def test_answers_of_other_runs_are_not_scored():
    """A forecast and a road made from other runs than those in the table are left out."""
    of = curve()
    assert [] == roads_of([road(digest="other")], {of.key: of})
    assert [] == pairs([forecast(digest="other")], {of.key: of})


def test_answers_of_other_code_are_made_again(tmp_path, monkeypatch):
    """Forecasts and roads of another mark are dropped before new ones are made, and those of this one are kept."""
    of, told_at, walks_at = curve(), tmp_path / "told.csv", tmp_path / "walks.csv"
    made = []
    monkeypatch.setattr(roads, "mark", lambda: "new")
    monkeypatch.setattr(roads, "told", lambda curve, code: made.append("told") or [forecast(code=code)])
    monkeypatch.setattr(roads, "walked", lambda curve, code, aim, target, value, price: made.append(aim) or road(
        code=code, aim=aim, target=target, value=value, price=price))  # fmt: skip
    write_rows(told_at, Told, [forecast()])
    write_rows(walks_at, Walked, [road()])
    roads.make_answers([of], told_at, walks_at)
    assert ["told", *(aim for aim, *_ in scenarios(of))] == made
    assert {"new"} == {one.code for one in (*read_answers(told_at, Told), *read_answers(walks_at, Walked))}
    roads.make_answers([of], told_at, walks_at)
    assert len(made) == 1 + len(list(scenarios(of)))


def test_the_mark_moves_with_the_code_and_the_tables_of_curves(tmp_path):
    """A changed line of the forecast or a changed curve gives another mark; any other file does not."""
    for name in ("forecast/a.py", "decide/b.py", "plan/levers/c.py", "catalog/tables/curve_library.csv", "books/d.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    marks = []
    for name in ("books/d.py", "forecast/a.py", "plan/levers/c.py", "catalog/tables/curve_library.csv"):
        before = mark.__wrapped__(tmp_path)
        (tmp_path / name).write_text("2")
        marks.append(mark.__wrapped__(tmp_path) == before)
    assert [True, False, False, False] == marks
    assert mark() == mark.__wrapped__()


def test_the_page_says_by_which_code_answers_were_made():
    """Answers of the code as it is are said to be, and others counted."""
    assert "which was the code as it is" in made_by([forecast(), road()], "c0")
    assert "1 of them are of other code" in made_by([forecast(code="c1"), road()], "c0")


def test_targets_are_cuts_of_the_last_error_and_scores_not_yet_shown():
    """A pilot at .6 is asked for a tenth, three and five tenths less error, and for each score above."""
    assert [("cut 10%", 0.64), ("cut 30%", 0.72), ("cut 50%", 0.8)] == list(aims(curve()))[:3]
    assert [0.8, 0.9, 0.95] == [target for _, target in list(aims(curve()))[3:]]
    assert [] == list(scenarios(curve(metric="macro_f1")))


@pytest.mark.slow
def test_a_road_is_walked_to_its_end():
    """The product's road on an easy curve ends where the target is met, for what its labels and rounds cost."""
    end = walked(curve(), "c0", "cut 30%", 0.72, 20_000, 0.1)
    game = Game(curve(), 0.72, 20_000, 0.1)
    assert end.shipped
    assert end.steps.split()[-1].startswith("ship@")
    assert game.oracle - game.outcome(end.spent, end.end_rows, end.shipped).utility >= 0
    assert end.money_low <= end.money_mid <= end.money_high


def test_later_draws_are_shown_on_the_larger_test():
    """Once a larger test was bought the next size shows its true score on that many items."""
    of = curve()
    ask = Ask(of, 0.9, 20_000, 0.1, HELD, points_of(of), ("test_set",))
    walk = _Road(of, ask)
    walk._buy(2 * HELD)
    assert (of.true(2 * HELD), ask.tests) == (walk.ask.points[-1].score, walk.ask.points[-1].test_rows)
    assert ask.tests > of.test_rows


@pytest.mark.parametrize(
    ("changed", "right"),
    [
        ({"target": 0.95}, True),
        ({"target": 0.95, "spent": 75.0}, False),
        ({"target": 0.7, "value": 20_000.0}, False),
        ({"target": 0.69, "shipped": True, "end_rows": 2 * HELD, "spent": 325.0}, True),
        ({"target": 0.69, "shipped": True, "end_rows": 2 * HELD, "spent": 2_325.0}, False),
        ({"target": 0.75, "shipped": True, "end_rows": 2 * HELD, "spent": 325.0}, False),
    ],
)
def test_a_road_ends_right_where_it_ships_what_is_worth_it_or_buys_nothing(changed, right):
    """Buying where nothing is worth it is not right, nor is meeting the target for more than its worth."""
    walk = road(**changed)
    made = Road(walk, Game(curve(), walk.target, walk.value, walk.price), dict(outcomes(walk, curve())))
    assert made.right("ours") is right


@pytest.mark.parametrize(
    ("changed", "how"),
    [
        ({"shipped": True, "end_rows": 1_000}, MET),
        ({"shipped": True}, SHORT),
        ({"target": 0.95}, SPARED),
        ({"target": 0.95, "spent": 75.0}, IN_VAIN),
        ({"end_rows": 1_000, "spent": 375.0}, UNSHOWN),
        ({"steps": "pilot@250 pilot@250", "spent": 75.0}, RERUN),
        ({}, LEFT),
    ],
)
def test_a_road_ends_in_one_way(changed, how):
    """Each road counts under one ending, and the endings' regrets add up to that of all roads."""
    walk = road(**{"target": 0.75, **changed})
    made = Road(walk, Game(curve(), walk.target, walk.value, walk.price), dict(outcomes(walk, curve())))
    assert ended(made) == how
    parts = [one["regret"] for one in endings([made], "label all rows")[1].values()]
    both = made.regret("ours") / walk.value, made.regret("label all rows") / walk.value
    assert both == pytest.approx([sum(part) for part in zip(*parts, strict=True)], abs=1e-3)


def test_what_went_wrong_is_counted():
    """A target met by a hair, a road left with little at stake, and a round for the last 2% of the rows are counted."""
    walks = [
        road(target=0.7, steps="label@250 label@490 stop@500", end_rows=500, spent=625.0),
        road(target=0.65, steps="label@250 stop@500", end_rows=500, spent=325.0),
        road(target=0.75),
        road(target=0.75, value=20_000.0),
    ]
    games = [Game(curve((0.6, 0.701, 0.78, 0.84, 0.88)), walk.target, walk.value, walk.price) for walk in walks]
    made = [Road(walk, game, dict(outcomes(walk, game.curve))) for walk, game in zip(walks, games, strict=True)]
    assert {"unshown": 2, "near": 1, "left": 2, "least": 1, "bought": 2, "small": 1} == reasons(made)


@given(st.floats(-1, 1), st.floats(0, 1))
def test_the_verdict_follows_the_interval(gap, half):
    """Yes above zero, no below it, and neither where the interval of the gap holds zero."""
    told = {"mean": gap, "low": gap - half, "high": gap + half}
    figures = {"count": {"roads": 1}, "best_rival": "never",
               "regret": {"ours": {"right": {"mean": 0.5}}, "never": {"gap": told}}}  # fmt: skip
    begins = "**Yes" if gap - half > 0 else "**Not always" if gap + half < 0 else "**Not shown"
    assert verdict(figures).startswith(begins)


def test_a_band_is_wide_enough_where_it_reaches_the_truth():
    """The truth .88 lies inside of .7 to .9 and outside of half that width; a width is chosen by the others' shares."""
    pair = forecast(), curve()
    assert inside(pair, 1.0)
    assert not inside(pair, 0.5)
    assert narrowest([{width: float(width >= 1.2) for width in WIDTHS}]) == 1.2
    assert widths([pair])[1] == {}


def test_a_cell_holds_one_metric():
    """Tasks of one publisher that are scored otherwise stand in a row of their own."""
    table = tasks([curve(), curve(task="made up, too", metric="macro_f1")], {"nobody": (0.1, 0.2)})
    assert [("accuracy", "0.100"), ("macro f1", "–")] == [(row[2], row[-2]) for row in table.rows]


def test_a_quick_check_fails_where_nothing_was_made_or_a_score_differs():
    """It passes only where each run made again is in the table with the same score."""
    one, other = ("t", "probe"), ("u", "probe")
    assert roads.compared({one: 0.5}, {one: 0.5, other: 0.6})["passed"]
    assert not roads.compared({}, {one: 0.5})["passed"]
    assert not roads.compared({one: 0.5}, {one: 0.51})["passed"]
    assert not roads.compared({one: 0.5, other: 0.6}, {one: 0.5})["passed"]


def test_promises_and_cleaning_are_counted(tmp_path):
    """A promise is kept where no more is wrong than was asked; a gain is inside where the range told holds it."""
    path = tmp_path / "promises.csv"
    path.write_text(
        "task,learner,part,n,error_asked,share_promised,error_promised_bound,share_answered,error_answered,test_rows\n"
        "a,probe,1/4,9,0.05,0.8,0.05,0.82,0.04,500\na,probe,1/4,9,0.05,0.5,0.05,0.5,0.06,500\nb,probe,1/4,9,0.05,0.0,,0.0,,500\n"
    )
    found = promises(path)[1]["0.05"]
    assert (3, 2, 0.5) == (found["asked"], found["given"], found["kept"]["mean"])
    path = tmp_path / "cleaning.csv"
    path.write_text(
        "task,learner,kind,rows,removed,relabelled,planted_found,gain_promised_low,mid,high,score_before,score_after,draws\n"
        "a,probe,planted,100,8,0,8,0.0,0.02,0.04,0.7,0.73,3\nb,probe,planted,100,8,0,8,,,,0.7,0.69,3\n"
    )
    found = cleaning(path)[1]["planted"]
    assert (2, 1, 1, 1) == (found["runs"], found["better"], found["promised"], found["inside"])


def test_a_curve_without_a_truth_is_left_out(tmp_path):
    """A pilot whose full size was measured fewer than three times is no curve yet; then it is, as rows came."""
    head = "task,publisher,kind,metric,learner,part,rows,n,draw,seed,test_rows,score,cpu_s,date\n"
    row = "t,p,classification,accuracy,probe,{part},160,{n},{draw},0,50,0.5,0.1,2026-11-29\n"
    pilot = "".join(row.format(part="1/4", n=n, draw=0) for n in (10, 20, 40))
    truth = [row.format(part="all", n=160, draw=draw) for draw in range(3)]
    dealt, natural = row.format(part="all", n=80, draw=0), row.format(part="natural", n=40, draw=0)
    path = tmp_path / "runs.csv"
    path.write_text(head + pilot + "".join(truth[:2]))
    assert [] == read_curves(path)
    path.write_text(head + pilot + "".join(truth) + dealt + natural)
    (found,) = read_curves(path)
    assert [40, 160] == sorted(found.true_means)
    assert np.isclose(found.last, 0.5)
