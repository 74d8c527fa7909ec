"""Near pairs found in stages are those of all pairs compared one by one, whatever the parts, groups and order."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.checks.made_shelves import first_of_each, made_rows, made_shelf, shuffle_tasks, told, true_near
from tunecase.data.checks import crowds, near
from tunecase.data.checks.alike import run_same
from tunecase.data.checks.near import run_near
from tunecase.data.detectors.near_copies import groups
from tunecase.data.shards import BrokenShardError, FolderStore, MemoryStore, Shard, Stages
from tunecase.data.shards.stages import Means

ONE_GROUP, MANY_GROUPS = 256_000_000, 2_000


@pytest.fixture(autouse=True)
def whole_crowds(monkeypatch):
    """No pair of a crowd is left out, but where a test asks for that."""
    monkeypatch.setattr(crowds, "MOST_PARTNERS", 255)


def repeats_of(train, test):
    """Rows that are not the first of their file with their normalised text, numbered on."""
    firsts = [first_of_each([row.normal for row in part]) for part in (train, test)]
    before = (0, len(train))
    rows = [before[k] + at for k in range(2) for at, first in enumerate(firsts[k]) if first != at]
    return np.array(rows, np.int64)


def found(stages, train, test, cuts=((), ())):
    """What the stages find, as `true_near` gives it."""
    files = zip(("train", "test"), (train, test), cuts, strict=True)
    shelves = [made_shelf(stages.store, name, rows, own) for name, rows, own in files]
    columns = run_near(stages, shelves[0], shelves[1] if test else None, repeats_of(train, test)).pairs
    earlier, later = columns["earlier"].tolist(), columns["later"].tolist()
    pairs = list(zip(earlier, later, strict=True))
    assert sorted(pairs) == pairs
    values = (columns[name].tolist() for name in ("similarity", "same_answer", "alike"))
    return dict(zip(pairs, zip(*values, strict=True), strict=True))


@given(
    st.integers(0, 2**32),
    st.integers(0, 40),
    st.sampled_from([0, 0, 1, 20]),
    st.sampled_from([1, 2, 8]),
    st.sampled_from([ONE_GROUP, MANY_GROUPS]),
    st.integers(0, 6),
)
def test_near_pairs_are_those_of_all_pairs_one_by_one(seed, train_rows, test_rows, partitions, task_bytes, shards):
    """For any parts, groups and shards, also empty ones, with and without a test file."""
    rng = np.random.default_rng(seed)
    train, test = made_rows(rng, train_rows), made_rows(rng, test_rows)
    cuts = [rng.integers(0, len(rows) + 1, shards).tolist() for rows in (train, test)]
    stages = Stages(MemoryStore(), Means(task_bytes=task_bytes, partitions=partitions))
    assert true_near(train, test) == found(stages, train, test, cuts)


@pytest.mark.parametrize(("partitions", "task_bytes"), [(1, MANY_GROUPS), (64, 20_000)])
def test_neither_parts_nor_groups_nor_the_order_of_tasks_tell(monkeypatch, partitions, task_bytes):
    """Crowds of more than the reach."""
    rng = np.random.default_rng(5)
    train, test = made_rows(rng, 90, texts=200, keys=1), made_rows(rng, 30, texts=200, keys=1)
    shuffle_tasks(monkeypatch, seed=partitions)
    stages = Stages(MemoryStore(), Means(task_bytes=task_bytes, partitions=partitions))
    wanted = true_near(train, test)
    assert len(wanted) > 300
    assert wanted == found(stages, train, test, ([20, 20, 60], [10]))


def test_crowds_stay_within_memory():
    """Written piece by piece; the last of each key stay, as many as the reach; without shingles nothing meets."""
    rows = [row for row in made_rows(np.random.default_rng(0), 400) if not row.shingles]
    for train, test in (([], []), ([], rows), (rows, []), (rows, rows)):
        stages = Stages(MemoryStore())
        assert {} == found(stages, train, test)
        assert [(0, 0)] == told(stages, "carry") == told(stages, "compare")
    row = next(row for row in made_rows(np.random.default_rng(1), 50) if row.shingles)
    alike = [type(row)(at + 1, at + 1, 1, 0, row.shingles, row.keys) for at in range(30)]
    pairs = found(Stages(MemoryStore()), alike[:5], alike[5:])
    assert {later for _, later in pairs if later >= 5} == set(range(5, 4 + 1 + near.REACH))
    assert pairs.keys() == true_near(alike[:5], alike[5:]).keys()
    keys = np.array([7] * 40 + [9, 5, 9], np.uint64)
    kept, rows = near._reachable(keys, np.arange(43))
    assert [5, *[7] * near.REACH, 9, 9] == kept.tolist()
    assert [41, *range(40 - near.REACH, 40), 40, 42] == rows.tolist()
    stages = Stages(MemoryStore())
    train = made_rows(np.random.default_rng(0), 20)
    shelf = made_shelf(stages.store, "train", train)
    stages.store.bodies["train/000000"] = stages.store.bodies["train/000000"][:-1]
    with pytest.raises(BrokenShardError):
        run_near(stages, shelf, None, repeats_of(train, []))


def test_only_what_does_not_stand_whole_is_made_again(tmp_path):
    """A lost shard, one cut in half and a lost or cut piece are each made again, alone; the pairs stay the same."""
    rng = np.random.default_rng(3)
    train, test = made_rows(rng, 30), made_rows(rng, 10)
    store, means = FolderStore(tmp_path), Means(task_bytes=MANY_GROUPS, partitions=4)
    wanted = found(Stages(store, means), train, test, ([10, 20], []))
    assert wanted == true_near(train, test)
    for stage in ("meet", "carry", "compare"):
        whole = Stages(store, means)
        assert wanted == found(whole, train, test, ([10, 20], []))
        tasks = told(whole, stage)[0][0]
        assert [(tasks, tasks)] == told(whole, stage)
        names = [
            name
            for name in store.names(f"{stage}/")
            if "plan" not in name and "index" not in name and name != near.REPEATS
        ]
        piece = next(name for name in names if "." in name)
        for name in (names[0], piece):
            for damage in (store.remove, lambda name: (tmp_path / name).write_bytes(bytes(store.get(name))[:-1])):
                damage(name)
                again = Stages(store, means)
                assert wanted == found(again, train, test, ([10, 20], []))
                assert [(tasks, tasks - 1)] == told(again, stage)
                assert all(each.tasks == each.taken_up for each in again.told if each.name != stage)


def test_pieces_of_a_crowd_stay_within_the_memory_of_a_task():
    """What meets in a crowd is written piece by piece."""
    rng = np.random.default_rng(4)
    train = made_rows(rng, 120, texts=10**6, keys=1)
    stages = Stages(MemoryStore(), Means(task_bytes=16_000))
    found(stages, train, [], (range(10, 120, 10), []))
    pieces = [name for name in stages.store.names("meet/") if "." in name]
    sizes = [Shard(stages.store, name).length("earlier") * near.PAIR_BYTES for name in pieces]
    assert len(pieces) > 8
    assert max(sizes) < 4_000 + 500 * near.PAIR_BYTES


def test_a_store_is_asked_no_more_than_once_for_each_part_of_a_shard(monkeypatch):
    """And a parcel is found by its address: requests to an object store are what a large file would wait for."""
    asked = Counter()
    get = MemoryStore.get

    def counting(self, name, *rest):
        asked["train" if name.startswith("train/0") else "parcels" if "carry/" in name and "." in name else "rest"] += 1
        return get(self, name, *rest)

    monkeypatch.setattr(MemoryStore, "get", counting)
    rows = made_rows(np.random.default_rng(4), 24, texts=10**6, keys=20)
    few = rows[:8]
    stages = Stages(MemoryStore(), Means(task_bytes=2_000_000, partitions=16))
    shelf = made_shelf(stages.store, "train", few, [4])
    run_same(stages, shelf, None)
    run_near(stages, shelf, None, repeats_of(few, []))
    shards, parts = len(shelf), 16
    assert asked["train"] <= 3 * shards * parts + 30 * shards  # raw, normal and bands
    asked.clear()
    small = Stages(MemoryStore(), Means(task_bytes=MANY_GROUPS))
    run_near(small, made_shelf(small.store, "train", rows, range(4, 24, 4)), None, repeats_of(rows, []))
    tasks = [Shard(small.store, name) for name in small.store.names("carry/") if "." not in name and "plan" not in name]
    parcels = sum(task.length("to") for task in tasks)
    assert len(tasks) > 3
    assert asked["parcels"] <= 18 * parcels


def test_of_crowds_each_row_keeps_its_first_partners(monkeypatch):
    """Of each kind; what the others join is still known, and how many of them differ; test rows keep all."""
    rng = np.random.default_rng(5)
    train, test = made_rows(rng, 50, texts=200, keys=1), made_rows(rng, 15, texts=200, keys=1)
    monkeypatch.setattr(crowds, "MOST_PARTNERS", 2)
    stages = Stages(MemoryStore(), Means(task_bytes=20_000))
    shelves = [made_shelf(stages.store, name, rows, [10]) for name, rows in (("train", train), ("test", test))]
    thin = run_near(stages, *shelves, repeats_of(train, test))
    wanted, kept, left_out = true_near(train, test), {}, []
    for (earlier, later), (_, same, alike) in wanted.items():
        partners = kept.setdefault((later, same, alike), [])
        if len(partners) < 2 or later >= len(train):
            partners.append((earlier, later))
        else:
            left_out.append((earlier, later, same, alike))
    rows = zip(thin.pairs["earlier"].tolist(), thin.pairs["later"].tolist(), strict=True)
    assert sorted(pair for pairs in kept.values() for pair in pairs) == list(rows)
    assert (sum(not same for *_, same, _ in left_out), True) == (thin.unlike, len(left_out) > 20)
    for links, same_only in ((thin.alike, False), (thin.same, True)):
        pairs = [each[:2] for each in left_out if each[3] and (each[2] or not same_only)]
        own = np.array(pairs, np.int64).reshape(-1, 2)
        assert [each.tolist() for each in groups(own)] == links.T.tolist()


@pytest.mark.slow
def test_two_processes_find_the_same_pairs(tmp_path):
    """Tasks in other processes read and write the same store."""
    rng = np.random.default_rng(6)
    train, test = (made_rows(rng, count, texts=300, keys=1000) for count in (90, 30))  # no crowds
    stages = Stages(FolderStore(tmp_path), Means(workers=2, task_bytes=MANY_GROUPS, partitions=8))
    assert true_near(train, test) == found(stages, train, test, ([20, 60], [10]))
