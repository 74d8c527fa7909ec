"""The columns of the pass over a file: whatever its pieces, whoever reads them, in whatever order they end."""

import gzip
import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from tests.data.checks.made_shelves import shuffle_tasks
from tests.data.tokens.made import CHAT, made_tokenizer
from tunecase.data.checks import block, scan
from tunecase.data.checks.alike import Files, gathered
from tunecase.data.checks.block import COLUMNS, Reading
from tunecase.data.checks.columns import Shelf, Split, shingles_of
from tunecase.data.checks.scan import read_split
from tunecase.data.reading.detection import detect
from tunecase.data.shards import FolderStore, MemoryStore, Shard, Stages, write_shard
from tunecase.data.shards.keys import KeyPart
from tunecase.data.shards.stages import Means


def columns(folder: Path, lines: list[str], **options):
    """The Split of some CSV lines."""
    path = folder / "d.csv"
    path.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    return read_split(path, detect(path), **options)


def whole(split: Split, name: str) -> list:
    """One column of all rows."""
    return split.take(name, np.arange(split.count)).tolist()


def test_columns_follow_the_readable_rows(tmp_path, monkeypatch):
    """Numbers count bad rows, lines all lines; heads give back the beginning; too many labels are no classes."""
    split = columns(tmp_path, ["one two,x", "1,2,3", "", "three,X"])
    assert ([0, 2], [2, 5]) == (whole(split, "number"), whole(split, "line"))
    assert ([2, 1], [7, 5]) == (whole(split, "words"), whole(split, "input_characters"))
    assert whole(split, "answer")[0] == whole(split, "answer")[1]
    assert (3, 2, 1, ["one two", "three"]) == (split.rows, split.count, split.bad, [split.example(0), split.example(1)])
    split = columns(tmp_path, ["ä" * 200 + ",x", '"a\n b",x'])
    assert ["ä" * 79 + "…", "a b"] == [split.example(i) for i in range(2)]
    monkeypatch.setattr(block, "MOST_LABELS", 3)
    assert {} == columns(tmp_path, [f"t {i},{i % 5}" for i in range(50)]).classes
    monkeypatch.setattr(scan, "MOST_BAD_KEPT", 2)
    told = []
    split = columns(tmp_path, ["a,x", *["1,2,3"] * 5], on_bad=told.append)
    assert (5, 2, 5) == (split.bad, len(split.bad_rows), len(told))


def long_file(folder: Path, rows: int = 400) -> Path:
    """A JSONL file with a bad row here and there."""
    path = folder / "long.jsonl"
    row = '{{"text": "é words {0} of row {0} and {1}", "label": "{2}"}}\n'
    lines = ("bad\n" if k % 50 == 7 else row.format(k, k % 9, k % 3) for k in range(rows))
    path.write_text("".join(lines), encoding="utf-8")
    return path


def in_pieces(monkeypatch, size: int = 1000) -> None:
    """Every file is cut into small pieces."""
    monkeypatch.setattr(scan, "LEAST_PIECE_BYTES", size)


def short_runs(monkeypatch, rows: int = 20) -> None:
    """Every so many rows make a shard of their own."""
    monkeypatch.setattr(scan, "run_room", lambda task_bytes: (rows, 10**9))
    monkeypatch.setattr(scan, "BATCH", min(rows, 7))


def plain(split: Split) -> dict[str, object]:
    """Everything in a Split as plain values."""
    tokens = ("tokens", "output_tokens", "useful_tokens") if split.counter else ()
    found: dict[str, object] = {name: whole(split, name) for name in (*COLUMNS, *tokens)} | {"counter": split.counter}
    sets: list[object] = [None] * split.count
    for at, places, inside in split.shelf.by_shard(np.arange(split.count)):
        flat, sizes = shingles_of(split.shelf.shard(at), inside)
        for place, own in zip(places, np.split(flat, np.cumsum(sizes)[:-1]), strict=True):
            sets[place] = own.tolist()
    files, stages = Files.of(split.shelf, None), Stages(MemoryStore())
    keys = []
    for name in ("raw", "normal", "bands"):
        part = KeyPart.of(Shard(stages.store, files.index(stages, "same", name, 1)), 0)
        keys.append(sorted(zip(*(each.tolist() for each in next(gathered(files, part))), strict=True)))
    facts = (split.labels, split.label_of, split.bad_rows, split.bad, split.short_answers, split.classes, split.seen)
    texts = (split.texts.rows.tolist(), split.texts.inputs, split.texts.complete)
    heads = [split.example(row) for row in range(0, split.count, 7)]
    return found | {
        "sets": sets,
        "keys": keys,
        "facts": facts,
        "texts": texts,
        "heads": heads,
    }


@pytest.mark.parametrize("rows_a_shard", [3, 20_000])
def test_columns_do_not_depend_on_pieces_and_shards(tmp_path, monkeypatch, rows_a_shard):
    """Many small pieces, shards of few rows, whichever piece ends first: the same columns in the order of the file."""
    path = long_file(tmp_path, 250)
    here = plain(read_split(path, detect(path)))
    short_runs(monkeypatch, rows_a_shard)
    in_pieces(monkeypatch, 600)
    shuffle_tasks(monkeypatch, rows_a_shard)
    split = read_split(path, detect(path))
    assert len(split.shelf) > 20
    assert here == plain(split)


def test_a_packed_file_in_shares_gives_its_rows_in_order(tmp_path, monkeypatch):
    """Several readers of one archive each take a part of it, and write a shard for each run of rows."""
    pieces = import_module("tunecase.data.reading.pieces")
    path = tmp_path / "d.jsonl.gz"
    path.write_bytes(gzip.compress(long_file(tmp_path, 900).read_bytes()))
    here = plain(read_split(path, detect(path)))
    monkeypatch.setattr(pieces, "SHARE_BYTES", 10_000)
    monkeypatch.setattr(pieces, "BLOCK_BYTES", 700)
    short_runs(monkeypatch)
    split = read_split(path, detect(path))
    assert len(split.shelf) > 20
    assert here == plain(split)


def chats(folder: Path, rows: int = 300) -> Path:
    """Chats of ever other runs of roles, the first of which is rare later on."""
    path = folder / "chats.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for k in range(rows):
            turns = [{"role": "system", "content": f"s {k}"}] * (k % 7 > 0)
            for turn in range(1 + k % 5):
                turns += [{"role": "user", "content": f"cat {k} {turn}"}, {"role": "assistant", "content": f"dog {k}"}]
            file.write(json.dumps({"messages": turns}) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("sampled", [False, True])
def test_tokens_do_not_depend_on_order_or_runs(tmp_path, monkeypatch, sampled):
    """With a tokenizer and a chat template, whatever was counted before in the same process, sampled or not."""
    counting = import_module("tunecase.data.tokens.counting")
    if sampled:
        monkeypatch.setattr(counting, "read_fast", lambda path: None)
        monkeypatch.setattr(counting, "EXACT_BYTES", 100)
    (tmp_path / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    path, reading = chats(tmp_path, 64), Reading(tokenizer=made_tokenizer(tmp_path))
    in_pieces(monkeypatch, 5000)
    short_runs(monkeypatch, 1000)
    found = [plain(read_split(path, detect(path), reading))]
    shuffle_tasks(monkeypatch, 1)
    monkeypatch.setattr(scan, "run_room", lambda task_bytes: (7, 10**9))
    found.append(plain(read_split(path, detect(path), reading)))
    assert found[0] == found[1]
    counted = sum(tokens > 0 for tokens in found[0]["tokens"])
    assert (0 < counted < 16) if sampled else counted == 64


@pytest.mark.slow
def test_two_processes_count_tokens_as_one(tmp_path, monkeypatch):
    """Each begins with what the first rows taught."""
    (tmp_path / "chat_template.jinja").write_text(CHAT, encoding="utf-8")
    path, reading = chats(tmp_path, 2000), Reading(tokenizer=made_tokenizer(tmp_path))
    in_pieces(monkeypatch, 20_000)
    here = plain(read_split(path, detect(path), reading))
    stages = Stages(FolderStore(tmp_path / "s"), Means(workers=2))
    assert here == plain(read_split(path, detect(path), reading, stages=stages))


def interrupted(path: Path, folder: Path, after: int) -> None:
    """A pass that is interrupted once so many pieces are read."""

    def stop(stage: str, done: int, total: int, shards: object, taken_up: bool) -> None:
        if done >= after and not taken_up:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_split(path, detect(path), stages=Stages(FolderStore(folder), tell=stop))


def test_interrupted_passes_and_lost_parts(tmp_path, monkeypatch):
    """Only the pieces that are left are read, and of a piece of several shards the one that is lost or cut."""
    path = long_file(tmp_path)
    here = plain(read_split(path, detect(path)))
    in_pieces(monkeypatch)
    for after in (3, 6):
        interrupted(path, tmp_path / "s", after)
    read = []
    once = scan.read
    monkeypatch.setattr(scan, "read", lambda task: read.append(task.piece.index) or once(task))
    stages = Stages(FolderStore(tmp_path / "s"))
    assert here == plain(read_split(path, detect(path), stages=stages))
    assert (6, list(range(6, stages.told[0].tasks))) == (stages.told[0].taken_up, read)
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    path = tmp_path / "d.jsonl.gz"
    path.write_bytes(gzip.compress(long_file(tmp_path, 150).read_bytes()))
    short_runs(monkeypatch)
    store = FolderStore(tmp_path / "s")
    here = plain(read_split(path, detect(path), stages=Stages(store)))
    part = next(name for name in store.names("read/") if name.endswith("-00003"))
    body = bytes(store.get(part))
    for harm in (lambda: store.remove(part), lambda: store.put(part, [body[:-10]])):
        harm()
        assert here == plain(read_split(path, detect(path), stages=Stages(store)))
        assert body == bytes(store.get(part))


def test_texts_kept_are_bounded_by_what_was_unpacked(tmp_path, monkeypatch):
    """A larger file than told keeps a part of its texts, and says so; another seed draws others."""
    monkeypatch.setattr(scan, "MOST_TEXT_CHARACTERS", 1000)
    path = tmp_path / "d.jsonl.gz"
    path.write_bytes(gzip.compress(long_file(tmp_path, 2000).read_bytes(), 9))
    monkeypatch.setattr(scan, "total_bytes", lambda path: 900)
    texts = read_split(path, detect(path)).texts
    assert 100 < sum(map(len, texts.inputs)) < 4000
    assert (False, True) == (texts.complete, 0 < len(texts.rows) < 0.2 * 2000)
    monkeypatch.undo()
    monkeypatch.setattr(scan, "MOST_TEXT_CHARACTERS", 5000)
    path = long_file(tmp_path, 2000)
    seeds = [read_split(path, detect(path), Reading(seed=seed)).texts.rows.tolist() for seed in (1, 1, 2)]
    assert seeds[0] == seeds[1] != seeds[2]
    assert 0 < len(seeds[0]) < 500


def test_files_of_a_folder_keep_other_places(tmp_path, monkeypatch):
    """The share is the one asked for, of many files of a row too, and no two files keep the same of their rows."""
    monkeypatch.setattr(scan, "MOST_TEXT_CHARACTERS", 1000)
    folder = tmp_path / "files"
    folder.mkdir()
    for at in range(60):
        (folder / f"{at:03}.jsonl").write_text(f'{{"text": "some words {at}", "label": "x"}}\n', encoding="utf-8")
    share = 1000 / sum(file.stat().st_size for file in folder.iterdir())
    rows, count = drawn(folder)
    assert 0 < abs(len(rows) - share * count) < 4 * (share * count) ** 0.5
    monkeypatch.setattr(scan, "MOST_TEXT_CHARACTERS", 12_000)
    folder = tmp_path / "more"
    folder.mkdir()
    for at in range(6):
        lines = (f'{{"text": "some words {k} {at}", "label": "x"}}\n' for k in range(300))
        (folder / f"{at}.jsonl").write_text("".join(lines), encoding="utf-8")
    share = 12_000 / sum(file.stat().st_size for file in folder.iterdir())
    rows, count = drawn(folder)
    assert abs(len(rows) - share * count) < 4 * (share * count) ** 0.5
    assert 6 == len({tuple((rows[rows // 300 == at] % 300).tolist()) for at in range(6)})


def drawn(path: Path) -> tuple[np.ndarray, int]:
    """The rows whose texts were kept, and how many there are."""
    split = read_split(path, detect(path))
    return split.texts.rows, split.count


@pytest.mark.usefixtures("vetted_here")
def test_row_groups_keep_other_places(tmp_path, monkeypatch):
    """Those of one table are drawn from apart."""
    arrow, parquet = (pytest.importorskip(name) for name in ("pyarrow", "pyarrow.parquet"))
    monkeypatch.setattr(scan, "MOST_TEXT_CHARACTERS", 2000)
    path = tmp_path / "d.parquet"
    table = arrow.table({"text": [f"some words {k} {k * 7919}" for k in range(1200)], "label": ["x"] * 1200})
    parquet.write_table(table, path, row_group_size=200, compression="none")
    rows, count = drawn(path)
    share = 2000 / path.stat().st_size
    assert abs(len(rows) - share * count) < 4 * (share * count) ** 0.5
    assert 6 == len({tuple((rows[rows // 200 == at] % 200).tolist()) for at in range(6)})


def test_runs_and_shards_of_bad_rows(tmp_path, monkeypatch):
    """Runs are as long as memory allows, within bounds; bad rows are not all held; row numbers do not overflow."""
    short_runs(monkeypatch)
    told = []
    split = columns(tmp_path, ["a,x", *["1,2,3"] * 500, "b,x"], on_bad=told.append)
    assert max(np.diff(split.shelf.records)) < 40
    assert (500, list(range(1, 501))) == (split.bad, [row.number for row in told])
    assert [0, 501] == whole(split, "number")
    store = MemoryStore()
    own = np.array([0, 30_000], np.int16)
    write_shard(store, "a", {"number": own, "line": own, "words": own})
    before = np.array([70_000, 70_002], np.int64)
    shelf = Shelf(store, "s", ("a",), np.array([0, 2]), before, before)
    assert [70_000, 100_000] == shelf.column(0, "number").tolist()
    assert [70_001, 100_001] == shelf.column(0, "line").tolist()
    assert {np.dtype(np.int64)} == {shelf.column(0, name).dtype for name in ("number", "line", "words")}
    monkeypatch.undo()
    assert (scan.LEAST_RUN_ROWS, scan.LEAST_RUN_BYTES) == scan.run_room(1)
    assert (scan.RUN_ROWS, scan.RUN_BYTES) == scan.run_room(256_000_000) == scan.run_room(10**12)
    assert scan.RUN_ROWS * 600 > scan.MOST_PIECE_BYTES
