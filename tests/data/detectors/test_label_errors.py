"""Which labels look wrong, and whether labels hang together with their texts at all."""

import numpy as np

from tunecase.data.detectors.label_errors import Noise, random_label_p, rank_labels, rank_probabilities, wrong_labels

TOPICS = ("card stolen wallet lost", "transfer money late account", "login password reset", "invoice tax bill paid")


def made(rows, seed=0):
    """Texts of four topics with filler words, and their codes."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, rows)
    texts = [" ".join([*rng.choice(TOPICS[c].split(), 3), *(f"w{n}" for n in rng.integers(0, 40, 4))]) for c in codes]
    return texts, codes


def test_wrong_labels_come_first():
    """The same for the same seed, a copy does not vouch; one class or few rows give none."""
    texts, codes = made(200)
    given = codes.copy()
    given[:10] = (given[:10] + 1) % 4
    given[199] = 9
    ranking, again = (rank_labels(texts, given, 3) for _ in range(2))
    assert 9 <= len(set(range(10)) & set(ranking.rows[:10].tolist()))
    assert list(codes[ranking.rows[:5]]) == list(ranking.suggested[:5])
    assert (ranking.rows.tolist(), ranking.wrong) == (again.rows.tolist(), again.wrong)
    assert 199 not in ranking.rows
    single = [f"x{i}" for i in range(60)], range(60)
    for texts, codes in (([], []), (["a b"] * 60, [0] * 60), (["a b", "c d"] * 10, [0, 1] * 10), single):
        assert None is rank_labels(texts, np.array(codes, np.int64))
    p = np.random.default_rng(0).dirichlet(np.ones(3), 200)
    scores = rank_probabilities(p, np.arange(200) % 3).scores
    assert ((0 <= scores) & (scores <= 1)).all()
    assert (np.diff(scores) <= 1e-12).all()
    sharp, dull = (wrong_labels(Noise(0.05, 0), accuracy, 1000) for accuracy in (0.95, 0.6))
    assert sharp.high < dull.high
    assert sharp.low > dull.low
    texts, codes = made(150)
    given = codes.copy()
    given[0] = (given[0] + 1) % 4
    ranking = rank_labels([*texts, texts[0]], np.array([*given, given[0]]), 0, np.array([*range(150), 0]))
    assert {0, 150} == set(ranking.rows[:2].tolist())
    texts, codes = made(80)
    assert 0.01 >= random_label_p(texts, codes)
    assert 0.05 < random_label_p(texts, np.random.default_rng(5).permutation(codes))
    assert None is random_label_p(texts[:3], codes[:3])
