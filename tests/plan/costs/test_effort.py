"""People's hours are a sum over activities, each driven by something that can be counted."""

import dataclasses
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.plan.costs.test_costs import work
from tests.projects import written
from tunecase.errors import InputError
from tunecase.plan.costs.effort import (
    AS_STATED,
    MANAGEMENT,
    TRAINING,
    Work,
    effort_of,
    hours_of_a_run,
    hours_of_release,
    hours_once,
    is_stated,
    rate_words,
    round_hours,
)
from tunecase.plan.costs.people import evaluation, labour, person_hours
from tunecase.plan.costs.per_step import once, release

BARE = """
training: {epochs: 2, runs_per_round: 5, failed: 20%}
team: [{role: ml engineer, rate: 100 USD per hour, share: 50%}]
unknowns: none
data: {train: data/train.jsonl}
"""
KNOWN = """
effort:
  data_work: 10 h per round
  prompts: 8 h
  set_up: 6 h
  runs: 0.5 h per run
  evaluation: 4 h per round
  error_analysis: 5 h per round
  integration: 20 h
  review: 3 h
  management: 10%
"""


def with_gpus(made: Work, count: int) -> Work:
    """The same work on so many cards."""
    assert made.machine is not None
    return dataclasses.replace(made, machine=dataclasses.replace(made.machine, count=count))


def total(made: Work) -> np.ndarray:
    """Hours of the whole walk in every world."""
    return np.asarray(person_hours(made))


def test_stated_hours_add_up_as_anyone_would_add_them(tmp_path: Path) -> None:
    """8 + 6 once, 3 x (10 + 6 runs x .5 + 4 + 5), 20 + 3 for the release, a tenth on top: 113.3 h."""
    made = work(tmp_path, BARE + KNOWN)
    assert total(made).tolist() == pytest.approx([(14 + 3 * 22 + 23) * 1.1] * 50)
    people, tests = labour(made).amount, evaluation(made).amount
    assert tests.tolist() == pytest.approx([3 * 9 * 100.0] * 50)
    assert (people + tests).tolist() == pytest.approx([11_330.0] * 50)


def test_more_gpus_never_take_fewer_hours_and_a_second_machine_takes_more(tmp_path: Path) -> None:
    """World by world, along 1, 2, 4, 8, 16 and 64 cards."""
    made = work(tmp_path, BARE)
    hours = [total(with_gpus(made, count)) for count in (1, 2, 4, 8, 16, 64)]
    for fewer, more in pairwise(hours):
        assert (more > fewer).all()


def test_more_runs_or_answers_read_never_take_fewer_hours(tmp_path: Path) -> None:
    """A run is watched, an answer is read; an answer costs its minutes."""
    few, many = (work(tmp_path, BARE.replace("runs_per_round: 5", f"runs_per_round: {n}")) for n in (2, 50))
    assert (total(many) > total(few)).all()
    read = [work(tmp_path, BARE + f"evaluation: {{read: {n} per round}}\n") for n in (0, 60, 600)]
    some = BARE + "evaluation: {read: 60 per round}\neffort: {reading: 2 min per answer, management: 0%}\n"
    per_round = total(work(tmp_path, some)) - total(work(tmp_path, some.replace("60 per", "0 per")))
    assert per_round.tolist() == pytest.approx([3 * 2.0] * 50)
    for fewer, more in pairwise(read):
        assert (total(more) > total(fewer)).all()


def test_free_text_is_read_by_people_and_classes_are_not(tmp_path: Path) -> None:
    """A metric scores classes; an answer in words wants a reader, whatever the metric says."""
    words, classes = (work(tmp_path, f"problem: {{task: {task}}}\n{BARE}") for task in ("generation", "classification"))
    assert (total(words) > total(classes)).all()
    assert "effort.reading" not in classes.basis.used


def test_the_task_that_was_recognised_says_who_reads_where_the_file_does_not(tmp_path: Path) -> None:
    """Free text is read also where nobody wrote that it is; what the file says comes first."""
    made = work(tmp_path, BARE)
    assert (total(dataclasses.replace(made, task="generation")) > total(made)).all()
    stated = work(tmp_path, f"problem: {{task: classification}}\n{BARE}")
    assert total(stated).tolist() == total(dataclasses.replace(stated, task="generation")).tolist()


def test_ten_times_the_rows_take_some_hours_more_and_not_ten_times_as_many(tmp_path: Path) -> None:
    """Up to 1,000 rows nothing is added; beyond, the same for every tenfold."""
    hours = [round_hours(work(tmp_path, BARE, rows=rows), on_data=True) for rows in (10, 1_000, 10_000, 100_000)]
    assert (hours[0] == hours[1]).all()
    assert np.allclose(hours[3] - hours[2], hours[2] - hours[1])
    assert (hours[2] > hours[1]).all()
    assert np.median(hours[3]) < 3 * np.median(hours[1])


def test_a_round_without_work_on_the_data_lacks_just_that(tmp_path: Path) -> None:
    """10 h and management's tenth."""
    made = work(tmp_path, BARE + KNOWN)
    assert (round_hours(made, on_data=True) - round_hours(made, on_data=False)).tolist() == pytest.approx([11.0] * 50)


def test_what_is_paid_once_is_not_paid_again_after_a_measured_round(tmp_path: Path) -> None:
    """Prompts and set-up; the release is still to come."""
    made = work(tmp_path, BARE + KNOWN)
    begun = dataclasses.replace(made, begun=True)
    assert hours_once(made).tolist() == pytest.approx([14 * 1.1] * 50)
    assert not hours_once(begun).any()
    assert (total(made) - total(begun)).tolist() == pytest.approx([14 * 1.1] * 50)
    assert hours_of_release(begun).tolist() == pytest.approx([23 * 1.1] * 50)
    assert once(made).tolist() == pytest.approx([1_540.0] * 50)
    assert release(made).tolist() == pytest.approx([2_530.0] * 50)


def test_a_world_that_ships_nothing_pays_for_no_release(tmp_path: Path) -> None:
    """Integration, review and their management fall away."""
    made = work(tmp_path, BARE + KNOWN)
    none = dataclasses.replace(made, walk=dataclasses.replace(made.walk, ships=made.walk.rounds < 0))
    assert (total(made) - total(none)).tolist() == pytest.approx([23 * 1.1] * 50)


def test_hours_of_a_round_stated_whole_hold_all_that_is_done(tmp_path: Path) -> None:
    """As in older project files: 3 x 40 h and nothing else, part of them evaluation."""
    made = work(tmp_path)
    hours = effort_of(made)
    assert {AS_STATED, "evaluation"} == {name for name, each in hours.items() if each.any()}
    assert total(made).tolist() == pytest.approx([120.0] * 50)
    assert rate_words(made, AS_STATED) == ("40 h per round", True)


def test_a_round_without_work_on_the_data_takes_no_longer_than_a_whole_one_that_is_stated(tmp_path: Path) -> None:
    """4 h hold all of a round; where 400 are stated, the activities of a short one count, or the hours given for it."""
    small, large = (BARE + f"effort_per_round: {hours} h per round\n" for hours in (4, 400))
    own = "levers: {first_run_hours: 10 h}\n"
    assert [4.0] * 50 == pytest.approx(round_hours(work(tmp_path, small), on_data=False).tolist())
    assert [4.0] * 50 == pytest.approx(round_hours(work(tmp_path, small + own), on_data=False).tolist())
    assert [10.0] * 50 == pytest.approx(round_hours(work(tmp_path, large + own), on_data=False).tolist())
    free = round_hours(work(tmp_path, BARE), on_data=False)
    assert free.tolist() == pytest.approx(round_hours(work(tmp_path, large), on_data=False).tolist())


def test_the_runs_of_a_search_are_watched_as_other_runs(tmp_path: Path) -> None:
    """8 runs, a fifth more fail, half an hour each, and management's tenth; hours of a whole round hold them."""
    made = work(tmp_path, BARE + KNOWN)
    searched = dataclasses.replace(made.walk, search_runs=8.0)
    more = total(dataclasses.replace(made, walk=searched)) - total(made)
    assert more.tolist() == pytest.approx([8 * 1.2 * 0.5 * 1.1] * 50) == (8 * hours_of_a_run(made)).tolist()
    assert not hours_of_a_run(work(tmp_path)).any()


def test_a_manager_in_the_team_takes_the_place_of_assumed_management(tmp_path: Path) -> None:
    """Whoever names one whose hours come on top has stated management; a reviewer manages nobody; 0% states it too."""
    engineer = "{role: ml engineer, rate: 100 USD per hour, share: 50%}"
    manager = "{role: manager, rate: 90 USD per hour, on_top: 10%}"
    managed = work(tmp_path, BARE.replace(engineer, f"{engineer}, {manager}"))
    assert not effort_of(managed)[MANAGEMENT].any()
    reviewed = work(tmp_path, BARE.replace(engineer, f"{engineer}, {manager.replace('manager', 'reviewer')}"))
    assert effort_of(reviewed)[MANAGEMENT].all()
    assert not effort_of(work(tmp_path, BARE + "effort: {management: 0%}\n"))[MANAGEMENT].any()
    assert effort_of(work(tmp_path, BARE))[MANAGEMENT].all()


def test_hours_are_stated_only_where_every_activity_is(tmp_path: Path) -> None:
    """One that is left out leaves the whole assumed."""
    assert is_stated(work(tmp_path, BARE + KNOWN))
    assert is_stated(work(tmp_path))
    assert not is_stated(work(tmp_path, BARE + KNOWN.replace("  review: 3 h\n", "")))


def test_training_is_about_an_eighth_of_the_hours_of_a_usual_project(tmp_path: Path) -> None:
    """One card, five runs a round, three rounds: within what two surveys say, 11% to 14%, or next to it."""
    hours = {name: float(each.mean()) for name, each in effort_of(work(tmp_path, BARE, rows=1_000)).items()}
    assert 0.10 < sum(hours[name] for name in TRAINING) / sum(hours.values()) < 0.16


def test_hours_by_activity_and_of_a_whole_round_are_refused_together(tmp_path: Path) -> None:
    """Which of the two counts is asked, at the line; hours below nothing are refused too."""
    with pytest.raises(InputError) as error:
        written(BARE + "effort_per_round: 20 h per round\neffort: {integration: 8 h}\n", tmp_path)
    assert "effort.integration beside effort_per_round" in error.value.problems[0].got
    with pytest.raises(InputError, match="integration"):
        written(BARE + "effort: {integration: -8 h}\n", tmp_path)


def test_earlier_cases_move_default_hours_and_leave_stated_ones_alone(tmp_path: Path) -> None:
    """Every default activity takes so many times as long, watching runs of a search too; shares stay."""
    plain, slow = work(tmp_path, BARE), work(tmp_path, BARE)
    slow.basis.hours_factor, slow.basis.hours_cases = 1.25, 4
    assert 1.25 * total(plain) == pytest.approx(total(slow))
    assert 1.25 * hours_of_a_run(plain) == pytest.approx(hours_of_a_run(slow))
    assert rate_words(slow, "data_work")[0].endswith("x 1.25 (your own cases)")
    assert "own cases" not in rate_words(slow, MANAGEMENT)[0] + rate_words(plain, "data_work")[0]
