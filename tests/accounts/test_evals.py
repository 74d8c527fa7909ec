"""What evals says of one log and of two."""

from dataclasses import replace

from tests.accounts.reading import table, words
from tests.records.test_records import EVALS
from tunecase.accounts import account


def test_two_logs_are_told_as_a_difference_with_its_chance() -> None:
    """The answer is one sentence with the interval, then the chance that the second is better."""
    said = account("evals", EVALS)
    assert "n reaches 80%" not in said.answer
    assert "n scores 5 points more than m on the same 390 items (8 in 10: +2 to +8)." in said.answer
    assert "better with a chance of 98 in 100" in said.answer
    assert "to show 5 points" in words(said.short)
    assert "300 items (200 to 400) that both models answer; 900 for each model" in words(said.short)


def test_a_score_that_is_not_reached_is_bad() -> None:
    """The limit comes first."""
    said = account("evals", EVALS)
    assert said.answer.startswith("n falls short of 80%.")
    assert ("bad", "good") == (said.tone, account("evals", replace(EVALS, fail_below=None)).tone)


def test_one_log_is_told_as_a_score() -> None:
    """With its interval, and with what is not counted."""
    said = account("evals", replace(EVALS, logs=EVALS.logs[:1], pair=None, lost_measured=False, fail_below=None))
    assert "m scores 70% (8 in 10: 67% to 73%) on 400 items." == said.answer
    assert "2 answers without a score and 1 error" in words(said.short)
    assert "assumed" in words(said.short)


def test_the_full_account_shows_every_log_and_every_gain() -> None:
    """Tables of logs and of items by gain."""
    said = account("evals", EVALS)
    assert "400" == table(said.full, "Logs")["m"][3]
    (rows,) = [block.rows for block in said.full if getattr(block, "caption", "").startswith("Test items")]
    assert ["5 points", "300", "200", "400", "900"] == [cell.text for cell in rows[0]]
    assert "Left out: 10 items." in words(said.full)


def test_scores_of_other_items_stand_apart() -> None:
    """Where one log has items that the other lacks, both scores are those of the items of both."""
    pair = replace(EVALS.pair, first=0.69, second=0.74)
    said = words(account("evals", replace(EVALS, pair=pair)).short)
    assert "m 69% (70% on all its 400) and n 74% (75% on all its 400)" in said


def test_two_logs_of_one_model_are_called_by_their_files() -> None:
    """A name that both have tells nothing."""
    logs = (EVALS.logs[0], replace(EVALS.logs[1], model="m"))
    assert "b.eval scores 5 points more than a.eval" in account("evals", replace(EVALS, logs=logs)).answer


def test_lower_is_said_to_be_better() -> None:
    """Who reads of more errors is told which way is better."""
    logs = tuple(replace(log, direction="lower") for log in EVALS.logs)
    assert "Lower is better here. It is better with" in account("evals", replace(EVALS, logs=logs)).answer
