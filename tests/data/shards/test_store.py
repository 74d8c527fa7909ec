"""Stores: what is put under a name comes back in ranges, whole or not at all, whoever looks."""

import errno
import gc
from pathlib import Path

import pytest

from tunecase.data.shards import store as store_module
from tunecase.data.shards.room import ScratchError
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
    with pytest.raises(ScratchError, match=r"no space(.|\n)*Fix:"):
        store.put("a", parts())
    assert (b"old", ["a"]) == (bytes(store.get("a")), [path.name for path in tmp_path.iterdir()])


def test_a_range_beyond_the_end_takes_no_memory(tmp_path):
    """What a damaged head asks for is bounded by what is there."""
    store = FolderStore(tmp_path)
    store.put("a", [b"0123"])
    assert (b"23", b"") == (bytes(store.get("a", 2, 1 << 62)), bytes(store.get("a", 9, 1 << 62)))


def test_a_folder_that_goes_while_it_is_written_to_is_made_again(tmp_path, monkeypatch):
    """Once; another audit of the same data may have been removing it."""
    written, lost = store_module._written, []

    def loses(path, parts):
        if not lost:
            lost.append(path)
            path.parent.rmdir()
        written(path, parts)

    monkeypatch.setattr(store_module, "_written", loses)
    store = FolderStore(tmp_path)
    store.put("train/0", [b"rows"])
    assert b"rows" == bytes(store.get("train/0"))


def test_a_name_that_is_being_read_keeps_what_is_as_long(tmp_path, monkeypatch):
    """Windows refuses to put a file in its place; one of another length is tried for a while, and then told."""
    store = FolderStore(tmp_path)
    store.put("a", [b"whole"])

    def refused(self, target):
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(Path, "replace", refused)
    monkeypatch.setattr(store_module, "RENAME_WAIT_S", 0.0)
    store.put("a", [b"equal"])
    with pytest.raises(ScratchError, match="in use"):
        store.put("a", [b"longer than that"])
    assert ["a"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("ask", ["get", "size", "names", "remove", "put"])
def test_what_a_folder_refuses_is_told_as_such(tmp_path, monkeypatch, ask):
    """With the folder and what to do, whatever was asked of it."""

    def refused(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    for owner, name in ((store_module.os, "open"), (Path, "stat"), (Path, "rglob"), (Path, "unlink")):
        monkeypatch.setattr(owner, name, refused)
    store = FolderStore(tmp_path)
    with pytest.raises(ScratchError, match=r"Permission denied(.|\n)*--scratch"):
        getattr(store, ask)(*([] if ask == "names" else ["a", [b"x"]][: 2 if ask == "put" else 1]))
    monkeypatch.undo()
