"""Rows that another set does not cover, and regions it hardly fills."""

import random

from tests.making import tickets
from tunecase.data.detectors.coverage import measure_cover, thin_regions


def texts(n: int, seed: int, labels=("red", "green", "blue", "amber")) -> list[str]:
    """Made-up texts in random order."""
    rows = [row["text"] for row in tickets(n, seed, labels=labels)]
    random.Random(seed).shuffle(rows)
    return rows


def test_halves_words_and_blanks():
    """Halves of one set cover each other, rows in other words come first, blank texts are not judged."""
    rows = texts(600, 1)
    found = measure_cover(rows[::2], rows[1::2])
    assert found.p > 0.001
    assert len(found.far) / found.judged < 0.12
    assert () == thin_regions(rows[::2], rows[1::2])
    odd = [f"zygotic quux{i} fjord waltz" for i in range(50)]
    found = measure_cover(texts(300, 1), [*texts(100, 2), *odd])
    assert set(range(100, 150)) <= set(found.far.tolist())
    assert found.p < 0.001
    assert sorted(found.distance.tolist(), reverse=True) == found.distance.tolist()
    topic = [f"refund invoice payment {row}" for row in texts(80, 5, ("red",))]
    (region, *_) = thin_regions(
        [*texts(300, 1, ("green", "blue")), *topic[:2]], [*texts(200, 2, ("green", "blue")), *topic[2:]]
    )
    assert region.times > 3
    assert region.missing > 30
    assert {"refund", "invoice", "payment"} & set(region.words)
    found = measure_cover(["", " "], ["", "a"])
    assert (found.judged, found.p) == (0, 1.0)
    assert 0 == len(measure_cover(["a b c d"] * 60, [""] * 60).far)
    assert () == thin_regions(["a b c d"] * 60, [""] * 60)
