"""A judge without a score says why there is none."""

from dataclasses import replace

from tests.cli.show.printing import flat
from tests.records.test_records import JUDGED


def test_a_judge_without_a_score_says_why() -> None:
    """Without a score the reason stands in its place; what was not measured or told is said so."""
    bare = replace(
        JUDGED, score=None, passed=(), agreement="unknown", share=None, kappa=None, leniency=None, length_bias=None,
        order_effect=None, input_tokens=None, usd=None, why="agreement with people: not known",
        sheet="pilot/to-judge.jsonl",
    )  # fmt: skip
    text = flat("judge", bare)
    for words in ("no score: agreement with people is unknown", "Why no score: agreement", "not measured (--human",
                  "tokens not told; price unknown", "in pilot/to-judge.jsonl, in 30 rows or more"):  # fmt: skip
        assert words in text
    assert "0.82" not in text
    assert "too few verdicts can be read" in flat("judge", replace(bare, unknown_ok=True))
    assert "only because --unknown-ok" in flat("judge", replace(JUDGED, agreement="poor", unknown_ok=True))
    assert "kappa not known" in flat("judge", replace(JUDGED, agreement="unknown", kappa=None, unknown_ok=True))
