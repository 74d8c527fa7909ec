"""How a pilot is conducted: order, caps, failures, baselines, search, and what a kill cannot lose."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import toy_trainer
from tests.chat_server import Reply, chat_server, failed, question, said
from tests.decision_server import decision_server
from tests.pilot.test_trial import TRAIN, climb, table, toy, untimed
from tunecase.errors import InputError, TunecaseError
from tunecase.pilot import conduct
from tunecase.pilot.answers import Answers
from tunecase.pilot.conduct import Progress
from tunecase.pilot.endpoint import client
from tunecase.pilot.plan import PilotPlan
from tunecase.pilot.trainers.task import Result, Task
from tunecase.records import Pilot, Run, from_json, to_json

__all__ = ["toy"]
ROOT = Path(__file__).parents[2]
MANY = table([(f"text {i} about {'cats' if i % 2 else 'dogs'}", "cat" if i % 2 else "dog") for i in range(640)])
TESTS = table([(f"{'cats' if i % 2 else 'dogs'} {i}", "cat" if i % 2 else "dog") for i in range(200)])
FEW = table([(row.input, row.output) for row in TESTS.rows[:20]])
SHORT = {"sizes": (16, 64), "draws": 1}


def adaptive(**given: object) -> Pilot:
    """A ladder whose runs are chosen one by one."""
    plain: dict[str, object] = {"adaptive": True, "draws": 2, "with_baselines": False}
    return climb(MANY, TESTS, **{**plain, **given})


@pytest.fixture
def heavy(toy: list[Task], monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """The toy as a trainer whose runs are worth a process of their own."""
    monkeypatch.setattr(toy_trainer, "HEAVY", True)
    return toy


def test_the_opening_lays_out_a_curve(toy: list[Task]) -> None:
    """An adaptive ladder begins with the lowest size, a middle one and one well above, then goes on."""
    record = adaptive()
    sizes = record.sizes
    assert [sizes[0], sizes[len(sizes) // 2], sizes[-1]] == [len(task.texts) for task in toy[:3]]
    assert len({task.texts for task in toy}) == len(toy)


def test_an_adaptive_ladder_stops_when_the_chance_is_settled(toy: list[Task]) -> None:
    """A target far above the curve, or far below, ends the ladder early and says why; without one it goes on."""
    easy = adaptive(target=0.5)
    assert "the target is reached by 5,120 rows" in easy.stopped
    assert len(easy.runs) < 13
    whole = adaptive(target=0.5, adaptive=False)
    assert "" == whole.stopped
    assert 13 == len(whole.runs)


def test_all_runs_are_those_of_a_plain_ladder(toy: list[Task]) -> None:
    """Chosen one by one or in order, the runs of a size and draw are the same runs."""
    plain = {run.key: run for run in adaptive(adaptive=False).runs}
    for run in adaptive().runs:
        assert untimed([plain[run.key]]) == untimed([run])


def test_caps_are_kept_by_prediction(toy: list[Task]) -> None:
    """No run is begun that would pass a cap in time or money, and what was left out is reported."""
    slow = {"settings": {"seconds": 0.05}, "with_baselines": False}
    record = climb(MANY, TESTS, max_minutes=0.3 / 60, **slow)
    assert 2 <= len(record.runs) <= 6
    assert record.seconds < 0.6
    assert "to keep within 0.005 minutes" in record.stopped
    assert "rows left out" in record.stopped
    dear = climb(MANY, TESTS, usd_per_hour=3600.0, max_usd=0.3, **slow)
    assert 2 <= len(dear.runs) <= 6
    assert dear.usd < 0.45
    assert "0.30 USD" in dear.stopped
    assert all(run.usd and run.usd > 0.04 for run in dear.runs)


def test_a_price_that_is_not_known_is_not_counted_with(toy: list[Task]) -> None:
    """Without a price of an hour, costs are unknown and a cap in money is refused."""
    record = climb(usd_per_hour=None)
    assert None is record.usd
    assert {None} == {run.usd for run in record.runs}
    with pytest.raises(InputError, match="price of this machine's hour"):
        climb(usd_per_hour=None, max_usd=3)


def test_the_plan_is_asked_for(toy: list[Task]) -> None:
    """The plan comes before the first run; a no ends the pilot there; minutes are known once runs were made."""
    plans: list[PilotPlan] = []

    def no(plan: PilotPlan) -> bool:
        plans.append(plan)
        return False

    declined = climb(ask=no)
    assert ([], (), "not begun: the plan was declined") == (toy, declined.runs, declined.stopped)
    assert (13, 0, None, ("probe",)) == (plans[0].runs, plans[0].reused, plans[0].minutes, plans[0].baselines)
    made = climb(ask=lambda plan: None)
    climb(done={run.key: run for run in made.runs[:4]}, ask=no, usd_per_hour=2.0)
    assert (9, 4) == (plans[1].runs, plans[1].reused)
    assert plans[1].usd is not None
    assert plans[1].minutes[0] < plans[1].minutes[1] < plans[1].minutes[2]
    climb(done={run.key: run for run in made.runs}, ask=no, seed=5)
    assert (13, 0) == (plans[2].runs, plans[2].reused)
    assert plans[2].minutes is not None


def test_the_plan_says_what_hosted_models_will_be_sent(toy: list[Task]) -> None:
    """Tokens and price of each hosted baseline before anything is sent; None without prices; none once it is made."""
    plans: list[PilotPlan] = []

    def no(plan: PilotPlan) -> bool:
        plans.append(plan)
        return False

    told: dict[str, Run] = {}
    prices = {"usd_per_1m_input_tokens": 1.0, "usd_per_1m_output_tokens": 2.0}
    with chat_server([said("cat")]) as server:
        priced, plain = {"base_url": server.url, **prices}, {"base_url": server.url}
        climb(MANY, FEW, **SHORT, hosted={"big": priced, "near": plain}, ask=no)
        assert [] == server.bodies
        made = climb(MANY, FEW, **SHORT, hosted={"big": priced}, on_run=lambda run: told.update({run.key: run}))
        climb(MANY, FEW, **SHORT, hosted={"big": priced}, done=told, ask=no)
    host = server.url.split("/")[2]
    names = [f"{name} {how}" for name in ("big", "near") for how in ("zero-shot", "few-shot", "few-shot, nearest")]
    assert [f"{name} at {host}" for name in names] == [one[0] for one in plans[0].hosted]
    assert 20 == plans[0].test_rows
    tokens = {name.partition(" at ")[0]: (number, usd) for name, number, usd, _ in plans[0].hosted}
    assert {(20, 0, host)} == {(sent.rows, sent.flagged, sent.host) for *_, sent in plans[0].hosted}
    assert tokens["big zero-shot"][0] == tokens["near zero-shot"][0] < tokens["big few-shot"][0]
    assert tokens["near zero-shot"][1] is None
    assert 1e-6 <= (tokens["big zero-shot"][1] or 0) / tokens["big zero-shot"][0] <= 2e-6
    assert ((), 0) == (plans[1].hosted, plans[1].runs)
    assert made.runs


def test_the_same_failure_three_times_ends_it(toy: list[Task]) -> None:
    """Three failures in a row for the same reason stop the ladder, with the reason, and nothing more is begun."""
    train = table([(f"{row.input} fail", row.output) for row in TRAIN.rows])
    record = climb(train)
    assert 3 == len(record.runs)
    assert "3 failures in a row" in record.stopped
    assert "out of memory" in record.stopped
    assert any("a forecast needs 3 sizes" in note for note in record.notes)


def test_garbage_is_a_failure(toy: list[Task]) -> None:
    """An impossible result is recorded as a failed run with the reason, not as a score."""
    train = table([(f"{row.input} garbage", row.output) for row in TRAIN.rows])
    record = climb(train, test=TESTS)
    assert {"its score is nan, not a number"} == {run.failed for run in record.runs}


@pytest.mark.slow
def test_a_crash_costs_its_own_run(heavy: list[Task]) -> None:
    """A run that takes its process down is recorded with its reason and its seconds; the ladder goes on."""
    train = table([(f"{row.input}{' crash' if row.number == 0 else ''}", row.output) for row in TRAIN.rows])
    record = climb(train, workers=2, adaptive=False, draws=1, with_baselines=False)
    failed = [run for run in record.runs if run.failed]
    assert {"its process ended with code 7 before the task did"} == {run.failed for run in failed}
    assert 64 in {run.n for run in failed}
    assert all(run.seconds > 0 for run in failed)
    assert len(failed) < len(record.runs) == len(record.sizes)


@pytest.mark.slow
def test_a_hanging_run_is_ended(heavy: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that does not end is ended and recorded with its seconds; the ladder goes on."""
    monkeypatch.setattr(conduct, "FIRST_HANGS_S", 2.5)
    monkeypatch.setattr(conduct, "HANGS_S", 2.5)
    train = table([(f"{row.input}{' hang' if row.number == 0 else ''}", row.output) for row in TRAIN.rows])
    record = climb(train, workers=1, adaptive=False, draws=1, sizes=(4, 8, 64), with_baselines=False)
    last = record.runs[-1]
    assert "still running after 2.5 s, so it was ended" == last.failed
    assert 2.4 < last.seconds < 10
    assert 3 == len(record.runs)


@pytest.mark.slow
def test_a_heavy_trainer_gets_a_short_ladder(heavy: list[Task]) -> None:
    """Five sizes and two draws by default, in processes of their own, chosen one by one."""
    record = climb(MANY, TESTS, workers=2)
    assert (5, 2) == (len(record.sizes), record.draws)
    assert 5 <= len(record.runs) <= 10
    assert len(record.runs) == 10 or record.stopped.endswith(f"{len(record.runs)} of 10 runs made")
    assert [] == heavy
    assert ["majority", "probe"] == [one.name for one in record.baselines]


def test_a_trainer_that_lacks_something_says_so(toy: list[Task]) -> None:
    """What the trainer lacks ends the pilot before anything runs."""
    with pytest.raises(TunecaseError, match="Fix: fetch it"):
        climb(model="absent")


def test_another_model_stands_in(toy: list[Task]) -> None:
    """A model that the project does not consider stands in for those it does."""
    assert climb(candidates={"llama"}).stand_in
    assert not climb(candidates={"toy", "llama"}).stand_in
    assert not climb().stand_in
    named = climb(model="llama", candidates={"llama"})
    assert (False, "llama") == (named.stand_in, named.model)
    assert {"llama"} == {run.model for run in named.runs}


def test_free_text_is_dealt_at_random(toy: list[Task]) -> None:
    """Subsets of free text are nested, and a frequent answer is as frequent in them as in all rows."""
    texts = table([(f"question {i}", "none" if i % 2 else f"answer {i}") for i in range(200)])
    record = climb(texts, texts, kind="generation", sizes=(20, 100), draws=1)
    assert 2 == len(record.runs)
    assert toy[0].texts == toy[1].texts[:20]
    assert 4 <= toy[0].labels.count("none") <= 16
    assert () == toy[0].choices
    assert {"generation"} == {task.kind for task in toy}


def test_baselines_stand_beside_the_best_run(toy: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """Majority, probe and the untrained model are scored on the same rows, priced, and compared pair by pair."""
    monkeypatch.setattr(toy_trainer, "BASELINES", {"zero-shot": {"steps": 0}})
    record = climb(MANY, TESTS, usd_per_hour=3.6)
    assert ["majority", "probe", "zero-shot"] == [one.name for one in record.baselines]
    majority, probe, zero = record.baselines
    assert (0.5, 1.0, 0.3) == (majority.score, probe.score, zero.score)
    assert (1.0, 0.0, 1.0) == pytest.approx((majority.beaten, probe.beaten, zero.beaten), abs=1e-3)
    assert zero.interval.low < 0.3 < zero.interval.high
    assert pytest.approx(0.001 / 200) == zero.seconds_per_answer
    assert zero.usd_per_1k_answers is not None
    assert pytest.approx(1000 * 0.001 / 200 * 3.6 / 3600) == zero.usd_per_1k_answers
    better = "n-grams, which needs no fine-tune, is better than the largest runs (accuracy "
    assert any(note.startswith(better) and "against 1.00" in note for note in record.notes)
    assert [] == [run for run in record.runs if run.purpose != "ladder"]


def test_baselines_are_not_measured_twice(toy: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was scored before is taken from the runs handed back, its answers from those kept."""
    monkeypatch.setattr(toy_trainer, "BASELINES", {"zero-shot": {"steps": 0}})
    told: dict[str, Run] = {}
    kept: dict[str, Answers] = {}

    def keep(key: str, result: Result) -> None:
        assert result.predictions is not None
        assert result.row_scores is not None
        kept[key] = Answers(result.predictions, result.row_scores, result.confidences)

    first = climb(MANY, TESTS, on_run=lambda run: told.update({run.key: run}), keep_answers=keep)
    toy.clear()
    again = climb(MANY, TESTS, done=told, kept_answers=kept.get)
    assert [] == toy
    assert set(told) == set(kept)
    assert [(one.name, one.score, one.beaten) for one in first.baselines] == [
        (one.name, one.score, one.beaten) for one in again.baselines
    ]
    assert first.mistakes == again.mistakes
    assert 640 == first.mistakes.n


def test_hosted_models_stand_beside(toy: list[Task]) -> None:
    """A hosted model is asked on the same rows and has its own price; one that cannot be asked is a note."""

    def reply(call: Any) -> Reply:
        return said("cat" if "cats" in question(call).rsplit("Text:", 1)[-1] else "dog")

    with chat_server(reply) as server:
        prices = {"usd_per_1m_input_tokens": 1.0, "usd_per_1m_output_tokens": 2.0}
        record = climb(MANY, FEW, **SHORT, hosted={"big": {"base_url": server.url, **prices}, "nowhere": {}})
    names = {one.name: one for one in record.baselines}
    assert {"majority", "probe", "big zero-shot", "big few-shot", "big few-shot, nearest"} == set(names)
    assert ["", "n-grams", "hosted"] == [names[name].kind for name in ("majority", "probe", "big zero-shot")]
    assert 1.0 == names["big zero-shot"].score
    assert (names["big zero-shot"].beaten or 0) < 0.2
    assert ["nowhere"] == list(record.not_asked)
    assert any("do not beat big zero-shot" in note for note in record.notes)
    paid = names["big zero-shot"].usd_per_1k_answers
    assert paid > 0
    assert record.usd >= paid * 20 / 1000


def test_the_plan_names_what_the_cap_keeps_from_being_asked(toy: list[Task]) -> None:
    """Whose bill may be larger than the cap, or is not known; what fits in it is foreseen as ever."""
    plans: list[PilotPlan] = []
    at = {"base_url": "http://127.0.0.1:1/v1"}
    prices = {"usd_per_1m_input_tokens": 1.0, "usd_per_1m_output_tokens": 2.0}
    for cap in (0.0, 1.0, None):
        climb(MANY, FEW, **SHORT, hosted={"big": {**at, **prices}, "near": at}, max_usd=cap,
              ask=lambda plan: bool(plans.append(plan)))  # fmt: skip
    styles = ("zero-shot", "few-shot", "few-shot, nearest")
    big, near = ([f"{model} {style}" for style in styles] for model in ("big", "near"))
    assert [(*big, *near), tuple(near), ()] == [plan.not_asked for plan in plans]
    assert [0, 3, 6] == [len(plan.hosted) for plan in plans]


@pytest.mark.parametrize(
    ("reply", "requests", "failures"), [(failed(401, "bad key"), 1, 1), (failed(400, "too long"), 60, 3)]
)
def test_a_model_that_refuses_once_and_for_all_is_asked_by_no_other_prompt(
    toy: list[Task], reply: Reply, requests: int, failures: int
) -> None:
    """A refused key ends the asking with one note; rows that are refused one by one may fare better by a prompt."""
    with chat_server([reply]) as server:
        record = climb(MANY, FEW, **SHORT, hosted={"big": {"base_url": server.url, "at_once": 1}})
    assert requests == len(server.bodies)
    told = [note for note in record.notes if note.startswith("big ") and " failed: " in note]
    assert failures == len(told)
    others = "; not asked after that, since it would fail too: big few-shot and big few-shot, nearest"
    assert told[0].endswith(others) == (failures == 1)


def test_an_endpoint_where_nobody_answers_is_asked_by_one_prompt(
    toy: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there are too few rows for a streak of silence."""
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.001)
    few = table([(row.input, row.output) for row in TESTS.rows[:4]])
    with chat_server([said("cat")]) as server:
        gone = server.url
    record = climb(MANY, few, **SHORT, hosted={"big": {"base_url": gone}})
    told = [note for note in record.notes if "big " in note and ("failed" in note or "not asked" in note)]
    (note,) = [note for note in told if "prices" not in note]
    assert note.startswith("big zero-shot failed: ")
    assert "not asked after that" in note


def test_without_a_cap_no_dear_model_is_asked_unless_somebody_says_yes(toy: list[Task]) -> None:
    """What may bill more than a convention is asked after a yes to the plan or under a cap; else it is a note."""
    dear = {"usd_per_1m_input_tokens": 5000.0, "usd_per_1m_output_tokens": 0.0}
    asked = []
    for more in ({}, {"ask": lambda plan: None}, {"ask": lambda plan: True}, {"max_usd": 1000.0}):
        with chat_server([said("cat")]) as server:
            record = climb(MANY, FEW, **SHORT, hosted={"dear": {"base_url": server.url, **dear}}, **more)
            asked.append(len(server.bodies))
            told = [note for note in record.notes if "dear few-shot was not asked" in note]
        assert bool(told) == (asked[-1] < 60)
        assert not told or "no more than 5.0 USD are spent on such models without a yes to the plan" in told[0]
    assert [True, True, False, False] == [number < 60 for number in asked]


def test_a_decision_model_stands_beside(toy: list[Task]) -> None:
    """A model of the tables is asked as a decision model; its probabilities are kept as confidences."""
    kept: dict[str, Result] = {}
    few = table([(row.input.replace("cats", "cat"), row.output) for row in TESTS.rows[:20]])
    with decision_server() as server:
        hosted = {"jev-1.14.0": {"base_url": server.url, "usd_per_1m_input_tokens": 0.042}}
        record = climb(MANY, few, **SHORT, hosted=hosted, keep_answers=kept.__setitem__)
    assert {"/v1/systemone"} == set(server.paths)
    one = next(each for each in record.baselines if each.name == "jev-1.14.0 zero-shot")
    assert "decision" == one.kind
    assert one.usd_per_1k_answers
    assert any(result.confidences and "jev" in result.hardware for result in kept.values())


def test_more_classes_than_a_decision_model_takes_are_a_note(toy: list[Task]) -> None:
    """It is not asked, the plan does not name it, and the note says what its API takes."""
    many = table([(f"text {n}", f"class {n % 256}") for n in range(1024)])
    plans: list[PilotPlan] = []
    hosted = {"jev-1.14.0": {"base_url": "http://127.0.0.1:1/v1"}}
    record = climb(many, many, hosted=hosted, ask=lambda plan: bool(plans.append(plan)))
    assert () == plans[0].hosted
    (note,) = [note for note in record.not_measured if note.startswith("jev-1.14.0 was not asked")]
    assert "256" in note
    assert "2 to 255, as its API takes" in note


def test_progress_holds_the_runs_so_far_and_what_was_paid(toy: list[Task]) -> None:
    """Each progress carries the ladder's runs so far and what was paid and is left."""
    states: list[Progress] = []
    climb(MANY, TESTS, progress=states.append, usd_per_hour=10.0, with_baselines=False)
    assert {"10 rows"} < {state.now for state in states}
    states = [state for state in states if state.last is not None]
    assert list(range(1, 14 + 6)) == [len(state.runs) for state in states]
    paid = [state.usd or 0.0 for state in states]
    assert paid == sorted(paid)
    assert 0 == states[-1].left_usd


def test_a_search_is_measured_afresh(toy: list[Task]) -> None:
    """Settings compete on held-out training rows; the winner's gain is measured on fresh draws and the test set."""
    record = climb(MANY, TESTS, tune=3, with_baselines=False)
    found = record.tuning
    assert ["defaults", "asymptote 0.5", "asymptote 0.97"] == [trial.settings for trial in found.trials]
    assert "asymptote 0.97" == found.best
    assert pytest.approx(0.07, abs=0.01) == found.gain.mid
    assert 0 < found.gain.low <= found.gain.mid <= found.gain.high
    assert found.error_factor.low <= 0.3 <= found.error_factor.high < 1
    assert found.luck > 0
    trials = [task for task in toy if set(task.test_texts).isdisjoint(row.input for row in TESTS.rows)]
    assert 3 == len(trials)
    assert all(set(task.texts).isdisjoint(task.test_texts) for task in trials)
    assert {"defaults"} == {run.settings for run in record.runs}
    assert any("the ladder's runs all used the trainer's own settings" in note for note in record.notes)
    assert record == from_json(Pilot, json.loads(to_json(record)))


def test_a_search_can_find_nothing(toy: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the default wins there is no gain and no factor; a trainer with nothing to search is refused."""
    record = climb(MANY, TESTS, tune=2, with_baselines=False)
    assert ("defaults", 0.0, 1.0) == (record.tuning.best, record.tuning.gain.mid, record.tuning.error_factor.mid)
    monkeypatch.setattr(toy_trainer, "SEARCH", ())
    with pytest.raises(InputError, match="a trainer with settings to search"):
        climb(MANY, TESTS, tune=2, with_baselines=False)
    with pytest.raises(InputError, match="at least 2 settings"):
        climb(tune=1)


@pytest.mark.slow
def test_a_search_runs_in_workers(heavy: list[Task]) -> None:
    """With several workers the fresh runs wait for the trials."""
    record = climb(MANY, TESTS, tune=3, with_baselines=False, workers=2, draws=1)
    assert "asymptote 0.97" == record.tuning.best


def test_a_reused_run_without_a_price_leaves_the_cap(toy: list[Task]) -> None:
    """Money is held to the cap whatever an earlier run cost, known or not."""
    slow = {"settings": {"seconds": 0.05}, "with_baselines": False}
    first = climb(MANY, TESTS, **slow)
    done = {run.key: replace(run, usd=None) for run in first.runs[:1]}
    record = climb(MANY, TESTS, done=done, usd_per_hour=3600.0, max_usd=0.3, **slow)
    assert "0.30 USD" in record.stopped
    assert len(record.runs) <= 7


def test_a_hosted_model_must_fit_the_cap(toy: list[Task]) -> None:
    """Under a cap in money a hosted model is asked only where its prices are known and its bill fits."""
    dear = {"usd_per_1m_input_tokens": 1e4, "usd_per_1m_output_tokens": 1e4}
    with chat_server([said("cat")]) as server:
        asked = {"big": {"base_url": server.url, **dear}, "near": {"base_url": server.url}}
        record = climb(MANY, TESTS, hosted=asked, max_usd=0.5)
        assert [] == server.bodies
    assert any("big zero-shot was not asked: it may bill" in note for note in record.notes)
    assert any("near zero-shot was not asked: its prices are not known" in note for note in record.notes)


def test_runs_from_elsewhere_do_not_set_the_pace(toy: list[Task]) -> None:
    """What earlier runs took, on whatever machine, neither ends a run nor holds one back."""
    first = climb(MANY, TESTS, with_baselines=False)
    done = {run.key: replace(run, seconds=1e6) for run in first.runs[:5]}
    record = climb(MANY, TESTS, done=done, max_minutes=1, with_baselines=False)
    assert len(first.runs) == len(record.runs)


def test_a_failed_run_sets_the_pace(toy: list[Task]) -> None:
    """Under a cap, what a failed run took is what the next is predicted to take."""
    train = table([(f"{row.input} fail", row.output) for row in TRAIN.rows])
    late = lambda run: time.sleep(0.2)  # noqa: E731
    record = climb(train, max_minutes=0.2 / 60, with_baselines=False, on_run=late)
    assert 1 == len(record.runs)


SCRIPT = """
import sys
from pathlib import Path
from tests.pilot.test_conduct import MANY, TESTS
from tests import toy_trainer
from tunecase.pilot import Journal, Material, trial
from tunecase.records import PilotSettings, to_json

toy_trainer.HEAVY = True
trial.TRAINERS = (*trial.TRAINERS, ("toy", "tests.toy_trainer"))
runs = Path(sys.argv[1])

def keep(run):
    with runs.open("ab") as file:
        file.write(to_json(run) + b"\\n")

settings = PilotSettings("toy", settings={"seconds": 0.3}, workers=2, draws=2)
trial.pilot(Material(MANY, TESTS, "accuracy", "higher"), settings, Journal(on_run=keep))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_adaptive_pilot_goes_on(tmp_path: Path, heavy: list[Task]) -> None:
    """Killed after some runs, a ladder that chooses its runs repeats none of them and loses none."""
    script, written = tmp_path / "script.py", tmp_path / "runs.jsonl"
    script.write_text(SCRIPT, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    child = subprocess.Popen([sys.executable, str(script), str(written)], env=env)
    until = time.monotonic() + 300
    while time.monotonic() < until and (not written.exists() or written.read_bytes().count(b"\n") < 3):
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    kept = [from_json(Run, json.loads(line)) for line in written.read_text(encoding="utf-8").splitlines()]
    assert len(kept) >= 3
    done, made = {run.key: run for run in kept}, []
    record = climb(
        MANY, TESTS, settings={"seconds": 0.3}, done=done, on_run=made.append, workers=2, draws=2
    )  # fmt: skip
    assert set(done).isdisjoint(run.key for run in made)
    assert {run.key for run in kept if run.purpose == "ladder"} <= {run.key for run in record.runs}
    assert len(record.runs) == len({run.key for run in record.runs})
    assert len(record.runs) >= 5


def test_a_baseline_of_one_pilot_is_a_rung_of_another(toy: list[Task]) -> None:
    """The probe measured beside another trainer is taken over with its size, as part of the probe's own curve."""
    told: dict[str, Run] = {}
    climb(MANY, TESTS, workers=1, on_run=lambda run: told.update({run.key: run}))
    record = climb(MANY, TESTS, trainer="probe", done=told)
    assert 1 == record.reused
    assert {"ladder"} == {run.purpose for run in record.runs}
    assert max(record.sizes) == record.mean_scores[-1][0]


def test_processes_start_where_the_work_left_is_worth_it(toy: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs are made here; what the last took, by the weight of those that are left, says how many processes."""
    asked: list[tuple[float, int]] = []
    monkeypatch.setattr("tunecase.engine.workers_for", lambda left_s, tasks: asked.append((left_s, tasks)) or 1)
    record = climb(MANY, TESTS, adaptive=False, draws=1, with_baselines=False, workers=None)
    ((left_s, tasks),) = asked
    assert (len(record.runs) - 2, True) == (tasks, 0 < left_s < 30)
    climb(MANY, TESTS, adaptive=False, draws=1, with_baselines=False, workers=1)
    assert 1 == len(asked)
