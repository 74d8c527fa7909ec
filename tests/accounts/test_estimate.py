"""The bill says what to set aside in parts that add up; what is not known is a word, not a zero."""

from dataclasses import replace
from typing import Any

from tests import samples
from tests.accounts.reading import table
from tunecase.accounts import Material, account
from tunecase.blocks import Account
from tunecase.records import Driver, Estimate


def told(record: Estimate | None = None, **material: Any) -> Account:
    """The account of a bill."""
    return account("estimate", record or samples.estimate(), Material(**material))


def test_the_bill_by_line_comes_last_to_its_total() -> None:
    """Unpriced lines say so, lines outside the total are named, the digits are those of the headline."""
    rows = table(told().full, "The bill, over all rounds")
    assert ["–", "–", "unpriced", "–", "–", "–"] == rows["storage and transfer"]
    assert ["inference (not in the total)", "Rounding", "Total"] == list(rows)[-3:]
    assert ["11k", "3k", "8k", "17k", "25k", "100%"] == rows["Total"]


def test_what_moves_a_bill_is_told_with_its_ends() -> None:
    """The share of the doubt with its error, the total's mean at either end, and what low and high are."""
    drivers = (Driver("rounds", 0.7, 0.01, 1, 6, 5_000, 50_000), Driver("effort_per_round", 0.1))
    rows = table(told(replace(samples.estimate(), drivers=drivers)).full, "What moves it")
    assert ["70%, within 1.3%", "5.0k", "50k", "1 round or less; 6 rounds or more"] == rows["rounds"]
    assert ["10%", "–", "–", "moves it only together with others"] == rows["effort_per_round"]


def test_the_next_command_is_the_next_step_of_the_road() -> None:
    """The first that is not done."""
    assert "tunecase pilot" == told().next
    assert "tunecase decide" == told(pilot=samples.pilot(), forecast=samples.forecast()).next
    done = told(pilot=samples.pilot(), forecast=samples.forecast(), decision=samples.decision())
    assert "tunecase next" == done.next
