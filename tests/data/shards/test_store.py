"""Stores: what is put under a name comes back in ranges, whole or not at all, whoever looks."""

import errno
import gc
from pathlib import Path

import pytest

from tunecase.data.shards import store as store_module
from tunecase.data.shards.room import ScratchError
from tunecase.data.shards.store import FolderStore, MemoryStore, Store, open_store


def test_failing_writes_and_folders_that_go(tmp_path, monkeypatch):
    """Nothing is left of half a write; a folder that another audit removes is made again once."""

    def parts():
        yield b"half"
        raise OSError("no space left")

    store = FolderStore(tmp_path)
    store.put("a", [b"old"])
    with pytest.raises(ScratchError, match=r"no space(.|\n)*Fix:"):
        store.put("a", parts())
    assert (b"old", ["a"]) == (bytes(store.get("a")), [path.name for path in tmp_path.iterdir()])
    (tmp_path := tmp_path / "second").mkdir()
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


def check_store(store: Store) -> None:
    """What an empty store of any kind must do: ranges, sizes, names, whole puts, and it is found again."""
    assert ([], None) == (store.names(), store.size("a/one"))
    store.put("a/one", [b"0123", memoryview(b"456789")])
    store.put("b", [b"old and long"])
    store.put("b", [b"new"])
    assert (b"0123456789", b"new") == (bytes(store.get("a/one")), bytes(open_store(store.place).get("b")))
    ranges = {(3, 3): b"345", (8, 9): b"89", (10, 4): b"", (0, 0): b"", (8,): b"89"}
    assert ranges == {where: bytes(store.get("a/one", *where)) for where in ranges}
    assert (10, None) == (store.size("a/one"), store.size("a/two"))
    assert (["a/one", "b"], ["a/one"], ["a/one"], []) == tuple(map(store.names, ("", "a/", "a/o", "c/")))
    for where in ((), (3, 4)):
        with pytest.raises(FileNotFoundError):
            store.get("a/two", *where)
    store.remove("b")
    store.remove("b")
    assert ["a/one"] == store.names()


def test_what_stores_hold(tmp_path):
    """Memory goes with its last holder; each does what a store must do."""
    check_store(MemoryStore())
    store = FolderStore(tmp_path / "scratch")
    check_store(store)
    assert b"89" == bytes(store.get("a/one", 8, 1 << 62))  # what a damaged head asks for takes no memory
    place = MemoryStore().place
    gc.collect()
    with pytest.raises(FileNotFoundError):
        open_store(place)
