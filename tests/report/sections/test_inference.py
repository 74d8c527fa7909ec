"""The section on inference: the answer, the ways with their prices, and everything that they rest on."""

from dataclasses import replace

from tests import samples
from tunecase.records import Inference
from tunecase.report.content import Section
from tunecase.report.sections.inference import inference


def section(record: Inference | None) -> Section:
    """The section of a record."""
    return inference(replace(samples.material(), inference=record))


def lists(of: Section) -> dict[str, tuple[str, ...]]:
    """The items of the lists, by title."""
    return {listing.title: tuple(map(str, listing.items)) for listing in of.listings}
