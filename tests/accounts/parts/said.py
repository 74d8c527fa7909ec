"""What the tests of the page's parts share: the sample case as material, and every text of a part."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from tests import samples
from tunecase.accounts.material import Material
from tunecase.blocks import Finding, Part

NAMES = {"define": "definition", "decide": "decision"}
KEYS = {"kind", "rests", "tone", "direction", "metric", "caption", "id"}  # fields of blocks that no face prints as text


@cache
def sample() -> dict[str, Any]:
    """The records of the sample case, by their names in a material."""
    return {NAMES.get(verb, verb): record for verb, record in samples.records().items()}


def case(**changes: Any) -> Material:
    """The sample case with all its records, but for those changed or taken out by None."""
    return Material(today=samples.TODAY, **(sample() | changes))


def texts(of: Any) -> Iterator[str]:
    """Every text that a face prints of a part, a finding or a block."""
    if isinstance(of, str):
        yield of
    elif is_dataclass(of):
        yield from (text for one in fields(of) if one.name not in KEYS for text in texts(getattr(of, one.name)))
    elif isinstance(of, tuple):
        yield from (text for one in of for text in texts(one))


def words(part: Part) -> int:
    """How many words a part has."""
    return sum(len(text.split()) for text in texts(part))


def titles(part: Part) -> list[str]:
    """The headings of a part."""
    return [finding.title for finding in part.findings]


def under(part: Part, begins: str) -> Finding:
    """The finding whose heading begins so."""
    return next(finding for finding in part.findings if finding.title.startswith(begins))


def numbers(text: str) -> float:
    """A printed amount as a number; what is "under" something counts as nothing."""
    return 0.0 if text.startswith("under") else float(text.replace(",", "").removesuffix("%"))
