"""A pilot is printed with its failures, its baselines and what its model learnt."""

from dataclasses import replace

from tests import samples
from tests.cli.show.printing import flat
from tunecase.quantities import Interval80
from tunecase.records import Baseline, Candidate, Point, Promise


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


def test_what_was_measured_stands_in_one_table() -> None:
    """Candidates best first with size, score, band, price and promise; n-grams once; what is not measured, and why."""
    best = Candidate(
        "minilm", "encoder", "encoder", "all-MiniLM-L6-v2", (Point(680, 0.67, 1, 270),), 680, 0.67, 270,
        Interval80(0.63, 0.67, 0.71), seconds_per_answer=0.002, usd_per_1k_answers=0.0,
        promise=Promise(0.05, 0.71, 0.8, 0.049, 270, 20),
    )  # fmt: skip
    second = replace(
        best, name="n-grams", kind="n-grams", score=0.5, promise=Promise(0.05, None, None, None, 270, 20), beaten=0.99,
        dropped="cannot win any more: accuracy 0.50 against 0.67", usd_per_1k_answers=0.3,
    )  # fmt: skip
    baselines = (Baseline("majority", 0.08, 270), Baseline("probe", 0.5, 270))
    record = replace(
        samples.pilot(), candidates=(best, second), baselines=baselines, not_measured=("big: no weights here",)
    )
    text = flat("pilot", record)
    for words in (
        "minilm 680 0.67 0.63 to 0.71 free, 2.0 s answers 71% at no more than 5% wrong",
        "n-grams 680 0.50 0.63 to 0.71 0.30 USD 99%",
        "no coverage can be promised with 270 rows at no more than 5% wrong; cannot win any more",
        "Not measured: · big: no weights here",
    ):  # fmt: skip
        assert words in text
    assert "probe 0.50" not in text
    assert text.index("minilm") < text.index("n-grams") < text.index("majority")
