"""Logs of OpenAI's evals, as its recorder wrote them."""

import json
from pathlib import Path

from tests.evals.logs import OAIEVAL, RIGHT, refused, rights
from tunecase.evals import Asked, read_log, share_among


def test_events_are_joined_by_sample() -> None:
    """Events come in any order; each match is the score of its sample."""
    log = read_log(OAIEVAL / "a.jsonl", Asked())
    assert ("OpenAI evals", "mock-a", "even.dev.v0") == (log.tool, log.model, log.task)
    assert (24, RIGHT["a"]) == (log.items, rights(log))
    assert 1.0 == share_among(log, [f"Is {number} even?" for number in range(1, 25)])


def test_a_run_that_goes_on_is_refused() -> None:
    """Without the final report the run has not ended."""
    assert "no final report" in refused(OAIEVAL / "b-half.jsonl").got


def test_two_runs_in_one_file_are_refused(tmp_path: Path) -> None:
    """The spec of a second run is told with its line."""
    both = tmp_path / "both.jsonl"
    both.write_text((OAIEVAL / "a.jsonl").read_text() + (OAIEVAL / "b.jsonl").read_text())
    assert "second run" in refused(both).got


def test_metrics_and_errors_are_read(tmp_path: Path) -> None:
    """Model-graded samples record metrics in place of a match; an error is counted apart."""
    events: list[object] = [{"spec": {"completion_fns": ["m"], "eval_name": "e"}}]
    events += [
        {"sample_id": "1", "type": "metrics", "data": {"score": 0.25, "choice": "B"}},
        {"sample_id": "2", "type": "error", "data": {"message": "no answer"}},
        {"final_report": {}},
    ]
    place = tmp_path / "x.jsonl"
    place.write_text("".join(json.dumps(event) + "\n" for event in events))
    log = read_log(place, Asked())
    assert ("score", 0.25, 1, 1) == (log.metric, log.score, log.items, log.errors)


def test_a_report_of_more_matches_is_refused(tmp_path: Path) -> None:
    """A log that lost events says another accuracy than its report; answers without a match are unscored."""
    spec, *events, report = (OAIEVAL / "a.jsonl").read_text().splitlines()
    place = tmp_path / "x.jsonl"
    place.write_text("\n".join([spec, *events[:18], report]) + "\n")
    assert "accuracy 0.75 in its results, and 0.7778 by its 9 items" == refused(place).got
    asked = [event for event in events[18:] if '"sampling"' in event]
    place.write_text("\n".join([spec, *events[:18], *asked, report.replace("0.75", "0.7777777")]) + "\n")
    log = read_log(place, Asked())
    assert (9, 15) == (log.items, log.unscored)
