"""What an answer is worth: gains over the best that is had untrained, errors spared, answers made cheaper."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import samples
from tests.projects import basis, written
from tunecase.prices import Basis
from tunecase.prices.value import (
    baseline_score,
    error_cost,
    price_of_answers,
    price_today,
    rest_by_others,
    saving_per_answer,
    serving_saving,
    target_value,
    value_or_saving,
    worth_of_correct,
)
from tunecase.project import Project
from tunecase.records import AtHand, Definition

PROBLEM = "problem: {metric: accuracy, target: 85%, value: 0.40 USD per correct, volume: 20k per month, horizon: 1 year"
SERVING = "serving: {price_per_1k_today: 12 USD, price_per_1k_answers: 2 USD}\n"


def asked(folder: Path, more: str = "", after: str = "", problem: str = PROBLEM) -> Project:
    """A project with more fields of its problem."""
    return written(f"{problem}{more}}}\n{after}", folder)


def posed(**changes: object) -> Definition:
    """A definition in which nothing was measured but what the changes say."""
    bare = {"in_use": None, "majority": None, "probe": None, "untrained": None}
    return replace(samples.definition(), **{**bare, **changes})  # type: ignore[arg-type]


def test_value_is_worth_times_volume_times_horizon_times_gain(tmp_path: Path) -> None:
    """0.40 x 20,000 x 12 x (85% - 60%) = 24,000 USD; a target below the baseline is worth nothing."""
    project = asked(tmp_path, ", baseline: 60%")
    value = target_value(project, basis(project, 10), posed())
    assert value is not None
    assert pytest.approx(24_000) == value
    plain = asked(tmp_path)
    beyond = target_value(plain, basis(plain, 10), posed(untrained=0.95))
    assert [0] * 10 == beyond.tolist()


def test_a_gain_lies_above_the_stated_baseline_else_above_the_best_untrained(tmp_path: Path) -> None:
    """The score that the project file states counts, whatever else scores; older records hold less."""
    project = asked(tmp_path, ", baseline: 60%")
    assert 0.6 == baseline_score(project, posed(untrained=0.75, probe=0.5))
    assert 0.6 == baseline_score(project, None)
    plain = asked(tmp_path)
    assert 0.75 == baseline_score(plain, posed(untrained=0.75, in_use=0.7, probe=0.8))
    assert 0.7 == baseline_score(plain, posed(in_use=0.7, probe=0.8))
    assert baseline_score(plain, posed(majority=0.2, probe=0.8)) is None
    assert 0.82 == baseline_score(plain, posed(at_hand=AtHand("encoder", "", 0.82), probe=0.8))
    assert baseline_score(plain, posed()) is None
    assert baseline_score(plain, None) is None
    assert target_value(plain, basis(plain, 10), posed()) is None


def test_a_higher_stated_baseline_lowers_the_value(tmp_path: Path) -> None:
    """Above the probe or below it."""
    values = []
    for stated in ("50%", "70%", "84%"):
        project = asked(tmp_path, f", baseline: {stated}")
        value = target_value(project, basis(project, 10), posed(probe=0.6, untrained=0.6))
        values.append(value.mean())
    assert sorted(set(values), reverse=True) == values


@pytest.mark.parametrize("metric", ["loss", "mae", "chrf", "rouge_l"])
def test_a_metric_that_counts_no_answers_has_no_value_per_answer(tmp_path: Path, metric: str) -> None:
    """A gain in loss or chrF is no number of right answers."""
    project = asked(tmp_path, ", baseline: 60%")
    other = project.model_copy(update={"problem": project.problem.model_copy(update={"metric": metric})})
    assert target_value(other, basis(other, 10), posed()) is None


def test_an_error_spared_is_part_of_a_right_answer(tmp_path: Path) -> None:
    """Kinds weigh by their shares; without shares the dear one is not known to be rare, so nothing is added."""
    kinds = ", errors: [{kind: a, cost: 1 USD per error, share: 75%}, {kind: b, cost: 9 USD per error, share: 25%}]"
    project = asked(tmp_path, kinds)
    cost, worth = error_cost(basis(project, 10)), worth_of_correct(basis(project, 10))
    assert cost is not None
    assert worth is not None
    assert pytest.approx(3.0) == cost
    assert pytest.approx(3.4) == worth
    unshared = tuple(one.model_copy(update={"share": None}) for one in project.problem.errors)
    problem = project.problem.model_copy(update={"errors": unshared})
    open_shares = project.model_copy(update={"problem": problem})
    assert error_cost(basis(open_shares, 10)) is None


def test_serving_saves_the_difference_of_two_prices(tmp_path: Path) -> None:
    """(12 - 2) / 1,000 x 20,000 x 12 = 2,400 USD; it counts alone where right answers have no value."""
    project = asked(tmp_path, after=SERVING)
    saving = serving_saving(basis(project, 10))
    assert saving is not None
    assert pytest.approx(2_400) == saving
    assert serving_saving(basis(asked(tmp_path), 10)) is None
    alone = asked(tmp_path, after=SERVING, problem=PROBLEM.replace("value: 0.40 USD per correct, ", ""))
    value = value_or_saving(alone, basis(alone, 10), posed())
    assert [0] * 10 == value.tolist()


class Priced:
    """Answers that cost 5 tuned and 8 today, by the thousand, and whoever asked."""

    def __init__(self, tuned: float | None = 5.0, in_use: float | None = 8.0) -> None:
        self.prices = tuned, in_use

    def tuned(self, basis: Basis) -> np.ndarray | None:
        """Of the tuned model."""
        return None if self.prices[0] is None else np.full(basis.worlds.n, self.prices[0])

    def in_use(self, basis: Basis) -> np.ndarray | None:
        """As they are given today."""
        return None if self.prices[1] is None else np.full(basis.worlds.n, self.prices[1])

    def prompted(self, basis: Basis, model: str) -> np.ndarray | None:
        """Nothing is prompted here."""
        return None


def test_a_stated_price_of_answers_comes_before_what_is_worked_out(tmp_path: Path) -> None:
    """As stated, else as worked out, else unknown; each of the two prices by itself."""
    priced = replace(basis(asked(tmp_path), 3), answer_prices=Priced())
    for after, tuned, today in (("", 5, 8), (SERVING, 2, 12), ("serving: {price_per_1k_answers: 1 USD}\n", 1, 8)):
        on = replace(priced, project=asked(tmp_path, after=after), worlds=basis(None, 3).worlds)
        found = price_of_answers(on), price_today(on)
        assert ([tuned] * 3, [today] * 3) == tuple(None if one is None else one.tolist() for one in found)
    bare = basis(asked(tmp_path), 3)
    assert (None, None, None, None) == (
        price_of_answers(bare), price_today(bare), saving_per_answer(bare), serving_saving(bare),
    )  # fmt: skip


def test_what_serving_saves_is_the_difference_of_two_prices_times_the_answers(tmp_path: Path) -> None:
    """(8 - 5) / 1,000 x 20,000 x 12 = 720 USD; what nobody prices today is a cost alone: -1,200 USD."""
    on = replace(basis(asked(tmp_path), 3), answer_prices=Priced())
    each, saved = saving_per_answer(on), serving_saving(on)
    assert [0.003] * 3 == pytest.approx(each.tolist())
    assert [720] * 3 == pytest.approx(saved.tolist())
    alone = replace(on, answer_prices=Priced(in_use=None))
    cost = serving_saving(alone)
    assert [-1_200] * 3 == pytest.approx(cost.tolist())
    assert saving_per_answer(alone) is None
    assert serving_saving(replace(on, answer_prices=Priced(tuned=None))) is None


def test_nothing_is_saved_on_answers_that_nobody_counts(tmp_path: Path) -> None:
    """Without a volume the saving is unknown, whatever an answer costs."""
    project = written(SERVING, tmp_path)
    assert serving_saving(basis(project, 3)) is None


def test_answers_left_to_others_cost_what_they_cost_today_or_a_person(tmp_path: Path) -> None:
    """30% of 240,000 answers: at 12 USD per 1,000 today, at 5 cents by hand, at nothing where neither is known."""
    by_hand = PROBLEM.replace("value: ", "by_hand: 0.05 USD per answer, value: ")
    found = [
        np.mean(rest_by_others(basis(asked(tmp_path, after=after, problem=problem), 10), 0.7))
        for after, problem in ((SERVING, by_hand), ("", by_hand), ("", PROBLEM))
    ]
    assert pytest.approx([-0.3 * 240 * 12, -0.3 * 240_000 * 0.05, 0.0]) == found
