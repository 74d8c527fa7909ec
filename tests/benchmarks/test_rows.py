"""Made-up rows: the same seed makes the same rows, and what is planted is true."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from peers.rows import FIRST_OWN, KINDS, Writer, closest, write_rows

ROWS = 3000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A file of rows, its texts and its planted copies."""
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    copies = write_rows(path, ROWS, seed=3)
    return path, [json.loads(line)["text"] for line in path.open(encoding="utf-8")], copies


def test_the_same_seed_makes_the_same_rows(made, tmp_path):
    """A second file is equal byte by byte, whether truth is worked out or not; another seed's is not."""
    path, _, _ = made
    again, other = tmp_path / "again.jsonl", tmp_path / "other.jsonl"
    assert write_rows(again, ROWS, seed=3, truth=False) == []
    write_rows(other, ROWS, seed=4, truth=False)
    assert path.read_bytes() == again.read_bytes() != other.read_bytes()


def test_copies_are_what_they_are_said_to_be(made):
    """Exact copies are equal, cosmetic ones equal but for case and marks, near ones share most words."""
    _, texts, copies = made
    for copy in copies:
        text, source = texts[copy.row], texts[copy.source]
        if copy.kind == "near":
            shared = sum(one == other for one, other in zip(text.split(), source.split(), strict=True))
            assert shared / len(source.split()) >= 0.88
            assert 0.4 < copy.jaccard <= 1
        else:
            assert copy.jaccard == 1
            assert text == (source if copy.kind == "exact" else source.capitalize() + " !")


def test_no_row_is_copied_twice_and_no_copy_is_copied(made):
    """Every copy has an earlier row of its own for a source, which no other copy has."""
    _, texts, copies = made
    assert len(texts) == ROWS
    sources = [copy.source for copy in copies]
    assert len(set(sources)) == len(sources)
    assert not set(sources) & {copy.row for copy in copies}
    assert all(copy.source < copy.row > FIRST_OWN for copy in copies)


def test_kinds_have_their_shares(made):
    """About one row in seven is a copy; most copies are near ones."""
    kinds = Counter(copy.kind for copy in made[2])
    assert set(KINDS[1:]) == set(kinds)
    assert 0.07 * ROWS < kinds["near"] < 0.12 * ROWS
    assert 0.1 * ROWS < sum(kinds.values()) < 0.17 * ROWS


def test_a_row_is_made_again_from_its_number(made):
    """A source's text is the text that stands in the file."""
    _, texts, copies = made
    writer = Writer(3, 0.2)
    assert [texts[copy.source] for copy in copies[:20]] == [writer.source_text(copy.source) for copy in copies[:20]]


def test_a_copy_is_closest_to_its_source(made):
    """The nearest row of a planted copy is as near as its source; a row of its own has none near it."""
    path, _, copies = made
    near = [copy for copy in copies if copy.kind == "near"][:5]
    touched = {copy.source for copy in copies} | {copy.row for copy in copies}
    own = next(row for row in range(ROWS) if row not in touched)
    found = closest(path, [own, *(copy.row for copy in near)])
    assert [copy.jaccard for copy in near] == pytest.approx([found[copy.row] for copy in near])
    assert found[own] < 0.3
