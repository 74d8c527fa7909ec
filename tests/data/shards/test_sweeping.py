"""Only what audits write is ever removed, and only in folders that are theirs."""

import json
import os
import time
from pathlib import Path

from tunecase.data.shards import FolderStore
from tunecase.data.shards.sweeping import FOLDERS, clear, kept_words, remove_leftovers, sweep
from tunecase.data.shards.trust import STAMP, Plan, write_plan

HEX = "0123456789abcdef01234567"
DAY_S = 86_400.0


def aged(folder: Path, days: float, stamp: bool = True) -> Path:
    """A folder of an audit that was used so many days ago, with a shard."""
    store = FolderStore(folder)
    store.put("train/0", [b"rows"])
    if stamp:
        write_plan(store, Plan())
        body = json.loads(bytes(store.get(STAMP)))
        store.put(STAMP, [json.dumps(body | {"at_s": time.time() - days * DAY_S}).encode()])
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (time.time() - days * DAY_S,) * 2)
    return folder


def test_what_is_not_ours_stays(tmp_path):
    """Whatever its name, age or link; somebody else's files in an audit's folder, beside or below its shards."""
    kept = [
        aged(tmp_path / "audit-2026-01-quarterly-report", 400),
        aged(tmp_path / f"audit-{HEX}", 400, stamp=False),
        aged(tmp_path / "elsewhere" / f"audit-{HEX[::-1]}", 400),
    ]
    (tmp_path / f"audit-{HEX[::-1]}").symlink_to(kept[2])
    old = aged(tmp_path / f"audit-{'e' * 24}", 8)
    young = aged(tmp_path / f"audit-{'f' * 24}", 6)
    spared = aged(tmp_path / f"audit-{'d' * 24}", 8)
    sweep(str(tmp_path), [spared.name])
    assert not old.exists()
    assert all((folder / "train" / "0").exists() for folder in (*kept, young, spared))
    (tmp_path := tmp_path / "second").mkdir()
    folder = aged(tmp_path / f"audit-{HEX}", 8)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "thesis").touch()
    (folder / "same").symlink_to(outside)
    (folder / "train" / "mine").mkdir()
    (folder / "train" / "mine" / "notes").touch()
    (folder / "notes").touch()
    sweep(str(tmp_path), [])
    assert not (folder / "train" / "0").exists()
    assert all(path.exists() for path in (folder / "notes", folder / "train" / "mine" / "notes", outside / "thesis"))


def test_what_audits_write_is_cleared_and_told(tmp_path):
    """Half files when nobody can be writing them, marks last; what is kept is told with its size."""
    store = FolderStore(tmp_path / "s")
    for name in FOLDERS:
        store.put(f"{name}/0", [b"x"])
    (tmp_path / "s" / "meet" / ".1-aa.part").touch()
    clear(store)
    assert ["closing/0"] == [path.relative_to(store.folder).as_posix() for path in store.folder.rglob("*/*")]
    (tmp_path := tmp_path / "second").mkdir()
    store = FolderStore(tmp_path)
    store.put("train/0", [b"rows"])
    for name, age_s in (("young", 60), ("old", 700)):
        path = tmp_path / "train" / f".{name}-aa.part"
        path.touch()
        os.utime(path, (time.time() - age_s,) * 2)
    remove_leftovers(store)
    assert [".young-aa.part", "0"] == sorted(path.name for path in (tmp_path / "train").iterdir())
    (tmp_path := tmp_path / "third").mkdir()
    store = FolderStore(tmp_path)
    store.put("users/0", [b"x"])
    write_plan(store, Plan())
    assert "" == kept_words(store)
    store.put("train/0", [bytes(3_000_000)])
    assert f"seven days in {tmp_path} (3 MB)." in kept_words(store)
