"""Long rows and token ranges."""

import numpy as np

from tunecase.data.checks import lengths
from tunecase.data.tally import Tally
from tunecase.data.tokens import rows


def far(characters):
    """Which lengths stand far outside them all."""
    return lengths.far_from(Tally([characters[:3], characters[3:]]))(characters)


def test_far_rows_stand_out_of_their_own_set():
    """One row forty times the median is far; a tight set of equal rows has none."""
    rng = np.random.default_rng(0)
    usual = np.exp(rng.normal(5, 0.5, 500)).astype(np.int64)
    assert np.flatnonzero(far(np.append(usual, 6000))).tolist() == [500]
    assert not far(np.full(50, 100)).any()
    assert far(np.zeros(0, np.int64)).tolist() == []


def columns(characters):
    """Rows of so many characters, none of them tokenised, as `summary` takes them."""
    names = ("output_characters", "tokens", "output_tokens", "useful_tokens")
    given = {"input_characters": np.array(characters, np.int64)}
    return lambda: iter([given | {name: np.zeros(len(characters), np.int64) for name in names}])


def test_token_ranges_widen_for_other_scripts():
    """English has 3.3 to 5 characters a token; other scripts may have less than one."""
    counted = rows.summary(columns([330, 0]), 1.0)
    assert (round(counted.total.low, 6), round(counted.total.high, 6)) == (66.0, 100.0)
    assert rows.summary(columns([330]), 3.0).total.high > 400
    assert rows.summary(columns([]), 1.0).total.high == 0


def test_the_tokenizer_of_a_cached_model_is_found(tmp_path, monkeypatch):
    """A snapshot in the cache is used; nothing is downloaded."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert None is rows.find_tokenizer("org/model")
    folder = tmp_path / "models--org--model" / "snapshots" / "abc"
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert folder / "tokenizer.json" == rows.find_tokenizer("org/model")


def test_nothing_counted_is_a_range_and_never_exactly_zero():
    """Rows of which none was counted are told by their characters."""
    told = rows.summary(columns([330, 400]), 1.0, rows.Counting("counted"))
    assert not told.exact
    assert told.total.low > 0
