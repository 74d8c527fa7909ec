"""Groups and repeats on columns alone."""

import numpy as np

from tests.data.checks.made_files import pairs
from tunecase.data.checks import repeats


def evidence(folder, rows):
    """The Evidence of one file of texts and labels."""
    return pairs(folder, rows, ("text", "label"))


def test_repeats_and_shared_instructions(tmp_path):
    """Texts without words are compared raw alone; an instruction makes no near copies, nor do templates."""
    found = evidence(tmp_path, [("A b", "x"), ("A b", "x"), ("a, b", "x"), ("a, b", "x"), ("c d", "x")] * 1)
    assert repeats.duplicate_exact(found).rows.tolist() == [1, 3]
    assert repeats.duplicate_normalised(found).rows.tolist() == [2]
    assert repeats.duplicate_normalised(found).pairs.tolist() == [[2, 0]]
    found = evidence(tmp_path, [("a b", "x"), ("a b", "y"), ("a b", "x"), ("c", "x"), ("c", "x")])
    defect = repeats.duplicate_exact(found)
    assert (defect.rows.tolist(), defect.removed.tolist()) == ([1, 2, 4], [4])
    assert "2 of them carry another answer" in defect.why
    found = evidence(tmp_path, [("👍", "x"), ("👎", "x"), ("👍", "x"), (" ", "x"), ("", "x")])
    assert repeats.duplicate_exact(found).rows.tolist() == [2]
    assert None is repeats.duplicate_normalised(found)
    assert None is repeats.duplicate_near(found)
    (tmp_path := tmp_path / "second").mkdir()
    rng = np.random.default_rng(0)
    instruction = " ".join(f"instruction{i}" for i in range(60))
    texts = [" ".join(f"w{n}" for n in rng.integers(0, 9999, 10)) for _ in range(100)]
    texts[50] = texts[3] + " today"
    found = evidence(tmp_path, [(f"{instruction} {text}", "xy"[i % 2]) for i, text in enumerate(texts)])
    assert None is repeats.duplicate_near(found)
    pairs = found.near_train.rows.tolist()
    assert pairs == [[50, 3]]
    texts = ["a b c d e f", *(f"a b c d e f g{i} h{i} i{i} j{i}" for i in range(60))]
    assert None is repeats.duplicate_near(evidence(tmp_path, [(text, "x") for text in texts]))
    rng = np.random.default_rng(0)
    heads = [" ".join(f"t{k}w{i}" for i in range(40)) for k in range(30)]
    found = evidence(tmp_path, [(f"{heads[i % 30]} n{rng.integers(10**6)}", "x") for i in range(300)])
    defect = repeats.duplicate_near(found)
    assert (len(defect.rows), len(defect.removed), defect.review_rows) == (270, 0, 50)
