"""Stores: what is put under a name comes back in ranges, whole or not at all, whoever looks."""

import gc

import pytest

from tunecase.data.shards.store import FolderStore, MemoryStore, open_store


@pytest.fixture(params=["memory", "folder"])
def store(request, tmp_path):
    """A store of each kind."""
    return MemoryStore() if request.param == "memory" else FolderStore(tmp_path / "scratch")


def test_ranges_come_back(store):
    """Any range of what was put, fewer bytes at the end, all of it without a size."""
    store.put("a/one", [b"0123", memoryview(b"456789")])
    assert b"0123456789" == bytes(store.get("a/one"))
    assert (b"345", b"89", b"") == tuple(bytes(store.get("a/one", *where)) for where in ((3, 3), (8, 9), (10, 4)))
    assert (10, None) == (store.size("a/one"), store.size("a/two"))


def test_names_are_listed_by_their_beginning(store):
    """In order, those of a folder or of part of a name."""
    for name in ("b/2", "a/10", "a/1", "c"):
        store.put(name, [b"x"])
    assert ["a/1", "a/10", "b/2", "c"] == store.names()
    assert (["a/1", "a/10"], ["a/10"]) == (store.names("a/"), store.names("a/10"))
    store.remove("a/1")
    store.remove("a/1")
    assert ["a/10"] == store.names("a/")


def test_a_name_that_is_not_there_is_told(store):
    """As a file that is not found."""
    with pytest.raises(FileNotFoundError):
        store.get("a/one")


def test_a_second_put_takes_the_place_of_the_first(store):
    """Whole, never a mixture."""
    store.put("a", [b"long and old"])
    store.put("a", [b"new"])
    assert b"new" == bytes(store.get("a"))


def test_a_store_is_found_again_by_its_place(store):
    """In this process, with what is in it."""
    store.put("a", [b"x"])
    assert b"x" == bytes(open_store(store.place).get("a"))


def test_memory_goes_with_its_last_holder():
    """Nothing else keeps a store in memory alive."""
    place = MemoryStore().place
    gc.collect()
    with pytest.raises(FileNotFoundError):
        open_store(place)


def test_a_write_that_fails_leaves_nothing(tmp_path):
    """Neither the name nor what was written beside it."""

    def parts():
        yield b"half"
        raise OSError("no space left")

    store = FolderStore(tmp_path)
    store.put("a", [b"old"])
    with pytest.raises(OSError, match="no space"):
        store.put("a", parts())
    assert (b"old", ["a"]) == (bytes(store.get("a")), [path.name for path in tmp_path.iterdir()])
