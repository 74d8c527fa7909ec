"""Groups and repeats on columns alone."""

import numpy as np

from tests.data.checks.made_files import pairs
from tunecase.data.checks import repeats


def evidence(folder, rows):
    """The Evidence of one file of texts and labels."""
    return pairs(folder, rows, ("text", "label"))


def test_raw_and_normalised_repeats_share_no_row(tmp_path):
    """A row is a raw repeat or a normalised one, never both."""
    found = evidence(tmp_path, [("A b", "x"), ("A b", "x"), ("a, b", "x"), ("a, b", "x"), ("c d", "x")] * 1)
    assert repeats.duplicate_exact(found).rows.tolist() == [1, 3]
    assert repeats.duplicate_normalised(found).rows.tolist() == [2]
    assert repeats.duplicate_normalised(found).pairs.tolist() == [[2, 0]]


def test_disputed_repeats_are_counted_but_kept(tmp_path):
    """Where the answers differ no row is deleted before someone has looked."""
    found = evidence(tmp_path, [("a b", "x"), ("a b", "y"), ("a b", "x"), ("c", "x"), ("c", "x")])
    defect = repeats.duplicate_exact(found)
    assert (defect.rows.tolist(), defect.removed.tolist()) == ([1, 2, 4], [4])
    assert "2 of them carry another answer" in defect.why


def test_texts_without_words_are_compared_raw_alone(tmp_path):
    """Emoji and blanks do not all equal one another."""
    found = evidence(tmp_path, [("👍", "x"), ("👎", "x"), ("👍", "x"), (" ", "x"), ("", "x")])
    assert repeats.duplicate_exact(found).rows.tolist() == [2]
    assert None is repeats.duplicate_normalised(found)
    assert None is repeats.duplicate_near(found)


def test_a_shared_instruction_makes_no_near_copies(tmp_path):
    """Rows that share a long instruction and differ in a short text are not copies of one another."""
    rng = np.random.default_rng(0)
    instruction = " ".join(f"instruction{i}" for i in range(60))
    texts = [" ".join(f"w{n}" for n in rng.integers(0, 9999, 10)) for _ in range(100)]
    texts[50] = texts[3] + " today"
    found = evidence(tmp_path, [(f"{instruction} {text}", "xy"[i % 2]) for i, text in enumerate(texts)])
    assert None is repeats.duplicate_near(found)
    pairs = found.near_train.rows.tolist()
    assert pairs == [[50, 3]]


def test_an_instruction_alone_is_no_copy_either(tmp_path):
    """A row that is all shared words has nothing of its own to compare."""
    texts = ["a b c d e f", *(f"a b c d e f g{i} h{i} i{i} j{i}" for i in range(60))]
    assert None is repeats.duplicate_near(evidence(tmp_path, [(text, "x") for text in texts]))


def test_rows_from_templates_are_not_deleted(tmp_path):
    """Where most rows are near copies the finding asks for a look and deletes nothing."""
    rng = np.random.default_rng(0)
    heads = [" ".join(f"t{k}w{i}" for i in range(40)) for k in range(30)]
    found = evidence(tmp_path, [(f"{heads[i % 30]} n{rng.integers(10**6)}", "x") for i in range(300)])
    defect = repeats.duplicate_near(found)
    assert (len(defect.rows), len(defect.removed), defect.review_rows) == (270, 0, 50)
