"""A way that breaks a constraint is struck out with the reason; what is not known strikes nothing out."""

from pathlib import Path

import pytest

from tests.decide.test_decide import project
from tunecase.prices import struck


@pytest.mark.parametrize(
    ("written", "known", "word"),
    [
        ("data_stays: true", {}, "data_stays"),
        ("max_latency: 500 ms", {"seconds_per_answer": 0.6}, "max_latency"),
        ("max_price_per_1k_answers: 1 USD", {"price_per_1k": 1.2}, "max_price_per_1k_answers"),
    ],
)
def test_a_broken_constraint_strikes_a_hosted_model_out(
    tmp_path: Path, written: str, known: dict[str, float], word: str
) -> None:
    """Data that stay, an answer that takes too long, one that costs too much."""
    asked = project(tmp_path, extra=f"constraints: {{{written}}}\n")
    assert f"constraints.{word}" in struck(asked, "hosted", "gpt-6-luna", **known)
    within = {name: value / 2 for name, value in known.items()}
    assert "" == struck(asked, "encoder", "all-MiniLM-L6-v2", **within)
    assert "" == struck(project(tmp_path), "hosted", "gpt-6-luna", **known)
