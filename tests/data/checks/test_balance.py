"""Class shares: declared for production, and mistakes in declaring them."""

from tests.data.checks.made_files import pairs
from tunecase.data.checks import balance


def evidence(folder, counts, shares):
    """The Evidence of one file with so many rows of each class."""
    rows = [(f"text {name} {i}", name) for name, n in counts.items() for i in range(n)]
    return pairs(folder, rows, ("text", "label"), production_shares=shares)


def test_training_is_compared_with_declared_shares(tmp_path):
    """Half and half against nine to one is 40%, in its range; chance is no shift; mistakes in shares are told."""
    found = balance.label_shift_train(evidence(tmp_path, {"a": 200, "b": 200}, {"a": 0.9, "b": 0.1}))
    assert 0.4 == round(found.share, 6)
    assert found.measured[1] <= 0.4 <= found.measured[3]
    assert None is balance.label_shift_train(evidence(tmp_path, {"a": 6, "b": 4}, {"a": 0.4, "b": 0.6}))
    assert None is balance.label_shift_train(evidence(tmp_path, {"a": 60, "b": 40}, {}))
    assert 2 == len(balance.share_problems({"a": 0.5, "c": 0.1}, ["a", "b"]))
    assert [] == balance.share_problems({"a": 0.5, "b": 0.5}, ["a", "b"])
    found = balance.rare_class(evidence(tmp_path, {"ann.lee@brightfox.org": 3, "b": 60}, {}))
    assert ("[e-mail]: 3",) == found.examples
