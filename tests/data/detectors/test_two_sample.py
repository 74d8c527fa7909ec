"""Two sets of texts: alike or not, with copies kept out of the folds."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.making import tickets
from tunecase.data.detectors.two_sample import _told_apart, contrast, copies, distinct, style


def texts(n: int, seed: int, labels=("red", "green", "blue", "amber")) -> list[str]:
    """Made-up texts in random order."""
    rows = [row["text"] for row in tickets(n, seed, labels=labels)]
    random.Random(seed).shuffle(rows)
    return rows


def test_what_differs_between_two_sets():
    """Halves are not told apart, capitals are; shares of classes explain their shift; the words are named."""
    rows = texts(400, 1)
    found = contrast(rows[::2], rows[1::2], draws=99)
    assert found.p > 0.01
    assert abs(found.auc.mid - 0.5) < 0.1
    assert found.auc.low <= found.auc.mid <= found.auc.high
    rows = texts(400, 1)
    found = contrast(rows[::2], [row.capitalize() + "." for row in rows[1::2]], draws=99)
    assert found.p == 0.01
    assert found.auc.mid > 0.9
    assert None is contrast(texts(200, 1), ["one and the same text"] * 200, draws=9)
    pairs = [(row["text"], row["label"]) for row in tickets(800, 3)]
    random.Random(3).shuffle(pairs)
    first = [pair for i, pair in enumerate(pairs[:400]) if pair[1] in ("red", "green") or i % 5 == 0]
    second = [pair for i, pair in enumerate(pairs[400:]) if pair[1] in ("blue", "amber") or i % 5 == 0]
    found = contrast(
        [text for text, _ in first], [text for text, _ in second], draws=99,
        classes=([label for _, label in first], [label for _, label in second]),
    )  # fmt: skip
    assert found.p == 0.01
    assert found.within_p > 0.01
    assert found.within.mid < found.auc.mid - 0.1
    found = contrast(texts(200, 1), [f"{text} invoice" for text in texts(200, 2)], draws=19)
    assert found.words[0].word == "invoice"
    assert (found.words[0].first, found.words[0].second) == (0.0, 1.0)
    long = " ".join(f"w{i}" for i in range(40))
    group = copies(["My card!", "my card", long, f"{long} again", "my card now", "👍", "👎"]).tolist()
    assert group[0] == group[1]
    assert group[2] == group[3]
    assert 5 == len(set(group))


def told_apart(rows: tuple[int, int], features: int, shift: float, classes: int, seed: int):
    """The AUC's interval of two sets of made-up features, the second moved by `shift` along the first feature."""
    rng = np.random.default_rng(seed)
    side = np.repeat([0, 1], rows)
    table = rng.standard_normal((len(side), features))
    table[:, 0] += shift * side
    group = rng.integers(0, classes, len(side)) if classes else None
    return _told_apart(table, side, group, rng, draws=40)[0]


@pytest.mark.parametrize("shift", [0.0, 0.7])
@pytest.mark.parametrize(
    ("rows", "features", "classes", "repeats"),
    [
        ((50, 50), 25, 0, 60),
        *(
            pytest.param(*sets, marks=pytest.mark.slow)
            for sets in (((50, 50), 25, 8, 300), ((150, 60), 45, 4, 300), ((1_500, 1_500), 60, 0, 80))
        ),
    ],
)
def test_four_intervals_in_five_hold_the_auc(rows, features, classes, repeats, shift):
    """With few texts and many, within classes and over all: the interval holds chance where nothing differs, and the
    mean AUC of repeats where the sets differ."""
    found = [told_apart(rows, features, shift, classes, seed) for seed in range(repeats)]
    truth = np.mean([auc.mid for auc in found]) if shift else 0.5
    assert 0.7 <= np.mean([auc.low <= truth <= auc.high for auc in found]) <= 0.92


@given(st.lists(st.text(max_size=12), max_size=20), st.integers(0, 9))
def test_one_text_of_each_group_stays(rows, seed):
    """Whatever the texts, one of each group is left, in order."""
    kept = distinct(rows, np.random.default_rng(seed)).tolist()
    assert kept == sorted(set(kept))
    assert len(set(copies(rows).tolist())) == len(kept)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=10))
def test_style_is_always_a_number(rows):
    """No text gives a style that is not finite."""
    assert np.isfinite(style(rows)).all()
