"""What judge says: a score only where the judge may be trusted."""

from dataclasses import replace

import pytest

from tests.records.test_records import JUDGED
from tunecase.accounts import account

BARE = replace(
    JUDGED, score=None, passed=(), agreement="unknown", share=None, kappa=None, leniency=None, length_bias=None,
    order_effect=None, input_tokens=None, usd=None,
    why="agreement with people: not known", sheet="pilot/to-judge.jsonl",
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, "No score: nobody has checked whether the judge agrees with people."),
        ({"agreement": "poor"}, "No score: the judge does not agree with people."),
        ({"unknown_ok": True}, "No score: too few verdicts can be read."),
        ({"agreement": "fine"}, "No score: too few verdicts can be read."),
        ({"score": JUDGED.score}, "82% of the criteria pass, as a model judges the answers."),
    ],
)
def test_without_a_score_the_reason_stands_in_its_place(change: dict[str, object], answer: str) -> None:
    """A judge that nobody checked, one that judges otherwise, and verdicts that cannot be read."""
    assert answer == account("judge", replace(BARE, **change)).answer  # type: ignore[arg-type]


def test_what_was_not_measured_is_said_so() -> None:
    """No figure stands for what nobody knows, and the sheet for people's verdicts comes next."""
    told = account("judge", BARE)
    text = repr(told)
    for words in ("why not', 'agreement with people", "not measured (--human FILE)", "not told", "price unknown",
                  "into pilot/to-judge.jsonl, in 30 rows or more"):  # fmt: skip
        assert words in text
    assert "tunecase judge --human pilot/to-judge.jsonl" == told.next
    assert "0.82" not in text


def test_a_doubtful_score_warns() -> None:
    """A score that stands by --unknown-ok alone says so; one that people confirmed does not."""
    doubtful = account("judge", replace(JUDGED, agreement="poor", unknown_ok=True))
    assert "only because --unknown-ok" in repr(doubtful.short)
    assert "warn" == doubtful.tone
    assert "--unknown-ok" not in repr(account("judge", JUDGED))
    assert "kappa not known" in repr(account("judge", replace(JUDGED, kappa=None)).full)
