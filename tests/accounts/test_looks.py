"""What is tried before money is released, in words."""

from dataclasses import replace

import pytest

from tests import samples
from tests.accounts.test_answer import LOOK, decision
from tunecase.accounts.looks import above_words, look_price, looks_table, published_words, steps_to_try
from tunecase.quantities import Band, Interval80, Sampled
from tunecase.records import Alternative, Worth


def worth(above: str, baseline: float | None) -> Worth:
    """A worth that counts from a score of some way."""
    some = Sampled(1_000.0, 10.0)
    return Worth(some, some, some, some, some, some, baseline, above=above)


@pytest.mark.parametrize(
    ("above", "baseline", "words"),
    [
        ("today", 0.0, "above today's way, which answers nothing without a person"),
        ("today", 0.69, "above the 69% of today's way"),
        ("encoder", 0.69, "above the 69% of a small encoder"),
        ("prompt_hosted", 0.75, "above the 75% of a prompted model"),
        ("", 0.5, "above the 50%"),
        ("today", None, ""),
    ],
)
def test_a_worth_says_above_what_it_counts(above: str, baseline: float | None, words: str) -> None:
    """The score and who has it; 0% is what people and nobody give without a person."""
    assert words == above_words(worth(above, baseline), "accuracy")


def test_a_look_says_what_it_takes() -> None:
    """Money in one figure and hours; days where it takes more than one; a price that is not known is said to be so."""
    free = replace(LOOK, cost=Band(0, 0, 0, 0), hours=1.1)
    cases = {
        LOOK: "about 0.40 USD and an hour", free: "an hour", replace(free, hours=3.2): "3 hours",
        replace(LOOK, days=2.4): "about 0.40 USD and 3 days", replace(LOOK, cost=None): "its price is not known",
    }  # fmt: skip
    assert list(cases.values()) == [look_price(look, "USD") for look in cases]


def test_a_barred_look_is_struck_with_its_reason() -> None:
    """The table holds every look; the one that is advised stands out."""
    barred = replace(LOOK, way="decision", barred="data_stays", command="")
    table = looks_table(decision(looks=(LOOK, barred), first_look=LOOK.way), "accuracy")
    assert ["about 0.40 USD and an hour", "struck: data_stays"] == [row[2].text for row in table.rows]
    assert (0,) == table.strong
    assert published_words(LOOK) in table.note


def test_ways_that_one_command_measures_are_one_step() -> None:
    """In the order to try them, with the price of all and the time of all."""
    free, minutes = Band(0, 0, 0, 0), Interval80(1.0, 2.0, 3.0)
    ways = tuple(
        Alternative(name, name, None, None, None, None, None, "unknown", measure=command, measure_cost=free,
                    measure_minutes=minutes)
        for name, command in (("a", "tunecase pilot"), ("b", "tunecase pilot"), ("c", "tunecase pilot --hosted c"))
    )  # fmt: skip
    posed = replace(samples.definition(), alternatives=ways, order=("c", "a", "b"))
    assert (
        "c: `tunecase pilot --hosted c`, 0 USD, about 2 minutes",
        "a and b: `tunecase pilot`, 0 USD, about 4 minutes",
    ) == steps_to_try(posed)
