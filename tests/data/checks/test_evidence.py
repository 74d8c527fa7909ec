"""What checks are given: links, leaks and near pairs, the same however the work is cut."""

import json
from functools import cached_property

import numpy as np
import pytest

from tests.data.checks.made_shelves import shuffle_tasks
from tunecase.data.checks.evidence import Asked, Evidence, Pairs
from tunecase.data.checks.links import Links
from tunecase.data.checks.scan import read_split
from tunecase.data.reading.detection import detect
from tunecase.data.shards import FolderStore, MemoryStore, Stages
from tunecase.data.shards.stages import Means

COMPARED = [
    name for name, value in vars(Evidence).items()
    if isinstance(value, cached_property | property) and not name.startswith("_") and name not in ("domain", "classes")
]  # fmt: skip


def text_of(rng, words=40):
    """A text of random words."""
    return [f"w{n}" for n in rng.integers(0, 5000, words)]


def made_texts(seed=0):
    """Training and test texts with labels: repeats, changed case, near copies, a crowd, texts without words."""
    rng = np.random.default_rng(seed)
    base, crowd = [text_of(rng) for _ in range(40)], text_of(rng)
    train = [" ".join(words) for words in base]
    train += [train[3], train[4].upper(), "👍", "👎", "👍", "", " ".join([*base[5][:-1], "other"])]
    train += [" ".join([*crowd[:20], f"number{n}", *crowd[21:]]) for n in range(18)]
    test = [train[3], train[6] + " !", " ".join(["another", *base[7][1:]]), " ".join(text_of(rng))]
    test += [test[-1], " ".join([*crowd[:30], "x", *crowd[31:]]), "👍"]
    return [[(text, "ab"[at % 3 == 0]) for at, text in enumerate(texts)] for texts in (train, test)]


def evidence(folder, train, test=None, stages=None):
    """The Evidence of files of texts and labels, each read into shards."""
    stages = stages or Stages(MemoryStore())
    splits = []
    for name, pairs in (("train", train), ("test", test)):
        if pairs is None:
            splits.append(None)
            continue
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"text": t, "label": o}) + "\n" for t, o in pairs), encoding="utf-8")
        splits.append(read_split(path, detect(path), stages=stages, stage=name))
    return Evidence(splits[0], splits[1], Asked(2048), stages=stages)


def plain(value):
    """A comparison as plain values; all of them for Evidence."""
    if isinstance(value, Evidence):
        names = [name for name in COMPARED if value.test or not name.startswith("leaked")]
        found = {name: plain(getattr(value, name)) for name in names}
        if value.test:
            found |= {
                kind: plain(value.copies_of(kind, getattr(value, f"leaked_{kind}"))) for kind in ("raw", "normal")
            }
        return found
    if isinstance(value, Links | Pairs):
        return {name: plain(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def test_repeats_leaks_and_near_copies_are_found(tmp_path):
    """Each kind once, in rows known beforehand; near copies with other labels are no copies, what is sure is."""
    train, test = made_texts()
    found = evidence(tmp_path, train, test)
    assert [found.same_raw.rows.tolist(), found.same_raw.firsts.tolist()] == [[40, 44], [3, 42]]
    assert [found.same_normal.rows.tolist(), found.same_normal.firsts.tolist()] == [[40, 41], [3, 4]]
    assert [found.same_text.rows.tolist(), found.same_text.firsts.tolist()] == [[40, 41, 44], [3, 4, 42]]
    assert found.test_same.tolist() == [4]
    assert found.leaked_raw.tolist() == [0, 6]
    assert found.leaked_normal.tolist() == [0, 1]
    assert found.leaked_near.tolist() == [2, 5]
    pairs = list(map(tuple, found.near_train.rows.tolist()))
    assert (46, 5) in pairs
    assert {row for pair in pairs for row in pair} == {46, 5, *range(47, 65)}
    assert sorted(pairs, key=lambda pair: pair[::-1]) == pairs
    rows = [("a b c", "x"), ("A b, c", "y"), ("d e f", "x"), ("d e f", "x"), ("👍", "x"), ("👍", "y")]
    assert evidence(tmp_path, rows).disputed.tolist() == [0, 1, 4, 5]
    (tmp_path := tmp_path / "b").mkdir()
    rng = np.random.default_rng(0)
    words = [text_of(rng, 30) for _ in range(3)]
    rows = [(" ".join(each), "x") for each in words]
    rows += [(" ".join([*each[:-1], "new"]), label) for each, label in zip(words, "xyx", strict=True)]
    rows += [(" ".join(text_of(rng)), "y") for _ in range(30)]
    near_train, same = evidence(tmp_path, rows).near_train, [True, False, True]
    assert near_train.rows.tolist() == [[3, 0], [4, 1], [5, 2]]
    assert near_train.copy.tolist() == near_train.same_answer.tolist() == near_train.sure.tolist() == same
    assert near_train.similarity == pytest.approx([27 / 29] * 3)


@pytest.mark.parametrize(
    ("partitions", "task_bytes", "with_test"), [(1, 10, True), (8, 100_000, False), (64, 256_000_000, True)]
)
def test_everything_is_the_same_however_the_work_is_cut(tmp_path, monkeypatch, partitions, task_bytes, with_test):
    """Parts, groups and the order in which tasks end do not tell; nor does where the shards lie."""
    monkeypatch.setattr("tunecase.data.checks.scan.LEAST_PIECE_BYTES", 1500)
    train, test = made_texts(1)
    wanted = plain(evidence(tmp_path, train, test if with_test else None))
    shuffle_tasks(monkeypatch, seed=partitions)
    stages = Stages(FolderStore(tmp_path / "scratch"), Means(task_bytes=task_bytes, partitions=partitions))
    assert wanted == plain(evidence(tmp_path, train, test if with_test else None, stages))
