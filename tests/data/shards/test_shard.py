"""Shards: columns of any kind come back in ranges, and half a file is told from a whole one."""

import pickle

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_hexdigest

from tunecase.data.shards import BrokenShardError, FolderStore, MemoryStore, Shard, write_shard
from tunecase.data.shards.shard import MAGIC, json_column

KINDS = (np.int64, np.int16, np.uint32, np.uint64, np.uint8, np.bool_, np.float64)


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 50)), max_size=6), st.integers(0, 60), st.integers(0, 60)
)
def test_columns_come_back(columns, start, stop):
    """Each with its kind and length, in any range."""
    arrays = {f"column {at}": np.arange(length).astype(kind) for at, (kind, length) in enumerate(columns)}
    store = MemoryStore()
    write_shard(store, "s", arrays, {"rows": 3, "text": "é"})
    shard = Shard(store, "s")
    assert ({"rows": 3, "text": "é"}, tuple(arrays)) == (shard.facts, shard.columns)
    for name, values in arrays.items():
        found = shard.array(name, start, stop)
        assert (values.dtype, values[start:stop].tolist()) == (found.dtype, found.tolist())
        assert len(values) == shard.length(name)


def test_shorter_and_broken_shards_are_told(tmp_path):
    """Wherever cut or altered; with the folder and what to do, without secrets, from another process too."""
    store = FolderStore(tmp_path)
    write_shard(store, "s", {"a": np.arange(40), "b": json_column(["x"] * 9)}, {})
    whole = (tmp_path / "s").read_bytes()
    assert Shard(store, "s").is_whole()
    altered = (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
               for at in range(whole.rindex(b"}", 0, 400) + 1, len(whole), 7))  # fmt: skip
    for body in (*(whole[:length] for length in range(0, len(whole), 3)), whole[:-1], *altered):
        (tmp_path / "s").write_bytes(body)
        assert not Shard(store, "s").is_whole()
    (tmp_path / "s").write_bytes(whole + b"x")
    with pytest.raises(BrokenShardError):
        Shard(store, "s").array("a")
    assert not Shard(store, "not there").is_whole()
    (tmp_path := tmp_path / "second").mkdir()
    with pytest.raises(BrokenShardError, match="s was removed") as told:
        Shard(FolderStore(tmp_path), "s").array("a")
    again = pickle.loads(pickle.dumps(told.value))
    assert str(told.value) == str(again)
    assert str(tmp_path) in str(again)
    assert "Fix: let nothing else write there" in str(again)
    assert "SECRET" not in str(pickle.loads(pickle.dumps(BrokenShardError("s3://KEY:SECRET@b", "s"))))


def test_heads_and_json():
    """Facts beyond what is read at first; halves of pairs become question marks; no length in a head is believed."""
    store, many = MemoryStore(), {f"fact {at}": "x" * 50 for at in range(400)}
    write_shard(store, "s", {"a": np.arange(3)}, many)
    assert (many, [0, 1, 2]) == (Shard(store, "s").facts, Shard(store, "s").array("a").tolist())
    store = MemoryStore()
    write_shard(store, "s", {"a": json_column([1, "é", None, {"b": [2]}]), "b": json_column(["\ud800"])})
    assert ([1, "é", None, {"b": [2]}], ["?"]) == (Shard(store, "s").text("a"), Shard(store, "s").text("b"))
    good = {"columns": {"a": ["<i8", 1, 0]}, "facts": {}, "bytes": 8, "digest": xxh3_64_hexdigest(b"12345678")}
    assert hostile(orjson.dumps(good))
    assert not hostile(orjson.dumps(good), 1 << 40)
    assert not hostile(orjson.dumps(good), (1 << 64) - 1)
    columns = [["<i8", 1 << 40, 0], ["<i8", 1, 8], ["<i8", -1, 0], ["<i8", 1.0, 0], ["O", 1, 0], ["?!", 1, 0], [], 3]
    changes = [{"columns": {"a": column}} for column in columns]
    for change in (*changes, {"facts": []}, {"bytes": 9}, {"columns": []}, {"columns": None}):
        assert not hostile(orjson.dumps(good | change)), change
    assert not hostile(b"[" * 100_000)


def hostile(head: bytes, length: int | None = None) -> bool:
    """Whether a file with such a head counts as a shard."""
    store = MemoryStore()
    store.put("s", [MAGIC, (len(head) if length is None else length).to_bytes(8, "little"), head, b"12345678"])
    return Shard(store, "s").is_whole()
