"""Which of two answers a row prefers."""

import math
from collections.abc import Mapping
from typing import Any

from tunecase.data.reading.rows import Winner

TIES = frozenset(
    "tie tied draw equal same both neither both_bad bothbad both_good none_of_them no_preference undecided "
    "about_the_same 0.5 tie_(bothbad) tie_(both_bad) tie_both_bad similar".split()
)


def number_of(value: object) -> float | None:
    """A cell as a number; None where it is none."""
    if not isinstance(value, bool | int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def choice(record: Mapping[str, Any], winner: Winner, first: object, second: object) -> int | None:
    """1 for the first answer, 2 for the second, 0 for a tie; None where the row does not say.

    Args:
        first, second: the two answers: the winner's column may hold one of them.
    """
    if len(winner.columns) > 1:
        scores = [number_of(record.get(column)) for column in winner.columns[:2]]
        if scores[0] is None or scores[1] is None:
            return None
        return 0 if scores[0] == scores[1] else 1 if scores[0] > scores[1] else 2
    value = record.get(winner.columns[0])
    if isinstance(value, str) and value not in ("", first, second):
        return _by_name(value, winner)
    if value is None or value == "" or isinstance(value, dict | list | bytes | bool):
        return None
    if isinstance(value, str):
        return 0 if first == second else 1 if value == first else 2
    return _by_name(f"{value:g}", winner)


def _by_name(value: str, winner: Winner) -> int | None:
    said = "_".join(value.casefold().replace("-", "_" if value[:1] != "-" else "-").split())
    number = number_of(said)
    if winner.signed and number is not None:
        return 0 if number == 0 else 1 if number < 0 else 2
    if number is not None:
        said = f"{number:g}"
    if said in winner.first or said in winner.second:
        return 1 if said in winner.first else 2
    return 0 if said in TIES or number == 0 else None
