"""How many rows each round trains on."""

HANDFUL = 0.05  # of the rows: no round is made for so few more


def doubling(rows: int, n_max: float, most: int) -> tuple[int, ...]:
    """Rows trained on in each round: those at hand, then doubled, at last n_max; no round for 5% more rows or fewer.

    Example:
        >>> doubling(500, 3_000, most=12), doubling(500, 2_010, most=12)
        ((500, 1000, 2000, 3000), (500, 1000, 2010))
    """
    sizes = [max(rows, 1)]
    while sizes[-1] * (1 + HANDFUL) < n_max and len(sizes) < most:
        doubled = 2 * sizes[-1]
        sizes.append(int(n_max if doubled * (1 + HANDFUL) >= n_max else doubled))
    return tuple(sizes)


def adding(rows: int, n_max: float, most: int) -> tuple[int, ...]:
    """Rows trained on in each round when each adds as many as there are at hand now, up to n_max.

    Example:
        >>> adding(500, 1_800, most=5)
        (500, 1000, 1500, 1800, 1800)
    """
    return tuple(int(min(rows * (index + 1), max(n_max, rows))) for index in range(most))
