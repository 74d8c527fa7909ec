"""A pilot's account: the best score beside the target, the curve so far, and what goes wrong."""

from dataclasses import replace

import pytest

from tests import samples
from tests.accounts.reading import rows, words
from tunecase.accounts import Material
from tunecase.accounts.pilot import pilot
from tunecase.records import Pilot


def short(record: Pilot, material: Material | None = None) -> str:
    """What stands under the answer by default."""
    return words(pilot(record, material or Material()).short)


def test_a_ladder_of_many_sizes_is_thinned_to_a_line() -> None:
    """At most seven sizes side by side, the first and the last among them."""
    run = samples.pilot().runs[0]
    runs = tuple(replace(run, n=2**k, score=0.1 + k / 30) for k in range(4, 18))
    (head,) = [
        block for block in pilot(replace(samples.pilot(), runs=runs), Material()).short if hasattr(block, "head")
    ]
    assert 8 == len(head.head)
    assert ("16", "131,072") == (head.head[1], head.head[-1])


@pytest.mark.parametrize(("after", "told"), [(0.3, True), (0.5, False), (0.61, False), (0.7, False)])
def test_a_tune_that_forgets_is_told(after: float, told: bool) -> None:
    """Only where the interval over questions excludes no loss; a gain is none."""
    record = samples.pilot_of_a_model()
    forgot = replace(record, runs=tuple(replace(run, skill_after=after) for run in record.runs))
    assert told == ("The tune forgets: it lost" in short(forgot))


def test_questions_that_changed_sides_narrow_the_interval() -> None:
    """Eight lost and none won of forty is a loss; five lost and four won is none, and what they can tell is said."""
    record = samples.pilot_of_a_model()
    known = {"skill_before": 0.6, "skill_after": 0.4, "skill_rows": 40}
    for lost, won, told in ((8, 0, "it lost 20% of 40 general questions"), (5, 4, "40 general questions cannot tell")):
        runs = tuple(
            replace(run, **known, skill_lost_rows=lost, skill_won_rows=won) if run.skill_before else run
            for run in record.runs
        )
        changed = replace(record, runs=runs).skill_lost
        assert told in changed.words
        assert changed.is_shown == (won == 0)


def test_rows_of_the_data_are_shown_only_where_they_may_be() -> None:
    """Without leave no text of a test row stands in the account."""
    record = samples.pilot_of_a_model()
    assert "The [board] will not load" not in words(pilot(record, Material()).full)
    assert "The [board] will not load" in words(pilot(record, Material(with_rows=True)).full)


def test_trials_of_a_search_do_not_stand_among_the_draws() -> None:
    """A run that was made for choosing settings at a size is no draw of that size."""
    record = samples.pilot()
    trial = replace(record.runs[-1], purpose="tuning", score=0.123)
    account = pilot(replace(record, runs=(*record.runs, trial)), Material())
    assert "0.123" not in rows(account.full, "Scores by size")[-1][2]
