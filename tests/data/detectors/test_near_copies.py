"""Near copies: hashed words and shingles, band keys, pairs that meet, their likeness."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tunecase.data import text
from tunecase.data.detectors import near_copies

TEXTS = st.lists(
    st.text(max_size=60) | st.sampled_from(["", " .", "pay 你好", "a\x1eb", "naïve_Test", "a\nb"]), max_size=8
)


def sets_of(texts):
    """Shingle sets of some texts."""
    return near_copies.shingle_hashes(*near_copies.word_hashes(texts))


@given(TEXTS)
def test_words_cut_on_bytes_are_those_of_the_normaliser(texts):
    """As many words as text.words gives, equal ones with equal hashes, others with others."""
    hashes, counts = near_copies.word_hashes(texts)
    plain = [text.words(one) for one in texts]
    assert [len(words) for words in plain] == counts.tolist()
    pairs = set(zip((word for words in plain for word in words), hashes.tolist(), strict=True))
    assert len(pairs) == len({word for word, _ in pairs}) == len({value for _, value in pairs})


@given(TEXTS)
def test_text_hashes_are_equal_for_equal_words_alone(texts):
    """A text without words has 0; the hash does not depend on what stands before."""
    found = near_copies.text_hashes(*near_copies.word_hashes(texts)).tolist()
    alone = [near_copies.text_hashes(*near_copies.word_hashes([one])).tolist()[0] for one in texts]
    assert alone == found
    assert [not text.words(one) for one in texts] == [value == 0 for value in found]
    assert len({tuple(text.words(one)) for one in texts}) == len(set(found))


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=9), min_size=1, max_size=6))
def test_hashed_shingles_have_the_jaccard_of_the_plain_ones(texts):
    """The hashed sets give the similarity of the plain sets."""
    joined = [" ".join(words) for words in texts]
    flat, counts = sets_of(joined)
    pairs = np.array([(i, j) for i in range(len(texts)) for j in range(len(texts))])
    plain = [text.shingles(one) for one in joined]
    shared = [len(plain[i] & plain[j]) / max(len(plain[i] | plain[j]), 1) for i, j in pairs]
    assert np.allclose(shared, near_copies.pair_jaccard(pairs, (flat, np.cumsum(counts)), chunk=5))


def test_near_pairs_and_powers_of_blocks(monkeypatch):
    """The edited copy alone, forty equal sets within reach; a table longer than usual is right and dropped."""
    rng = np.random.default_rng(0)
    texts = [[f"w{n}" for n in rng.integers(0, 5000, 60)] for _ in range(200)]
    texts[150] = [*texts[20][:30], "other", *texts[20][31:]]
    keys = near_copies.band_keys(*sets_of([" ".join(words) for words in texts]))
    assert near_copies.near_pairs(keys, reach=16).tolist() == [[20, 150]]
    keys = [np.full(40, 7 << 40, np.uint64)]
    pairs = near_copies.near_pairs(keys, reach=3)
    assert {1, 2, 3} == set((pairs[:, 1] - pairs[:, 0]).tolist())
    assert 39 + 38 + 37 == len(pairs)
    low = np.arange(4096, dtype=np.uint64)
    assert near_copies.near_pairs([(np.uint64(7) << np.uint64(40)) + low], reach=16).tolist() == []
    crowd = np.full(4096, 7 << 40, np.uint64)
    crowd[1::2] += low[1::2]
    pairs = near_copies.near_pairs([crowd], reach=2)
    assert len(pairs) == 2047 + 2046
    assert {2, 4} == set((pairs[:, 1] - pairs[:, 0]).tolist())
    monkeypatch.setattr(near_copies, "MOST_KEPT_POWERS", 8)
    monkeypatch.setattr(near_copies, "_POWERS", {})
    wanted = [pow(near_copies.BASE, k, 1 << 64) for k in range(20)]
    assert wanted == near_copies._powers(near_copies.BASE, 20).tolist()
    assert {} == near_copies._POWERS
    assert wanted[:5] == near_copies._powers(near_copies.BASE, 5).tolist()
    assert 8 == len(near_copies._POWERS[near_copies.BASE])
    sets = sets_of(["a b c d e f g h", "a b c d e f g h i", "x y z"])
    sets = (sets[0], np.cumsum(sets[1]))
    pairs = np.array([[0, 1], [1, 2], [2, 2]])
    assert [6 / 7, 0.0, 1.0] == near_copies.pair_jaccard(pairs, sets, chunk=1).tolist()
    assert [] == near_copies.pair_jaccard(pairs[:0], sets).tolist()


@given(st.integers(1, 30), st.data())
def test_joined_rows_share_a_first_row(count, data):
    """Paired rows share a group; its name is its first row; unpaired rows stand alone."""
    place = st.integers(0, count - 1)
    pairs = np.array(data.draw(st.lists(st.tuples(place, place), max_size=20)), np.int64).reshape(-1, 2)
    root = near_copies.joined(count, [pairs])
    assert (root[pairs[:, 0]] == root[pairs[:, 1]]).all()
    assert (root <= np.arange(count)).all()
    assert (root[root] == root).all()
    alone = np.setdiff1d(np.arange(count), pairs)
    assert (root[alone] == alone).all()


@given(st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=30), st.integers(1, 8), st.integers(0, 1))
def test_groups_are_those_of_all_pairs_at_once(pairs, chunk, far):
    """However many pairs are worked on at once; rows without a pair are not there, and large row numbers are fine."""
    pairs = np.array(pairs, np.int64).reshape(-1, 2)
    rows, roots = near_copies.groups(pairs + far * 10**15, chunk)
    assert (np.unique(pairs) + far * 10**15).tolist() == rows.tolist()
    assert near_copies.joined(26, [pairs])[rows - far * 10**15].tolist() == (roots - far * 10**15).tolist()
