"""evals from words as typed."""

from pathlib import Path

import pytest

from tests.command import tunecase
from tests.evals.logs import LM_EVAL, OAIEVAL, RIGHT, TRACKIO, write_samples
from tunecase import flow
from tunecase.errors import InputError
from tunecase.flow import EvalsAsked

A, B = OAIEVAL / "a.jsonl", OAIEVAL / "b.jsonl"


def test_two_logs_are_compared(tmp_path: Path) -> None:
    """The second against the first, with the items that gains of three sizes take."""
    record = flow.evals(EvalsAsked((A, B)))
    assert [RIGHT["a"] / 24, RIGHT["b"] / 24] == pytest.approx([log.score for log in record.logs])
    assert (24, 5, 2) == (record.pair.items, record.pair.won, record.pair.lost)
    assert ([0.02, 0.05, 0.1], True) == ([one.gain for one in record.gains], record.lost_measured)


def test_a_score_to_reach_settles_the_exit_code() -> None:
    """--fail-below ends with 1 where the last log falls short, and is fine where it does not."""
    assert 1 == tunecase("evals", A, "--fail-below", "80%").code
    assert 0 == tunecase("evals", A, B, "--fail-below", "80%").code
    assert 0 == tunecase("evals", A).code


def test_mistakes_of_both_logs_are_told_together(tmp_path: Path) -> None:
    """Every mistake at once, with exit code 2 and no traceback."""
    ran = tunecase("evals", tmp_path / "a.eval", OAIEVAL / "b-half.jsonl")
    assert 2 == ran.code
    assert "no such file" in ran.err
    assert "no final report" in ran.err


def test_words_that_are_no_numbers_are_told() -> None:
    """So are too many logs and a gain that cannot be."""
    with pytest.raises(InputError) as refused:
        flow.evals(EvalsAsked((A, B, A), gain="much", fail_below="x"))
    assert ["evals", "--gain", "--fail-below"] == [problem.where for problem in refused.value.problems]
    with pytest.raises(InputError, match="at most 100%"):
        flow.evals(EvalsAsked((A,), gain=0))


def test_a_corpus_metric_is_told_of_one_log_and_refused_of_two() -> None:
    """BLEU of one log is the tool's own; no paired test is made of it."""
    asked = {"filter": "strict-match", "task": "even_bleu"}
    record = flow.evals(EvalsAsked((LM_EVAL / "mock-b",), **asked))
    assert (0.0, None, ()) == (record.logs[0].score, record.logs[0].interval, record.gains)
    assert "metric of the whole corpus" in record.notes[0]
    with pytest.raises(InputError, match="only the whole corpus has"):
        flow.evals(EvalsAsked((LM_EVAL / "mock-b",) * 2, **asked))


def test_logs_of_one_store_are_compared() -> None:
    """Two runs of a Trackio store, by name."""
    store = TRACKIO / "even.db"
    record = flow.evals(EvalsAsked((f"{store}::mock-a", f"{store}::mock-b"), filter="strict-match"))
    assert (5, 2) == (record.pair.won, record.pair.lost)


def test_a_limit_that_no_share_has_is_refused(tmp_path: Path) -> None:
    """70 is no share; of a metric in another unit it is a limit as good as any, and told in that unit."""
    ran = tunecase("evals", A, "--fail-below", "70")
    assert (2, True) == (ran.code, "70%" in ran.err)
    judged = write_samples(tmp_path, [10, 30], metric="judge")
    assert "m reaches 20.0. " in tunecase("evals", judged, "--fail-below", "20").out


def test_less_can_be_asked_for(tmp_path: Path) -> None:
    """Of an error rate the limit is one that may not be exceeded."""
    errors = write_samples(tmp_path, [0.1, 0.3], metric="wer")
    assert [0, 1] == [tunecase("evals", errors, "--fail-below", most).code for most in ("25%", "15%")]


def test_a_gain_beyond_the_end_is_not_worked_out(tmp_path: Path) -> None:
    """What cannot be gained is no size of a test; asked for, it is refused."""
    place = write_samples(tmp_path, [1] * 19 + [0])
    assert [0.02, 0.05] == [one.gain for one in flow.evals(EvalsAsked((place,))).gains]
    assert () == flow.evals(EvalsAsked((write_samples(tmp_path / "all", [1, 1]),))).gains
    with pytest.raises(InputError, match="at most 5%, which is left to gain"):
        flow.evals(EvalsAsked((place,), gain="40%"))
