"""The command estimate says what a bill rests on, and refuses half a question."""

from pathlib import Path

import pytest

from tests.command import tunecase
from tests.making import case_folder


@pytest.mark.slow
def test_what_a_bill_rests_on_is_asked_for(tmp_path: Path) -> None:
    """--what-if adds to the record, at the chance that was asked for; a bill without it has none."""
    cheap = {"source": "", "compute": "compute: {tier: neocloud, gpus: [A100-80GB]}", "extra": "rounds: 1"}
    path = case_folder(tmp_path, train_rows=60, test_rows=40, **cheap)
    words = ("estimate", "--project", path, "--today", "2026-11-24")
    plain, asked = (tunecase(*words, *more, "--json").json for more in ((), ("--what-if", "--sure", "95%")))
    assert [] == plain["what_if"]
    assert [("reach", 0.95)] == [(line["goal"], round(line["wanted"], 6)) for line in asked["what_if"]]
    assert plain["total"] == asked["total"]


def test_what_a_bill_cannot_be_asked(walked: Path) -> None:
    """Half a question, or a chance that is none, ends with code 2 and a fix."""
    refused = (
        (("--sure", "80%"), "--what-if beside it"),
        (("--what-if", "--sure", "80"), "most 100%"),
        (("--what-if", "--sure", "100%"), "less than 100%"),
        (("--what-if", "--sure", "70 to 80%"), "one chance"),
        (("--what-if", "--sure", "sure"), "--sure"),
    )
    for words, reason in refused:
        ran = tunecase("estimate", "--project", walked, *words)
        assert (2, True) == (ran.code, reason in " ".join(ran.err.split())), (words, ran.err)


def test_what_if_wants_a_budget(tmp_path: Path) -> None:
    """Without a budget there is nothing to stay within, and both mistakes are told."""
    path = case_folder(tmp_path, train_rows=20, test_rows=10, budget="")
    ran = tunecase("estimate", "--project", path, "--what-if", "--sure", "0%")
    assert 2 == ran.code
    assert "a budget to stay within" in ran.err
    assert "--sure" in ran.err
