"""Lengths of samples: histograms, lists, data files, and what is none of them."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.making import tickets, write_jsonl
from tunecase.compute.sample_lengths import read_lengths
from tunecase.errors import InputError


def test_histograms_and_lists_are_read(tmp_path: Path) -> None:
    """Each form gives the same lengths."""
    cases = [
        ("h.csv", "tokens,count\n100,2\n300,1\n"), ("h.csv", "Length,Rows\n100,2\n300,1\n"),
        ("l.csv", "tokens\n100\n100\n300\n"), ("l.jsonl", "100\n100\n300\n"), ("l.json", "[100, 100, 300]"),
        ("l.jsonl", '{"tokens": 100}\n{"tokens": 100}\n{"tokens": 300}\n'),
        ("l.jsonl", "".join(json.dumps({"input_ids": [1] * n}) + "\n" for n in (100, 100, 300))),
    ]  # fmt: skip
    for name, text in cases:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        found = read_lengths(path)
        assert ((100, 300), (2, 1)) == (found.lengths.tokens, found.lengths.counts)
        assert "3 samples" in found.how


def test_a_data_file_is_counted_from_its_characters_and_says_so(tmp_path: Path) -> None:
    """Without a tokenizer four characters are a token."""
    found = read_lengths(write_jsonl(tmp_path / "train.jsonl", tickets(40, 1)))
    assert 40 == found.lengths.total
    assert "4 characters a token" in found.how


def test_lengths_that_cannot_be_are_refused(tmp_path: Path) -> None:
    """Negative, fractional and worded lengths name the row; nothing above zero is no histogram."""
    cases = ["tokens,count\n-1,2\n", "tokens,count\nmany,2\n", "tokens,count\n100,1.5\n", "tokens,count\n0,5\n"]
    for text in cases:
        path = tmp_path / "h.csv"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError):
            read_lengths(path)


@given(st.binary(max_size=200))
def test_any_bytes_give_lengths_or_an_input_error(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    """No file raises anything but an input error."""
    for name in ("x.csv", "x.jsonl", "x.json"):
        path = tmp_path_factory.mktemp("lengths") / name
        path.write_bytes(body)
        with contextlib.suppress(InputError):
            assert read_lengths(path).lengths.total > 0
