"""Rows that hang together (of one customer, author or document): how alike they are, and for how many they count."""

from collections.abc import Sequence


def design_effect(sizes: Sequence[int], icc: float) -> float:
    """By how many rows of groups one independent row is replaced.

        D = 1 + (m - 1) ICC,   m = sum m_g^2 / sum m_g;   n rows tell as much as n / D independent ones

    Args:
        sizes: rows of each group; groups without rows do not count.
        icc: intraclass correlation of what is averaged, 0 (rows of a group are strangers) to 1 (all alike).
    Returns: D, at least 1.
    Raises: ValueError when icc lies outside 0 to 1.
    Example:
        >>> design_effect([10] * 50, 0.2), design_effect([1] * 500, 1.0)
        (2.8, 1.0)

    Source: Kish, Survey Sampling (1965); with the mean size weighted by rows, Donner and Klar (2000).
    Leaves out that few groups (below some 30) make the normal approximation itself too sure.
    """
    if not 0 <= icc <= 1:
        raise ValueError(f"icc is {icc}; wanted 0 <= icc <= 1")
    rows = sum(sizes)
    return 1 + (sum(size**2 for size in sizes) / rows - 1) * icc if rows else 1.0


def intraclass(values: Sequence[float], groups: Sequence[str]) -> float | None:
    """How alike the values of one group are: the intraclass correlation of a one-way analysis of variance.

        ICC = (MSB - MSW) / (MSB + (m0 - 1) MSW),   m0 = (n - sum m_g^2 / n) / (G - 1)

    Args:
        values: one a row, such as 1 for a right answer and 0 for a wrong one.
        groups: the group of each row.
    Returns: ICC, cut to 0 to 1; None with fewer than two groups, no group of two rows, or values that are all equal.
    Example:
        >>> intraclass([1, 1, 0, 0], ["a", "a", "b", "b"]), intraclass([1, 0, 1, 0], ["a", "a", "b", "b"])
        (1.0, 0.0)

    Source: Donner, International Statistical Review 54 (1986). Leaves out its own doubt, which few groups make large.
    """
    held: dict[str, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        held.setdefault(group, []).append(value)
    rows, count = len(values), len(held)
    if count < 2 or rows == count or len(set(values)) < 2:
        return None
    mean = sum(values) / rows
    means = {group: sum(inside) / len(inside) for group, inside in held.items()}
    between = sum(len(inside) * (means[group] - mean) ** 2 for group, inside in held.items()) / (count - 1)
    within = sum((one - means[group]) ** 2 for group, inside in held.items() for one in inside) / (rows - count)
    size = (rows - sum(len(inside) ** 2 for inside in held.values()) / rows) / (count - 1)
    return min(max((between - within) / (between + (size - 1) * within), 0.0), 1.0)
