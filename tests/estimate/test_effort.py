"""The bill shows people's hours by activity, and says why training takes another part of them than usual."""

from pathlib import Path

import pytest

from tests.estimate.test_bill import bill
from tests.projects import written

BARE = """
team: [{role: ml engineer, rate: 100 USD per hour, share: 50%}]
rounds: 3
data: {train: data/train.jsonl, sources: [{kind: have, pool: 0}]}
"""


def test_the_shares_of_all_activities_make_the_whole(tmp_path: Path) -> None:
    """Each activity has its hours, its share, what drives it and the rate that was taken, stated or assumed."""
    record = bill(written(BARE + "effort: {integration: 12 h}\n", tmp_path))
    assert sum(one.share for one in record.effort) == pytest.approx(1)
    rates = {one.name: (one.rate, one.stated) for one in record.effort}
    assert rates["integration"] == ("12 h", True)
    assert rates["prompts and baselines"] == ("4 to 16 h", False)
    assert {one.driver for one in record.effort} >= {"700 rows at hand", "1 GPU", "one release"}
    hours = {one.name: one.hours for one in record.effort}
    assert hours["integration"] == pytest.approx(12)


def test_training_takes_its_usual_part_or_the_reason_is_told(tmp_path: Path) -> None:
    """A usual project says nothing; fifty runs a round, and a file that states its hours, are named as the reason."""
    usual = bill(written(BARE, tmp_path))
    assert 0.10 <= usual.training_share <= 0.16
    assert usual.training_note == ""
    many = bill(written(BARE + "training: {runs_per_round: 50}\n", tmp_path))
    assert many.training_share > 0.16
    assert many.training_note == "50 runs a round are watched"
    own = bill(written(BARE + "effort: {set_up: 200 h}\n", tmp_path))
    assert own.training_note == "the project file states set_up"


def test_hours_stated_whole_tell_nothing_of_training(tmp_path: Path) -> None:
    """Unknown is told as unknown."""
    record = bill(written(BARE + "effort_per_round: 20 h per round\n", tmp_path))
    assert record.training_share is None
    assert {"a round's hours as stated", "evaluation"} == {one.name for one in record.effort}
