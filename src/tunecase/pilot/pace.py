"""How long the pilot of a small language model would take on these rows, before anybody starts it."""

from tunecase import catalog
from tunecase.pilot.examples import Examples
from tunecase.pilot.ladder import MOST_HEAVY_ROWS
from tunecase.quantities import Interval, Interval80, Wanted, read_quantity

# The usual pace was measured on the support tickets of the examples, where a row is as long as this, answers of a word.
USUAL_CHARS = 185
# A character that is written takes as long as several that are read: written one token after another, read all at once.
WRITTEN = 5


def lora_minutes(rows: Examples, tests: Examples) -> Interval80:
    """Minutes in which `tunecase pilot --trainer lora` tunes the usual small model here, by the lengths of these rows.

        minutes = pace / 60 * (characters of the training rows read + those of the test rows, answers counted 5 times)
                  / 185,   at most 2,000 training rows

    Args:
        rows, tests: the usable rows.
    Returns: low, likely and high [minutes]; rows shorter than those that the pace was measured on count as long.

    Source: `measuring.lora` of the defaults, seconds per row of a whole pilot on two cores. Leaves out a GPU, which
    takes a tenth, and texts cut at the model's context. How many times a written character counts is assumed.
    """
    pace = read_quantity(catalog.default("measuring.lora").value, Wanted("second", "row")).spread
    assert isinstance(pace, Interval)
    read = min(len(rows), MOST_HEAVY_ROWS) * _factor(rows, written=1)
    units = (read + len(tests) * _factor(tests, written=WRITTEN)) / 60
    return Interval80(pace.low * units, pace.median * units, pace.high * units)


def _factor(rows: Examples, written: int) -> float:
    """How many usual rows one of these is worth, at least one."""
    characters = sum(map(len, rows.texts)) + written * sum(map(len, rows.labels))
    return max(1.0, characters / max(1, len(rows)) / USUAL_CHARS)
