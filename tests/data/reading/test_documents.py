"""Documents become short passages, whatever text files they stand in; what is no text is told where it stands."""

import gzip
from itertools import pairwise
from pathlib import Path

import pytest

from tunecase.data.reading import read_passages
from tunecase.data.reading.documents import cut
from tunecase.errors import InputError


def test_a_folder_of_all_kinds_is_read_in_order(tmp_path: Path) -> None:
    """Plain text, records and tables, packed too, in the order of their names; hidden and other files are left out."""
    (tmp_path / "a.txt").write_bytes("\ufeffFirst text.".encode("utf-16"))
    (tmp_path / "b.md").write_text("# Second\n\ntext", encoding="utf-8")
    (tmp_path / "c.jsonl").write_text('{"title": "Third", "parts": ["one", {"n": 2}]}\n\n"fourth"\n', encoding="utf-8")
    (tmp_path / "d.csv").write_text('name,fact\nFifth,"a, b"\n,\n', encoding="utf-8")
    (tmp_path / "e.txt.gz").write_bytes(gzip.compress(b"Sixth"))
    (tmp_path / "f.pdf").write_bytes(b"%PDF")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "g.txt").write_text("no", encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "h.txt").write_text("Seventh", encoding="utf-8")
    expected = (
        "First text.", "# Second\n\ntext", "Third\none\n2", "fourth", "name: Fifth\nfact: a, b", "Sixth", "Seventh",
    )  # fmt: skip
    assert expected == read_passages(tmp_path)


def test_passages_overlap_and_lose_nothing() -> None:
    """Every word is in a passage of at most 200; each opens with the last 50 of that before it; a sign is a word."""
    words = [f"w{n}" for n in range(1_000)]
    passages = [passage.split() for passage in cut(" ".join(words))]
    assert max(map(len, passages)) == 200
    assert all(one[-50:] == two[:50] for one, two in pairwise(passages))
    assert set(words) == {word for passage in passages for word in passage}
    assert ([], ["one"]) == (cut(" \n "), cut("one"))
    assert [200, 200, 200] == [len(passage) for passage in cut("退款" * 250)]


def test_what_is_no_document_is_told(tmp_path: Path) -> None:
    """Binary files and broken records with all else; nothing to search, each with a fix."""
    (tmp_path / "a.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "b.jsonl").write_text('{"a": 1}\n{oops\n', encoding="utf-8")
    (tmp_path / "c.txt").write_text("fine", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_passages(tmp_path)
    one, two = caught.value.problems
    assert (str(tmp_path / "a.txt"), "a binary file") == (one.where, one.got)
    assert (f"{tmp_path / 'b.jsonl'}:2", "not JSON: {oops") == (two.where, two.got)
    assert all(problem.wanted and problem.fix for problem in caught.value.problems)
    (tmp_path := tmp_path / "second").mkdir()
    place = tmp_path / "docs"
    got = []
    for make in (lambda: None, place.mkdir, lambda: (place / "a.txt").write_text(" \n")):
        make()
        with pytest.raises(InputError) as caught:
            read_passages(place)
        got += [(problem.where, problem.got) for problem in caught.value.problems]
    words = ("no such file", "a folder without documents", "no word of text")
    assert [(str(place), word) for word in words] == got
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(InputError, match=r"the ending \.pdf"):
        read_passages(tmp_path / "a.pdf")
