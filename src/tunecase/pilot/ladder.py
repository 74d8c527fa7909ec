"""The rungs of a pilot's ladder: usable rows, the sizes to try, and the deal of nested subsets with like classes."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from tunecase.data.reading import Table, prompt_of
from tunecase.pilot.examples import Examples
from tunecase.pilot.scoring.final import reference_of
from tunecase.quantities import Rng, count

MOST_SIZES = 7
FEWEST_SIZES = 5
# The column that says where a row comes from.
SOURCE = "source"
# A pilot is small: beyond this the curve is measured well enough, and a run costs minutes.
MOST_ROWS = 20_000
# For a heavy trainer, whose steps grow with the largest rung: 2,000 rows are 750 steps of 8.
MOST_HEAVY_ROWS = 2_000


def usable(table: Table, drop_rows: Collection[int] = ()) -> Examples:
    """The rows that are neither blank nor dropped, each with its tools; drop_rows holds row numbers, from 0."""
    dropped = frozenset(drop_rows)
    rows = [row for row in table.rows if row.number not in dropped and row.input.strip() and row.output.strip()]
    return Examples(
        tuple(prompt_of(row) for row in rows),
        tuple(reference_of(row.output.strip(), row.other, row.input) for row in rows),
        tuple(row.number for row in rows),
        _sources([row.other.get(SOURCE) for row in rows]),
        tuple(row.tools for row in rows) if any(row.tools for row in rows) else (),
    )


def _sources(given: Sequence[object]) -> tuple[str, ...]:
    """The source of each row, "" where it names none; none at all where no row does."""
    named = any(isinstance(source, str) for source in given)
    return tuple(str(source or "") for source in given) if named else ()


def ladder_sizes(rows: int, classes: int, heavy: bool = False) -> tuple[int, ...]:
    """Sizes of the ladder's rungs, rising to all rows.

        n_k = rows / 2^k, down to 2 per class, at most 7 rungs; closer rungs where doubling gives fewer than 5

    Args:
        rows: usable training rows, >= 2; beyond 20,000 the ladder ends there.
        classes: >= 1.
        heavy: True for a trainer whose runs take long: at most 5 rungs, ending at 2,000 rows.

    Example:
        >>> ladder_sizes(663, 10)
        (21, 41, 83, 166, 332, 663)
        >>> ladder_sizes(663, 10, heavy=True)
        (41, 83, 166, 332, 663)
        >>> ladder_sizes(100, 10)
        (20, 30, 45, 67, 100)
    """
    top, most = (min(rows, MOST_HEAVY_ROWS), FEWEST_SIZES) if heavy else (min(rows, MOST_ROWS), MOST_SIZES)
    lowest = max(2, min(2 * classes, top // 2))
    doubled = [top / 2**k for k in range(most) if top / 2**k >= lowest]
    if len(doubled) < FEWEST_SIZES:
        doubled = [top * (lowest / top) ** (k / (FEWEST_SIZES - 1)) for k in range(FEWEST_SIZES)]
    return tuple(sorted({round(size) for size in doubled}))


def deal(labels: Sequence[str], rng: "Rng") -> tuple[int, ...]:
    """An order of rows whose first n hold each class once, while n allows, and otherwise classes in proportion.

    The first row of each class comes first, and row k of a class, counted from 0, at (k + 1/2) / (rows of its class):
    the first n hold of each class the same share, rounded, and at least one row. So a curve over n shows more rows and
    not another mix of classes. Leaves out the luck of labelling: n rows as they come may miss a class that these hold,
    so where classes are many and n is small they score lower.

    Args:
        labels: one per row.
        rng: shuffles the classes and the rows of each class.
    Returns: all positions, each once; where classes have equally many rows, the counts of two among the first n differ
        by at most one.
    """
    order = rng.permutation(len(labels))
    rows_of = Counter(labels)
    places = dict(zip(sorted(rows_of), rng.permutation(len(rows_of)).tolist(), strict=True))
    taken = dict.fromkeys(places, 0)
    turns = []
    for position in order.tolist():
        name, k = labels[position], taken[labels[position]]
        turns.append(((k + 0.5) / rows_of[name] if k else 0.0, places[name], position))
        taken[name] += 1
    return tuple(position for _, _, position in sorted(turns))


def ladder_notes(rows: Examples, sizes: Sequence[int], given: bool, balanced: bool = True) -> tuple[str, ...]:
    """What a reader of the curve should know of its sizes.

    Args:
        given: True when the user named the sizes.
        balanced: False where the answers are not classes, so that no class can be thin or rare.
    """
    if not sizes:
        return ()
    notes = []
    if balanced and (thin := [n for n in sizes if n < 3 * rows.class_count]):
        few = f"{' and '.join(map(count, thin))} rows hold fewer than 3 per class"
        notes.append(f"{few} ({count(rows.class_count)} classes)")
    if not given and len(rows) > max(sizes):
        end = f"the ladder ends at {count(max(sizes))} of {count(len(rows))} usable rows"
        notes.append(f"{end}; name larger sizes to go on")
    if balanced and rows.class_count > 1:
        notes += _rare(Counter(rows.labels), sizes)
    return tuple(notes)


def _rare(rows_of: Mapping[str, int], sizes: Sequence[int]) -> list[str]:
    fewest, most = min(rows_of.values()), max(rows_of.values())
    # All that is dealt before the rarest class has its second row.
    before = sum(max(1, math.ceil(1.5 * rows / fewest - 0.5)) for rows in rows_of.values())
    few = [n for n in sizes if n <= before]
    if most == fewest or not few:
        return []
    spread = f"classes have {count(fewest)} to {count(most)} rows"
    return [f"{spread}: sizes up to {count(max(few))} hold fewer than 2 of the rarest"]
