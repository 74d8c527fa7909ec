"""Subsets are nested and hold classes in proportion, sizes rise to all rows."""

import math
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tunecase.data.reading.rows import Layout, Row, Table
from tunecase.pilot.examples import Examples
from tunecase.pilot.ladder import MOST_ROWS, deal, ladder_notes, ladder_sizes, usable


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=60), st.integers(0, 99))
def test_every_first_n_has_classes_in_proportion(labels: list[str], seed: int) -> None:
    """A deal holds every row once; the first n hold each class, and of each the same share, rounded either way."""
    order = deal(labels, np.random.default_rng(seed))
    assert list(range(len(labels))) == sorted(order)
    have = Counter(labels)
    for n in range(1, len(labels) + 1):
        taken = Counter(labels[position] for position in order[:n])
        assert len(taken) == min(n, len(have))
        if n >= len(have):
            at_most = min((taken[name] + 0.5) / have[name] for name in have)
            at_least = max(((k - 0.5) / have[name] for name, k in taken.items() if k > 1), default=0.0)
            assert at_least <= at_most


@given(st.lists(st.integers(1, 300), min_size=2, max_size=4), st.integers(0, 99))
def test_a_first_n_is_like_all_rows(rows_of: list[int], seed: int) -> None:
    """Where each of a few classes has a row due, the first n hold of each what all rows do, within two rows."""
    labels = [name for name, rows in zip("abcd", rows_of, strict=False) for _ in range(rows)]
    order = deal(labels, np.random.default_rng(seed))
    for n in range(math.ceil(len(labels) / min(rows_of)), len(labels) + 1):
        taken = Counter(labels[position] for position in order[:n])
        assert all(abs(taken[name] - n * rows / len(labels)) <= 2 for name, rows in Counter(labels).items())


@given(st.integers(1, 6), st.integers(1, 20), st.integers(0, 99))
def test_even_classes_are_dealt_in_turn(classes: int, rows: int, seed: int) -> None:
    """Where classes have equally many rows, two differ by at most one in the first n."""
    labels = list("abcdef"[:classes]) * rows
    order = deal(labels, np.random.default_rng(seed))
    for n in range(1, len(labels) + 1):
        taken = Counter(labels[position] for position in order[:n])
        assert max(taken.values()) - min(taken[name] for name in set(labels)) <= 1


def test_draws_differ() -> None:
    """Another generator deals other rows."""
    labels = list("ab" * 20)
    assert deal(labels, np.random.default_rng(0)) != deal(labels, np.random.default_rng(1))


@given(st.integers(2, 50_000), st.integers(1, 200))
def test_sizes_rise_to_all_rows(rows: int, classes: int) -> None:
    """Sizes rise strictly, at most seven of them, and end with all rows or the cap."""
    sizes = ladder_sizes(rows, classes)
    assert sorted(set(sizes)) == list(sizes)
    assert min(rows, MOST_ROWS) == sizes[-1]
    assert len(sizes) <= 7
    assert sizes[0] >= min(2, rows)


def test_sizes_double_where_there_is_room() -> None:
    """With rows enough every rung doubles the one before."""
    assert (156, 313, 625, 1250, 2501, 5002, 10003) == ladder_sizes(10_003, 77)


def test_blank_and_dropped_rows_are_passed_over() -> None:
    """Rows without text or answer, and rows named by number, are left out; answers lose outer blanks."""
    given_rows = [("x", " a "), (" ", "a"), ("y", ""), ("z", "b"), ("w", "b")]
    rows = tuple(Row(i, i + 1, text, label, {}) for i, (text, label) in enumerate(given_rows))
    table = Table(Layout("jsonl", "text/label", ("text",), "label"), rows, ())
    assert Examples(("x", "w"), ("a", "b"), (0, 4)) == usable(table, drop_rows={3})


def test_notes_name_what_bends_the_curve() -> None:
    """Thin sizes, a capped ladder and rare classes get a note; even classes need none."""
    even = Examples(("x",) * 100, ("a", "b") * 50)
    assert () == ladder_notes(even, (10, 100), given=False)
    assert "4 and 5 rows hold fewer than 3 per class (2 classes)" in ladder_notes(even, (4, 5, 100), given=True)
    uneven = Examples(("x",) * 30_000, ("a",) * 29_000 + ("b",) * 1_000)
    notes = ladder_notes(uneven, (39, 78, 20_000), given=False)
    assert "the ladder ends at 20,000 of 30,000 usable rows; name larger sizes to go on" == notes[0]
    assert "classes have 1,000 to 29,000 rows: sizes up to 39 hold fewer than 2 of the rarest" == notes[1]
    assert notes[:1] == ladder_notes(uneven, (78, 20_000), given=False)


@given(st.lists(st.integers(4, 60), min_size=2, max_size=5), st.integers(0, 99))
def test_the_note_on_rare_classes_is_true(rows_of: list[int], seed: int) -> None:
    """Sizes that are told to hold fewer than two rows of the rarest class do; a row per class beyond, all hold two."""
    labels = [name for name, rows in zip("abcde", rows_of, strict=False) for _ in range(rows)]
    order, rows = deal(labels, np.random.default_rng(seed)), Examples(("x",) * len(labels), tuple(labels))
    for n in range(len(rows_of), len(labels) + 1) if len(set(rows_of)) > 1 else ():
        fewest = min(Counter(labels[position] for position in order[:n]).values())
        told, told_below = (
            any("of the rarest" in note for note in ladder_notes(rows, (size,), given=True))
            for size in (n, n - len(rows_of))
        )
        assert fewest < 2 or not told
        assert fewest >= 2 or told_below


def test_texts_are_no_classes() -> None:
    """Outputs that are free text count as one class, so a ladder of them can start small."""
    assert 1 == Examples(("x",) * 40, tuple(f"answer {i}" for i in range(40))).class_count


def test_a_heavy_ladder_is_short() -> None:
    """A heavy trainer climbs five rungs, and no higher than 2,000 rows."""
    assert (41, 83, 166, 332, 663) == ladder_sizes(663, 10, heavy=True)
    assert (125, 250, 500, 1_000, 2_000) == ladder_sizes(50_000, 10, heavy=True)
    assert 5 == len(ladder_sizes(30, 10, heavy=True))


def test_rows_keep_their_number_and_source() -> None:
    """Usable rows remember where they stand in the file and, where a column says so, where they come from."""
    rows = tuple(Row(i, i + 1, f"text {i}", "a", {"source": "mail"} if i else {}) for i in range(3))
    found = usable(Table(Layout("jsonl", "text/label", ("text",), "label"), rows, ()), drop_rows={1})
    assert ((0, 2), ("", "mail")) == (found.numbers, found.sources)
    assert ((2,), ("mail",)) == (found.only([1]).numbers, found.only([1]).sources)
    assert () == Examples(("x",), ("a",)).only([0]).numbers
