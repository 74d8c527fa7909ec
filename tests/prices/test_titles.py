"""Named inputs in the words of people."""

import re

from tunecase import catalog
from tunecase.prices import input_title, is_price
from tunecase.prices.basis import WANTED
from tunecase.prices.inputs import UNITS

NOT_FOR_PEOPLE = re.compile(r"[a-z]_[a-z]|[a-z]\.[a-z]|\blever|\bprobe|n-gram|\bunknowns")


def test_no_title_shows_a_field() -> None:
    """No default, wanted field or unit is told by its path or by a term of art."""
    names = [*WANTED, *UNITS, *(row.field for row in catalog.defaults()), *(row.field for row in catalog.stand_ins())]
    assert {} == {name: input_title(name) for name in names if NOT_FOR_PEOPLE.search(input_title(name))}


def test_prices_are_told_from_other_inputs() -> None:
    """What somebody is paid is a price; hours, rounds and overruns are none."""
    paid = ("ml engineer team.rate", "price of a L4 hour, spot", "label price per example")
    others = ("unknowns", "rounds", "effort.integration", "stand_in.factor")
    assert [name for name in (*paid, *others) if is_price(name)] == list(paid)
