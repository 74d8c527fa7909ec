"""A published run as it stands in a table: cells as text, numbers in them, and the words that state a set-up."""

import math
import re
from collections.abc import Mapping

Row = Mapping[str, str]
OPEN_CLAUSE = re.compile(
    r"not (stated|printed|named|given|said|known|certain|in this table)|unstated|unknown|unclear|uncertain|doubtful"
)
SETUP_COLUMNS = ("framework", "method", "precision", "quant", "optimizer", "sharding")


def cell(row: Row, key: str) -> str:
    """A cell without blanks around it, in lower case; empty where it is missing."""
    return row.get(key, "").strip().casefold()


def number(row: Row, key: str) -> float | None:
    """A cell as a number above zero; None where it is blank or none."""
    try:
        value = float(row.get(key, "").replace(",", ""))
    except ValueError:
        return None
    return value if 0 < value < math.inf else None


def notes(row: Row) -> str:
    """What the notes state, in lower case: clauses that say that something is not known are left out."""
    clauses = row.get("notes", "").casefold().split(";")
    return ";".join(clause for clause in clauses if not OPEN_CLAUSE.search(clause))


def words(row: Row, *, without: str = "") -> str:
    """All that a row states of a set-up, in lower case, to look for options in; one column may be left out."""
    return " ; ".join([*(cell(row, key) for key in SETUP_COLUMNS if key != without), notes(row)])
