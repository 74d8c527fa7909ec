"""Rows with the same text, found part by part, are those that a sort of all rows finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.checks.made_shelves import first_of_each, made_rows, made_shelf, told
from tunecase.data.checks import alike
from tunecase.data.checks.alike import FirstRows, parts_for, run_same
from tunecase.data.shards import FolderStore, MemoryStore, Shard, Stages
from tunecase.data.shards.stages import Means


def reference(train, test, kind):
    """What one dense pass says: links of both files, disputed rows, leaks, and training rows with a leaked text."""
    keys, others = ([getattr(row, kind) for row in rows] for rows in (train, test))
    first, first_test = first_of_each(keys), first_of_each(others)
    again, again_test = ([(row, to) for row, to in enumerate(firsts) if to != row] for firsts in (first, first_test))
    answers = {}
    for row, key in zip(train, keys, strict=True):
        answers.setdefault(key, set()).add(row.answer)
    leaked = [(row, keys.index(key)) for row, key in enumerate(others) if key and key in keys]
    return {
        "rows": [row for row, _ in again], "firsts": [to for _, to in again],
        "disputed": [row for row, key in enumerate(keys) if key and len(answers[key]) > 1],
        "leaked tests": [row for row, _ in leaked], "leaked firsts": [to for _, to in leaked],
        "leaking": [row for row, key in enumerate(keys) if key and key in others],
        "test rows": [row for row, _ in again_test], "test firsts": [to for _, to in again_test],
    }  # fmt: skip


def found(stages, train, test, cuts=((), ())):
    """What the stage says of both kinds, as lists."""
    files = zip(("train", "test"), (train, test), cuts, strict=True)
    shelves = [made_shelf(stages.store, name, rows, own) for name, rows, own in files]
    same = run_same(stages, shelves[0], shelves[1] if test else None)
    return {kind: {name: rows.tolist() for name, rows in columns.items()} for kind, columns in same.items()}


@given(
    st.integers(0, 2**32),
    st.integers(0, 40),
    st.sampled_from([0, 1, 20]),
    st.sampled_from([1, 2, 8]),
    st.integers(0, 6),
    st.sampled_from([2, 10, 100]),
)
def test_same_rows_are_those_of_the_dense_reference(seed, train_rows, test_rows, partitions, shards, texts):
    """For any parts and shards, also empty ones: raw, normalised, with and without a test file."""
    rng = np.random.default_rng(seed)
    train, test = made_rows(rng, train_rows, texts), made_rows(rng, test_rows, texts)
    cuts = [rng.integers(0, len(rows) + 1, shards).tolist() for rows in (train, test)]
    stages = Stages(MemoryStore(), Means(partitions=partitions))
    wanted = {kind: reference(train, test, kind) for kind in alike.SETS}
    assert wanted == found(stages, train, test, cuts)


def test_a_lost_or_cut_part_is_made_again_alone(tmp_path):
    """The other parts are taken up."""
    rng = np.random.default_rng(2)
    train, test = made_rows(rng, 60), made_rows(rng, 30)
    store, means = FolderStore(tmp_path), Means(partitions=4)
    wanted = found(Stages(store, means), train, test)
    name = store.names("same/normal-")[2]
    for damage in (store.remove, lambda name: (tmp_path / name).write_bytes(bytes(store.get(name))[:-1])):
        damage(name)
        stages = Stages(store, means)
        assert wanted == found(stages, train, test)
        assert [(8, 7)] == told(stages, "same")


def test_keys_are_cut_into_as_many_parts_as_memory_asks():
    """A power of two, at most 256; or as many as are asked for."""
    assert [parts_for(keys, Stages(MemoryStore(), Means(task_bytes=4000))) for keys in (0, 100, 101, 10**9)] == [
        1, 1, 2, 256,
    ]  # fmt: skip
    assert 8 == parts_for(1, Stages(MemoryStore(), Means(partitions=8)))


@given(st.integers(1, 60), st.sets(st.integers(0, 59)), st.integers(1, 3), st.data())
def test_first_rows_are_those_that_repeat_none(count, repeats, window, data):
    """Bits are read in windows, in any order of runs."""
    rows = np.array(sorted(row for row in repeats if row < count), np.int64)
    store = MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "WINDOW_BYTES", window)
        FirstRows.write(store, "bits", count, rows)
        first_rows = FirstRows(Shard(store, "bits"))
        for _ in range(4):
            start = data.draw(st.integers(0, count - 1))
            stop = data.draw(st.integers(start + 1, count))
            assert [row not in repeats for row in range(start, stop)] == first_rows(start, stop).tolist()


@pytest.mark.slow
def test_two_processes_find_the_same_rows(tmp_path):
    """Tasks in other processes read and write the same store."""
    rng = np.random.default_rng(6)
    train, test = made_rows(rng, 90), made_rows(rng, 30)
    stages = Stages(FolderStore(tmp_path), Means(workers=2, partitions=8))
    assert {kind: reference(train, test, kind) for kind in alike.SETS} == found(stages, train, test, ([20, 60], [10]))
