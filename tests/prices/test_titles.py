"""Named inputs in the words of people."""

import re

import pytest

from tunecase import catalog
from tunecase.prices import input_title, is_price
from tunecase.prices.basis import WANTED
from tunecase.prices.inputs import UNITS

NOT_FOR_PEOPLE = re.compile(r"[a-z]_[a-z]|[a-z]\.[a-z]|\blever|\bprobe|n-gram|\bunknowns")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("effort.integration", "hours to put the model into use"),
        ("ml engineer team.rate", "the hourly rate of the ml engineer"),
        ("price of a L40S hour, neocloud", "the price of a L40S hour"),
        ("own price of a H100 hour", "the price of a H100 hour"),
        ("label price per example", "the price of a row (label)"),
        ("unknowns.small_project", "overruns"),
        ("stand_in.n_grams_to_small", "how good the larger model is"),
        ("crowd source.rework", "labels done again"),
        ("rounds until the target", "rounds until the target"),
    ],
)
def test_an_input_has_the_words_of_people(name: str, title: str) -> None:
    """A field, one of a role or a source, a price made where it is drawn, and words that are plain already."""
    assert title == input_title(name)


def test_no_title_shows_a_field() -> None:
    """No default, wanted field or unit is told by its path or by a term of art."""
    names = [*WANTED, *UNITS, *(row.field for row in catalog.defaults()), *(row.field for row in catalog.stand_ins())]
    assert {} == {name: input_title(name) for name in names if NOT_FOR_PEOPLE.search(input_title(name))}


@pytest.mark.parametrize(
    ("name", "paid"),
    [
        ("ml engineer team.rate", True), ("price of a L4 hour, spot", True), ("label price per example", True),
        ("unknowns", False), ("rounds", False), ("effort.integration", False), ("stand_in.factor", False),
    ],
)  # fmt: skip
def test_prices_are_told_from_other_inputs(name: str, paid: bool) -> None:
    """What somebody is paid is a price; hours, rounds and overruns are none."""
    assert paid is is_price(name)
