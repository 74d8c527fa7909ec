"""A training run's account: whether it fits, what it needs, which other choice is better in some respect, and why."""

from dataclasses import replace
from typing import Any

import pytest

from tests.accounts.reading import rows, words
from tests.records.test_records import FIT, PAIR, PLACED
from tunecase.accounts import Material
from tunecase.accounts.fit import fit, scored
from tunecase.quantities import Interval80
from tunecase.records import Fit, Scored

PRICED = replace(FIT, usd=Interval80(0.6, 1.5, 40.0), phases=(), deadline_hours=None, compared=())


def short(record: Fit) -> str:
    """What stands under the answer by default."""
    return words(fit(record, Material()).short)


@pytest.mark.parametrize(
    ("change", "answer", "tone"),
    [
        ({}, "llama-3.1-8b fits on one L40S with LoRA: about 40 minutes, 1.5 USD.", "good"),
        ({"usd": None}, "llama-3.1-8b fits on one L40S with LoRA: about 40 minutes, no price known.", "good"),
        ({"hours": None}, "llama-3.1-8b fits on one L40S with LoRA.", "good"),
        ({"hours": Interval80(40.0, 60.0, 90.0)},
         "llama-3.1-8b fits on one L40S with LoRA: about 2.5 days, 1.5 USD.", "good"),
        ({"hours": Interval80(0.8, 1.0, 1.2)}, "llama-3.1-8b fits on one L40S with LoRA: about 1 hour, 1.5 USD.",
         "good"),
        ({"deadline_hours": 0.5, "in_time": None},
         "llama-3.1-8b fits on one L40S with LoRA: about 40 minutes, 1.5 USD. That is too late for 30 minutes.", "bad"),
        ({"verdict": "tight", "placed": replace(PLACED, verdict="tight", chance_over=0.3)},
         "llama-3.1-8b just fits on one L40S with LoRA: 70% chance that it does; about 40 minutes, 1.5 USD.", "warn"),
        ({"verdict": "tight", "placed": replace(PLACED, verdict="tight", chance_over=0.7)},
         "llama-3.1-8b probably does not fit on one L40S with LoRA: 30% chance that it does; about 40 minutes, "
         "1.5 USD.", "bad"),
        ({"verdict": "does not fit", "hours": None, "method": "full"},
         "llama-3.1-8b does not fit on one L40S with a full fine-tune.", "bad"),
        ({"placed": replace(PLACED, gpu_count=4)}, "llama-3.1-8b fits on 4 L40S with LoRA: about 40 minutes, 1.5 USD.",
         "good"),
    ],
)  # fmt: skip
def test_the_answer_follows_the_verdict(change: dict[str, Any], answer: str, tone: str) -> None:
    """Fits, just fits, probably not, does not, or too late; with time and price where they are known."""
    account = fit(replace(PRICED, **change), Material())
    assert (answer, tone) == (account.answer, account.tone)


def test_without_an_amount_speed_and_what_to_give_are_told() -> None:
    """Time and price of the whole need tokens; the next command asks for them."""
    untimed = replace(PRICED, hours=None, train_tokens=None, usd=None)
    assert "speed 1,500 to 2,900 tokens a second price not known: give --tokens, or --examples" in short(untimed)
    assert "tunecase fit ... --tokens 5M" == fit(untimed, Material()).next
    priced = replace(untimed, placed=replace(PLACED, usd_per_mtok=Interval80(0.1, 0.2, 0.3)))
    assert "0.10 to 0.30 USD for a million tokens; for all: give --tokens" in short(priced)
    assert "tunecase fit ... --explain" == fit(PRICED, Material()).next


def test_scored_tells_how_many_bands_held() -> None:
    """Six pairs at most by default, all in full; none is told too."""
    outside = replace(PAIR, measured=40.0)
    account = scored(Scored((PAIR, outside) * 4), Material())
    assert "4 of 8 measured values inside the band predicted for it." == account.answer
    assert 3 == words(account.short).count(", outside")
    assert 8 == len(rows(account.full, "Measured runs"))
    assert () == scored(Scored(()), Material()).short
