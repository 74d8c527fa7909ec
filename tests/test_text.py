"""Texts as compared: the normaliser, shingles, and near pairs."""

import re
import unicodedata

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase import text


def test_normalise_folds_case_punctuation_and_blanks():
    """Case, punctuation and blanks vanish; digits and accents stay."""
    assert text.normalise(" My card_2—has it\n ARRIVÉ?!") == "my card 2 has it arrivé"


@given(st.text(alphabet=st.characters(max_codepoint=127)))
@settings(max_examples=200)
def test_the_fast_path_for_ascii_equals_the_general_rule(given_text):
    """ASCII texts normalise as all others do."""
    folded = unicodedata.normalize("NFC", given_text).casefold()
    assert " ".join(re.sub(r"[^\w\s]|_", " ", folded).split()) == text.normalise(given_text)


@given(st.text())
@settings(max_examples=100)
def test_normalising_twice_changes_nothing_more(given_text):
    """A normalised text of plain letters is its own normal form."""
    once = text.normalise(given_text)
    assert once.split() == " ".join(once.split()).split()


def test_words_of_chinese_are_characters():
    """Scripts without blanks are cut into characters, others are not."""
    assert text.words("Pay: 你好!") == ["pay", "你", "好"]


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=9), min_size=1, max_size=6))
@settings(max_examples=100)
def test_hashed_shingles_have_the_jaccard_of_the_plain_ones(texts):
    """The hashed sets give the similarity of the plain sets."""
    flat, counts = text.shingle_hashes(texts, text.WordHashes())
    pairs = np.array([(i, j) for i in range(len(texts)) for j in range(len(texts))])
    plain = [text.jaccard(text.shingles(" ".join(texts[i])), text.shingles(" ".join(texts[j]))) for i, j in pairs]
    assert np.allclose(plain, text.pair_jaccard(pairs, flat, np.cumsum(counts), chunk=5))


def test_near_pairs_finds_the_edited_copy_alone():
    """One changed word in sixty meets in a band; unrelated texts do not."""
    rng = np.random.default_rng(0)
    texts = [[f"w{n}" for n in rng.integers(0, 5000, 60)] for _ in range(200)]
    texts[150] = [*texts[20][:30], "other", *texts[20][31:]]
    flat, counts = text.shingle_hashes(texts, text.WordHashes())
    keys = text.band_keys(flat, counts)
    assert text.near_pairs(keys, reach=16).tolist() == [[20, 150]]
    skip = np.zeros(200, bool)
    skip[[20, 150]] = True
    assert text.near_pairs(keys, 16, skip).tolist() == []


def test_word_hashes_start_anew_when_full(monkeypatch):
    """The memory of hashes is bounded and forgetting changes no hash."""
    monkeypatch.setattr(text, "MOST_WORDS_KEPT", 2)
    hashes = text.WordHashes()
    before = [hashes[word] for word in "abc"]
    assert before == [hashes[word] for word in "abc"]
    assert len(hashes) <= 2
