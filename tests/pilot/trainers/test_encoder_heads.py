"""Heads learn from vectors, and say how sure they are."""

from typing import Any

import pytest

from tunecase.pilot.trainers import encoder_heads

np = pytest.importorskip("numpy")


def clouds(classes: int, each: int, spread: float = 0.3, seed: int = 0) -> tuple[Any, list[str]]:
    """Vectors of length one around a direction for each class, and their labels 1, 2, …"""
    draw = np.random.default_rng(seed)
    middles = np.random.default_rng(99).standard_normal((classes, 8))
    rows = np.repeat(middles, each, axis=0) + spread * draw.standard_normal((classes * each, 8))
    labels = [str(1 + place // each) for place in range(classes * each)]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.mark.parametrize("name", ["logistic", "ordinal", "nearest"])
def test_every_head_learns_and_knows_its_chances(name: str) -> None:
    """New rows are answered rightly, and chances sum to one."""
    rows, labels = clouds(4, 10)
    fresh, wanted = clouds(4, 10, seed=1)
    head = encoder_heads.fit(name, rows, labels, 30.0, 500)
    chances = head.chances(fresh)
    assert np.allclose(1, chances.sum(1))
    right = np.array(head.classes)[chances.argmax(1)] == np.array(wanted)
    assert right.mean() > 0.9
    assert head.converged
    assert (name == "nearest") == (head.train_loss is None)


def test_one_class_is_always_named() -> None:
    """Whatever the head."""
    head = encoder_heads.fit("nearest", np.eye(2, dtype=np.float32), ["a", "a"], 30.0, 500)
    assert (("a",), [[1.0]]) == (head.classes, head.chances(np.ones((1, 2))).tolist())


def test_neighbours_are_chosen_with_each_row_left_out() -> None:
    """Where labels are noise but for their neighbourhood, more neighbours answer better than three."""
    rows, labels = clouds(2, 60, spread=0.5)
    noisy = [label if place % 4 else str(3 - int(label)) for place, label in enumerate(labels)]
    head = encoder_heads.nearest(rows, noisy)
    assert int(head.name.split()[1]) > 3
    pair = encoder_heads.nearest(rows[:2], ["a", "b"])
    assert "a" == pair.classes[pair.chances(rows[:1]).argmax()]


def test_ordered_classes_get_the_head_that_fits_better() -> None:
    """Classes along one line are better told by steps; classes in separate directions by one regression."""
    draw = np.random.default_rng(0)
    angles = np.repeat(np.linspace(0.2, 1.4, 5), 40) + 0.05 * draw.standard_normal(200)
    line = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    labels = [str(1 + place // 40) for place in range(200)]
    assert "ordinal" == encoder_heads.fit("auto", line, labels, 1.0, 500).name
    rows, apart = clouds(4, 12)
    assert "logistic" == encoder_heads.fit("auto", rows, apart, 30.0, 500).name
    assert "logistic" == encoder_heads.fit("auto", line, [f"class {label}" for label in labels], 1.0, 500).name


def test_a_solver_cut_short_says_so() -> None:
    """A head that used up its passes did not converge."""
    rows, labels = clouds(4, 10)
    assert not encoder_heads.logistic(rows, labels, 30.0, 1).converged


def test_the_nearest_are_those_of_a_stable_sort() -> None:
    """Of level rows the first ones count, also at the edge of the nearest."""
    rng = np.random.default_rng(0)
    rows = rng.integers(-1, 2, (300, 3)).astype(np.float32)  # many level rows
    asked = rows[:150]
    near, cosines = encoder_heads._neighbours(asked, rows, 9, itself=True)
    likeness = asked @ rows.T
    likeness[np.arange(150), np.arange(150)] = -np.inf
    wanted = np.argsort(-likeness, axis=1, kind="stable")[:, :9]
    assert np.array_equal(wanted, near)
    assert np.array_equal(np.take_along_axis(likeness, wanted, axis=1), cosines)
    assert near.base is None or near.base.nbytes == near.nbytes  # no whole order is kept with them
