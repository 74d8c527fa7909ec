"""The backtest: what everybody pays alike, each source counting once, and a page that is what its tables say."""

from dataclasses import replace
from pathlib import Path

import pytest
import roads
import roads_measure
from hypothesis import given
from hypothesis import strategies as st
from roads_answers import ROUND_USD, walked
from roads_curves import RUNS, TOLD, WALKS, Curve, Run, Told, Walked, read_answers, read_curves
from roads_page import MARKED, written
from roads_rivals import RIVALS, Game, all_rows, never, play
from roads_score import by_source

pytestmark = pytest.mark.slow
ROWS, SEEN, TESTS = 4_000, 250, 1_000


def curve(scores=(0.6, 0.7, 0.78, 0.84, 0.88)):
    """A curve whose truth has these scores from the pilot's size on, each size twice the one before."""
    sizes = [SEEN * 2**i for i in range(len(scores))]
    pilot = [Run(SEEN // 4, 0, 0.42, TESTS, 0.1), Run(SEEN // 2, 0, 0.51, TESTS, 0.1), Run(SEEN, 0, 0.6, TESTS, 0.2)]
    truth = [Run(n, draw, score, TESTS, 0.2) for n, score in zip(sizes, scores, strict=True) for draw in range(3)]
    return Curve("made up", "nobody", "classification", "accuracy", "probe", "1/16", ROWS, tuple(pilot), tuple(truth))


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
    assert all(f"`{answer.code}`" in said and answer.made in said for some in answers for answer in some)
    assert {"answer", "bands", "regret", "tasks"} <= set(MARKED.findall(page))


@given(rising, targets, st.floats(100, 1e6), st.floats(0.01, 5), st.sampled_from(sorted(RIVALS)))
def test_nobody_does_better_than_the_best_in_hindsight(scores, target, value, price, name):
    """No policy's net worth exceeds it by more than the grid on which it looks; it falls as labels get dearer."""
    of = curve(tuple(scores))
    game = Game(of, target, value, price)
    assert play(game, RIVALS[name]).utility <= game.oracle + price * ROWS * 0.01
    assert Game(of, target, value, 2 * price).oracle <= game.oracle <= Game(of, target, 2 * value, price).oracle


def test_everybody_pays_for_labels_and_rounds_alike():
    """All rows at once cost their labels and one round; who stops at the pilot, or ships short of it, gains nothing."""
    game = Game(curve(), 0.87, 20_000, 0.1)
    paid = (ROWS - SEEN) * 0.1 + ROUND_USD
    assert (play(game, all_rows).spent, play(game, all_rows).utility) == pytest.approx((paid, 20_000 - paid))
    assert (0, 0) == (play(game, never).spent, play(game, never).utility)
    assert game.outcome(500, SEEN, True).utility == -500


def test_what_was_right_at_the_pilot():
    """Ship where the truth meets the target there, go on where rows are worth their price, else stop."""
    cases = ((0.6, 2_000, 0.1), (0.8, 20_000, 0.1), (0.8, 100, 1.0), (0.95, 20_000, 0.1))
    assert ["ship", "go on", "stop", "stop"] == [Game(curve(), *case).best for case in cases]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.integers(1, 6))
def test_each_source_counts_once(values, times):
    """Telling a source's values again and again moves nothing; the interval holds the mean."""
    once, again = (by_source([*(("a", value) for value in some), ("b", 0.5)]) for some in (values, values * times))
    assert again.mean == pytest.approx(once.mean)
    assert once.low - 1e-12 <= once.mean <= once.high + 1e-12


def test_a_road_is_walked_to_its_end():
    """The product's road on an easy curve ends where the target is met, for what its labels and rounds cost."""
    end = walked(curve(), "c0", "cut 30%", 0.72, 20_000, 0.1)
    game = Game(curve(), 0.72, 20_000, 0.1)
    assert end.shipped
    assert end.steps.split()[-1].startswith("ship@")
    assert game.oracle - game.outcome(end.spent, end.end_rows, end.shipped).utility >= 0
    assert end.money_low <= end.money_mid <= end.money_high


def test_a_killed_measurement_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs that ended before the kill are taken over, only the others are made, and no text of a row is kept."""

    def rows(count: int, start: int = 0):
        some = range(start, start + count)
        return tuple((f"{('red', 'blue')[i % 2]} thing {i}", ("warm", "cold")[i % 2], {}) for i in some)

    spam = next(task for task in roads_measure.TASKS if task.name == "sms_spam")
    task = replace(spam, name="small", learners=("probe",), loader=lambda: (rows(160), rows(20, 500)))

    def measured() -> list[dict[str, str]]:
        store = roads_measure.Store(tmp_path / "runs.csv", tmp_path / "store")
        roads_measure.measure(roads_measure.units([task], ["probe"], ("1/4",)), store)
        return list(roads_measure.read_table(tmp_path / "runs.csv"))

    real, calls = roads_measure.Store.keep_run, []

    def dying(store, run, cpu_s):
        real(store, run, cpu_s)
        calls.append(run.key)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(roads_measure.Store, "keep_run", dying)
    with pytest.raises(KeyboardInterrupt):
        measured()
    found = measured()
    places = {(row["n"], row["draw"]) for row in found}
    assert len(calls) == len(set(calls)) == len(found) == len(places)
    assert max(int(row["n"]) for row in found) == 40
    assert found == measured()
    assert len(calls) == len(found)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and "thing" in path.read_text()]
