"""A pilot is printed with its failures, its baselines and what its model learnt."""

from dataclasses import replace

from tests import samples
from tests.cli.show.printing import flat


def test_a_pilot_without_runs() -> None:
    """A pilot that could not start says why; failed runs and an early stop are told."""
    pilot = samples.pilot()
    assert "PILOT ──────── no test row" in flat("pilot", replace(pilot, runs=(), baselines=(), stopped="no test row"))
    failed = replace(pilot.runs[0], failed="out of\nmemory", score=0.0)
    text = flat(
        "pilot", replace(pilot, runs=(failed, *pilot.runs[1:]), stopped="5 minutes are over", notes=("uneven",))
    )
    assert "1 run failed and cost" in text
    assert "the first: out of memory." in text
    assert "Stopped early: 5 minutes are over." in text
    assert "· uneven" in text


def test_a_pilot_of_a_model_says_what_it_learnt() -> None:
    """Baselines with price and chance, what is confused, slices, worst rows, the search and the skill are told."""
    pilot = samples.pilot_of_a_model()
    text = flat("pilot", pilot)
    for words in (
        "zero-shot", "0.012 USD", "refund_request taken for charge_dispute (9, 30% of it)",
        "length long: 0.41 of 90 rows",
        "row 17, bug_report answered how_to: The [board] will not load", "pilot/review.jsonl",
        "Search over 4 settings at 340 examples: rate 0.002 gains +0.02 (-0.01 to +0.05)",
        "General skill is kept", "1 run did not converge",
    ):  # fmt: skip
        assert words in text
    forgot = tuple(replace(run, skill_after=0.5) for run in pilot.runs)
    assert "the tune forgets" in flat("pilot", replace(pilot, runs=forgot))
