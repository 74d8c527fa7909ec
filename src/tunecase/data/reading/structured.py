"""Rows whose columns hold more than a text each: spans, options, accepted answers, translations, templates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tunecase.data.reading import choices, segments, spans, squad, translation
from tunecase.data.reading.rows import Layout

Classes = Mapping[str, tuple[str, ...]]


def layout(start: Layout, names: dict[str, str], sample: Sequence[dict[str, Any]], classes: Classes) -> Layout | None:
    """How to read such rows, None for rows of another shape.

    Args:
        names: the columns to look at, by folded name.
        classes: the names of numbered labels or tags, by column.
    """
    for shape in (choices.layout, spans.layout, squad.layout, translation.layout, segments.layout):
        found = shape(start, names, sample)
        if found is not None and found.schema in spans.SCHEMAS and classes.get(found.output or ""):
            return spans.layout(replace(start, classes=classes[found.output or ""]), names, sample)
        if found is not None:
            return found
    return choices.without_names(start, list(sample[0]), sample)
