"""By which code the answers were made: a mark of the code and the tables that the answers come from."""

import ast
from collections import Counter
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

from roads_curves import Told, Walked

SRC = Path(__file__).parents[1] / "src" / "tunecase"
PARTS = ("forecast/**/*.py", "decide/**/*.py", "plan/**/*.py", "catalog/tables/curve_*.csv")


@cache
def mark(src: Path = SRC) -> str:
    """A few letters of the hash of the forecast's, plan's and decision's code, comments apart, and of the tables."""
    hashed = sha256()
    for path in sorted({path for part in PARTS for path in src.glob(part)}):
        body = path.read_text(encoding="utf-8")
        code = ast.dump(ast.parse(body)) if path.suffix == ".py" else body
        hashed.update(f"{path.relative_to(src).as_posix()}\n{code}".encode())
    return hashed.hexdigest()[:10]


def made_by(answers: Iterable[Told | Walked], as_it_is: str) -> str:
    """When and by which code the answers were made, and whether that is the code as it is, in a sentence or two."""
    counts = Counter((one.made, one.code) for one in answers)
    if not counts:
        return "No answers are here."
    old = sum(count for (_, code), count in counts.items() if code != as_it_is)
    by = ", ".join(f"{count:,} by the code of {made} (`{code}`)" for (made, code), count in sorted(counts.items()))
    if not old:
        return f"Forecasts and roads: {by}, which was the code as it is when this page was written."
    return (
        f"Forecasts and roads: {by}. {old:,} of them are of other code than the one that stood when this page was "
        f"written (`{as_it_is}`): `roads.py --answers --write` makes those again."
    )
