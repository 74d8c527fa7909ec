"""Learners race on the same rows: cheapest first, best first in the record, dropped when they cannot win any more."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests import toy_trainer
from tests.pilot.test_conduct import MANY, SHORT, TESTS
from tests.pilot.test_trial import climb, toy
from tunecase import engine
from tunecase.pilot import trial
from tunecase.pilot.conduct import Progress
from tunecase.pilot.examples import Examples
from tunecase.pilot.plan import PilotPlan
from tunecase.pilot.race import asked_for, rungs_beside
from tunecase.pilot.steps import Lesson
from tunecase.pilot.trainers.task import Task
from tunecase.records import Candidate, Pilot, Run

__all__ = ["toy"]
WHOLE = 19  # runs of a whole ladder: three draws of six sizes, and all rows once
TRAINERS = ("probe", "lora", "encoder", "toy", "simulated")
MINILM, LLAMA = "sentence-transformers/all-MiniLM-L6-v2", "meta-llama/Llama-3.1-8B"


def race(*names: str, **given: object) -> Pilot:
    """The toy as the pilot's own learner, and these beside it."""
    return climb(MANY, TESTS, race=names, **{"with_baselines": False, **given})


def by_name(record: Pilot) -> dict[str, Candidate]:
    """The candidates by their names."""
    return {one.name: one for one in record.candidates}


def test_learners_share_rows_and_draws(toy: list[Task]) -> None:
    """Each learner has a ladder of its own on the same subsets; the pilot's runs are its own learner's."""
    record = race("toy:strong")
    assert {"toy", "strong"} == {task.model for task in toy}
    subsets: Mapping[str, set[tuple[str, ...]]] = {
        model: {task.texts for task in toy if task.model == model} for model in ("toy", "strong")
    }
    assert subsets["toy"] == subsets["strong"]
    assert 1 == len({task.test_texts for task in toy})
    assert {"toy"} == {run.model for run in record.runs}
    assert len(record.runs) == len(by_name(record)["strong"].points)


def test_the_best_stands_first(toy: list[Task]) -> None:
    """By the mean at the largest size; for each other one, the chance that the best is better."""
    first, second, third = race("toy:strong", "toy:weak").candidates
    assert ("strong", "toy", "weak") == (first.name, second.name, third.name)
    assert (None, 640) == (first.beaten, first.n)
    assert second.beaten > 0.99
    assert first.score == pytest.approx(0.97 - 1 / 640)
    assert first.interval.low < first.score < first.interval.high


def test_who_cannot_win_is_dropped_with_its_reason(toy: list[Task]) -> None:
    """A learner far below the leader makes no further runs; with all kept, it makes them."""
    weak = by_name(race("toy:weak"))["weak"]
    assert len(weak.points) < WHOLE
    assert "cannot win any more: accuracy 0." in weak.dropped
    assert "of toy at" in weak.dropped
    kept = by_name(race("toy:weak", keep_all=True))["weak"]
    assert (WHOLE, "") == (len(kept.points), kept.dropped)


def test_who_may_still_catch_up_is_kept(toy: list[Task]) -> None:
    """One that starts below the leader and rises faster climbs its whole ladder, and wins."""
    record = race("toy:late")
    late = by_name(record)["late"]
    assert late.points[0].score < 0.6
    assert (WHOLE, "", "late") == (len(late.points), late.dropped, record.candidates[0].name)


def test_the_pilots_own_learner_is_never_dropped(toy: list[Task]) -> None:
    """The forecast rests on its curve, so it climbs on, however far another is ahead."""
    record = race("toy:strong", model="weak")
    assert (WHOLE, "") == (len(record.runs), record.stopped)
    assert "" == by_name(record)["weak"].dropped


def test_one_that_fails_ends_nothing(toy: list[Task]) -> None:
    """What is missing, unknown or broken is told with its reason; the others are measured."""
    record = race("toy:absent", "toy:broken", "simulated", "toy:strong", metric="accuracy")
    assert ["strong", "toy"] == [one.name for one in record.candidates]
    told = " / ".join(record.not_measured)
    assert "absent: no model here. Fix: fetch it" in told
    assert "broken: every run failed: RuntimeError: no such layer" in told
    assert "simulated: it trains nothing" in told
    words = race("probe", metric="chrf").not_measured
    assert ("probe: the probe scores accuracy and macro_f1, not chrf",) == words


def test_nothing_is_run_twice(toy: list[Task]) -> None:
    """One learner's run serves as another's baseline, and a second pilot takes over every run with the same verdict."""
    told: list[Run] = []
    given: dict[str, object] = {"with_baselines": True, **SHORT}
    first = race("probe", "toy:weak", on_run=told.append, **given)
    assert len(told) == len({run.key for run in told})
    assert "probe" in {one.name for one in first.baselines}
    assert ("majority",) == tuple(one.name for one in first.only_baselines)
    again: list[Run] = []
    done = {run.key: run for run in told}
    answers = {run.key: None for run in told}
    second = race("probe", "toy:weak", done=done, on_run=again.append, kept_answers=answers.get, **given)
    assert first.runs == second.runs
    assert {one.name for one in first.candidates} == {one.name for one in second.candidates}


def test_the_same_model_is_measured_once(toy: list[Task]) -> None:
    """The pilot's own learner, named again, does not race itself."""
    record = race("toy", "toy:toy")
    assert ["toy"] == [one.name for one in record.candidates]
    assert WHOLE == len(toy)


def test_caps_hold_for_all_together(toy: list[Task]) -> None:
    """What no time is left for is told, while the pilot's own learner makes one run at least."""
    record = race("toy:strong", "toy:weak", max_minutes=0)
    assert 1 == len(record.runs)
    assert 2 == sum("no time or money was left for it" in words for words in record.not_measured)
    slow = {"settings": {"seconds": 0.05}, "usd_per_hour": 3600.0}
    record = race("toy:strong", max_usd=0.4, **slow)
    assert {"strong", "toy"} == set(by_name(record))
    assert len(record.runs) < WHOLE
    assert record.usd < 0.6


def test_the_plan_is_that_of_all(toy: list[Task]) -> None:
    """Runs, minutes and money of all learners are told before any of them begins."""
    plans: list[PilotPlan] = []

    def no(plan: PilotPlan) -> bool:
        plans.append(plan)
        return False

    record = race("toy:strong", ask=no)
    assert ((), (), []) == (record.runs, record.candidates, toy)
    assert (2 * WHOLE, ("strong", "toy"), True) == (plans[0].runs, plans[0].candidates, plans[0].light)
    made: list[Run] = []
    race("toy:strong", on_run=made.append)
    race("toy:strong", ask=no, done={run.key: run for run in made if run.n < 640}, usd_per_hour=2.0)
    assert (2, 2 * WHOLE - 2) == (plans[1].runs, plans[1].reused)
    assert plans[1].minutes is not None
    assert plans[1].usd is not None


def test_progress_names_who_is_measured(toy: list[Task]) -> None:
    """Runs are counted over all learners, and the one under way is named."""
    states: list[Progress] = []
    race("toy:strong", progress=states.append)
    assert {"strong", "toy"} == {state.candidate for state in states}
    assert [*range(1, 2 * WHOLE + 1)] == [state.done for state in states if state.last is not None]
    assert {2 * WHOLE} == {state.total for state in states}


def test_left_to_itself_a_pilot_takes_the_encoder_where_it_is_here(
    toy: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a trainer it is the encoder with n-grams beside it; n-grams where its weights are missing or it fails."""
    others = tuple(pair for pair in trial.TRAINERS if pair[0] != "encoder")
    monkeypatch.setattr(trial, "TRAINERS", (*others, ("encoder", "tests.toy_trainer")))
    record = race("auto", trainer="", **SHORT)
    assert ("encoder", ["toy", "n-grams"]) == (record.trainer, sorted(one.name for one in record.candidates)[::-1])
    monkeypatch.setattr(toy_trainer, "MODEL", "broken")
    record = race("auto", trainer="", **SHORT)
    assert ("probe", ["n-grams"]) == (record.trainer, [one.name for one in record.candidates])
    assert record.mean_scores
    assert any("every run failed" in words for words in record.not_measured)
    monkeypatch.setattr(toy_trainer, "MODEL", "absent")
    record = race("auto", trainer="", **SHORT)
    assert "probe" == record.trainer
    assert any("encoder: no model here" in words for words in record.not_measured)


def test_every_candidate_has_a_name_of_its_own(toy: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """A tuned encoder is called so; models whose folders end alike are told by their whole names."""
    known = (("encoder", "tests.toy_trainer"), ("encoder-tuned", "tests.toy_trainer"))
    monkeypatch.setattr(trial, "TRAINERS", (*trial.TRAINERS, *known))
    assert {"toy", "toy, tuned"} < set(by_name(race("encoder", "encoder-tuned", trainer="probe", **SHORT)))
    alike = set(by_name(race("encoder:one/net", "encoder:two/net", "encoder-tuned:one/net", **SHORT)))
    assert {"one/net (encoder)", "two/net (encoder)", "net, tuned"} < alike


@pytest.mark.parametrize(("cap", "first"), [(None, 160), (600.0, 16)])
def test_an_adaptive_learner_beside_others_begins_at_the_top(toy: list[Task], cap: float | None, first: int) -> None:
    """One run at the largest size shows who cannot win; where a cap must hold, a cheap run shows the price first."""
    race("toy:weak", trainer="probe", adaptive=True, max_minutes=cap, sizes=(16, 64, 160), draws=2)
    assert first == next(len(task.texts) for task in toy if task.model == "weak")


def test_auto_takes_what_costs_neither_money_nor_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoders of the project race by themselves, causal models where there is a GPU, hosted ones only by name."""
    models = ("thenlper/gte-small", MINILM, LLAMA, "gpt-6-luna", "jev-1.14.0")
    monkeypatch.setattr(engine, "gpus", lambda: ())
    asked = asked_for(("auto",), models, TRAINERS)
    assert (("probe", ""), ("encoder", "")) == asked.learners[:2]
    assert ("encoder", MINILM) in asked.learners
    assert "lora" not in dict(asked.learners)
    assert any(LLAMA in words and "--candidates" in words for words in asked.not_measured)
    assert () == asked.untrained
    monkeypatch.setattr(engine, "gpus", lambda: ("GPU-0",))
    assert ("lora", LLAMA) in asked_for(("auto",), models, TRAINERS).learners
    named = asked_for(("n-grams", "gpt-6-luna", "jev-1.14.0", "lora:some/folder", MINILM), (), TRAINERS)
    assert (("probe", ""), ("lora", "some/folder"), ("encoder", MINILM)) == named.learners
    assert ("gpt-6-luna", "jev-1.14.0") == named.untrained


def test_auto_without_classes_has_no_encoder() -> None:
    """Where answers are no classes, the nearest rows stand in place of n-grams, and no head on an encoder is tried."""
    assert (("nearest", ""),) == asked_for(("auto",), (MINILM,), TRAINERS, floor="nearest").learners


def test_ladders_share_sizes() -> None:
    """A heavy learner takes the sizes of a light one up to 2,000 rows; a light one goes beyond a heavy one's."""
    rows = Examples(("x",) * 10_000, tuple("ab" * 5_000))
    lesson = Lesson(rows, rows, "classification", "accuracy", "higher", 0)
    light = (156, 312, 625, 1_250, 2_500, 5_000, 10_000)
    assert (156, 312, 625, 1_250) == rungs_beside(light, lesson, heavy=True)
    heavy = (125, 250, 500, 1_000, 2_000)
    assert (*heavy, 2_500, 5_000, 10_000) == rungs_beside(heavy, lesson, heavy=False)
    assert heavy == rungs_beside((5_000, 10_000), replace(lesson), heavy=True)


def struck_by_language(kind: str, model: str) -> str:
    """A project whose inputs are German."""
    return "it reads en, not de" if model in (MINILM, "thenlper/gte-small") else ""


def test_auto_leaves_out_what_the_constraints_rule_out_and_says_why() -> None:
    """Of the encoder of the tables and of those that the project lists; one that is named is measured all the same."""
    models = ("thenlper/gte-small", "intfloat/multilingual-e5-small")
    asked = asked_for(("auto",), models, TRAINERS, struck_by_language)
    assert (("probe", ""), ("encoder", models[1])) == asked.learners
    why = "the project's constraints rule it out: it reads en, not de"
    assert (f"{MINILM}: {why}", f"{models[0]}: {why}") == asked.not_measured
    assert (("encoder", MINILM),) == asked_for((MINILM,), (), TRAINERS, struck_by_language).learners


def test_an_encoder_that_is_ruled_out_is_not_the_pilots_own(monkeypatch: pytest.MonkeyPatch, toy: list[Task]) -> None:
    """N-grams are, unless the encoder is named: then a note says that the constraints rule it out."""
    paths = {**dict(trial.TRAINERS), "encoder": "tests.toy_trainer"}
    monkeypatch.setattr(trial, "TRAINERS", tuple(paths.items()))
    told = {"trainer": "", "race": ("auto",), "with_baselines": False, **SHORT}
    assert "encoder" == climb(MANY, TESTS, **told).trainer
    bound = climb(MANY, TESTS, **told, struck=lambda kind, model: "it reads no German" if kind == "encoder" else "")
    assert ("probe", ["n-grams"]) == (bound.trainer, [one.name for one in bound.candidates])
    assert any("rule it out: it reads no German" in words for words in bound.not_measured)
    assert not any("reads no German" in words for words in bound.notes)
    named = climb(MANY, TESTS, **{**told, "trainer": "encoder", "race": ()},
                  struck=lambda kind, model: "it reads no German" if kind == "encoder" else "")  # fmt: skip
    assert "encoder" == named.trainer
    assert any("measured since it was named" in words and "no German" in words for words in named.notes)
