"""A training run is printed shortly, and as what it is where it does not fit."""

from dataclasses import replace

from tests.cli.show.printing import flat
from tests.records.test_records import FIT


def test_a_fit_that_fails() -> None:
    """What does not fit has no time and no price, and its remedies are listed."""
    fit = replace(FIT, verdict="does not fit", hours=None, remedies=("use qlora",), not_counted=("evaluation",))
    text = flat("fit", fit)
    assert "Time and price are unknown while it does not fit." in text
    assert "Remedy 1: use qlora." in text
    assert "· evaluation" in text


def test_a_fit_told_shortly() -> None:
    """Without its terms a fit is an answer, one line for each best choice, and every assumption."""
    fit = replace(FIT, phases=(), assumptions=tuple(f"assumption {k}." for k in range(12)), batch_assumed=True)
    text = flat("fit", fit)
    assert "8.03B parameters; 5.00M tokens; 16 samples a step (assumed). The run: micro-batch" in text
    assert "Cheapest: the run above." in text
    assert "Fastest: " in text
    assert "assumption 11." in text
    assert "more (see" not in text
    assert "choices weighed; --explain shows why" in text
    assert "Not counted" not in text
    unlikely = replace(fit, verdict="tight", placed=replace(fit.placed, verdict="tight", chance_over=0.7))
    assert "tight, and more likely not to fit (70%) on 1 x L40S" in flat("fit", unlikely)
