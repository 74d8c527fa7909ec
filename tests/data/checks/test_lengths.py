"""Long rows and token ranges."""

import numpy as np

from tunecase.data.checks import lengths
from tunecase.data.tally import Tally
from tunecase.data.tokens import rows


def far(characters):
    """Which lengths stand far outside them all."""
    return lengths.far_from(Tally([characters[:3], characters[3:]]))(characters)


def test_far_rows_and_tokens_of_scripts():
    """One row forty times the median is far; English has 3.3 to 5 characters a token, other scripts a wider range."""
    rng = np.random.default_rng(0)
    usual = np.exp(rng.normal(5, 0.5, 500)).astype(np.int64)
    assert np.flatnonzero(far(np.append(usual, 6000))).tolist() == [500]
    assert not far(np.full(50, 100)).any()
    assert far(np.zeros(0, np.int64)).tolist() == []
    counted = rows.summary(columns([330, 0]), 1.0)
    assert (round(counted.total.low, 6), round(counted.total.high, 6)) == (66.0, 100.0)
    assert rows.summary(columns([330]), 3.0).total.high > 400
    assert rows.summary(columns([]), 1.0).total.high == 0
    told = rows.summary(columns([330, 400]), 1.0, rows.Counting("counted"))
    assert not told.exact
    assert told.total.low > 0


def columns(characters):
    """Rows of so many characters, none of them tokenised, as `summary` takes them."""
    names = ("output_characters", "tokens", "output_tokens", "useful_tokens")
    given = {"input_characters": np.array(characters, np.int64)}
    return lambda: iter([given | {name: np.zeros(len(characters), np.int64) for name in names}])


def test_the_tokenizer_of_a_cached_model_is_found(tmp_path, monkeypatch):
    """A snapshot in the cache is used; nothing is downloaded."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert None is rows.find_tokenizer("org/model")
    folder = tmp_path / "models--org--model" / "snapshots" / "abc"
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert folder / "tokenizer.json" == rows.find_tokenizer("org/model")
